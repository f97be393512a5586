"""Suppliers without PACT asked by a workbook: entered in the register of requests, sent by hand, its answer brought in by cell."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from pydantic import Field, model_validator
from sqlalchemy.orm import Session

from models.bids import BOUNDARIES, Boundary
from models.errors import Text
from models.findings import Finding
from models.inputs import Day, Input, broken_rule
from models.register_chain import SupplierRequest
from service.audit.use import record as write_down
from service.auth import Who
from service.edition import version_of
from service.pact.asks import DueBefore
from service.refusals import NotFound
from service.registers.kinds import KINDS
from service.registers.tables import RegisterRecord
from service.registers.use import add, attach, change, row_of
from service.workbook.layout import default_layout
from service.workbook.lists import Line, Lists, read_lists, write_lists
from service.workbook.problems import CellProblem

NAME = "request_workbook"
#: How a request says that it went out as a workbook.
SOURCE = "工作簿 workbook"
_KIND = KINDS["requests"]
_TITLE = Text("粤碳 · 供应商碳足迹请求", "Yuetan · request for a product footprint")


class LetterAsk(Input):
    """What a supplier is asked for: the footprint of a product, until when, and how much of it we buy in a year."""

    supplier: str = Field(min_length=1, max_length=200, examples=["示例铝厂"])
    product: str = Field(min_length=1, max_length=200, examples=["铝锭"])
    due: Day
    tonnes: float | None = Field(default=None, gt=0, le=1e12)


class LetterAnswer(Input):
    """What a supplier answers: the footprint of the product per ``unit``, and what it rests on."""

    footprint_kgco2e_per_unit: float = Field(ge=-1e9, le=1e9)
    unit: str = Field(min_length=1, max_length=20)
    boundary: Boundary
    method: str = Field(min_length=1, max_length=100)
    first: Day
    last: Day
    own_data_percent: float | None = Field(default=None, ge=0, le=100)
    verified_by: str | None = Field(default=None, max_length=200)
    reference: str | None = Field(default=None, max_length=300)
    contact: str | None = Field(default=None, max_length=200)

    @model_validator(mode="after")
    def _in_order(self) -> LetterAnswer:
        if self.last < self.first:
            raise broken_rule("last", "数据截止日期早于起始日期", "the data end before they begin")
        return self

    @property
    def short(self) -> str:
        """The answer on one line, as the register keeps it."""
        said = f"{self.footprint_kgco2e_per_unit:g} kgCO2e/{self.unit}, {BOUNDARIES[self.boundary].zh}, {self.method}"
        return f"{said}, {self.first} – {self.last}"[:200]


class OneOnly(CellProblem):
    code = "letter.one_row"
    message = Text("“{name_zh}”表只能有一行。", "The sheet '{name_en}' takes one row.")
    hint = Text("一个文件答复一个请求。", "A file answers one request.")


class NoSuchRequest(CellProblem):
    code = "letter.unknown_request"
    message = Text("没有这个编号的请求。", "There is no request of this number.")
    hint = Text(
        "请用本机构发出的工作簿答复，不要改动编号。", "Answer in the workbook that was sent, with its number as it is."
    )


class OtherRequest(CellProblem):
    code = "letter.other_request"
    message = Text(
        "该编号的请求是向“{supplier}”要“{product}”。", "The request of this number asks '{supplier}' for '{product}'."
    )
    hint = Text("请核对是否把答复填进了别的工作簿。", "Check whether the answer stands in another request's workbook.")


class Closed(CellProblem):
    code = "letter.closed"
    message = Text("这个请求已于 {day} 答复或撤回。", "The request was answered or withdrawn on {day}.")
    hint = Text("如需更正，请在登记簿中修改。", "To correct it, change its record in the register.")


class DataAhead(CellProblem):
    code = "letter.data_ahead"
    message = Text("数据截止日期晚于今天。", "The data end after today.")
    hint = Text("请填写已经结束的数据期。", "Give a period that is over.")


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer brought in; none where anything of it is refused, and then the findings say why."""

    row: RegisterRecord | None
    answer: LetterAnswer | None
    findings: tuple[Finding, ...]


