"""Who has paid what of the carbon cost of a product, at which node of its chain, and what of it names nobody."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models import roll_up_errors as notes
from models.findings import Finding
from models.roll_up_asked import ChainNode
from models.roll_up_own import OwnCost
from models.statement_asked import PaidBy
from models.units import FloatArray

#: Part of a paid cost that may be without a named payer: rounding, no more.
UNNAMED = 1e-9


@dataclass(frozen=True, slots=True)
class Payment:
    """What one node of the chain adds to the paid cost of a unit of a product, CNY; ``payer`` is none where it names nobody."""

    node: str
    payer: PaidBy | None
    cny_per_unit: float


@dataclass(frozen=True, slots=True)
class StatedPart:
    """
    What a supplier's statement brings to a product.

    ``amount`` is in units of the statement's product per unit of ours, with
    what loops ask for; ``cost`` is full, paid and marginal, CNY per unit.
    """

    node: str
    source: str
    amount: float
    cost: tuple[float | None, float | None, float | None]
    named_cny_per_unit: float


def payments_of(nodes: Sequence[ChainNode], own: OwnCost, y: FloatArray) -> tuple[Payment, ...]:
    """
    Return who has paid at which node; what of a node's paid cost names nobody follows its payers.

    Parameters
    ----------
    nodes : sequence of ChainNode
        The chain.
    own : OwnCost
        Own cost and payers of each node.
    y : array, shape (n,)
        Units of each node in one unit of the product.

    Notes
    -----
    The amounts add up to the paid view wherever that is known; a node whose
    own paid cost is not known adds its named payers alone.
    """
    made: list[Payment] = []
    for i in map(int, np.flatnonzero(y > 0.0)):
        named = own.payers[i]
        made += [Payment(nodes[i].id, one, one.cny_per_t * float(y[i])) for one in named]
        paid = float(own.k[i, 1])
        rest = paid - math.fsum(one.cny_per_t for one in named)
        if not own.unknown[i, 1] and abs(rest) > UNNAMED * max(1.0, abs(paid)):
            made.append(Payment(nodes[i].id, None, rest * float(y[i])))
    return tuple(made)


def paid_by(payments: Sequence[Payment]) -> tuple[tuple[PaidBy, ...], list[Finding]]:
    """Return who has paid how much of one unit: each obligation once, whichever ways it came."""
    ways: dict[tuple[str, str, str, int], list[Payment]] = {}
    first: dict[tuple[str, str, str, int], PaidBy] = {}
    for one in payments:
        if one.payer is not None:
            ways.setdefault(one.payer.place, []).append(one)
            first.setdefault(one.payer.place, one.payer)
    amounts = {at: math.fsum(one.cny_per_unit for one in found) for at, found in ways.items()}
    made = tuple(payer.model_copy(update={"cny_per_t": amounts[at]}) for at, payer in first.items())
    return made, [notes.two_ways(at, len(found)) for at, found in ways.items() if len(found) > 1]


def unnamed(paid: float | None, named: Sequence[PaidBy]) -> float | None:
    """Return the part of a paid cost that names no payer; none where the cost is not known."""
    if paid is None:
        return None
    rest = paid - math.fsum(one.cny_per_t for one in named)
    return 0.0 if abs(rest) <= UNNAMED * max(1.0, abs(paid)) else rest


def stated_parts(nodes: Sequence[ChainNode], own: OwnCost, y: FloatArray) -> tuple[StatedPart, ...]:
    """Return what each supplier's statement brings to a product."""
    made = []
    for i in map(int, np.flatnonzero(y > 0.0)):
        node, amount = nodes[i], float(y[i])
        if node.level == "statement":
            known = [None if lost else float(v) * amount for v, lost in zip(own.k[i], own.unknown[i], strict=True)]
            named = math.fsum(one.cny_per_t for one in node.paid_by) * amount
            made.append(StatedPart(node.id, node.source or "", amount, (known[0], known[1], known[2]), named))
    return tuple(made)
