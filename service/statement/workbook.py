"""The workbook of statements: the template, and the statements that a filled one asks for, by row and cell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from models.errors import Text
from models.findings import Finding
from models.statement_asked import MarketPrice, StatementInput, Upstream
from service.statement.use import StatementAsk, Supply
from service.workbook.layout import default_layout
from service.workbook.lists import Line, Lists, NothingToRead, read_lists, write_lists
from service.workbook.parts import build
from service.workbook.problems import CellProblem

NAME = "statement_workbook"
TITLE = Text("粤碳 · 碳成本单填报表", "Yuetan · carbon cost statements")
NOTES = (
    Text("“装置”表一行一个装置；“成本单”表一行一张成本单（一个产品、一个客户、一个期间）。橙色表头为必填，空不等于零。",
         "One row per site; one row per statement (a product, a customer, a period). Orange headings are needed; blank is never zero."),
    Text("先在网页或终端导入供应商发来的成本单，再在“供应商”表写编号和单耗；没有成本单的投入品写在“行业平均”表并注明来源。",
         "Bring in suppliers' statements first, then name number and consumption; inputs without one go into averages, with a source."),
    Text("平均已付碳价按企业自己的购买计算；留空则按市场价估算，并写明不是已付价格。",
         "The average price paid comes from your own purchases; left blank it is estimated at the market price and says so."),
)  # fmt: skip
EXAMPLE: Mapping[str, list[dict[str, Any]]] = {
    "site": [
        {"installation": "一号轧线", "issuer": "佛山示例轧钢厂", "scheme": "GDEA", "compliance_year": 2025, "electricity_covered": True,
         "allocation": "historical_intensity", "average_paid": 2.694, "paid_evidence": "采购合同 2025-017", "market_cny_per_t": 39.04,
         "market_statistic": "成交量加权均价", "market_first": "2025-04-01", "market_last": "2025-04-30", "market_source": "示例"}
    ],
    "statements": [
        {"id": "1", "customer": "顺德示例家电", "product": "冷轧卷", "product_code": "72091690", "quantity_t": 1200, "first": "2025-04-01",
         "last": "2025-04-30", "direct_tco2_per_t": 0.2, "electricity_tco2_per_t": 0.09, "free_tco2_per_t": 0.27,
         "attribution": "subdivision", "data_quality": 2, "error_share": 0.05}
    ],
    "averages": [
        {"id": "1", "product": "热轧卷", "level": "sector_average", "source": "示例来源", "t_per_t": 1.03, "full": 80.0, "full_low": 60.0,
         "full_high": 100.0, "paid": 3.0, "marginal": 5.0}
    ],
}  # fmt: skip


class UnknownLine(CellProblem):
    code = "statement.unknown_line"
    message = Text("“成本单”表中没有行号“{id}”。", "The statements sheet has no line '{id}'.")
    hint = Text("请改用该表的行号。", "Use a line of that sheet.")


class SameLine(CellProblem):
    code = "statement.same_line"
    message = Text("行号“{id}”出现两次。", "Line '{id}' appears twice.")
    hint = Text("每张成本单用不同的行号。", "Give each statement a line of its own.")


class UnknownSite(CellProblem):
    code = "statement.unknown_site"
    message = Text("“装置”表中没有“{name}”。", "The site sheet has no '{name}'.")
    hint = Text(
        "请填写“装置”表中的名称；只有一个装置时可留空。",
        "Use a name of that sheet; blank is enough where there is one.",
    )


class PartMissing(CellProblem):
    code = "statement.part_missing"
    message = Text("填了“{of_zh}”，还需要“{name_zh}”。", "'{of_en}' is given, so '{name_en}' is needed too.")
    hint = Text("请补填，或清空“{of_zh}”。", "Enter it, or clear '{of_en}'.")


@dataclass(frozen=True, slots=True)
class Asked:
    """A statement asked for in a row."""

    id: str
    ask: StatementAsk
    line: Line


@dataclass(frozen=True, slots=True)
class ReadStatements:
    """The statements of a workbook, and every finding by cell."""

    asked: tuple[Asked, ...]
    lists: Lists
    findings: tuple[Finding, ...]


def template_bytes(*, example: bool = False) -> bytes:
    """Return the workbook, empty or with an example."""
    return write_lists(default_layout(NAME), TITLE, NOTES, EXAMPLE if example else None)


def read_statements(data: bytes) -> ReadStatements:
    """
    Read the statements that a workbook asks for; a row that is refused is told and leaves the others.

    Raises
    ------
    FileProblem, NothingToRead
        The file cannot be read, or holds no site or statement.
    """
    lists = read_lists(data, default_layout(NAME), ("site", "statements"))
    sites = {str(line.values["installation"]): line for line in lists.of("site")}
    lines = _by_id(lists)
    supplies = _of_lines(lists, "supplies", lines)
    averages = _of_lines(lists, "averages", lines)
    asked = []
    for name, line in lines.items():
        site = _site(lists, line, sites)
        values = None if site is None else _values(lists, line, site)
        upstream = [_average(lists, one) for one in averages.get(name, ())]
        handed = [_supply(lists, one) for one in supplies.get(name, ())]
        if values is None or None in upstream or None in handed:
            continue
        position = values.pop("position", None)
        made, problems = build(
            StatementInput, values | {"upstream": tuple(upstream)}, lists.layout.sheets["statements"]
        )
        for problem in problems:
            lists.refuse(line, problem)
        if made is not None:
            ask, problems = build(
                StatementAsk,
                {"statement": made, "supplies": tuple(h for h in handed if h), "position": position},
                lists.layout.sheets["site"],
            )
            for problem in problems:
                lists.refuse(line, problem)
            if ask is not None:
                asked.append(Asked(name, ask, line))
    findings = lists.notes.close()
    if not asked and not any(finding.refuses for finding in findings):
        raise NothingToRead(field="file", names_zh="成本单", names_en="Statements")
    return ReadStatements(tuple(asked), lists, findings)


def _by_id(lists: Lists) -> dict[str, Line]:
    lines: dict[str, Line] = {}
    for line in lists.of("statements"):
        name = str(line.values["id"])
        if name in lines:
            lists.refuse(line, SameLine(field="id", id=name))
        else:
            lines[name] = line
    return lines


def _of_lines(lists: Lists, key: str, lines: Mapping[str, Line]) -> dict[str, list[Line]]:
    made: dict[str, list[Line]] = {}
    for one in lists.of(key):
        name = str(one.values["id"])
        if name not in lines:
            lists.refuse(one, UnknownLine(field="id", id=name))
        else:
            made.setdefault(name, []).append(one)
    return made


def _site(lists: Lists, line: Line, sites: Mapping[str, Line]) -> Line | None:
    name = line.values.get("installation")
    if name is None and len(sites) == 1:
        return next(iter(sites.values()))
    if name is None or str(name) not in sites:
        lists.refuse(line, UnknownSite(field="installation", name=name or ""))
        return None
    return sites[str(name)]


def _values(lists: Lists, line: Line, site: Line) -> dict[str, Any] | None:
    """Return the fields of a statement from its own row and its site's; none where a part of the site is refused."""
    own, of = dict(line.values), dict(site.values)
    own.pop("id")
    own["installation"] = of.pop("installation")
    parties = _parties(own, of)
    if "data_quality" in own and float(own["data_quality"]).is_integer():
        own["data_quality"] = int(own["data_quality"])
    market = {
        name: of.pop(f"market_{name}")
        for name in ("cny_per_t", "statistic", "first", "last", "source")
        if f"market_{name}" in of
    }
    rate = {
        to: of.pop(name)
        for name, to in (("cny_per_eur", "cny_per_eur"), ("rate_on", "on"), ("rate_source", "source"))
        if name in of
    }
    if "average_paid" in of:
        of["average_paid_cny_per_tco2"] = of.pop("average_paid")
    whole = True
    if "cny_per_t" in market:
        whole &= _complete(
            lists, site, market, "market_cny_per_t", {name: f"market_{name}" for name in MarketPrice.model_fields}
        )
    if rate:
        whole &= _complete(
            lists, site, rate, "cny_per_eur", {"cny_per_eur": "cny_per_eur", "on": "rate_on", "source": "rate_source"}
        )
    if not whole:
        return None
    given: dict[str, Any] = {"scheme": None} | of | own | parties
    if "cny_per_t" in market:
        given["market"] = market
    if rate:
        given["rate"] = rate
    return given