def ask(db: Session, who: Who, given: LetterAsk, today: dt.date) -> RegisterRecord:
    """
    Enter a request in the register; the same of the same day changes nothing.

    Raises
    ------
    DueBefore, Taken
        The due day is past, or the supplier was asked for it today on other terms.
    """
    if given.due < today:
        raise DueBefore(field="due")
    row, made = add(db, who, _KIND, SupplierRequest(asked_on=today, source=SOURCE, **given.model_dump()))
    if made:
        write_down(db, who, "supplier.asked", row.id, by="workbook", due=str(given.due))
    return row


def workbook(db: Session, who: Who, request_id: UUID) -> bytes:
    """Return the workbook to send for a request that went out this way."""
    row = _sent(db, who, request_id)
    asked = SupplierRequest.model_validate(row.body)
    notes = (
        Text(
            f"{asked.supplier}：请提供“{asked.product}”的产品碳足迹，在 {asked.due} 前填好“答复”表并寄回本文件。",
            f"{asked.supplier}: please state the footprint of '{asked.product}' in the sheet of the answer and send this file back by "
            f"{asked.due}.",
        ),
        Text(
            "只需要结果和依据，不需要配方或工艺数据；不知道的留空，不要填 0。",
            "Results and what they rest on are enough, no recipe and no process data; leave blank what is not known, never 0.",
        ),
        Text("请不要改动“请求”表。", "Please leave the sheet of the request as it is."),
    )
    filled = {
        "request": [{"number": str(row.id), "supplier": asked.supplier, "product": asked.product, "due": asked.due}]
    }
    return write_lists(default_layout(NAME), _TITLE, notes, filled)


def answered(db: Session, who: Who, data: bytes, filename: str, today: dt.date) -> Answered:
    """
    Enter the answer of a workbook: the request is closed, and the file kept with its record.

    Raises
    ------
    FileProblem, NothingToRead
        The file cannot be read, or holds no request or no answer.
    """
    lists = read_lists(data, default_layout(NAME), ("request", "answer"))
    head = _only(lists, "request")
    made = lists.made("answer", LetterAnswer)
    _only(lists, "answer")
    row = _request(db, who, lists, head) if head else None
    if made and made[0].last > today:
        lists.refuse(lists.of("answer")[0], DataAhead(field="last"))
    findings = lists.notes.close()
    if row is None or not made or any(one.refuses for one in findings):
        return Answered(None, None, findings)
    asked = SupplierRequest.model_validate(row.body)
    entered = asked.model_copy(update={"received_on": max(today, asked.asked_on), "answer": made[0].short})
    attach(db, who, _KIND, row.id, data, filename)
    return Answered(change(db, who, _KIND, row.id, entered, frozenset({version_of(row)})), made[0], findings)


def _only(lists: Lists, key: str) -> Line | None:
    text = lists.layout.sheets[key].text
    for more in lists.of(key)[1:]:
        first = next(iter(lists.layout.sheets[key].columns))
        lists.refuse(more, OneOnly(field=first, name_zh=text.zh, name_en=text.en))
    return next(iter(lists.of(key)), None)


def _request(db: Session, who: Who, lists: Lists, head: Line) -> RegisterRecord | None:
    """Return the open request that a workbook answers; what stands against it is told at its cell."""
    try:
        row = _sent(db, who, UUID(str(head.values["number"])))
    except (NotFound, ValueError):
        lists.refuse(head, NoSuchRequest(field="number"))
        return None
    asked = SupplierRequest.model_validate(row.body)
    if (head.values["supplier"], head.values["product"]) != (asked.supplier, asked.product):
        lists.refuse(head, OtherRequest(field="number", supplier=asked.supplier, product=asked.product))
    over = asked.received_on or asked.withdrawn_on
    if over:
        lists.refuse(head, Closed(field="number", day=over))
    return row


def _sent(db: Session, who: Who, request_id: UUID) -> RegisterRecord:
    """Return a request that went out as a workbook; one of the exchange is answered there."""
    row = row_of(db, who, _KIND, request_id)
    if row.body["source"] != SOURCE:
        raise NotFound
    return row
