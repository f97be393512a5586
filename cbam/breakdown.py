"""
Where the cost of a good on the actual basis comes from: each process and each precursor, less each free allocation.

The parts add up to the cost, whatever the chain: every term is linear in SEE
and SEFA, and what the floor takes away or gives is a term of its own.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from cbam.errors import NoSuchProcess
from cbam.exposure import cost_cents
from cbam.made import Part, ProcessResult
from cbam.prices import CertificatePrice
from models.errors import NOTHING, Text
from models.law import Read
from models.money import apportion
from models.provenance import Provenance, fingerprint
from models.table import Result, Row

METHOD = "cbam.breakdown/1"
#: ``own`` and ``indirect`` emissions of a process; ``bought`` precursor; free allocation of each; the ``floor``.
Kind = Literal["own", "indirect", "bought", "free_own", "free_bought", "floor"]
#: What can be turned: emissions of a process, consumption of a precursor, emissions of what is bought.
Turn = Literal["emissions", "consumption", "supplier"]

_KINDS: Mapping[Kind, Text] = {
    "own": Text("自身直接排放", "own direct emissions"),
    "indirect": Text("自身间接排放", "own indirect emissions"),
    "bought": Text("外购前体", "bought precursor"),
    "free_own": Text("减：本工序免费分配", "less free allocation of the process"),
    "free_bought": Text("减：前体免费分配", "less free allocation of the precursor"),
    "floor": Text("不低于零的下限", "floor: not below zero"),
}
_TURNS: Mapping[Turn, Text] = {
    "emissions": Text("工序排放", "emissions of the process"),
    "consumption": Text("单位消耗", "consumption"),
    "supplier": Text("供应商排放", "emissions of the supplier"),
}


@dataclass(frozen=True, slots=True)
class Term:
    """
    One part of the cost; free allocation is negative.

    ``weight_t_per_t`` is how many tonnes of the process's product, or of the
    precursor, go into one tonne of the good.
    """

    process: str
    precursor: str
    kind: Kind
    weight_t_per_t: float
    tco2e_per_t: float

    def label(self) -> Text:
        """What the part is, in words."""
        name = " · ".join(part for part in (self.process, self.precursor) if part)
        said = _KINDS[self.kind]
        return Text(f"{name} {said.zh}".strip(), f"{name} {said.en}".strip())


@dataclass(frozen=True, slots=True)
class Lever:
    """
    What turning one thing does, with the floor.

    ``one_percent_eur`` and ``tenth_eur`` are the change of the yearly cost when
    it falls by 1 %, and by 0.1 (t/t, or tCO2e/t for emissions; by all there is
    where there is less); ``at_stake_eur`` is what all of it adds to the cost,
    before the floor.
    """

    process: str
    precursor: str
    turn: Turn
    value: float
    unit: str
    at_stake_eur: float
    one_percent_eur: float
    tenth_eur: float

    def label(self) -> Text:
        """What is turned, in words."""
        name = " · ".join(part for part in (self.process, self.precursor) if part)
        return Text(f"{name} {_TURNS[self.turn].zh}", f"{name}: {_TURNS[self.turn].en}")


@dataclass(frozen=True, slots=True)
class Branch:
    """One direct input of the good, or its own process, with everything behind it; branches add up as terms do."""

    name: str
    emissions_tco2e_per_t: float
    free_tco2e_per_t: float

    @property
    def net_tco2e_per_t(self) -> float:
        """What the branch adds, less its free allocation."""
        return self.emissions_tco2e_per_t - self.free_tco2e_per_t


@dataclass(frozen=True, slots=True)
class Breakdown(Result):
    """The cost of a good by its parts; ``cents`` are whole cents of each term that add up to the whole cents of the cost."""

    of: ProcessResult
    tonnes: float
    price: CertificatePrice
    terms: tuple[Term, ...]
    branches: tuple[Branch, ...]
    levers: tuple[Lever, ...]
    cents: tuple[int, ...]
    reads: tuple[Read, ...] = field(repr=False)

    @property
    def certificates_per_t(self) -> float:
        """The sum of the terms: max(0, SEE - SEFA)."""
        return math.fsum(term.tco2e_per_t for term in self.terms)

    @property
    def cost_eur_per_t(self) -> float:
        """Cost per tonne of the good, EUR."""
        return self.certificates_per_t * self.price.eur_per_t

    @property
    def cost_eur(self) -> float:
        """Cost of the tonnes, whole cents."""
        return sum(self.cents) / 100.0

    @property
    def floored(self) -> bool:
        """Whether the free allocation is above the emissions, so that nothing is due."""
        return any(term.kind == "floor" and term.tco2e_per_t > 0 for term in self.terms)

    @property
    def provenance(self) -> Provenance:
        """What the figures rest on."""
        inputs = {"process": self.of.process.id, "tonnes": self.tonnes, "price_eur_per_t": self.price.eur_per_t,
                  "terms": [[t.process, t.precursor, t.kind, t.tco2e_per_t] for t in self.terms]}  # fmt: skip
        return Provenance(METHOD, fingerprint(inputs), self.reads)

    def rows(self) -> list[Row]:
        made = []
        for i, (term, cents) in enumerate(zip(self.terms, self.cents, strict=True), 1):
            note = NOTHING
            if term.kind != "floor":
                figures = f"{term.weight_t_per_t:.6g} t/t; {term.tco2e_per_t:+.6f} tCO2e/t"
                note = Text(figures, figures)
            made.append(Row(f"term.{i}", term.label(), cents / 100.0, "EUR", note))
        sums = f"{self.certificates_per_t:.6f} tCO2e/t × {self.tonnes:g} t × {self.price.eur_per_t:g}"
        made += [
            Row("cost", Text("= CBAM 费用", "= CBAM cost"), self.cost_eur, "EUR", Text(sums, sums)),
            Row("cost_per_t", Text("每吨产品", "per tonne of product"), self.cost_eur_per_t, "EUR/t"),
        ]
        for i, lever in enumerate(self.levers, 1):
            tenth = f"−0.1 {lever.unit}: {lever.tenth_eur:+,.2f} EUR"
            label = Text(f"{lever.label().zh} 降低 1%", f"{lever.label().en}, 1 % less")
            made.append(Row(f"lever.{i}", label, lever.one_percent_eur, "EUR", Text(tenth, tenth)))
        return made

    def proof(self) -> list[str]:
        return [read.line() for read in self.reads]


def breakdown(made: Mapping[str, ProcessResult], process: str, tonnes: float, price: CertificatePrice) -> Breakdown:
    """
    Take the cost of a good apart.

    Parameters
    ----------
    made : mapping of id to ProcessResult
        What ``cbam.chain.resolve`` returned, precursors before what is made of them.
    process : str
        Id of the process that makes the good.
    tonnes : float
        Tonnes of the good, t a year.
    price : CertificatePrice
        Certificate price, EUR per tCO2e.

    Returns
    -------
    Breakdown
        Terms that add up to max(0, SEE - SEFA); levers, the heaviest first.

    Raises
    ------
    NoSuchProcess
        No such process among them.

    Notes
    -----
    With w the tonnes of a process's product in one tonne of the good, w = 1 for
    the good itself and w_q = sum over its users u of w_u m_uq; then
    SEE = sum w ae + sum w m SEE_bought and SEFA likewise with f CSCF A
    (``eu-2025-2547``, ``eu-2025-2620``). One pass over the processes in reverse
    order, however often a product is used.
    """
    if process not in made:
        raise NoSuchProcess(field="process", process=process)
    weights = _weights(made, process)
    terms = [term for key, weight in weights.items() for term in _terms(made[key], weight)]
    net = math.fsum(term.tco2e_per_t for term in terms)
    terms.append(Term("", "", "floor", 1.0, max(0.0, -net)))
    per_tco2e = tonnes * price.eur_per_t
    amounts = [term.tco2e_per_t * per_tco2e for term in terms]
    levers = [lever for key, weight in weights.items() for lever in _levers(made[key], weight, net, per_tco2e)]
    of = made[process]
    return Breakdown(
        of=of,
        tonnes=tonnes,
        price=price,
        terms=tuple(terms),
        branches=_branches(of),
        levers=tuple(sorted(levers, key=lambda lever: (-abs(lever.at_stake_eur), lever.process, lever.precursor))),
        cents=apportion(amounts, cost_cents(tonnes, of.see_tco2e_per_t, of.sefa_tco2e_per_t, 0.0, price.eur_per_t)),
        reads=(*of.reads, *price.reads),
    )


def _weights(made: Mapping[str, ProcessResult], process: str) -> dict[str, float]:
    """Return tonnes of each process's product in one tonne of the good, the good first."""
    weights = dict.fromkeys(reversed(list(made)), 0.0)
    weights[process] = 1.0
    for key, weight in weights.items():
        if weight:
            for precursor, part in _inputs(made[key]):
                if part.known == "own":
                    weights[precursor] += weight * part.consumption_t_per_t
    return {key: weight for key, weight in weights.items() if weight}


