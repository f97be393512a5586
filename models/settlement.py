"""
What the operators of many installations are short of and have paid: one pass over columns, also for one of them.

A tonne with a contract price costs that; one without costs the market price,
and the result is then an estimate, never a price paid.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from models.allocation import net_position
from models.units import FloatArray

if TYPE_CHECKING:
    from models.installation import EtsYear

PaidBasis = Literal["own_purchases", "nothing_bought", "estimate", "unknown", "not_covered"]
#: Bases in the order of their numbers in ``Settlement.basis``.
BASIS_OF: tuple[PaidBasis, ...] = ("unknown", "own_purchases", "nothing_bought", "estimate")
_UNKNOWN, _OWN, _NOTHING, _ESTIMATE = range(len(BASIS_OF))


@dataclass(frozen=True, slots=True)
class Dealings:
    """
    Figures of n installations in their compliance years, each an array of shape (n,); NaN is not stated.

    Tonnes are tCO2, prices CNY per tCO2, fees CNY; names as in ``EtsYear``.
    """

    verified_emissions_t: FloatArray
    free_allocation_t: FloatArray
    banked_used_t: FloatArray
    purchased_t: FloatArray
    purchase_price_cny_per_t: FloatArray
    auction_t: FloatArray
    auction_price_cny_per_t: FloatArray
    offsets_t: FloatArray
    offset_price_cny_per_t: FloatArray
    sold_t: FloatArray
    sale_price_cny_per_t: FloatArray
    fees_cny: FloatArray

    @classmethod
    def of(cls, year: EtsYear, free_t: float | None) -> Dealings:
        """Return the columns of one installation; ``free_t`` is the free allocation that counts."""
        stated = {one.name: getattr(year, one.name) for one in fields(cls)} | {"free_allocation_t": free_t}
        return cls(**{name: np.array([np.nan if value is None else value]) for name, value in stated.items()})


@dataclass(frozen=True, slots=True)
class Settlement:
    """Net short and still to be bought, tCO2; cost, CNY; cost per tonne emitted; arrays of shape (n,), NaN is not known."""

    net_t: FloatArray
    open_t: FloatArray
    cost_cny: FloatArray
    average_paid_cny_per_t: FloatArray
    #: Places in ``BASIS_OF``.
    basis: NDArray[np.int64]


def settled(of: Dealings, market_price_cny_per_t: FloatArray) -> Settlement:
    """
    Return net position and cost of every installation.

    Parameters
    ----------
    of : Dealings
        Columns of shape (n,).
    market_price_cny_per_t : array, shape (n,)
        Market reference price, NaN where there is none; it values only what has
        no price of its own.

    Notes
    -----
    net = E - free - banked - offsets; cost = bought + auction + offsets + fees
    - sold, at the operator's prices; average = cost / E (``ets.md`` 4). Where
    nothing was traded a shortfall is valued at the market price. Offsets have
    prices of their own and no market price stands in for them.
    """
    emissions = of.verified_emissions_t
    known = (emissions > 0.0) & ~np.isnan(of.free_allocation_t)
    net = net_position(emissions, of.free_allocation_t, np.nan_to_num(of.banked_used_t), np.nan_to_num(of.offsets_t))
    bought, auctioned, sold = (np.nan_to_num(t) for t in (of.purchased_t, of.auction_t, of.sold_t))
    traded = ~np.isnan(np.stack([of.purchased_t, of.auction_t, of.sold_t, of.fees_cny])).all(axis=0)
    none = np.full_like(emissions, np.nan)
    parts = [
        _money(of.purchased_t, of.purchase_price_cny_per_t, market_price_cny_per_t),
        _money(of.auction_t, of.auction_price_cny_per_t, market_price_cny_per_t),
        _money(of.offsets_t, of.offset_price_cny_per_t, none),
        _money(of.sold_t, of.sale_price_cny_per_t, market_price_cny_per_t),
    ]
    buys, auctions, offsets, sales = (amount for amount, _ in parts)
    untraded_short = ~traded & (net > 0.0)
    cost = np.where(
        untraded_short, net * market_price_cny_per_t, buys + auctions + offsets + np.nan_to_num(of.fees_cny) - sales
    )
    cost = np.where(known, cost, np.nan)
    guessed = np.logical_or.reduce([guess for _, guess in parts]) | untraded_short
    basis = np.select([np.isnan(cost), guessed, traded], [_UNKNOWN, _ESTIMATE, _OWN], _NOTHING)
    return Settlement(
        net_t=np.where(known, net, np.nan),
        open_t=np.where(known, np.maximum(0.0, net - bought - auctioned + sold), np.nan),
        cost_cny=cost,
        average_paid_cny_per_t=cost / np.where(known, emissions, np.nan),
        basis=basis,
    )


def _money(tonnes: FloatArray, price: FloatArray, fallback: FloatArray) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Return tonnes times price, and where the market price stood in for a missing contract price."""
    some = tonnes > 0.0
    guess = some & np.isnan(price)
    return np.where(some, tonnes * np.where(guess, fallback, price), 0.0), guess
