"""Statements issued, checked, taken back and brought in; every tonne of a supplier's statement is handed on once."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal
from uuid import UUID, uuid4

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import Field
from sqlalchemy import func, select
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
from service.settings import Settings
from service.statement.document import StatementDocument, document_of, upstream_of
from service.statement.seal import Envelope, Kind, key_id, opened, public_of, signed
from service.statement.tables import SigningKey, Statement, StatementNotice, SupplierStatement, SupplyUse, TrustedKey
from service.statement.verified import verified
from service.tables import Organisation

_SCALE = Decimal("0.000001")


class ByHand(YuetanError):
    code = "statement.by_hand"
    message = Text("供应商成本单不能手工填写。", "A supplier's statement is not typed in.")
    hint = Text(
        "请先导入供应商的成本单文件，再在“supplies”中写明编号和单耗。",
        "Bring in the supplier's file first, then name its number and the consumption in 'supplies'.",
    )


class NotBroughtIn(YuetanError):
    code = "statement.not_brought_in"
    message = Text("没有导入编号为 {number} 的供应商成本单。", "No supplier statement {number} has been brought in.")
    hint = Text("请先导入该文件。", "Bring in its file first.")


class Withdrawn(YuetanError):
    code = "statement.withdrawn"
    message = Text("成本单 {number} 已于 {day} 撤回：{reason}", "Statement {number} was withdrawn on {day}: {reason}")
    hint = Text("请向出具方索取替代的成本单。", "Ask the issuer for the statement that replaces it.")


class UnknownKey(YuetanError):
    code = "statement.unknown_key"
    message = Text(
        "签名有效，但密钥 {key} 不在您信任的名单中，不能确认是“{issuer}”出具。",
        "The signature holds, but key {key} is not one you trust: it is not certain that '{issuer}' issued it.",
    )
    hint = Text(
        "请通过电话等其他途径与出具方核对密钥，再登记为可信密钥。",
        "Compare the key with the issuer by another way, such as a call, and enter it as trusted.",
    )


class OtherIssuer(YuetanError):
    code = "statement.other_issuer"
    message = Text(
        "密钥 {key} 登记的出具方是“{known}”，成本单却称由“{said}”出具。",
        "Key {key} belongs to '{known}', but the statement says that '{said}' issued it.",
    )
    hint = Text("请与出具方核对。", "Ask the issuer.")


class NotYourName(YuetanError):
    code = "statement.not_your_name"
    message = Text(
        "您只能以“{own}”的名义出具，不能以“{said}”。", "You may issue in the name of '{own}' only, not of '{said}'."
    )
    hint = Text("请把出具方改为本机构的登记名称。", "Give your organisation's registered name as the issuer.")


class SameNumber(YuetanError):
    code = "statement.same_number"
    message = Text(
        "编号 {number} 的成本单已导入，但内容不同。",
        "A statement with number {number} was brought in before, with other content.",
    )
    hint = Text("请与出具方核对哪一份有效。", "Ask the issuer which one holds.")


class Supply(Input):
    """A supplier's statement that was brought in, and the tonnes of its product per tonne of ours."""

    number: str = Field(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
    t_per_t: float = Field(gt=0, le=1e3)


class StatementAsk(Input):
    """What a statement rests on; suppliers' statements by their number."""

    statement: StatementInput
    supplies: tuple[Supply, ...] = Field(default=(), max_length=500)


State = Literal["valid", "withdrawn", "not_registered_here"]
Issuer = Literal["own", "here", "trusted", "unknown"]


@dataclass(frozen=True, slots=True)
class Checked:
    """A file whose signatures hold: what it says, whose key it is, and whether it still stands."""

    envelope: Envelope
    kind: Kind
    issuer: Issuer
    state: State
    notice: StatementNotice | None


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
        query = visible(SupplierStatement, who).where(SupplierStatement.number == supply.number)
        query = query.options(undefer(SupplierStatement.content))
        row = db.scalar(query.with_for_update() if to_issue else query)
        if row is None:
            raise NotBroughtIn(field=f"supplies.{i}.number", number=supply.number)
        _stands(db.get(StatementNotice, UUID(supply.number)), f"supplies.{i}.number")
        line = upstream_of(opened(row.content)[0].document, supply.t_per_t)
        lines.append(line)
        rows.append(row)
    given = asked.statement.model_copy(update={"upstream": (*lines, *asked.statement.upstream)})
    made = domain.statement(given)
    for i, (supply, row) in enumerate(zip(asked.supplies, rows, strict=True)):
        domain.check_left(
            row.number,
            float(row.quantity_t),
            _used(db, who, row.id, but),
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
    inputs = asked.model_dump(mode="json")
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
    envelope = signed(document_of(made, str(number), today, link, told.basis if told else None), key)
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
        quantity_t=_exact(of.quantity_t),
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
                tonnes=_exact(supply.t_per_t * of.quantity_t),
            )
        )
    db.flush()
    record(db, who, "statement.issued", number, sha256=envelope.sha256)
    return row, envelope, True


