"""Order of integration of each series: ADF and KPSS together, Zivot-Andrews beside them; a series of order two stops the run."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Literal

import numpy as np

from models.errors import Text
from models.passthrough.errors import NotEstimable
from models.units import FloatArray

Order = Literal["I(0)", "I(1)", "I(2)", "unclear"]
SAID: dict[Order, Text] = {
    "I(0)": Text("平稳", "stationary"),
    "I(1)": Text("一阶单整", "integrated of order one"),
    "I(2)": Text("二阶单整，停止估计", "integrated of order two: the run stops"),
    "unclear": Text("两种检验不一致", "the two tests disagree"),
}


@dataclass(frozen=True, slots=True)
class Integration:
    """
    Unit-root tests of one series in levels and differences.

    Null of ADF and Zivot-Andrews: a unit root. Null of KPSS: stationary.
    ``break_at`` is the observation after which Zivot-Andrews sees the break.
    """

    name: str
    adf: float
    adf_p: float
    adf_lags: int
    kpss: float
    kpss_p: float
    adf_difference: float
    adf_difference_p: float
    kpss_difference_p: float
    zivot_andrews: float | None
    zivot_andrews_p: float | None
    break_at: int | None
    why_no_break_test: Text | None

    @property
    def order(self) -> Order:
        """What ADF and KPSS say together at 5 %."""
        if self.adf_difference_p >= 0.05 and self.kpss_difference_p < 0.05:
            return "I(2)"
        root, stays = self.adf_p >= 0.05, self.kpss_p >= 0.05
        if root and not stays:
            return "I(1)"
        return "I(0)" if stays and not root else "unclear"


def _kpss(values: FloatArray) -> tuple[float, float]:
    from statsmodels.tsa.stattools import kpss

    with warnings.catch_warnings():
        # Outside its table the p-value is the table's edge, 0.01 or 0.10: all that is asked is which side of 0.05.
        warnings.simplefilter("ignore")
        found = kpss(values, regression="c", nlags="auto")
    return float(found[0]), float(found[1])


def integration(name: str, values: FloatArray, *, with_break: bool = True) -> Integration:
    """
    Return the unit-root tests of one series.

    Parameters
    ----------
    name : str
    values : array, shape (n,)
        The series in levels, without holes.
    with_break : bool
        Whether Zivot-Andrews is made where ADF sees a unit root. Trimmed by 15 %:
        at 10 % it is singular on short samples (``passthrough.md`` 6).
    """
    # Two seconds of import that a request for an ex-ante rate does not need.
    from statsmodels.tsa.stattools import adfuller, zivot_andrews

    steps = np.diff(values)
    if np.ptp(steps) <= 1e-9 * float(np.abs(steps).max()):
        raise NotEstimable(
            field=name,
            why_zh=f"“{name}”每期变动完全相同",
            why_en=f"'{name}' moves by the same amount in every period",
            mend_zh="请检查该序列是否为真实价格。",
            mend_en="Check that this is a series of real prices.",
        )
    with warnings.catch_warnings():
        # Series that stand still for long make single lag orders singular; the search passes over them.
        warnings.simplefilter("ignore")
        adf = adfuller(values, regression="c", autolag="AIC", result_object=False)
        of_steps = adfuller(steps, regression="c", autolag="AIC", result_object=False)
    level, difference = _kpss(values), _kpss(steps)
    za: tuple[float | None, float | None, int | None] = (None, None, None)
    why: Text | None = None
    if with_break and float(adf[1]) >= 0.05:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                found = zivot_andrews(values, trim=0.15, maxlag=4, regression="c", autolag=None)
            za = (float(found[0]), float(found[1]), int(found[4]))
        except (ValueError, np.linalg.LinAlgError, Warning) as error:
            why = Text(f"无法检验：{error}", f"cannot be made: {error}")
    elif with_break:
        why = Text("ADF 已拒绝单位根", "ADF rejects a unit root already")
    return Integration(
        name,
        float(adf[0]),
        float(adf[1]),
        int(adf[2]),
        level[0],
        level[1],
        float(of_steps[0]),
        float(of_steps[1]),
        difference[1],
        za[0],
        za[1],
        za[2],
        why,
    )


def stop_at_order_two(found: tuple[Integration, ...]) -> None:
    """Refuse to go on with a series of order two: the bounds of a level relation do not hold for it."""
    for one in found:
        if one.order == "I(2)":
            raise NotEstimable(
                field=one.name,
                why_zh=f"“{one.name}”为二阶单整，边界检验与长期关系均不成立",
                why_en=f"'{one.name}' is integrated of order two; neither bounds test nor long-run rate holds for it",
                mend_zh="请检查是否误用了累计值，或改用其差分。",
                mend_en="Check whether a running total was given, or give its difference.",
            )
