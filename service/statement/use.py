"""Statements issued and taken back; every tonne of a supplier's statement in them is handed on once."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any
from uuid import UUID, uuid4

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import Field
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, undefer

from models import statement as domain
from models.errors import Text, YuetanError
from models.inputs import Input
from models.provenance import fingerprint
from models.register_answers import AccreditationPolicy
from models.statement_asked import StatementInput
from service.audit.use import record
from service.auth import Who, visible
from service.clock import now
from service.identity.keys import key_of
from service.refusals import NotFound
from service.release.use import Recipient, published, released
from service.settings import Settings
from service.share.fields import by_class
from service.statement.document import StatementDocument, document_of, upstream_of
from service.statement.from_position import from_position
from service.statement.seal import Envelope, opened, public_of, signed
from service.statement.suppliers import NotBroughtIn, brought_in_before, exact, supplier_of, used
from service.statement.tables import SigningKey, Statement, StatementNotice, SupplierStatement, SupplyUse
from service.statement.verified import verified
from service.tables import Organisation


class ByHand(YuetanError):
    code = "statement.by_hand"
    message = Text("供应商成本单不能手工填写。", "A supplier's statement is not typed in.")
    hint = Text(
        "请先导入供应商的成本单文件，再在“supplies”中写明编号和单耗。",
        "Bring in the supplier's file first, then name its number and the consumption in 'supplies'.",
    )


class NotYourName(YuetanError):
    code = "statement.not_your_name"
    message = Text(
        "您只能以“{own}”的名义出具，不能以“{said}”。", "You may issue in the name of '{own}' only, not of '{said}'."
    )
    hint = Text("请把出具方改为本机构的登记名称。", "Give your organisation's registered name as the issuer.")


_UUID = r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"


class Supply(Input):
    """A supplier's statement that was brought in, and the tonnes of its product per tonne of ours."""

    number: str = Field(pattern=_UUID)
    t_per_t: float = Field(gt=0, le=1e3)


class StatementAsk(Input):
    """What a statement rests on; suppliers' statements by their number, the year's position by its id."""

    statement: StatementInput
    #: Id of a kept position that the price paid and its evidence are taken from.
    position: str | None = Field(default=None, pattern=_UUID)
    supplies: tuple[Supply, ...] = Field(default=(), max_length=500)


def signing_key(settings: Settings, organisation: UUID) -> Ed25519PrivateKey:
    """Return the key an organisation signs with, derived from the installation's secret."""
    return Ed25519PrivateKey.from_private_bytes(key_of(settings, f"statement/{organisation}"))


def prepared(
    db: Session, who: Who, asked: StatementAsk, *, to_issue: bool = False, but: UUID | None = None
) -> tuple[domain.Statement, list[SupplierStatement]]:
    """
    Return the statement asked for, not yet issued, and the suppliers' statements in it.

    ``to_issue`` holds those rows until the end, so that two statements at once
    cannot both hand on the same tonnes; ``but`` is the statement asked for where
    it was issued before.

    Raises
    ------
    ByHand, NotBroughtIn, Withdrawn, ListedTwice, Exhausted
        A supplier's statement is not one that can be handed on.
    """
    for i, one in enumerate(asked.statement.upstream):
        if one.level == "statement":
            raise ByHand(field=f"statement.upstream.{i}.level")
    lines, rows = [], []
    for i, supply in enumerate(asked.supplies):
        row = supplier_of(db, who, supply.number, f"supplies.{i}.number", hold=to_issue)
        line = upstream_of(opened(row.content)[0].document, supply.t_per_t)
        lines.append(line)
        rows.append(row)
    given = _given(db, who, asked)[0].model_copy(update={"upstream": (*lines, *asked.statement.upstream)})
    made = domain.statement(given)
    for i, (supply, row) in enumerate(zip(asked.supplies, rows, strict=True)):
        domain.check_left(
            row.number,
            float(row.quantity_t),
            used(db, who, row.id, but),
            supply.t_per_t * given.quantity_t,
            f"supplies.{i}.t_per_t",
        )
    return made, rows


def issue(
    db: Session,
    who: Who,
    settings: Settings,
    asked: StatementAsk,
    today: dt.date,
    site: str | None,
    policy: AccreditationPolicy,
) -> tuple[Statement, Envelope, bool]:
    """
    Issue a statement: sign it, keep it, and enter it in the public register.

    The same input is the same statement, until that one is withdrawn. Returns
    the row, what was signed, and whether this call issued it. ``site`` is the
    address under which ``/verify`` is reached. What the register of
    accreditations says of the verifier on the day is signed with it.
    """
    _own_name(db, who, settings, asked.statement.issuer.name)
    inputs = _inputs(asked)
    before = _alike(db, who, fingerprint(inputs))
    standing = [row for row in before if _notice(db, row.id).withdrawn is None]
    if standing:
        return standing[0], opened(standing[0].content)[0], False
    made, rows = prepared(db, who, asked, to_issue=True)
    key = signing_key(settings, who.organisation_id)
    number = uuid4()
    link = f"{site.rstrip('/')}/verify/{number}" if site else None
    of = made.asked
    told = verified(db, who, policy, of.verified_by, of.verification_report, of.data_quality, today)
    position = _given(db, who, asked)[1]
    envelope = signed(document_of(made, str(number), today, link, told.basis if told else None, position), key)
    row = Statement(
        id=number,
        organisation_id=who.organisation_id,
        person_id=who.person_id,
        key=fingerprint(inputs),
        edition=len(before),
        customer=of.customer.name,
        product=of.product,
        first=of.first,
        last=of.last,
        quantity_t=exact(of.quantity_t),
        content=envelope.data,
        inputs=inputs,
    )
    _register_key(db, who, envelope)
    db.add(row)
    db.flush()
    db.add(
        StatementNotice(id=number, key_id=envelope.key_id, sha256=envelope.sha256, issuer=of.issuer.name, issued=today)
    )
    for supply, supplier in zip(asked.supplies, rows, strict=True):
        db.add(
            SupplyUse(
                organisation_id=who.organisation_id,
                statement_id=number,
                supplier_statement_id=supplier.id,
                tonnes=exact(supply.t_per_t * of.quantity_t),
            )
        )
    db.flush()
    record(db, who, "statement.issued", number, sha256=envelope.sha256)
    said = {"number": number, "issuer": of.issuer.name, "issued": today, "sha256": envelope.sha256}
    published(db, who, "statement.register", number, said)
    return row, envelope, True


