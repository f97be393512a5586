"""The parts a process of the service is made of."""

from __future__ import annotations

from dataclasses import dataclass

from service.broker import Sender
from service.database import Database
from service.library import Library
from service.settings import Settings


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
        return cls(settings, Database(settings.database), library or Library(), Sender(settings))

    def close(self) -> None:
        """Close what was opened."""
        self.sender.close()
        self.database.dispose()
