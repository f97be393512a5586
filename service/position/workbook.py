"""The workbook of a compliance year: the template, and the question a filled one asks, by row and cell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from models.allocation_notice import AllocationAsk, ProductOutput, Stated
from models.compliance import Emitted
from models.errors import Text
from models.findings import Finding
from models.holdings import OFFSETS, Entry
from models.installation import EtsYear
from models.law import LawBook
from models.regime import regime_of
from service.position.use import MadeProduct, PositionAsk
from service.workbook.layout import default_layout
from service.workbook.lists import Line, Lists, NothingToRead, read_lists, write_lists
from service.workbook.parts import build
from service.workbook.problems import CellProblem

NAME = "position_workbook"
TITLE = Text("粤碳 · 履约年度配额与成本填报表", "Yuetan · allowances and cost of a compliance year")
NOTES = (
    Text(
        "一个装置、一个履约年度。橙色表头为必填；不适用或不知道的留空，空不等于零。",
        "One installation, one compliance year. Orange headings are needed; leave blank what is not known, blank is never zero.",
    ),
    Text(
        "配额参数未公布时，按配额分配通知填写并写明文件名称；程序不会猜测。",
        "Where a figure of the allocation is not published, enter that of your notice with its document; nothing is guessed.",
    ),
    Text(
        "“配额账户”逐笔填写自己的合同价：已付碳价只来自这里，市场价不会代替它。",
        "Enter your contract prices deal by deal: the price paid comes from there alone, the market's price never stands in.",
    ),
)
EXAMPLE: Mapping[str, list[dict[str, Any]]] = {
    "site": [
        {
            "installation": "佛山陶瓷一厂",
            "compliance_year": 2024,
            "process": "ceramics",
            "verified_t": 100000,
            "on": "2025-07-01",
            "activity": "ceramics",
            "sector": "other",
        }
    ],
    "products": [{"product": "瓷砖", "output_t": 50000, "historic": 2.0, "document": "配额核定表"}],
    "costs": [
        {"product": "抛光砖", "output_t": 30000, "emissions_t": 66000},
        {"product": "釉面砖", "output_t": 20000, "emissions_t": 32000},
    ],
    "entries": [
        {
            "on": "2025-06-01",
            "kind": "purchase",
            "instrument": "GDEA",
            "tonnes": 5000,
            "price_cny_per_t": 39.04,
            "evidence": "合同 2025-006",
        }
    ],
}
_EMITTED = tuple(Emitted.model_fields)
_STATED = ("mean_historic_t", "balance_value", "free_share", "reduction_factor", "issued_t")
_OF = {"balance_value": "balance_value_tco2_per_t"}
_ALLOCATION = ("method", "activity", "sector", "new_project", "intensity_tco2_per_t", "issued_is_final")
_YEAR = {
    "installation": "installation",
    "compliance_year": "compliance_year",
    "process": "process",
    "city": "city",
    "on_national_list": "on_national_list",
    "user_price": "user_price_cny_per_t",
    "user_price_on": "user_price_on",
    "user_price_source": "user_price_source",
}


class NeedsDocument(CellProblem):
    code = "ets.document_needed"
    message = Text("“{name_zh}”没有写明依据文件。", "'{name_en}' names no document.")
    hint = Text(
        "请在“依据文件”填写配额分配通知等文件名称。", "Name the allocation notice or another document beside it."
    )


class NeedsOffset(CellProblem):
    code = "ets.offset_instrument"
    message = Text(
        "买入抵销单位没有写明是 CCER 还是 PHCER。", "Offsets bought do not say whether they are CCER or PHCER."
    )
    hint = Text("请在“品种”选择。", "Choose the instrument.")


class OneSite(CellProblem):
    code = "ets.one_site"
    message = Text("“装置与年度”表只能有一行。", "The sheet of site and year takes one row.")
    hint = Text("每个装置和年度用一个文件。", "Use a file per installation and year.")


@dataclass(frozen=True, slots=True)
class ReadYear:
    """The question a workbook asks; none where nothing of it could be read, and then the findings say why."""

    asked: PositionAsk | None
    lists: Lists
    findings: tuple[Finding, ...]


def template_bytes(*, example: bool = False) -> bytes:
    """Return the workbook, empty or with an example."""
    return write_lists(default_layout(NAME), TITLE, NOTES, EXAMPLE if example else None)


def read_year(data: bytes, book: LawBook) -> ReadYear:
    """
    Read a compliance year from a workbook; a row that is refused is told and leaves the others.

    Raises
    ------
    FileProblem, NothingToRead
        The file cannot be read, or holds no site.
    """
    lists = read_lists(data, default_layout(NAME), ("site",))
    lines = lists.of("site")
    for more in lines[1:]:
        lists.refuse(more, OneSite(field="installation"))
    asked = _asked(lists, lines[0], book) if lines else None
    findings = lists.notes.close()
    if asked is None and not any(finding.refuses for finding in findings):
        raise NothingToRead(field="file", names_zh="装置与年度", names_en="Site and year")
    return ReadYear(asked, lists, findings)


def _asked(lists: Lists, line: Line, book: LawBook) -> PositionAsk | None:
    of, sheet = line.values, lists.layout.sheets["site"]
    year, problems = build(EtsYear, {to: of[name] for name, to in _YEAR.items() if name in of}, sheet)
    emitted, more = build(Emitted, {name: of[name] for name in _EMITTED if name in of}, sheet)
    for problem in (*problems, *more):
        lists.refuse(line, problem)
    products = lists.made("products", ProductOutput, lambda one: _product(lists, one))
    allocation = _allocation(lists, line, products)
    if year is None or emitted is None:
        return None
    year = year.model_copy(update={"verified_emissions_t": emitted.verified_t})
    usual = regime_of(year, book).instrument
    _offsets_named(lists)
    entries = lists.made("entries", Entry, lambda one: ({"instrument": usual} if usual else {}) | one.values)
    given: dict[str, Any] = {
        "year": year, "emitted": emitted, "allocation": allocation, "entries": tuple(entries),
        "products": tuple(lists.made("costs", MadeProduct)),
    }  # fmt: skip
    made, problems = build(PositionAsk, given | ({"on": of["on"]} if "on" in of else {}), sheet)
    for problem in problems:
        lists.refuse(line, problem)
    return made


def _allocation(lists: Lists, line: Line, products: list[ProductOutput]) -> AllocationAsk | None:
    """Return what the allocation is worked out from; none where the sheet says nothing of it."""
    of = line.values
    values: dict[str, Any] = {name: of[name] for name in _ALLOCATION if name in of}
    for name in _STATED:
        stated = _stated(lists, line, name)
        if stated is not None:
            values[_OF.get(name, name)] = stated
    if not values and not products:
        return None
    made, problems = build(AllocationAsk, values | {"products": tuple(products)}, lists.layout.sheets["site"])
    for problem in problems:
        lists.refuse(line, problem)
    return made


def _product(lists: Lists, line: Line) -> dict[str, Any]:
    values: dict[str, Any] = {name: line.values[name] for name in ("product", "output_t") if name in line.values}
    for name in ("benchmark", "historic"):
        stated = _stated(lists, line, name)
        if stated is not None:
            values[f"{name}_tco2_per_t"] = stated
    return values


def _stated(lists: Lists, line: Line, name: str) -> Stated | None:
    """Return a figure with its document; one without a document is told and left out."""
    if name not in line.values:
        return None
    document = line.values.get("document")
    if not document:
        key = "site" if "installation" in line.cells else "products"
        text = lists.layout.sheets[key].columns[name].text
        lists.refuse(line, NeedsDocument(field=name, name_zh=text.zh, name_en=text.en))
        return None
    return Stated(value=float(line.values[name]), document=str(document))


def _offsets_named(lists: Lists) -> None:
    """Refuse an entry of offsets that does not say which: it cannot be guessed."""
    unnamed = [
        line
        for line in lists.of("entries")
        if line.values["kind"] == "offset" and line.values.get("instrument") not in OFFSETS
    ]
    for line in unnamed:
        lists.refuse(line, NeedsOffset(field="instrument"))
    lists.lines["entries"] = [line for line in lists.of("entries") if line not in unnamed]


def placed(read: ReadYear, finding: Finding) -> Finding:
    """Return a finding about the position with the sheet, row and cell that it came from."""
    of = (finding.field or "").removeprefix("allocation.")
    found = read.lists.placed(replace(finding, field=of))
    if found.sheet is not None or not read.lists.of("site"):
        return replace(found, field=finding.field)
    line, name = read.lists.of("site")[0], of.split(".")[-1]
    column = {to: own for own, to in _YEAR.items()} | {to: own for own, to in _OF.items()}
    cell = line.cells.get(column.get(name, name))
    return replace(finding, sheet=line.sheet, row=line.row, cell=cell) if cell else finding
