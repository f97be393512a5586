"""Statements of others: checked, relied upon, brought in, and how much of each is handed on already."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session, undefer

from models.errors import Text, YuetanError
from service.audit.use import record
from service.auth import Who, visible
from service.statement.seal import Envelope, Kind, key_id, opened
from service.statement.tables import SigningKey, StatementNotice, SupplierStatement, SupplyUse, TrustedKey

_SCALE = Decimal("0.000001")
State = Literal["valid", "withdrawn", "not_registered_here"]
Issuer = Literal["own", "here", "trusted", "unknown"]


class NotBroughtIn(YuetanError):
    code = "statement.not_brought_in"
    message = Text("没有导入编号为 {number} 的供应商成本单。", "No supplier statement {number} has been brought in.")
    hint = Text(
        "请先导入该文件；产业链计算也可以把文件一并上传。",
        "Bring in its file first; a chain also takes the file itself beside its workbook.",
    )


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


class SameNumber(YuetanError):
    code = "statement.same_number"
    message = Text(
        "编号 {number} 的成本单已导入，但内容不同。",
        "A statement with number {number} was brought in before, with other content.",
    )
    hint = Text("请与出具方核对哪一份有效。", "Ask the issuer which one holds.")


@dataclass(frozen=True, slots=True)
class Checked:
    """A file whose signatures hold: what it says, whose key it is, and whether it still stands."""

    envelope: Envelope
    kind: Kind
    issuer: Issuer
    state: State
    notice: StatementNotice | None


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


def relied_upon(db: Session, who: Who, data: bytes, field: str) -> Checked:
    """
    Check a supplier's statement that figures of ours are to rest on.

    Raises
    ------
    NotAStatement, Altered, Withdrawn, UnknownKey, OtherIssuer
        It cannot be relied upon.
    """
    found = checked(db, who, data)
    said = found.envelope.document
    _stands(found.notice, field)
    known = _known_issuer(db, who, found)
    if known is None:
        raise UnknownKey(field=field, key=found.envelope.key_id, issuer=said.issuer)
    if known != said.issuer:
        raise OtherIssuer(field=field, key=found.envelope.key_id, known=known, said=said.issuer)
    return found


def supplier_of(db: Session, who: Who, number: str, field: str, *, hold: bool = False) -> SupplierStatement:
    """
    Return a supplier's statement that was brought in and stands; ``hold`` keeps its row until the end.

    Raises
    ------
    NotBroughtIn, Withdrawn
        There is none to rely on.
    """
    row = brought_in_before(db, who, number, hold=hold)
    if row is None:
        raise NotBroughtIn(field=field, number=number)
    _stands(db.get(StatementNotice, UUID(number)), field)
    return row


def brought_in_before(db: Session, who: Who, number: str, *, hold: bool = False) -> SupplierStatement | None:
    """Return a supplier's statement with its content, if it was brought in."""
    query = visible(SupplierStatement, who).where(SupplierStatement.number == number)
    query = query.options(undefer(SupplierStatement.content))
    return db.scalar(query.with_for_update() if hold else query)


def bring_in(db: Session, who: Who, data: bytes) -> tuple[SupplierStatement, bool]:
    """
    Keep a supplier's statement, so that our own may build on it.

    Raises
    ------
    Withdrawn, UnknownKey, OtherIssuer, SameNumber
        It cannot be relied upon.
    """
    found = relied_upon(db, who, data, "file")
    said = found.envelope.document
    there = brought_in_before(db, who, said.number)
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
        quantity_t=exact(float(said.quantity_t)),
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
    return [(row, used(db, who, row.id), db.get(StatementNotice, UUID(row.number))) for row in rows]


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


def used(db: Session, who: Who, supplier_statement: UUID, but: UUID | None = None) -> float:
    """Return the tonnes of a supplier's statement in statements of ours that stand."""
    query = visible(SupplyUse, who).where(SupplyUse.supplier_statement_id == supplier_statement)
    uses = (query if but is None else query.where(SupplyUse.statement_id != but)).subquery()
    total = db.scalar(
        select(func.sum(uses.c.tonnes))
        .join(StatementNotice, StatementNotice.id == uses.c.statement_id)
        .where(StatementNotice.withdrawn.is_(None))
    )
    return float(total or 0)


def exact(tonnes: float) -> Decimal:
    return Decimal(repr(tonnes)).quantize(_SCALE, ROUND_HALF_UP)
