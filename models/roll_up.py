"""
What carbon costs each product of a chain, own site and everything upstream, in three views that stand together.

Own cost k comes from each node's emissions or from what a supplier states; the
chain then gives x = A'x + k for the accounts and x = D (A'x + k) for what the
tiers hand on. Every tonne is charged once, every payment is named once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array

from models import roll_up_errors as notes
from models.chain import Chain, ordered
from models.errors import Text
from models.findings import Finding
from models.loops import LoopGrows, radius_and_cycle
from models.measures import Measures
from models.roll_up_asked import LEVELS, STREAMS, ChainAsk, Level, Stream
from models.roll_up_links import Links, read_links
from models.roll_up_own import OwnCost, own_cost
from models.roll_up_paid import UNNAMED, Payment, StatedPart, paid_by, payments_of, stated_parts, unnamed
from models.statement_asked import PaidBy
from models.statement_notes import SERVES_NOTHING, VIEWS
from models.table import Result, Row
from models.units import FloatArray

METHOD = "models.roll_up/1"
#: Loops whose radius is shown.
_LOOPS_SHOWN = 20
#: Products shown in full where none is named.
_PRODUCTS_SHOWN = 20
#: Rounds of the check by iteration; its difference says whether they were enough.
_ROUNDS = 2_000

Three = tuple[float | None, float | None, float | None]


@dataclass(frozen=True, slots=True)
class NodeCost:
    """
    One node, CNY per unit: full, paid and marginal view of each figure.

    ``received`` is what its inputs bring, ``embedded`` own and received, both
    by the accounts; ``handed_on`` and ``kept`` are what it passes to its buyers
    and carries itself when each tier hands on only its share.
    """

    id: str
    unit: str
    level: Level
    own: Three
    received: Three
    embedded: Three
    handed_on: Three
    kept: Three


@dataclass(frozen=True, slots=True)
class StreamTotal:
    """Emissions of one stream in a product, own and upstream, tCO2 per unit: covered by a scheme, and not."""

    stream: Stream
    covered_tco2_per_unit: float
    uncovered_tco2_per_unit: float


@dataclass(frozen=True, slots=True)
class LevelPart:
    """What nodes of one level of data bring to a product, CNY per unit, and as a share of the full cost."""

    level: Level
    cost: Three
    share_of_full: float | None


@dataclass(frozen=True, slots=True)
class ProductCost(Result):
    """One product in full: cost, what it rests on, what is counted twice by the schemes and once here, and who has paid."""

    node: NodeCost
    levels: tuple[LevelPart, ...]
    streams: tuple[StreamTotal, ...]
    overlap_tco2_per_unit: float
    #: CNY per unit of the product; the sum is the paid view less what names no payer.
    paid_by: tuple[PaidBy, ...]
    #: The same by node, with what of each node names nobody; the sum is the paid view.
    payments: tuple[Payment, ...]
    #: What suppliers' statements bring.
    statements: tuple[StatedPart, ...]
    #: The nodes that bring most of the full cost: id and CNY per unit.
    largest: tuple[tuple[str, float], ...]

    @property
    def unnamed_cny_per_unit(self) -> float | None:
        """Part of the paid view that names no payer; none where that view is not known."""
        return unnamed(self.node.embedded[1], self.paid_by)

    def rows(self) -> list[Row]:
        unit = f"CNY/{self.node.unit}"
        rows = [
            Row(f"{key}_{part}", Text(f"{zh} · {part_zh}", f"{en}, {part_en}"), values[at], unit, digits=4)
            for key, zh, en, at in VIEWS
            for part, part_zh, part_en, values in (
                ("own", "本节点", "own", self.node.own),
                ("received", "上游", "upstream", self.node.received),
                ("embedded", "合计", "total", self.node.embedded),
                (
                    "handed_on",
                    "按各级传递比例到达买方",
                    "reaching the buyer by the shares handed on",
                    self.node.handed_on,
                ),
            )
        ]
        for one in self.levels:
            label = LEVELS[one.level]
            share = None if one.share_of_full is None else 100.0 * one.share_of_full
            rows.append(
                Row(f"level_{one.level}", Text(f"全额成本来自{label.zh}", f"Of the full cost, {label.en}"), share, "%")
            )
        for total in self.streams:
            label = STREAMS[total.stream]
            for key, zh, en, value in (
                ("covered", "纳入碳市场", "under a scheme", total.covered_tco2_per_unit),
                ("uncovered", "不纳入", "not covered", total.uncovered_tco2_per_unit),
            ):
                rows.append(
                    Row(f"{total.stream}_{key}", Text(f"{label.zh} · {zh}", f"{label.en}, {en}"), value,
                        f"tCO2/{self.node.unit}", digits=6)
                )  # fmt: skip
        both = Text("发电与用电两头计算、只收一次", "Counted at generator and user, charged once")
        rows.append(Row("overlap", both, self.overlap_tco2_per_unit, f"tCO2/{self.node.unit}", digits=6))
        nobody = Text("实付 · 没有支付方的部分", "Paid, without a payer")
        rows.append(Row("paid_unnamed", nobody, self.unnamed_cny_per_unit, unit, SERVES_NOTHING, digits=4))
        return rows


@dataclass(frozen=True, slots=True)
class LoopFound:
    """A loop of the chain and the spectral radius of what it takes of itself."""

    members: tuple[str, ...]
    radius: float


@dataclass(frozen=True, slots=True)
class Check:
    """How well the figures hold: the residual of the equation, and the same by iteration."""

    residual: float
    iteration_difference: float
    iteration_rounds: int


@dataclass(frozen=True, slots=True)
class RollUp:
    """The chain: every node, the products asked about in full, its loops and its checks."""

    nodes: tuple[NodeCost, ...]
    products: tuple[ProductCost, ...]
    loops: tuple[LoopFound, ...]
    check: Check
    findings: tuple[Finding, ...]


def roll_up(asked: ChainAsk, measures: Measures) -> RollUp:
    """
    Return the carbon cost of every product of a chain.

    Raises
    ------
    YuetanError
        The first of ``models.roll_up_links.problems``; ``NegativeInput``, or ``LoopGrows`` with the loop named.

    Notes
    -----
    k per node by ``models.roll_up_own``; x = (I - A')^-1 k with the share of
    each input's cost that its price contains in A', and x = D (A'x + k) with
    the shares handed on (``passthrough.md`` 2.2 and 2.3). The amounts
    themselves, whatever prices contain, must have a radius below one.
    """
    links, refused = read_links(asked, measures)
    if refused:
        raise refused[0]
    n = len(asked.nodes)
    ids = [node.id for node in asked.nodes]

    def chain_of(amounts: FloatArray) -> Chain:
        entries = (amounts, (links.product, links.input))
        try:
            return ordered(csr_array(coo_array(entries, shape=(n, n))), lambda i: ids[i])
        except LoopGrows as grows:
            around = set(grows.loop)
            at = next(i for i, link in enumerate(asked.inputs) if {link.product, link.input} <= around)
            raise LoopGrows(field=f"inputs.{at}.amount", **grows.params) from None

    with np.errstate(over="ignore", invalid="ignore"):
        return _rolled(asked, links, ids, chain_of)


def _rolled(asked: ChainAsk, links: Links, ids: Sequence[str], chain_of: Callable[[FloatArray], Chain]) -> RollUp:
    physical = chain_of(links.amount)
    accounts = physical if (links.share == 1.0).all() else chain_of(links.amount * links.share)
    d = np.array([node.hand_on for node in asked.nodes])
    handing = accounts.handing_on(d, lambda i: ids[i])
    own = own_cost(asked, links.product, links.input, links.amount, links.share)
    embedded = accounts.reprice(own.k)
    handed = handing.reprice(own.k)
    beyond = np.flatnonzero(~(np.isfinite(embedded) & np.isfinite(handed)).all(axis=1))
    if beyond.size:
        raise notes.BeyondNumbers(field=f"nodes.{beyond[0]}", node=ids[int(beyond[0])])
    met = received_of(handing, handed) + own.k
    unknown = accounts.reprice(own.unknown.astype(np.float64)) > 0.0
    lost = handing.reprice(own.unknown.astype(np.float64)) > 0.0
    received, brought = received_of(accounts, embedded), received_of(accounts, unknown.astype(np.float64)) > 0.0
    # What a node itself carries is unknown with its own cost, though it hands on none of it.
    met_lost = own.unknown | (received_of(handing, lost.astype(np.float64)) > 0.0)
    nodes = tuple(
        NodeCost(
            node.id, node.unit, node.level,
            own=_three(own.k[i], own.unknown[i]),
            received=_three(received[i], brought[i]),
            embedded=_three(embedded[i], unknown[i]),
            handed_on=_three(handed[i], lost[i]),
            kept=_three((1.0 - d[i]) * met[i], met_lost[i] if d[i] != 1.0 else np.zeros(3, dtype=bool)),
        )
        for i, node in enumerate(asked.nodes)
    )  # fmt: skip
    wanted = _wanted(asked, links, physical)
    products, more = _products(asked, nodes, own, accounts, physical, wanted)
    again, rounds = accounts.iterated(own.k, rounds=_ROUNDS)
    scale = float(np.abs(embedded).max(initial=0.0))
    check = Check(
        residual=accounts.residual(own.k, embedded),
        iteration_difference=float(np.abs(again - embedded).max(initial=0.0)) / scale if scale else 0.0,
        iteration_rounds=rounds,
    )
    return RollUp(nodes, products, _loops(physical, ids), check, (*_told(asked), *own.findings, *more))


def received_of(chain: Chain, handed: FloatArray) -> FloatArray:
    """Return A'x: what each node's inputs bring, CNY per unit."""
    received: FloatArray = chain.inputs @ np.take(handed, chain.order, axis=0)
    return np.take(received, chain.place, axis=0)


def _three(values: FloatArray, unknown: NDArray[np.bool_]) -> Three:
    full, paid, marginal = (None if lost else float(value) for value, lost in zip(values, unknown, strict=True))
    return full, paid, marginal


def _wanted(asked: ChainAsk, links: Links, physical: Chain) -> list[int]:
    """Return the products asked about; without any, those that nothing takes but their own loop."""
    places = {node.id: i for i, node in enumerate(asked.nodes)}
    if asked.products:
        return [places[one] for one in dict.fromkeys(asked.products)]
    loop_of = np.arange(len(asked.nodes))
    for loop in physical.loops:
        loop_of[physical.order[loop]] = physical.order[loop[0]]
    across = loop_of[links.product] != loop_of[links.input]
    final = ~np.isin(loop_of, loop_of[links.input[across]])
    return [int(i) for i in np.flatnonzero(final)[:_PRODUCTS_SHOWN]]


def _needs(chain: Chain, wanted: Sequence[int]) -> FloatArray:
    """
    Return how much of each node one unit of each wanted product takes, own unit included, shape (n, w).

    It is y = (I - A)^-1 e, the same chain read from product to input; the cost
    of the product is then the sum of y k over the nodes.
    """
    backward = ordered(csr_array(chain.matrix.T))
    unit = np.zeros((chain.nodes, len(wanted)))
    unit[chain.place[wanted], np.arange(len(wanted))] = 1.0
    return np.take(backward.reprice(unit), chain.place, axis=0)


def _products(
    asked: ChainAsk, nodes: Sequence[NodeCost], own: OwnCost, accounts: Chain, physical: Chain, wanted: Sequence[int]
) -> tuple[tuple[ProductCost, ...], list[Finding]]:
    charged = _needs(accounts, wanted)
    taken = charged if accounts is physical else _needs(physical, wanted)
    streams = {stream: _emitted(asked, stream) for stream in STREAMS}
    number = np.array([list(LEVELS).index(node.level) for node in asked.nodes])
    levels = {level: np.flatnonzero(number == i) for i, level in enumerate(LEVELS)}
    made, findings = [], dict[str, Finding]()
    for at, place in enumerate(wanted):
        y, q = charged[:, at], taken[:, at]
        parts = y[:, None] * own.k
        whole = nodes[place].embedded[0]
        payments = payments_of(asked.nodes, own, y)
        named, said = paid_by(payments)
        findings |= {one.text.en: one for one in said}
        most = np.argsort(-np.abs(parts[:, 0]), kind="stable")[:10]
        made.append(
            ProductCost(
                node=nodes[place],
                levels=tuple(
                    _level(level, parts[here], own.unknown[here] & (y[here] > 0.0)[:, None], whole)
                    for level, here in levels.items()
                    if (y[here] > 0.0).any()
                ),
                streams=tuple(
                    StreamTotal(stream, float(q @ covered), float(q @ uncovered))
                    for stream, (covered, uncovered) in streams.items()
                ),
                overlap_tco2_per_unit=float(q @ own.overlap_tco2),
                paid_by=named,
                payments=payments,
                statements=stated_parts(asked.nodes, own, y),
                largest=tuple((asked.nodes[i].id, float(parts[i, 0])) for i in most if parts[i, 0] != 0.0),
            )
        )
    return tuple(made), list(findings.values())


def _emitted(asked: ChainAsk, stream: Stream) -> tuple[FloatArray, FloatArray]:
    """Return the emissions of a stream by node, tCO2 per unit: covered, and not."""
    tonnes = np.array([node.tco2_per_unit(stream) or 0.0 for node in asked.nodes])
    covered = np.array([bool(node.covered(stream)) for node in asked.nodes])
    return tonnes * covered, tonnes * ~covered


def _level(level: Level, parts: FloatArray, unknown: NDArray[np.bool_], whole: float | None) -> LevelPart:
    cost = _three(parts.sum(axis=0), np.asarray(unknown.any(axis=0)))
    return LevelPart(level, cost, cost[0] / whole if cost[0] is not None and whole else None)


def _told(asked: ChainAsk) -> list[Finding]:
    """Tell of what was taken for true: tariffs without carbon cost, payments without a payer."""
    found = [
        notes.tariff(link.product, link.input, f"inputs.{i}.price_share")
        for i, link in enumerate(asked.inputs)
        if link.carries and link.price_share is None
    ]
    places = {node.id: node for node in asked.nodes}
    for i, link in enumerate(asked.inputs):
        to, of = places[link.product], places[link.input]
        if link.carries and to.covered(link.carries) and link.share_in_price > 0.0 and of.direct_tco2_per_unit is None:
            found.append(notes.overlap_unknown(link.product, link.input, f"inputs.{i}.carries"))
    for i, node in enumerate(asked.nodes):
        if node.hand_on > 1.0:
            found.append(notes.hands_on_more(node.id, node.hand_on, f"nodes.{i}.hand_on"))
        rest = (node.paid_cny_per_unit or 0.0) - sum(payer.cny_per_t for payer in node.paid_by)
        beyond = UNNAMED * max(1.0, abs(node.paid_cny_per_unit or 0.0))
        if node.level == "statement" and rest > beyond:
            found.append(notes.payer_unnamed(node.id, rest, f"nodes.{i}.paid_by"))
        if node.paid_cny_per_unit is not None and rest < -beyond:
            found.append(notes.payers_exceed(node.id, -rest, f"nodes.{i}.paid_by"))
    return found


def _loops(chain: Chain, ids: Sequence[str]) -> tuple[LoopFound, ...]:
    found = []
    for loop in sorted(chain.loops, key=lambda one: -one.size)[:_LOOPS_SHOWN]:
        block = csr_array(chain.inputs[loop[0] : loop[-1] + 1][:, loop[0] : loop[-1] + 1])
        found.append(LoopFound(tuple(ids[chain.order[i]] for i in loop[:50]), radius_and_cycle(block)[0]))
    return tuple(found)


def by_id(found: RollUp) -> Mapping[str, NodeCost]:
    """Return the nodes by their ids."""
    return {node.id: node for node in found.nodes}
