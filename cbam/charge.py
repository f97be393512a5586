"""The production route of crude steel, read from what was charged."""

from __future__ import annotations

from collections.abc import Sequence

from cbam.installation_errors import GradeNeeded, RouteAgainstCharge, RouteByCharge
from cbam.plant import Charge, PlantProcess
from models.errors import Text, YuetanError

#: Letters of blast furnace, direct reduction and scrap, of carbon and of low-alloy steel; high-alloy steel has one.
_CARBON, _LOW_ALLOY, _HIGH_ALLOY = "CDE", "FGH", "J"
_METALS = (Text("铁水", "hot metal"), Text("直接还原铁", "DRI"), Text("废钢", "scrap"))


def by_charge(charge: Charge) -> tuple[int, bool] | None:
    """
    Return which metal decides the route, and whether it is more than half.

    Parameters
    ----------
    charge : Charge
        Scrap, DRI and hot metal, t.

    Returns
    -------
    tuple of int and bool, or None
        0 hot metal, 1 DRI, 2 scrap; ``None`` where nothing was charged or two
        are equally the largest.

    Notes
    -----
    More than half of the mass from scrap: scrap and arc furnace; from DRI: DRI
    and arc furnace; from hot metal: blast furnace; otherwise the largest.
    Reported from a draft, so an assumption.
    """
    masses = (charge.hot_metal_t, charge.dri_t, charge.scrap_t)
    most = max(masses)
    if most <= 0.0 or masses.count(most) > 1:
        return None
    return masses.index(most), most > 0.5 * sum(masses)


def route_of_process(
    process: PlantProcess, routes: Sequence[str]
) -> tuple[str | None, Text | None, YuetanError | None]:
    """
    Return the route to use, a note where it is an assumption, and a remark.

    Parameters
    ----------
    process : PlantProcess
        Its stated route always counts; its charge decides only where none is stated.
    routes : sequence of str
        Letters for which column A has a value of its code.

    Raises
    ------
    GradeNeeded
        The charge decides the furnace, but the code has low-alloy and high-alloy benchmarks.
    """
    found = by_charge(process.charge) if process.charge is not None else None
    if found is None or process.charge is None or len(routes) < 2:
        return process.route, None, None
    at, clear = found
    derived = _letter(process.charge, at, routes)
    if process.route is not None:
        if derived is None or derived == process.route or process.route not in routes:
            return process.route, None, None
        wrong = RouteAgainstCharge(field="route", process=process.id, route=process.route, derived=derived)
        return process.route, None, wrong
    if derived is None:
        raise GradeNeeded(field="charge.high_alloy", process=process.id, cn_code=process.cn_code)
    metal = _METALS[at]
    share = max(process.charge.hot_metal_t, process.charge.dri_t, process.charge.scrap_t) / (
        process.charge.hot_metal_t + process.charge.dri_t + process.charge.scrap_t
    )
    more = Text("过半", "more than half") if clear else Text("最多", "the largest")
    why = Text(f"{metal.zh}占 {share:.1%}，{more.zh}", f"{metal.en} {share:.1%}, {more.en}")
    told = RouteByCharge(field="route", process=process.id, route=derived, why_zh=why.zh, why_en=why.en)
    return derived, Text(f"（按炉料推定：{why.zh}；假设）", f" (by charge: {why.en}; assumption)"), told


def _letter(charge: Charge, at: int, routes: Sequence[str]) -> str | None:
    if _HIGH_ALLOY in routes and len(routes) > 1:
        if charge.high_alloy is None:
            return None
        if charge.high_alloy:
            return _HIGH_ALLOY
    letters = _CARBON if _CARBON[0] in routes else _LOW_ALLOY
    return letters[at] if letters[at] in routes else None
