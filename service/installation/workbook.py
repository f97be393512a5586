"""The workbook of an installation: the template, an installation written into it, and one read from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cbam.goods import candidates
from cbam.plant import Charge, Installation, Perfluorocarbons, PlantProcess, Purchase, Stream, Transfer, Use
from models.errors import Text
from models.findings import Finding
from models.law import LawBook
from service.workbook.layout import default_layout
from service.workbook.lists import Line, Lists, NothingToRead, read_lists, split_names, write_lists
from service.workbook.parts import build
from service.workbook.problems import CellProblem

NAME = "installation_workbook"
_CHARGE = tuple(Charge.model_fields)
TITLE = Text("粤碳 · 装置实际排放填报表", "Yuetan · actual emissions of an installation")
NOTES = (
    Text(
        "一个装置、一个日历年。橙色表头为必填；不适用的列留空，空不等于零。",
        "One installation, one calendar year. Orange headings are needed; leave blank what does not apply, blank is never zero.",
    ),
    Text(
        "工序名称由您自定，其他表用它指代。源流全部属于一道工序时写在“所属工序”，分给几道工序时写在“分摊”表。",
        "Processes bear names of your own, which other sheets refer to. A stream of one process names it; one of several is "
        "parted in the shares sheet.",
    ),
    Text(
        "数量的单位选在旁边一列；吨数列可写“12000 kg”。百分数可写 5% 或 0.05。",
        "The unit of an amount stands in the column beside it; columns in tonnes take '12000 kg'. Fractions: 5% or 0.05.",
    ),
    Text(
        "外购前体：有核查报告填 SEE 和 SEFA 并选“经核查”；没有则留空，按编码和生产国的默认值。",
        "Purchases: with a verified report enter SEE and SEFA and choose verified; without one leave them blank, and the default "
        "value of code and country counts.",
    ),
    Text(
        "读取后逐格列出问题；其他行照常计算。结果经认可核查员核查后才能申报。",
        "What is wrong is listed cell by cell; the other rows are computed. Only what an accredited verifier has verified may be "
        "declared.",
    ),
)


class UnknownItem(CellProblem):
    code = "installation.share_of_nothing"
    message = Text("“源流”和“全氟化碳”表中没有“{item}”。", "Neither streams nor potlines have '{item}'.")
    hint = Text("请改用这两张表中的名称。", "Use a name of those sheets.")


class TwoWays(CellProblem):
    code = "installation.shared_twice"
    message = Text("“{item}”对“{process}”的归属填了两次。", "'{item}' is attributed to '{process}' twice.")
    hint = Text("只保留一处：“所属工序”或“分摊”表的一行。", "Keep one: the process column, or one row of shares.")


@dataclass(frozen=True, slots=True)
class ReadPlant:
    """An installation read from a workbook; none where nothing of it could be read, and then the findings say why."""

    plant: Installation | None
    lists: Lists
    findings: tuple[Finding, ...]


def template_bytes(plant: Installation | None = None) -> bytes:
    """Return the workbook, empty or with an installation written into it."""
    return write_lists(default_layout(NAME), TITLE, NOTES, rows_of(plant) if plant else None)


def rows_of(plant: Installation) -> dict[str, list[dict[str, Any]]]:
    """Return an installation as the rows of the sheets; precursors stated inside a process have no sheet."""
    rows: dict[str, list[dict[str, Any]]] = {
        "site": [_stated(plant, "year", "name", "total_direct_t")],
        "processes": [_process(one) for one in plant.processes],
        "streams": [],
        "pfc": [],
        "shares": [],
        "transfers": [_stated(one) for one in plant.transfers],
        "purchases": [_stated(one) for one in plant.purchases],
        "uses": [_stated(one) | {"lots": ", ".join(one.lots)} for one in plant.uses],
    }
    for key, items in (("streams", plant.streams), ("pfc", plant.pfc)):
        for item in items:
            row = _stated(item)
            row.pop("shares", None)
            alone = next(iter(item.shares.items())) if len(item.shares) == 1 else None
            if alone and alone[1] == 1.0 - item.outside_share:
                row["process"] = alone[0]
            else:
                rows["shares"] += [
                    {"item": item.id, "process": process, "share": share} for process, share in item.shares.items()
                ]
            rows[key].append(row)
    return rows


def _stated(one: Any, *names: str) -> dict[str, Any]:
    """Return what an item states: a value that is the default stays blank, and reads back as it."""
    given = one.model_dump(exclude_defaults=True)
    return {name: given[name] for name in names if name in given} if names else given


def _process(one: PlantProcess) -> dict[str, Any]:
    row = _stated(one)
    charge = row.pop("charge", None) or {}
    row.pop("precursors", None)
    return row | charge | {"also_cn_codes": ", ".join(one.also_cn_codes)}


def read_plant(data: bytes, book: LawBook) -> ReadPlant:
    """
    Read an installation from a workbook.

    Raises
    ------
    FileProblem, NothingToRead
        The file cannot be read, or holds no site or process.
    """
    lists = read_lists(data, default_layout(NAME), ("site", "processes"), lambda start: candidates(book, start))
    processes = lists.made("processes", PlantProcess, _of_process)
    shares = _shares(lists)
    streams = lists.made("streams", Stream, lambda line: _attributed(line, shares, lists))
    pfc = lists.made("pfc", Perfluorocarbons, lambda line: _attributed(line, shares, lists))
    transfers = lists.made("transfers", Transfer)
    purchases = lists.made("purchases", Purchase)
    uses = lists.made("uses", Use, lambda line: line.values | {"lots": split_names(line.values.get("lots"))})
    site = lists.of("site")
    given: dict[str, Any] = {
        "processes": tuple(processes), "streams": tuple(streams), "pfc": tuple(pfc), "uses": tuple(uses),
        "transfers": tuple(transfers), "purchases": tuple(purchases),
    }  # fmt: skip
    plant = None
    if site and processes:
        plant, problems = build(Installation, site[0].values | given, lists.layout.sheets["site"])
        for problem in problems:
            lists.refuse(site[0], problem)
    findings = lists.notes.close()
    if plant is None and not any(finding.refuses for finding in findings):
        raise NothingToRead(field="file", names_zh="工序", names_en="Processes")
    return ReadPlant(plant, lists, findings)


def _of_process(line: Line) -> dict[str, Any]:
    charge = {name: line.values[name] for name in _CHARGE if name in line.values}
    values = {name: value for name, value in line.values.items() if name not in _CHARGE}
    if "also_cn_codes" in values:
        values["also_cn_codes"] = split_names(values["also_cn_codes"])
    return values | ({"charge": charge} if charge else {})


def _shares(lists: Lists) -> dict[str, dict[str, float]]:
    """Return shares by stream or potline; a row that names none of them, or names one twice, is told."""
    known = {line.values["id"] for key in ("streams", "pfc") for line in lists.of(key)}
    shares: dict[str, dict[str, float]] = {}
    for line in lists.of("shares"):
        item, process = line.values["item"], line.values["process"]
        of = shares.setdefault(item, {})
        if item not in known:
            lists.refuse(line, UnknownItem(field="item", item=item))
        elif process in of:
            lists.refuse(line, TwoWays(field="process", item=item, process=process))
        else:
            of[process] = line.values["share"]
    return shares


def _attributed(line: Line, shares: Mapping[str, Mapping[str, float]], lists: Lists) -> dict[str, Any]:
    values = dict(line.values)
    process = values.pop("process", None)
    of = dict(shares.get(str(values["id"]), {}))
    if process is not None and process in of:
        lists.refuse(line, TwoWays(field="process", item=values["id"], process=process))
    elif process is not None:
        of[process] = 1.0 - float(values.get("outside_share", 0.0))
    return values | {"shares": of}
