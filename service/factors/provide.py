"""What a request about footprints may ask for of the factors that its organisation keeps."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends

from models.factor_records import HandedIn
from service.factors.use import kept
from service.provide import Caller, Reading


def kept_factors(who: Caller, db: Reading) -> HandedIn:
    """
    Return the accepted factors and the map of ids of who asks, for a request that keeps nothing.

    One that writes asks ``use.kept`` in its own transaction: with a second session open for reading, two of
    them would wait for each other on SQLite.
    """
    return kept(db, who)


Kept = Annotated[HandedIn, Depends(kept_factors)]
