"""
Cost along a chain of any number of tiers, with loops: x = D (A' x + k).

The chain is put in order once: strongly connected components, inputs before
what is made of them, each loop replaced by the inverse of its own small
system. After that a new price is one pass over the inputs, because every row
then asks only for rows that are already known.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components

from models.errors import Text, YuetanError
from models.loops import LARGEST_INVERTED, IntArray, factorised, inverses, refusal
from models.units import FloatArray

METHOD = "models.chain/1"
#: Relative residual that a solution must keep.
TOLERANCE = 1e-12


class NegativeInput(YuetanError):
    code = "chain.negative_input"
    message = Text(
        "“{product}”对“{input}”的用量是 {amount}：用量必须是不小于零的有限数。",
        "'{product}' takes {amount} of '{input}': an amount must be a finite number and not negative.",
    )
    hint = Text(
        "副产品和返回的废料请写成用它的那道工序的投入，不要写成负的用量。",
        "Enter by-products and returning scrap as inputs of the process that uses them, never as a negative amount.",
    )


class NegativeShare(YuetanError):
    code = "chain.negative_share"
    message = Text(
        "“{product}”的传递比例是 {share}：须是不小于零的有限数。",
        "'{product}' hands on a share of {share}: a share must be a finite number and not negative.",
    )
    hint = Text("1 为全部传递，0 为全部自担。", "1 hands on all of it, 0 keeps all of it.")


@dataclass(frozen=True, slots=True)
class LargeLoop:
    """A loop too large for an inverse: rows ``first`` to ``last`` of the order, and what solves it."""

    first: int
    last: int
    solve: Callable[[FloatArray], FloatArray]


@dataclass(frozen=True, slots=True)
class Chain:
    """
    A chain in order.

    ``order`` gives the node at each place, ``place`` the place of each node;
    ``inputs`` is A' in that order and ``matrix`` D A'; ``forward`` is that with
    the loops solved, strictly below the diagonal; ``within`` holds the inverses
    of the small loops over the rows ``looped``.
    """

    order: IntArray
    place: IntArray
    inputs: csr_array
    hand_on: FloatArray | None
    matrix: csr_array
    forward: csr_array
    looped: IntArray
    within: csr_array
    large: tuple[LargeLoop, ...]
    loops: tuple[IntArray, ...]

    @property
    def nodes(self) -> int:
        """How many products the chain has."""
        return int(self.order.size)

    def reprice(self, own: FloatArray) -> FloatArray:
        """
        Return the embedded cost of every node.

        Parameters
        ----------
        own : array, shape (n,) or (n, m)
            Own cost k per unit of each node; a column for each price or view.

        Returns
        -------
        array of the same shape
            x = D (A' x + k), ``passthrough.md`` 2.3.
        """
        return np.take(self.reprice_in_order(np.take(own, self.order, axis=0)), self.place, axis=0)

    def reprice_in_order(self, own: FloatArray) -> FloatArray:
        """Return the same for own cost in the order of the chain, and in that order: no more than one pass."""
        x = np.array(own, dtype=np.float64, order="C")
        if self.hand_on is not None:
            x *= self.hand_on if x.ndim == 1 else self.hand_on[:, None]
        if self.looped.size:
            x[self.looped] = self.within @ x[self.looped]
        first = 0
        for loop in self.large:
            _pass(self.forward, x, first, loop.first)
            rows = slice(loop.first, loop.last)
            x[rows] = loop.solve(x[rows] + self.forward[rows] @ x)
            first = loop.last
        _pass(self.forward, x, first, self.nodes)
        return x

    def residual(self, own: FloatArray, x: FloatArray) -> float:
        """Return the largest |x - D (A' x + k)| over the largest |x|: what one more round would still change."""
        k, made = np.take(own, self.order, axis=0), np.take(x, self.order, axis=0)
        if self.hand_on is not None:
            k = k * (self.hand_on if k.ndim == 1 else self.hand_on[:, None])
        largest = float(np.abs(made).max(initial=0.0))
        return float(np.abs(made - self.matrix @ made - k).max(initial=0.0)) / largest if largest else 0.0

    def iterated(self, own: FloatArray, *, rounds: int = 10_000, tolerance: float = 1e-13) -> tuple[FloatArray, int]:
        """
        Return the cost by fixed-point iteration from zero, and the rounds it took: the check on ``reprice``.

        It ends when a round changes nothing beyond ``tolerance`` of the largest
        cost, or after ``rounds``; a radius near one needs many.
        """
        k = np.take(own, self.order, axis=0)
        if self.hand_on is not None:
            k = k * (self.hand_on if k.ndim == 1 else self.hand_on[:, None])
        x = k.copy()
        done = 0
        for done in range(1, rounds + 1):  # noqa: B007 - the count is an answer
            ahead = self.matrix @ x + k
            change = float(np.abs(ahead - x).max(initial=0.0))
            x = ahead
            if change <= tolerance * float(np.abs(x).max(initial=0.0)):
                break
        return np.take(x, self.place, axis=0), done

    def handing_on(self, shares: FloatArray, name: Callable[[int], Any] = str) -> Chain:
        """
        Return the chain with the share that each node hands on, D = diag(shares); the order is kept.

        Raises
        ------
        NegativeShare
            A share is negative or not finite.
        LoopGrows
            With shares above one a loop grows without bound.
        """
        wrong = np.flatnonzero(~(np.isfinite(shares) & (shares >= 0.0)))
        if wrong.size:
            raise NegativeShare(field="hand_on", product=name(int(wrong[0])), share=float(shares[wrong[0]]))
        d = np.take(np.asarray(shares, dtype=np.float64), self.order)
        return _solved(self.order, self.place, self.inputs, None if (d == 1.0).all() else d, self.loops, name)


def ordered(inputs: csr_array, name: Callable[[int], Any] = str) -> Chain:
    """
    Put a chain in order; every node hands on all its cost.

    Parameters
    ----------
    inputs : csr array, shape (n, n)
        A' of ``passthrough.md`` 2.3: row = product, column = input, physical
        units of the input per unit of the product. Entries of one place add up.
    name : callable
        How a refusal names node ``i``.

    Raises
    ------
    NegativeInput
        An amount is negative or not finite.
    LoopGrows
        A loop has a spectral radius of one or more; it is named.
    LoopUnsettled
        A loop of thousands of nodes is too near one to be solved by iteration.

    Examples
    --------
    >>> chain = ordered(csr_array([[0.0, 0.15], [1.05, 0.0]]))
    >>> [round(float(x), 4) for x in chain.reprice(np.array([80.0, 12.0]))]
    [97.092, 113.9466]
    """
    matrix = _narrow(csr_array(inputs, dtype=np.float64))
    if not matrix.has_canonical_format:
        matrix = matrix.copy()
        matrix.sum_duplicates()
    if matrix.nnz and not (matrix.data.min() >= 0.0 and matrix.data.max() < np.inf):
        wrong = np.flatnonzero(~(np.isfinite(matrix.data) & (matrix.data >= 0.0)))
        row = int(np.searchsorted(matrix.indptr, wrong[0], side="right")) - 1
        column, amount = int(matrix.indices[wrong[0]]), float(matrix.data[wrong[0]])
        raise NegativeInput(field="inputs", product=name(row), input=name(column), amount=amount)
    count, labels = connected_components(matrix, directed=True, connection="strong")
    order, place, lasts, moved = _by_component(matrix, count, labels)
    if (moved.indices > np.repeat(lasts, np.diff(moved.indptr))).any():
        order, place, lasts, moved = _by_component(matrix, count, _by_tier(matrix, count, labels)[labels])
    firsts = np.concatenate([np.zeros(min(1, order.size), dtype=np.int64), np.flatnonzero(np.diff(lasts)) + 1])
    sizes = np.diff(np.append(firsts, order.size))
    looping = (sizes > 1) | (moved.diagonal()[firsts] > 0.0)
    ends = firsts[looping] + sizes[looping]
    every = np.arange(order.size)
    loops = tuple(every[a:b] for a, b in zip(firsts[looping].tolist(), ends.tolist(), strict=True))
    return _solved(order, place, moved, None, loops, name)


def _narrow(matrix: csr_array) -> csr_array:
    """Return the same with places of 32 bits where they fit, which halves what is moved."""
    if max(matrix.nnz, *matrix.shape) > np.iinfo(np.int32).max:
        return matrix
    places = (part.astype(np.int32, copy=False) for part in (matrix.indices, matrix.indptr))
    return csr_array((matrix.data, *places), shape=matrix.shape)


def _by_component(
    matrix: csr_array, count: int, labels: NDArray[np.int32]
) -> tuple[IntArray, IntArray, NDArray[np.int32], csr_array]:
    """Return nodes by component, the place of each, the last place of each row's component, and the matrix in that order."""
    n = matrix.shape[0]
    # One entry a row, read by column: a sort by counting.
    sorted_ = csr_array((np.ones(n, dtype=np.int8), labels, np.arange(n + 1, dtype=np.int32)), shape=(n, count)).tocsc()
    order = sorted_.indices
    place = np.empty(n, dtype=np.int32)
    place[order] = np.arange(n, dtype=np.int32)
    moved = matrix[order]
    # No order of inputs within a row is needed, and none is made.
    at = csr_array((moved.data, np.take(place, moved.indices), moved.indptr), shape=matrix.shape)
    at.has_sorted_indices = False
    lasts = np.repeat(sorted_.indptr[1:] - 1, np.diff(sorted_.indptr)).astype(np.int32, copy=False)
    return order.astype(np.int64), place.astype(np.int64), lasts, at


def _by_tier(matrix: csr_array, count: int, labels: NDArray[np.int32]) -> IntArray:
    """Return new numbers of components such that inputs come first, tier by tier."""
    made, used = np.repeat(labels, np.diff(matrix.indptr)), labels[matrix.indices]
    across = made != used
    links = coo_array((np.ones(int(across.sum())), (made[across], used[across])), shape=(count, count)).tocsr()
    links.data[:] = 1.0
    waits = np.diff(links.indptr)
    users = links.T.tocsr()
    number, ready, next_number = np.empty(count, dtype=np.int64), np.flatnonzero(waits == 0), 0
    while ready.size:
        number[ready] = np.arange(next_number, next_number + ready.size)
        next_number += ready.size
        freed = users[ready].indices
        waits = waits - np.bincount(freed, minlength=count)
        ready = np.unique(freed[waits[freed] == 0])
    return number


def _scaled(matrix: csr_array, by_row: FloatArray) -> csr_array:
    data = matrix.data * np.repeat(by_row, np.diff(matrix.indptr))
    return csr_array((data, matrix.indices, matrix.indptr), shape=matrix.shape)


def _solved(
    order: IntArray,
    place: IntArray,
    inputs: csr_array,
    hand_on: FloatArray | None,
    loops: Sequence[IntArray],
    name: Callable[[int], Any],
) -> Chain:
    """Return the chain with its loops proved and solved."""
    matrix = inputs if hand_on is None else _scaled(inputs, hand_on)
    big = [loop for loop in loops if loop.size > LARGEST_INVERTED]
    small = loops if not big else [loop for loop in loops if loop.size <= LARGEST_INVERTED]
    large = []
    for loop in big:
        block = csr_array(matrix[loop[0] : loop[-1] + 1][:, loop[0] : loop[-1] + 1])
        solve, proved = factorised(block)
        if not proved:
            raise refusal(loop, matrix, lambda i: name(int(order[i])))
        large.append(LargeLoop(int(loop[0]), int(loop[-1]) + 1, solve))
    looped = np.concatenate(small) if small else np.empty(0, dtype=np.int64)
    within, outside = _inverted(small, looped, matrix, lambda i: name(int(order[i])))
    forward = matrix
    if loops:
        forward = _without_loops(matrix, big)
        if small:
            forward = _with_rows(forward, looped, csr_array(within @ outside))
    return Chain(order, place, inputs, hand_on, matrix, forward, looped, within, tuple(large), tuple(loops))


def _inverted(
    loops: Sequence[IntArray], looped: IntArray, matrix: csr_array, name: Callable[[int], Any]
) -> tuple[csr_array, csr_array]:
    """Return the inverses of the small loops as one matrix over their rows, and what those rows take from outside."""
    if not loops:
        return csr_array((0, 0)), csr_array((0, matrix.shape[0]))
    n = looped.size
    rows = csr_array(matrix[looped])
    sizes = np.array([loop.size for loop in loops])
    first = np.cumsum(sizes) - sizes
    #: Which loop each row and, where the input is in a loop too, each entry belongs to.
    of = np.full(matrix.shape[0], -1, dtype=np.int64)
    of[looped] = np.repeat(np.arange(sizes.size), sizes)
    at = np.empty(matrix.shape[0], dtype=np.int64)
    at[looped] = np.arange(n)
    entry_row = np.repeat(np.arange(n), np.diff(rows.indptr))
    inside = of[rows.indices] == of[looped][entry_row]
    outside = csr_array((np.where(inside, 0.0, rows.data), rows.indices.copy(), rows.indptr.copy()), shape=rows.shape)
    outside.eliminate_zeros()
    in_row, in_column, amount = entry_row[inside], at[rows.indices[inside]], rows.data[inside]
    loop_of = of[looped][in_row]
    data, row, column = [], [], []
    for size in np.unique(sizes):
        which = np.flatnonzero(sizes == size)
        number = np.full(sizes.size, -1, dtype=np.int64)
        number[which] = np.arange(which.size)
        mine = number[loop_of] >= 0
        blocks = np.zeros((which.size, size, size))
        start = first[loop_of[mine]]
        blocks[number[loop_of[mine]], in_row[mine] - start, in_column[mine] - start] = amount[mine]
        inverse, proved = inverses(blocks)
        if not proved.all():
            raise refusal(loops[int(which[np.flatnonzero(~proved)[0]])], matrix, name)
        data.append(inverse.ravel())
        base = first[which][:, None, None]
        shape = inverse.shape
        row.append(np.broadcast_to(base + np.arange(size)[None, :, None], shape).ravel())
        column.append(np.broadcast_to(base + np.arange(size)[None, None, :], shape).ravel())
    within = coo_array((np.concatenate(data), (np.concatenate(row), np.concatenate(column))), shape=(n, n)).tocsr()
    return within, outside


def _without_loops(matrix: csr_array, big: Sequence[IntArray]) -> csr_array:
    """Return the matrix without what large loops take from themselves."""
    if not big:
        return matrix
    of = np.full(matrix.shape[0], -1, dtype=np.int64)
    for i, loop in enumerate(big):
        of[loop] = i
    row_of = np.repeat(of, np.diff(matrix.indptr))
    inside = (row_of >= 0) & (row_of == of[matrix.indices])
    made = csr_array((np.where(inside, 0.0, matrix.data), matrix.indices.copy(), matrix.indptr.copy()), matrix.shape)
    made.eliminate_zeros()
    return made


def _with_rows(matrix: csr_array, rows: IntArray, new: csr_array) -> csr_array:
    """Return the matrix with ``rows`` replaced by those of ``new``; ``rows`` rise."""
    n, m = matrix.shape[0], rows.size
    data, indices = (np.concatenate([getattr(matrix, of), getattr(new, of)]) for of in ("data", "indices"))
    indptr = np.concatenate([matrix.indptr, matrix.indptr[-1] + new.indptr[1:]])
    source = np.arange(n)
    source[rows] = n + np.arange(m)
    both = csr_array((data, indices, indptr), shape=(n + m, matrix.shape[1]))
    return csr_array(both[source])


try:
    from scipy.sparse._sparsetools import csr_matvec, csr_matvecs
except ImportError:  # pragma: no cover - another scipy: the pass is then made row block by row block
    csr_matvec = csr_matvecs = None


def _pass(forward: csr_array, x: FloatArray, first: int, last: int) -> None:
    """
    Add to rows ``first`` to ``last`` of ``x`` what they take from the rows before them.

    scipy's product adds to its result row by row; given the vector itself as
    the result it finds each input finished, since inputs stand before what is
    made of them. ``tests/models/test_chain.py`` holds it to that.
    """
    if first == last:
        return
    n = forward.shape[1]
    rows = forward.indptr[first : last + 1]
    if csr_matvec is None:
        for i in range(first, last):
            here = slice(forward.indptr[i], forward.indptr[i + 1])
            x[i] += forward.data[here] @ x[forward.indices[here]]
    elif x.ndim == 1:
        csr_matvec(last - first, n, rows, forward.indices, forward.data, x, x[first:last])
    else:
        flat = x.reshape(-1)
        m = x.shape[1]
        csr_matvecs(last - first, n, m, rows, forward.indices, forward.data, flat, flat[first * m : last * m])
