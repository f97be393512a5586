"""
The certificate account of a declarant: what is bought, held at the end of each quarter, surrendered, sold back, cancelled.

Certificates are whole and money is Decimal: the account is kept as the registry keeps it.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from pydantic import Field

from cbam.year import Holding
from models.errors import Text
from models.findings import Finding
from models.inputs import Input
from models.law import LawBook, Read
from models.table import Result, Row

METHOD = "cbam.certificate_account/1"
_T = "eu.cbam.thresholds"
MoveKind = Literal["purchase", "surrender", "repurchase"]
MOVES: dict[MoveKind, Text] = {
    "purchase": Text("购买", "purchase"),
    "surrender": Text("上缴", "surrender"),
    "repurchase": Text("被回购", "sold back"),
}


class Move(Input):
    """One movement of the account; ``for_year`` is the year of the imports that a purchase or a surrender is for."""

    on: dt.date
    kind: MoveKind
    certificates: int = Field(gt=0, le=10**9)
    price_eur: Decimal | None = Field(default=None, gt=0, le=Decimal(100_000), max_digits=12, decimal_places=2)
    for_year: int | None = Field(default=None, ge=2026, le=2060)


@dataclass(frozen=True, slots=True)
class Quarter:
    """What is held at the end of a quarter against what must be; ``short`` is what is missing."""

    end: dt.date
    required: int
    by_last_year: int | None
    held: int
    due: bool

    @property
    def least(self) -> int:
        """The lower of the two permitted figures: the declarant chooses."""
        return self.required if self.by_last_year is None else min(self.required, self.by_last_year)

    @property
    def short(self) -> int:
        """Certificates missing where the duty is due."""
        return max(0, self.least - self.held) if self.due else 0


@dataclass(frozen=True, slots=True)
class Certificates(Result):
    """
    The account on a day, and what the year still asks for.

    ``spent_eur`` is the purchases at their prices, ``None`` where a price is not
    stated; ``repurchase_limit`` what the quarters of the year obliged the
    declarant to buy; ``cancelled`` leaves by itself without refund on ``cancelled_on``.
    """

    year: int
    due: float
    bought: int
    surrendered: int
    sold_back: int
    held: int
    still_to_buy: int
    spent_eur: Decimal | None
    quarters: tuple[Quarter, ...]
    repurchase_limit: int
    repurchase_until: dt.date | None
    cancelled: int
    cancelled_on: dt.date | None
    findings: tuple[Finding, ...]
    reads: tuple[Read, ...]

    def rows(self) -> list[Row]:
        return [
            Row("due", Text("全年应交（各货物小数合计）", "Due for the year, decimals summed"), self.due, "", digits=5),
            Row("bought", Text("已购买", "Bought"), float(self.bought), digits=0),
            Row("surrendered", Text("已上缴", "Surrendered"), float(self.surrendered), digits=0),
            Row("sold_back", Text("已被回购", "Sold back"), float(self.sold_back), digits=0),
            Row("held", Text("账户余额", "Held"), float(self.held), digits=0),
            Row("still_to_buy", Text("尚需购买（整数）", "Still to be bought, whole"), float(self.still_to_buy), "",
                Text("只在购买时向上取整：没有取整规则，属假设", "rounded up only when bought: no rule was found, an assumption"), 0),
            Row("spent", Text("已付购买款", "Spent on purchases"), None if self.spent_eur is None else float(self.spent_eur), "EUR"),
            Row("repurchase", Text("可申请回购上限", "Most that may be sold back"), float(self.repurchase_limit), "",
                Text(f"季末规则要求购买的数量；{self.repurchase_until or '—'} 前申请",
                     f"what the quarterly rule obliged to buy; ask by {self.repurchase_until or '—'}"), 0),
            Row("cancelled", Text("将被注销（不退款）", "To be cancelled, no refund"), float(self.cancelled), "",
                Text(str(self.cancelled_on or "—"), str(self.cancelled_on or "—")), 0),
        ]  # fmt: skip

    def proof(self) -> list[str]:
        return [read.line() for read in self.reads]


def certificate_account(
    year: int,
    due: float,
    moves: Sequence[Move],
    holdings: Sequence[Holding],
    duty_from: dt.date | None,
    book: LawBook,
    as_of: dt.date,
) -> Certificates:
    """
    Return the account of the certificates for the imports of ``year`` on ``as_of``.

    Parameters
    ----------
    year : int
        Year of the imports.
    due : float
        Certificates due for it, decimals kept per good.
    moves : sequence of Move
        Movements of any years; those that name another ``for_year`` are left out, later ones are plans.
    holdings : sequence of Holding
        The quarter ends of the year, as ``cbam.year.quarter_end_holding`` gives them.
    duty_from : date or None
        First quarter end on which the duty to hold applies to this importer.
    book : LawBook
        The law.
    as_of : date
        Day of the question.

    Notes
    -----
    ``eu-2023-956`` Art. 20 to 24 as amended: sale from 1 February 2027;
    repurchase limited to what the quarterly rule obliged to buy; certificates
    bought in the year before the previous one are cancelled on 1 November, on
    1 November 2027 those bought for 2026.
    """
    law = book.at(dt.date(year + 1, 12, 31))
    start = dt.date.fromisoformat(law.word(f"{_T}.certificate_sales_start"))
    findings = [_early(i, move, start) for i, move in enumerate(moves) if move.kind == "purchase" and move.on < start]
    counted = sorted(
        (m for m in moves if m.on <= as_of and m.on >= start and (m.for_year in (None, year))), key=lambda m: m.on
    )
    ours = [m for m in counted if m.for_year == year or (m.for_year is None and m.on.year in (year, year + 1))]
    total = {kind: sum(m.certificates for m in ours if m.kind == kind) for kind in MOVES}
    held = total["purchase"] - total["surrender"] - total["repurchase"]
    if held < 0:
        findings.append(_overdrawn(held))
    buys = [m for m in ours if m.kind == "purchase"]
    spent: Decimal | None = None
    if all(move.price_eur is not None for move in buys):
        spent = sum((move.certificates * (move.price_eur or Decimal(0)) for move in buys), Decimal(0))
    quarters = tuple(_quarter(one, ours, duty_from) for one in holdings)
    findings += [_short(q) for q in quarters if q.short and q.end <= as_of]
    obliged = max((q.least for q in quarters if q.due), default=0)
    cancelled, on = _cancelled(year, max(0, held), law.find(f"{_T}.cancellation_date"))
    request = law.find(f"{_T}.repurchase_request_deadline")
    return Certificates(
        year=year,
        due=due,
        bought=total["purchase"],
        surrendered=total["surrender"],
        sold_back=total["repurchase"],
        held=held,
        still_to_buy=max(0, math.ceil(due - total["surrender"] - max(0, held) - 1e-9)),
        spent_eur=spent,
        quarters=quarters,
        repurchase_limit=max(0, obliged - total["repurchase"]),
        repurchase_until=_day(request, year + 1),
        cancelled=cancelled,
        cancelled_on=on,
        findings=tuple(findings),
        reads=tuple(law.reads.values()),
    )


def _quarter(one: Holding, moves: Sequence[Move], duty_from: dt.date | None) -> Quarter:
    """Certificates bought for the year before, and not yet surrendered, are in the account too."""
    sign = {"purchase": 1, "surrender": -1, "repurchase": -1}
    held = sum(sign[m.kind] * m.certificates for m in moves if m.on <= one.quarter_end)
    return Quarter(
        end=one.quarter_end,
        required=math.ceil(one.by_defaults - 1e-9),
        by_last_year=None if one.by_last_year is None else math.ceil(one.by_last_year - 1e-9),
        held=held,
        due=duty_from is not None and one.quarter_end >= duty_from,
    )


def duty_from(passed_on: dt.date | None) -> dt.date | None:
    """
    Return the first quarter end on which the duty to hold applies.

    It begins at the end of the quarter after the one in which the threshold was
    passed (``cbam.md`` 2), within each calendar year.

    Examples
    --------
    >>> duty_from(dt.date(2027, 5, 20))
    datetime.date(2027, 9, 30)
    """
    if passed_on is None:
        return None
    months = passed_on.year * 12 + 3 * ((passed_on.month + 2) // 3) + 3  # months to the end of the next quarter
    year, month = (months - 1) // 12, (months - 1) % 12 + 1
    return dt.date(year + month // 12, month % 12 + 1, 1) - dt.timedelta(days=1)


def _cancelled(year: int, left: int, read: Read | None) -> tuple[int, dt.date | None]:
    """
    Return what is cancelled and when.

    Those bought for 2026, all of them in 2027, go on 1 November 2027; later
    ones on 1 November of the second year after their purchase.
    """
    if read is None:
        return 0, None
    return left, _day(read, year + 1 if year == 2026 else year + 2)


def _day(read: Read | None, year: int) -> dt.date | None:
    if read is None:
        return None
    month, day = str(read.value).split("-")
    return dt.date(year, int(month), int(day))


def _early(at: int, move: Move, start: dt.date) -> Finding:
    return Finding(
        code="certificates.before_sale",
        severity="error",
        text=Text(
            f"{move.on} 的购买早于证书开始出售日 {start}，未计入。",
            f"The purchase of {move.on} is before the first day of sale, {start}; it is left out.",
        ),
        hint=Text("请核对日期。", "Check the day."),
        field=f"moves.{at}.on",
    )  # fmt: skip


def _overdrawn(held: int) -> Finding:
    return Finding(
        code="certificates.overdrawn",
        severity="error",
        text=Text(f"上缴和回购比购买多 {-held} 张。", f"{-held} more certificates are surrendered or sold back than were bought."),
        hint=Text("请补填购买记录。", "Enter the missing purchases."),
        field="moves",
    )  # fmt: skip


def _short(quarter: Quarter) -> Finding:
    return Finding(
        code="certificates.quarter_short",
        severity="warning",
        text=Text(
            f"{quarter.end} 应持有 {quarter.least} 张，实际 {quarter.held} 张，缺 {quarter.short} 张。",
            f"On {quarter.end} {quarter.least} certificates had to be held, {quarter.held} were: {quarter.short} missing.",
        ),
        hint=Text("请补购或补填购买记录。", "Buy them, or enter the purchases."),
        field="moves",
    )
