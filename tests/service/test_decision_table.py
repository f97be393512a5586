"""A sector's table as people write it: headings by name, good rows kept, each bad one told by its row."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from models.files import read_yaml
from models.law import LawBook
from service.cli import app
from service.decision.table import NoHeadings, read_sector
from service.decision.typed import number_of
from service.library import Library
from service.workbook.guard import Grid
from service.workbook.layout import fold

HEAD = ["企业名称", "CN编码", "原产地", "每年吨数（吨）", "自有 SEE", "自有 SEFA", "数据年份"]


def read(book: LawBook, *rows: list[str]) -> tuple[object, list[tuple[str, int | None]]]:
    found = read_sector(Grid("表", [list(row) for row in rows]), book)
    return found.lines, [(finding.code, finding.row) for finding in found.findings]


def test_rows_are_read_and_the_bad_ones_told(book: LawBook) -> None:
    found = read_sector(
        Grid(
            "表",
            [
                ["某行业 2026 年出口"],
                HEAD,
                ["甲", "7308 90 59", "中国", "1,000", "2.225", "1.56", "2026"],
                ["乙", "7208.37.00", "CN", "５００", "", "", ""],
                ["", "", "", "", "", "", ""],
                ["丙", "730890", "中国", "10", "", "", ""],
                ["丁", "73089059", "亚特兰蒂斯", "10", "", "", ""],
                ["戊", "73089059", "中国", "1,5", "", "", ""],
                ["己", "73089059", "中国", "0", "", "", ""],
                ["", "73089059", "中国", "5", "", "", ""],
                ["庚", "73089059", "中国", "5", "75", "1", "2026"],
                ["辛", "73089059", "中国", "5", "2", "1", "1999"],
                ["壬", "73089059"],
            ],
        ),
        book,
    )
    lines = found.lines
    assert lines is not None
    assert (lines.exporter, lines.cn_code, lines.origin) == (("甲", "乙"), ("73089059", "72083700"), ("CN", "CN"))
    assert (lines.tonnes_per_year, lines.see_tco2e_per_t) == ((1000.0, 500.0), (2.225, None))
    assert found.rows == 10
    assert [(f.code, f.row) for f in found.findings] == [
        ("workbook.cn_too_short", 6), ("workbook.origin_unknown", 7), ("workbook.not_a_number", 8),
        ("workbook.out_of_bounds", 9), ("workbook.missing", 10), ("workbook.out_of_bounds", 11),
        ("workbook.out_of_bounds", 12), ("workbook.missing", 13),
    ]  # fmt: skip
    assert "73089059" in found.findings[0].text.zh


@pytest.mark.parametrize(
    ("text", "want"),
    [("1,250.5", 1250.5), ("１０ 000", 10000.0), ("50 %", 50.0), ("0", 0.0), ("1,5", None), ("1,00", None),
     ("-1", None), ("1e5", None), ("nan", None), ("", None), ("1.2.3", None), ("12 t", None)],
)  # fmt: skip
def test_a_number_that_could_be_two_is_none(text: str, want: float | None) -> None:
    assert number_of(text) == want


def test_kilograms_in_the_heading_are_tonnes_in_the_lines(book: LawBook) -> None:
    lines, told = read(book, ["exporter", "cn", "origin", "net mass (kg)"], ["A", "73089059", "China", "12,500"])
    assert not told
    assert lines.tonnes_per_year == (12.5,)  # type: ignore[attr-defined]


def test_a_table_without_the_columns_is_refused_by_their_names(book: LawBook) -> None:
    with pytest.raises(NoHeadings) as refused:
        read(book, ["企业", "CN编码", "原产地"], ["甲", "73089059", "中国"])
    assert "每年吨数" in refused.value.text("zh")
    assert read(book, HEAD, ["甲", "x", "中国", "1"])[0] is None


def test_no_heading_is_taken_for_two_columns() -> None:
    words = read_yaml(Path(__file__).parents[2] / "data" / "words" / "sector.yaml")
    names = [fold(name) for word in words.values() for name in word["names"]]
    assert len(set(names)) >= len(names) - 2  # spellings that fold to one are of one column
    of: dict[str, str] = {}
    for column, word in words.items():
        for name in word["names"]:
            assert of.setdefault(fold(name), column) == column


def test_a_sector_in_the_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, library: Library) -> None:
    monkeypatch.setattr("service.library.Library", lambda: library)
    file = tmp_path / "行业.csv"
    rows = [HEAD, ["甲", "73089059", "中国", "10", "2.225", "1.5597591555", "2026"], ["乙", "72083700", "中国", "100"]]
    rows += [["丙", "73170080", "中国", "5"], ["丁", "730890", "中国", "5"]]
    file.write_text("\n".join(",".join(row) for row in rows), encoding="utf-8")
    run = CliRunner()
    made = run.invoke(app, ["cbam", "sector", str(file), "--year", "2026", "--json"])
    assert made.exit_code == 0, made.output
    found = json.loads(made.stdout)
    assert [(one["group"], one["cost_eur"]) for one in found["ranked"]][1] == ("甲", "500.79")
    assert found["refused"] == {"cbam.out_of_scope": 1}
    assert "730890" in made.stderr
    shown = run.invoke(app, ["cbam", "sector", str(file), "--lang", "en", "--by", "cn_code"])
    assert shown.exit_code == 0
    assert "1. 72083700" in shown.stdout
    empty = tmp_path / "nothing.csv"
    empty.write_text("a,b\n1,2\n", encoding="utf-8")
    assert run.invoke(app, ["cbam", "sector", str(empty)]).exit_code == 3