def _inputs(of: ProcessResult) -> list[tuple[str, Part]]:
    """Return each input of a process with the id of the process that makes it, empty where it is bought."""
    return [(part.process, part) for part in of.parts]


def _terms(of: ProcessResult, weight: float) -> list[Term]:
    key, free = of.process.id, of.free_share * of.benchmark_a_tco2e_per_t
    made = [Term(key, "", "own", weight, weight * of.own_tco2e_per_t)]
    if not of.good.direct_only:
        made.append(Term(key, "", "indirect", weight, weight * of.indirect_tco2e_per_t))
    made.append(Term(key, "", "free_own", weight, -weight * free))
    for _, part in _inputs(of):
        if part.known != "own":
            brought = weight * part.consumption_t_per_t
            made.append(Term(key, part.name, "bought", brought, brought * part.see_tco2e_per_t))
            made.append(Term(key, part.name, "free_bought", brought, -brought * part.sefa_tco2e_per_t))
    return made


def _levers(of: ProcessResult, weight: float, net: float, per_tco2e: float) -> list[Lever]:
    """Return what can be turned in one process; ``slope`` is tCO2e per t of the good per unit turned."""
    key = of.process.id
    turns: list[tuple[str, Turn, float, str, float]] = [("", "emissions", of.own_tco2e_per_t, "tCO2e/t", weight)]
    for _, part in _inputs(of):
        own = part.see_tco2e_per_t - part.sefa_tco2e_per_t
        turns.append((part.name, "consumption", part.consumption_t_per_t, "t/t", weight * own))
        if part.known not in ("own", "exempt"):
            turns.append((part.name, "supplier", part.see_tco2e_per_t, "tCO2e/t", weight * part.consumption_t_per_t))

    def change(fall: float) -> float:
        return (max(0.0, net - fall) - max(0.0, net)) * per_tco2e

    return [
        Lever(
            process=key,
            precursor=name,
            turn=turn,
            value=value,
            unit=unit,
            at_stake_eur=slope * value * per_tco2e,
            one_percent_eur=change(slope * value * 0.01),
            tenth_eur=change(slope * min(value, 0.1)),
        )
        for name, turn, value, unit, slope in turns
        if value > 0
    ]


def _branches(of: ProcessResult) -> tuple[Branch, ...]:
    own = of.own_tco2e_per_t + (0.0 if of.good.direct_only else of.indirect_tco2e_per_t)
    return (
        Branch(of.process.id, own, of.free_share * of.benchmark_a_tco2e_per_t),
        *(Branch(part.name, part.emissions, part.free_allocation) for part in of.parts),
    )
