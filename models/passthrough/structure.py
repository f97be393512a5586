"""
A market's structure as an input with intervals, and the range of rates that follows.

A range, never a point: Latin hypercube over the stated intervals with a fixed
seed, 10, 50 and 90 % points, and which input drives the spread.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from pydantic import Field, model_validator

from models.errors import Text
from models.inputs import Input
from models.passthrough.errors import NoSuchMarket
from models.passthrough.exante import (
    armington,
    conduct_rate,
    constant_elasticity_curvature,
    cournot_rate,
    import_rate,
    incidence,
)
from models.provenance import fingerprint
from models.table import Result, Row
from models.units import FloatArray

METHOD = "models.passthrough.exante/1"
Kind = Literal["conduct", "cournot", "cournot_constant_elasticity", "imports", "armington", "price_taker"]
Rate = Callable[[Mapping[str, FloatArray]], FloatArray]


class Interval(Input):
    """What is taken to hold of one input: any value from ``low`` to ``high``, each as likely."""

    low: float
    high: float

    @model_validator(mode="after")
    def _ordered(self) -> Interval:
        if self.low > self.high:
            raise NoSuchMarket(field="low", why_zh="区间下限高于上限", why_en="an interval ends before it begins")
        return self


class Market(Input):
    """Structure of one market. Each structure asks for its own inputs, all of them as intervals."""

    kind: Kind
    inputs: dict[str, Interval] = Field(default_factory=dict, max_length=8)
    draws: int = Field(default=4000, ge=200, le=100_000)
    seed: int = Field(default=20261101, ge=0, le=2**31 - 1)


def _of_conduct(x: Mapping[str, FloatArray]) -> FloatArray:
    return np.asarray(conduct_rate(x["conduct"], x["curvature"], x["demand_elasticity"], x.get("supply_elasticity")))


def _constant_elasticity(x: Mapping[str, FloatArray]) -> FloatArray:
    curvature = constant_elasticity_curvature(x["demand_elasticity"])
    return np.asarray(cournot_rate(x["firms"], x["covered"], curvature))


#: What each structure needs, what it may have, and its formula.
STRUCTURES: dict[Kind, tuple[tuple[str, ...], tuple[str, ...], Rate]] = {
    "conduct": (("conduct", "curvature", "demand_elasticity"), ("supply_elasticity",), _of_conduct),
    "cournot": (
        ("firms", "covered", "curvature"),
        (),
        lambda x: np.asarray(cournot_rate(x["firms"], x["covered"], x["curvature"])),
    ),
    "cournot_constant_elasticity": (("firms", "covered", "demand_elasticity"), (), _constant_elasticity),
    "imports": (
        ("covered_share", "covered_elasticity", "import_elasticity", "demand_elasticity"),
        (),
        lambda x: np.asarray(
            import_rate(x["covered_share"], x["covered_elasticity"], x["import_elasticity"], x["demand_elasticity"])
        ),
    ),
    "armington": (
        ("home_share", "substitution", "upper_elasticity"),
        (),
        lambda x: np.asarray(armington(x["home_share"], x["substitution"], x["upper_elasticity"]).rate),
    ),
    "price_taker": ((), (), lambda x: np.zeros(1)),
}
KINDS: dict[Kind, Text] = {
    "conduct": Text("行为参数模型（对称行业）", "conduct parameter, symmetric industry"),
    "cournot": Text("古诺竞争，线性成本", "Cournot, flat cost"),
    "cournot_constant_elasticity": Text("古诺竞争，等弹性需求", "Cournot, constant-elasticity demand"),
    "imports": Text("完全竞争，有进口", "competitive market with imports"),
    "armington": Text("国产与进口不完全替代（Armington–Bertrand）", "Armington-Bertrand against imports"),
    "price_taker": Text("价格接受者：进口完全弹性或交易所定价", "price taker: elastic imports or an exchange price"),
}
NAMES: dict[str, Text] = {
    "conduct": Text("行为参数 ω", "conduct omega"),
    "curvature": Text("需求曲率 E", "demand curvature E"),
    "demand_elasticity": Text("需求弹性", "demand elasticity"),
    "supply_elasticity": Text("供给弹性", "supply elasticity"),
    "firms": Text("企业数 N", "firms N"),
    "covered": Text("受控企业数 M", "covered firms M"),
    "covered_share": Text("受控供给份额", "covered share of supply"),
    "covered_elasticity": Text("受控供给弹性", "supply elasticity, covered"),
    "import_elasticity": Text("进口供给弹性", "supply elasticity, imports"),
    "home_share": Text("国产份额", "home share"),
    "substitution": Text("国产与进口替代弹性", "substitution home-import"),
    "upper_elasticity": Text("上层需求弹性", "upper-level elasticity"),
}
_WHOLE = ("firms", "covered")


@dataclass(frozen=True, slots=True)
class Driver:
    """How much one input moves the rate: rank correlation over the draws, with its sign."""

    name: str
    rank_correlation: float


@dataclass(frozen=True, slots=True)
class RateRange(Result):
    """Range of an ex-ante rate over stated intervals, with what drives it. An assumption, not an estimate."""

    market: Market
    low: float
    median: float
    high: float
    drivers: tuple[Driver, ...]
    buyers_share: float | None
    inputs_hash: str

    def rows(self) -> list[Row]:
        rows = [
            Row("kind", Text("市场结构", "Market structure"), KINDS[self.market.kind].en, "", KINDS[self.market.kind]),
            Row("p10", Text("事前传导率 10% 分位", "Ex-ante rate, 10 % point"), self.low, "CNY/CNY", digits=4),
            Row("p50", Text("事前传导率 中位", "Ex-ante rate, 50 % point"), self.median, "CNY/CNY", ASSUMED, 4),
            Row("p90", Text("事前传导率 90% 分位", "Ex-ante rate, 90 % point"), self.high, "CNY/CNY", digits=4),
        ]
        rows += [
            Row(
                f"input.{name}",
                NAMES[name],
                f"{at.low:g} – {at.high:g}",
                "",
                self._driven(name),
            )
            for name, at in self.market.inputs.items()
        ]
        if self.buyers_share is not None:
            rows.append(
                Row(
                    "buyers_share",
                    Text("买方承担份额（中位）", "Share borne by buyers, median"),
                    self.buyers_share,
                    "",
                    Text("ρ/(1 + ωρ)，按买卖双方盈余损失", "rho/(1 + omega rho), by loss of surplus"),
                    4,
                )
            )
        return rows

    def _driven(self, name: str) -> Text:
        for driver in self.drivers:
            if driver.name == name:
                main = driver is self.drivers[0]
                at = f"{driver.rank_correlation:+.2f}"
                return Text(
                    f"秩相关 {at}" + ("，主导不确定性" if main else ""),
                    f"rank correlation {at}" + (", drives the spread" if main else ""),
                )
        return Text("固定", "fixed")

    def proof(self) -> list[str]:
        return [
            f"{METHOD}; Latin hypercube, {self.market.draws} draws, seed {self.market.seed}; {self.inputs_hash[:16]}"
        ]


ASSUMED = Text("由所列假设推出，不是估计", "follows from the assumptions listed, not an estimate")


def latin_hypercube(draws: int, inputs: int, rng: np.random.Generator) -> FloatArray:
    """Return ``draws`` points of the unit cube, one in each of ``draws`` equal slices of every input."""
    cells = rng.permuted(np.tile(np.arange(draws), (inputs, 1)), axis=1)
    return (cells + rng.random((inputs, draws))) / draws


def rate_range(market: Market) -> RateRange:
    """
    Return the range of the ex-ante rate of a market over its stated intervals.

    Parameters
    ----------
    market : Market
        Structure, an interval for each of its inputs, draws and seed.

    Returns
    -------
    RateRange
        10, 50 and 90 % points of rho, and the inputs by how much they move it.

    Notes
    -----
    A draw that has no answer refuses the whole range: an interval that reaches
    into nonsense says nothing about the market. Numbers of firms are whole.
    """
    needs, may, rate = STRUCTURES[market.kind]
    _asked(market, needs, may)
    names = list(market.inputs)
    cube = latin_hypercube(market.draws, len(names), np.random.default_rng(market.seed))
    drawn: dict[str, FloatArray] = {}
    for name, unit in zip(names, cube, strict=True):
        low, high = market.inputs[name].low, market.inputs[name].high
        drawn[name] = np.floor(low + unit * (high - low + 1.0)) if name in _WHOLE else low + unit * (high - low)
    rates = rate(drawn)
    low, median, high = (float(q) for q in np.quantile(rates, (0.1, 0.5, 0.9)))
    return RateRange(market, low, median, high, _drivers(market, drawn, rates), _buyers(drawn, rates), _hash(market))


def _hash(market: Market) -> str:
    return fingerprint(market.model_dump())


def _asked(market: Market, needs: tuple[str, ...], may: tuple[str, ...]) -> None:
    for name in needs:
        if name not in market.inputs:
            said = NAMES[name]
            raise NoSuchMarket(field=name, why_zh=f"缺少“{said.zh}”", why_en=f"'{said.en}' is missing")
    for name, at in market.inputs.items():
        if name not in needs + may:
            raise NoSuchMarket(field=name, why_zh=f"此结构没有输入“{name}”", why_en=f"this structure has no '{name}'")
        if name in _WHOLE and (at.low != round(at.low) or at.high != round(at.high)):
            raise NoSuchMarket(field=name, why_zh="企业数须为整数", why_en="a number of firms is whole")


def _drivers(market: Market, drawn: Mapping[str, FloatArray], rates: FloatArray) -> tuple[Driver, ...]:
    if rates.size < market.draws or np.ptp(rates) == 0:
        return ()
    of_rate = _ranks(rates)
    found = [
        Driver(name, float(np.corrcoef(_ranks(value), of_rate)[0, 1])) for name, value in drawn.items() if np.ptp(value)
    ]
    return tuple(sorted(found, key=lambda driver: -abs(driver.rank_correlation)))


def _ranks(values: FloatArray) -> FloatArray:
    """Return ranks, ties sharing their mean rank."""
    _, back, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray((last - (counts - 1) / 2.0)[back], dtype=np.float64)


def _buyers(drawn: Mapping[str, FloatArray], rates: FloatArray) -> float | None:
    """Return the median share of the burden that buyers bear; only where conduct is an input."""
    if "conduct" not in drawn:
        return None
    below = 1.0 - (1.0 - drawn["conduct"]) * rates
    if np.any(below < -1e-12):
        return None
    ratio = np.asarray(incidence(rates, drawn["conduct"]))
    with np.errstate(invalid="ignore"):
        share = np.where(np.isinf(ratio), 1.0, ratio / (1.0 + ratio))
    return float(np.median(share))
