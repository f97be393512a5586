"""
Daily quotes as an exchange lays them out, from text cells to a ``Series``.

Every row that is not empty ends as a session, or in a finding with its row
number. Known layouts: the history table of the Guangdong exchange (date
yyyymmdd, product code, open, close, high, low, change, change %, volume,
turnover; several products a day) and the plain one (date, close, volume, with
or without turnover), with Chinese or English headers.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np

from models.errors import NOTHING, Text
from models.files import read_yaml
from models.findings import Finding, Severity
from models.market import Market
from models.series import InstrumentRule, Series, daily_series

_DATE = re.compile(
    r"(\d{4})(?:(\d{2})(\d{2})|[-/.](\d{1,2})[-/.](\d{1,2})|年(\d{1,2})月(\d{1,2})日)(?:[T ]00:00(?::00)?|\.0)?"
)
_NUMBER = re.compile(r"[+-]?(?:\d{1,18}|\d{1,3}(?:,\d{3}){1,5})(?:\.\d{1,12})?")
_EMPTY = {"", "-", "--", "—", "——", "/", "n/a", "na", "null", "none"}
_WAN = 10_000.0
_NUMBERS = ("open", "close", "high", "low", "volume", "turnover")


@dataclass(frozen=True, slots=True)
class QuoteWords:
    """What columns and products are called, from ``data/prices/quotes.yaml``; names are folded."""

    columns: Mapping[str, str]
    products: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class QuoteTable:
    """
    What was read.

    ``rows_seen`` counts rows that are not empty. Each is kept, or refused by a
    finding with its number, or counts in ``rows_skipped``: the heading, and
    titles, other products and repeated rows, which findings explain.
    """

    series: Series | None
    findings: tuple[Finding, ...]
    rows_seen: int
    rows_kept: int
    rows_skipped: int


@dataclass(frozen=True, slots=True)
class _Column:
    at: int
    scale: float


@dataclass(frozen=True, slots=True)
class _Quote:
    row: int
    day: dt.date
    values: Mapping[str, float | None]


_CHECK = Text("请核对原表后重新导入。", "Check the original table and import again.")


@dataclass(slots=True)
class _Notes:
    """Findings in the making; rows of one kind that need no answer are told together."""

    sheet: str | None
    findings: list[Finding] = field(default_factory=list)
    skipped: dict[tuple[str, Text], list[int]] = field(default_factory=dict)

    def add(
        self,
        code: str,
        text: Text,
        *,
        row: int | None = None,
        name: str | None = None,
        found: str | None = None,
        severity: Severity = "error",
        hint: Text = _CHECK,
    ) -> None:
        made = Finding(f"quotes.{code}", severity, text, hint, self.sheet, row, field=name, found=found)
        self.findings.append(made)

    def skip(self, code: str, why: Text, row: int) -> None:
        self.skipped.setdefault((code, why), []).append(row)

    def explain(self) -> int:
        """Turn the skipped rows into findings and return how many there are."""
        for (code, why), unordered in self.skipped.items():
            rows = sorted(unordered)
            told = ", ".join(map(str, rows[:20])) + (" …" if len(rows) > 20 else "")
            text = Text(f"{why.zh}（{len(rows)} 行）", f"{why.en} ({len(rows)} rows)")
            self.add(code, text, row=rows[0], found=told, severity="info", hint=NOTHING)
        return sum(map(len, self.skipped.values()))


def load_quote_words(data_dir: Path) -> QuoteWords:
    """Read ``data_dir/prices/quotes.yaml``."""
    document = read_yaml(data_dir / "prices" / "quotes.yaml")
    columns = {_fold(alias): name for name, aliases in document["columns"].items() for alias in aliases}
    products = {_fold(alias): name for name, aliases in document["products"].items() for alias in aliases}
    return QuoteWords(columns, products)


def parse_quotes(
    rows: Iterable[Sequence[str]],
    instrument: str,
    market: Market,
    words: QuoteWords,
    *,
    today: dt.date,
    source: str,
    first_row: int = 1,
    sheet: str | None = None,
) -> QuoteTable:
    """
    Read a table of daily quotes.

    Parameters
    ----------
    rows : iterable of sequences of str
        Text cells, header included; empty rows are allowed.
    instrument : str
        GDEA, CEA or EUA. Rows of other products are left out.
    market : Market
        Gives unit, currency and the exchange's rules of the instrument.
    words : QuoteWords
        Names of columns and products.
    today : date
        Later sessions are refused.
    source : str
        What the user says the quotes come from; it is the source of each row.
    first_row : int
        Row number of the first row, as the spreadsheet counts.

    Returns
    -------
    QuoteTable
        Without a series where there is no header or no usable row. Prices in
        the unit of the instrument, tonnes in t, turnover in its currency.

    Raises
    ------
    UnknownInstrument
        The market has no such instrument.

    Notes
    -----
    The two change columns restate the closes and are not read. Whether a
    session is informative is decided as for our own series
    (``models.series.daily_series``).
    """
    like = market.of(instrument)
    rule = market.policy.instruments[instrument]
    needed = {"date", "close", "volume"} if like.has_tonnes else {"date", "close"}
    notes = _Notes(sheet)
    header: dict[str, _Column] = {}
    wide = 0
    quotes: list[_Quote] = []
    seen = headings = 0
    for number, raw in enumerate(rows, start=first_row):
        cells = [_plain(cell) for cell in raw]
        if not any(cells):
            continue
        seen += 1
        named = _header(cells, words)
        if needed <= set(named):
            if header:
                notes.skip("repeated_header", Text("重复的表头已跳过", "repeated headers are skipped"), number)
            else:
                header, headings, wide = named, 1, _width(cells)
                _unread(cells, named, number, notes)
        elif not header:
            notes.skip("title", Text("表头之前的行未读取", "rows before the header are not read"), number)
        elif _width(cells) > wide:
            text = Text(
                "该行比表头多出列，数值可能错位", "the row has more columns than the heading: values may be shifted"
            )
            notes.add("too_wide", text, row=number, found=" | ".join(cells)[:80])
        elif (quote := _quote(cells, header, instrument, words, number, notes)) is not None:
            if quote.day > today:
                text = Text(f"日期 {quote.day} 在 {today} 之后", f"the date {quote.day} lies after {today}")
                notes.add("future", text, row=number, name="date", found=str(quote.day))
            elif quote.day < rule.not_before:
                text = Text(
                    f"{instrument} 在 {rule.not_before} 之前的价格不采用",
                    f"prices of {instrument} before {rule.not_before} are not used",
                )
                notes.add("too_early", text, row=number, name="date", found=str(quote.day))
            else:
                quotes.append(quote)
    if not header:
        zh, en = ("日期、收盘价、成交量", "date, close, volume") if like.has_tonnes else ("日期、收盘价", "date, close")
        text = Text(f"没有找到含有{zh}的表头", f"no header with {en} was found")
        notes.add(
            "no_header", text, hint=Text("请保留交易所表格的表头行。", "Keep the header row of the exchange's table.")
        )
    kept = _once(quotes, notes)
    _check(kept, rule, notes)
    skipped = headings + notes.explain()
    findings = tuple(sorted(notes.findings, key=lambda f: f.row or 0))
    if not kept:
        return QuoteTable(None, findings, seen, 0, skipped)
    columns = {name: np.array([_or_nan(q.values.get(name)) for q in kept]) for name in ("close", "volume", "turnover")}
    if not like.has_tonnes:
        columns["volume"] = np.full(len(kept), np.nan)
    series = daily_series(
        like,
        rule,
        [q.day for q in kept],
        columns["close"],
        columns["volume"],
        columns["turnover"],
        source=f"user: {source}",
        confidence="inferred",
    )
    return QuoteTable(series, findings, seen, len(kept), skipped)


def _width(cells: Sequence[str]) -> int:
    return max((at for at, cell in enumerate(cells, 1) if cell), default=0)


def _plain(cell: str) -> str:
    return unicodedata.normalize("NFKC", cell).strip()


def _fold(name: str) -> str:
    return re.sub(r"\(.*?\)|\[.*?\]|\s", "", _plain(name)).casefold()


def _header(cells: Sequence[str], words: QuoteWords) -> dict[str, _Column]:
    """Return what the cells name, the first of a name; empty where they name nothing."""
    found: dict[str, _Column] = {}
    for at, cell in enumerate(cells):
        name = words.columns.get(_fold(cell))
        if name is not None and name not in found:
            found[name] = _Column(at, _WAN if re.search(r"[(\[].*万", cell) else 1.0)
    return found


def _unread(cells: Sequence[str], named: Mapping[str, _Column], row: int, notes: _Notes) -> None:
    known = {column.at for column in named.values()}
    if unread := [cell for at, cell in enumerate(cells) if cell and at not in known]:
        text = Text("这些列未读取", "these columns are not read")
        notes.add("unread_columns", text, row=row, found=", ".join(unread), severity="info", hint=NOTHING)


def _quote(
    cells: Sequence[str], header: Mapping[str, _Column], instrument: str, words: QuoteWords, row: int, notes: _Notes
) -> _Quote | None:
    """Return the row as a quote; ``None`` after a finding or a skip that says why."""

    def cell(name: str) -> str:
        at = header[name].at
        return cells[at] if at < len(cells) else ""

    if "product" in header:
        product = cell("product")
        if not product:
            notes.add("no_product", Text("品种为空", "the product is empty"), row=row, name="product")
            return None
        if words.products.get(_fold(product)) != instrument:
            text = Text(f"其他品种 {product} 的行未采用", f"rows of another product, {product}, are not used")
            notes.skip("other_product", text, row)
            return None
    day = _day(cell("date"))
    if day is None:
        text = Text("日期无法识别（应如 20260213 或 2026-02-13）", "not a date (write 20260213 or 2026-02-13)")
        notes.add("date", text, row=row, name="date", found=cell("date")[:40])
    values: dict[str, float | None] = {}
    for name in _NUMBERS:
        if name not in header or cell(name).casefold() in _EMPTY:
            continue
        shown = cell(name).replace(" ", "")
        if not _NUMBER.fullmatch(shown):
            text = Text("数字无法识别", "not a number")
            notes.add("number", text, row=row, name=name, found=cell(name)[:40])
            day = None
            continue
        value = float(shown.replace(",", "")) * header[name].scale
        if value < 0 or (name == "close" and value == 0):
            text = Text("价格必须大于零，数量不得为负", "a price must be above zero and an amount not negative")
            notes.add("range", text, row=row, name=name, found=cell(name)[:40])
            day = None
            continue
        values[name] = value
    return None if day is None else _Quote(row, day, values)


def _day(text: str) -> dt.date | None:
    found = _DATE.fullmatch(text)
    if not found:
        return None
    year, month, day = (int(part) for part in found.groups() if part)
    try:
        return dt.date(year, month, day)
    except ValueError:
        return None


def _once(quotes: Sequence[_Quote], notes: _Notes) -> list[_Quote]:
    """Return one quote a day in order; of days told twice differently none, since we cannot know which is right."""
    by_day: dict[dt.date, list[_Quote]] = {}
    for quote in quotes:
        by_day.setdefault(quote.day, []).append(quote)
    kept = []
    for day in sorted(by_day):
        first, *others = by_day[day]
        if all(other.values == first.values for other in others):
            kept.append(first)
            for other in others:
                notes.skip("duplicate", Text("完全相同的重复行只计一次", "identical rows count once"), other.row)
            continue
        rows = ", ".join(str(q.row) for q in by_day[day])
        text = Text(f"{day} 有多行且数值不同（第 {rows} 行）", f"{day} has several rows that differ (rows {rows})")
        hint = Text("请只保留正确的一行。", "Keep only the right one.")
        for quote in by_day[day]:
            notes.add("conflict", text, row=quote.row, name="date", found=str(day), severity="question", hint=hint)
    return kept


def _check(kept: Sequence[_Quote], rule: InstrumentRule, notes: _Notes) -> None:
    """Warn of what is odd but kept."""
    for quote in kept:
        close, low, high = (quote.values.get(name) for name in ("close", "low", "high"))
        if close is None:
            text = Text("没有收盘价，不计为交易日", "no close: not counted as a session")
            notes.add("no_close", text, row=quote.row, name="close", severity="warning")
        # Exchanges write zero where nothing traded.
        elif (low and close < low) or (high and close > high):
            text = Text("收盘价在最低价与最高价之外", "the close lies outside low and high")
            notes.add("outside_range", text, row=quote.row, name="close", found=f"{close:g}", severity="warning")
    if rule.daily_limit is None:
        return
    closes = [(q.row, q.values["close"]) for q in kept if q.values.get("close")]
    for (_, before), (row, close) in pairwise(closes):
        if before and close and abs(close - before) > rule.daily_limit * before + (rule.tick or 0.0):
            text = Text(
                f"较上一收盘价变动 {close / before - 1:+.1%}，超过 {rule.daily_limit:.0%} 的涨跌幅限制",
                f"{close / before - 1:+.1%} on the previous close, beyond the daily limit of {rule.daily_limit:.0%}",
            )
            hint = Text("请核对是否缺少中间的交易日。", "Check whether sessions in between are missing.")
            notes.add("jump", text, row=row, name="close", found=f"{close:g}", severity="warning", hint=hint)


def _or_nan(value: float | None) -> float:
    return np.nan if value is None else value