def _inputs(asked: StatementAsk) -> dict[str, Any]:
    """Return what is kept of the question; one without a position reads as it did before there were any, and so stays the same."""
    said = asked.model_dump(mode="json")
    if asked.position is None:
        del said["position"]
        said["statement"]["provisional"] = bool(asked.statement.provisional)
    return said


def taken(db: Session, who: Who, envelope: Envelope, data: bytes) -> None:
    """Write down that the file of a statement leaves for its customer."""
    said = envelope.document
    known = select(Organisation).where(Organisation.uscc == said.customer_uscc) if said.customer_uscc else None
    here = db.scalar(known) if known is not None else None
    to = Recipient(said.customer, here.id if here else None, here.country if here else None)
    fields = by_class("statement", said.model_dump(mode="json"))
    basis = {"statement": said.number, "customer": said.customer}
    released(db, who, "statement.file", said.number, data, to, fields, basis)


def worked_out_again(db: Session, who: Who, row: Statement) -> tuple[StatementDocument, StatementDocument]:
    """
    Return what was signed, and the same worked out anew from what was kept with it.

    A supplier's statement that was withdrawn since stays what this one rested on.
    """
    signed_then = opened(row.content)[0].document
    asked = StatementAsk.model_validate_json(json.dumps(row.inputs), strict=True)
    lines = []
    for i, supply in enumerate(asked.supplies):
        kept = brought_in_before(db, who, supply.number)
        if kept is None:
            raise NotBroughtIn(field=f"supplies.{i}.number", number=supply.number)
        lines.append(upstream_of(opened(kept.content)[0].document, supply.t_per_t))
    own, position = _given(db, who, asked)
    given = own.model_copy(update={"upstream": (*lines, *asked.statement.upstream)})
    day = dt.date.fromisoformat(signed_then.issued)
    standing = signed_then.verifier_standing
    verifier = (standing, signed_then.verifier_standing_basis or "") if standing else None
    made = domain.statement(given)
    return signed_then, document_of(made, signed_then.number, day, signed_then.link, verifier, position)


def _given(db: Session, who: Who, asked: StatementAsk) -> tuple[StatementInput, tuple[str, str, float | None] | None]:
    """Return the statement as stated, or filled from the position it names; and key, day and paid share of that."""
    if asked.position is None:
        return asked.statement, None
    found = from_position(db, who, asked.statement, asked.position)
    return found.statement, (found.key, found.on, found.paid_share)


def one_of(db: Session, who: Who, statement: UUID) -> Statement:
    """Return a statement that ``who`` issued, with what was signed."""
    row = db.scalar(visible(Statement, who).where(Statement.id == statement).options(undefer(Statement.content)))
    if row is None:
        raise NotFound
    return row


def issued(db: Session, who: Who, limit: int) -> list[tuple[Statement, StatementNotice]]:
    """Return the latest statements that ``who`` issued, and whether they stand."""
    rows = db.scalars(visible(Statement, who).order_by(Statement.created.desc(), Statement.id).limit(limit)).all()
    return [(row, _notice(db, row.id)) for row in rows]


def withdraw(db: Session, who: Who, statement: UUID, reason: str) -> StatementNotice:
    """Take a statement back, for a reason that everybody who asks is told; a second time changes nothing."""
    notice = _notice(db, one_of(db, who, statement).id)
    if notice.withdrawn is None:
        notice.withdrawn, notice.reason = now(), reason
        db.flush()
        record(db, who, "statement.withdrawn", statement, reason=reason)
        said = {"number": statement, "withdrawn": notice.withdrawn, "reason": reason}
        published(db, who, "statement.register", statement, said)
    return notice


def notice_of(db: Session, number: UUID) -> StatementNotice:
    """Return what the public register says of a number."""
    notice = db.get(StatementNotice, number)
    if notice is None:
        raise NotFound
    return notice


def own_key(settings: Settings, who: Who) -> bytes:
    """Return the public key that ``who`` signs with, to be handed to customers."""
    return public_of(signing_key(settings, who.organisation_id))


def _own_name(db: Session, who: Who, settings: Settings, said: str) -> None:
    """Refuse another's name where organisations share the installation: its register vouches for the issuer."""
    own = db.get_one(Organisation, who.organisation_id).name
    if settings.sign_in == "accounts" and said != own:
        raise NotYourName(field="statement.issuer.name", own=own, said=said)


def _register_key(db: Session, who: Who, envelope: Envelope) -> None:
    if db.get(SigningKey, envelope.key_id) is not None:
        return
    try:
        with db.begin_nested():
            db.add(SigningKey(key_id=envelope.key_id, organisation_id=who.organisation_id, public=envelope.public))
    except IntegrityError:  # another request was first with the same key
        db.expire_all()


def _notice(db: Session, number: UUID) -> StatementNotice:
    return db.get_one(StatementNotice, number)


def _alike(db: Session, who: Who, key: str) -> list[Statement]:
    return list(
        db.scalars(visible(Statement, who).where(Statement.key == key).options(undefer(Statement.content))).all()
    )
