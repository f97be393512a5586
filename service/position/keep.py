"""Positions kept: added once, listed, worked out again, and taken as what a statement rests on."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, undefer

from models.compliance import METHOD
from models.errors import YuetanError
from models.provenance import fingerprint
from service.audit.use import record
from service.auth import Who, visible
from service.library import Library
from service.position.read import position_read
from service.position.tables import KeptPosition
from service.position.use import PositionAsk, positioned
from service.prices.use import own_market
from service.refusals import NotFound


def keep(db: Session, who: Who, library: Library, asked: PositionAsk, today: dt.date) -> tuple[KeptPosition, bool]:
    """
    Keep the position asked for; the same question with the same answer changes nothing.

    Raises
    ------
    YuetanError
        The position cannot be told.
    """
    dated = asked.model_copy(update={"on": asked.on or today})
    made = positioned(dated, library, own_market(db, who, library), today)
    result = position_read(made).model_dump(mode="json")
    inputs = dated.model_dump(mode="json")
    key = fingerprint([inputs, METHOD, result])
    if there := _of_key(db, who, key):
        return there, False
    row = KeptPosition(
        id=uuid4(),
        organisation_id=who.organisation_id,
        person_id=who.person_id,
        installation=made.installation,
        compliance_year=made.position.compliance_year,
        as_of=made.position.as_of,
        provisional=made.position.provisional,
        key=key,
        method=METHOD,
        result=result,
        asked=inputs,
    )
    try:
        with db.begin_nested():
            db.add(row)
    except IntegrityError:  # the same question came first
        there = _of_key(db, who, key)
        if there is None:
            raise
        return there, False
    record(db, who, "position.kept", row.id, key=key)
    return row, True


def one(db: Session, who: Who, position_id: UUID) -> KeptPosition:
    """Return a kept position with what was asked; ``NotFound`` where there is none to see."""
    row = db.scalar(
        visible(KeptPosition, who).where(KeptPosition.id == position_id).options(undefer(KeptPosition.asked))
    )
    if row is None:
        raise NotFound(field="position")
    return row


def listed(db: Session, who: Who, limit: int) -> Sequence[KeptPosition]:
    """Return the latest kept positions."""
    return db.scalars(
        visible(KeptPosition, who).order_by(KeptPosition.created.desc(), KeptPosition.id).limit(limit)
    ).all()


def worked_out_again(
    db: Session, who: Who, library: Library, position_id: UUID
) -> tuple[KeptPosition, dict[str, Any] | YuetanError]:
    """Return a kept position, and the same worked out with the data of today, or why it cannot be."""
    row = one(db, who, position_id)
    asked = PositionAsk.model_validate_json(json.dumps(row.asked), strict=True)
    try:
        made = positioned(asked, library, own_market(db, who, library), row.as_of)
    except YuetanError as refusal:
        return row, refusal
    return row, position_read(made).model_dump(mode="json")


def _of_key(db: Session, who: Who, key: str) -> KeptPosition | None:
    return db.scalar(visible(KeptPosition, who).where(KeptPosition.key == key))
