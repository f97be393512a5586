"""
Exchange rates from the ECB's reference rates, by month and by year.

Only finished periods are used: on a day inside a month the answer is the last
rate of the month before. A period that is not in the table is never guessed.
"""

from __future__ import annotations

import calendar
import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from models.errors import BadData, OutOfRange, Text, YuetanError
from models.files import read_csv, read_yaml
from models.inputs import Input
from models.law import Read
from models.table import Result, Row

#: Last reference rate of a month, mean of its daily rates, mean of a whole year's daily rates.
TableStatistic = Literal["month_end", "month_mean", "year_mean"]
Statistic = Literal["month_end", "month_mean", "year_mean", "user", "identity"]

STATISTICS: Mapping[Statistic, Text] = {
    "month_end": Text("该月最后一个参考汇率", "last reference rate of the month"),
    "month_mean": Text("该月每日参考汇率均值", "mean of the daily reference rates of the month"),
    "year_mean": Text("该年每日参考汇率均值", "mean of the daily reference rates of the year"),
    "user": Text("用户录入汇率，未经核对", "entered by the user, not checked"),
    "identity": Text("同一币种", "the same currency"),
}


class UnknownCurrency(YuetanError):
    code = "fx.unknown_currency"
    message = Text("没有币种“{currency}”的汇率。", "There are no rates of the currency '{currency}'.")
    hint = Text("可用币种：{known}。也可以自行录入汇率。", "Known currencies: {known}. You can also enter a rate.")


class NoRate(YuetanError):
    code = "fx.none"
    message = Text(
        "{on} 之前没有已结束期间的 {currency} 汇率。", "There is no {currency} rate of a period finished by {on}."
    )
    hint = Text(
        "请在选项中录入汇率（注明日期和来源）。", "Enter an exchange rate (with date and source) in the options."
    )


class RateTooOld(YuetanError):
    code = "fx.too_old"
    message = Text(
        "{currency} 汇率表止于 {period}，距 {on} 已 {age_days} 天，超过 {limit_days} 天的上限。",
        "The {currency} rates end with {period}, {age_days} days before {on}; the limit is {limit_days} days.",
    )
    hint = Text(
        "请在选项中录入汇率（注明日期和来源），或更新汇率表。",
        "Enter an exchange rate (with date and source) in the options, or update the table of rates.",
    )


class FxPolicy(Input):
    """How old a rate may be, in days since the end of its period (``data/fx/policy.yaml``)."""

    month_end: int = Field(ge=0)
    month_mean: int = Field(ge=0)
    year_mean: int = Field(ge=0)


@dataclass(frozen=True, slots=True)
class FxRate(Result):
    """``value`` units of ``currency`` per 1 unit of ``per``; ``period`` is a month, a year or a day."""

    currency: str
    per: str
    value: float
    on: dt.date
    statistic: Statistic
    period: str
    #: Last day of the period.
    until: dt.date
    source: str
    confidence: str

    @property
    def age_days(self) -> int:
        """Days from the end of the period to the day asked about."""
        return max((self.on - self.until).days, 0)

    def rows(self) -> list[Row]:
        return [
            Row(
                "rate",
                Text(f"汇率（每 1 {self.per}）", f"Exchange rate, per 1 {self.per}"),
                self.value,
                f"{self.currency}/{self.per}",
                STATISTICS[self.statistic],
                6,
            ),
            Row("period", Text("期间", "Period"), self.period),
            Row("age_days", Text("距期末天数", "Days since the period ended"), self.age_days, "d", digits=0),
            Row("source", Text("来源", "Source"), self.source, "", Text(self.confidence, self.confidence)),
        ]

    def read(self) -> Read:
        """Return the rate as a value read, for a provenance."""
        return Read(
            key=f"fx.{self.currency.lower()}_per_{self.per.lower()}.{self.statistic}",
            value=self.value,
            since=self.until,
            until=self.until,
            unit=f"{self.currency} per {self.per}",
            source=self.source,
            confidence=self.confidence,
            note=f"period {self.period}, on {self.on}",
        )

    def proof(self) -> list[str]:
        return [self.read().line()]


