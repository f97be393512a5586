"""Suppliers' signed statements as purchases of a chain: checked like any that is brought in, and counted once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import Field, ValidationError
from sqlalchemy.orm import Session

from models.errors import Text, YuetanError
from models.findings import Finding
from models.inputs import Input
from models.roll_up_asked import ChainAsk, ChainNode, Name
from models.roll_up_errors import SameNode
from models.statement import ListedTwice
from service.auth import Who
from service.statement.document import NotAStatement, StatementDocument, upstream_of
from service.statement.seal import Altered, Envelope
from service.statement.suppliers import Issuer, SameNumber, brought_in_before, relied_upon, supplier_of


class ChainStatement(Input):
    """
    A supplier's signed statement as a node of the chain, per tonne of its product.

    By the ``number`` of one that was brought in, or with the signed JSON text
    itself in ``envelope``.
    """

    id: Name
    number: str = Field(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
    envelope: str | None = Field(default=None, max_length=4_000_000)


class ChainQuestion(ChainAsk):
    """A chain, and the signed statements that are nodes of it."""

    statements: tuple[ChainStatement, ...] = Field(default=(), max_length=500)


@dataclass(frozen=True, slots=True)
class Supplied:
    """A statement that the chain rests on: the node it became, what was signed, and whose key it is."""

    node: str
    envelope: Envelope
    issuer: Issuer

    @property
    def said(self) -> StatementDocument:
        """What the statement says."""
        return self.envelope.document


class OtherNumber(YuetanError):
    code = "chain.other_number"
    message = Text(
        "所附成本单的编号是 {found}，不是 {number}。", "The statement enclosed has the number {found}, not {number}."
    )
    hint = Text("请核对编号，或附上该编号的成本单。", "Check the number, or enclose the statement that bears it.")


def with_files(
    db: Session, who: Who, asked: ChainQuestion, files: Sequence[bytes]
) -> tuple[ChainQuestion, list[Finding]]:
    """
    Return the chain with the files handed in beside it enclosed, and what is wrong with any of them.

    A file may be the JSON, PDF or workbook of a statement; one that no node
    names is told, since its cost is then in no figure.
    """
    enclosed: dict[str, str] = {}
    findings: list[Finding] = []
    named = {one.number for one in asked.statements}
    for i, data in enumerate(files):
        try:
            found = relied_upon(db, who, data, f"statement_files.{i}").envelope
        except YuetanError as refusal:
            findings.append(Finding.of(refusal, field=f"statement_files.{i}"))
            continue
        enclosed[found.document.number] = found.data.decode()
        if found.document.number not in named:
            findings.append(_not_used(found.document, f"statement_files.{i}"))
    statements = tuple(
        one.model_copy(update={"envelope": enclosed[one.number]}) if one.number in enclosed else one
        for one in asked.statements
    )
    return asked.model_copy(update={"statements": statements}), findings


def supplied(
    db: Session, who: Who, asked: ChainQuestion
) -> tuple[ChainQuestion, tuple[Supplied, ...], list[Finding], list[YuetanError]]:
    """Return the chain with its statements as nodes, the statements, what is to be noted of them, and what refuses them."""
    ids = {node.id for node in asked.nodes}
    typed = {node.source for node in asked.nodes if node.level == "statement"}
    seen: set[str] = set()
    nodes, found, notes, refused = list(asked.nodes), list[Supplied](), list[Finding](), list[YuetanError]()
    for i, one in enumerate(asked.statements):
        here = f"statements.{i}"
        try:
            if one.id in ids:
                raise SameNode(field=f"{here}.id", id=one.id)
            if one.number in seen or one.number in typed:
                raise ListedTwice(field=f"{here}.number", statement=one.number)
            made = _one(db, who, one, f"{here}.number")
            nodes.append(_node(one.id, made.said, f"{here}.number"))
        except YuetanError as refusal:
            refused.append(refusal)
            continue
        finally:
            ids.add(one.id)
            seen.add(one.number)
        found.append(made)
        notes += _notes(asked, made, f"{here}.number")
    return asked.model_copy(update={"nodes": tuple(nodes)}), tuple(found), notes, refused


def _one(db: Session, who: Who, one: ChainStatement, field: str) -> Supplied:
    if one.envelope is None:
        row = supplier_of(db, who, one.number, field)
        return Supplied(one.id, *_issued(db, who, row.content, field))
    envelope, issuer = _issued(db, who, one.envelope.encode(), field)
    if envelope.document.number != one.number:
        raise OtherNumber(field=field, found=envelope.document.number, number=one.number)
    before = brought_in_before(db, who, one.number)
    if before is not None and before.sha256 != envelope.sha256:
        raise SameNumber(field=field, number=one.number)
    return Supplied(one.id, envelope, issuer)


def _issued(db: Session, who: Who, data: bytes, field: str) -> tuple[Envelope, Issuer]:
    try:
        found = relied_upon(db, who, data, field)
    except (NotAStatement, Altered) as refusal:
        raise type(refusal)(field=field, **refusal.params) from refusal
    return found.envelope, found.issuer


def _node(id: str, said: StatementDocument, field: str) -> ChainNode:
    """Return a statement as a node that holds its upstream: three views and who has paid."""
    try:
        line = upstream_of(said, 1.0)
        return ChainNode(
            id=id,
            name=f"{said.issuer} · {said.product}"[:200],
            unit="t",
            level="statement",
            full_cny_per_unit=line.full.cny_per_t if line.full else None,
            paid_cny_per_unit=line.paid.cny_per_t if line.paid else None,
            marginal_cny_per_unit=line.marginal.cny_per_t if line.marginal else None,
            source=said.number,
            paid_by=line.paid_by,
        )
    except ValidationError as error:  # figures beyond what any product costs
        raise NotAStatement(field=field, where_zh="数值超出范围", where_en="a figure is out of bounds") from error


def _notes(asked: ChainAsk, made: Supplied, field: str) -> list[Finding]:
    said, found = made.said, []
    if said.provisional:
        found.append(
            Finding(
                code="chain.statement_provisional",
                severity="warning",
                field=field,
                text=Text(
                    f"“{made.node}”的成本单是暂定的：最终配额未定。",
                    f"The statement of '{made.node}' is provisional: the final allocation is pending.",
                ),
                hint=Text("最终配额确定后请换用新的成本单。", "Exchange it once the final allocation is known."),
            )
        )
    market = asked.market
    if market and (said.last < market.first.isoformat() or said.first > market.last.isoformat()):
        found.append(
            Finding(
                code="chain.statement_other_period",
                severity="warning",
                field=field,
                text=Text(
                    f"“{made.node}”的成本单期间 {said.first} 至 {said.last} 与市场价窗口 {market.first} 至 {market.last} 不相交。",
                    f"The statement of '{made.node}' covers {said.first} to {said.last}, the market price {market.first} to "
                    f"{market.last}: they do not meet.",
                ),
                hint=Text("请核对是否用了同一期间的数据。", "Make sure that both are of one period."),
            )
        )
    return found


def _not_used(said: StatementDocument, field: str) -> Finding:
    return Finding(
        code="chain.statement_not_used",
        severity="warning",
        field=field,
        text=Text(
            f"成本单 {said.number}（{said.issuer}，{said.product}）不在“成本单”表中，没有计入。",
            f"Statement {said.number} ({said.issuer}, {said.product}) is named by no node: it is in no figure.",
        ),
        hint=Text(
            "请在“成本单”表写明编号和节点，再在“投入”表写用量。",
            "Name it in the statements sheet and enter its use among the inputs.",
        ),
    )
