"""
What the sources send, as rows of text cells with a heading that ``models.quotes`` reads.

Nothing is decided here: numbers stay text, days stay text, and a payload that
does not look like its layout is refused as a whole, since a guess at moved
columns would be a wrong price.
"""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias
from urllib.parse import urljoin

from bs4 import BeautifulSoup

from models.errors import Text, YuetanError
from service.workbook.guard import read_grid

Rows: TypeAlias = list[list[str]]
HEADING = ["date", "open", "close", "high", "low", "volume", "turnover"]
_NUMBER = r"([0-9][0-9,]*(?:\.[0-9]+)?)"


class Implausible(YuetanError):
    code = "feeds.implausible"
    message = Text(
        "来源“{feed}”在 {day} 的数值 {value} 与此前的 {held} 相差超过 {factor} 倍，单位可能不同。",
        "Source '{feed}' gives {value} for {day}, more than {factor} times off the {held} before it; it may be another unit.",
    )
    hint = Text(
        "未导入任何数据，仍用已有行情并标明日期；核对后请自行录入价格或导入表格。",
        "Nothing was imported; what is held keeps its date. Check it, then enter a price or import a table.",
    )


class LayoutChanged(YuetanError):
    code = "feeds.layout"
    message = Text(
        "来源“{feed}”的页面不是已知的版式：{why_zh}。", "Source '{feed}' no longer has the known layout: {why_en}."
    )
    hint = Text(
        "未导入任何数据，原始内容已保存；在更新读取规则之前，请自行录入价格或导入表格。",
        "Nothing was imported and the raw content is kept; until the reader is updated enter a price or import a table.",
    )


def _text(payload: bytes) -> str:
    for name in ("utf-8-sig", "gb18030"):
        try:
            return payload.decode(name)
        except UnicodeDecodeError:
            continue
    raise LayoutChanged(feed="", why_zh="不是文本", why_en="it is no text")


def html_table(payload: bytes) -> Rows:
    """Return every row of every table of a page; a page may repeat its heading and its rows."""
    page = BeautifulSoup(_text(payload), "html.parser")
    rows = [
        [cell.get_text(" ", strip=True) for cell in row.find_all(["td", "th"], recursive=False)]
        for row in page.find_all("tr")
    ]
    if not any(rows):
        raise LayoutChanged(feed="", why_zh="页面没有表格", why_en="the page has no table")
    return rows


def k_line(payload: bytes) -> Rows:
    """Return a JSON list of ``[day, open, close, low, high, volume]``."""
    try:
        found = json.loads(_text(payload), parse_float=str, parse_int=str)
    except ValueError:
        raise LayoutChanged(feed="", why_zh="不是 JSON", why_en="it is no JSON") from None
    whole = isinstance(found, list) and found and all(isinstance(row, list) and len(row) == 6 for row in found)
    if not whole or any(isinstance(cell, list | dict) for row in found for cell in row):
        raise LayoutChanged(feed="", why_zh="应为每行六个数的列表", why_en="a list of rows of six was expected")
    rows = [[str(cell if cell is not None else "") for cell in row] for row in found]
    return [["date", "open", "close", "low", "high", "volume"], *rows]


def links(payload: bytes, base: str, most: int) -> list[str]:
    """Return the newest ``most`` addresses of daily notices that a list page names, as they stand on it."""
    page = BeautifulSoup(_text(payload), "html.parser")
    named = [
        a for a in page.find_all("a", href=True) if re.search(r"每日(成交|综合|行情|概况)", a.get_text(strip=True))
    ]
    found = list(dict.fromkeys(urljoin(base, str(a["href"])) for a in named))
    if not found:
        raise LayoutChanged(feed="", why_zh="列表页没有每日公告", why_en="the list page names no daily notice")
    return found[:most]


#: Composite prices and totals of a daily notice, in the order of ``HEADING`` after the day.
_NOTICE: Mapping[str, tuple[str, ...]] = {
    "open": (rf"开盘价(?:为)?{_NUMBER}元",),
    "close": (rf"收盘价(?:为)?{_NUMBER}元",),
    "high": (rf"最高价(?:为)?{_NUMBER}元",),
    "low": (rf"最低价(?:为)?{_NUMBER}元",),
    "volume": (rf"今?日?(?:总成交量|成交总量|共成交(?:量)?){_NUMBER}(万)?吨",),
    "turnover": (rf"(?:总成交额|成交总额){_NUMBER}(万|亿)?元",),
}
_TIMES = {None: "", "": "", "万": "0000", "亿": "00000000"}


