"""Specific embedded free allocation (SEFA): the adjustment for free allowances in the EU ETS."""

from __future__ import annotations

from cbam.errors import RouteNeeded
from models.law import LawAt, Read
from models.units import Numbers

BENCHMARKS = "eu.cbam.benchmarks"
ROUTES = "CDEFGHJKL"


def benchmark_b(law: LawAt, origin: str, cn_code: str, row: Read, stated_route: str | None = None) -> Read:
    """
    Return the column B benchmark of a good on the default basis.

    The route is the one of the default row: of its letters those that exist for
    the code are kept. Exactly one left: that one. None left and the code has a
    single benchmark: that. A route stated by the user is taken only where the
    row does not settle it.

    Raises
    ------
    RouteNeeded
        The row settles no route and the user has stated none that exists.

    Notes
    -----
    Source ``eu-2025-2620`` Annex I, column B, routes of ``eu-2025-2621`` and
    ``eu-2026-1740`` Annex I.
    """
    there = [r for r in ("", *ROUTES) if law.peek(BENCHMARKS, cn_code, "B", r) is not None]
    kept = [r for r in row.attr("route").split("/") if r and r in there]
    if len(kept) == 1:
        route = kept[0]
    elif not kept and len(there) == 1:
        route = there[0]
    elif stated_route in there:
        route = str(stated_route)
    else:
        raise RouteNeeded(
            field="route",
            cn_code=cn_code,
            routes="/".join(kept or there),
            where_zh=f"{origin} 的默认值行“{row.key_part(-1)}”",
            where_en=f"default row '{row.key_part(-1)}' of {origin}",
        )
    read = law.row(BENCHMARKS, cn_code, "B", route)
    assert read is not None  # noqa: S101 - it is one of those found above
    return read


def benchmark_a(law: LawAt, cn_code: str, route: str | None) -> Read:
    """
    Return the column A benchmark of a good, the own process only.

    One value per code, except crude steel and unwrought aluminium, where the
    route of the installation decides. ``eu-2025-2620`` Annex I, column A.

    Raises
    ------
    RouteNeeded
        There are several and the route is not given, or not one of them.
    """
    there = routes_of(law, cn_code)
    chosen = there[0] if len(there) == 1 else route
    read = law.row(BENCHMARKS, cn_code, "A", str(chosen)) if chosen in there else None
    if read is None:
        raise RouteNeeded(
            field="route", cn_code=cn_code, routes="/".join(there), where_zh="该工序", where_en="the process"
        )
    return read


def routes_of(law: LawAt, cn_code: str) -> list[str]:
    """Return the routes for which column A has a value of the code; one empty letter where it has one value."""
    return [r for r in ("", *ROUTES) if law.peek(BENCHMARKS, cn_code, "A", r) is not None]


def route_of(benchmark: Read) -> str:
    """Return the route letter of a benchmark, empty where the good has a single one."""
    return benchmark.key_part(2)


def free_allocation_default(cbam_factor: float, cscf: float, benchmark_tco2e_per_t: Numbers) -> Numbers:
    """
    Specific embedded free allocation on the default basis.

    Parameters
    ----------
    cbam_factor : float
        Share still allocated free in the reporting year, ``eu.cbam.cbam_factor``.
    cscf : float
        Cross-sectoral correction factor, ``eu.cbam.cscf``.
    benchmark_tco2e_per_t : float or array, shape (n,)
        Column B benchmark, tCO2e per t.

    Returns
    -------
    float or array, shape (n,)
        tCO2e per t of goods.

    Notes
    -----
    SEFA_g = f[y] * CSCF[y] * B_g(route). Source ``eu-2025-2620``.

    Examples
    --------
    >>> round(free_allocation_default(0.975, 1.0, 1.491), 6)
    1.453725
    """
    return cbam_factor * cscf * benchmark_tco2e_per_t


def stated_in_another_year(sefa_tco2e_per_t: Numbers, share_stated: float, share_wanted: float) -> Numbers:
    """
    SEFA of another year from a verified one, for a forecast.

    Parameters
    ----------
    sefa_tco2e_per_t : float or array, shape (n,)
        Verified value of the year in which the share was ``share_stated``.
    share_stated, share_wanted : float
        CBAM factor times CSCF of the two years.

    Returns
    -------
    float or array, shape (n,)
        tCO2e per t, zero once the wanted share is zero.

    Notes
    -----
    Every term of the column A chain is proportional to f * CSCF of its year
    (``eu-2025-2620``). Assumption: benchmarks and consumption stay as verified.
    """
    if share_wanted == 0.0 or share_stated == 0.0:
        return sefa_tco2e_per_t * 0.0
    return sefa_tco2e_per_t * (share_wanted / share_stated)
