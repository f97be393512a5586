"""The prices we carry, from ``data/prices``: the policy, the weekly series and the single observations."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from models.errors import BadData, Text, YuetanError
from models.files import day as as_day
from models.files import read_csv, read_yaml
from models.series import Days, InstrumentRule, ReferencePolicy, Series, daily_series, extend
from models.units import FloatArray

_WEEKLY_TONNES = (
    "week_ending",
    "market",
    "instrument",
    "sessions",
    "informative_sessions",
    "last_close",
    "last_session",
    "last_informative_session",
    "volume_weighted_close",
    "low_close",
    "high_close",
    "volume_t",
    "currency",
)
_WEEKLY_PLAIN = (
    "week_ending",
    "market",
    "instrument",
    "sessions",
    "mean_price",
    "last_price",
    "last_session",
    "currency",
)
_OBSERVATION = (
    "period_start",
    "period_end",
    "market",
    "instrument",
    "statistic",
    "value",
    "unit",
    "volume_t",
    "price_status",
    "source",
    "confidence",
)


@dataclass(frozen=True, slots=True)
class Observation:
    """A published statistic of a period, e.g. a week's high; shown as what it is, never used as a close."""

    instrument: str
    first: dt.date
    last: dt.date
    statistic: str
    value: float
    unit: str
    volume_t: float | None
    price_status: str
    source: str
    confidence: str


class UnknownInstrument(YuetanError):
    code = "price.unknown_instrument"
    message = Text("没有品种“{instrument}”的行情。", "There are no quotes of an instrument '{instrument}'.")
    hint = Text("可用品种：{known}。也可以自行录入价格。", "Known instruments: {known}. You can also enter a price.")


@dataclass(frozen=True, slots=True)
class Market:
    """All series by instrument, the published statistics of periods, and the policy they are read by."""

    series: Mapping[str, Series]
    statistics: tuple[Observation, ...]
    policy: ReferencePolicy

    def of(self, instrument: str) -> Series:
        """Return the series of ``instrument`` (GDEA, CEA, EUA); ``UnknownInstrument`` where there is none."""
        try:
            return self.series[instrument]
        except KeyError:
            raise UnknownInstrument(instrument=instrument, known=", ".join(self.series), field="instrument") from None

    def with_quotes(self, imported: Series) -> Market:
        """Return the market with a user's quotes laid over its series; raises as ``of`` and ``extend`` do."""
        joined = extend(self.of(imported.instrument), imported)
        return replace(self, series={**self.series, imported.instrument: joined})


def load_prices(data_dir: Path) -> Market:
    """
    Read ``data_dir/prices``.

    Raises
    ------
    BadData
        A file is not valid; the message names it.
    """
    prices = data_dir / "prices"
    policy = load_policy(prices)
    statistics = tuple(o for o in load_observations(prices) if o.statistic != "close")
    return Market(load_series(prices, policy), statistics, policy)


def load_policy(prices: Path) -> ReferencePolicy:
    """Read ``policy.yaml`` of the folder ``prices``; ``BadData`` where it is not valid."""
    path = prices / "policy.yaml"
    document = read_yaml(path)
    try:
        rules = {}
        for name, rule in document["instruments"].items():
            steps = sorted((as_day(since, path), v["value"]) for since, v in rule["informative_above_t"].items())
            optional = {k: rule[k]["value"] for k in ("daily_limit", "tick") if k in rule}
            rules[name] = InstrumentRule(not_before=rule["not_before"], informative_above_t=tuple(steps), **optional)
        values = {name: entry["value"] for name, entry in document["reference"].items()}
        return ReferencePolicy(**values, instruments=rules)
    except (KeyError, TypeError, AttributeError, ValidationError) as error:
        raise BadData(path=path.name, what=str(error)) from error


def load_series(prices: Path, policy: ReferencePolicy) -> dict[str, Series]:
    """Read the weekly tables of ``prices`` and continue each with the single observed closes."""
    loaded: dict[str, Series] = {}
    for head_path in sorted(prices.glob("*_weekly.yaml")):
        weekly = _weekly(head_path, policy)
        loaded[weekly.instrument] = weekly
    for seen in load_observations(prices):
        if seen.statistic == "close":
            base = loaded.get(seen.instrument)
            if base is None or seen.unit != base.unit:
                raise BadData(path="observations.csv", what=f"no series of {seen.instrument} in {seen.unit}")
            loaded[seen.instrument] = extend(base, _single(base, policy.instruments[seen.instrument], seen))
    return loaded