def notice(payload: bytes) -> Rows:
    """Return the composite prices and the day's totals of one daily notice of the national market."""
    text = re.sub(r"\s", "", unicodedata.normalize("NFKC", BeautifulSoup(_text(payload), "html.parser").get_text()))
    day = re.search(r"(20\d\d)年(\d{1,2})月(\d{1,2})日", text) or re.search(r"(20\d\d)(\d\d)(\d\d)", text)
    if day is None or "收盘价" not in text:
        raise LayoutChanged(feed="", why_zh="公告没有日期或收盘价", why_en="a notice has no day or no close")
    cells = []
    for patterns in _NOTICE.values():
        hit = next((m for pattern in patterns if (m := re.search(pattern, text))), None)
        cells.append("" if hit is None else _times(hit.group(1), hit.group(2) if len(hit.groups()) > 1 else None))
    return [HEADING, ["-".join((day.group(1), day.group(2).zfill(2), day.group(3).zfill(2))), *cells]]


def _times(number: str, word: str | None) -> str:
    """Return a decimal number times ten thousand or a hundred million, in its digits."""
    whole, _, part = number.replace(",", "").partition(".")
    zeros = len(_TIMES[word])
    part = part.ljust(zeros, "0")
    return (whole + part[:zeros]).lstrip("0") + ("." + part[zeros:] if part[zeros:] else "") or "0"


def eex_auctions(payload: bytes) -> Rows:
    """Return day, price and tonnes of each successful auction of general allowances, from the yearly report."""
    rows = [list(row) for row in read_grid(payload, "auctions.xlsx").rows]
    at = next((i for i, row in enumerate(rows[:12]) if any(_head(cell) == "date" for cell in row)), None)
    if at is None:
        raise LayoutChanged(feed="", why_zh="前 12 行没有日期列", why_en="no date column in the first 12 rows")
    heads = [_head(cell) for cell in rows[at]]
    where = {name: next((i for i, h in enumerate(heads) if h.startswith(name)), None) for name in _EEX}
    if missing := [name for name in ("date", "auctionprice", "auctionvolume") if where[name] is None]:
        told = ", ".join(missing)
        raise LayoutChanged(feed="", why_zh=f"缺少列 {told}", why_en=f"columns {told} are missing")
    found: Rows = [["date", "close", "volume"]]
    for row in rows[at + 1 :]:
        cells = {name: row[i].strip() if i is not None and i < len(row) else "" for name, i in where.items()}
        aviation = "EAA" in cells["contract"].upper() or "aviation" in cells["auctionname"].casefold()
        failed = bool(cells["status"]) and not cells["status"].casefold().startswith("success")
        if cells["date"] and not aviation and not failed:
            found.append([cells["date"], cells["auctionprice"], cells["auctionvolume"]])
    return found


_EEX = ("date", "auctionname", "contract", "status", "auctionprice", "auctionvolume")


def _head(cell: str) -> str:
    return re.sub(r"[^a-z]", "", cell.casefold())


def ecb_rates(payload: bytes) -> Rows:
    """Return the table of reference rates: ``Date``, then one column a currency, units per euro, N/A where missing."""
    rows = [[cell.strip() for cell in row] for row in csv.reader(io.StringIO(_text(payload)))]
    if not rows or rows[0][:1] != ["Date"] or len(rows[0]) < 2:
        raise LayoutChanged(feed="", why_zh="第一列应为 Date", why_en="the first column should be Date")
    return rows


LAYOUTS: Mapping[str, Callable[[bytes], Rows]] = {
    "html_table": html_table,
    "k_line": k_line,
    "notices": notice,
    "eex_auctions": eex_auctions,
    "ecb_rates": ecb_rates,
}


def joined(parts: Sequence[Rows]) -> Rows:
    """Return several payloads of one feed under one heading; the reader skips repeated headings and rows."""
    return [row for rows in parts for row in rows]
