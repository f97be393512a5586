"""Price scenarios of the credit stress, as data: a forecast, a shadow price or a sensitivity, and never one for another."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from finance.stress import Shock
from models.errors import BadData, Text, YuetanError
from models.files import read_yaml
from models.inputs import Input, NonNegative

Kind = Literal["forecast", "shadow_price", "sensitivity", "assumption"]
KINDS: dict[Kind, Text] = {
    "forecast": Text("预测", "forecast"),
    "shadow_price": Text("影子价格，不是预测", "shadow price, no forecast"),
    "sensitivity": Text("敏感性，不是预测", "sensitivity, no forecast"),
    "assumption": Text("假设，不是预测", "assumption, no forecast"),
}
Fraction = Annotated[float, Field(ge=0, le=1)]
ASSUMPTIONS = (
    Text(
        "排放、配额、持有量、采购和出口数量维持现状（不减排、不增产）",
        "tonnes emitted, allocated, held, bought and exported stay as today: no abatement",
    ),
    Text(
        "CBAM 证书数量（扣除免费分配和已付碳价后）维持现状",
        "certificates net of free allocation and deduction stay as today",
    ),
    Text(
        "损失按年计，扣除传导后全部减少 EBITDA", "the loss is yearly, and what is not handed on lowers EBITDA in full"
    ),
)


class NoPricePoint(YuetanError):
    code = "finance.no_price_point"
    message = Text("情景“{scenario}”没有 {year} 年的{what_zh}。", "Scenario '{scenario}' has no {what_en} for {year}.")
    hint = Text(
        "请换一个年份或情景；不做插值或外推。", "Choose another year or scenario; nothing is interpolated or extended."
    )


class Scenario(Input):
    """
    Prices by year that somebody states, with what they are and where they come from.

    Prices are nominal or real as ``price_basis`` says; an allowance price is in
    CNY per tCO2, a certificate price in EUR per tCO2e. ``delta`` is the cut of
    the free allocation by year. A year that is not stated has no price.
    """

    id: str = Field(min_length=1, max_length=60, pattern=r"^[A-Za-z0-9_.\-]+$")
    zh: str = Field(min_length=1, max_length=200)
    en: str = Field(min_length=1, max_length=200)
    kind: Kind
    price_basis: Literal["nominal", "real"] = "nominal"
    home_cny_per_t: dict[int, NonNegative] = Field(default_factory=dict)
    eu_eur_per_t: dict[int, NonNegative] = Field(default_factory=dict)
    delta: dict[int, Fraction] = Field(default_factory=dict)
    pi: Annotated[float, Field(ge=0, le=1.5)] | None = None
    phi: Fraction | None = None
    source: str = Field(min_length=1, max_length=300)
    published: dt.date | None = None

    @property
    def text(self) -> Text:
        """Its name, with what kind of price it is."""
        kind = KINDS[self.kind]
        return Text(f"{self.zh}（{kind.zh}）", f"{self.en} ({kind.en})")


@dataclass(frozen=True, slots=True)
class Today:
    """Prices of the day of the question; ``cny_per_eur`` turns the certificate price into the borrowers' currency."""

    home_cny_per_t: float
    eu_eur_per_t: float | None = None
    cny_per_eur: float | None = None

    @property
    def eu_cny_per_t(self) -> float | None:
        """Certificate price in CNY per t; ``None`` where price or rate is not known."""
        known = self.eu_eur_per_t is not None and self.cny_per_eur is not None
        return (self.eu_eur_per_t or 0.0) * (self.cny_per_eur or 0.0) if known else None


@dataclass(frozen=True, slots=True)
class Grid:
    """Moves of today's prices, and the horizons in years."""

    moves: tuple[float, ...]
    horizons: tuple[int, ...]
    label: Text
    source: str


def load_stress_grid(data: Path) -> Grid:
    """
    Return the sensitivity grid.

    Raises
    ------
    BadData
        No move, one twice, or a fall of more than the whole price.
    """
    path = data / "scenarios" / "stress_grid.yaml"
    of = read_yaml(path)
    moves = tuple(float(move) for move in of["moves"])
    if not moves or len(set(moves)) != len(moves) or min(moves) < -1:
        raise BadData(path=path.name, what="moves")
    return Grid(moves, tuple(int(h) for h in of["horizons_years"]), Text(of["zh"], of["en"]), of["source"])


def grid_shocks(grid: Grid, today: Today) -> list[tuple[float, Shock]]:
    """Return the shock of each move: both prices by the same fraction of today's, the free allocation as today."""
    home, eu = today.home_cny_per_t, today.eu_cny_per_t
    return [
        (move, Shock(home, home * (1.0 + move), eu, None if eu is None else eu * (1.0 + move))) for move in grid.moves
    ]


def shock_of(scenario: Scenario, year: int, today: Today, markets: Sequence[str] = ("home", "eu")) -> Shock:
    """
    Return the shock of a scenario in a year.

    Parameters
    ----------
    markets : sequence of {"home", "eu"}
        Markets that matter to the borrowers; the other keeps today's price.

    Raises
    ------
    NoPricePoint
        The scenario says nothing of the year in a market that matters.
    """
    home = scenario.home_cny_per_t.get(year)
    eu = scenario.eu_eur_per_t.get(year)
    missing = Text("国内碳价", "home price") if home is None and "home" in markets else None
    if eu is None and "eu" in markets:
        missing = Text("CBAM 证书价格", "certificate price")
    if missing is not None:
        raise NoPricePoint(field="scenario", scenario=scenario.id, year=year, what_zh=missing.zh, what_en=missing.en)
    eu0, rate = today.eu_cny_per_t, today.cny_per_eur
    eu1 = eu0 if eu is None or rate is None else eu * rate
    home1 = today.home_cny_per_t if home is None else home
    return Shock(today.home_cny_per_t, home1, eu0, eu1, scenario.delta.get(year, 0.0), scenario.pi, scenario.phi)
