"""What the API, the paper and the terminal say of an importer's year."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from pydantic import BaseModel, Field

from cbam.certificate_account import Quarter
from cbam.declaration import Group
from cbam.year import METHOD
from models.errors import Text
from service.importer.use import YearResult
from service.press.document import Block, Column, Document, Figure, Figures, Steps, Table, Words
from service.schemas import FindingRead, ReadRead, RowRead, TextRead, read_of, rows_of


class HoldingRead(BaseModel):
    """Certificates to hold at the end of one quarter, by both permitted methods."""

    quarter_end: dt.date
    by_defaults: float
    by_last_year: float | None
    rows: list[RowRead]


class QuarterRead(BaseModel):
    """What was held at the end of a quarter against what must be, in whole certificates."""

    end: dt.date
    required: int
    by_last_year: int | None
    held: int
    due: bool = Field(description="Whether the duty to hold has begun for this importer")
    short: int


class AccountRead(BaseModel):
    """The certificate account of the year. Money is a decimal string."""

    bought: int
    surrendered: int
    sold_back: int
    held: int
    still_to_buy: int
    spent_eur: Decimal | None
    repurchase_limit: int
    repurchase_until: dt.date | None
    cancelled: int
    cancelled_on: dt.date | None
    quarters: list[QuarterRead]
    rows: list[RowRead]


class GroupRead(BaseModel):
    """One line of the declaration: CN code, origin, installation and basis."""

    cn_code: str
    origin: str
    installation: str
    basis: str
    lines: int
    net_mass_t: float
    emissions_t: float
    free_t: float
    certificates: float


class DutyRead(BaseModel):
    """One day of the calendar."""

    on: dt.date
    key: str
    title: TextRead
    read: ReadRead


class ImporterRead(BaseModel):
    """Where an importer stands in a year."""

    method: str
    as_of: dt.date
    in_scope: bool
    by_plan: bool = Field(description="The threshold is passed by planned imports only")
    passed_on: dt.date | None
    expected_on: dt.date | None = Field(description="A forecast at the pace so far, no legal date")
    threshold: list[RowRead]
    holdings: list[HoldingRead]
    certificates: float = Field(description="Sum of the goods, before the one rounding")
    to_buy: int = Field(description="Whole certificates, rounded up, less what is held")
    account: AccountRead | None
    declaration: list[GroupRead]
    penalties: list[RowRead]
    calendar: list[DutyRead]
    findings: list[FindingRead]


def _text(text: Text) -> TextRead:
    return TextRead(zh=text.zh, en=text.en)


def _quarter(one: Quarter) -> QuarterRead:
    return QuarterRead(
        end=one.end, required=one.required, by_last_year=one.by_last_year, held=one.held, due=one.due, short=one.short
    )


def _group(one: Group) -> GroupRead:
    return GroupRead.model_validate(one, from_attributes=True)


def importer_read(found: YearResult) -> ImporterRead:
    """Return the year as the API shows it."""
    account = found.account
    return ImporterRead(
        method=METHOD,
        as_of=found.as_of,
        in_scope=found.threshold.in_scope,
        by_plan=found.threshold.by_plan,
        passed_on=found.threshold.passed_on,
        expected_on=found.threshold.expected_on,
        threshold=rows_of(found.threshold),
        holdings=[
            HoldingRead(
                quarter_end=one.quarter_end,
                by_defaults=one.by_defaults,
                by_last_year=one.by_last_year,
                rows=rows_of(one),
            )
            for one in found.holdings
        ],
        certificates=found.certificates,
        to_buy=found.to_buy,
        account=AccountRead(
            bought=account.bought,
            surrendered=account.surrendered,
            sold_back=account.sold_back,
            held=account.held,
            still_to_buy=account.still_to_buy,
            spent_eur=account.spent_eur,
            repurchase_limit=account.repurchase_limit,
            repurchase_until=account.repurchase_until,
            cancelled=account.cancelled,
            cancelled_on=account.cancelled_on,
            quarters=[_quarter(one) for one in account.quarters],
            rows=rows_of(account),
        )
        if account
        else None,
        declaration=[_group(one) for one in found.declaration.groups],
        penalties=rows_of(found.penalties) if found.penalties else [],
        calendar=[
            DutyRead(on=duty.on, key=duty.key, title=_text(duty.title), read=read_of(duty.read))
            for duty in found.calendar
        ],
        findings=[FindingRead.model_validate(finding.to_dict()) for finding in found.findings],
    )


def importer_paper(found: YearResult, made_on: dt.date) -> Document:
    """Return the year as a paper: the answer, threshold, declaration, quarters, account, penalties, calendar."""
    year = found.asked.year
    state = (
        Text("按计划将超过门槛", "above the threshold by plan")
        if found.threshold.by_plan
        else Text("超过门槛", "above the threshold")
        if found.threshold.in_scope
        else Text("未超过门槛", "below the threshold")
    )
    blocks: list[Block] = [
        Figures(
            [
                Figure(Text("应交证书", "Certificates due"), f"{found.certificates:,.3f}", "", state),
                Figure(Text("尚需购买", "Still to be bought"), f"{found.to_buy:,d}"),
                Figure(Text("本年净重", "Net mass of the year"), f"{found.threshold.total_t:,.3f}", "t"),
            ]
        ),
        Steps(found.threshold.rows(), Text("50 吨门槛", "The 50-tonne rule")),
        Table(
            [Column(Text("CN 编码", "CN code"), 1.2), Column(Text("原产地", "Origin"), 0.7), Column(Text("装置", "Installation"), 1.2),
             Column(Text("依据", "Basis"), 0.8), Column(Text("净重 t", "Mass t"), 1, number=True),
             Column(Text("排放 t", "Emissions t"), 1, number=True), Column(Text("免费分配 t", "Free t"), 1, number=True),
             Column(Text("证书", "Certificates"), 1, number=True)],
            [[g.cn_code, g.origin, g.installation or "—", _BASES[g.basis.value], f"{g.net_mass_t:,.3f}", f"{g.emissions_t:,.3f}",
              f"{g.free_t:,.3f}", f"{g.certificates:,.5f}"] for g in found.declaration.groups],
            Text("申报汇总", "Summary of the declaration"),
        ),
    ]  # fmt: skip
    if found.account is not None:
        blocks += [
            Table(
                [Column(Text("季末", "Quarter end")), Column(Text("默认值法", "By defaults"), number=True),
                 Column(Text("上年法", "By last year"), number=True), Column(Text("持有", "Held"), number=True),
                 Column(Text("缺", "Short"), number=True), Column(Text("义务", "Duty"), 1.4)],
                [[str(q.end), f"{q.required:,d}", "—" if q.by_last_year is None else f"{q.by_last_year:,d}", f"{q.held:,d}",
                  f"{q.short:,d}", Text("适用", "due") if q.due else Text("尚未开始", "not begun")] for q in found.account.quarters],
                Text("季末持有（两种方法由申报人选择）", "Holding at the end of a quarter (the declarant chooses the method)"),
            ),
            Steps(found.account.rows(), Text("证书账户", "Certificate account"), frozenset({"still_to_buy"})),
        ]  # fmt: skip
    if found.penalties is not None:
        blocks.append(Steps(found.penalties.rows(), Text("处罚", "Penalties")))
    blocks.append(
        Table(
            [Column(Text("日期", "Day"), 0.8), Column(Text("事项", "What"), 2.4), Column(Text("依据", "Rule"), 2)],
            [[str(duty.on), duty.title, f"{duty.read.key} [{duty.read.source}]"] for duty in found.calendar],
            Text("日历", "Calendar"),
        )
    )
    if found.findings:
        blocks.append(Words([finding.text for finding in found.findings], Text("尚需处理", "Open points"), listed=True))
    return Document(
        title=Text(f"进口商年度 {year}", f"The importer's year {year}"),
        subtitle=Text(f"截至 {found.as_of}", f"as of {found.as_of}"),
        made_on=made_on,
        key=METHOD,
        blocks=blocks,
    )


_BASES = {"default": Text("默认值", "default"), "actual": Text("实际值", "actual")}
