"""
Loops of a chain: products that go into each other, such as scrap that returns or power used to make power.

A loop can be priced only if it gives back less than it takes, that is if the
spectral radius of its inputs is below one. That is proved for each loop, not
guessed: a positive vector ``w`` with ``M w < w`` in every place bounds the
radius from above (Collatz-Wielandt), whatever the units.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array, csr_array, eye_array
from scipy.sparse.linalg import splu

from models.errors import Text, YuetanError
from models.units import FloatArray

IntArray: TypeAlias = NDArray[np.int64]
#: A loop of more members is solved with a sparse factorisation of its own instead of an inverse.
LARGEST_INVERTED = 48
#: A loop of more members is solved by iteration: what a factorisation fills in has no bound.
LARGEST_FACTORISED = 2_000
#: How far below one the radius must lie, so that rounding cannot decide.
MARGIN = 1e-12
_ROUNDS = 30
_DENSE = 200
_POWERS = 5000
_SETTLED = 20_000
_FADED = 1e-16
_NAMED = 8


class LoopGrows(YuetanError):
    code = "chain.loop_grows"
    message = Text(
        "循环“{names}”{more_zh}投入不小于产出（谱半径 {radius}，须小于 1），成本无限大。",
        "The loop '{names}'{more_en} takes in no less than it gives (spectral radius {radius}, must be below 1): its cost has no bound.",
    )
    hint = Text(
        "请核对循环中各行的用量和单位：转一圈回到自身的量必须小于一个单位。",
        "Check amounts and units along the loop: less than one unit may come back for each unit made.",
    )

    @property
    def loop(self) -> tuple[str, ...]:
        """The nodes of the heaviest way round, as goods flow."""
        found = self.params["loop"]
        return found if isinstance(found, tuple) else ()


class LoopUnsettled(YuetanError):
    code = "chain.loop_unsettled"
    message = Text(
        "一个有 {count} 个节点的循环（含“{node}”）收敛太慢（谱半径约 {radius}），无法求解。",
        "A loop of {count} nodes, '{node}' among them, settles too slowly (spectral radius about {radius}) to be solved.",
    )
    hint = Text("请核对循环中各行的用量和单位。", "Check amounts and units along the loop.")


def inverses(blocks: FloatArray) -> tuple[FloatArray, NDArray[np.bool_]]:
    """
    Return ``(I - M)^-1`` of loops of one size, and which of them are proved to have a radius below one.

    Parameters
    ----------
    blocks : array, shape (g, s, s)
        Inputs within each loop, row = product, column = input; not negative.
    """
    g, s, _ = blocks.shape
    gap = np.eye(s) - blocks
    try:
        inverse: FloatArray = np.linalg.inv(gap).astype(np.float64, copy=False)
    except np.linalg.LinAlgError:
        inverse = np.full_like(gap, np.nan)
        for i in range(g):
            if np.linalg.matrix_rank(gap[i]) == s:
                inverse[i] = np.linalg.inv(gap[i])
    with np.errstate(all="ignore"):
        w = inverse.sum(axis=2)
        bound = _bound(w, np.einsum("gij,gj->gi", blocks, w))
        for _ in range(_ROUNDS):
            doubtful = np.flatnonzero((bound >= 1.0 - 1e-9) & np.isfinite(bound))
            if doubtful.size == 0:
                break
            w[doubtful] = np.einsum("gij,gj->gi", inverse[doubtful], w[doubtful])
            w[doubtful] /= w[doubtful].max(axis=1, keepdims=True)
            closer = _bound(w[doubtful], np.einsum("gij,gj->gi", blocks[doubtful], w[doubtful]))
            bound[doubtful] = np.minimum(bound[doubtful], closer)
    return inverse, bound < 1.0 - MARGIN


def _bound(w: FloatArray, image: FloatArray) -> FloatArray:
    """Return the upper bound of the radius that ``w`` proves, by row; not finite where it proves none."""
    fine = np.isfinite(w).all(axis=1) & (w > 0.0).all(axis=1)
    return np.where(fine, (image / np.where(w > 0.0, w, 1.0)).max(axis=1), np.inf)


def factorised(block: csr_array) -> tuple[Callable[[FloatArray], FloatArray], bool]:
    """Return what solves ``(I - M) x = y`` for a large loop, and whether its radius is proved to be below one."""
    n = block.shape[0]
    if n > LARGEST_FACTORISED:
        return _iterated(block)
    try:
        lu = splu(csc_array(eye_array(n, format="csc") - block))
    except RuntimeError:
        return lambda y: np.full_like(y, np.nan), False
    solve: Callable[[FloatArray], FloatArray] = lu.solve
    w = solve(np.ones(n))
    proved = False
    with np.errstate(all="ignore"):
        for _ in range(_ROUNDS):
            bound = float(_bound(w[None, :], (block @ w)[None, :])[0])
            proved = bound < 1.0 - MARGIN
            if proved or not np.isfinite(bound):
                break
            w = solve(w)
            w /= w.max()
    return solve, proved


def _iterated(block: csr_array) -> tuple[Callable[[FloatArray], FloatArray], bool]:
    """
    Return the same by iteration for a loop of any size.

    The terms ``M^t 1`` of the sum that is the answer for ones must fade below
    rounding: that proves the radius, and says how many rounds any answer needs.
    """
    term = total = np.ones(block.shape[0])
    rounds = 0
    with np.errstate(all="ignore"):
        while float((term / total).max()) > _FADED:
            term = block @ term
            total = total + term
            rounds += 1
            if rounds == _SETTLED or not np.isfinite(total).all():
                return lambda y: np.full_like(y, np.nan), False

    def solve(y: FloatArray) -> FloatArray:
        x = y
        for _ in range(rounds):
            x = block @ x + y
        return x

    return solve, True


def radius_and_cycle(block: csr_array) -> tuple[float, list[int]]:
    """
    Return the spectral radius of a loop and the heaviest way round it.

    Parameters
    ----------
    block : csr array, shape (s, s)
        Inputs within the loop, row = product, column = input; strongly connected.

    Returns
    -------
    float, list of int
        The largest eigenvalue (of large loops by power iteration on ``M + I``);
        the cycle follows, from product to input, the part that weighs most.
    """
    if block.shape[0] <= _DENSE:
        values, vectors = np.linalg.eig(block.toarray())
        first = int(np.argmax(values.real))
        radius, w = float(values[first].real), np.abs(vectors[:, first])
    else:
        w, radius = np.ones(block.shape[0]), 0.0
        for _ in range(_POWERS):
            ahead = block @ w + w
            before, radius = radius, float(ahead.max() / w.max() - 1.0)
            w = ahead / ahead.max()
            if abs(radius - before) <= 1e-13 * max(1.0, abs(radius)):
                break
    at, seen = int(np.argmax(w)), dict[int, int]()
    path: list[int] = []
    while at not in seen:
        seen[at] = len(path)
        path.append(at)
        here = slice(block.indptr[at], block.indptr[at + 1])
        at = int(block.indices[here][np.argmax(block.data[here] * w[block.indices[here]])])
    return radius, path[seen[at] :]


def refusal(members: IntArray, matrix: csr_array, name: Callable[[int], Any]) -> YuetanError:
    """Return the refusal that names a loop; ``members`` are rows of ``matrix``."""
    radius, cycle = radius_and_cycle(csr_array(matrix[members][:, members]))
    if members.size > LARGEST_FACTORISED and radius < 1.0:
        return LoopUnsettled(
            field="inputs", count=f"{members.size:,}", node=name(int(members[cycle[0]])), radius=f"{radius:.6g}"
        )
    # From input to product, as goods flow.
    around = [str(name(int(members[i]))) for i in reversed(cycle)]
    shown = [*around, around[0]] if len(around) <= _NAMED else [*around[: _NAMED - 1], "…", around[0]]
    others = len(members) - len(cycle)
    return LoopGrows(
        field="inputs",
        names=" → ".join(shown),
        more_zh=f"（连同另外 {others} 个节点）" if others else "",
        more_en=f" (with {others} more nodes)" if others else "",
        radius=f"{radius:.6g}",
        loop=tuple(around),
        members=tuple(str(name(int(i))) for i in members[:100]),
    )
