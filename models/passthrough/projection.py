"""Price changes along a path of carbon costs, with 10-50-90 bands from the bootstrap draws of the multipliers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.passthrough.errors import NotEstimable
from models.passthrough.multipliers import Multipliers
from models.units import FloatArray


@dataclass(frozen=True, slots=True)
class Projected:
    """Price change against today, CNY per t, by period: 10, 50 and 90 % of the draws. A band, not a forecast."""

    low: FloatArray
    median: FloatArray
    high: FloatArray


def project(multipliers: Multipliers, cost_cny_per_t: FloatArray) -> Projected:
    """
    Project a price along a path of carbon costs.

    Parameters
    ----------
    multipliers : Multipliers
        Cumulative, with draws.
    cost_cny_per_t : array, shape (h + 1,)
        Carbon cost per t of product, today first.

    Notes
    -----
    ``dp_t = sum over s of m_s dkappa_{t-s}`` (``passthrough.md`` 5.3); beyond
    the multipliers' horizon their last value stands. The band holds the doubt
    about the coefficients and none about the path.
    """
    if cost_cny_per_t.size < 2 or not np.isfinite(cost_cny_per_t).all():
        raise NotEstimable(
            field="cost_cny_per_t",
            why_zh="碳成本路径须至少两期且无缺失",
            why_en="a path needs at least two periods and no holes",
            mend_zh="请补全路径。",
            mend_en="Complete the path.",
        )
    steps = np.diff(cost_cny_per_t)
    draws, held = multipliers.draws, multipliers.draws.shape[1]
    when = np.arange(steps.size)
    late = when[:, None] - when[None, :]
    weights = draws[:, np.clip(late, 0, held - 1)] * (late >= 0)
    paths = weights @ steps
    low, median, high = np.quantile(paths, (0.1, 0.5, 0.9), axis=0)
    return Projected(*(np.concatenate(([0.0], one)) for one in (low, median, high)))