def load_observations(prices: Path) -> tuple[Observation, ...]:
    """Read ``observations.csv``, in order of the last day."""
    path = prices / "observations.csv"
    found = [
        Observation(
            instrument=row["instrument"],
            first=as_day(row["period_start"], path),
            last=as_day(row["period_end"], path),
            statistic=row["statistic"],
            value=_number(row["value"], path),
            unit=row["unit"],
            volume_t=_number(row["volume_t"], path) if row["volume_t"] else None,
            price_status=row["price_status"],
            source=row["source"],
            confidence=row["confidence"],
        )
        for row in read_csv(path, _OBSERVATION)
    ]
    return tuple(sorted(found, key=lambda o: (o.last, o.first)))


def _single(base: Series, rule: InstrumentRule, seen: Observation) -> Series:
    volume = np.array([np.nan if seen.volume_t is None else seen.volume_t])
    made = daily_series(
        base,
        rule,
        [seen.last],
        np.array([seen.value]),
        volume,
        np.array([np.nan]),
        source=seen.source,
        confidence=seen.confidence,
    )
    # A close that a paper reports without its tonnes is news, unless it says that the close was carried forward.
    told = seen.price_status == "volume_unknown" or bool(made.informative[0])
    news = told and seen.price_status != "carried_forward_by_rule"
    return replace(
        made,
        informative=np.array([int(news)]),
        last_informative=np.where(news, made.last, np.datetime64("NaT", "D")),
        mean_close=np.where(news, made.close, np.nan),
    )


def _weekly(head_path: Path, policy: ReferencePolicy) -> Series:
    head: dict[str, Any] = read_yaml(head_path)
    path = head_path.with_suffix(".csv")
    tonnes: bool = head["tonnes"]
    rows = list(read_csv(path, _WEEKLY_TONNES if tonnes else _WEEKLY_PLAIN))
    rule = policy.instruments.get(head["instrument"])
    if rule is None:
        raise BadData(path=path.name, what=f"policy.yaml has no rule for {head['instrument']}")

    def column(name: str) -> FloatArray:
        return np.array([_number(row[name], path) if row[name] else np.nan for row in rows], dtype=np.float64)

    def days(name: str) -> Days:
        return np.array([as_day(row[name], path) if row[name] else None for row in rows], dtype="datetime64[D]")

    last = days("last_session")
    sessions = column("sessions").astype(np.int64)
    informative = column("informative_sessions").astype(np.int64) if tonnes else sessions
    volume = column("volume_t") if tonnes else np.full(len(rows), np.nan)
    monday = days("week_ending") - np.timedelta64(6, "D")
    start = np.datetime64(rule.not_before, "D")
    series = Series(
        instrument=head["instrument"],
        market=head["market"],
        label=Text(head["label_zh"], head["label"]),
        contract=Text(head["contract_zh"], head["contract"]),
        currency=head["currency"],
        unit=head["unit"],
        has_tonnes=tonnes,
        first=np.maximum(monday, start),
        last=last,
        last_informative=days("last_informative_session") if tonnes else last,
        close=column("last_close" if tonnes else "last_price"),
        mean_close=column("volume_weighted_close" if tonnes else "mean_price"),
        volume_t=volume,
        excess_t=np.fmin(volume, rule.above_t(last) * (sessions - informative)),
        turnover=np.full(len(rows), np.nan),
        sessions=sessions,
        informative=informative,
        source=np.full(len(rows), head["source"]),
        confidence=np.full(len(rows), head["confidence"]),
    )
    for problem in _problems(series, monday, start):
        raise BadData(path=path.name, what=problem)
    return series


def _problems(series: Series, monday: Days, start: np.datetime64) -> Iterator[str]:
    if len(series) == 0 or np.any(np.diff(series.last) <= np.timedelta64(0, "D")):
        yield "weeks do not rise"
    if np.any(series.last < series.first) or np.any(series.last > monday + np.timedelta64(6, "D")):
        yield f"a session lies outside its week or before {start}"
    if not np.all(series.close > 0) or np.any(series.informative > series.sessions) or np.any(series.sessions < 1):
        yield "a close is not positive or sessions do not add up"
    if np.any(np.isfinite(series.mean_close) != (series.informative > 0)):
        yield "a mean close without informative session, or the reverse"


def _number(text: str, path: Path) -> float:
    try:
        value = float(text)
    except ValueError as error:
        raise BadData(path=path.name, what=f"{text!r} is not a number") from error
    if not np.isfinite(value):
        raise BadData(path=path.name, what=f"{text!r} is not finite")
    return value