@dataclass(frozen=True, slots=True)
class FxTable:
    """
    Units of currency per 1 EUR.

    ``months`` holds (mean, last) by currency and (year, month); ``years`` the
    means of whole years only.
    """

    months: Mapping[str, Mapping[tuple[int, int], tuple[float, float]]]
    years: Mapping[str, Mapping[int, float]]
    policy: FxPolicy
    source: str
    confidence: str

    def rate(self, currency: str, on: dt.date, *, per: str = "EUR", statistic: TableStatistic = "month_end") -> FxRate:
        """
        Return the rate of the newest period in the table that is over by ``on``.

        Parameters
        ----------
        currency, per : str
            ISO codes; the answer is units of ``currency`` per 1 ``per``. A rate
            not against the euro is the quotient of the two rates of one period.
        on : date
            Day asked about. A month is over on its last weekday: its last
            reference rate is then known, because the ECB sets none on weekends.
        statistic : {"month_end", "month_mean", "year_mean"}
            Which figure of the period.

        Returns
        -------
        FxRate
            With period, source and confidence.

        Raises
        ------
        UnknownCurrency
            A currency is not in the table.
        NoRate
            No period of the table is over by ``on``.
        RateTooOld
            The newest period ended longer ago than the policy allows.

        Notes
        -----
        Source ``ecb-reference-rates``.
        """
        for code in (currency, per):
            if code != "EUR" and code not in self.months:
                raise UnknownCurrency(currency=code, known=", ".join(["EUR", *self.months]), field="currency")
        if currency == per:
            return FxRate(currency, per, 1.0, on, "identity", str(on), on, self.source, self.confidence)
        # Every month and year of the table has every currency, so both rates are of one period.
        found = {code: self._per_eur(code, on, statistic) for code in (currency, per) if code != "EUR"}
        _, period, until = next(iter(found.values()))
        age = (on - until).days
        limit: int = getattr(self.policy, statistic)
        if age > limit:
            raise RateTooOld(
                currency=f"{currency}/{per}", period=period, on=on, age_days=age, limit_days=limit, field="on"
            )
        one = (1.0, period, until)
        value = found.get(currency, one)[0] / found.get(per, one)[0]
        return FxRate(currency, per, value, on, statistic, period, until, self.source, self.confidence)

    def with_days(self, daily: Mapping[str, Mapping[dt.date, float]]) -> FxTable:
        """
        Return the table with the months and years that daily rates complete, after those it holds.

        Parameters
        ----------
        daily : mapping of currency to day to rate
            Units per 1 EUR. A month counts once its last weekday is reached, a
            year once every month of it is among the days; both only where all
            currencies of the table have them. What the table holds is kept.
        """
        codes = list(self.months)
        if any(not daily.get(code) for code in codes):
            return self
        months = {code: dict(self.months[code]) for code in codes}
        years = {code: dict(self.years[code]) for code in codes}
        at = _next(*max(months[codes[0]]))
        last = min(max(daily[code]) for code in codes)
        while _over(*at) <= last:
            of_month = {code: _of(daily[code], *at) for code in codes}
            if any(not values for values in of_month.values()):
                break
            for code, values in of_month.items():
                months[code][at] = (math.fsum(values) / len(values), values[-1])
            year = at[0]
            of_year = {code: [_of(daily[code], year, month) for month in range(1, 13)] for code in codes}
            if at[1] == 12 and all(all(values) for values in of_year.values()):
                for code, lists in of_year.items():
                    every = [rate for values in lists for rate in values]
                    years[code][year] = math.fsum(every) / len(every)
            at = _next(*at)
        return replace(self, months=months, years=years)

    def _per_eur(self, code: str, on: dt.date, statistic: TableStatistic) -> tuple[float, str, dt.date]:
        if statistic == "year_mean":
            years = [y for y in self.years[code] if _over(y, 12) <= on]
            if not years:
                raise NoRate(currency=code, on=on, field="on")
            year = max(years)
            return self.years[code][year], str(year), dt.date(year, 12, 31)
        months = [m for m in self.months[code] if _over(*m) <= on]
        if not months:
            raise NoRate(currency=code, on=on, field="on")
        newest = max(months)
        mean, last = self.months[code][newest]
        value = mean if statistic == "month_mean" else last
        return value, f"{newest[0]:04d}-{newest[1]:02d}", _last_day(*newest)


