"""The inputs of a chain as columns, and what stands against them, each at its place."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models import roll_up_errors as notes
from models.chain import NegativeInput
from models.errors import YuetanError
from models.measures import Measures
from models.roll_up_asked import LEVELS, STREAMS, ChainAsk, ChainNode
from models.units import FloatArray


@dataclass(frozen=True, slots=True)
class Links:
    """The inputs as columns: places of product and input, amount in the input's unit, and the share in its price."""

    product: NDArray[np.int64]
    input: NDArray[np.int64]
    amount: FloatArray
    share: FloatArray


def problems(asked: ChainAsk, measures: Measures) -> list[YuetanError]:
    """Return all that stands against a chain, each at its place; loops are not looked for."""
    return read_links(asked, measures)[1]


def read_links(asked: ChainAsk, measures: Measures) -> tuple[Links, list[YuetanError]]:
    """Return the inputs as columns, in the units of their nodes, and all that stands against them."""
    found: list[YuetanError] = []
    places: dict[str, int] = {}
    for i, node in enumerate(asked.nodes):
        if node.id in places:
            found.append(notes.SameNode(field=f"nodes.{i}.id", id=node.id))
        places.setdefault(node.id, i)
        found += _of_node(i, node, measures)
    found += [
        notes.UnknownNode(field=f"products.{i}", id=one) for i, one in enumerate(asked.products) if one not in places
    ]
    columns: list[tuple[int, int, float, float]] = []
    seen: set[tuple[str, str]] = set()
    for i, link in enumerate(asked.inputs):
        here = f"inputs.{i}"
        missing = [
            (field, one) for field, one in (("product", link.product), ("input", link.input)) if one not in places
        ]
        found += [notes.UnknownNode(field=f"{here}.{field}", id=one) for field, one in missing]
        if (link.product, link.input) in seen:
            found.append(notes.InputTwice(field=f"{here}.input", product=link.product, input=link.input))
        seen.add((link.product, link.input))
        if missing:
            continue
        to, of = asked.nodes[places[link.product]], asked.nodes[places[link.input]]
        if to.stated:
            level = LEVELS[to.level]
            found.append(
                notes.CountedTwice(
                    field=f"{here}.product",
                    product=link.product,
                    input=link.input,
                    level_zh=level.zh,
                    level_en=level.en,
                )
            )
        if link.amount < 0.0:
            found.append(
                NegativeInput(field=f"{here}.amount", product=link.product, input=link.input, amount=link.amount)
            )
        if link.carries and to.tco2_per_unit(link.carries) is None:
            text = STREAMS[link.carries]
            found.append(
                notes.NothingCarried(
                    field=f"{here}.carries",
                    product=link.product,
                    input=link.input,
                    stream_zh=text.zh,
                    stream_en=text.en,
                )
            )
        try:
            ratio = 1.0 if link.unit in (None, of.unit) else measures.ratio(str(link.unit), of.unit, f"{here}.unit")
        except YuetanError as refusal:
            found.append(refusal)
            continue
        columns.append((places[link.product], places[link.input], link.amount * ratio, link.share_in_price))
    product, given, amount, share = zip(*columns, strict=True) if columns else ((), (), (), ())
    return Links(
        np.array(product, dtype=np.int64), np.array(given, dtype=np.int64),
        np.array(amount, dtype=np.float64), np.array(share, dtype=np.float64),
    ), found  # fmt: skip


def _of_node(i: int, node: ChainNode, measures: Measures) -> list[YuetanError]:
    found: list[YuetanError] = []
    try:
        measures.of(node.unit, f"nodes.{i}.unit")
    except YuetanError as refusal:
        found.append(refusal)
    for stream, text in STREAMS.items():
        if node.tco2_per_unit(stream) and node.covered(stream) is None:
            found.append(
                notes.CoverageUnsaid(
                    field=f"nodes.{i}.{stream}_covered", node=node.id, stream_zh=text.zh, stream_en=text.en
                )
            )
    return found
