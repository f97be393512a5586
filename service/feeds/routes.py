"""Price sources over HTTP: how each stands, and a visit on request."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field

from service.errors import MISSING, PROBLEMS
from service.feeds.feed import feed_named
from service.feeds.use import Status, statuses, visit
from service.provide import HereParts
from service.schemas import FindingRead, TextRead

router = APIRouter(prefix="/price-sources", tags=["prices"], responses=PROBLEMS | MISSING)
Name = Annotated[str, Path(pattern=r"^[a-z0-9\-]{1,40}$", examples=["ceex"])]


class SourceRead(BaseModel):
    """How a source stands; one that fails is shown as failing, and what it last sent keeps its date."""

    name: str
    label: TextRead
    what: str = Field(description="Instrument, or currencies per euro", examples=["GDEA"])
    url: str
    switched_on: bool = Field(description="Whether a worker visits it by itself (YUETAN_FEEDS)")
    state: str = Field(description="never, running, ok or failed")
    started: dt.datetime | None
    finished: dt.datetime | None
    last_good: dt.datetime | None
    last_day: dt.date | None = Field(description="Day of the newest quote held from this source")
    rows_kept: int
    findings: list[FindingRead]


def source_read(one: Status) -> SourceRead:
    """Return a source as the API shows it."""
    run = one.run
    return SourceRead(
        name=one.name,
        label=TextRead(**one.feed.label._asdict()),
        what=one.feed.instrument or ", ".join(one.feed.currencies),
        url=one.feed.url,
        switched_on=one.switched_on,
        state=one.word,
        started=run.started if run else None,
        finished=run.finished if run else None,
        last_good=one.last_good.finished if one.last_good else None,
        last_day=one.last_day,
        rows_kept=run.rows_kept if run else 0,
        findings=[FindingRead.model_validate(finding) for finding in run.findings] if run else [],
    )


@router.get("", summary="Price sources", response_model=list[SourceRead])
def sources(here: HereParts) -> list[SourceRead]:
    """Return every source with its last visit: when, what came, and why it failed where it did."""
    with here.database.reading() as db:
        return [source_read(one) for one in statuses(db, here.library.feeds, here.settings.feeds)]


@router.post("/{name}/visit", summary="Visit a price source now", response_model=SourceRead)
def visit_now(name: Name, here: HereParts) -> SourceRead:
    """
    Ask the source for its newest quotes, keep what it sends as it came, and read it.

    A visit that fails is an answer like any other: its state is `failed`, its findings say why,
    and the quotes held before are unchanged.
    """
    feeds = here.library.feeds
    feed_named(feeds, name)
    visit(here.database, here.library, name, by_hand=True)
    with here.database.reading() as db:
        return next(source_read(one) for one in statuses(db, feeds, here.settings.feeds) if one.name == name)
