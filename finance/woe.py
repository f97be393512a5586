"""
Weight of evidence of a ratio in monotone bins, missing as a bin of its own.

Sign: WoE = ln(share of the survivors in the bin / share of the defaults in
it), so that a higher WoE is a lower risk.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from models.errors import Text, YuetanError
from models.units import FloatArray

#: Cases added to an empty cell, so that its logarithm exists (half a case, as is customary).
EMPTY = 0.5
Direction = Literal["higher_safer", "higher_riskier"]
Events = NDArray[np.bool_]


class OneOutcome(YuetanError):
    code = "credit.one_outcome"
    message = Text("样本中只有一种结果（全部违约或全部存续）。", "The sample holds one outcome only.")
    hint = Text("请提供既有违约也有存续的样本。", "Give a sample with both defaults and survivors.")


@dataclass(frozen=True, slots=True)
class Bins:
    """
    Fitted bins of one ratio.

    ``edges`` are the inner edges, a value at an edge belonging to the bin above;
    ``woe`` has a value per bin and one for missing at the end; ``iv`` is the
    information value, the sum of the difference of shares times WoE.
    """

    name: str
    edges: tuple[float, ...]
    woe: tuple[float, ...]
    iv: float

    def place(self, values: FloatArray) -> NDArray[np.intp]:
        """Return the bin of each value; missing is the last."""
        at = np.searchsorted(self.edges, values, side="right")
        return np.where(np.isfinite(values), at, len(self.edges) + 1)

    def encode(self, values: FloatArray) -> FloatArray:
        """Return the WoE of each value."""
        return np.asarray(self.woe, dtype=np.float64)[self.place(values)]


def fit_bins(name: str, values: FloatArray, events: Events, direction: Direction, start: int = 20) -> Bins:
    """
    Fit bins whose default rate runs in the expected direction.

    Parameters
    ----------
    values : array, shape (n,)
        The ratio; NaN is missing.
    events : array of bool, shape (n,)
        True is a default.
    direction : {"higher_safer", "higher_riskier"}
        What more of the ratio is expected to mean.
    start : int
        Bins of equal count before neighbours that run against the direction
        are pooled.

    Raises
    ------
    OneOutcome
        No default, or nothing but defaults.
    """
    if events.all() or not events.any():
        raise OneOutcome
    known = np.isfinite(values)
    edges = np.unique(np.quantile(values[known], np.linspace(0, 1, start + 1)[1:-1])) if known.any() else np.empty(0)
    at = np.searchsorted(edges, values[known], side="right")
    bad = np.bincount(at, weights=events[known], minlength=edges.size + 1).astype(np.float64)
    count = np.bincount(at, minlength=edges.size + 1).astype(np.float64)
    groups = _pooled(bad, count, falling=direction == "higher_safer")
    kept = [edges[last - 1] for _, last in groups[:-1]]
    bads = [float(bad[a:b].sum()) for a, b in groups]
    alls = [float(count[a:b].sum()) for a, b in groups]
    bads.append(float(events[~known].sum()))
    alls.append(float((~known).sum()))
    woe, iv = _woe(np.array(bads), np.array(alls), events)
    return Bins(name, tuple(float(e) for e in kept), tuple(float(w) for w in woe), iv)


def _pooled(bad: FloatArray, count: FloatArray, *, falling: bool) -> list[tuple[int, int]]:
    """Return half-open groups of bins whose default rates are monotone (pool adjacent violators)."""
    groups: list[list[float]] = []
    for i in range(bad.size):
        groups.append([i, i + 1, bad[i], count[i]])
        while len(groups) > 1 and _against(groups[-2], groups[-1], falling):
            last = groups.pop()
            groups[-1] = [groups[-1][0], last[1], groups[-1][2] + last[2], groups[-1][3] + last[3]]
    return [(int(g[0]), int(g[1])) for g in groups]


def _against(before: list[float], after: list[float], falling: bool) -> bool:
    """Whether two neighbours run against the direction, or are equal and one bin, or one is empty."""
    if before[3] == 0 or after[3] == 0:
        return True
    a, b = before[2] / before[3], after[2] / after[3]
    return b >= a if falling else b <= a


def _woe(bad: FloatArray, count: FloatArray, events: Events) -> tuple[FloatArray, float]:
    """Return WoE by bin, and the information value; a bin that nobody is in says nothing (WoE 0)."""
    good, all_bad = count - bad, float(events.sum())
    all_good = float(events.size) - all_bad
    share_good = np.where(good > 0, good, EMPTY) / all_good
    share_bad = np.where(bad > 0, bad, EMPTY) / all_bad
    woe = np.where(count > 0, np.log(share_good / share_bad), 0.0)
    return woe, float(((share_good - share_bad) * woe)[count > 0].sum())


def psi(expected: NDArray[np.intp], actual: NDArray[np.intp], bins: int) -> float:
    """
    Return the population stability index of bin counts: sum of (a - e) ln(a / e) over shares.

    An empty bin counts as half a case on either side.
    """
    shares = []
    for found in (expected, actual):
        count = np.bincount(found, minlength=bins).astype(np.float64)
        shares.append(np.where(count > 0, count, EMPTY) / count.sum())
    e, a = shares
    return float(((a - e) * np.log(a / e)).sum())
