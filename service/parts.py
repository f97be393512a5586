"""The parts a process of the service is made of."""

from __future__ import annotations

import gc
from dataclasses import dataclass

from service.broker import Sender
from service.database import Database
from service.library import Library
from service.settings import Settings


def calm_collector() -> None:
    """
    Let the garbage collector run seldom, once what a process needs is loaded.

    A long file makes a million small objects without cycles; looking through
    them again and again takes a third of the time and frees nothing.
    """
    gc.freeze()
    gc.set_threshold(200_000, 20, 100)


@dataclass(frozen=True, slots=True)
class Parts:
    """Settings and what is made from them; every part opens what it needs on first use."""

    settings: Settings
    database: Database
    library: Library
    sender: Sender

    @classmethod
    def of(cls, settings: Settings, library: Library | None = None) -> Parts:
        """Make the parts of one process."""
        return cls(
            settings, Database(settings.database, settings.database_role), library or Library(), Sender(settings)
        )

    def close(self) -> None:
        """Close what was opened."""
        self.sender.close()
        self.database.dispose()
