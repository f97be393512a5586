"""What stands beside the main estimate: second opinions, asymmetry, local projections, a drifting rate."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from models.errors import NOTHING, Text, YuetanError
from models.passthrough.ardl import Ardl
from models.passthrough.bounds import Bounds
from models.passthrough.drift import Drift, random_walk_rate
from models.passthrough.errors import NotEstimable
from models.passthrough.longrun import FiellerSet
from models.passthrough.nardl import Asymmetry, Momentum, momentum_threshold, nardl
from models.passthrough.projections import Projections, local_projections
from models.passthrough.second import dols, fmols, johansen
from models.table import Row
from models.units import FloatArray

LABELS = {
    "dols": Text("动态最小二乘", "Dynamic OLS"),
    "fmols": Text("完全修正最小二乘", "Fully modified OLS"),
    "johansen": Text("Johansen（常数受限）", "Johansen, restricted constant"),
}
#: Beyond this gain in twice the log-likelihood a standing rate is rejected at 5 % (half the mass lies at zero).
DRIFT_5PCT = 2.71


@dataclass(frozen=True, slots=True)
class SecondOpinion:
    """One other estimate of the rate; ``None`` with the reason where it cannot be made."""

    key: str
    rate: float | None
    error: float | None
    agrees: bool | None
    note: Text


@dataclass(frozen=True, slots=True)
class Companions:
    """Second opinions and checks; what could not be made says why."""

    opinions: tuple[SecondOpinion, ...]
    rank: int | None
    asymmetry: Asymmetry | None
    momentum: Momentum | None
    no_asymmetry: Text
    projections: Projections | None
    drift: Drift

    @property
    def disagree(self) -> tuple[str, ...]:
        """Which second opinions lie outside the Fieller set."""
        return tuple(one.key for one in self.opinions if one.agrees is False)

    def rows(self, *, with_points: bool) -> list[Row]:
        """Return the rows of the report; a grade without point value shows none here either."""
        rows = [
            Row(
                f"opinion.{one.key}",
                LABELS[one.key],
                one.rate if with_points else None,
                "CNY/CNY",
                _with_error(one) if with_points else one.note,
                4,
            )
            for one in self.opinions
        ]
        if self.asymmetry is None:
            rows.append(Row("asymmetry", Text("涨跌不对称", "Asymmetry"), None, "", self.no_asymmetry))
        else:
            found = self.asymmetry
            word = Text("涨跌传导不同", "differs") if found.asymmetric else Text("未发现不对称", "no asymmetry found")
            how = Text("自助法", "bootstrap") if found.by_bootstrap else Text("F 分布", "F distribution")
            pair = ""
            if with_points:
                pair = f" {found.up.theta:.3f} / {found.down.theta:.3f};"
            note = Text(
                f"{pair} 长期 p = {found.p_long:.3f}，短期 p = {found.p_short:.3f}（{how.zh}）",
                f"{pair} long run p = {found.p_long:.3f}, short run p = {found.p_short:.3f} ({how.en})",
            )
            rows.append(
                Row("asymmetry", Text("涨跌不对称", "Asymmetry"), word.en, "", Text(f"{word.zh}；{note.zh}", note.en))
            )
        rows.append(
            Row(
                "rank",
                Text("协整秩（迹检验，小样本修正）", "Cointegration rank, trace with small-sample factor"),
                None if self.rank is None else float(self.rank),
                "",
                Text("Johansen，常数受限", "Johansen, restricted constant"),
                0,
            )
        )
        rows.append(self._momentum())
        rows.append(self._projected(with_points))
        moves = self.drift.gain > DRIFT_5PCT
        rows.append(
            Row(
                "drift",
                Text("传导率随时间漂移", "Drifting rate"),
                self.drift.gain,
                "",
                Text("2×对数似然增益；漂移显著" if moves else "2×对数似然增益；不显著",
                     "twice the gain in log-likelihood; it drifts" if moves else "twice the gain in log-likelihood; no drift"),
                2,
            )
        )  # fmt: skip
        return rows

    def _momentum(self) -> Row:
        label = Text("动量门限检验（Enders–Siklos）", "Momentum threshold (Enders-Siklos)")
        if self.momentum is None:
            return Row("momentum", label, None, "", self.no_asymmetry)
        m = self.momentum
        note = Text(
            f"差距扩大时 {m.widening:.3f}，缩小时 {m.narrowing:.3f}；相等的 p = {m.p_equal:.3f}",
            f"{m.widening:.3f} while the gap widens, {m.narrowing:.3f} while it narrows; equal: p = {m.p_equal:.3f}",
        )
        return Row("momentum", label, m.f_equal, "", note, 3)

    def _projected(self, with_points: bool) -> Row:
        lp = self.projections
        label = Text("局部投影（最远期）", "Local projection, longest horizon")
        if lp is None:
            return Row("local_projection", label, None, "", Text("样本不足", "too few observations"))
        last, se = float(lp.coef[-1]), float(lp.se_robust[-1])
        note = Text(
            f"第 {lp.horizon[-1]} 期，95% 区间 {last - 1.96 * se:.3f} 至 {last + 1.96 * se:.3f}",
            f"horizon {lp.horizon[-1]}, 95 % {last - 1.96 * se:.3f} to {last + 1.96 * se:.3f}",
        )
        return Row("local_projection", label, last if with_points else None, "CNY/CNY", note, 4)

    def data(self, *, with_points: bool) -> dict[str, Any]:
        """Return everything as plain data."""
        lp = self.projections
        return {
            "opinions": [
                {
                    "key": one.key,
                    "rate": one.rate if with_points else None,
                    "se": one.error if with_points else None,
                    "agrees": one.agrees,
                }
                for one in self.opinions
            ],
            "projections": None
            if lp is None or not with_points
            else {
                "horizon": list(lp.horizon),
                "coef": lp.coef.tolist(),
                "se_robust": lp.se_robust.tolist(),
                "nobs": list(lp.nobs),
            },
            "asymmetry": None
            if self.asymmetry is None
            else {
                "p_long": self.asymmetry.p_long,
                "p_short": self.asymmetry.p_short,
                "by_bootstrap": self.asymmetry.by_bootstrap,
                "up": self.asymmetry.up.theta if with_points else None,
                "down": self.asymmetry.down.theta if with_points else None,
            },
            "rank": self.rank,
            "momentum": None if self.momentum is None else asdict(self.momentum),
            "drift": {"gain": self.drift.gain, "ratio": self.drift.ratio},
        }


def _with_error(one: SecondOpinion) -> Text:
    if one.error is None:
        return one.note
    return Text(f"标准误 {one.error:.4f}；{one.note.zh}", f"error {one.error:.4f}; {one.note.en}")


def _opinion(key: str, rate: float, error: float | None, within: FiellerSet) -> SecondOpinion:
    agrees = within.holds(rate)
    note = Text("在 Fieller 区间内", "within the Fieller set") if agrees else Text(
        "在 Fieller 区间之外：两种方法不一致", "outside the Fieller set: the two methods disagree"
    )  # fmt: skip
    return SecondOpinion(key, rate, error, agrees, note)


def companions(
    y: FloatArray, x: FloatArray, model: Ardl, bounds: Bounds, within: FiellerSet, rng: np.random.Generator
) -> Companions:
    """
    Return what stands beside the main estimate.

    Parameters
    ----------
    y : array, shape (n,)
    x : array, shape (n, k)
    model : Ardl
    bounds : Bounds
        Asymmetry is tested only behind a level relation.
    within : FiellerSet
        With which second opinions must agree.
    rng : Generator
    """
    opinions: list[SecondOpinion] = []
    rank: int | None = None
    for key in LABELS:
        try:
            if key == "johansen":
                system = johansen(y, x, lags=max(2, model.order.p))
                rank = system.rank
                opinions.append(_opinion(key, float(system.rates[0]), None, within))
            else:
                found = dols(y, x) if key == "dols" else fmols(y, x)
                opinions.append(_opinion(key, float(found.rates[0]), float(found.errors[0]), within))
        except (NotEstimable, np.linalg.LinAlgError) as error:
            opinions.append(SecondOpinion(key, None, None, None, _why(error)))
    asymmetry, momentum, why = None, None, NOTHING
    if bounds.verdict != "level_relation":
        why = Text("未确认长期关系，不检验", "not tested: no level relation is established")
    else:
        try:
            asymmetry = nardl(y, x, model.order, rng)
            momentum = momentum_threshold(y, x)
        except (NotEstimable, np.linalg.LinAlgError) as error:
            why = _why(error)
    try:
        projections = local_projections(y, x)
    except (NotEstimable, np.linalg.LinAlgError):
        projections = None
    return Companions(
        tuple(opinions), rank, asymmetry, momentum, why, projections, random_walk_rate(np.diff(y), np.diff(x, axis=0))
    )


def _why(error: Exception) -> Text:
    if isinstance(error, YuetanError):
        return Text(f"无法检验：{error.text('zh')}", f"cannot be made: {error.text('en')}")
    return Text("无法检验：矩阵奇异", "cannot be made: a singular matrix")
