"""The footprint of one product, and what is said beside it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from models.apportion import Rung, shown_parts
from models.bill import Benchmark, Product
from models.errors import NOTHING, Text
from models.factor_records import LEVEL_WORDS
from models.table import Result, Row
from models.trend import Trend
from models.uncertainty import Interval
from models.units import FloatArray

STAGE_WORDS: Mapping[str, Text] = {
    "raw_material": Text("原材料获取", "Raw materials"),
    "production": Text("生产制造", "Production"),
    "distribution": Text("分销和储存", "Distribution and storage"),
    "use": Text("使用", "Use"),
    "end_of_life": Text("生命末期", "End of life"),
}
RUNG_WORDS: Mapping[str, Text] = {
    "subdivision": Text("分别计量", "metered apart"),
    "physical": Text("物理关系", "physical relation"),
    "economic": Text("经济价值", "economic value"),
}
_UNIT = "kgCO2e"


@dataclass(frozen=True, slots=True)
class StagePart:
    """A life-cycle stage: kgCO2e per declared unit, fraction of the product, 95 % interval."""

    stage: str
    kgco2e: float
    share: float
    interval: Interval


@dataclass(frozen=True, slots=True)
class Scores:
    """Data quality (1 best, 5 worst) weighted by emissions; ``scored`` is the fraction of the result that has all three."""

    technological: float | None
    geographical: float | None
    temporal: float | None
    scored: float


@dataclass(frozen=True, slots=True)
class Swap:
    """Factors of ``level`` instead of ``other`` change the result by ``kgco2e`` per declared unit, ``fraction`` of it by ``other``."""

    level: str
    other: str
    kgco2e: float
    fraction: float | None

    def text(self) -> Text:
        one, other = LEVEL_WORDS[self.level], LEVEL_WORDS[self.other]
        by = f"{self.kgco2e:+,.4g} kgCO2e" + ("" if self.fraction is None else f" ({self.fraction * 100.0:+.1f} %)")
        return Text(
            f"用{one.zh}因子而不是{other.zh}因子，结果变化 {by}",
            f"{one.en} instead of {other.en} factors changes the result by {by}",
        )


@dataclass(frozen=True, slots=True)
class ProductFootprint(Result):
    """
    kgCO2e per declared unit.

    ``simulated`` is the interval of the Monte Carlo, ``interval`` the analytic
    one; ``parts`` the lines of the site in its order; ``mass_kg`` the kilograms
    in one declared unit, none or 0 where it has none; ``rungs`` the fraction
    attributed by each rung of the ladder.
    """

    product: Product
    kgco2e: float
    interval: Interval
    simulated: Interval | None
    stages: tuple[StagePart, ...]
    parts: FloatArray
    mass_kg: float | None
    scores: Scores
    primary_share: float
    rungs: Mapping[Rung, float]
    swaps: tuple[Swap, ...]
    benchmark: Benchmark | None
    trend: Trend | None

    @property
    def tco2e_per_t(self) -> float | None:
        """Per tonne of product (kg per kg is t per t); none where it has no mass, which is never guessed."""
        return self.kgco2e / self.mass_kg if self.mass_kg else None

    @property
    def benchmark_ratio(self) -> float | None:
        """The product over its benchmark; below 1 is better."""
        return self.kgco2e / self.benchmark.kgco2e_per_declared_unit if self.benchmark else None

    @property
    def digits(self) -> int:
        """How many decimals show four digits of the number at least."""
        return max(4, 3 - math.floor(math.log10(self.kgco2e))) if self.kgco2e > 0.0 else 4

    def stages_shown(self) -> dict[str, tuple[float, float]]:
        """Return each stage as it is shown, kgCO2e and percent: the shown parts add up to the shown total and to 100."""
        kilograms = shown_parts(np.array([one.kgco2e for one in self.stages]), self.digits)
        percent = shown_parts(np.array([one.share * 100.0 for one in self.stages]), 1)
        return {one.stage: (float(kg), float(p)) for one, kg, p in zip(self.stages, kilograms, percent, strict=True)}

    def rows(self) -> list[Row]:
        digits = self.digits
        per = f"{_UNIT}/{self.product.declared_amount:g} {self.product.declared_unit}"
        rows = [
            Row(
                "total",
                Text("产品碳足迹", "Product carbon footprint"),
                self.kgco2e,
                per,
                self._between(self.interval),
                digits,
            )
        ]
        if self.simulated is not None:
            low, high = self.simulated
            said = Text(f"{low:,.{digits}f} 至 {high:,.{digits}f}", f"{low:,.{digits}f} to {high:,.{digits}f}")
            rows.append(
                Row("simulated", Text("蒙特卡洛 95 % 区间", "95 % interval of the Monte Carlo"), said.zh, per, said)
            )
        low, high = self.interval
        per_t = self.tco2e_per_t
        note = (
            Text("没有质量，不按吨折算", "it has no mass, so no value per tonne")
            if self.mass_kg is None or not self.mass_kg
            else self._between(Interval(low / self.mass_kg, high / self.mass_kg))
        )
        rows.append(Row("per_t", Text("每吨产品", "Per tonne of product"), per_t, "tCO2e/t", note, 4))
        shown = self.stages_shown()
        rows += [
            Row(
                f"stage.{one.stage}",
                STAGE_WORDS[one.stage],
                one.kgco2e,
                per,
                Text(
                    f"{shown[one.stage][1]:.1f} %；{self._between(one.interval).zh}",
                    f"{shown[one.stage][1]:.1f} %; {self._between(one.interval).en}",
                ),
                digits,
            )
            for one in self.stages
        ]
        rows += self._quality()
        if self.benchmark is not None and self.benchmark_ratio is not None:
            of = self.benchmark.kgco2e_per_declared_unit
            said = Text(
                f"{self.benchmark.name}；区间 {low / of:.3f} 至 {high / of:.3f}",
                f"{self.benchmark.name}; interval {low / of:.3f} to {high / of:.3f}",
            )
            rows.append(
                Row(
                    "benchmark_ratio", Text("与基准值之比", "Ratio to the benchmark"), self.benchmark_ratio, "", said, 3
                )
            )
        rows += [
            Row(
                f"swap.{one.level}.{one.other}",
                Text("因子层级的影响", "Effect of the level of factors"),
                one.kgco2e,
                per,
                one.text(),
                digits,
            )
            for one in self.swaps
        ]
        return rows + self._years()

    def _quality(self) -> list[Row]:
        covers = Text(
            f"有完整评分的排放占 {self.scores.scored * 100:.1f} %",
            f"{self.scores.scored * 100:.1f} % of the emissions have all three",
        )
        divided = [(rung, share) for rung, share in self.rungs.items() if share > 0.0]
        how = Text(
            "、".join(f"{RUNG_WORDS[rung].zh} {share * 100:.1f} %" for rung, share in divided),
            ", ".join(f"{RUNG_WORDS[rung].en} {share * 100:.1f} %" for rung, share in divided),
        )
        return [
            Row(
                "dqr.technological",
                Text("数据质量：技术", "Data quality: technological"),
                self.scores.technological,
                "1–5",
                covers,
            ),
            Row(
                "dqr.geographical",
                Text("数据质量：地域", "Data quality: geographical"),
                self.scores.geographical,
                "1–5",
                NOTHING,
            ),
            Row("dqr.temporal", Text("数据质量：时间", "Data quality: temporal"), self.scores.temporal, "1–5", NOTHING),
            Row(
                "primary_share",
                Text("初级数据占比", "Share of primary data"),
                self.primary_share * 100.0,
                "%",
                NOTHING,
                1,
            ),
            Row("allocation", Text("分配", "Allocation"), how.zh, "", how),
        ]

    def _years(self) -> list[Row]:
        if self.trend is None:
            return []
        rows = []
        for year, value, change in zip(self.trend.years, self.trend.kgco2e, self.trend.change, strict=True):
            said = (
                NOTHING
                if change is None
                else Text(f"比上一个数据年 {change * 100:+.1f} %", f"{change * 100:+.1f} % on the year before")
            )
            rows.append(Row(f"year.{year}", Text(f"{year} 年", f"{year}"), value, _UNIT, said, self.digits))
        if self.trend.yearly is not None:
            rows.append(
                Row("yearly", Text("年均变化", "Mean yearly change"), self.trend.yearly * 100.0, "%", NOTHING, 2)
            )
        rows += [
            Row(
                f"apart.{one.year}",
                Text(f"{one.year} 年（另一口径）", f"{one.year} (another profile)"),
                one.kgco2e_per_declared_unit,
                _UNIT,
                Text(f"按“{one.profile or '未说明'}”核算，不比较", f"by '{one.profile or 'not said'}': not compared"),
                self.digits,
            )
            for one in self.trend.apart
        ]
        return rows

    @staticmethod
    def _between(of: Interval) -> Text:
        return Text(f"95 % 区间 {of.low:,.4g} 至 {of.high:,.4g}", f"95 % interval {of.low:,.4g} to {of.high:,.4g}")
