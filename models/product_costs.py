"""
Carbon cost of every product of a firm's installations, in three views, out of each installation's position.

One pass over columns serves one product and millions; what the products hold
and what is left at the installation add up to it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.embedded import full_cost, marginal_cost
from models.errors import Text, YuetanError
from models.units import FloatArray

METHOD = "models.product_costs/1"
#: Relative slack of sums against the total they must not exceed: the rounding of addition, no tolerance of the law.
SLACK = 1e-9


class ProductsExceedSite(YuetanError):
    code = "products.exceed_site"
    message = Text(
        "装置“{site}”各产品的{what_zh}合计 {sum_t:,.3f} t，高于装置的 {total_t:,.3f} t。",
        "The products of '{site}' add up to {sum_t:,.3f} t of {what_en}, above the installation's {total_t:,.3f} t.",
    )
    hint = Text(
        "请核对是否重复计算或单位有误；产品之和不能高于核查结果。",
        "Look for tonnes counted twice or a wrong unit; products cannot add up to more than was verified.",
    )


@dataclass(frozen=True, slots=True)
class SiteColumns:
    """
    m installations, each array of shape (m,); NaN is not known.

    Emissions E and free allocation F in tCO2, prices in CNY per tCO2; ``output_share``
    is lambda, the share of the free allocation that follows output. ``covered``
    is false outside any market, where all three views are zero.
    """

    emissions_t: FloatArray
    free_t: FloatArray
    average_paid_cny_per_t: FloatArray
    market_price_cny_per_t: FloatArray
    output_share: FloatArray
    covered: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class ProductColumns:
    """
    n products, each array of shape (n,).

    The place of the installation, output in t, covered emissions and own free
    allocation in tCO2; a free allocation of NaN follows the share of emissions.
    """

    site: NDArray[np.int64]
    output_t: FloatArray
    emissions_t: FloatArray
    free_t: FloatArray


@dataclass(frozen=True, slots=True)
class ProductCosts:
    """
    Views of shape (n, 3): full, paid, marginal, CNY per t of product; NaN is not known.

    ``rest_t`` and ``rest_cny``, shapes (m,) and (m, 3), are what no product of
    the installation holds: tonnes and their cost in each view.
    """

    intensity_tco2_per_t: FloatArray
    free_tco2_per_t: FloatArray
    views_cny_per_t: FloatArray
    totals_cny: FloatArray
    rest_t: FloatArray
    rest_cny: FloatArray


def product_costs(sites: SiteColumns, products: ProductColumns, name: Callable[[int], Any] = str) -> ProductCosts:
    """
    Return what carbon costs each product.

    Parameters
    ----------
    sites, products : SiteColumns, ProductColumns
        Columns of shape (m,) and (n,); every output is above zero.
    name : callable
        How a refusal names installation ``i``.

    Raises
    ------
    ProductsExceedSite
        The products hold more than the installation. What cannot be compared,
        the total being unknown, is not refused.

    Notes
    -----
    e and b are emissions and free allocation per t of product; full = P e, paid
    = average paid x e, marginal = P (e - lambda b) (``passthrough.md`` 2.2).
    Without a free allocation of its own a product takes F e / E.
    """
    m, at = sites.emissions_t.size, products.site
    listed = _sums(products.emissions_t, at, m)
    _within(listed, sites.emissions_t, Text("排放", "emissions"), name)
    share_t = products.emissions_t * (sites.free_t / np.where(sites.emissions_t > 0.0, sites.emissions_t, np.nan))[at]
    free = np.where(np.isnan(products.free_t), share_t, products.free_t)
    _within(_sums(np.nan_to_num(products.free_t), at, m), sites.free_t, Text("免费配额", "free allocation"), name)
    e, b = products.emissions_t / products.output_t, free / products.output_t
    views = _views(sites, at, e, b)
    rest_t = sites.emissions_t - listed
    rest_free = sites.free_t - _sums(free, at, m)
    return ProductCosts(
        intensity_tco2_per_t=e,
        free_tco2_per_t=b,
        views_cny_per_t=views,
        totals_cny=views * products.output_t[:, None],
        rest_t=rest_t,
        rest_cny=_views(sites, np.arange(m), rest_t, rest_free),
    )


def _views(sites: SiteColumns, at: NDArray[np.int64], e: FloatArray, b: FloatArray) -> FloatArray:
    """Return full, paid and marginal cost of ``e`` tonnes with ``b`` free allowances, as columns."""
    price, lam = sites.market_price_cny_per_t[at], sites.output_share[at]
    # A lump sum moves nothing, also where it is not known how large it is.
    follows = np.where(lam == 0.0, 0.0, b)
    views = np.stack(
        [full_cost(price, e), sites.average_paid_cny_per_t[at] * e, marginal_cost(price, e, follows, lam)], axis=1
    )
    views[~sites.covered[at]] = 0.0
    return views


def _sums(tonnes: FloatArray, at: NDArray[np.int64], m: int) -> FloatArray:
    """Return what the products of each installation come to, shape (m,)."""
    return np.bincount(at, tonnes, minlength=m).astype(np.float64)


def _within(sums_t: FloatArray, totals_t: FloatArray, what: Text, name: Callable[[int], Any]) -> None:
    beyond = np.flatnonzero(sums_t > totals_t * (1.0 + SLACK))
    if beyond.size:
        at = int(beyond[0])
        raise ProductsExceedSite(
            field="products", site=name(at), what_zh=what.zh, what_en=what.en, sum_t=float(sums_t[at]),
            total_t=float(totals_t[at]),
        )  # fmt: skip
