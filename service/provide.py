"""What a request may ask for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Header, Path, Query, Request
from fastapi.routing import APIRoute
from sqlalchemy.orm import Session

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


def reading(request: Request) -> Iterator[Session]:
    """A session that never writes."""
    with parts(request).database.reading(_organisation(request)) as session:
        yield session


def transaction(request: Request) -> Iterator[Session]:
    """A session that commits when the route returns and rolls back when it raises; jobs are announced after it."""
    here = parts(request)
    with here.database.writing(_organisation(request)) as session:
        yield session
    here.sender.send(taken_to_send(session))


def doorway(request: Request) -> Iterator[Session]:
    """A session that writes for whoever comes in, before it is known for which organisation; and for the operator."""
    here = parts(request)
    with here.database.writing() as session:
        yield session
    here.sender.send(taken_to_send(session))


def doorway_reading(request: Request) -> Iterator[Session]:
    """The same, to read."""
    with parts(request).database.reading() as session:
        yield session


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
HereParts = Annotated[Parts, Depends(parts)]
Law = Annotated[Library, Depends(library)]
Caller = Annotated[Who, Depends(who)]
Today = Annotated[dt.date, Depends(today)]
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
