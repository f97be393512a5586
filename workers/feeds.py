"""The task that visits a price source."""

from __future__ import annotations

from service.broker import FEED
from service.feeds.use import visit
from workers.app import app, parts


@app.task(name=FEED)
def feed(name: str) -> str:
    """Visit a source; a visit that another worker has begun is left to it, and one that fails says why in its row."""
    here = parts()
    return str(visit(here.database, here.library, name) or "another visit is on")
