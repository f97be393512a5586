"""
Actual emissions of an installation: processes and their precursors, of any depth, to SEE and SEFA.

A process makes one good. What enters it is a precursor if it is itself a CBAM
good: made in a process of the same installation, bought with verified values,
or known only by a default value. Precursors are resolved first; a cycle is
refused by name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Literal

from pydantic import Field

from cbam.errors import IncompleteActual, NoDefaultValue, RouteNeeded
from cbam.exposure import default_path
from cbam.free_allocation import BENCHMARKS, ROUTES, benchmark_b
from cbam.goods import Good, good
from models.errors import NOTHING, Text, YuetanError
from models.inputs import Input, NonNegative, Positive, TCO2ePerT
from models.law import LawAt, Read
from models.table import Result, Row
from models.units import Numbers

METHOD = "cbam.chain/1"
UNKNOWN_ORIGIN = "eu.cbam.unknown_origin_precursor"
#: How the emissions of a precursor are known.
Known = Literal["own", "verified", "default", "unknown_origin", "exempt"]


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


class Precursor(Input):
    """
    One material entering a process that is itself a CBAM good.

    ``mass_t`` is what enters in the period, cut-off included. Several suppliers
    of one material are several precursors: each counts with its mass.
    """

    name: str = Field(min_length=1, max_length=200)
    mass_t: Positive
    known: Known
    #: Id of the process of the same installation (``own``).
    process: str | None = None
    cn_code: str | None = Field(default=None, pattern=r"^[0-9]{8}$")
    #: Country of production (``default``).
    origin: str | None = Field(default=None, pattern=r"^[A-Z]{2}$")
    route: str | None = Field(default=None, pattern=r"^[CDEFGHJKL]$")
    see_tco2e_per_t: TCO2ePerT | None = None
    sefa_tco2e_per_t: TCO2ePerT | None = None


class Process(Input):
    """
    One production process in one calendar year; emissions in tCO2e of the period.

    ``indirect_t`` counts only for a good whose indirect emissions the law counts
    (2601 12 00); it is kept for the others too and shown apart.
    """

    id: str = Field(min_length=1, max_length=100)
    cn_code: str = Field(pattern=r"^[0-9]{8}$")
    #: Saleable tonnes made, off-spec included, scrap not.
    activity_t: Positive
    direct_t: NonNegative
    indirect_t: NonNegative = 0.0
    heat_in_t: NonNegative = 0.0
    heat_out_t: NonNegative = 0.0
    waste_gas_in_t: NonNegative = 0.0
    waste_gas_out_t: NonNegative = 0.0
    electricity_out_t: NonNegative = 0.0
    route: str | None = Field(default=None, pattern=r"^[CDEFGHJKL]$")
    precursors: tuple[Precursor, ...] = ()


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
        electricity out, not below zero. ``eu-2025-2547``.

    Examples
    --------
    >>> attributed_emissions(100.0, heat_in_t=10.0, electricity_out_t=30.0)
    80.0
    """
    total = direct_t + heat_in_t - heat_out_t + waste_gas_in_t - waste_gas_out_t - electricity_out_t
    return max(0.0, total) if isinstance(total, float) else total.clip(min=0.0)


@dataclass(frozen=True, slots=True)
class Part:
    """What one precursor brings to one tonne of the good."""

    name: str
    known: Known
    consumption_t_per_t: float
    see_tco2e_per_t: float
    sefa_tco2e_per_t: float
    share_default: float
    reads: tuple[Read, ...] = ()

    def note(self) -> Text:
        """How it enters: consumption, its own SEE and how that is known."""
        how = _KNOWN[self.known]
        figures = f"{self.consumption_t_per_t:.6g} t/t × {self.see_tco2e_per_t:.6g}"
        return Text(f"{figures}（{how.zh}）", f"{figures} ({how.en})")

    @property
    def emissions(self) -> float:
        """Specific embedded emissions that it adds, tCO2e per t of the good."""
        return self.consumption_t_per_t * self.see_tco2e_per_t

    @property
    def free_allocation(self) -> float:
        """Specific embedded free allocation that it adds, tCO2e per t of the good."""
        return self.consumption_t_per_t * self.sefa_tco2e_per_t


