"""The workbook of a footprint: the template, a bill written into it, and one read from it with what it is checked against."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from models.apportion import JointProcess
from models.bill import Activity, Benchmark, Bill, EarlierYear, OwnFactor, Product, Report
from models.crosscheck import Quantity, Statement
from models.errors import Text
from models.factor_records import FactorRecord, Quality, Submission
from models.findings import Finding
from models.reconcile import VerifiedTotal
from service.footprint.use import FootprintAsk, ReconcileAsk
from service.workbook.layout import default_layout
from service.workbook.lists import Line, Lists, NothingToRead, read_lists, split_names, write_lists
from service.workbook.parts import build
from service.workbook.problems import CellProblem

NAME = "footprint_workbook"
TITLE = Text("粤碳 · 产品碳足迹填报表", "Yuetan · product carbon footprints")
NOTES = (
    Text(
        "一个厂区、一个数据期。橙色表头为必填；不适用的列留空，空不等于零。",
        "One site, one period. Orange headings are needed; leave blank what does not apply, blank is never zero.",
    ),
    Text(
        "每条活动的因子三选一：因子库名称、燃料缺省值、自有因子；数量本身是排放量时单位选 kgCO2e，不填因子。",
        "An activity takes one of: a key of the store, default values of a fuel, a factor of its own; amounts in kgCO2e take none.",
    ),
    Text(
        "单独计量的写明产品；几个产品共用的写明工序，并在“共用工序”表给出分配：先物理关系，经济价值须写明理由。",
        "Name the product where it was metered apart; else name the process and divide it in the joint sheet: physical first, "
        "economic value with a statement.",
    ),
    Text(
        "任何一行有误都会逐格列出；活动、产品或分配有误时不给出结果，因为少一行的合计会偏低。",
        "What is wrong is listed cell by cell; with a wrong activity, product or division no figure is given, since a sum with a line "
        "missing would be too low.",
    ),
    Text(
        "填写“核查排放量”和“交叉核对”后，同时与碳排放报告、能源报告和表计核对。",
        "With the last two sheets filled in, products and amounts are checked against reports and meters as well.",
    ),
)
_QUALITY = ("technological", "geographical", "temporal")
_OWN = {
    "factor_value": "value",
    "factor_unit": "unit",
    "factor_source": "source",
    "factor_year": "data_year",
    "factor_uncertainty": "uncertainty",
}
_REVIEW = {"reviewer": "reviewer", "reviewed_on": "on", "decision": "decision", "reason": "reason"}
_OF_JOINT = ("rule", "basis", "statement", "price_months")
_OF_QUANTITY = ("rule", "year", "activities", "explanation")


class SeveralFactors(CellProblem):
    code = "footprint.several_factors"
    message = Text("活动“{id}”填了不止一种因子。", "'{id}' has more than one factor.")
    hint = Text("因子库名称、燃料、自有因子只留一种。", "Keep one of key, fuel and own factor.")


class TwoOwners(CellProblem):
    code = "footprint.two_owners"
    message = Text("活动“{id}”既写了产品又写了工序。", "'{id}' names a product and a process.")
    hint = Text("单独计量只写产品，共用只写工序。", "Name the product where it is metered apart, else the process.")


class SameName(CellProblem):
    code = "footprint.same_name"
    message = Text("“{id}”出现两次。", "'{id}' appears twice.")
    hint = Text("请用不同的名称。", "Use another name.")


class RowsDiffer(CellProblem):
    code = "footprint.rows_differ"
    message = Text("“{id}”的几行在此列填写不一致。", "The rows of '{id}' differ in this column.")
    hint = Text(
        "同一名称的各行应相同，或只在第一行填写。", "Give the same in each row of the name, or only in the first."
    )


@dataclass(frozen=True, slots=True)
class ReadBill:
    """What a workbook asks for; none where a row of the bill is wrong, and then the findings say which."""

    ask: FootprintAsk | None
    checks: ReconcileAsk | None
    lists: Lists
    findings: tuple[Finding, ...]

    def placed(self, finding: Finding) -> Finding:
        """Return a finding about a field of the bill with its sheet, row and cell."""
        of = finding.field or ""
        for name, column in (("factor", "factor_unit"), ("quantities", "product")):
            if of.endswith(f".{name}"):
                finding = replace(finding, field=f"{of[: -len(name)]}{column}")
        head, _, tail = of.partition(".")
        site = self.lists.of("site")
        column = tail if head == "report" else of
        if site and column in site[0].cells:
            return replace(finding, sheet=site[0].sheet, row=site[0].row, cell=site[0].cells[column])
        for line in self.lists.of("quantities"):
            if head == line.values["id"]:
                at = re.fullmatch(r"statements\.([0-9]+)(?:\.unit)?", tail)
                lines = [one for one in self.lists.of("quantities") if one.values["id"] == head]
                of_line = lines[int(at[1])] if at and int(at[1]) < len(lines) else line
                return replace(finding, sheet=of_line.sheet, row=of_line.row, cell=of_line.cells.get("value"))
        return self.lists.placed(finding)


def template_bytes(checks: ReconcileAsk | None = None) -> bytes:
    """Return the workbook, empty or with a bill and its checks written into it."""
    return write_lists(default_layout(NAME), TITLE, NOTES, rows_of(checks) if checks else None)


def rows_of(checks: ReconcileAsk) -> dict[str, list[dict[str, Any]]]:
    """Return a bill and its checks as the rows of the sheets."""
    bill = checks.bill
    rows: dict[str, list[dict[str, Any]]] = {key: [] for key in default_layout(NAME).sheets}
    if bill is not None:
        site = _stated(bill)
        own = ("site", "period_start", "period_end", "profile", "boundary")
        rows["site"] = [{name: site[name] for name in own if name in site} | _stated(bill.report)]
        rows["products"] = [_stated(one) for one in bill.products]
        rows["activities"] = [_activity_row(one) for one in bill.activities]
        rows["joint"] = [
            {"process": one.process, "product": product, "quantity": quantity}
            | {name: value for name in _OF_JOINT if (value := getattr(one, name)) not in ("", None)}
            for one in bill.joint
            for product, quantity in one.quantities.items()
        ]
        rows["benchmarks"] = [_stated(one) for one in bill.benchmarks]
        rows["earlier"] = [_stated(one) for one in bill.earlier]
    rows["factors"] = [_factor_row(one) for one in checks.submissions]
    rows["totals"] = [_stated(one) for one in checks.totals]
    rows["quantities"] = [
        {"id": one.id, "rule": one.rule, "year": one.year, "activities": ", ".join(one.activities)}
        | ({"explanation": one.explanation} if one.explanation else {})
        | _stated(said)
        for one in checks.quantities
        for said in one.statements
    ]
    columns = {key: set(sheet.columns) for key, sheet in default_layout(NAME).sheets.items()}
    return {key: [{n: v for n, v in row.items() if n in columns[key]} for row in of] for key, of in rows.items()}


def _stated(one: Any) -> dict[str, Any]:
    given: dict[str, Any] = one.model_dump(exclude_defaults=True)
    return given


def _activity_row(one: Activity) -> dict[str, Any]:
    row = _stated(one)
    factor, quality = row.pop("factor", {}), row.pop("quality", {})
    row |= {name: factor[of] for name, of in _OWN.items() if of in factor}
    return row | dict(quality)


def _factor_row(one: Submission) -> dict[str, Any]:
    review = _stated(one.review) if one.review else {}
    of = _stated(one.record) | {"submitter": one.submitter, "submitted_on": one.submitted_on}
    return of | {name: review[field] for name, field in _REVIEW.items() if field in review}


def read_bill(data: bytes) -> ReadBill:
    """
    Read a bill and its checks from a workbook.

    Raises
    ------
    FileProblem, NothingToRead
        The file cannot be read, or holds no site, product or activity.
    """
    lists = read_lists(data, default_layout(NAME), ("site", "products", "activities"))
    for key in ("products", "activities", "factors"):
        _each_once(lists, key)
    products = lists.made("products", Product)
    activities = lists.made("activities", Activity, lambda line: _activity(line, lists))
    joint = _joint(lists)
    benchmarks = lists.made("benchmarks", Benchmark)
    earlier = lists.made("earlier", EarlierYear)
    submissions = _submissions(lists)
    totals = lists.made("totals", VerifiedTotal)
    quantities = _quantities(lists)
    bill = None
    site = lists.of("site")
    if site and products and activities and not any(finding.refuses for finding in lists.notes.findings):
        values = dict(site[0].values)
        report = {name: values.pop(name) for name in Report.model_fields if name in values}
        given = values | {
            "report": report,
            "products": tuple(products),
            "activities": tuple(activities),
            "joint": tuple(joint),
        }
        given |= {"benchmarks": tuple(benchmarks), "earlier": tuple(earlier)}
        bill, problems = build(Bill, given, lists.layout.sheets["site"])
        for problem in problems:
            lists.refuse(site[0], problem)
    findings = lists.notes.close()
    if bill is None:
        if not any(finding.refuses for finding in findings):
            raise NothingToRead(field="file", names_zh="活动", names_en="Activities")
        return ReadBill(None, None, lists, findings)
    ask = FootprintAsk(bill=bill, submissions=tuple(submissions))
    checks = None
    if totals or quantities:
        checks = ReconcileAsk(
            bill=bill, submissions=tuple(submissions), totals=tuple(totals), quantities=tuple(quantities)
        )
    return ReadBill(ask, checks, lists, findings)


def _each_once(lists: Lists, key: str) -> None:
    seen: set[str] = set()
    for line in lists.of(key):
        name = str(line.values["id"])
        if name in seen:
            lists.refuse(line, SameName(field="id", id=name))
        seen.add(name)


def _activity(line: Line, lists: Lists) -> dict[str, Any]:
    values = dict(line.values)
    own = {of: values.pop(name) for name, of in _OWN.items() if name in values}
    quality = {name: values.pop(name) for name in _QUALITY if name in values}
    ways = [name for name in ("key", "fuel") if values.get(name)] + (["factor_value"] if own else [])
    if len(ways) > 1:
        lists.refuse(line, SeveralFactors(field=ways[-1], id=values["id"]))
    if values.get("product") and values.get("process"):
        lists.refuse(line, TwoOwners(field="process", id=values["id"]))
    sheet = lists.layout.sheets["activities"]
    scores, problems = build(Quality, quality, sheet)
    factor, more = build(OwnFactor, own, sheet) if own else (None, [])
    column_of = {of: name for name, of in _OWN.items()}
    for problem in more:
        problem.field = column_of.get(str(problem.field), problem.field)
    for problem in (*problems, *more):
        lists.refuse(line, problem)
    return values | ({"factor": factor} if factor else {}) | ({"quality": scores} if scores else {})


def _joint(lists: Lists) -> list[JointProcess]:
    """Return the joint processes, each of the rows of its name."""
    made: list[JointProcess] = []
    lists.places["joint"] = []
    for name, lines in _grouped(lists, "joint", "process").items():
        values = _common(lists, name, lines, _OF_JOINT)
        if "price_months" in values:
            months = values["price_months"]
            values["price_months"] = int(months) if months == int(months) else months
        quantities: dict[str, float] = {}
        for line in lines:
            product = line.values["product"]
            if product in quantities:
                lists.refuse(line, SameName(field="product", id=product))
            quantities[product] = line.values["quantity"]
        item, problems = build(
            JointProcess, values | {"process": name, "quantities": quantities}, lists.layout.sheets["joint"]
        )
        for problem in problems:
            lists.refuse(lines[0], problem)
        if item is not None:
            made.append(item)
            lists.places["joint"].append(lines[0])
    return made


def _quantities(lists: Lists) -> list[Quantity]:
    """Return the quantities, each of the rows of its name, one statement a row."""
    made: list[Quantity] = []
    lists.places["quantities"] = []
    sheet = lists.layout.sheets["quantities"]
    for name, lines in _grouped(lists, "quantities", "id").items():
        values = _common(lists, name, lines, _OF_QUANTITY)
        values["activities"] = split_names(values.get("activities"))
        statements = []
        for line in lines:
            said, problems = build(
                Statement, {n: v for n, v in line.values.items() if n in Statement.model_fields}, sheet
            )
            for problem in problems:
                lists.refuse(line, problem)
            statements += [said] if said is not None else []
        if len(statements) < len(lines):
            continue
        item, problems = build(Quantity, values | {"id": name, "statements": tuple(statements)}, sheet)
        for problem in problems:
            lists.refuse(lines[0], problem)
        if item is not None:
            made.append(item)
            lists.places["quantities"].append(lines[0])
    return made


def _grouped(lists: Lists, key: str, by: str) -> Mapping[str, list[Line]]:
    groups: dict[str, list[Line]] = {}
    for line in lists.of(key):
        groups.setdefault(str(line.values[by]), []).append(line)
    return groups


def _common(lists: Lists, name: str, lines: list[Line], columns: tuple[str, ...]) -> dict[str, Any]:
    """Return what the rows of a name say together: the first says it, the others the same or nothing."""
    values = {column: lines[0].values[column] for column in columns if column in lines[0].values}
    for line in lines[1:]:
        for column in columns:
            if column in line.values and line.values[column] != values.get(column):
                lists.refuse(line, RowsDiffer(field=column, id=name))
    return values


def _submissions(lists: Lists) -> list[Submission]:
    def of(line: Line) -> dict[str, Any]:
        values = dict(line.values)
        review = {field: values.pop(name) for name, field in _REVIEW.items() if name in values}
        around = {name: values.pop(name) for name in ("submitter", "submitted_on")}
        record, problems = build(FactorRecord, values, lists.layout.sheets["factors"])
        for problem in problems:
            lists.refuse(line, problem)
        return around | ({"record": record} if record else {"record": values}) | ({"review": review} if review else {})

    return lists.made("factors", Submission, of)
