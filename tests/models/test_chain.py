"""Cost along a chain: exact fractions as the oracle, loops that have no bound, and what may change nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array, eye_array
from scipy.sparse.linalg import spsolve

from models import chain as module
from models.chain import Chain, NegativeInput, NegativeShare, ordered
from models.loops import LoopGrows, LoopUnsettled
from models.units import FloatArray

Exact = list[list[Fraction]]


def solved(inputs: Exact, own: Sequence[Fraction], shares: Sequence[Fraction] | None = None) -> list[Fraction]:
    """Return x = D (A' x + k) by Gauss-Jordan elimination in fractions; ``inputs`` is A', row = product."""
    n = len(own)
    d = shares or [Fraction(1)] * n
    rows = [
        [Fraction(i == j) - d[i] * inputs[i][j] for j in range(n)] + [d[i] * own[i]] for i in range(n)
    ]  # fmt: skip
    for i in range(n):
        at = next(r for r in range(i, n) if rows[r][i] != 0)
        rows[i], rows[at] = rows[at], rows[i]
        rows[i] = [value / rows[i][i] for value in rows[i]]
        for r in range(n):
            if r != i and rows[r][i] != 0:
                rows[r] = [a - rows[r][i] * b for a, b in zip(rows[r], rows[i], strict=True)]
    return [row[-1] for row in rows]


def floats(values: Sequence[Fraction]) -> FloatArray:
    return np.array([float(value) for value in values])


def built(inputs: Exact) -> Chain:
    return ordered(csr_array(np.array([[float(value) for value in row] for row in inputs])))


@st.composite
def chains(draw: st.DrawFn, most: int = 7) -> tuple[Exact, list[Fraction]]:
    """Return A' whose rows sum to less than one, loops and own use included, and an own cost of either sign."""
    n = draw(st.integers(1, most))
    inputs = []
    for _ in range(n):
        row = [Fraction(draw(st.integers(0, 20)) * draw(st.booleans())) for _ in range(n)]
        whole = sum(row, Fraction(0)) + draw(st.integers(1, 40))
        inputs.append([value / whole for value in row])
    return inputs, [Fraction(draw(st.integers(-500, 2000)), 7) for _ in range(n)]


def test_two_plants_and_their_scrap_by_hand() -> None:
    """Slab x1 = 80 + 3/20 x2, sheet x2 = 12 + 21/20 x1: x1 = (80 + 3/20 * 12) / (1 - 3/20 * 21/20) = 32720/337."""
    slab, sheet = Fraction(32720, 337), Fraction(12) + Fraction(21, 20) * Fraction(32720, 337)
    inputs = [[Fraction(0), Fraction(3, 20)], [Fraction(21, 20), Fraction(0)]]
    assert solved(inputs, [Fraction(80), Fraction(12)]) == [slab, sheet]
    x = built(inputs).reprice(np.array([80.0, 12.0]))
    assert x == pytest.approx([float(slab), float(sheet)], rel=1e-15)


A_OF_THREE = csr_array(np.array([[0.0, 13.5, 0.0], [0.0, 0.0, 1.05], [0.0, 0.15, 0.0]]).T)
OWN_OF_THREE = np.array([28.5, 80.0, 12.0])
ROLLED_UP = [
    ([1.0, 1.0, 1.0], [28.5, 553.76854599, 593.45697329]),
    ([0.3, 0.6, 0.9], [8.55, 129.2168971, 132.90996776]),
]


@pytest.mark.parametrize(("shares", "expected"), ROLLED_UP)
def test_power_slab_and_sheet(shares: list[float], expected: list[float]) -> None:
    x = ordered(A_OF_THREE).handing_on(np.array(shares)).reprice(OWN_OF_THREE)
    assert x == pytest.approx(expected, abs=5e-9)


@pytest.mark.shared
def test_the_reference_roll_ups(shared: Callable[[str], Path]) -> None:
    cases = json.loads(shared("passthrough/structural_examples.json").read_text("utf-8"))["bill_of_materials"]
    assert len(cases) == 2
    for case in cases:
        assert case["orientation"] == "row = input, column = product"
        base = ordered(csr_array(np.array(case["input_per_unit_output"]).T))
        x = base.handing_on(np.array(case["pass_through"], dtype=float)).reprice(np.array(case["own_carbon_cost"]))
        assert x == pytest.approx(case["embedded_cost_or_price_change"], abs=5e-9)


@given(chains(), st.data())
def test_equal_to_exact_fractions(drawn: tuple[Exact, list[Fraction]], data: st.DataObject) -> None:
    inputs, own = drawn
    shares = [Fraction(data.draw(st.integers(0, 10)), 10) for _ in own]
    base = built(inputs)
    for chain, d in ((base, None), (base.handing_on(floats(shares)), shares)):
        exact = solved(inputs, own, d)
        scale = max(float(max(solved(inputs, [abs(k) for k in own]))), 1e-300)
        x = chain.reprice(floats(own))
        assert np.abs(x - floats(exact)).max() <= 1e-13 * scale
        again, rounds = chain.iterated(floats(own))
        assert np.abs(again - x).max() <= 1e-10 * scale, rounds


@given(chains(), st.data())
def test_cost_is_conserved(drawn: tuple[Exact, list[Fraction]], data: st.DataObject) -> None:
    """What all plants pay is what the buyers of final goods receive, and what a tier keeps is the difference."""
    inputs, own = drawn
    n = len(own)
    demand = [Fraction(data.draw(st.integers(0, 100))) for _ in own]
    made = solved([[inputs[j][i] for j in range(n)] for i in range(n)], demand)
    d = floats([Fraction(data.draw(st.integers(0, 10)), 10) for _ in own])
    base = built(inputs)
    x = base.reprice(floats(own))
    scale = float(np.abs(floats(own)) @ floats(made)) + 1e-300
    assert abs(floats(own) @ floats(made) - x @ floats(demand)) <= 1e-12 * scale
    part = base.handing_on(d).reprice(floats(own))
    met = floats(own) + np.array([[float(v) for v in row] for row in inputs]) @ part
    kept = (1.0 - d) * met
    assert abs(floats(own) @ floats(made) - part @ floats(demand) - kept @ floats(made)) <= 1e-12 * scale


@given(chains(), st.data())
def test_splitting_a_tier_changes_nothing(drawn: tuple[Exact, list[Fraction]], data: st.DataObject) -> None:
    inputs, own = drawn
    n = len(own)
    at = data.draw(st.integers(0, n - 1))
    part = Fraction(data.draw(st.integers(0, 8)), 8)
    wider = [[*row, Fraction(0)] for row in inputs] + [[Fraction(0)] * (n + 1)]
    # The new node takes all inputs and a part of the cost; the old one takes one unit of it.
    wider[n] = [*inputs[at], Fraction(0)]
    wider[at] = [Fraction(0)] * n + [Fraction(1)]
    costs = [*own, own[at] * part]
    costs[at] = own[at] * (1 - part)
    before, after = built(inputs).reprice(floats(own)), built(wider).reprice(floats(costs))
    assert after[:n] == pytest.approx(before, rel=1e-11, abs=1e-9)


@given(chains(), st.randoms(use_true_random=False), st.data())
def test_order_and_unit_do_not_matter(drawn: tuple[Exact, list[Fraction]], random: Any, data: st.DataObject) -> None:
    inputs, own = drawn
    n = len(own)
    a = np.array([[float(v) for v in row] for row in inputs])
    to = list(range(n))
    random.shuffle(to)
    x = built(inputs).reprice(floats(own))
    assert ordered(csr_array(a[to][:, to])).reprice(floats(own)[to]) == pytest.approx(x[to], rel=1e-12, abs=1e-9)
    #: How many new units one old unit is: tonnes to grams, MWh to TWh.
    unit = np.array([10.0 ** data.draw(st.integers(-6, 6)) for _ in own])
    scaled = ordered(csr_array(a * unit[None, :] / unit[:, None])).reprice(floats(own) / unit)
    assert scaled * unit == pytest.approx(x, rel=1e-11, abs=1e-9)


@given(chains())
def test_several_prices_at_once(drawn: tuple[Exact, list[Fraction]]) -> None:
    inputs, own = drawn
    chain = built(inputs)
    k = np.stack([floats(own), 2.0 * floats(own), floats(own) - 3.0], axis=1)
    together = chain.reprice(k)
    for i in range(3):
        assert together[:, i] == pytest.approx(chain.reprice(k[:, i].copy()), rel=1e-13, abs=1e-12)
    assert chain.residual(k, together) <= 1e-12


@given(st.integers(1, 60), st.floats(1.0, 3.0), st.integers(-9, 9), st.integers(0, 10**6))
def test_a_loop_that_gives_back_as_much_is_refused_and_named(n: int, gain: float, unit: int, seed: int) -> None:
    """A ring of any size whose product is ``gain``, in units of any size, beside nodes that are in no loop."""
    ring = _ring(n, gain, 10.0**unit, seed)
    with pytest.raises(LoopGrows) as caught:
        ordered(ring, lambda i: f"n{i}")
    assert caught.value.params["members"] == tuple(f"n{i}" for i in range(n))
    assert float(str(caught.value.params["radius"])) == pytest.approx(gain ** (1.0 / n), rel=1e-4)
    assert " → " in caught.value.text("zh")


@given(st.integers(1, 60), st.floats(0.01, 0.999999), st.integers(-9, 9), st.integers(0, 10**6))
def test_a_loop_that_gives_back_less_is_priced(n: int, gain: float, unit: int, seed: int) -> None:
    ring = _ring(n, gain, 10.0**unit, seed)
    x = ordered(ring).reprice(np.ones(n + 2))
    assert (x[:n] >= 1.0).all()
    assert np.abs(x - ring @ x - 1.0).max() <= 1e-9 * x.max()


def _ring(n: int, gain: float, unit: float, seed: int) -> csr_array:
    """Return a ring of ``n`` nodes with a product of ``gain``, one node that feeds it and one that it feeds."""
    rng = np.random.default_rng(seed)
    scale = unit ** rng.uniform(-1.0, 1.0, n)
    a = np.zeros((n + 2, n + 2))
    for i in range(n):
        a[i, (i + 1) % n] = gain ** (1.0 / n) * scale[i] / scale[(i + 1) % n]
    a[0, n] = 1.0
    a[n + 1, 0] = 1.0
    return csr_array(a)


@pytest.mark.parametrize("pair", [(2.0, 0.5), (3.0, 1.0 / 3.0), (1e9, 1e-9), (1e-3, 1000.0)])
def test_a_radius_of_one_is_refused(pair: tuple[float, float]) -> None:
    with pytest.raises(LoopGrows):
        ordered(csr_array(np.array([[0.0, pair[0]], [pair[1], 0.0]])))


def test_the_bad_loop_among_good_ones_is_named() -> None:
    a = np.zeros((8, 8))
    for i, j, v in [(0, 1, 0.5), (1, 0, 0.5), (2, 3, 0.9), (3, 2, 1.2), (4, 4, 0.3), (5, 4, 2.0), (6, 5, 1.0)]:
        a[i, j] = v
    with pytest.raises(LoopGrows) as caught:
        ordered(csr_array(a), lambda i: f"n{i}")
    assert caught.value.params["members"] == ("n2", "n3")
    assert "1.03923" in caught.value.text("en")


def test_a_share_above_one_may_make_a_loop_grow() -> None:
    chain = ordered(csr_array(np.array([[0.0, 0.9], [0.9, 0.0]])))
    assert chain.handing_on(np.array([1.1, 1.1])).reprice(np.ones(2)) == pytest.approx([110.0, 110.0])
    with pytest.raises(LoopGrows):
        chain.handing_on(np.array([1.3, 1.3]))


def test_a_chain_keeps_its_order_for_other_shares() -> None:
    chain = ordered(A_OF_THREE)
    none = chain.handing_on(np.zeros(3))
    assert none.reprice(OWN_OF_THREE).tolist() == [0.0, 0.0, 0.0]
    assert none.handing_on(np.ones(3)).reprice(OWN_OF_THREE) == pytest.approx(chain.reprice(OWN_OF_THREE))


@pytest.mark.parametrize("amount", [-0.1, np.nan, np.inf])
def test_amounts_that_are_none_are_refused(amount: float) -> None:
    with pytest.raises(NegativeInput) as caught:
        ordered(csr_array(np.array([[0.0, 0.0], [amount, 0.0]])), lambda i: "ab"[i])
    assert (caught.value.params["product"], caught.value.params["input"]) == ("b", "a")


@pytest.mark.parametrize("share", [-0.1, np.nan, np.inf])
def test_shares_that_are_none_are_refused(share: float) -> None:
    with pytest.raises(NegativeShare):
        ordered(A_OF_THREE).handing_on(np.array([1.0, share, 1.0]))


def many(n: int, seed: int) -> csr_array:
    """Return a bill of ``n`` nodes in scrambled order: three inputs each, rings of two to six, one ring of 200."""
    rng = np.random.default_rng(seed)
    product = np.repeat(np.arange(1, n), 3)
    used = (rng.random(product.size) * product).astype(np.int64)
    head = np.arange(500, n - 500, 25)
    length = rng.integers(1, 6, head.size)
    # A way up through the ring and one back; the long ring lies at the end.
    up = np.concatenate([np.arange(h + 1, h + s + 1) for h, s in zip(head, length, strict=True)])
    rings = np.concatenate([up, head, np.arange(n - 200, n)])
    takes = np.concatenate([up - 1, head + length, np.roll(np.arange(n - 200, n), 1)])
    amount = np.concatenate([rng.random(product.size) * 0.2, np.full(rings.size, 0.3)])
    a = csr_array((amount, (np.concatenate([product, rings]), np.concatenate([used, takes]))), shape=(n, n))
    to = rng.permutation(n)
    return csr_array(a[to][:, to])


def test_many_nodes_equal_a_general_solver() -> None:
    a = many(3_000, 5)
    chain = ordered(a)
    assert max(loop.size for loop in chain.loops) >= 200
    k = np.random.default_rng(6).uniform(-1.0, 5.0, 3_000)
    x = chain.reprice(k)
    assert x == pytest.approx(spsolve((eye_array(3_000) - a).tocsc(), k), rel=1e-11, abs=1e-11)
    assert chain.residual(k, x) <= 1e-14
    assert chain.reprice_in_order(k[chain.order])[chain.place].tobytes() == x.tobytes()
    again, rounds = chain.iterated(k)
    assert again == pytest.approx(x, rel=1e-9, abs=1e-9)
    assert rounds < 500


def test_the_pass_over_the_rows_equals_a_plain_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pass gives scipy's product its own input as the result: held to the plain loop, for one and several columns."""
    a = many(2_000, 8)
    k = np.random.default_rng(9).uniform(0.0, 5.0, (2_000, 2))
    chain = ordered(a)
    fast, fast_two = chain.reprice(k[:, 0].copy()), chain.reprice(k)
    monkeypatch.setattr(module, "csr_matvec", None)
    assert chain.reprice(k[:, 0].copy()) == pytest.approx(fast, rel=1e-14)
    assert chain.reprice(k) == pytest.approx(fast_two, rel=1e-14)


def test_components_numbered_in_another_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """scipy does not promise that inputs come first; where they do not, the tiers are found."""
    a = many(1_200, 11)
    k = np.ones(1_200)
    x = ordered(a).reprice(k)
    real = module.connected_components

    def scrambled(*args: Any, **named: Any) -> tuple[int, Any]:
        count, labels = real(*args, **named)
        return count, np.random.default_rng(3).permutation(count)[labels]

    monkeypatch.setattr(module, "connected_components", scrambled)
    assert ordered(a).reprice(k) == pytest.approx(x, rel=1e-13)


def knot(n: int, back: float, seed: int) -> csr_array:
    """Return a bill whose every node takes part in one loop: three inputs each, and each tenth goes far back."""
    rng = np.random.default_rng(seed)
    product = np.concatenate([np.arange(1, n), np.repeat(np.arange(1, n), 2)])
    used = np.concatenate(
        [np.arange(n - 1), (rng.random(2 * (n - 1)) * np.repeat(np.arange(1, n), 2)).astype(np.int64)]
    )
    far = np.concatenate([[0], rng.integers(0, n - 1, n // 10)])
    rows, columns = np.concatenate([product, far]), np.concatenate([used, np.full(far.size, n - 1)])
    columns[-far.size + 1 :] = far[1:] + (rng.random(far.size - 1) * (n - far[1:])).astype(np.int64)
    amounts = np.concatenate([rng.random(product.size) * 0.3, np.full(far.size, back)])
    return csr_array((amounts, (rows, columns)), shape=(n, n))


@pytest.mark.parametrize("n", [1_500, 6_000])
def test_one_loop_of_thousands(n: int) -> None:
    a = knot(n, 0.05, 4)
    chain = ordered(a)
    assert [loop.size for loop in chain.loops] == [n]
    k = np.random.default_rng(6).uniform(-1.0, 5.0, (n, 2))
    x = chain.reprice(k)
    assert chain.residual(k, x) <= 1e-12
    alone = chain.reprice(np.ascontiguousarray(k[:, 1]))
    assert alone == pytest.approx(x[:, 1], rel=1e-9, abs=1e-9)
    if n < 2_000:
        assert x == pytest.approx(spsolve((eye_array(n) - a).tocsc(), k), rel=1e-9, abs=1e-9)
    assert chain.handing_on(np.full(n, 0.5)).reprice(k[:, 0].copy()).shape == (n,)
    with pytest.raises(LoopGrows) as caught:
        ordered(knot(n, 30.0, 4))
    assert len(caught.value.loop) >= 1


@pytest.mark.parametrize("gain", [0.5, 0.99])
def test_a_ring_of_thousands(gain: float) -> None:
    n = 3_000
    ring = csr_array((np.full(n, gain), (np.arange(n), np.roll(np.arange(n), 1))), shape=(n, n))
    assert ordered(ring).reprice(np.ones(n)) == pytest.approx(np.full(n, 1.0 / (1.0 - gain)), rel=1e-12)


def test_a_ring_of_thousands_at_the_edge_is_told() -> None:
    """Iteration would need millions of rounds: no figure is better than one that is not settled."""
    n = 3_000
    ring = csr_array((np.full(n, 1.0 - 1e-5), (np.arange(n), np.roll(np.arange(n), 1))), shape=(n, n))
    with pytest.raises(LoopUnsettled) as caught:
        ordered(ring)
    assert "3,000" in caught.value.text("en")
    ring.data[:] = 1.0
    with pytest.raises(LoopGrows):
        ordered(ring)


def test_empty_and_single() -> None:
    assert ordered(csr_array((0, 0))).reprice(np.empty(0)).size == 0
    assert ordered(csr_array(np.array([[0.5]]))).reprice(np.array([3.0])).tolist() == [6.0]