@dataclass(frozen=True, slots=True)
class ProcessResult(Result):
    """
    SEE and SEFA of the good of one process, step by step.

    ``see_tco2e_per_t`` is what the law counts; ``indirect_tco2e_per_t`` is the
    own indirect part, counted or not; ``share_default`` is the part of SEE that
    rests on default values.
    """

    process: Process
    good: Good
    attributed_t: float
    own_tco2e_per_t: float
    indirect_tco2e_per_t: float
    benchmark_a_tco2e_per_t: float
    free_share: float
    parts: tuple[Part, ...]
    see_tco2e_per_t: float
    sefa_tco2e_per_t: float
    share_default: float
    reads: tuple[Read, ...]

    def rows(self) -> list[Row]:
        direct_only = self.good.direct_only
        counted = Text("不计入", "not counted") if direct_only else Text("计入", "counted")
        own = self.free_share * self.benchmark_a_tco2e_per_t
        column = Text(f"A 列 {self.benchmark_a_tco2e_per_t:g}", f"column A {self.benchmark_a_tco2e_per_t:g}")

        def line(key: str, zh: str, en: str, value: float, note: Text = NOTHING) -> Row:
            return Row(key, Text(zh, en), value, "tCO2e/t", note, 6)

        return [
            Row("attributed", Text("归属排放", "Attributed emissions"), self.attributed_t, "tCO2e", digits=0),
            Row("activity", Text("活动水平", "Activity level"), self.process.activity_t, "t", digits=3),
            line("own", "本工序直接排放", "Own direct emissions", self.own_tco2e_per_t),
            line("indirect", "本工序间接排放", "Own indirect emissions", self.indirect_tco2e_per_t, counted),
            *(
                line(f"precursor.{i}", f"+ 前体 {p.name}", f"+ precursor {p.name}", p.emissions, p.note())
                for i, p in enumerate(self.parts, 1)
            ),
            line("see", "= 单位隐含排放 SEE", "= specific embedded emissions SEE", self.see_tco2e_per_t),
            line("sfa", "本工序免费分配 f·CSCF·A", "Own free allocation f CSCF A", own, column),
            *(
                line(f"free.{i}", f"+ 前体 {p.name}", f"+ precursor {p.name}", p.free_allocation)
                for i, p in enumerate(self.parts, 1)
            ),
            line("sefa", "= 单位免费分配 SEFA", "= specific embedded free allocation SEFA", self.sefa_tco2e_per_t),
            Row(
                "share_default",
                Text("其中按默认值", "of SEE on default values"),
                self.share_default * 100.0,
                "%",
                digits=1,
            ),
        ]

    def proof(self) -> list[str]:
        return [read.line() for read in self.reads]