def user_rate(currency: str, value: float, on: dt.date, source: str, *, per: str = "EUR") -> FxRate:
    """
    Return a rate the user enters, marked as the user's: ``value`` units of ``currency`` per 1 ``per``.

    Raises
    ------
    OutOfRange
        The rate is not a finite number above zero.
    """
    if not (math.isfinite(value) and value > 0):
        raise OutOfRange(
            name_zh="汇率",
            name_en="exchange rate",
            why_zh="必须是大于零的数",
            why_en="it must be a number above zero",
            field="value",
        )
    return FxRate(currency, per, float(value), on, "user", str(on), on, f"user: {source}", "inferred")


def in_euro(amount: float, currency: str, rates: Mapping[str, FxRate]) -> float:
    """
    Return an amount in EUR at the rate of its currency.

    Raises
    ------
    UnknownCurrency
        ``rates``, units per 1 EUR, have none for it.
    """
    if currency == "EUR":
        return amount
    if currency not in rates:
        raise UnknownCurrency(currency=currency, known=", ".join(["EUR", *rates]), field="currency")
    return amount / rates[currency].value


def load_fx(data_dir: Path) -> FxTable:
    """
    Read ``data_dir/fx``: the ECB's rates by month and year, and the policy.

    Raises
    ------
    BadData
        A file is not valid, or a month is missing in between.
    """
    folder = data_dir / "fx"
    try:
        policy = FxPolicy(**{k: v["value"] for k, v in read_yaml(folder / "policy.yaml").items()})
    except (ValidationError, TypeError, KeyError) as error:
        raise BadData(path="policy.yaml", what=str(error)) from error
    head = read_yaml(folder / "ecb.yaml")
    codes: list[str] = head["currencies"]
    path = folder / "ecb_eur_monthly.csv"
    months: dict[str, dict[tuple[int, int], tuple[float, float]]] = {code: {} for code in codes}
    columns = ("month", *(f"{code}_{what}" for code in codes for what in ("mean", "last", "count")))
    previous: tuple[int, int] | None = None
    for row in read_csv(path, columns):
        year, month = (int(part) for part in row["month"].split("-"))
        if previous and (year, month) != _next(*previous):
            raise BadData(path=path.name, what=f"{row['month']} does not follow {previous}")
        previous = (year, month)
        for code in codes:
            months[code][previous] = (_rate(row[f"{code}_mean"], path), _rate(row[f"{code}_last"], path))
    path = folder / "ecb_eur_yearly.csv"
    years: dict[str, dict[int, float]] = {code: {} for code in codes}
    for row in read_csv(path, ("year", *(f"{code}_{what}" for code in codes for what in ("mean", "count")))):
        year = int(row["year"])
        if all((year, month) in months[codes[0]] for month in range(1, 13)):
            for code in codes:
                years[code][year] = _rate(row[f"{code}_mean"], path)
    return FxTable(months, years, policy, head["source"], head["confidence"])


def _rate(text: str, path: Path) -> float:
    try:
        value = float(text)
    except ValueError as error:
        raise BadData(path=path.name, what=f"{text!r} is not a rate") from error
    if not (math.isfinite(value) and value > 0):
        raise BadData(path=path.name, what=f"{text!r} is not a rate")
    return value


def _of(days: Mapping[dt.date, float], year: int, month: int) -> list[float]:
    return [rate for day, rate in sorted(days.items()) if (day.year, day.month) == (year, month)]


def _next(year: int, month: int) -> tuple[int, int]:
    return (year + month // 12, month % 12 + 1)


def _last_day(year: int, month: int) -> dt.date:
    return dt.date(year, month, calendar.monthrange(year, month)[1])


def _over(year: int, month: int) -> dt.date:
    """Return the last weekday of a month."""
    last = _last_day(year, month)
    return last - dt.timedelta(days=max(last.weekday() - 4, 0))
