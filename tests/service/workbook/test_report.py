"""The report holds what the record holds: numbers as numbers, texts harmless, every line once."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

import pytest
from openpyxl import load_workbook
from openpyxl.workbook import Workbook

from finance.assessment import Options, assess_submission
from service.library import Library
from service.workbook.example import example_bytes
from service.workbook.read import read_submission
from service.workbook.report import _LINES, safe, write_report


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    submission = read_submission(example_bytes(), "foshan.xlsx").submission
    assert submission is not None
    named = submission.model_copy(update={"firm": submission.firm.model_copy(update={"name": "=cmd|'/c calc'!A1"})})
    return assess_submission(named, Options(), Library().context((), dt.date(2026, 11, 25))).to_dict()


@pytest.fixture(scope="module")
def book(document: dict[str, Any]) -> Workbook:
    return load_workbook(io.BytesIO(write_report(document)))


def test_every_line_once_with_its_numbers(document: dict[str, Any], book: Workbook) -> None:
    page = book["明细 Lines"]
    heads = [cell.value for cell in page[1]]
    assert heads == [heading for heading, *_ in _LINES]
    rows = [[cell.value for cell in row] for row in page.iter_rows(min_row=2)]
    assert [row[0] for row in rows] == [record["line"] for record in document["lines"]]
    cost = heads.index("费用 EUR\nCost EUR")
    why = heads.index("未计算原因\nWhy not computed")
    for row, record in zip(rows, document["lines"], strict=True):
        assert row[cost] == record.get("cost_eur")
        assert (row[why] is None) == (record["status"] == "ok")
        assert isinstance(row[4], int | float)
        assert row[2] == record["cn_code"]


def test_projection_score_and_sources_are_whole(document: dict[str, Any], book: Workbook) -> None:
    years = list(book["预测 Projection"].iter_rows(min_row=2, max_row=10, values_only=True))
    assert [year[0] for year in years] == list(range(2026, 2035))
    assert [year[3] for year in years] == [y["cost_eur"] for y in document["totals"]["projection"]]
    sources = [row[0] for row in book["依据 Sources"].iter_rows(min_row=2, values_only=True)]
    assert sources == [read["key"] for read in document["reads"]]
    score = {row[0]: row[7] for row in book["评分 Score"].iter_rows(min_row=2, max_row=16, values_only=True)}
    assert score == {line["id"]: pytest.approx(line["contribution"]) for line in document["score"]["lines"]}


def test_findings_name_the_row(document: dict[str, Any], book: Workbook) -> None:
    codes = [row[6] for row in book["问题 Findings"].iter_rows(min_row=2, values_only=True)]
    told = [f["code"] for record in document["lines"] for f in record["findings"]]
    assert sorted(codes) == sorted([*told, *(f["code"] for f in document["findings"])])


def test_steps_lead_to_the_cost(document: dict[str, Any], book: Workbook) -> None:
    rows = list(book["步骤 Steps"].iter_rows(min_row=2, values_only=True))
    first = next(record for record in document["lines"] if record["status"] == "ok")
    costs = [row[4] for row in rows if row[0] == first["line"] and str(row[3]).startswith("CBAM 费用")]
    assert costs == [first["cost_eur"], first["what_if"]["cost_eur"]]


def test_no_text_is_a_formula(book: Workbook) -> None:
    assert book["摘要 Summary"]["A1"].value == "'=cmd|'/c calc'!A1"
    for page in book.worksheets:
        for row in page.iter_rows():
            assert all(cell.data_type != "f" for cell in row)
    for start in "=+-@\t\r＝＋－＠":
        assert safe(f"{start}1") == f"'{start}1"
    assert safe("钢 -1") == "钢 -1"


def test_same_document_same_bytes(document: dict[str, Any]) -> None:
    assert write_report(document) == write_report(document)