def worked_out_again(db: Session, who: Who, row: Statement) -> tuple[StatementDocument, StatementDocument]:
    """
    Return what was signed, and the same worked out anew from what was kept with it.

    A supplier's statement that was withdrawn since stays what this one rested on.
    """
    signed_then = opened(row.content)[0].document
    asked = StatementAsk.model_validate_json(json.dumps(row.inputs), strict=True)
    lines = []
    for i, supply in enumerate(asked.supplies):
        query = visible(SupplierStatement, who).where(SupplierStatement.number == supply.number)
        kept = db.scalar(query.options(undefer(SupplierStatement.content)))
        if kept is None:
            raise NotBroughtIn(field=f"supplies.{i}.number", number=supply.number)
        lines.append(upstream_of(opened(kept.content)[0].document, supply.t_per_t))
    given = asked.statement.model_copy(update={"upstream": (*lines, *asked.statement.upstream)})
    day = dt.date.fromisoformat(signed_then.issued)
    standing = signed_then.verifier_standing
    verifier = (standing, signed_then.verifier_standing_basis or "") if standing else None
    return signed_then, document_of(domain.statement(given), signed_then.number, day, signed_then.link, verifier)


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
    return notice


def notice_of(db: Session, number: UUID) -> StatementNotice:
    """Return what the public register says of a number."""
    notice = db.get(StatementNotice, number)
    if notice is None:
        raise NotFound
    return notice


def checked(db: Session, who: Who | None, data: bytes) -> Checked:
    """
    Check a statement's file: its signatures, whose key it is, and whether it stands.

    Raises
    ------
    NotAStatement, Altered
        The file is none, or was changed.
    """
    envelope, kind = opened(data)
    notice = db.get(StatementNotice, UUID(envelope.document.number))
    if notice is not None and notice.sha256 != envelope.sha256:
        notice = None
    state: State = "not_registered_here" if notice is None else "withdrawn" if notice.withdrawn else "valid"
    return Checked(envelope, kind, _issuer(db, who, envelope), state, notice)


def bring_in(db: Session, who: Who, data: bytes) -> tuple[SupplierStatement, bool]:
    """
    Keep a supplier's statement, so that our own may build on it.

    Raises
    ------
    Withdrawn, UnknownKey, OtherIssuer, SameNumber
        It cannot be relied upon.
    """
    found = checked(db, who, data)
    said = found.envelope.document
    _stands(found.notice, "file")
    known = _known_issuer(db, who, found)
    if known is None:
        raise UnknownKey(field="file", key=found.envelope.key_id, issuer=said.issuer)
    if known != said.issuer:
        raise OtherIssuer(field="file", key=found.envelope.key_id, known=known, said=said.issuer)
    there = db.scalar(visible(SupplierStatement, who).where(SupplierStatement.number == said.number))
    if there is not None:
        if there.sha256 != found.envelope.sha256:
            raise SameNumber(field="file", number=said.number)
        return there, False
    row = SupplierStatement(
        organisation_id=who.organisation_id,
        person_id=who.person_id,
        number=said.number,
        sha256=found.envelope.sha256,
        key_id=found.envelope.key_id,
        issuer=said.issuer,
        product=said.product,
        quantity_t=_exact(float(said.quantity_t)),
        content=found.envelope.data,
    )
    db.add(row)
    db.flush()
    record(db, who, "statement.brought_in", row.number, sha256=row.sha256, key=row.key_id)
    return row, True


