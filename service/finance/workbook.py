"""The workbook of a bank: the template, and the question a filled one asks, by row and cell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from finance.loan_book import BorrowerRow, LoanRow
from finance.pd_model import Structural
from finance.scenario import Scenario
from models.errors import Text, YuetanError
from models.findings import Finding
from service.finance.use import BookAsk, BorrowerEstimate, TodayAsk
from service.workbook.layout import default_layout
from service.workbook.lists import Line, Lists, read_lists, write_lists
from service.workbook.parts import build
from service.workbook.problems import CellProblem

NAME = "finance_workbook"
TITLE = Text("粤碳 · 贷款、借款人与碳价压力填报表", "Yuetan · loans, borrowers and carbon prices")
NOTES = (
    Text(
        "一个借款人或一本贷款簿。金额为人民币元；不知道的留空，空不等于零；确实没有的填 0。",
        "One borrower or a whole book. Money in CNY; leave blank what is not known, blank is never zero; enter 0 for nil.",
    ),
    Text(
        "违约概率、违约损失率、波动率、折现率等一律由银行填写，没有默认值。",
        "PD, LGD, volatility, discount rate and the like are the bank's own; none has a default.",
    ),
)
EXAMPLE: Mapping[str, list[dict[str, Any]]] = {
    "asked": [
        {"name": "佛山铝型材贷款审查", "on": "2026-05-12", "home_cny_per_t": 40, "eu_eur_per_t": 75, "cny_per_eur": 8,
         "scenario": "本行审慎情景", "kind": "assumption", "year": 2030, "home1": 200, "eu1": 120, "delta": 0.1,
         "source": "信用委员会纪要", "sigma": 0.25, "rate": 0.03, "years": 1, "discount_rate": 0.09, "growth": 0.02}
    ],
    "loans": [
        {"loan": "L-001", "borrower": "佛山铝业", "outstanding": 20000000, "asset_class": "business_loan", "ead": 22000000,
         "lgd": 0.45, "pd": 0.02, "pd_years": 1},
        {"loan": "L-002", "borrower": "佛山铝业", "outstanding": 30000000, "asset_class": "business_loan", "ead": 30000000,
         "lgd": 0.4, "pd": 0.02, "pd_years": 1},
    ],
    "borrowers": [
        {"borrower": "佛山铝业", "sector": "铝", "city": "佛山", "equity": 180000000, "debt": 120000000, "revenue": 500000000,
         "scope12_t": 100000, "obtained": "verified_reported", "emissions_t": 100000, "free_t": 93100, "held_t": 5000,
         "upstream_t": 50000, "theta": 0.5, "cbam_t": 2000, "phi": 0.5, "pi": 0.3, "pi_low": 0.1, "pi_high": 0.6,
         "ebitda": 40000000, "depreciation": 10000000, "interest": 5000000, "principal": 10000000,
         "maintenance": 4000000, "tax_rate": 0.25}
    ],
}  # fmt: skip
_SCENARIO = ("scenario", "kind", "year", "home1", "eu1", "delta", "source")
_MODEL = ("sigma", "rate", "years", "discount_rate", "growth", "loss_years")


@dataclass(frozen=True, slots=True)
class ReadBook:
    """The question a workbook asks; none where it cannot be asked, and then the findings say why."""

    asked: BookAsk | None
    lists: Lists
    findings: tuple[Finding, ...]


def template_bytes(*, example: bool = False) -> bytes:
    """Return the workbook, empty or with an example."""
    return write_lists(default_layout(NAME), TITLE, NOTES, EXAMPLE if example else None)


def read_book(data: bytes) -> ReadBook:
    """
    Read a bank's workbook; a row that is refused is told and leaves the others.

    Raises
    ------
    FileProblem, NothingToRead
        The file cannot be read, or has no loans, borrowers or prices.
    """
    lists = read_lists(data, default_layout(NAME), ("asked", "loans", "borrowers"))
    loans, borrowers = lists.made("loans", LoanRow), lists.made("borrowers", BorrowerRow)
    estimates = [made for line in lists.of("estimates") if (made := _estimate(lists, line)) is not None]
    asked = _asked(lists, lists.of("asked"), loans, borrowers, estimates)
    return ReadBook(asked, lists, lists.notes.close())


def _estimate(lists: Lists, line: Line) -> BorrowerEstimate | None:
    """Return the estimate of a row; one that is none (a D with a point value) is told and left out."""
    of = dict(line.values)
    given = {name: of.get(name) for name in ("rate", "se", "low", "high", "grade", "key")} | {"against": "paid"}
    try:
        return BorrowerEstimate.model_validate({"borrower": of["borrower"], "estimate": given})
    except (YuetanError, ValidationError):
        lists.refuse(line, BadEstimate(field="rate"))
        return None


class BadEstimate(CellProblem):
    code = "finance.bad_estimate"
    message = Text("这一行的传导率估计不完整或自相矛盾。", "This row is no whole estimate, or contradicts itself.")
    hint = Text(
        "照抄估计结果 rates 中 paid 一项：区间、等级和编号必填，等级 D 不填估计值。",
        "Copy the paid entry of the estimate's rates: interval, grade and key are needed, a grade D has no rate.",
    )


def _asked(
    lists: Lists,
    lines: list[Line],
    loans: list[LoanRow],
    borrowers: list[BorrowerRow],
    estimates: list[BorrowerEstimate],
) -> BookAsk | None:
    if not lines or not loans or not borrowers:
        return None
    line, sheet = lines[0], lists.layout.sheets["asked"]
    of = line.values
    today, problems = build(TodayAsk, {name: of[name] for name in TodayAsk.model_fields if name in of}, sheet)
    scenarios = [made for one in lines if (made := _scenario(lists, one)) is not None]
    model: Structural | None = None
    if any(name in of for name in _MODEL):
        model, more = build(Structural, {name: of[name] for name in _MODEL if name in of}, sheet)
        problems += more
    given: dict[str, Any] = {
        "loans": tuple(loans),
        "borrowers": tuple(borrowers),
        "scenarios": tuple(scenarios),
        "estimates": tuple(estimates),
    }
    given |= {name: of[name] for name in ("name", "on", "total") if name in of}
    for problem in problems:
        lists.refuse(line, problem)
    if problems or today is None:
        return None
    whole, problems = build(BookAsk, given | {"today": today, "model": model}, sheet)
    for problem in problems:
        lists.refuse(line, problem)
    return whole


def _scenario(lists: Lists, line: Line) -> Scenario | None:
    """Return the scenario of a row; a further row adds another one, none where the row names none."""
    of = line.values
    if not any(name in of for name in _SCENARIO):
        return None
    name, year = of.get("scenario", ""), of.get("year")
    values: dict[str, Any] = {
        "id": f"row{line.row}",
        "zh": name,
        "en": name,
        "kind": of.get("kind"),
        "source": of.get("source", ""),
    }
    if year is not None:
        pairs = (("home_cny_per_t", "home1"), ("eu_eur_per_t", "eu1"), ("delta", "delta"))
        values |= {to: {year: of[own]} for to, own in pairs if own in of}
    made, problems = build(Scenario, values, lists.layout.sheets["asked"])
    for problem in problems:
        lists.refuse(line, problem)
    return made
