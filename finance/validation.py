"""How well a score or PD tells defaults from survivors and meets their rate, each with a bootstrap interval."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.stats import chi2, kendalltau, rankdata

from finance.woe import Events, OneOutcome
from models.errors import Text
from models.table import Result, Row
from models.units import FloatArray

METHOD = "finance.validation/1"


def auc(risk: FloatArray, events: Events) -> float:
    """
    Return the area under the ROC curve (Mann-Whitney; ties count one half).

    Raises
    ------
    OneOutcome
        No default, or nothing but defaults.
    """
    bad, n = int(events.sum()), events.size
    if bad in (0, n):
        raise OneOutcome
    ranks = rankdata(risk)
    return float((ranks[events].sum() - bad * (bad + 1) / 2) / (bad * (n - bad)))


def gini(risk: FloatArray, events: Events) -> float:
    """Return 2 AUC - 1."""
    return 2.0 * auc(risk, events) - 1.0


def ks(risk: FloatArray, events: Events) -> float:
    """Return the largest distance between the distributions of risk among defaults and survivors."""
    order = np.argsort(risk, kind="stable")
    hit, r = events[order], risk[order]
    last = np.append(r[1:] != r[:-1], True)
    bad = np.cumsum(hit) / events.sum()
    good = np.cumsum(~hit) / (~events).sum()
    return float(np.abs(bad - good)[last].max())


def brier(pd: FloatArray, events: Events) -> float:
    """Return the mean squared error of the PD."""
    return float(np.mean((pd - events) ** 2))


@dataclass(frozen=True, slots=True)
class Calibration:
    """Expected and observed default rate by group of PD, with the Hosmer-Lemeshow test (null: the PDs are right)."""

    count: FloatArray
    expected: FloatArray
    observed: FloatArray
    statistic: float
    freedom: int
    p_value: float


def calibration(pd: FloatArray, events: Events, groups: int = 10, *, in_sample: bool) -> Calibration:
    """
    Return the calibration by groups of equal count.

    Degrees of freedom are groups - 2 on the sample the model was fitted on, and
    groups on fresh data.
    """
    parts = np.array_split(np.argsort(pd, kind="stable"), groups)
    count = np.array([len(p) for p in parts], dtype=np.float64)
    expected = np.array([pd[p].mean() for p in parts])
    observed = np.array([events[p].mean() for p in parts])
    statistic = float((count * (observed - expected) ** 2 / (expected * (1.0 - expected))).sum())
    freedom = groups - 2 if in_sample else groups
    return Calibration(count, expected, observed, statistic, freedom, float(chi2.sf(statistic, freedom)))


def rank_agreement(one: FloatArray, other: FloatArray) -> float:
    """Return Kendall's tau-b of two rankings, such as a model's and the bank's own grades."""
    return float(kendalltau(one, other).statistic)


#: Share of the bootstrap distribution between the ends of an interval.
CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Measured:
    """A measure with its 95 % bootstrap interval."""

    value: float
    low: float
    high: float


def bootstrapped(
    measure: Callable[[FloatArray, Events], float],
    risk: FloatArray,
    events: Events,
    rng: np.random.Generator,
    draws: int = 500,
) -> Measured:
    """
    Return a measure with the 2.5 % and 97.5 % quantiles over resampled cases.

    Defaults and survivors are drawn apart, so that each sample has both.
    """
    bad, good = np.flatnonzero(events), np.flatnonzero(~events)
    found = []
    for _ in range(draws):
        some = np.concatenate((rng.choice(bad, bad.size), rng.choice(good, good.size)))
        found.append(measure(risk[some], events[some]))
    tail = (1.0 - CONFIDENCE) / 2.0
    low, high = np.quantile(found, (tail, 1.0 - tail))
    return Measured(measure(risk, events), float(low), float(high))


@dataclass(frozen=True, slots=True)
class Validation(Result):
    """Discrimination and calibration of a PD on one sample."""

    cases: int
    defaults: int
    auc: Measured
    gini: Measured
    ks: Measured
    brier: Measured
    calibration: Calibration

    def rows(self) -> list[Row]:
        def row(key: str, label: Text, of: Measured) -> Row:
            span = f"{of.low:.4f} – {of.high:.4f}"
            return Row(key, label, of.value, "", Text(f"95% 自助区间 {span}", f"95% bootstrap {span}"), 4)

        test = Text(
            f"Hosmer-Lemeshow {self.calibration.statistic:.2f}，自由度 {self.calibration.freedom}；原假设：PD 正确",
            f"Hosmer-Lemeshow {self.calibration.statistic:.2f} on {self.calibration.freedom} degrees; null: the PDs are right",
        )
        return [
            Row("cases", Text("样本", "Cases"), float(self.cases), digits=0),
            Row("defaults", Text("违约", "Defaults"), float(self.defaults), digits=0),
            row("auc", Text("AUC", "AUC"), self.auc),
            row("gini", Text("基尼系数", "Gini"), self.gini),
            row("ks", Text("KS", "KS"), self.ks),
            row("brier", Text("Brier 分数", "Brier score"), self.brier),
            Row(
                "calibration_p",
                Text("校准检验 p 值", "p of the calibration test"),
                self.calibration.p_value,
                "",
                test,
                4,
            ),
        ]

    def proof(self) -> list[str]:
        return [METHOD]


def validated(
    pd: FloatArray, events: Events, rng: np.random.Generator, *, in_sample: bool, draws: int = 500
) -> Validation:
    """Return every measure of a PD on a sample."""
    area = bootstrapped(auc, pd, events, rng, draws)
    return Validation(
        cases=events.size,
        defaults=int(events.sum()),
        auc=area,
        gini=Measured(*(2.0 * x - 1.0 for x in (area.value, area.low, area.high))),
        ks=bootstrapped(ks, pd, events, rng, draws),
        brier=bootstrapped(brier, pd, events, rng, draws),
        calibration=calibration(pd, events, in_sample=in_sample),
    )
