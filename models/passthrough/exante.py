"""
Ex-ante pass-through: what share of a cost change a market of a given structure would hand on.

Formulas with their assumptions (``passthrough.md`` 4). Every function takes a
float or a column, and refuses a structure for which it has no answer.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from models.passthrough.errors import NoisyDenominator, NoSuchMarket
from models.units import FloatArray, Numbers

#: Below this share of net in gross emissions a rate on paid cost is noise (``passthrough.md`` 3).
LEAST_NET_SHARE = 0.05


def refuse(wrong: Any, field: str, zh: str, en: str) -> None:
    """Refuse where any of ``wrong`` holds."""
    if np.any(wrong):
        raise NoSuchMarket(field=field, why_zh=zh, why_en=en)


def finite(**values: Numbers) -> None:
    """Refuse what is not a number."""
    for name, value in values.items():
        refuse(~np.isfinite(value), name, f"“{name}”不是数", f"'{name}' is not a number")


def _share(name: str, value: Numbers) -> None:
    refuse(
        (np.asarray(value) < 0) | (np.asarray(value) > 1),
        name,
        f"“{name}”须在 0 至 1 之间",
        f"'{name}' must lie in 0 to 1",
    )


def _not_negative(name: str, value: Numbers) -> None:
    refuse(np.asarray(value) < 0, name, f"“{name}”不得为负", f"'{name}' must not be negative")


def conduct_rate(
    conduct: Numbers, curvature: Numbers, demand_elasticity: Numbers, supply_elasticity: Numbers | None = None
) -> Numbers:
    """
    Absolute pass-through of a symmetric industry with constant conduct.

    Parameters
    ----------
    conduct : float or array, shape (n,)
        omega: 0 perfect competition, 1/N Cournot with N equal firms, 1 monopoly.
    curvature : float or array, shape (n,)
        E = -p''Q/p' of inverse demand: 0 linear, 1 + 1/eps constant elasticity.
    demand_elasticity : float or array, shape (n,)
        eD, a positive number.
    supply_elasticity : float, array or None
        eS = mc/(mc' q); ``None`` for flat marginal cost.

    Returns
    -------
    float or array, shape (n,)
        rho = 1 / (1 + (eD - omega)/eS + omega (1 - E)), CNY per CNY.

    Notes
    -----
    Weyl and Fabinger (2013), Journal of Political Economy 121.

    Examples
    --------
    >>> round(conduct_rate(0.2, 0.0, 1.2, 3.0), 10)
    0.652173913
    """
    finite(conduct=conduct, curvature=curvature, demand_elasticity=demand_elasticity)
    _share("conduct", conduct)
    _not_negative("demand_elasticity", demand_elasticity)
    slope: Numbers = 0.0
    if supply_elasticity is not None:
        refuse(
            ~(np.asarray(supply_elasticity) > 0),
            "supply_elasticity",
            "供给弹性须为正",
            "supply elasticity must be positive",
        )
        slope = (demand_elasticity - conduct) / supply_elasticity
    below = 1.0 + slope + conduct * (1.0 - curvature)
    refuse(
        np.asarray(below) <= 0,
        "curvature",
        "分母不为正：需求曲率过大",
        "the denominator is not positive: demand too convex",
    )
    return 1.0 / below


def constant_elasticity_curvature(demand_elasticity: Numbers) -> Numbers:
    """Return E = 1 + 1/eps of demand with constant elasticity eps."""
    refuse(
        ~(np.asarray(demand_elasticity) > 0),
        "demand_elasticity",
        "需求弹性须为正",
        "demand elasticity must be positive",
    )
    return 1.0 + 1.0 / demand_elasticity


def _oligopoly(firms: Numbers, curvature: Numbers) -> Numbers:
    finite(firms=firms, curvature=curvature)
    refuse(np.asarray(firms) < 1, "firms", "企业数少于 1", "fewer than one firm")
    below = firms + 1.0 - curvature
    refuse(
        np.asarray(below) <= 0,
        "curvature",
        "分母 N + 1 − E 不为正（等弹性需求须 N·eps > 1）",
        "the denominator N + 1 - E is not positive (constant elasticity needs N eps > 1)",
    )
    return below


def cournot_rate(firms: Numbers, covered: Numbers, curvature: Numbers = 0.0) -> Numbers:
    """
    Price change per unit of cost when M of N Cournot firms with flat cost bear it.

    Parameters
    ----------
    firms, covered : float or array, shape (n,)
        N and M, numbers of firms.
    curvature : float or array, shape (n,)
        E of inverse demand.

    Returns
    -------
    float or array, shape (n,)
        M / (N + 1 - E). A linear competitive import fringe under linear demand
        leaves it as it is; only foreign firms inside the oligopoly count in N.

    Examples
    --------
    >>> cournot_rate(5, 3)
    0.5
    """
    below = _oligopoly(firms, curvature)
    _not_negative("covered", covered)
    refuse(
        np.asarray(covered) > np.asarray(firms), "covered", "受控企业多于全部企业", "more firms covered than there are"
    )
    return covered / below


def cournot_price_slope(net_tco2_per_t: FloatArray, firms: int, curvature: float = 0.0) -> float:
    """
    Price change per unit of allowance price under Cournot with different intensities.

    Parameters
    ----------
    net_tco2_per_t : array, shape (m,)
        e_i - lambda_i b_i of each covered firm, tCO2 per t of product.
    firms : int
        N, covered or not.

    Returns
    -------
    float
        sum of the net intensities / (N + 1 - E), CNY per t for 1 CNY per tCO2.

    Examples
    --------
    >>> cournot_price_slope(np.array([2.0, 1.0]), 3)
    0.75
    """
    below = _oligopoly(firms, curvature)
    refuse(net_tco2_per_t.size > firms, "net_tco2_per_t", "受控企业多于全部企业", "more firms covered than there are")
    finite(net_tco2_per_t=net_tco2_per_t)
    return float(net_tco2_per_t.sum() / below)


def import_rate(
    covered_share: Numbers, covered_elasticity: Numbers, import_elasticity: Numbers, demand_elasticity: Numbers
) -> Numbers:
    """
    Pass-through of a competitive market in which a share sigma of supply bears the cost.

    Parameters
    ----------
    covered_share : float or array, shape (n,)
        sigma, share of supply that bears the cost.
    covered_elasticity, import_elasticity, demand_elasticity : float or array
        eC, eM, eD; an infinite import elasticity makes a price taker (0).

    Returns
    -------
    float or array, shape (n,)
        sigma eC / (sigma eC + (1 - sigma) eM + eD).

    Examples
    --------
    >>> import_rate(1.0, 2.0, 0.0, 0.5)
    0.8
    """
    _share("covered_share", covered_share)
    for name, value in (
        ("covered_elasticity", covered_elasticity),
        ("import_elasticity", import_elasticity),
        ("demand_elasticity", demand_elasticity),
    ):
        refuse(np.isnan(value), name, f"“{name}”不是数", f"'{name}' is not a number")
        _not_negative(name, value)
    finite(covered_elasticity=covered_elasticity, demand_elasticity=demand_elasticity)
    own = covered_share * covered_elasticity
    # Nothing imported is nothing to react, however elastic it would be: infinity times zero is no number.
    abroad = np.where(np.asarray(covered_share) < 1, 1.0 - covered_share, 1.0) * import_elasticity
    abroad = np.where(np.asarray(covered_share) < 1, abroad, 0.0)
    below = own + abroad + demand_elasticity
    refuse(below <= 0, "demand_elasticity", "供给和需求弹性全为零", "no elasticity is above zero")
    rate = own / below
    return float(rate) if np.ndim(rate) == 0 else rate


class Armington(NamedTuple):
    """Home good against imports: elasticity a firm faces, markup, and both rates."""

    firm_elasticity: Numbers
    markup: Numbers
    gamma: Numbers
    elasticity_rate: Numbers
    rate: Numbers


def armington(home_share: Numbers, substitution: Numbers, upper_elasticity: Numbers) -> Armington:
    """
    Bertrand competition between a home good and imports that are imperfect substitutes.

    Parameters
    ----------
    home_share : float or array, shape (n,)
        s, value share of the home good.
    substitution, upper_elasticity : float or array, shape (n,)
        sg between the goods, u of the whole.

    Returns
    -------
    Armington
        eF = sg - (sg - u) s; m = eF/(eF - 1); Gamma = (sg-u)(sg-1)s(1-s)/(eF(eF-1));
        d ln p/d ln c = 1/(1 + Gamma); rho = m/(1 + Gamma).

    Examples
    --------
    >>> round(armington(0.2, 6.0, 1.0).rate, 6)
    1.041667
    """
    finite(home_share=home_share, substitution=substitution, upper_elasticity=upper_elasticity)
    _share("home_share", home_share)
    facing = substitution - (substitution - upper_elasticity) * home_share
    refuse(
        np.asarray(facing) <= 1,
        "substitution",
        "企业面对的弹性不大于 1，加价无解",
        "the elasticity a firm faces is not above 1",
    )
    markup = facing / (facing - 1.0)
    gamma = (
        (substitution - upper_elasticity)
        * (substitution - 1.0)
        * home_share
        * (1.0 - home_share)
        / (facing * (facing - 1.0))
    )
    refuse(
        np.asarray(gamma) <= -1, "upper_elasticity", "分母 1 + Γ 不为正", "the denominator 1 + Gamma is not positive"
    )
    return Armington(facing, markup, gamma, 1.0 / (1.0 + gamma), markup / (1.0 + gamma))


def incidence(rate: Numbers, conduct: Numbers = 0.0) -> Numbers:
    """
    What buyers lose for each unit that sellers lose: rho / (1 - (1 - omega) rho).

    Parameters
    ----------
    rate, conduct : float or array, shape (n,)
        rho and omega.

    Returns
    -------
    float or array, shape (n,)
        Loss of consumer surplus over loss of producer surplus (Weyl and
        Fabinger 2013); infinite where sellers lose nothing.

    Examples
    --------
    >>> incidence(0.5, 1.0)
    0.5
    """
    finite(rate=rate, conduct=conduct)
    _share("conduct", conduct)
    below = 1.0 - (1.0 - np.asarray(conduct, dtype=float)) * rate
    refuse(
        below < -1e-12, "rate", "卖方反而得利，买卖双方的分担没有意义", "sellers gain, so there is no burden to divide"
    )
    with np.errstate(divide="ignore"):
        split = np.where(below <= 1e-12, np.inf, np.asarray(rate) / np.where(below <= 1e-12, 1.0, below))
    return float(split) if np.ndim(split) == 0 else split


class FreeAllocation(NamedTuple):
    """What there is to hand on under free allocation: CNY per t of product, and the rate on full cost."""

    marginal_cny_per_t: Numbers
    price_change_cny_per_t: Numbers
    full_cny_per_t: Numbers
    paid_cny_per_t: Numbers
    headline_rate: Numbers


def free_allocation(
    rate: Numbers,
    price_cny_per_t: Numbers,
    emissions_tco2_per_t: Numbers,
    benchmark_tco2_per_t: Numbers,
    updating_share: Numbers,
) -> FreeAllocation:
    """
    Price change under free allocation, and the rate against full cost that it looks like.

    Parameters
    ----------
    rate : float or array, shape (n,)
        rho on marginal cost.
    price_cny_per_t : float or array, shape (n,)
        Allowance price P, CNY per tCO2.
    emissions_tco2_per_t, benchmark_tco2_per_t : float or array, shape (n,)
        e and b, tCO2 per t of product.
    updating_share : float or array, shape (n,)
        lambda: 1 where allocation follows actual output, 0 for a lump sum.

    Returns
    -------
    FreeAllocation
        kappa = P (e - lambda b); dp = rho kappa; headline rho (1 - lambda b/e).
        Headline rate near zero under lambda = 1 is no sign of weak pass-through.

    Examples
    --------
    >>> round(free_allocation(0.75, 40.0, 1.85, 1.80, 1.0).price_change_cny_per_t, 9)
    1.5
    """
    finite(rate=rate, price=price_cny_per_t, emissions=emissions_tco2_per_t, benchmark=benchmark_tco2_per_t)
    _share("updating_share", updating_share)
    refuse(
        ~(np.asarray(emissions_tco2_per_t) > 0), "emissions_tco2_per_t", "排放强度须为正", "emissions must be positive"
    )
    _not_negative("benchmark_tco2_per_t", benchmark_tco2_per_t)
    kappa = price_cny_per_t * (emissions_tco2_per_t - updating_share * benchmark_tco2_per_t)
    return FreeAllocation(
        kappa,
        rate * kappa,
        price_cny_per_t * emissions_tco2_per_t,
        price_cny_per_t * (emissions_tco2_per_t - benchmark_tco2_per_t),
        rate * (1.0 - updating_share * benchmark_tco2_per_t / emissions_tco2_per_t),
    )


def rate_on_paid(rate: float, emissions_tco2_per_t: float, free_tco2_per_t: float, updating_share: float) -> float:
    """
    Rate against paid cost; refused where less than 5 % of the emissions is paid for.

    Parameters
    ----------
    rate : float
        rho on marginal cost.
    emissions_tco2_per_t, free_tco2_per_t : float
        e and the allowances received free, tCO2 per t of product.
    updating_share : float
        lambda.

    Returns
    -------
    float
        rho (e - lambda b)/(e - b).

    Examples
    --------
    >>> round(rate_on_paid(0.75, 2.0, 1.0, 0.0), 6)
    1.5
    """
    finite(rate=rate, emissions=emissions_tco2_per_t, free=free_tco2_per_t)
    refuse(not emissions_tco2_per_t > 0, "emissions_tco2_per_t", "排放强度须为正", "emissions must be positive")
    net = emissions_tco2_per_t - free_tco2_per_t
    if abs(net) < LEAST_NET_SHARE * emissions_tco2_per_t:
        raise NoisyDenominator(field="free_tco2_per_t", share=net / emissions_tco2_per_t, least=LEAST_NET_SHARE)
    return rate * (emissions_tco2_per_t - updating_share * free_tco2_per_t) / net
