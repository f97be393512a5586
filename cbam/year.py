"""
The year of an importer: the 50-tonne rule, the certificates to hold at the end of a quarter, and what is bought.

All amounts are of one importer and one calendar year; a column holds its imports.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cbam.consignment import Basis, Consignment
from cbam.exposure import certificates, default_path
from cbam.goods import Origin, origin_of
from models.errors import MissingInput, Text
from models.law import LawAt, LawBook, Read
from models.table import Result, Row
from models.units import FloatArray

METHOD = "cbam.year/1"
THRESHOLDS = "eu.cbam.thresholds"
Days = NDArray[np.datetime64]


@dataclass(frozen=True, slots=True)
class DeMinimis(Result):
    """
    Where an importer stands against the threshold of net mass.

    ``passed_on`` is the day on which the sum went above it; ``expected_on`` is
    when it would at the pace so far, ``None`` where that is not within the year.
    """

    year: int
    total_t: float
    threshold_t: float
    watched_from_t: float
    passed_on: dt.date | None
    expected_on: dt.date | None
    reads: tuple[Read, ...]
    #: Net mass up to the day of the question; the rest of the total is plans.
    booked_t: float = 0.0
    #: Day of the question: a threshold passed after it is passed by plan.
    as_of: dt.date | None = None

    @property
    def by_plan(self) -> bool:
        """Whether only planned imports carry the sum above the threshold."""
        return self.passed_on is not None and self.as_of is not None and self.passed_on > self.as_of

    @property
    def in_scope(self) -> bool:
        """Whether every import of the year is in, also those before the threshold was passed."""
        return self.passed_on is not None

    def rows(self) -> list[Row]:
        state = (
            Text("已超过：全年所有进口均需履行义务", "passed: every import of the year is in")
            if self.in_scope and not self.by_plan
            else Text(
                "按计划将超过：届时全年所有进口均需履行义务",
                "will be passed by plan: then every import of the year is in",
            )
            if self.by_plan
            else Text("未超过：不需购买证书", "not passed: no certificates are due")
        )
        return [
            Row("total", Text("本年净重合计", "Net mass of the year"), self.total_t, "t", state, 3),
            Row("booked", Text("其中已进口", "Of it imported so far"), self.booked_t, "t", digits=3),
            Row("threshold", Text("门槛", "Threshold"), self.threshold_t, "t", digits=0),
            Row("watched", Text("主管机关关注线", "Watched by authorities from"), self.watched_from_t, "t", digits=1),
            Row("passed_on", Text("超过日期", "Passed on"), str(self.passed_on or "—")),
            Row("expected_on", Text("按目前速度预计超过", "Expected at this pace"), str(self.expected_on or "—"), "",
                Text("预测，不是法定日期", "a forecast, no legal date")),
        ]  # fmt: skip

    def proof(self) -> list[str]:
        return [read.line() for read in self.reads]


def de_minimis(imported_on: Days, net_mass_t: FloatArray, law: LawAt, as_of: dt.date) -> DeMinimis:
    """
    Say whether an importer is above the threshold of the year of ``law``.

    Parameters
    ----------
    imported_on : array of datetime64[D], shape (n,)
        Days of import, all CBAM goods of the importer but electricity and hydrogen.
    net_mass_t : array, shape (n,)
        Net mass, t; the whole mass of the code counts.
    law : LawAt
        The law of a day in that year.
    as_of : date
        Day of the question: imports after it are plans and count as they are.

    Returns
    -------
    DeMinimis
        Not more than the threshold: out. More: every import of the year is in.
        ``eu-2023-956`` Art. 2a and Annex VII.
    """
    year = law.day.year
    threshold, share = (
        law.number(f"{THRESHOLDS}.de_minimis_net_mass"),
        law.number(f"{THRESHOLDS}.de_minimis_monitoring_share"),
    )
    of_year = imported_on.astype("datetime64[Y]").astype(int) + 1970 == year
    order = np.argsort(imported_on[of_year], kind="stable")
    days, mass = imported_on[of_year][order], net_mass_t[of_year][order]
    running = np.cumsum(mass)
    above = np.flatnonzero(running > threshold)
    passed = days[above[0]].astype(dt.date) if above.size else None
    total = float(running[-1]) if running.size else 0.0
    booked = float(mass[days <= np.datetime64(as_of)].sum())
    return DeMinimis(
        year=year,
        total_t=total,
        threshold_t=threshold,
        watched_from_t=threshold * share,
        passed_on=passed,
        expected_on=None if passed else _expected(booked, threshold, year, as_of),
        reads=tuple(law.reads.values()),
        booked_t=booked,
        as_of=as_of,
    )


def _expected(so_far_t: float, threshold_t: float, year: int, as_of: dt.date) -> dt.date | None:
    """Return the day on which the mean daily tonnes so far would carry the sum above the threshold."""
    elapsed = (as_of - dt.date(year, 1, 1)).days + 1
    if so_far_t <= 0 or not 0 < elapsed <= 366:
        return None
    days = threshold_t * elapsed / so_far_t
    day = dt.date(year, 1, 1) + dt.timedelta(days=math.floor(min(days, 366)))
    return day if day.year == year else None


@dataclass(frozen=True, slots=True)
class Holding(Result):
    """
    Certificates to hold at the end of a quarter, by the two methods the law permits.

    ``by_defaults`` is the share of the obligation since 1 January computed with
    default values without mark-up; ``by_last_year`` the certificates
    surrendered for the year before, where codes and origins are the same.
    """

    quarter_end: dt.date
    by_defaults: float
    by_last_year: float | None
    obligation: float
    share: float
    reads: tuple[Read, ...]

    def rows(self) -> list[Row]:
        return [
            Row("obligation", Text("1 月 1 日以来的义务（默认值，不加成）", "Obligation since 1 January, defaults without mark-up"),
                self.obligation, "", digits=3),
            Row("share", Text("应持有比例", "Share to hold"), self.share, "", digits=2),
            Row("by_defaults", Text("方法一：应持有证书", "First method: certificates to hold"), self.by_defaults, "", digits=3),
            Row("by_last_year", Text("方法二：上年度上缴数", "Second method: surrendered for the year before"), self.by_last_year, "",
                Text("编码和原产地须与上年相同；由申报人选择", "codes and origins as the year before; the declarant chooses"), 3),
        ]  # fmt: skip

    def proof(self) -> list[str]:
        return [read.line() for read in self.reads]


def quarter_end_holding(
    imports: Sequence[Consignment], book: LawBook, quarter_end: dt.date, surrendered_last_year: float | None = None
) -> Holding:
    """
    Return the certificates to hold at the end of a quarter.

    Parameters
    ----------
    imports : sequence of Consignment
        Imports of the importer; those of the year up to ``quarter_end`` count.
    book : LawBook
        The law.
    quarter_end : date
        Last day of a quarter, from 2027 on.
    surrendered_last_year : float, optional
        Certificates surrendered for the year before, for the second method.

    Raises
    ------
    NotInForce
        Before the duty begins.
    YuetanError
        A good that cannot be settled on the default basis.

    Notes
    -----
    hold >= 0.5 * sum M * max(0, DV - SEFA), DV without mark-up, SEFA on the
    default basis; ``eu-2023-956`` Art. 22(2) as amended.
    """
    law = book.at(quarter_end)
    share = law.number(f"{THRESHOLDS}.quarter_end_holding_share")
    owed = 0.0
    for line in imports:
        if line.imported_on.year != quarter_end.year or line.imported_on > quarter_end:
            continue
        of_day = book.at(line.imported_on)
        if origin_of(LawAt(book, line.imported_on), line.origin) is not Origin.LIABLE:
            continue
        route = line.route if line.basis is Basis.DEFAULT else None
        path = default_path(of_day, line.origin, line.cn_code, route)
        owed += float(certificates(line.net_mass_t, path.total_tco2e_per_t, path.sefa_tco2e_per_t))
    return Holding(quarter_end, share * owed, surrendered_last_year, owed, share, tuple(law.reads.values()))


def to_buy(certificates_due: Sequence[float], held: float = 0.0) -> int:
    """
    Return whole certificates to buy for a declarant and year.

    The decimals of the goods are kept and summed; only the purchase is rounded
    up, and what is held comes off. No rule of rounding was found: an assumption.

    Examples
    --------
    >>> to_buy([51.84775, 6.652408445])
    59
    """
    if held < 0:
        raise MissingInput(
            name_zh="持有证书数", name_en="certificates held", what_zh="应购数量", what_en="what to buy", field="held"
        )
    need = math.fsum(certificates_due) - held
    return max(0, math.ceil(need - 1e-9))
