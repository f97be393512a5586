"""The dated duties of an importer's year, each with its rule; and the same as an iCalendar file."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from cbam.certificate_account import duty_from
from cbam.prices import PRICES
from models.errors import Text
from models.law import LawBook, Read

_T = "eu.cbam.thresholds"


@dataclass(frozen=True, slots=True)
class Duty:
    """One day of the calendar; ``read`` is the value of the law it follows from."""

    on: dt.date
    key: str
    title: Text
    read: Read


def calendar(year: int, passed_on: dt.date | None, book: LawBook) -> list[Duty]:
    """
    Return the duties that follow from the imports of ``year``, by day.

    Quarter ends from the one on which the duty to hold begins; days of
    publication of the quarterly prices where the law knows them; sale,
    declaration and surrender, repurchase, cancellation, records.
    """
    following = book.at(dt.date(year + 1, 12, 31))
    found: list[Duty] = []

    def add(on: dt.date | None, key: str, title: Text, read: Read | None) -> None:
        if on is not None and read is not None:
            found.append(Duty(on, key, title, read))

    for month in (1, 4, 7, 10):
        read = book.at(dt.date(year, month, 1)).row(PRICES, f"{year}Q{(month + 2) // 3}")
        if read is not None and read.attr("published_on"):
            quarter = f"{year}Q{(month + 2) // 3}"
            add(dt.date.fromisoformat(read.attr("published_on")), f"price.{quarter}",
                Text(f"公布 {quarter} 证书价格", f"certificate price of {quarter} is published"), read)  # fmt: skip
    first = duty_from(passed_on)
    for month, day in ((3, 31), (6, 30), (9, 30), (12, 31)):
        end = dt.date(year, month, day)
        share = book.at(end).find(f"{_T}.quarter_end_holding_share")
        if share is not None and first is not None and end >= first:
            add(end, f"holding.{end}", Text("季末应持有证书", "certificates to hold at the end of the quarter"), share)
    sales = following.find(f"{_T}.certificate_sales_start")
    if year == 2026:
        add(
            dt.date.fromisoformat(str(sales.value)) if sales else None,
            "sale",
            Text("证书开始出售", "certificates are on sale"),
            sales,
        )
    review = following.find(f"{_T}.de_minimis_review_deviation")
    add(
        dt.date(year + 1, 4, 30),
        "review",
        Text("委员会复核 50 吨门槛", "the Commission reviews the threshold by this day"),
        review,
    )
    deadline = following.find(f"{_T}.declaration_deadline")
    add(
        _of(deadline, year + 1),
        "declaration",
        Text(f"{year} 年申报与上缴截止", f"declaration and surrender for {year}"),
        deadline,
    )
    repurchase = following.find(f"{_T}.repurchase_request_deadline")
    add(_of(repurchase, year + 1), "repurchase", Text("申请回购截止", "last day to ask for repurchase"), repurchase)
    cancelled = following.find(f"{_T}.cancellation_date")
    add(_of(cancelled, year + 1 if year == 2026 else year + 2), "cancellation",
        Text(f"注销为 {year} 年购买而未用的证书", f"certificates bought for {year} and not used are cancelled"), cancelled)  # fmt: skip
    record = following.find(f"{_T}.record_keeping")
    if record is not None:
        add(
            dt.date(year + 1 + int(float(record.value or 0)), 12, 31),
            "records",
            Text("资料保存至此日", "records are kept until this day"),
            record,
        )
    return sorted(found, key=lambda duty: (duty.on, duty.key))


def _of(read: Read | None, year: int) -> dt.date | None:
    if read is None:
        return None
    month, day = str(read.value).split("-")
    return dt.date(year, int(month), int(day))


def ics(duties: Sequence[Duty], made_on: dt.date, lang: str) -> str:
    """
    Return the calendar as iCalendar text (RFC 5545): whole days, one event a duty, lines of at most 75 octets.

    The same duties have the same identifiers, so that a file read again replaces its events.
    """
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Yuetan//CBAM//ZH", "CALSCALE:GREGORIAN"]
    for duty in duties:
        lines += [
            "BEGIN:VEVENT",
            f"UID:{duty.key}@cbam.yuetan",
            f"DTSTAMP:{made_on:%Y%m%d}T000000Z",
            f"DTSTART;VALUE=DATE:{duty.on:%Y%m%d}",
            f"DTEND;VALUE=DATE:{duty.on + dt.timedelta(days=1):%Y%m%d}",
            f"SUMMARY:{_escaped('CBAM: ' + duty.title.get(lang))}",
            f"DESCRIPTION:{_escaped(duty.read.line())}",
            "TRANSP:TRANSPARENT",
            "END:VEVENT",
        ]
    lines.append("END:VCALENDAR")
    return "\r\n".join(folded for line in lines for folded in _folded(line)) + "\r\n"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace(";", r"\;").replace(",", r"\,").replace("\n", r"\n")


def _folded(line: str) -> list[str]:
    """Return a line in parts of at most 75 octets, no character cut in two."""
    parts: list[str] = []
    part = ""
    for c in line:
        if len((part + c).encode()) > (75 if not parts else 74):
            parts.append(part)
            part = ""
        part += c
    return [parts[0], *(f" {p}" for p in [*parts[1:], part])] if parts else [part]