def brought_in(db: Session, who: Who, limit: int) -> list[tuple[SupplierStatement, float, StatementNotice | None]]:
    """Return suppliers' statements with the tonnes handed on already, and what the register here says of them."""
    rows: Sequence[SupplierStatement] = db.scalars(
        visible(SupplierStatement, who).order_by(SupplierStatement.created.desc(), SupplierStatement.id).limit(limit)
    ).all()
    return [(row, _used(db, who, row.id), db.get(StatementNotice, UUID(row.number))) for row in rows]


def trust(db: Session, who: Who, public: bytes, issuer: str, compared: str) -> TrustedKey:
    """Keep an issuer's key as trusted; ``compared`` says how it was compared with the issuer."""
    row = db.scalar(visible(TrustedKey, who).where(TrustedKey.key_id == key_id(public)))
    if row is None:
        row = TrustedKey(
            organisation_id=who.organisation_id,
            person_id=who.person_id,
            key_id=key_id(public),
            public=public,
            issuer=issuer,
            compared=compared,
        )
        db.add(row)
        db.flush()
        record(db, who, "key.trusted", row.key_id, issuer=issuer, compared=compared)
    return row


def own_key(settings: Settings, who: Who) -> bytes:
    """Return the public key that ``who`` signs with, to be handed to customers."""
    return public_of(signing_key(settings, who.organisation_id))


def _known_issuer(db: Session, who: Who, found: Checked) -> str | None:
    if found.issuer == "unknown":
        return None
    if found.issuer == "trusted":
        row = db.scalar(visible(TrustedKey, who).where(TrustedKey.key_id == found.envelope.key_id))
        return row.issuer if row else None
    return found.notice.issuer if found.notice else None


def _issuer(db: Session, who: Who | None, envelope: Envelope) -> Issuer:
    here = db.get(SigningKey, envelope.key_id)
    if here is not None and here.public == envelope.public:
        return "own" if who is not None and here.organisation_id == who.organisation_id else "here"
    if who is not None:
        known = db.scalar(visible(TrustedKey, who).where(TrustedKey.key_id == envelope.key_id))
        if known is not None and known.public == envelope.public:
            return "trusted"
    return "unknown"


def _stands(notice: StatementNotice | None, field: str) -> None:
    if notice is not None and notice.withdrawn is not None:
        raise Withdrawn(
            field=field, number=str(notice.id), day=notice.withdrawn.date().isoformat(), reason=notice.reason or "-"
        )


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


def _used(db: Session, who: Who, supplier_statement: UUID, but: UUID | None = None) -> float:
    """Return the tonnes of a supplier's statement in statements of ours that stand."""
    query = visible(SupplyUse, who).where(SupplyUse.supplier_statement_id == supplier_statement)
    uses = (query if but is None else query.where(SupplyUse.statement_id != but)).subquery()
    total = db.scalar(
        select(func.sum(uses.c.tonnes))
        .join(StatementNotice, StatementNotice.id == uses.c.statement_id)
        .where(StatementNotice.withdrawn.is_(None))
    )
    return float(total or 0)


def _exact(tonnes: float) -> Decimal:
    return Decimal(repr(tonnes)).quantize(_SCALE, ROUND_HALF_UP)
