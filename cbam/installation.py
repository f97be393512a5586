"""
Actual emissions of an installation: from what it measured, bought and made to SEE and SEFA of each code.

A row that cannot be settled stops only the processes it belongs to and what is
made of them; everything else is computed, and every finding names its place.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from cbam.attribution import Account, SiteBalance, attribute
from cbam.chain import SameProcess, ground, resolve_kept
from cbam.charge import route_of_process
from cbam.emitted import Monitoring
from cbam.free_allocation import routes_of
from cbam.goods import SCOPE
from cbam.installation_errors import (
    GroupBenchmarks,
    GroupMixed,
    Implausible,
    LessInThanOut,
    MoreUsedThanMade,
    NothingGoesIn,
    SameCodeApart,
    UseUnclear,
    ZeroActivity,
)
from cbam.joint import Joint, joined
from cbam.made import Node, Part, ProcessResult
from cbam.plant import Installation, PlantProcess, Use
from cbam.process import Figures, Link, Precursor
from cbam.purchased import EQUAL, Materials, Portion, is_subset, without_evidence
from cbam.said import Said
from cbam.stream_errors import NamesNoProcess
from models.errors import NOTHING, Text, YuetanError
from models.factors import Fuel
from models.findings import Finding
from models.inputs import MOST_TCO2E_PER_T
from models.law import LawAt, Read
from models.provenance import Provenance, fingerprint
from models.table import Result, Row

METHOD = "cbam.installation/1"
#: Categories of which every tonne is made of CBAM goods or scrap (``eu-2025-2547`` Annex I, 3.16 and 3.18).
_OF_METAL = frozenset({"iron_steel_products", "aluminium_products"})


@dataclass(frozen=True, slots=True)
class GoodLine:
    """
    What one tonne of a code carries; several processes of one code are averaged by mass.

    ``mass_t`` is what the average is over: what they made, without what went
    from one of them into another.
    """

    cn_code: str
    processes: tuple[str, ...]
    mass_t: float
    see_tco2e_per_t: float
    see_indirect_tco2e_per_t: float
    sefa_tco2e_per_t: float
    share_default: float


@dataclass(frozen=True, slots=True)
class InstallationResult(Result):
    """
    Every process with its steps, every code, the balance of the site, and all findings.

    ``refused`` says by process why it could not be computed, a cause before what
    follows from it; ``joint`` which member is computed in which process.
    """

    plant: Installation
    processes: Mapping[str, ProcessResult]
    goods: tuple[GoodLine, ...]
    balance: SiteBalance
    joint: Mapping[str, str]
    refused: Mapping[str, YuetanError]
    findings: tuple[Finding, ...]
    #: National default factors that a stream may rest on.
    fuels: tuple[Fuel, ...]

    @property
    def reads(self) -> tuple[Read, ...]:
        """Every value of the law that any process rests on."""
        return tuple({read.key: read for made in self.processes.values() for read in made.own_reads}.values())

    @property
    def provenance(self) -> Provenance:
        """What the figures rest on; equal inputs and equal law give an equal key."""
        fuels = {fuel.id: [fuel.ncv_gj_per_unit, fuel.carbon_tc_per_gj] for fuel in self.fuels}
        return Provenance(METHOD, fingerprint({"plant": self.plant.model_dump(), "fuels": fuels}), self.reads)

    def rows(self) -> list[Row]:
        made = list(self.balance.rows())
        for line in self.goods:
            by = f"SEFA {line.sefa_tco2e_per_t:.6f}; {', '.join(line.processes)}"
            label = Text(f"{line.cn_code} 单位隐含排放 SEE", f"{line.cn_code} specific embedded emissions SEE")
            made.append(Row(f"good.{line.cn_code}", label, line.see_tco2e_per_t, "tCO2e/t", Text(by, by), 6))
        return made

    def proof(self) -> list[str]:
        return [*(fuel.line() for fuel in self.fuels), *(read.line() for read in self.reads)]


def assess_installation(plant: Installation, law: LawAt, fuels: Mapping[str, Fuel]) -> InstallationResult:
    """
    Work out SEE and SEFA of everything an installation makes.

    Parameters
    ----------
    plant : Installation
        What it measured, bought and made.
    law : LawAt
        The law of its year.
    fuels : mapping of id to Fuel
        National default factors of fuels, of ``models.factors.load_factors``.

    Returns
    -------
    InstallationResult
        Also where nothing could be computed: then ``processes`` is empty and
        ``refused`` says why.

    Notes
    -----
    AttrEm of each process by Equation 55, SEE = ae + sum m_i SEE_i with
    m_i = M_i / AL, SEFA = f CSCF A + sum m_i SEFA_i. ``eu-2025-2547`` Annexes II
    and III, ``eu-2025-2620`` Annex, 3.
    """
    said = Said()
    site = _Site(plant, law, said)
    books = attribute(plant, site.joint.into, Monitoring(law, fuels), said)
    refused = site.refused | {key: error for key, error in books.barred.items() if key not in site.refused}
    nodes = []
    for key, account in books.accounts.items():
        if key not in refused:
            try:
                nodes.append(site.node(key, account))
            except YuetanError as error:
                refused[key] = error
                said.add(error, site.place(key))
    resolved = resolve_kept(nodes, law, refused)
    for key, why in resolved.refused.items():
        said.add(why, site.place(key))
    for key, made in resolved.made.items():
        if made.see_tco2e_per_t > MOST_TCO2E_PER_T:
            odd = Implausible(field="activity_t", process=key, see=made.see_tco2e_per_t, most=MOST_TCO2E_PER_T)
            said.add(odd, site.place(key), "warning")
    merged = {key: into for key, into in site.joint.into.items() if key != into}
    goods = tuple(site.goods(resolved.made))
    named = dict.fromkeys(stream.fuel for stream in plant.streams if stream.fuel in fuels)
    return InstallationResult(
        plant=plant,
        processes=resolved.made,
        goods=goods,
        balance=books.balance,
        joint=merged,
        refused=resolved.refused,
        findings=tuple(said.findings),
        fuels=tuple(fuels[str(name)] for name in named),
    )


class _Site:
    """The processes of an installation with what each one uses, joint ones as one."""

    def __init__(self, plant: Installation, law: LawAt, said: Said) -> None:
        self._plant, self._law, self._said = plant, law, said
        self._places = {process.id: i for i, process in enumerate(plant.processes)}
        self._by_id = {process.id: process for process in plant.processes}
        self._portions: dict[str, list[Portion]] = {}
        self._links: list[Link] = []
        self._of_metal: dict[str, bool] = {}
        refused: dict[str, YuetanError] = {}
        times = Counter(process.id for process in plant.processes)
        for i, process in enumerate(plant.processes):
            wrong: YuetanError | None = None
            if times[process.id] > 1:
                wrong = SameProcess(field="id", process=process.id)
            elif process.activity_t == 0:
                wrong = ZeroActivity(field="activity_t", process=process.id)
            if wrong is not None:
                said.add(wrong, f"processes.{i}")
                refused.setdefault(process.id, wrong)
        self._collect_uses(refused)
        self.joint = self._join(refused)
        #: By the process in which each is computed.
        self.refused: dict[str, YuetanError] = {}
        for key, error in refused.items():
            self.refused.setdefault(self.joint.into[key], error)
        self._members: dict[str, list[PlantProcess]] = {}
        for key, into in self.joint.into.items():
            self._members.setdefault(into, []).append(self._by_id[key])
        self._enters: dict[str, list[Link]] = {}
        self._leaves: dict[str, list[Link]] = {}
        for link in self._links:
            if not self.joint.is_inside(link):
                self._enters.setdefault(self.joint.into[link.to_process], []).append(link)
                self._leaves.setdefault(self.joint.into[link.from_process], []).append(link)

    def place(self, key: str) -> str:
        """Where a process stands in the input."""
        return f"processes.{self._places[key]}"

    def _collect_uses(self, refused: dict[str, YuetanError]) -> None:
        plant, said = self._plant, self._said
        materials = Materials.of(plant.purchases, self._law, said)
        users: dict[str, list[str]] = {}
        # Uses of certain lots come first: what they leave is averaged.
        ordered = list(enumerate(plant.uses))
        if any(use.lots for use in plant.uses):
            ordered.sort(key=lambda pair: not is_subset(pair[1]))
        for i, use in ordered:
            try:
                self._check_use(use)
                if use.from_process is not None:
                    self._links.append(Link(use.from_process, use.process, use.mass_t))
                else:
                    users.setdefault(str(use.material), []).append(use.process)
                    if remark := without_evidence(use):
                        said.add(remark, f"uses.{i}", "warning")
                    self._portions.setdefault(use.process, []).extend(materials.take(use))
            except YuetanError as error:
                said.add(error, f"uses.{i}")
                if use.process in self._by_id:
                    refused.setdefault(use.process, error)
        for material, severity, unequal in materials.balance():
            said.add(unequal, "", severity)
            if severity == "error":
                for key in users.get(material, ()):
                    refused.setdefault(key, unequal)
        made: dict[str, float] = {}
        for link in self._links:
            made[link.from_process] = made.get(link.from_process, 0.0) + link.mass_t
        for key, used in made.items():
            activity = self._by_id[key].activity_t
            if used > activity * (1.0 + EQUAL):
                over = MoreUsedThanMade(field="activity_t", process=key, used_t=used, made_t=activity)
                said.add(over, self.place(key), "warning")

    def _check_use(self, use: Use) -> None:
        if use.process not in self._by_id:
            name = use.material or use.from_process or "—"
            raise NamesNoProcess(field="process", id=name, process=use.process)
        if (use.material is None) == (use.from_process is None):
            raise UseUnclear(field="material", process=use.process)
        if use.from_process is not None and use.from_process not in self._by_id:
            raise NamesNoProcess(field="from_process", id=use.process, process=use.from_process)

    def _join(self, refused: dict[str, YuetanError]) -> Joint:
        nested = [
            Link(str(p.process), process.id, p.mass_t)
            for process in self._by_id.values()
            for p in process.precursors
            if p.known == "own"
        ]
        joint = joined(list(self._by_id.values()), [*self._links, *nested])
        for key, error in joint.refused.items():
            refused.setdefault(key, error)
            self._said.add(error, self.place(key))
        for remark in joint.remarks:
            self._said.add(remark, "processes", "info")
        return joint

    def node(self, key: str, account: Account) -> Node:
        """
        Return a process ready for the chain.

        Raises
        ------
        GradeNeeded
            Its charge does not settle the route.
        """
        process, route, note = self._by_id[key], self._by_id[key].route, None
        if process.charge is not None:
            route, note, remark = route_of_process(process, routes_of(self._law, process.cn_code))
            if remark is not None:
                self._said.add(remark, self.place(key), "info" if note is not None else "warning")
        into = self.joint.into
        entering = self._enters.get(key, ())
        links = tuple([Link(into[k.from_process], key, k.mass_t) for k in entering if k.mass_t]) if entering else ()
        precursors: list[Precursor] = []
        supplied, mass_in = [], 0.0
        for member in self._members[key]:
            mass_in += member.charge.scrap_t if member.charge is not None else 0.0
            for p in member.precursors:
                if p.known != "own" or not self.joint.is_inside(Link(str(p.process), member.id, p.mass_t)):
                    precursors.append(self._named(p))
            for portion in self._portions.get(member.id, ()):
                mass_in += portion.mass_t
                if portion.lot.brought is not None and portion.mass_t:
                    supplied.append(Part(portion.mass_t / process.activity_t, portion.lot.brought))
        if self._is_of_metal(process.cn_code):
            entered = [link.mass_t for link in links] + [p.mass_t for p in precursors]
            self._check_mass(process, math.fsum([mass_in, *entered]))
        return Node(
            process=Figures(
                key, process.cn_code, process.activity_t, max(0.0, account.direct_t), account.indirect, account.heat_in,
                account.heat_out, account.waste_gas_in, account.waste_gas_out, account.electricity_out, route,
            ),
            links=links,
            precursors=tuple(precursors),
            supplied=tuple(supplied),
            steps=tuple(account.steps),
            route_note=note or NOTHING,
            stream_reads=tuple(account.reads.values()),
        )  # fmt: skip

    def _named(self, p: Precursor) -> Precursor:
        """Return a precursor that points to the process in which its own is computed."""
        into = self.joint.into.get(str(p.process), p.process)
        return p if into == p.process else p.model_copy(update={"process": into})

    def _is_of_metal(self, cn_code: str) -> bool:
        if cn_code not in self._of_metal:
            scope = self._law.peek(SCOPE, cn_code)
            self._of_metal[cn_code] = scope is not None and scope.attr("category") in _OF_METAL
        return self._of_metal[cn_code]

    def _check_mass(self, process: PlantProcess, mass_in: float) -> None:
        """Remark on metal goods of which more leaves than enters."""
        made = process.activity_t
        if mass_in == 0.0:
            nothing = NothingGoesIn(field="precursors", process=process.id, made_t=made)
            self._said.add(nothing, self.place(process.id), "warning")
        elif mass_in < made * (1.0 - EQUAL):
            less = LessInThanOut(field="precursors", process=process.id, in_t=mass_in, made_t=made)
            self._said.add(less, self.place(process.id), "warning")

    def goods(self, made: Mapping[str, ProcessResult]) -> Iterator[GoodLine]:
        """Yield each code with what leaves the site of it."""
        by_code: dict[str, list[tuple[ProcessResult, float]]] = {}
        for key, result in made.items():
            by_code.setdefault(result.good.cn_code, []).append((result, result.sefa_tco2e_per_t))
            for code in self._by_id[key].also_cn_codes:
                sefa = self._sefa_of(result, code)
                if sefa is not None:
                    by_code.setdefault(code, []).append((result, sefa))
        for code, results in by_code.items():
            yield self._good(code, results)

    def _sefa_of(self, result: ProcessResult, code: str) -> float | None:
        """Return SEFA of another code of the same process: its own benchmark in place of the main one."""
        key, main = result.process.id, result.ground
        try:
            other = ground(self._law, code, result.route or None)
            mine = (main.good.category, main.good.direct_only)
            if (other.good.category, other.good.direct_only) != mine:
                raise GroupMixed(field="also_cn_codes", process=key, cn_code=code, main=main.good.cn_code)
        except YuetanError as error:
            self._said.add(error, self.place(key))
            return None
        difference = float(other.benchmark.value or 0.0) - result.benchmark_a_tco2e_per_t
        if difference and key in self._leaves:
            wrong = GroupBenchmarks(field="also_cn_codes", process=key, main=main.good.cn_code)
            self._said.add(wrong, self.place(key), "warning")
        return result.sefa_tco2e_per_t + main.free_share * difference

    def _good(self, code: str, results: list[tuple[ProcessResult, float]]) -> GoodLine:
        names = tuple(result.process.id for result, _ in results)
        masses = [result.process.activity_t for result, _ in results]
        if len(results) > 1:
            self._said.add(
                SameCodeApart(field="cn_code", cn_code=code, processes=", ".join(names)), "processes", "warning"
            )
            others = frozenset(names)
            onward = [self._into_others(result.process.id, others) for result, _ in results]
            left = [max(0.0, mass - gone) for mass, gone in zip(masses, onward, strict=True)]
            masses = left if any(left) else masses
        total = math.fsum(masses)

        def mean(values: Iterable[float]) -> float:
            return math.fsum(mass * value for mass, value in zip(masses, values, strict=True)) / total

        see = mean(result.see_tco2e_per_t for result, _ in results)
        by_default = mean(result.see_tco2e_per_t * result.share_default for result, _ in results)
        return GoodLine(
            cn_code=code,
            processes=names,
            mass_t=total,
            see_tco2e_per_t=see,
            see_indirect_tco2e_per_t=mean(result.see_indirect_tco2e_per_t for result, _ in results),
            sefa_tco2e_per_t=mean(sefa for _, sefa in results),
            share_default=by_default / see if see > 0 else 0.0,
        )

    def _into_others(self, key: str, names: frozenset[str]) -> float:
        """Tonnes of a process that go into another of the same code: only the last one leaves the site."""
        return math.fsum(link.mass_t for link in self._leaves.get(key, ()) if self.joint.into[link.to_process] in names)
