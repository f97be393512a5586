"""
Own carbon cost of each node of a chain, before anything upstream.

The scheme's cost of what it covers at the node; what the price of power and
heat bought elsewhere contains; or, for a supplier, what it states. A tonne that
the schemes count at the generator and again at the user is charged once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models import roll_up_errors as notes
from models.embedded import full_cost, marginal_cost
from models.errors import Text
from models.findings import Finding
from models.roll_up_asked import STREAMS, ChainAsk, ChainNode, Stream
from models.statement_asked import PaidBy
from models.statement_notes import VIEWS
from models.units import FloatArray

_VIEWS = tuple(Text(zh, en) for _, zh, en, _ in VIEWS)


@dataclass(frozen=True, slots=True)
class OwnCost:
    """
    Own cost of every node, CNY per unit: columns full, paid, marginal.

    ``unknown`` marks what is not known and stands as zero in ``k``;
    ``overlap_tco2`` the tonnes per unit that a generator answers for as well.
    """

    k: FloatArray
    unknown: NDArray[np.bool_]
    overlap_tco2: FloatArray
    payers: tuple[tuple[PaidBy, ...], ...]
    findings: tuple[Finding, ...]


def own_cost(
    asked: ChainAsk,
    product: NDArray[np.int64],
    given: NDArray[np.int64],
    amount: FloatArray,
    share: FloatArray,
) -> OwnCost:
    """
    Return the own cost of every node.

    Parameters
    ----------
    asked : ChainAsk
        Nodes, market price, and which inputs carry power or heat.
    product, given : array, shape (m,)
        Places of the product and of the input of each link.
    amount, share : array, shape (m,)
        Units of the input per unit of the product; part of its cost in its price.

    Notes
    -----
    charged = covered emissions - overlap; full P charged, paid (average paid)
    charged, marginal P (charged - lambda b), each with P times what the price
    of power and heat contains beyond (``passthrough.md`` 2.2). The overlap is
    what generators of the chain answer for and hand over in their price, and
    what the price of power bought elsewhere contains, as far as the scheme
    counts the same emissions at the user.
    """
    nodes = asked.nodes
    n = len(nodes)
    answered, carried = _of_generators(asked, product, given, amount, share)
    k, unknown, overlap = np.zeros((n, 3)), np.zeros((n, 3), dtype=bool), np.zeros(n)
    payers: list[tuple[PaidBy, ...]] = []
    findings: list[Finding] = []
    for i, node in enumerate(nodes):
        if node.stated:
            costs: list[float | None] = [node.full_cny_per_unit, node.paid_cny_per_unit, node.marginal_cny_per_unit]
            why = Text("没有给出", "not stated")
            payers.append(node.paid_by)
        else:
            of_node = [(answered[stream][i], carried[stream][i]) for stream in STREAMS]
            charged, in_price, overlap[i] = _tonnes(node, of_node)
            costs, why, estimate = _priced(node, asked, charged, in_price)
            payers.append(_payer(node, costs[1], charged, estimate))
            if estimate:
                findings.append(notes.estimated(node.id, f"nodes.{i}.average_paid_cny_per_tco2"))
            if overlap[i] > 0.0:
                findings.append(notes.overlap(node.id, float(overlap[i]), f"nodes.{i}.electricity_covered"))
        missing = [at for at, cost in enumerate(costs) if cost is None]
        k[i] = [cost or 0.0 for cost in costs]
        unknown[i, missing] = True
        if missing:
            findings.append(notes.unknown(node.id, [_VIEWS[at] for at in missing], why, f"nodes.{i}"))
    return OwnCost(k, unknown, overlap, tuple(payers), tuple(findings))


def _of_generators(
    asked: ChainAsk, product: NDArray[np.int64], given: NDArray[np.int64], amount: FloatArray, share: FloatArray
) -> tuple[dict[Stream, FloatArray], dict[Stream, FloatArray]]:
    """Return, per unit of each node and by stream, the tonnes that generators hand over in their price, and emit at all."""
    n = len(asked.nodes)
    direct = np.array([node.direct_tco2_per_unit or 0.0 for node in asked.nodes])
    covered = np.array([bool(node.direct_covered) for node in asked.nodes])
    answered: dict[Stream, FloatArray] = {stream: np.zeros(n) for stream in STREAMS}
    carried: dict[Stream, FloatArray] = {stream: np.zeros(n) for stream in STREAMS}
    for link, (to, of) in enumerate(zip(product, given, strict=True)):
        stream = asked.inputs[link].carries
        if stream:
            tonnes = amount[link] * direct[of]
            carried[stream][to] += tonnes
            answered[stream][to] += tonnes * share[link] * covered[of]
    return answered, carried


def _tonnes(node: ChainNode, of_generators: Sequence[tuple[float, float]]) -> tuple[float, float, float]:
    """Return tCO2 per unit that are charged to the node, that the price of power and heat holds beyond, and the overlap."""
    charged = in_price = overlap = 0.0
    for (stream, _), (answered, carried) in zip(STREAMS.items(), of_generators, strict=True):
        tonnes = node.tco2_per_unit(stream) or 0.0
        held = node.power_price_carbon_share * max(0.0, tonnes - carried) if stream != "direct" else 0.0
        if node.covered(stream):
            twice = min(tonnes, answered)
            charged += tonnes - twice
            overlap += twice + held
        else:
            in_price += held
    return charged, in_price, overlap


def _priced(node: ChainNode, asked: ChainAsk, charged: float, in_price: float) -> tuple[list[float | None], Text, bool]:
    """Return the three costs, why one is not known, and whether the paid one is an estimate."""
    if all(node.tco2_per_unit(stream) is None for stream in STREAMS):
        return [None, None, None], Text("没有填写排放", "no emissions are stated"), False
    price = node.market_price_cny_per_tco2
    if price is None and asked.market is not None:
        price = asked.market.cny_per_t
    power = 0.0 if in_price == 0.0 else None if price is None else price * in_price
    why = Text("缺少市场价格", "the market price is missing")
    if charged == 0.0 and not node.free_tco2_per_unit:
        return [power, power, power], why, False
    free, lam, average = node.free_tco2_per_unit, node.output_share, node.average_paid_cny_per_tco2
    full = paid = marginal = None
    estimate = False
    if average is not None and power is not None:
        paid = average * charged + power
    if price is not None and power is not None:
        full = float(full_cost(price, charged)) + power
        if lam is not None and (lam == 0.0 or free is not None):
            marginal = float(marginal_cost(price, charged, free or 0.0, lam)) + power
        if average is None and free is not None:
            estimate = True
            paid = price * (charged - free) + power
        why = Text("缺少免费配额、分配方法或已付碳价", "free allocation, its method or the price paid are missing")
    return [full, paid, marginal], why, estimate


def _payer(node: ChainNode, paid: float | None, charged: float, estimate: bool) -> tuple[PaidBy, ...]:
    """Return the node as a payer, where it has paid under a scheme; an estimate proves nothing paid."""
    if node.scheme is None or node.compliance_year is None or estimate or node.average_paid_cny_per_tco2 is None:
        return ()
    if paid is None:
        return ()
    return (
        PaidBy.model_construct(
            issuer=node.name or node.id,
            installation=node.id,
            scheme=node.scheme,
            compliance_year=node.compliance_year,
            cny_per_t=node.average_paid_cny_per_tco2 * charged,
            evidence=None,
        ),
    )
