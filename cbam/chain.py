"""
A chain of processes and their precursors, of any depth, to SEE and SEFA.

A process makes one good. What enters it is a precursor if it is itself a CBAM
good: made in a process of the same installation, bought with verified values,
or known only by a default value. Precursors are resolved first; a cycle is
refused by name.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from graphlib import CycleError, TopologicalSorter

from cbam.errors import IncompleteActual, NoDefaultValue
from cbam.exposure import default_path
from cbam.free_allocation import benchmark_a, benchmark_b
from cbam.goods import SCOPE, Origin, good, origin_of
from cbam.made import Brought, Ground, Node, Part, ProcessResult
from cbam.process import Precursor, Process
from models.errors import Text, YuetanError
from models.law import LawAt, Read
from models.units import Numbers

METHOD = "cbam.chain/2"
UNKNOWN_ORIGIN = "eu.cbam.unknown_origin_precursor"
_COLUMN_B = Text("供应商未提供 SEFA，按 B 列", "no SEFA from the supplier, column B")
_MONITORING = "eu.cbam.monitoring.period_emissions_decimals"
_DECIMALS = "eu.cbam.thresholds.specific_emissions_max_decimals"


class Cycle(YuetanError):
    code = "cbam.cycle"
    message = Text("工序互为前体，形成循环：{names}。", "The processes are precursors of each other: {names}.")
    hint = Text(
        "废钢和废铝不是前体，请勿填写；同一联合工序内循环的物料也不填写。",
        "Scrap is no precursor; what circulates inside one joint process is not entered either.",
    )


class UnknownProcess(YuetanError):
    code = "cbam.unknown_process"
    message = Text(
        "前体“{name}”指向不存在的工序“{process}”。",
        "Precursor '{name}' points to process '{process}', which does not exist.",
    )
    hint = Text("请核对工序编号。", "Check the id of the process.")


class SameProcess(YuetanError):
    code = "cbam.same_process"
    message = Text("工序编号“{process}”出现了两次。", "Process id '{process}' appears twice.")
    hint = Text("请给每个工序不同的编号。", "Give every process an id of its own.")


class UpstreamRefused(YuetanError):
    code = "cbam.upstream_refused"
    message = Text(
        "工序“{process}”未计算：它的前体来自未能计算的工序“{upstream}”。",
        "Process '{process}' is not computed: its precursor comes from process '{upstream}', which was refused.",
    )
    hint = Text("请先更正“{upstream}”。", "Correct '{upstream}' first.")


class BeyondNumbers(YuetanError):
    code = "cbam.beyond_numbers"
    message = Text(
        "工序“{process}”的单位排放大到无法计算。",
        "The specific emissions of process '{process}' are too large to compute.",
    )
    hint = Text("请核对活动水平、用量和单位。", "Check activity level, masses and units.")


@dataclass(frozen=True, slots=True)
class Resolved:
    """What could be resolved, precursors before what is made of them, and why the rest could not."""

    made: dict[str, ProcessResult]
    refused: dict[str, YuetanError]


def attributed_emissions(
    direct_t: Numbers,
    heat_in_t: Numbers = 0.0,
    heat_out_t: Numbers = 0.0,
    waste_gas_in_t: Numbers = 0.0,
    waste_gas_out_t: Numbers = 0.0,
    electricity_out_t: Numbers = 0.0,
) -> Numbers:
    """
    Attributed emissions of a production process.

    Parameters
    ----------
    direct_t, heat_in_t, heat_out_t, waste_gas_in_t, waste_gas_out_t, electricity_out_t : float or array, shape (n,)
        tCO2e of the period; heat, waste gas and electricity as their emissions.

    Returns
    -------
    float or array, shape (n,)
        AttrEm = DirEm + heat in - heat out + waste gas in - waste gas out -
        electricity out, not below zero. ``eu-2025-2547`` Annex III, Equation 55.

    Examples
    --------
    >>> attributed_emissions(100.0, heat_in_t=10.0, electricity_out_t=30.0)
    80.0
    """
    total = direct_t + heat_in_t - heat_out_t + waste_gas_in_t - waste_gas_out_t - electricity_out_t
    return max(0.0, total) if isinstance(total, float) else total.clip(min=0.0)


def resolve(processes: Sequence[Process], law: LawAt) -> dict[str, ProcessResult]:
    """
    Return SEE and SEFA of every process of an installation.

    Parameters
    ----------
    processes : sequence of Process
        All processes of the installation in one calendar year, in any order.
    law : LawAt
        The law of that reporting year.

    Returns
    -------
    dict of id to ProcessResult
        In an order in which precursors stand before what is made of them.

    Raises
    ------
    Cycle, UnknownProcess, SameProcess
        The processes do not form a chain.
    IncompleteActual
        A verified precursor without SEE, or without both SEFA and its code and
        origin; a default one without code or origin.
    OutOfScope, UnknownCode, NoDefaultValue, RouteNeeded
        A good or its row cannot be settled.
    BeyondNumbers
        A figure is not finite.

    Notes
    -----
    ae = AttrEm / AL; SEE = ae + sum m_i SEE_i; SEFA = f CSCF A + sum m_i SEFA_i
    with m_i = M_i / AL. A precursor by default value brings f CSCF B of its own
    default row, and so does a verified one whose producer gives no SEFA; one of
    the EU or an exempt origin brings zero on both sides. Whether indirect
    emissions count is decided by each material's own entry.
    ``eu-2025-2547`` Annex III, B; ``eu-2025-2620`` Annex, 3.
    """
    found = resolve_kept([Node(process.figures(), precursors=process.precursors) for process in processes], law)
    if found.refused:
        raise next(iter(found.refused.values()))
    return found.made


def resolve_kept(nodes: Iterable[Node], law: LawAt, barred: Mapping[str, YuetanError] | None = None) -> Resolved:
    """
    Resolve what can be resolved: a refused process stops only what is made of it, which says so by name.

    ``barred`` processes are refused from the start, whether or not they are
    among the nodes. Refusals stand in the order in which they were met, a cause
    before what follows from it.
    """
    known: dict[str, Node] = {}
    refused: dict[str, YuetanError] = dict(barred or {})
    for node in nodes:
        if node.process.id in known:
            refused.setdefault(node.process.id, SameProcess(field="id", process=node.process.id))
        known[node.process.id] = node
    needs: dict[str, set[str]] = {}
    for key, node in known.items():
        needs[key] = {link.from_process for link in node.links}
        for precursor in node.precursors:
            if precursor.known == "own":
                if precursor.process in known or precursor.process in refused:
                    needs[key].add(str(precursor.process))
                else:
                    why = UnknownProcess(field="process", name=precursor.name, process=precursor.process)
                    refused.setdefault(key, why)
    made: dict[str, ProcessResult] = {}
    brought: dict[str, Brought] = {}
    used = {name for names in needs.values() for name in names}
    for key in _in_order(needs, refused):
        if key in refused or key not in known:
            continue
        if refused and (lost := needs[key] & refused.keys()):
            refused[key] = UpstreamRefused(field="precursors", process=key, upstream=min(lost))
            continue
        try:
            made[key] = _process(known[key], brought, law)
            if key in used:
                brought[key] = _own(key, made[key])
        except YuetanError as error:
            refused[key] = error
    return Resolved(made, refused)


def _in_order(needs: Mapping[str, set[str]], refused: dict[str, YuetanError]) -> list[str]:
    """Return the processes, precursors first; those on a cycle are refused and left out, whatever hangs on them stays."""
    order: list[str] = []
    left = {key: sum(name in needs for name in names) for key, names in needs.items()}
    users: dict[str, list[str]] = {}
    for key, names in needs.items():
        for name in names:
            users.setdefault(name, []).append(key)
    ready = [key for key, count in left.items() if count == 0]
    while left:
        for key in ready:
            del left[key]
        for key in ready:  # grows while it is walked
            order.append(key)
            for user in users.get(key, ()):
                left[user] -= 1
                if left[user] == 0:
                    del left[user]
                    ready.append(user)
        ready = _break_cycle(needs, left, users, refused) if left else []
    return order


def _break_cycle(
    needs: Mapping[str, set[str]], left: dict[str, int], users: Mapping[str, list[str]], refused: dict[str, YuetanError]
) -> list[str]:
    """Refuse the processes of one cycle among those left, and return what no longer waits for any of them."""
    try:
        TopologicalSorter({key: [name for name in sorted(needs[key]) if name in left] for key in left}).prepare()
    except CycleError as error:
        cycle = error.args[1]
    for key in cycle[:-1]:
        refused.setdefault(key, Cycle(field="process", names=" → ".join(cycle)))
        del left[key]
    for key in cycle[:-1]:
        for user in users[key]:
            if user in left:
                left[user] -= 1
    return [key for key, count in left.items() if count == 0]


def _process(node: Node, made: Mapping[str, Brought], law: LawAt) -> ProcessResult:
    process = node.process
    item = ground(law, process.cn_code, process.route)
    attributed = float(
        attributed_emissions(
            process.direct_t,
            process.heat_in_t,
            process.heat_out_t,
            process.waste_gas_in_t,
            process.waste_gas_out_t,
            process.electricity_out_t,
        )
    )
    activity = process.activity_t
    own, indirect = attributed / activity, process.indirect_t / activity
    parts = (
        *[Part(link.mass_t / activity, made[link.from_process]) for link in node.links],
        *[Part(p.mass_t / activity, _precursor(p, made, law)) for p in node.precursors],
        *node.supplied,
    )
    counted = 0.0 if item.good.direct_only else indirect
    see, of_indirect, undivided, by_default = [own, counted], [counted], [], []
    free = [item.free_share * float(item.benchmark.value or 0.0)]
    for part in parts:
        m, one = part.consumption_t_per_t, part.brought
        emissions = m * one.see_tco2e_per_t
        see.append(emissions)
        of_indirect.append(m * one.indirect_tco2e_per_t)
        undivided.append(m * one.undivided_tco2e_per_t)
        by_default.append(emissions * one.share_default)
        free.append(m * one.sefa_tco2e_per_t)
    if not all(map(math.isfinite, (*see, *free))):
        raise BeyondNumbers(field="activity_t", process=process.id)
    total = math.fsum(see)
    return ProcessResult(
        node=node,
        ground=item,
        attributed_t=attributed,
        own_tco2e_per_t=own,
        indirect_tco2e_per_t=indirect,
        parts=parts,
        see_tco2e_per_t=total,
        see_indirect_tco2e_per_t=math.fsum(of_indirect),
        undivided_tco2e_per_t=math.fsum(undivided),
        sefa_tco2e_per_t=math.fsum(free),
        share_default=math.fsum(by_default) / total if total > 0 else 0.0,
    )


def ground(law: LawAt, cn_code: str, route: str | None) -> Ground:
    """
    Return good, column A benchmark and free share of a code, kept with the law book.

    Raises
    ------
    OutOfScope, UnknownCode, RouteNeeded
        See ``cbam.goods.good`` and ``cbam.free_allocation.benchmark_a``.
    """
    kept: dict[object, Ground] = law.book.derived.setdefault("cbam.ground", {})
    key = (law.epoch, cn_code, route)
    found = kept.get(key)
    if found is None:
        inner = LawAt(law.book, law.day)
        item, benchmark = good(inner, cn_code), benchmark_a(inner, cn_code, route)
        share = inner.number("eu.cbam.cbam_factor") * inner.number("eu.cbam.cscf")
        decimals = int(inner.number(_MONITORING)), int(inner.number(_DECIMALS))
        found = kept[key] = Ground(item, benchmark, share, *decimals, tuple(inner.reads.values()))
    return found


def counts_direct_only(law: LawAt, cn_code: str) -> bool:
    """Return whether only direct emissions of a good in scope count; ``OutOfScope`` or ``UnknownCode`` as ``good``."""
    read = law.peek(SCOPE, cn_code)
    if read is None or read.value != 1:
        return good(LawAt(law.book, law.day), cn_code).direct_only
    return read.attr("direct_only") == "1"


def is_exempt(law: LawAt, origin: str | None) -> bool:
    """Return whether a precursor of this country of production brings zero on both sides: the EU, or an exempt origin."""
    if origin is None:
        return False
    kept: dict[object, bool] = law.book.derived.setdefault("cbam.is_exempt", {})
    key = (law.epoch, origin)
    if key not in kept:
        kept[key] = origin_of(LawAt(law.book, law.day), origin) is not Origin.LIABLE
    return kept[key]


def _own(name: str, of: ProcessResult) -> Brought:
    return Brought(
        name, "own", of.see_tco2e_per_t, of.sefa_tco2e_per_t, of.share_default, of.see_indirect_tco2e_per_t,
        of.undivided_tco2e_per_t, of=of,
    )  # fmt: skip


def _precursor(p: Precursor, made: Mapping[str, Brought], law: LawAt) -> Brought:
    if p.known != "own":
        return bought(p, law)
    found = made[str(p.process)]
    return found if p.name == found.name else replace(found, name=p.name)


def bought(p: Precursor, law: LawAt) -> Brought:
    """
    Return what a tonne of a precursor that is not made on site brings; its mass does not matter.

    Raises
    ------
    IncompleteActual, OutOfScope, UnknownCode, NoDefaultValue, RouteNeeded
        As ``resolve``.
    """
    if p.known == "exempt" or is_exempt(law, p.origin):
        return Brought(p.name, "exempt", 0.0, 0.0, 0.0)
    if p.known == "verified":
        if p.see_tco2e_per_t is not None and p.sefa_tco2e_per_t is not None:
            return Brought(p.name, p.known, p.see_tco2e_per_t, p.sefa_tco2e_per_t, 0.0)
        if p.see_tco2e_per_t is None or p.cn_code is None or p.origin is None:
            missing = "SEE" if p.see_tco2e_per_t is None else "SEFA"
            raise IncompleteActual(field=f"{missing.lower()}_tco2e_per_t", missing=f"{p.name}: {missing}")
        path = default_path(law, p.origin, p.cn_code, p.route)
        sefa = path.sefa_tco2e_per_t
        return Brought(p.name, p.known, p.see_tco2e_per_t, sefa, 0.0, own_reads=path.reads, free_note=_COLUMN_B)
    if p.cn_code is None or (p.known == "default" and p.origin is None):
        raise IncompleteActual(field="cn_code", missing=f"{p.name}: CN/origin")
    if p.known == "unknown_origin":
        see, sefa, reads = _of_unknown_origin(p.cn_code, p.route, LawAt(law.book, law.day))
    else:
        path = default_path(law, str(p.origin), p.cn_code, p.route)
        see, sefa, reads = path.see_tco2e_per_t, path.sefa_tco2e_per_t, path.reads
    undivided = 0.0 if counts_direct_only(law, p.cn_code) else see
    return Brought(p.name, p.known, see, sefa, 1.0, undivided_tco2e_per_t=undivided, own_reads=reads)


def _of_unknown_origin(code: str, route: str | None, law: LawAt) -> tuple[float, float, tuple[Read, ...]]:
    """Resolve a precursor of unknown origin: the highest value of Annex IV, marked up, with the route of its row."""
    row = next((r for n in (8, 7, 6, 5, 4) if (r := law.peek(UNKNOWN_ORIGIN, code[:n])) is not None), None)
    if row is None:
        raise NoDefaultValue(field="cn_code", origin="?", cn_code=code)
    law.row(UNKNOWN_ORIGIN, row.key_part(0))
    benchmark = benchmark_b(law, "?", code, row, route)
    sector = good(law, code).sector
    see = float(row.value or 0.0) * (1.0 + law.number(f"eu.cbam.default_markup.{sector}"))
    share = law.number("eu.cbam.cbam_factor") * law.number("eu.cbam.cscf")
    return see, share * float(benchmark.value or 0.0), tuple(law.reads.values())