def _parties(own: dict[str, Any], of: dict[str, Any]) -> dict[str, Any]:
    issuer = {"name": of.pop("issuer")} | ({"uscc": of.pop("issuer_uscc")} if "issuer_uscc" in of else {})
    customer = {"name": own.pop("customer")} | ({"uscc": own.pop("customer_uscc")} if "customer_uscc" in own else {})
    return {"issuer": issuer, "customer": customer}


def _complete(lists: Lists, site: Line, part: Mapping[str, Any], of: str, columns: Mapping[str, str]) -> bool:
    """Tell of what a price or a rate lacks; said once, however many statements rest on the site."""
    names = lists.layout.sheets["site"].columns
    lacking = [column for name, column in columns.items() if name not in part]
    told = {(f.sheet, f.row, f.code) for f in lists.notes.findings}
    for column in lacking:
        if (site.sheet, site.row, PartMissing.code) not in told:
            head, other = names[column].text, names[of].text
            lists.refuse(
                site, PartMissing(field=column, of_zh=other.zh, of_en=other.en, name_zh=head.zh, name_en=head.en)
            )
    return not lacking


def _average(lists: Lists, line: Line) -> Upstream | None:
    values = {name: value for name, value in line.values.items() if name != "id"}
    low, high = values.pop("full_low", None), values.pop("full_high", None)
    for view in ("full", "paid", "marginal"):
        if view in values:
            values[view] = {"cny_per_t": values[view]}
    if "full" in values:
        values["full"] |= {"low": low, "high": high}
    made, problems = build(
        Upstream,
        {"issuer": line.values.get("issuer") or line.values["source"]} | values,
        lists.layout.sheets["averages"],
    )
    for problem in problems:
        lists.refuse(line, problem)
    return made


def _supply(lists: Lists, line: Line) -> Supply | None:
    values = {"number": str(line.values["number"]).lower(), "t_per_t": line.values["t_per_t"]}
    made, problems = build(Supply, values, lists.layout.sheets["supplies"])
    for problem in problems:
        lists.refuse(line, problem)
    return made
