"""Suppliers asked for footprints over the exchange: asked, reminded by a job, answered; the register of requests keeps the state."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID, uuid4

from pydantic import Field
from sqlalchemy.orm import Session

from models.errors import BadData, Text, YuetanError
from models.files import DATA, read_yaml
from models.inputs import Input
from models.law import CONFIDENCE
from models.register_chain import SupplierRequest
from service.audit.use import record as write_down
from service.auth import Who, visible
from service.clock import now
from service.edition import version_of
from service.pact.partners import CREATED, partner, reaches, send
from service.pact.refusals import NoAddress
from service.pact.tables import PactAsk, PactPartner
from service.refusals import NotFound
from service.registers.kinds import KINDS
from service.registers.tables import RegisterRecord
from service.registers.use import add, change
from service.settings import Settings

STATES: Mapping[str, Text] = {
    "waiting": Text("等待答复", "waiting"),
    "fulfilled": Text("已答复", "answered"),
    "rejected": Text("对方拒绝", "refused by the partner"),
    "stopped": Text("已停止", "stopped"),
}
_KIND = KINDS["requests"]


class DueBefore(YuetanError):
    code = "pact.due_in_the_past"
    message = Text("截止日期早于今天。", "The due day lies in the past.")
    hint = Text("请填写今天或以后的日期。", "Give today or a later day.")


@dataclass(frozen=True, slots=True)
class Reminders:
    """How many days lie between reminders, and how many there are at most."""

    every: dt.timedelta
    most: int
    source: str
    confidence: str


@cache
def reminders() -> Reminders:
    """Read ``data/pact/reminders.yaml``."""
    path = DATA / "pact" / "reminders.yaml"
    told = read_yaml(path)
    if set(told) != {"every_days", "most", "source", "confidence"} or told["confidence"] not in CONFIDENCE:
        raise BadData(path=path.name, what="needs every_days, most, source, confidence")
    if not (isinstance(told["every_days"], int) and told["every_days"] > 0 and isinstance(told["most"], int)):
        raise BadData(path=path.name, what="days and number must be whole and above zero")
    return Reminders(dt.timedelta(days=told["every_days"]), told["most"], told["source"], told["confidence"])


class SupplierAsk(Input):
    """What a partner is asked for: a product by its URN, until when, and how much of it we buy in a year."""

    product: str = Field(min_length=1, max_length=200, examples=["铝锭"])
    product_id: str = Field(
        min_length=1, max_length=500, pattern=r"^[Uu][Rr][Nn]:\S+$", examples=["urn:pact:example.com:product-id:A1"]
    )
    due: dt.date
    tonnes: float | None = Field(default=None, gt=0, le=1e12)
    comment: str | None = Field(default=None, max_length=2000)


def ask(db: Session, who: Who, settings: Settings, partner_id: UUID, given: SupplierAsk, today: dt.date) -> PactAsk:
    """
    Send a partner a request, and enter it in the register of requests; the same request of the same day changes nothing.

    Raises
    ------
    NoAddress, DueBefore
        The partner cannot be reached, or the due day is past.
    """
    to = partner(db, who, partner_id)
    if not reaches(to):
        raise NoAddress(field="partner_id")
    if given.due < today:
        raise DueBefore(field="due")
    asked = SupplierRequest(
        supplier=to.name, product=given.product, asked_on=today, due=given.due, tonnes=given.tonnes, source="PACT 3.0"
    )
    row, made = add(db, who, _KIND, asked)
    if not made:
        there = db.scalar(visible(PactAsk, who).where(PactAsk.request_id == row.id))
        if there is not None:
            return there
    data: dict[str, Any] = {"productId": [given.product_id]} | ({"comment": given.comment} if given.comment else {})
    errand = send(db, who, settings, to, CREATED, data, note=given.product)
    found = PactAsk(
        id=uuid4(), organisation_id=who.organisation_id, person_id=who.person_id, request_id=row.id, partner_id=to.id,
        data=data, events=[str(errand.id)], due=given.due, state="waiting", reminded=0,
        next_reminder=_first_reminder(given.due),
    )  # fmt: skip
    db.add(found)
    db.flush()
    write_down(db, who, "supplier.asked", found.id, partner=str(to.id), due=str(given.due))
    return found


def _first_reminder(due: dt.date) -> dt.datetime:
    """Return the moment after the due day."""
    return dt.datetime.combine(due + dt.timedelta(days=1), dt.time(), dt.UTC)


def remind(db: Session, who: Who, settings: Settings, ask_id: UUID) -> bool:
    """Ask once more, where it still waits and the partner can be reached; the reminders are spaced and limited by policy."""
    row = db.scalar(visible(PactAsk, who).where(PactAsk.id == ask_id).with_for_update())
    if row is None or row.state != "waiting":
        return False
    to = partner(db, who, row.partner_id)
    policy = reminders()
    row.next_reminder = now() + policy.every if row.reminded + 1 < policy.most else None
    if not reaches(to):
        return False
    note = f"{row.data.get('comment', '')}\n({row.reminded + 1})".strip()
    errand = send(db, who, settings, to, CREATED, row.data | {"comment": note}, note="reminder")
    row.events = [*row.events, str(errand.id)]
    row.reminded += 1
    db.flush()
    write_down(db, who, "supplier.reminded", row.id, times=row.reminded)
    return True


def stop(db: Session, who: Who, ask_id: UUID, today: dt.date) -> None:
    """Ask no more; the request is withdrawn in the register."""
    row = db.scalar(visible(PactAsk, who).where(PactAsk.id == ask_id).with_for_update())
    if row is None:
        raise NotFound
    if row.state != "waiting":
        return
    _end(db, who, row, "stopped")
    _enter(db, who, row, "withdrawn_on", today)


def answered(
    db: Session, who: Who, to: PactPartner, request_event: str, pf_ids: Sequence[str] | None, today: dt.date
) -> None:
    """Close what a partner has answered: with footprints, or (none) by refusing it."""
    waiting = visible(PactAsk, who).where(PactAsk.partner_id == to.id, PactAsk.state == "waiting")
    row = next((one for one in db.scalars(waiting.with_for_update()) if request_event in one.events), None)
    if row is None:
        return
    if pf_ids is None:
        _end(db, who, row, "rejected")
        return
    _end(db, who, row, "fulfilled")
    _enter(db, who, row, "received_on", today, answer=", ".join(pf_ids)[:200] or None)


def asks(db: Session, who: Who, limit: int) -> Sequence[PactAsk]:
    """Return the newest asks."""
    return db.scalars(visible(PactAsk, who).order_by(PactAsk.created.desc(), PactAsk.id).limit(limit)).all()


def _end(db: Session, who: Who, row: PactAsk, state: str) -> None:
    row.state, row.next_reminder = state, None
    db.flush()


def _enter(db: Session, who: Who, row: PactAsk, field: str, today: dt.date, **more: Any) -> None:
    """Enter what became of a request, where its record is still there and says nothing else."""
    found = db.scalar(visible(RegisterRecord, who).where(RegisterRecord.id == row.request_id).with_for_update())
    if found is None:
        return
    asked = SupplierRequest.model_validate(found.body)
    if asked.received_on is None and asked.withdrawn_on is None:
        entered = asked.model_copy(update={field: max(today, asked.asked_on), **more})
        change(db, who, _KIND, found.id, entered, frozenset({version_of(found)}))
