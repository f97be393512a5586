"""Many products: exposure times allowance price with product and time effects, honest errors, false discoveries."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.passthrough.errors import NotEstimable
from models.passthrough.regression import t_two_sided
from models.units import FloatArray

#: With fewer clusters than this the p-value comes from a wild bootstrap.
FEW_CLUSTERS = 30


@dataclass(frozen=True, slots=True)
class Panel:
    """
    Common rate of a balanced panel.

    ``se_clustered`` by product and time; ``se_driscoll_kraay`` over time with
    Bartlett weights. No small-sample factor on either: stated, so that other
    programs can be compared. ``p_wild`` only with few clusters.
    """

    rate: float
    se_clustered: float
    se_driscoll_kraay: float
    p: float
    p_wild: float | None
    mean_group: float
    se_mean_group: float
    products: int
    periods: int


def within(values: FloatArray) -> FloatArray:
    """Take product and time means out of a balanced panel, shape (products, periods)."""
    return np.asarray(
        values - values.mean(axis=1, keepdims=True) - values.mean(axis=0, keepdims=True) + values.mean(),
        dtype=np.float64,
    )


def exposure_panel(
    price: FloatArray,
    exposure_tco2_per_t: FloatArray,
    allowance: FloatArray,
    rng: np.random.Generator,
    *,
    kernel_lags: int | None = None,
    draws: int = 999,
) -> Panel:
    """
    Estimate one rate for many products from how their exposure differs.

    Parameters
    ----------
    price : array, shape (products, periods)
        CNY per t.
    exposure_tco2_per_t : array, shape (products,)
        e_i, fixed.
    allowance : array, shape (periods,)
        P_t, CNY per tCO2; its own path goes into the time effects.
    rng : Generator
        For the wild bootstrap.
    kernel_lags : int, optional
        Of Driscoll and Kraay (1998); 4 (T/100)^(2/9) where not given.
    draws : int
    """
    n, t = price.shape
    if n < 3 or t < 10 or not np.isfinite(price).all():
        raise NotEstimable(
            why_zh="面板须至少 3 个产品、10 期且无缺失",
            why_en="a panel needs at least 3 products, 10 periods and no holes",
            mend_zh="请补齐或删去有缺失的产品。",
            mend_en="Complete the panel or leave products with holes out.",
        )
    x = within(np.outer(exposure_tco2_per_t, allowance))
    size = float((x * x).sum())
    if size <= 1e-12 * float((np.outer(exposure_tco2_per_t, allowance) ** 2).sum()):
        raise NotEstimable(
            why_zh="各产品排放强度相同，或碳价从未变动",
            why_en="all products are exposed alike, or the allowance price never moves",
            mend_zh="请加入强度不同的产品。",
            mend_en="Add products of other intensity.",
        )
    y = within(price)
    rate = float((x * y).sum() / size)
    scores = x * (y - rate * x)
    by_product, by_time = scores.sum(axis=1), scores.sum(axis=0)
    middle = float((by_product**2).sum() + (by_time**2).sum() - (scores**2).sum())
    # Two-way clustering may turn out negative; then the larger single clustering stands in.
    middle = middle if middle > 0 else max(float((by_product**2).sum()), float((by_time**2).sum()))
    lags = int(4.0 * (t / 100.0) ** (2.0 / 9.0)) if kernel_lags is None else kernel_lags
    kraay = float(by_time @ by_time)
    for lag in range(1, lags + 1):
        kraay += 2.0 * (1.0 - lag / (lags + 1.0)) * float(by_time[lag:] @ by_time[:-lag])
    se = float(np.sqrt(middle)) / size
    fewest = min(n, t)
    wild = _wild(x, y, rng, draws, by_rows=n <= t) if fewest < FEW_CLUSTERS else None
    steep = _slopes(price, exposure_tco2_per_t, allowance)
    return Panel(
        rate,
        se,
        float(np.sqrt(max(kraay, 0.0))) / size,
        t_two_sided(rate / se, fewest - 1),
        wild,
        float(steep.mean()),
        float(steep.std(ddof=1) / np.sqrt(n)),
        n,
        t,
    )


def _wild(x: FloatArray, y: FloatArray, rng: np.random.Generator, draws: int, *, by_rows: bool) -> float:
    """Return the p-value of no pass-through: Webb's six weights, null imposed, by the side with fewer clusters."""
    axis = 0 if by_rows else 1
    points = np.sqrt(np.array([0.5, 1.0, 1.5]))
    weights = rng.choice(np.concatenate([points, -points]), (draws, x.shape[axis]))
    size = float((x * x).sum())

    def t_of(values: FloatArray) -> float:
        b = float((x * values).sum() / size)
        return b / float(np.sqrt(((x * (values - b * x)).sum(axis=1 - axis) ** 2).sum()))

    seen = abs(t_of(y))
    shaped = weights[:, :, None] if by_rows else weights[:, None, :]
    count = sum(abs(t_of(within(w * y))) >= seen for w in shaped)
    return float((1 + count) / (1 + draws))


def _slopes(price: FloatArray, exposure: FloatArray, allowance: FloatArray) -> FloatArray:
    """Return each product's slope on its own cost, with a trend common to all taken out by the mean over products."""
    y, x = within(price), allowance - allowance.mean()
    apart = exposure - exposure.mean()
    moves = np.abs(apart) > 1e-9 * np.abs(exposure).max()
    return np.asarray((y[moves] @ x) / (apart[moves] * float(x @ x)))


@dataclass(frozen=True, slots=True)
class Discoveries:
    """p-values as they are beside those adjusted, and which stand at the rate asked for."""

    names: tuple[str, ...]
    p: FloatArray
    adjusted: FloatArray
    stands: tuple[bool, ...]
    rate: float


def benjamini_hochberg(names: tuple[str, ...], p: FloatArray, rate: float = 0.05) -> Discoveries:
    """
    Adjust p-values over products for the rate of false discoveries.

    Parameters
    ----------
    names : tuple of str
    p : array, shape (n,)
    rate : float
        Share of false among those that stand.

    Examples
    --------
    >>> benjamini_hochberg(("a", "b", "c"), np.array([0.01, 0.04, 0.03])).adjusted.round(3).tolist()
    [0.03, 0.04, 0.04]
    """
    if p.size != len(names) or np.any(~(p >= 0) | ~(p <= 1)):
        raise NotEstimable(
            why_zh="p 值缺失或不在 0 至 1 之间",
            why_en="a p-value is missing or does not lie in 0 to 1",
            mend_zh="请先去掉未能估计的产品。",
            mend_en="Leave products out that could not be estimated.",
        )
    order = np.argsort(p)
    scaled = p[order] * p.size / np.arange(1, p.size + 1)
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(1.0, np.minimum.accumulate(scaled[::-1])[::-1])
    return Discoveries(names, p, adjusted, tuple(bool(v <= rate) for v in adjusted), rate)
