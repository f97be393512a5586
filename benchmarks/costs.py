"""Positions and three cost views of 10,000 products in one pass, against reading their columns and a loop over them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from benchmarks.harness import Contender, Report, compare
from models.product_costs import ProductColumns, SiteColumns, product_costs
from models.settlement import Dealings, settled
from models.units import FloatArray

PRODUCTS, SITES = 10_000, 1_000


def figures() -> tuple[Dealings, FloatArray, ProductColumns]:
    """Return made-up installations that all bought and sold, a market price each, and their products."""
    rng = np.random.default_rng(20261201)
    emitted = rng.uniform(1e4, 1e6, SITES)

    def drawn(low: float, high: float) -> FloatArray:
        return rng.uniform(low, high, SITES)

    of = Dealings(
        emitted, emitted * drawn(0.9, 1.0), drawn(0, 1e3), drawn(1e3, 1e5), drawn(40, 90), drawn(0, 1e3), drawn(40, 90),
        drawn(1, 1e3), drawn(40, 90), drawn(0, 1e3), drawn(40, 90), drawn(0, 1e4),
    )  # fmt: skip
    site = np.repeat(np.arange(SITES), PRODUCTS // SITES)
    emissions = emitted[site] * rng.uniform(0.5, 1.0, PRODUCTS) / (PRODUCTS // SITES)
    products = ProductColumns(site, rng.uniform(10, 1e5, PRODUCTS), emissions, np.full(PRODUCTS, np.nan))
    return of, drawn(40, 90), products


def run() -> list[Report]:
    """Net position, average paid and the three views: columns, one read of the same columns, a plain loop."""
    of, price, products = figures()
    columns = [getattr(of, name) for name in of.__dataclass_fields__] + [price]
    columns += [getattr(products, name) for name in products.__dataclass_fields__]

    def in_one_pass() -> FloatArray:
        found = settled(of, price)
        sites = SiteColumns(
            of.verified_emissions_t, of.free_allocation_t, found.average_paid_cny_per_t, price, np.ones(SITES),
            np.ones(SITES, dtype=bool),
        )  # fmt: skip
        return product_costs(sites, products).views_cny_per_t

    def by_loop() -> FloatArray:
        rows = list(zip(*(column.tolist() for column in columns[:13]), strict=True))
        average = []
        for e, _, _, bought, at, auction, for_, offsets, each, sold, got, fees, _ in rows:
            average.append((bought * at + auction * for_ + offsets * each + fees - sold * got) / e)
        made = []
        for s, output, emitted in zip(
            products.site.tolist(), products.output_t.tolist(), products.emissions_t.tolist(), strict=True
        ):
            row = rows[s]
            intensity = emitted / output
            free = intensity * row[1] / row[0]
            made.append((row[12] * intensity, average[s] * intensity, row[12] * (intensity - free)))
        return np.array(made)

    def agree(answers: Mapping[str, object]) -> None:
        np.testing.assert_allclose(
            np.asarray(answers["one pass"]), np.asarray(answers["plain loop"]), rtol=1e-9, atol=1e-9
        )

    return [
        compare(
            f"positions of {SITES:,} installations, three views of {PRODUCTS:,} products",
            "reading the columns once",
            [
                Contender("reading the columns once", lambda: [column.copy() for column in columns], PRODUCTS, 200),
                Contender("one pass", in_one_pass, PRODUCTS, 50),
                Contender("plain loop", by_loop, PRODUCTS, 5),
            ],
            agree,
            rounds=11,
        )
    ]