_KNOWN: dict[Known, Text] = {
    "own": Text("本装置工序", "process of this installation"),
    "verified": Text("供应商核查值", "supplier's verified value"),
    "default": Text("默认值", "default value"),
    "unknown_origin": Text("原产地不明的默认值", "default value, origin unknown"),
    "exempt": Text("欧盟或豁免原产地", "origin in the EU or exempt"),
}


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
        A verified precursor without SEE or SEFA, or a default one without code.
    OutOfScope, UnknownCode, NoDefaultValue, RouteNeeded
        A good or its row cannot be settled.

    Notes
    -----
    ae = AttrEm / AL; SEE = ae + sum m_i SEE_i; SEFA = f CSCF A + sum m_i SEFA_i
    with m_i = M_i / AL. A precursor by default value brings f CSCF B of its own
    default row; one of the EU or an exempt origin brings zero on both sides.
    Whether indirect emissions count is decided by each material's own entry.
    ``eu-2025-2547``, ``eu-2025-2620``.
    """
    known: dict[str, Process] = {}
    for process in processes:
        if process.id in known:
            raise SameProcess(field="id", process=process.id)
        known[process.id] = process
    needs: dict[str, set[str]] = {}
    for process in processes:
        own = [p for p in process.precursors if p.known == "own"]
        for precursor in own:
            if precursor.process not in known:
                raise UnknownProcess(field="process", name=precursor.name, process=precursor.process)
        needs[process.id] = {str(p.process) for p in own}
    try:
        order = list(TopologicalSorter(needs).static_order())
    except CycleError as error:
        raise Cycle(field="process", names=" → ".join(error.args[1])) from error
    made: dict[str, ProcessResult] = {}
    for key in order:
        made[key] = _process(known[key], made, LawAt(law.book, law.day))
    return made


def _process(process: Process, made: Mapping[str, ProcessResult], law: LawAt) -> ProcessResult:
    item = good(law, process.cn_code)
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
    own, indirect = attributed / process.activity_t, process.indirect_t / process.activity_t
    parts = tuple(_part(p, process.activity_t, made, law) for p in process.precursors)
    benchmark = benchmark_a(law, process.cn_code, process.route)
    share = law.number("eu.cbam.cbam_factor") * law.number("eu.cbam.cscf")
    counted = own + (0.0 if item.direct_only else indirect)
    see = counted + sum(part.emissions for part in parts)
    by_default = sum(part.emissions * part.share_default for part in parts)
    return ProcessResult(
        process=process,
        good=item,
        attributed_t=attributed,
        own_tco2e_per_t=own,
        indirect_tco2e_per_t=indirect,
        benchmark_a_tco2e_per_t=float(benchmark.value or 0.0),
        free_share=share,
        parts=parts,
        see_tco2e_per_t=see,
        sefa_tco2e_per_t=share * float(benchmark.value or 0.0) + sum(part.free_allocation for part in parts),
        share_default=by_default / see if see > 0 else 0.0,
        reads=(*law.reads.values(), *_unique(read for part in parts for read in part.reads)),
    )


def _unique(reads: Iterable[Read]) -> tuple[Read, ...]:
    return tuple({read.key: read for read in reads}.values())


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
    there = [r for r in ("", *ROUTES) if law.peek(BENCHMARKS, cn_code, "A", r) is not None]
    chosen = there[0] if len(there) == 1 else route
    read = law.row(BENCHMARKS, cn_code, "A", str(chosen)) if chosen in there else None
    if read is None:
        raise RouteNeeded(field="route", origin="A", cn_code=cn_code, row=cn_code, routes="/".join(there))
    return read


def _part(precursor: Precursor, activity_t: float, made: Mapping[str, ProcessResult], law: LawAt) -> Part:
    p, m = precursor, precursor.mass_t / activity_t
    if p.known == "own":
        of = made[str(p.process)]
        return Part(p.name, p.known, m, of.see_tco2e_per_t, of.sefa_tco2e_per_t, of.share_default, of.reads)
    if p.known == "exempt":
        return Part(p.name, p.known, m, 0.0, 0.0, 0.0)
    if p.known == "verified":
        if p.see_tco2e_per_t is None or p.sefa_tco2e_per_t is None:
            raise IncompleteActual(field="see_tco2e_per_t", missing=f"{p.name}: SEE/SEFA")
        return Part(p.name, p.known, m, p.see_tco2e_per_t, p.sefa_tco2e_per_t, 0.0)
    if p.cn_code is None or (p.known == "default" and p.origin is None):
        raise IncompleteActual(field="cn_code", missing=f"{p.name}: CN/origin")
    if p.known == "default":
        path = default_path(law, str(p.origin), p.cn_code, p.route)
        return Part(p.name, p.known, m, path.see_tco2e_per_t, path.sefa_tco2e_per_t, 1.0, path.reads)
    return _of_unknown_origin(p, m, LawAt(law.book, law.day))


def _of_unknown_origin(p: Precursor, consumption: float, law: LawAt) -> Part:
    """Resolve a precursor of unknown origin: the highest value of Annex IV, marked up, with the route of its row."""
    code = str(p.cn_code)
    row = next((r for n in (8, 7, 6, 5, 4) if (r := law.peek(UNKNOWN_ORIGIN, code[:n])) is not None), None)
    if row is None:
        raise NoDefaultValue(field="cn_code", origin="?", cn_code=code)
    law.row(UNKNOWN_ORIGIN, row.key_part(0))
    benchmark = benchmark_b(law, "?", code, row, p.route)
    sector = good(law, code).sector
    see = float(row.value or 0.0) * (1.0 + law.number(f"eu.cbam.default_markup.{sector}"))
    share = law.number("eu.cbam.cbam_factor") * law.number("eu.cbam.cscf")
    sefa = share * float(benchmark.value or 0.0)
    return Part(p.name, p.known, consumption, see, sefa, 1.0, tuple(law.reads.values()))
