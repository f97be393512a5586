"""
The roll-up of a park: member companies and the power and heat they share, every tonne at one place.

A supply's emissions go with its power or heat to whoever takes it, losses
included, and leave the member that runs it. What all members then carry, with
what was exported, is what arose in the park and came in from outside.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array, csr_array

from models import park_notes as notes
from models.chain import ordered
from models.errors import NOTHING, Text, YuetanError
from models.findings import Finding
from models.loops import LoopGrows
from models.measures import Measures
from models.park_asked import (
    KINDS,
    AboveOperator,
    FlowTwice,
    Kind,
    MoreThanThereIs,
    NothingTaken,
    ParkAsk,
    ParkPolicy,
    SamePlace,
    UnknownPlace,
)
from models.table import Result, Row

METHOD = "models.park/1"
#: Relative difference that the two sides of the balance may have.
BALANCED = 1e-9


@dataclass(frozen=True, slots=True)
class MemberTotal:
    """
    One member, tCO2 in the period; ``None`` is not known.

    ``total`` is its direct emissions, less what went with the power and heat
    that it supplied, plus what came with that which it took.
    """

    id: str
    name: str
    direct: float | None
    handed_on: float
    received: Mapping[Kind, float]
    total: float | None
    share: float | None
    per_output: float | None
    output_unit: str | None


@dataclass(frozen=True, slots=True)
class SupplyTotal:
    """A supply: what there was, where it went, and tCO2 per unit of what was taken, losses and inputs included."""

    id: str
    kind: Kind
    operator: str | None
    unit: str
    quantity: float
    taken: float
    exported: float
    lost: float
    tco2: float
    tco2_per_unit: float


@dataclass(frozen=True, slots=True)
class Park(Result):
    """
    The park, tCO2 in the period.

    ``direct`` arose in it, ``bought`` came in with power and heat; ``carried``
    is the sum over members and ``exported`` what left with power and heat.
    ``counted_twice`` is what adding up the members' own reports would count at
    supplier and user alike.
    """

    asked: ParkAsk
    members: tuple[MemberTotal, ...]
    supplies: tuple[SupplyTotal, ...]
    direct: float | None
    bought: float
    carried: float | None
    exported: float
    counted_twice: float
    findings: tuple[Finding, ...]
    policy: ParkPolicy

    @property
    def total(self) -> float | None:
        """What arose in the park and came in from outside."""
        return None if self.direct is None else self.direct + self.bought

    @property
    def difference(self) -> float | None:
        """Difference of the two sides of the balance over the larger; none where a side is not known."""
        if self.total is None or self.carried is None:
            return None
        there, here = self.total, self.carried + self.exported
        return abs(there - here) / max(there, here) if max(there, here) > 0.0 else 0.0

    def rows(self) -> list[Row]:
        missing = Text("有企业的直接排放未知，不当作零", "a member's are not known, and not taken for zero")
        unknown = NOTHING if self.direct is not None else missing
        balance = Text("两边相对差", "Relative difference of the two sides")
        twice = Text("各企业报告直接相加会重复计算", "Adding up the members' reports would count twice")
        return [
            Row("direct", Text("园区直接排放", "Direct emissions in the park"), self.direct, "tCO2", unknown),
            Row("bought", Text("外购电力、热力的排放", "With power and heat bought"), self.bought, "tCO2"),
            Row("total", Text("= 园区合计", "= the park"), self.total, "tCO2"),
            Row("carried", Text("分摊到企业", "Carried by members"), self.carried, "tCO2"),
            Row("exported", Text("随外供电力、热力转出", "Left with power and heat exported"), self.exported, "tCO2"),
            Row("difference", balance, self.difference, "", Text("应不大于 1e-9", "at most 1e-9"), 12),
            Row("counted_twice", twice, self.counted_twice, "tCO2"),
        ]

    def proof(self) -> list[str]:
        losses = ", ".join(f"losses of {kind} {share:g}" for kind, share in self.policy.losses.items())
        told = f"park policy: {losses}, metering {self.policy.metering:g}, reports {self.policy.reported:g}"
        return [f"{told} [{self.policy.source}, {self.policy.confidence}]"]


@dataclass(frozen=True, slots=True)
class _Flows:
    """Flows in the units of their supplies: to members, and between supplies (columns of takers, of supplies, amounts)."""

    to_members: tuple[list[int], list[int], list[float]]
    to_supplies: tuple[list[int], list[int], list[float]]


def problems(asked: ParkAsk, measures: Measures, policy: ParkPolicy) -> list[YuetanError]:
    """Return all that stands against the roll-up of a park, each at its place; supplies in a circle are not looked for."""
    return _read(asked, measures, policy)[1]


def park(asked: ParkAsk, measures: Measures, policy: ParkPolicy) -> Park:
    """
    Return the roll-up of a park.

    Raises
    ------
    YuetanError
        The first of ``problems``; ``LoopGrows`` where supplies feed nothing but each other.

    Notes
    -----
    Intensity of a supply: ``x_s out_s = d_s + sum_t x_t a_ts``, with ``out`` what
    was taken and exported, ``d`` direct or bought emissions and ``a_ts`` what
    ``s`` took of ``t`` (heat from power, power from heat, loops too). Losses are
    carried by those who took. So ``sum over members + exported = direct + bought``.
    """
    flows, refused = _read(asked, measures, policy)
    if refused:
        raise refused[0]
    out = _out(asked, flows)
    source = np.array([_arises(one.direct_tco2, one.factor_tco2_per_unit, one.quantity) for one in asked.supplies])
    x = _intensity(asked, flows, out, source)
    position = {one.id: i for i, one in enumerate(asked.members)}
    handed = np.zeros(len(asked.members))
    for s, supply in enumerate(asked.supplies):
        if supply.operator:
            handed[position[supply.operator]] += source[s]
    received = {kind: np.zeros(len(asked.members)) for kind in KINDS}
    for to, s, amount in zip(*flows.to_members, strict=True):
        received[asked.supplies[s].kind][to] += amount * x[s]
    members = _members(asked, handed, received)
    exported = math.fsum(one.exported * float(x[s]) for s, one in enumerate(asked.supplies))
    known = all(one.direct is not None for one in members)
    own_plants = math.fsum(one.direct_tco2 or 0.0 for one in asked.supplies if not one.operator)
    counted_twice = _counted_twice(asked, flows, out)
    supplies = tuple(
        SupplyTotal(
            one.id, one.kind, one.operator, one.unit, one.quantity,
            taken=float(out[s]) - one.exported, exported=one.exported, lost=one.quantity - float(out[s]),
            tco2=float(x[s] * out[s]), tco2_per_unit=float(x[s]),
        )
        for s, one in enumerate(asked.supplies)
    )  # fmt: skip
    return Park(
        asked=asked,
        members=members,
        supplies=supplies,
        direct=math.fsum(one.direct or 0.0 for one in members) + own_plants if known else None,
        bought=math.fsum(float(source[s]) for s, one in enumerate(asked.supplies) if one.direct_tco2 is None),
        carried=math.fsum(one.total or 0.0 for one in members) if known else None,
        exported=exported,
        counted_twice=counted_twice,
        findings=(*_losses(supplies, policy), *_reports(asked, members, policy), *notes.unknown_members(asked)),
        policy=policy,
    )


def _arises(direct: float | None, factor: float | None, quantity: float) -> float:
    return direct if direct is not None else (factor or 0.0) * quantity


def _out(asked: ParkAsk, flows: _Flows) -> np.ndarray:
    out = np.array([one.exported for one in asked.supplies], dtype=np.float64)
    for _, supplies, amounts in (flows.to_members, flows.to_supplies):
        np.add.at(out, np.array(supplies, dtype=np.int64), np.array(amounts))
    return out


def _intensity(asked: ParkAsk, flows: _Flows, out: np.ndarray, source: np.ndarray) -> np.ndarray:
    """Return tCO2 per unit of each supply; zero where nothing of it went anywhere and nothing arose."""
    n = len(asked.supplies)
    to, of, amount = (np.array(column) for column in flows.to_supplies)
    goes = np.where(out > 0.0, out, 1.0)
    entries = (amount / goes[to.astype(np.int64)], (to.astype(np.int64), of.astype(np.int64)))
    inputs = csr_array(coo_array(entries, shape=(n, n))) if amount.size else csr_array((n, n))
    try:
        return ordered(inputs, lambda i: asked.supplies[i].id).reprice(source / goes)
    except LoopGrows as grows:
        raise LoopGrows(field="flows", **grows.params) from None


def _members(asked: ParkAsk, handed: np.ndarray, received: Mapping[Kind, np.ndarray]) -> tuple[MemberTotal, ...]:
    totals = [
        None if one.direct_tco2 is None
        else one.direct_tco2 - float(handed[i]) + math.fsum(float(tonnes[i]) for tonnes in received.values())
        for i, one in enumerate(asked.members)
    ]  # fmt: skip
    whole = None if None in totals else math.fsum(total or 0.0 for total in totals)
    return tuple(
        MemberTotal(
            id=one.id,
            name=one.name or one.id,
            direct=one.direct_tco2,
            handed_on=float(handed[i]),
            received={kind: float(tonnes[i]) for kind, tonnes in received.items()},
            total=total,
            share=None if total is None or not whole else total / whole,
            per_output=None if total is None or one.output is None else total / one.output,
            output_unit=one.output_unit,
        )
        for i, (one, total) in enumerate(zip(asked.members, totals, strict=True))
    )


def _counted_twice(asked: ParkAsk, flows: _Flows, out: np.ndarray) -> float:
    """
    Return what members' direct and indirect emissions hold twice: of what operators emitted, the part that members took.

    The part of it that a member took of its own plant stands in its direct emissions alone.
    """
    own = np.array([(one.direct_tco2 or 0.0) if one.operator else 0.0 for one in asked.supplies])
    x = _intensity(asked, flows, out, own)
    return math.fsum(
        amount * float(x[s])
        for to, s, amount in zip(*flows.to_members, strict=True)
        if asked.supplies[s].operator != asked.members[to].id
    )


def _losses(supplies: Sequence[SupplyTotal], policy: ParkPolicy) -> list[Finding]:
    found = []
    for s, one in enumerate(supplies):
        share = one.lost / one.quantity
        if share > policy.losses[one.kind]:
            found.append(notes.lost(s, one.id, share, policy.losses[one.kind]))
    return found


def _reports(asked: ParkAsk, members: Sequence[MemberTotal], policy: ParkPolicy) -> list[Finding]:
    found = []
    for i, (one, made) in enumerate(zip(asked.members, members, strict=True)):
        told, here = one.reported_indirect_tco2, math.fsum(made.received.values())
        if told is not None and abs(told - here) > policy.reported * max(told, here):
            found.append(notes.differs(i, made.name, told, here))
    return found


def _read(asked: ParkAsk, measures: Measures, policy: ParkPolicy) -> tuple[_Flows, list[YuetanError]]:
    """Return the flows as columns and all that stands against the park."""
    found: list[YuetanError] = []
    members = {one.id: i for i, one in enumerate(asked.members)}
    supplies = {one.id: i for i, one in enumerate(asked.supplies)}
    seen: set[str] = set()
    ids = [(f"members.{i}.id", one.id) for i, one in enumerate(asked.members)]
    for field, name in [*ids, *((f"supplies.{i}.id", one.id) for i, one in enumerate(asked.supplies))]:
        if name in seen:
            found.append(SamePlace(field=field, id=name))
        seen.add(name)
    run: dict[str, float] = {}
    for s, supply in enumerate(asked.supplies):
        try:
            measures.ratio(supply.unit, "MJ", f"supplies.{s}.unit")
        except YuetanError as refusal:
            found.append(refusal)
        if supply.operator and supply.operator not in members:
            what = Text("企业", "member")
            found.append(
                UnknownPlace(field=f"supplies.{s}.operator", id=supply.operator, what_zh=what.zh, what_en=what.en)
            )
        elif supply.operator:
            run[supply.operator] = run.get(supply.operator, 0.0) + (supply.direct_tco2 or 0.0)
    for i, member in enumerate(asked.members):
        direct = member.direct_tco2
        if direct is not None and run.get(member.id, 0.0) > direct * (1.0 + BALANCED):
            above = {"supplies": f"{run[member.id]:,.3f}", "direct": f"{direct:,.3f}"}
            found.append(AboveOperator(field=f"members.{i}.direct_tco2", member=member.id, **above))
    flows = _flows(asked, measures, members, supplies, found)
    if found:
        return flows, found
    takes = {to for to, _, amount in zip(*flows.to_supplies, strict=True) if amount > 0.0}
    for s, (supply, out) in enumerate(zip(asked.supplies, _out(asked, flows), strict=True)):
        arises = _arises(supply.direct_tco2, supply.factor_tco2_per_unit, supply.quantity)
        if out > supply.quantity * (1.0 + policy.metering):
            told = {
                "supply": supply.id,
                "unit": supply.unit,
                "out": f"{out:,.3f}",
                "quantity": f"{supply.quantity:,.3f}",
            }
            found.append(MoreThanThereIs(field=f"supplies.{s}.quantity", **told))
        if out == 0.0 and (arises > 0.0 or s in takes):
            found.append(NothingTaken(field=f"supplies.{s}.quantity", supply=supply.id, tonnes=f"{arises:,.3f}"))
    return flows, found


def _flows(
    asked: ParkAsk,
    measures: Measures,
    members: Mapping[str, int],
    supplies: Mapping[str, int],
    found: list[YuetanError],
) -> _Flows:
    made = _Flows(([], [], []), ([], [], []))
    seen: set[tuple[str, str]] = set()
    for i, flow in enumerate(asked.flows):
        here = f"flows.{i}"
        if flow.supply not in supplies:
            found.append(UnknownPlace(field=f"{here}.supply", id=flow.supply, what_zh="能源供应", what_en="supply"))
            continue
        if flow.taker not in members and flow.taker not in supplies:
            found.append(
                UnknownPlace(field=f"{here}.taker", id=flow.taker, what_zh="企业或能源供应", what_en="member or supply")
            )
            continue
        if (flow.supply, flow.taker) in seen:
            found.append(FlowTwice(field=f"{here}.taker", taker=flow.taker, supply=flow.supply))
        seen.add((flow.supply, flow.taker))
        s = supplies[flow.supply]
        unit = asked.supplies[s].unit
        try:
            ratio = 1.0 if flow.unit in (None, unit) else measures.ratio(str(flow.unit), unit, f"{here}.unit")
        except YuetanError as refusal:
            found.append(refusal)
            continue
        columns = made.to_members if flow.taker in members else made.to_supplies
        at = members.get(flow.taker, supplies.get(flow.taker, 0))
        columns[0].append(at)
        columns[1].append(s)
        columns[2].append(flow.quantity * ratio)
    return made
