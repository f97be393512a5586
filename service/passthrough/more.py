"""A common rate over products, and a rate by instruments, as the service takes them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from pydantic import Field

from cbam.borne import Borne
from models.errors import NOTHING, Text
from models.inputs import Input
from models.passthrough.errors import NotEstimable
from models.passthrough.handed_on import HandedOn
from models.passthrough.iv import STRONG_F, Instrumented, anderson_rubin
from models.passthrough.panel import Panel, exposure_panel
from models.provenance import fingerprint
from models.table import Result, Row
from models.units import FloatArray
from service.decision.use import SplitAsk, shared
from service.library import Library

_FROM = Text(
    "来自各产品排放强度之差；共同的价格变动进了时间效应",
    "from differing exposure; common moves are in the time effects",
)
METHOD_PANEL = "models.passthrough.panel/1"
METHOD_IV = "models.passthrough.iv/1"
Value = Annotated[float, Field(ge=-1e12, le=1e12)]
Column = Annotated[tuple[Value, ...], Field(min_length=10, max_length=6000)]


class PanelProduct(Input):
    """One product of a panel: its price by period, and its exposure, fixed in the sample."""

    name: str = Field(min_length=1, max_length=80)
    emissions_tco2_per_t: Annotated[float, Field(ge=0, le=50)]
    prices: Column


class PanelAsk(Input):
    """Products with as many prices as the allowance has; periods without holes."""

    allowance: Column
    products: tuple[PanelProduct, ...] = Field(min_length=3, max_length=500)
    draws: Annotated[int, Field(ge=99, le=9999)] = 999
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = 20261101


class InstrumentAsk(Input):
    """
    A price, its carbon cost, instruments that move the allowance supply only, and costs that stay.

    All in one order and without holes; changes or levels as the user means them.
    """

    price: Column
    carbon: Column
    instruments: tuple[Column, ...] = Field(min_length=1, max_length=12)
    others: tuple[Column, ...] = Field(default=(), max_length=8)
    #: Why the instruments move the supply of allowances and nothing else: shown with the result.
    because: str = Field(min_length=10, max_length=1000)


@dataclass(frozen=True, slots=True)
class PanelResult(Result):
    """A panel with what it rests on."""

    panel: Panel
    seed: int
    inputs_hash: str

    def rows(self) -> list[Row]:
        p = self.panel
        few = Text("聚类少于 30，以自助法为准", "fewer than 30 clusters: the bootstrap counts")
        return [
            Row("rate", Text("共同传导率", "Common rate"), p.rate, "CNY/CNY",
                _FROM, 4),
            Row("se_clustered", Text("标准误（按产品和时间聚类）", "Error, clustered by product and time"), p.se_clustered, "",
                Text("无小样本修正", "no small-sample factor"), 4),
            Row("se_driscoll_kraay", Text("标准误（Driscoll–Kraay）", "Error, Driscoll-Kraay"), p.se_driscoll_kraay, "", digits=4),
            Row("p", Text("p（无传导）", "p of no pass-through"), p.p, "", few if p.p_wild is not None else NOTHING, 4),
            Row("p_wild", Text("p（自助法）", "p, wild bootstrap"), p.p_wild, "",
                NOTHING if p.p_wild is not None else Text("聚类足够，未作", "enough clusters, not made"), 4),
            Row("mean_group", Text("均值组估计", "Mean group"), p.mean_group, "CNY/CNY", Text("允许各产品不同", "lets products differ"), 4),
            Row("se_mean_group", Text("其标准误", "Its error"), p.se_mean_group, "", digits=4),
            Row("products", Text("产品", "Products"), float(p.products), "", digits=0),
            Row("periods", Text("期数", "Periods"), float(p.periods), "", digits=0),
        ]  # fmt: skip

    def proof(self) -> list[str]:
        return [f"{METHOD_PANEL}; seed {self.seed}; {self.inputs_hash[:16]}"]


@dataclass(frozen=True, slots=True)
class InstrumentResult(Result):
    """An Anderson-Rubin set with what it rests on."""

    found: Instrumented
    because: str
    inputs_hash: str

    def rows(self) -> list[Row]:
        f = self.found
        weak = Text(
            f"有效 F 低于 {STRONG_F:g}：不给点值，只看区间",
            f"effective F below {STRONG_F:g}: no point value, the set alone",
        )
        none = Text("没有任何传导率相容：工具变量可疑", "no rate fits: the instruments are in doubt")
        return [
            Row("effective_f", Text("有效 F", "Effective F"), f.effective_f, "", digits=2),
            Row("rate", Text("两阶段最小二乘", "Two-stage least squares"), f.rate, "CNY/CNY", weak if f.rate is None else NOTHING, 4),
            Row("set", Text("95% Anderson–Rubin 区间", "95 % Anderson-Rubin set"), None if f.within is None else str(f.within), "",
                none if f.within is None else Text("无论工具变量强弱都成立", "holds however weak the instruments are")),
            Row("nobs", Text("观测", "Observations"), float(f.nobs), "", digits=0),
            Row("because", Text("工具变量的理由（使用者陈述）", "Why the instruments are valid, as stated by the user"), self.because),
        ]  # fmt: skip

    def proof(self) -> list[str]:
        return [f"{METHOD_IV}; {self.inputs_hash[:16]}"]


class BorneAsk(Input):
    """A good under a contract, as ``/decisions/split`` takes it, and an estimated rate."""

    split: SplitAsk
    estimate: HandedOn


def borne_of(asked: BorneAsk, library: Library, today: dt.date) -> Borne:
    """Return what the exporter bears by contract beside what the estimate leaves with it."""
    return Borne(shared(asked.split, library, today), asked.estimate)


def _same_length(columns: tuple[tuple[float, ...], ...], field: str) -> FloatArray:
    if len({len(one) for one in columns}) > 1:
        raise NotEstimable(
            field=field,
            why_zh="各列长度不同",
            why_en="the columns differ in length",
            mend_zh="请对齐各列，同一时期同一行。",
            mend_en="Bring them onto the same periods.",
        )
    return np.array(columns, dtype=np.float64)


def over_panel(asked: PanelAsk) -> PanelResult:
    """Return the common rate of a panel."""
    table = _same_length((asked.allowance, *(one.prices for one in asked.products)), "products")
    exposure = np.array([one.emissions_tco2_per_t for one in asked.products])
    found = exposure_panel(table[1:], exposure, table[0], np.random.default_rng(asked.seed), draws=asked.draws)
    return PanelResult(found, asked.seed, fingerprint(asked.model_dump()))


def instrumented(asked: InstrumentAsk) -> InstrumentResult:
    """Return what instruments say of a rate."""
    table = _same_length((asked.price, asked.carbon, *asked.instruments, *asked.others), "instruments")
    m = 2 + len(asked.instruments)
    found = anderson_rubin(table[0], table[1], table[2:m].T, table[m:].T)
    return InstrumentResult(found, asked.because, fingerprint(asked.model_dump()))
