"""Papers: set without a warning in both languages, the same bytes each time, and no character lost."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest

from models.errors import Text
from models.table import Row
from service.press.chart import Band, Chart, Line, svg
from service.press.document import (
    Charts,
    Column,
    Document,
    Figure,
    Figures,
    Steps,
    Table,
    Words,
    _printable,
    characters,
    pdf,
)

CHART = Chart(
    Text("传导率", "Rate"), Text("期末", "Period end"), ["2026-01-04", "2026-01-11", "2026-01-18", "2026-01-25"],
    [Line(Text("传导率", "Rate"), [0.5, None, 0.7, 0.8])],
    Band(Text("95% 带", "95 % band"), [0.0, None, 0.6, -50.0], [1.0, None, 0.9, 1.0]),
)  # fmt: skip
PAPER = Document(
    title=Text("碳价扣减材料", "Deduction dossier"),
    subtitle=Text("佛山示例钢厂", "Foshan example mill"),
    made_on=dt.date(2026, 11, 25),
    key="cbam.test/1 0123456789abcdef",
    blocks=(
        Figures([Figure(Text("扣减", "Deduction"), "0.24", "EUR/t", Text("假设", "assumption")),
                 Figure(Text("已付", "Paid"), "1.83", "CNY/t")]),
        Words([Text("市场价乘以排放量不是已付碳价。", "Market price times emissions is no price paid.")], plain=True),
        Steps([Row("see", Text("单位隐含排放", "SEE"), 2.225, "tCO2e/t", Text("实测", "measured"), 6),
               Row("none", Text("未知", "Not known"), None)], Text("步骤", "Steps"), frozenset({"see"})),
        Table([Column(Text("材料", "Evidence"), 2), Column(Text("吨", "t"), number=True)],
              [[Text("核查报告", "Verification report"), "10.5"]] * 60, Text("清单", "List")),
        Words([Text("甲", "a"), Text("乙", "b")], Text("待办", "To do"), listed=True),
        Charts([CHART]),
    ),
)  # fmt: skip


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_paper_is_set_and_is_the_same_each_time(lang: str) -> None:
    made = pdf(PAPER, lang)
    assert made.startswith(b"%PDF-")
    assert made == pdf(PAPER, lang)


def test_the_first_language_differs() -> None:
    assert pdf(PAPER, "zh") != pdf(PAPER, "en")


def test_what_the_fonts_lack_is_printed_by_number() -> None:
    assert {"佛", "镕", "α", "€", "₂"} <= characters()
    assert _printable("罕见𠮷字\t😀") == "罕见[U+20BB7]字 [U+1F600]"


def test_markup_of_a_user_is_text() -> None:
    hostile = '#eval("1") *b* $x$ [a](b) @ref <l>\\ #let'
    made = pdf(Document(Text(hostile, hostile), Text(hostile, ""), dt.date(2026, 1, 1), hostile), "zh")
    assert made.startswith(b"%PDF-")


def test_a_chart_keeps_its_holes_and_draws_nothing_that_is_not_there() -> None:
    picture = svg(CHART)
    assert picture.count("<polygon") == 2
    assert picture.count("<polyline") == 2
    flat = Chart(Text("平", "flat"), Text("期", "period"), ["0"], [Line(Text("价格", "price"), [7.0])])
    assert "nan" not in svg(flat)
    assert "<polygon" not in svg(flat)
    nothing = Chart(Text("无", "none"), Text("期", "period"), ["0", "1"], [Line(Text("无", "none"), [None, None])])
    assert "<polyline" not in svg(nothing)


def test_a_clipped_chart_is_not_pressed_flat_by_one_early_value() -> None:
    far = Chart(
        Text("甲", "a"), Text("期", "period"), [str(i) for i in range(40)], [Line(Text("甲", "a"), [9e3, *[0.5] * 39])]
    )
    assert ">10,000<" in svg(far)
    assert ">10,000<" not in svg(dataclasses.replace(far, clipped=True))
