"""Exchange tables of daily quotes: layouts, forms of cells, and that no row gets lost."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.allowance import load_prices, reference_price
from models.files import DATA
from models.market import UnknownInstrument
from models.quotes import QuoteTable, load_quote_words, parse_quotes

D = dt.date.fromisoformat
MARKET = load_prices(DATA)
WORDS = load_quote_words(DATA)
TODAY = D("2026-11-25")
ZH = ["日期", "品种", "开盘价", "收盘价", "最高价", "最低价", "涨跌", "涨跌幅", "成交量(吨)", "成交额(元)"]
EN = ["Date", "Product code", "Open", "Close", "High", "Low", "Change", "Change %", "Volume (t)", "Turnover"]


def row(day: str, close: str, volume: str = "2500", product: str = "GDEA", low: str = "", high: str = "") -> list[str]:
    return [day, product, close, close, high, low, "0.10", "0.26%", volume, ""]


def parse(rows: Sequence[Sequence[str]], instrument: str = "GDEA", first_row: int = 1) -> QuoteTable:
    return parse_quotes(rows, instrument, MARKET, WORDS, today=TODAY, source="test.csv", first_row=first_row)


def found(table: QuoteTable) -> list[tuple[str, str, int | None]]:
    return [(f.code.removeprefix("quotes."), f.severity, f.row) for f in table.findings]


def test_the_exchange_layout() -> None:
    table = parse(
        [
            ["广东碳市场历史行情"],
            ZH,
            row("20261119", "40.00", "1,250", low="39.5", high="40.5"),
            row("20261119", "61.20", "300", product="CCER"),
            [],
            row("20261120", "40.50", "80"),
            row("20261123", "41.00", "２，０００"),
        ]
    )
    assert table.series is not None
    assert table.series.close.tolist() == [40.0, 40.5, 41.0]
    assert table.series.volume_t.tolist() == [1250.0, 80.0, 2000.0]
    assert table.series.informative.tolist() == [1, 0, 1]
    assert found(table) == [("title", "info", 1), ("other_product", "info", 4)]
    assert (table.rows_seen, table.rows_kept, table.rows_skipped) == (6, 3, 3)
    price = reference_price(MARKET.with_quotes(table.series).of("GDEA"), TODAY, MARKET.policy)
    assert price.value == pytest.approx((40 * 1250 + 41 * 2000) / 3250)
    assert price.source == "user: test.csv"


def test_the_plain_layout_and_english_headers() -> None:
    table = parse([["date", "close", "volume"], ["2026-11-20", "40.5", "300"]])
    assert table.series is not None
    assert np.isnan(table.series.turnover).all()
    table = parse([EN, row("2026/11/20", "40.5"), row("2026年11月23日", "41")])
    assert table.series is not None
    assert [str(d) for d in table.series.last] == ["2026-11-20", "2026-11-23"]
    # EUA quotes carry no tonnes.
    table = parse([["Date", "Price"], ["2026-11-20", "74.5"]], "EUA")
    assert table.series is not None
    assert table.series.informative.tolist() == [1]
    with pytest.raises(UnknownInstrument):
        parse([EN], "HBEA")


@pytest.mark.parametrize(
    "day",
    [
        "20261120",
        "２０２６１１２０",
        "2026-11-20",
        "2026-11-20 00:00:00",
        "2026-11-20T00:00:00",
        "20261120.0",
        "2026.11.20",
    ],
)
def test_forms_of_a_date(day: str) -> None:
    table = parse([ZH, row(day, "40")])
    assert table.series is not None
    assert str(table.series.last[0]) == "2026-11-20"


@pytest.mark.parametrize(
    "day", ["", "20261320", "20260229", "46351", "03/04/2026", "20-11-2026", "明天", "2026112", "nan"]
)
def test_what_is_no_date(day: str) -> None:
    table = parse([ZH, row(day, "40"), row("20261120", "40")])
    assert found(table) == [("date", "error", 2)]
    assert table.rows_kept == 1


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("40.00", 40.0),
        ("４０．５０", 40.5),
        (" 1,040.5 ", 1040.5),
        ("+40", 40.0),
        ("1 040", 1040.0),
        ("0.000000000001", 1e-12),
    ],
)
def test_forms_of_a_number(text: str, value: float) -> None:
    table = parse([ZH, row("20261120", text)])
    assert table.series is not None
    assert table.series.close.tolist() == [value]


@pytest.mark.parametrize(
    "text", ["40,5", "4,00", "40%", "NaN", "inf", "1e3", "四十", "4" * 30, "#REF!", "40.5.1", "=40"]
)
def test_what_is_no_number(text: str) -> None:
    table = parse([ZH, row("20261120", text)])
    assert ("number", "error", 2) in found(table)
    assert (table.series, table.rows_kept) == (None, 0)


@pytest.mark.parametrize(("close", "volume"), [("-40", "200"), ("0", "200"), ("40", "-200")])
def test_prices_are_above_zero_and_amounts_not_below(close: str, volume: str) -> None:
    assert set(found(parse([ZH, row("20261120", close, volume)]))) == {("range", "error", 2)}


def test_an_empty_volume_is_not_known_and_no_news() -> None:
    table = parse([ZH, row("20261119", "40"), row("20261120", "41", "--")])
    assert table.series is not None
    assert np.isnan(table.series.volume_t[1])
    assert table.series.informative.tolist() == [1, 0]


def test_a_row_without_close_is_no_session() -> None:
    table = parse([ZH, row("20261119", "40"), row("20261120", "", "5000")])
    assert table.series is not None
    assert table.series.sessions.tolist() == [1, 0]
    assert ("no_close", "warning", 3) in found(table)


def test_ten_thousands_in_the_header() -> None:
    table = parse([["日期", "收盘价（元/吨）", "成交量（万吨）", "成交额（万元）"], ["20261120", "40", "0.25", "10"]])
    assert table.series is not None
    assert (table.series.volume_t[0], table.series.turnover[0]) == (2500.0, 100000.0)


def test_repeated_pages_and_contradictions() -> None:
    page = [ZH, row("20261120", "40"), row("20261119", "40.2")]
    table = parse([*page, *page, row("20261118", "40"), row("20261118", "41"), row("20261118", "40")])
    assert table.series is not None
    assert [str(d) for d in table.series.last] == ["2026-11-19", "2026-11-20"]
    assert found(table) == [
        ("repeated_header", "info", 4),
        ("duplicate", "info", 5),
        ("conflict", "question", 7),
        ("conflict", "question", 8),
        ("conflict", "question", 9),
    ]
    assert table.findings[1].found == "5, 6"
    assert (table.rows_seen, table.rows_kept, table.rows_skipped) == (9, 2, 4)


def test_odd_closes_are_kept_and_told() -> None:
    table = parse(
        [
            ZH,
            row("20261117", "40", low="39", high="41"),
            row("20261118", "44.01", low="39", high="44"),
            row("20261119", "48.42"),  # 10 % and a tick on 44.01
            row("20261120", "40", low="0", high="0"),
        ]
    )
    assert table.rows_kept == 4
    assert found(table) == [("outside_range", "warning", 3), ("jump", "warning", 5)]


def test_days_that_cannot_be() -> None:
    table = parse([ZH, row("20261126", "40"), row("20131218", "60"), row("20261125", "40")])
    assert found(table) == [("future", "error", 2), ("too_early", "error", 3)]
    table = parse([["Date", "Price"], ["2007-12-28", "0.02"]], "EUA")
    assert found(table) == [("too_early", "error", 2)]


def test_no_header_and_no_volume_column() -> None:
    for rows in ([row("20261120", "40")], [["日期", "收盘价"], ["20261120", "40"]], [], [[""]]):
        table = parse(rows)
        assert table.series is None
        assert ("no_header", "error", None) in found(table)


def test_unread_columns_and_blank_products_are_told() -> None:
    table = parse([[*ZH, "备注"], [*row("20261120", "40"), "x"], row("20261119", "40", product="")], first_row=10)
    assert found(table) == [("unread_columns", "info", 10), ("no_product", "error", 12)]
    assert table.findings[0].found == "备注"


CELLS = st.sampled_from(
    ["", "20261120", "20261119", "2026-11-18", "40", "41.5", "1,000", "GDEA", "CCER", "x", "-1", "日期", "nan"]
)
ROWS = st.lists(
    st.one_of(st.just(ZH), st.lists(CELLS, max_size=11), st.lists(st.text(max_size=6), max_size=11)), max_size=12
)


@given(ROWS)
def test_no_row_gets_lost(rows: list[list[str]]) -> None:
    table = parse(rows)
    refused = {f.row for f in table.findings if f.refuses and f.row is not None}
    assert table.rows_seen == table.rows_kept + table.rows_skipped + len(refused)
    assert table.rows_kept == (0 if table.series is None else len(table.series))
    assert all(f.text.zh and f.text.en for f in table.findings)


@pytest.mark.shared
def test_the_whole_guangdong_history_reads_back(shared: Callable[[str], Path]) -> None:
    with shared("prices/gdea_daily.csv").open(encoding="utf-8", newline="") as file:
        daily = list(csv.DictReader(file))
    rows = [
        [r["date"].replace("-", ""), "GDEA", "", r["price"], r["high"], r["low"], "", "", r["volume_t"], r["turnover"]]
        for r in daily
    ]
    table = parse([ZH, *rows])
    assert table.series is not None
    assert table.rows_kept == len(daily) == 2480
    kinds = [f.code.removeprefix("quotes.") for f in table.findings]
    assert (kinds.count("no_close"), kinds.count("outside_range"), kinds.count("jump")) == (5, 12, 3)
    thin = [r["price_status"] == "carried_forward_by_rule" for r in daily]
    assert not table.series.informative[np.array(thin)].any()
