"""What a request may ask for."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Header, Path, Query, Request
from fastapi.routing import APIRoute
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool

from service import clock, edition
from service.auth import EMBEDDED, Who
from service.identity.door import NotAllowed, NotSignedIn
from service.identity.permit import right_of
from service.identity.roles import access
from service.jobs import taken_to_send
from service.library import Library
from service.parts import Parts
from service.walls import NOBODY


def parts(request: Request) -> Parts:
    """The parts of this process."""
    found: Parts = request.app.state.parts
    return found


def library(request: Request) -> Library:
    """Law, prices, rates and policy."""
    return parts(request).library


def who(request: Request) -> Who:
    """
    Who asks, once it is certain that they may ask for this operation.

    Without sign-in it is the one person of the installation; with sign-in
    whomever the guard found.

    Raises
    ------
    NotSignedIn
        Nobody is known by what the request carries.
    NotAllowed
        The role lacks the right that the operation asks for.
    """
    if parts(request).settings.sign_in == "off":
        return EMBEDDED
    found: Who | None = getattr(request.state, "who", None)
    if found is None:
        raise NotSignedIn
    route = request.scope["route"]
    right = right_of(route, transaction) if isinstance(route, APIRoute) else "see"
    if right not in found.rights:
        said = access().rights[right]
        raise NotAllowed(right_zh=said.zh, right_en=said.en)
    return found


def still_allowed(request: Request) -> bool:
    """Return whether whoever asked may still see what they asked for; a long answer asks again on its way."""
    if parts(request).settings.sign_in == "off":
        return True
    again: Callable[[], Who | None] = request.state.who_again
    found = again()
    return found is not None and found == request.state.who


def today() -> dt.date:
    """The day the answer is for."""
    return clock.today()


async def reading(request: Request) -> AsyncIterator[Session]:
    """A session that never writes."""
    async with _lent(parts(request).database.session(_organisation(request), reads=True)) as session:
        yield session


async def transaction(request: Request) -> AsyncIterator[Session]:
    """A session that commits when the route returns and rolls back when it raises; jobs are announced after it."""
    here = parts(request)
    async with _lent(here.database.session(_organisation(request))) as session:
        yield session
    await _announce(here, session)


async def doorway(request: Request) -> AsyncIterator[Session]:
    """A session that writes for whoever comes in, before it is known for which organisation; and for the operator."""
    here = parts(request)
    async with _lent(here.database.session()) as session:
        yield session
    await _announce(here, session)


async def doorway_reading(request: Request) -> AsyncIterator[Session]:
    """The same, to read."""
    async with _lent(parts(request).database.session(reads=True)) as session:
        yield session


@asynccontextmanager
async def _lent(session: Session) -> AsyncIterator[Session]:
    """Lend a session to a route: a thread is taken only where the route has begun something that is to be ended."""
    try:
        yield session
        if session.in_transaction():
            await run_in_threadpool(session.commit)
    finally:
        if session.in_transaction():
            await run_in_threadpool(session.close)
        else:
            session.close()


async def _announce(here: Parts, session: Session) -> None:
    announced = taken_to_send(session)
    if announced:
        await run_in_threadpool(here.sender.send, announced)


def _organisation(request: Request) -> UUID:
    """Return whose rows a request may see; nobody's until it is known who asks."""
    if parts(request).settings.sign_in == "off":
        return EMBEDDED.organisation_id
    found: Who | None = getattr(request.state, "who", None)
    return NOBODY if found is None else found.organisation_id


def editions(
    if_match: Annotated[
        str | None, Header(max_length=500, description="ETag of the edition that is changed; 428 without, 412 if stale")
    ] = None,
) -> frozenset[str]:
    """Which editions of a row the caller has seen; ``NoEdition`` where it does not say."""
    return edition.given(if_match)


Editions = Annotated[frozenset[str], Depends(editions)]
# ``async``, since they only look at what is there: each that is not is handed to another thread and back.


async def _parts(request: Request) -> Parts:
    return parts(request)


async def _library(request: Request) -> Library:
    return library(request)


async def asks(request: Request) -> Who:
    """Who asks; see ``who``."""
    return who(request)


async def _today() -> dt.date:
    return today()


HereParts = Annotated[Parts, Depends(_parts)]
Law = Annotated[Library, Depends(_library)]
Caller = Annotated[Who, Depends(asks)]
Today = Annotated[dt.date, Depends(_today)]
# Ended before the answer leaves: what was answered was committed.
Reading = Annotated[Session, Depends(reading, scope="function")]
Transaction = Annotated[Session, Depends(transaction, scope="function")]
Doorway = Annotated[Session, Depends(doorway, scope="function")]
DoorwayReading = Annotated[Session, Depends(doorway_reading, scope="function")]

Limit = Annotated[int, Query(ge=1, le=500, description="How many at most")]
Cursor = Annotated[str | None, Query(max_length=200, description="`next` of the answer before")]
On = Annotated[
    dt.date,
    Query(description="Day asked about", ge=dt.date(2005, 1, 1), le=dt.date(2060, 12, 31), examples=["2026-05-12"]),
]
Instrument = Annotated[str, Path(pattern=r"^[A-Z0-9]{1,20}$", description="GDEA, CEA or EUA", examples=["GDEA"])]
PricePath = Annotated[
    str,
    Query(pattern=r"^[A-Za-z0-9_.\-]{1,60}$", description="Named path of the certificate price, see /scenarios"),
]
UseScenarioPrice = Annotated[
    bool, Query(description="Whether an import without an official price may take the path's, labelled as scenario")
]
LawScenarios = Annotated[
    list[Annotated[str, Query(pattern=r"^[A-Za-z0-9_.\-]{1,60}$")]],
    Query(max_length=5, description="Drafts or editions laid over the law, see /scenarios"),
]
