"""What the residuals of a fit say: serial correlation, changing variance, form, and a drifting relation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc

from models.errors import NOTHING, Text
from models.passthrough.errors import NotEstimable
from models.passthrough.regression import Fit, f_upper, ols
from models.units import FloatArray

#: 5 % boundary of the cumulated recursive residuals (Brown, Durbin and Evans 1975).
CUSUM_5PCT = 0.948
#: A first block of rows worse conditioned than this starts no recursion.
_WORST_START = 1e6


@dataclass(frozen=True, slots=True)
class Check:
    """
    One test, its null hypothesis in words, and its outcome.

    ``statistic`` is ``None`` where the test cannot be made; ``why`` then says so.
    ``p`` is ``None`` also where only a 5 % boundary is known; ``rejects`` tells.
    """

    key: str
    label: Text
    null: Text
    statistic: float | None
    p: float | None
    rejects: bool | None
    why: Text = NOTHING


def cannot(key: str, label: Text, null: Text, error: NotEstimable) -> Check:
    """Return a test that cannot be made, with its reason."""
    return Check(key, label, null, None, None, None, Text(error.text("zh"), error.text("en")))


def breusch_godfrey(fit: Fit, lags: int) -> Check:
    """Return the LM test of serial correlation up to ``lags``: n R^2 of the residuals on columns and own lags."""
    key, label = f"breusch_godfrey_{lags}", Text(f"Breusch–Godfrey（{lags} 阶）", f"Breusch-Godfrey to {lags}")
    null = Text("残差无序列相关", "residuals are not serially correlated")
    padded = np.concatenate([np.zeros(lags), fit.resid])
    late = np.column_stack([padded[lags - i : lags - i + fit.nobs] for i in range(1, lags + 1)])
    try:
        more = ols(
            fit.resid, np.column_stack([fit.x, late]), (*fit.names, *(f"resid.L{i}" for i in range(1, lags + 1)))
        )
    except NotEstimable as error:
        return cannot(key, label, null, error)
    lm = fit.nobs * (1.0 - more.ssr / fit.ssr)
    p = float(chdtrc(lags, lm))
    return Check(key, label, null, lm, p, p < 0.05)


def breusch_pagan(fit: Fit) -> Check:
    """Return Koenker's form of the test of changing variance: n R^2 of the squared residuals on the columns."""
    label, null = Text("Breusch–Pagan", "Breusch-Pagan"), Text("残差方差不变", "residuals have constant variance")
    squares = fit.resid**2
    more = ols(squares, fit.x, fit.names)
    lm = fit.nobs * (1.0 - more.ssr / float(((squares - squares.mean()) ** 2).sum()))
    p = float(chdtrc(fit.x.shape[1] - 1, lm))
    return Check("breusch_pagan", label, null, lm, p, p < 0.05)


def reset(fit: Fit) -> Check:
    """Return Ramsey's test of the form: F of the second and third power of the fitted values."""
    label, null = Text("RESET（2、3 次幂）", "RESET, powers 2 and 3"), Text("线性形式足够", "the linear form is enough")
    fitted = fit.y - fit.resid
    spread = fitted.std()
    scaled = (fitted - fitted.mean()) / (spread if spread > 0 else 1.0)
    try:
        more = ols(fit.y, np.column_stack([fit.x, scaled**2, scaled**3]), (*fit.names, "fitted^2", "fitted^3"))
    except NotEstimable as error:
        return cannot("reset", label, null, error)
    f = (fit.ssr - more.ssr) / 2.0 / (more.ssr / more.df)
    p = f_upper(f, 2, more.df)
    return Check("reset", label, null, f, p, p < 0.05)


def recursive_residuals(x: FloatArray, y: FloatArray) -> FloatArray:
    """Return the standardised one-step errors of a regression that grows by one observation, shape (n - k,)."""
    n, k = x.shape
    first = k
    while first < n and np.linalg.cond(x[:first]) > _WORST_START:
        first += 1
    if n - first < n // 2:
        raise NotEstimable(
            why_zh="样本前半段解释变量几乎不变动",
            why_en="through the first half of the sample a column hardly moves",
            mend_zh="请缩短样本，从其变动时开始。",
            mend_en="Begin the sample where it moves.",
        )
    q, r = np.linalg.qr(x[:first])
    half = np.linalg.inv(r)
    inverse, beta = half @ half.T, half @ (q.T @ y[:first])
    found = np.empty(n - first)
    for t in range(first, n):
        row = x[t]
        gain = inverse @ row
        spread = 1.0 + float(row @ gain)
        error = float(y[t] - row @ beta)
        found[t - first] = error / np.sqrt(spread)
        beta = beta + gain * (error / spread)
        inverse = inverse - np.outer(gain, gain) / spread
    return found


def cusum_path(fit: Fit) -> FloatArray:
    """Return the cumulated recursive residuals over their standard deviation; columns are rotated to keep digits."""
    q, _ = np.linalg.qr(fit.x)
    steps = recursive_residuals(q * np.sqrt(fit.nobs), fit.y - fit.y.mean())
    return np.asarray(np.cumsum(steps) / np.std(steps, ddof=1))


def cusum(fit: Fit) -> Check:
    """Return the CUSUM test: the path's largest share of a boundary that widens along the sample."""
    label = Text("CUSUM", "CUSUM")
    null = Text("系数在样本期内稳定", "coefficients are stable over the sample")
    try:
        path = cusum_path(fit)
    except NotEstimable as error:
        return cannot("cusum", label, null, error)
    n = path.size
    at = np.arange(1, n + 1)
    statistic = float(np.max(np.abs(path) / (np.sqrt(n) * (1.0 + 2.0 * at / n))))
    return Check("cusum", label, null, statistic, None, statistic > CUSUM_5PCT)


def residual_checks(fit: Fit) -> tuple[Check, ...]:
    """Return every check of the residuals, in the order of the method."""
    return (breusch_godfrey(fit, 4), breusch_godfrey(fit, 12), breusch_pagan(fit), reset(fit), cusum(fit))
