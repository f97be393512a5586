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
from service.workbook.paper import lines_of, safe
from service.workbook.read import read_submission
from service.workbook.report import report_words, write_report


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
    heads = [cell.value for cell in page[2]]
    bands = report_words()["lines"].values()
    paths = [of for band in bands for of in band["columns"]]
    assert len(heads) == len(paths)
    rows = [[cell.value for cell in row] for row in page.iter_rows(min_row=3)]
    assert [row[0] for row in rows] == [record["line"] for record in document["lines"]]
    texts = [of for band in bands for of, told in band["columns"].items() if "as" not in told]
    for row, record in zip(rows, document["lines"], strict=True):
        shown = dict(zip(paths, row, strict=True))
        assert (shown["refused"] is None) == (record["status"] == "ok")
        assert shown["cn_code"] == record["cn_code"]
        for path in (of for of in paths if of not in texts):
            of, _, under = path.partition(".")
            held = (record.get(of) or {}).get(under) if under else record.get(of)
            assert shown[path] == (None if held is None else pytest.approx(held, rel=1e-12)), path


def test_the_summary_holds_the_totals(document: dict[str, Any], book: Workbook) -> None:
    rows = [[cell.value for cell in row] for row in book["摘要 Summary"].iter_rows(min_row=13)]
    shown = {str(row[1]).split("\n")[0]: row[2] for row in rows if isinstance(row[2], int | float)}
    told = {one["zh"]: of for part in report_words()["summary"].values() for of, one in part["rows"].items()}
    assert shown == {zh: pytest.approx(document["totals"][of]) for zh, of in told.items()}
    said = " ".join(str(row[1]) for row in rows)
    assert all(text["zh"] in said and text["en"] in said for text in document["assumptions"])
    assert all(text["zh"] in said for text in document["score"]["statements"])
    tiles = [cell.value for cell in book["摘要 Summary"][10]]
    assert tiles[1] == document["totals"]["cost_eur"]
    assert tiles[4] == f"{document['score']['shown']} · {document['score']['grade']['id']}"


def test_projection_score_and_sources_are_whole(document: dict[str, Any], book: Workbook) -> None:
    page: Any = book["预测 Projection"]
    years = list(page.iter_rows(min_row=2, max_row=10, values_only=True))
    assert [year[0] for year in years] == list(range(2026, 2035))
    assert [year[3] for year in years] == [y["cost_eur"] for y in document["totals"]["projection"]]
    computed = [record for record in document["lines"] if record["status"] == "ok"]
    by_line = list(page.iter_rows(min_row=37, values_only=True))
    assert [row[0] for row in by_line] == [record["line"] for record in computed]
    assert [list(row[3:12]) for row in by_line] == [[y["cost_eur"] for y in r["projection"]] for r in computed]
    assert len(page._charts) == 1
    sources = list(book["依据 Sources"].iter_rows(min_row=2, values_only=True))
    assert [row[0] for row in sources] == [read["key"] for read in document["reads"]]
    assert any("eur-lex.europa.eu" in str(row[6]) for row in sources)
    ids = {line["id"]: line["contribution"] for line in document["score"]["lines"]}
    score = {row[0]: row[7] for row in book["评分 Score"].iter_rows(min_row=2, values_only=True) if row[0] in ids}
    assert score == {of: pytest.approx(contribution) for of, contribution in ids.items()}


def test_each_installation_says_its_market_and_what_it_paid(document: dict[str, Any], book: Workbook) -> None:
    rows = list(book["装置 Installations"].iter_rows(min_row=2, values_only=True))
    for site in document["installations"]:
        paid = next(one["value"] for one in site["rows"] if one["key"] == "cost")
        assert [r[3] for r in rows if r[0] == site["installation"] and str(r[2]).startswith("已付碳成本")] == [paid]


def test_findings_name_every_row(document: dict[str, Any], book: Workbook) -> None:
    rows = list(book["问题 Findings"].iter_rows(min_row=2, values_only=True))
    for record in document["lines"]:
        for finding in record["findings"]:
            places = [str(row[2]).split(", ") for row in rows if row[6] == finding["code"]]
            assert any(str(record["line"]) in place for place in places), (finding["code"], record["line"])
    assert len(rows) == len({row[6] for row in rows}) == 3


def test_a_note_of_many_rows_stands_once_and_an_error_each_time(document: dict[str, Any]) -> None:
    note = next(f for record in document["lines"] for f in record["findings"] if f["severity"] == "info")
    found = [note | {"row": row, "cell": f"L{row}"} for row in (5, 7, 8, 9, 12)]
    found += [note | {"row": 20 + 2 * n, "cell": f"M{20 + 2 * n}"} for n in range(100)]
    found += [note | {"severity": "error", "row": row, "cell": f"L{row}"} for row in (30, 31)]
    made = load_workbook(io.BytesIO(write_report(document | {"findings": found, "lines": []})))
    rows = list(made["问题 Findings"].iter_rows(min_row=2, values_only=True))
    assert [row[2] for row in rows if row[2] != rows[1][2]] == ["L5, L7:L9, L12", "L30", "L31"]
    assert str(rows[1][2]).startswith("M20, M22, ")
    assert str(rows[1][2]).endswith("… (100)")


def test_steps_lead_to_the_cost(document: dict[str, Any], book: Workbook) -> None:
    rows = list(book["步骤 Steps"].iter_rows(min_row=2, values_only=True))
    first = next(record for record in document["lines"] if record["status"] == "ok")
    costs = [row[4] for row in rows if row[0] == first["line"] and str(row[3]).startswith("CBAM 费用")]
    assert costs == [first["cost_eur"], first["what_if"]["cost_eur"]]


def test_english_first_where_asked(document: dict[str, Any]) -> None:
    english = load_workbook(io.BytesIO(write_report(document, "en")))
    assert english["明细 Lines"]["B2"].value == "Product\n产品"
    assert str(english["摘要 Summary"]["B3"].value).startswith("Carbon cost")


def test_a_bare_result_is_a_report_too(document: dict[str, Any]) -> None:
    bare = dict(document) | {
        "score": None,
        "installations": [],
        "lines": [],
        "findings": [],
        "assumptions": [],
        "reads": [],
    }
    bare["totals"] = {
        of: (None if of.startswith("fx_") or of.endswith("_cny") else v) for of, v in document["totals"].items()
    }
    made = load_workbook(io.BytesIO(write_report(bare)))
    assert "评分 Score" not in made.sheetnames
    assert "没有发现问题" in str(made["问题 Findings"]["A2"].value)
    assert "没有可用汇率" in str([cell.value for row in made["摘要 Summary"].iter_rows() for cell in row])


def test_no_text_is_a_formula(book: Workbook) -> None:
    assert book["摘要 Summary"]["B2"].value == "'=cmd|'/c calc'!A1"
    for page in book.worksheets:
        for row in page.iter_rows():
            assert all(cell.data_type != "f" for cell in row)
    for start in "=+-@\t\r＝＋－＠":
        assert safe(f"{start}1") == f"'{start}1"
    assert safe("钢 -1") == "钢 -1"


def test_same_document_same_bytes(document: dict[str, Any]) -> None:
    assert write_report(document) == write_report(document)


def test_a_chinese_text_takes_twice_the_room() -> None:
    assert lines_of("abcdefghij", 10) == 1
    assert lines_of("碳成本与抵扣评估报告", 10) == 2
    assert lines_of("a\nb", 10) == 2
    assert lines_of("", 10) == 1
