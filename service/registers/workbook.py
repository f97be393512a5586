"""The workbook of registers: the template, and the records that a filled one holds, by row and cell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from models.errors import Text
from models.findings import Finding
from models.grading import GradeScheme
from models.inputs import Input
from service.registers.kinds import KINDS, Kind
from service.workbook.layout import default_layout
from service.workbook.lists import Line, Lists, NothingToRead, read_lists, split_names, write_lists
from service.workbook.parts import build
from service.workbook.problems import CellProblem

NAME = "registers_workbook"
TITLE = Text("粤碳 · 登记簿填报表", "Yuetan · registers")
NOTES = (
    Text("每张表是一个登记簿，一行一条记录；用不到的表留空。橙色表头为必填，空不等于零。",
         "Each sheet is a register, one record per row; leave blank what is not used. Orange headings are needed, blank is never zero."),
    Text("起止日期都含当天；没有终止日的留空，程序会写明“未写明终止日”。每条记录都要有来源。",
         "First and last day are included; without a last day leave it blank and it is said so. Every record needs its source."),
    Text("“分级方案”按方案编号和版本与“等级”表相连；等级从最好到最差依次填写。没有任何方案或边界由程序提供。",
         "Scheme and classes are joined by id and version; list classes from the best to the worst. No scheme ships with the program."),
    Text("示例文件中的机构、编号和边界都是编造的，只用来说明填法。",
         "Bodies, numbers and limits in the example file are made up to show how to fill it in."),
)  # fmt: skip
#: Fields of a scheme that its sheet holds; its classes have a sheet of their own.
_CLASSES = "classes"


class UnknownScheme(CellProblem):
    code = "register.unknown_scheme"
    message = Text(
        "“分级方案”表中没有“{id}”版本“{version}”。", "The sheet of schemes has no '{id}', version '{version}'."
    )
    hint = Text("请改用该表的编号和版本。", "Use an id and version of that sheet.")


class NoClasses(CellProblem):
    code = "register.no_classes"
    message = Text("分级方案“{id}”没有等级。", "Grading scheme '{id}' has no classes.")
    hint = Text("请在“等级”表中从最好到最差填写。", "List its classes from the best to the worst.")


class ClassesRefused(CellProblem):
    code = "register.classes_refused"
    message = Text(
        "“等级”表有行被拒，分级方案“{id}”没有导入：缺一级的方案会判错等级。",
        "Rows of the classes are refused, so scheme '{id}' is not taken: without a class it would grade wrongly.",
    )
    hint = Text("请先更正“等级”表。", "Correct the sheet of classes first.")


class SameRow(CellProblem):
    code = "register.same_row"
    message = Text("该记录在第 {other} 行已经填写。", "The record is already given in row {other}.")
    hint = Text("只保留一行。", "Keep one of them.")


@dataclass(frozen=True, slots=True)
class Asked:
    """A record of a row; a scheme has its classes beside it."""

    kind: str
    record: Input
    line: Line
    classes: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True)
class ReadRegisters:
    """The records of a workbook, and every finding by cell."""

    asked: tuple[Asked, ...]
    findings: tuple[Finding, ...]


def template_bytes(*, example: bool = False) -> bytes:
    """Return the workbook, empty or with made-up examples."""
    return write_lists(default_layout(NAME), TITLE, NOTES, _examples() if example else None)


def read_registers(data: bytes) -> ReadRegisters:
    """
    Read the records of a workbook; a row that is refused is told and leaves the others.

    Raises
    ------
    FileProblem, NothingToRead
        The file cannot be read, or holds no record.
    """
    lists = read_lists(data, default_layout(NAME), ())
    classes = _classes(lists)
    asked: list[Asked] = []
    for kind in KINDS.values():
        seen: dict[str, int] = {}
        for line in lists.of(kind.word):
            one = _record(lists, kind, line, classes)
            if one is None:
                continue
            identity = kind.identity(one.record)
            if identity in seen:
                lists.refuse(line, SameRow(field=kind.by[-1], other=seen[identity]))
                continue
            seen[identity] = line.row
            asked.append(one)
    findings = lists.notes.close()
    if not asked and not any(finding.refuses for finding in findings):
        raise NothingToRead(field="file", names_zh="登记簿", names_en="registers")
    return ReadRegisters(tuple(asked), findings)


def _record(lists: Lists, kind: Kind, line: Line, classes: Mapping[tuple[str, str], list[Line]] | None) -> Asked | None:
    values = dict(line.values)
    sheet = lists.layout.sheets[kind.word]
    own: tuple[Line, ...] = ()
    if kind.model is GradeScheme:
        if classes is None:
            lists.refuse(line, ClassesRefused(field="id", id=values["id"]))
            return None
        own = tuple(classes.get(_key(line), ()))
        if not own:
            lists.refuse(line, NoClasses(field="id", id=values["id"]))
            return None
        values["classes"] = [_class(one) for one in own]
    if "prefixes" in values:
        values["prefixes"] = split_names(values["prefixes"])
    record, problems = build(kind.model, values, sheet)
    for problem in problems:
        lists.refuse(line, problem)
    return None if record is None else Asked(kind.word, record, line, own)


def _classes(lists: Lists) -> dict[tuple[str, str], list[Line]] | None:
    """Return the classes by their scheme; none where a row of them is refused, since any scheme may lack it."""
    schemes = {_key(line) for line in lists.of("schemes")}
    made: dict[tuple[str, str], list[Line]] = {}
    for line in lists.of(_CLASSES):
        if _key(line) not in schemes:
            lists.refuse(line, UnknownScheme(field="id", id=line.values["id"], version=line.values["version"]))
        else:
            made.setdefault(_key(line), []).append(line)
    refused = [one for one in lists.notes.findings if one.refuses and one.sheet]
    return None if any(lists.layout.sheet_named(one.sheet or "") == _CLASSES for one in refused) else made


def _key(line: Line) -> tuple[str, str]:
    return str(line.values["id"]), str(line.values["version"])


def _class(line: Line) -> dict[str, Any]:
    return {name: value for name, value in line.values.items() if name in ("name", "limit", "includes_limit")}


def _examples() -> dict[str, list[dict[str, Any]]]:
    """Return the made-up example of each register as rows of its sheet."""
    rows: dict[str, list[dict[str, Any]]] = {}
    for kind in KINDS.values():
        values = dict(kind.example)
        for one in values.pop("classes", ()):
            rows.setdefault(_CLASSES, []).append({"id": values["id"], "version": values["version"]} | one)
        rows[kind.word] = [{of: "、".join(v) if isinstance(v, list) else v for of, v in values.items()}]
    return rows
