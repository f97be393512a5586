"""The whole sequence for one product: from a prepared sample to everything that is always reported (``passthrough.md`` 5.2)."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import Field

from models.errors import Text
from models.findings import Finding
from models.inputs import Input
from models.passthrough.ardl import Ardl, Order, fit_ardl, select_order
from models.passthrough.bounds import bounds_test
from models.passthrough.breaks import breaks
from models.passthrough.checks import breusch_godfrey, residual_checks
from models.passthrough.companions import LABELS, companions
from models.passthrough.denominators import Against, Allocation, factors, output_based
from models.passthrough.errors import NotEstimable
from models.passthrough.grade import grade
from models.passthrough.integration import integration, stop_at_order_two
from models.passthrough.longrun import long_run
from models.passthrough.multipliers import multipliers, refit
from models.passthrough.prepare import Sample
from models.passthrough.report import PassThrough
from models.units import FloatArray

#: Draws of sup-F under a stable relation: its p-value is read to the nearest half per cent only.
STABLE_DRAWS = 199
Lag = Annotated[int, Field(ge=0, le=12)]


class Choices(Input):
    """
    What a user may choose; the defaults are the method's.

    ``order`` fixes the lags (own, then each cost) instead of a search.
    ``inputs_complete`` states that no main input cost is left out.
    """

    most_own_lags: Annotated[int, Field(ge=1, le=12)] | None = None
    most_cost_lags: Lag | None = None
    order: tuple[Lag, ...] | None = None
    raise_order: bool = True
    seasonal: bool | None = None
    inputs_complete: bool = False
    against: Against = "full"
    allocation: Allocation | None = None
    horizon: Annotated[int, Field(ge=1, le=260)] | None = None
    draws: Annotated[int, Field(ge=99, le=9999)] = 999
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = 20261101


def seasonal_dummies(sample: Sample) -> tuple[FloatArray, tuple[str, ...]]:
    """Return dummies of months or quarters, the first left out."""
    if sample.frequency == "monthly":
        at, count = np.array([day.month for day in sample.periods]), 12
    else:
        at, count = np.array([(day.month + 2) // 3 for day in sample.periods]), 4
    table = (at[:, None] == np.arange(2, count + 1)).astype(np.float64)
    return table, tuple(f"season.{i}" for i in range(2, count + 1))


def estimate(sample: Sample, choices: Choices | None = None) -> PassThrough:
    """
    Estimate the long-run rate of one product.

    Parameters
    ----------
    sample : Sample
        From ``prepare``; CNY per t.
    choices : Choices, optional

    Returns
    -------
    PassThrough

    Raises
    ------
    NotEstimable
        A series of order two, collinear costs, a sample too short.
    """
    try:
        return _estimated(sample, choices or Choices())
    except np.linalg.LinAlgError as error:
        raise NotEstimable(
            why_zh="解释变量近于共线，方程组奇异",
            why_en="the costs are so nearly collinear that the system is singular",
            mend_zh="请删去相近的成本序列，或加长样本。",
            mend_en="Drop costs that move alike, or lengthen the sample.",
        ) from error


def _estimated(sample: Sample, asked: Choices) -> PassThrough:
    rng = np.random.default_rng(asked.seed)
    roots = tuple(
        integration(name, values)
        for name, values in ((sample.product, sample.y), *zip(sample.costs, sample.x.T, strict=True))
    )
    stop_at_order_two(roots)
    dummies, named = (None, ()) if not _seasonal(sample, asked) else seasonal_dummies(sample)
    searched, model, settled = _model(sample, asked, dummies, named)
    _not_exact(sample, model)
    rate = long_run(model)
    drawn = refit(model, sample.y, rng, asked.draws)
    horizon = asked.horizon or max(12, min(52, len(sample.y) // 5))
    path = multipliers(model, drawn, horizon)
    first = model.start - model.order.p
    stable = drawn.paths[: min(STABLE_DRAWS, asked.draws)]
    broken = breaks(sample.y[first:], sample.x[first:], stable)
    tested = bounds_test(model, rng)
    beside = companions(sample.y, sample.x, model, tested, rate.within, rng)
    found = list(sample.findings)
    if beside.disagree:
        found.append(_disagree(beside.disagree))
    if not settled:
        found.append(_still_correlated())
    if str(searched) != str(model.order):
        found.append(_raised(searched, model.order))
    lone = not asked.inputs_complete and len(sample.costs) == 1
    graded = grade(
        model.fit.nobs,
        model.alpha,
        unmodelled_break=broken.found,
        repeated_share=sample.repeated_share,
        input_left_out=lone,
        bounded=rate.within.bounded,
        coefficients=int(model.fit.beta.size),
    )
    return PassThrough(
        sample=sample,
        model=model,
        searched=searched,
        rate=rate,
        bounds=tested,
        beside=beside,
        roots=roots,
        checks=residual_checks(model.fit),
        path=path,
        breaks=broken,
        breaks_from=first,
        against=factors(asked.allocation, asked.against),
        denominator_warning=output_based(asked.allocation),
        grade=graded,
        findings=tuple(found),
        seed=asked.seed,
        draws=asked.draws,
        choices_text=asked.model_dump_json(),
    )


def _seasonal(sample: Sample, asked: Choices) -> bool:
    if sample.frequency == "weekly":
        return False
    return True if asked.seasonal is None else asked.seasonal


def _model(
    sample: Sample, asked: Choices, fixed: FloatArray | None, named: tuple[str, ...]
) -> tuple[Order, Ardl, bool]:
    """Return the order searched, the model kept, and whether its residuals are free of serial correlation."""
    k = sample.x.shape[1]
    most = 6 if sample.frequency == "monthly" else 4
    most_p, most_q = asked.most_own_lags or most, most if asked.most_cost_lags is None else asked.most_cost_lags
    if asked.order is not None:
        if len(asked.order) != k + 1 or asked.order[0] < 1:
            raise NotEstimable(
                field="order",
                why_zh=f"阶数应为 {k + 1} 个（价格在前，至少 1）",
                why_en=f"an order has {k + 1} lags, at least 1 for the price",
                mend_zh="请更正阶数。",
                mend_en="Correct the order.",
            )
        order = Order(asked.order[0], tuple(asked.order[1:]))
        model = fit_ardl(sample.y, sample.x, sample.costs, order, fixed, named)
        return order, model, _settled(model)
    order = select_order(sample.y, sample.x, most_p=most_p, most_q=most_q, fixed=fixed)
    model = fit_ardl(sample.y, sample.x, sample.costs, order, fixed, named)
    if _settled(model) or not asked.raise_order:
        return order, model, _settled(model)
    for more in range(1, max(most_p, most_q) + 1):
        higher = Order(min(order.p + more, most_p), tuple(min(q + more, most_q) for q in order.q))
        try:
            tried = fit_ardl(sample.y, sample.x, sample.costs, higher, fixed, named)
        except NotEstimable:
            break
        if _settled(tried):
            return order, tried, True
    # No order within the search is free of it: the order of BIC stands, and the finding says so.
    return order, model, False


def _not_exact(sample: Sample, model: Ardl) -> None:
    """Refuse a price that its costs explain to the last digit: it was worked out from them."""
    if model.fit.ssr <= 1e-12 * float(((model.fit.y - model.fit.y.mean()) ** 2).sum()):
        raise NotEstimable(
            field=sample.product,
            why_zh="价格可由成本精确算出，残差为零：它似由成本推算而来，不是市场价格",
            why_en="the costs explain the price to the last digit; it looks worked out from them, not paid in a market",
            mend_zh="请换用真实成交价格。",
            mend_en="Use prices that were paid.",
        )


def _settled(model: Ardl) -> bool:
    return not any(breusch_godfrey(model.fit, lags).rejects for lags in (4, 12))


def _still_correlated() -> Finding:
    return Finding(
        "passthrough.serial_correlation",
        "warning",
        Text(
            "在所搜索的全部阶数下残差仍有序列相关；区间可能过窄。",
            "Residuals stay serially correlated at every order searched; the interval may be too narrow.",
        ),
        Text("请检查断点、缺失的投入成本或季节性。", "Look for breaks, a cost left out, or seasons."),
    )


def _disagree(keys: tuple[str, ...]) -> Finding:
    zh = "、".join(LABELS[key].zh for key in keys)
    en = ", ".join(LABELS[key].en for key in keys)
    return Finding(
        "passthrough.second_opinion_disagrees",
        "warning",
        Text(f"{zh}的结果在 Fieller 区间之外。", f"{en} lies outside the Fieller set."),
        Text("请查看断点、遗漏成本和样本长度。", "Look at breaks, costs left out and the length of the sample."),
    )


def _raised(searched: Order, kept: Order) -> Finding:
    return Finding(
        "passthrough.order_raised",
        "info",
        Text(
            f"BIC 选 {searched}，因残差序列相关提高到 {kept}。",
            f"BIC chose {searched}; raised to {kept} because its residuals are serially correlated.",
        ),
    )
