"""
A logistic model of default on a few accounting ratios, each in monotone bins and with its sign constrained.

What ships is fitted on a public file of Polish firms whose base rate is a
sampling rate: it shows that the method works, and no level of risk of anybody.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

from finance.woe import Bins, Direction, Events, fit_bins
from models.errors import BadData, Text
from models.files import read_yaml
from models.units import FloatArray

METHOD = "finance.credit_model/1"
#: Penalty on squared coefficients, in cases: keeps two ratios that say the same from trading signs.
RIDGE = 1.0


@dataclass(frozen=True, slots=True)
class CreditModel:
    """Bins of each ratio, an intercept, and coefficients on WoE, none positive: more evidence of survival, less risk."""

    bins: tuple[Bins, ...]
    intercept: float
    coefficients: tuple[float, ...]

    def log_odds(self, ratios: Mapping[str, FloatArray]) -> FloatArray:
        """Return logit(PD) of each firm."""
        size = len(ratios[self.bins[0].name])
        return sum(
            (c * b.encode(ratios[b.name]) for b, c in zip(self.bins, self.coefficients, strict=True)),
            np.full(size, self.intercept),
        )

    def pd(self, ratios: Mapping[str, FloatArray]) -> FloatArray:
        """Return the PD of each firm at the base rate of the sample."""
        return np.asarray(expit(self.log_odds(ratios)))


def fit(ratios: Mapping[str, FloatArray], directions: Mapping[str, Direction], events: Events) -> CreditModel:
    """
    Fit bins and a sign-constrained logistic regression.

    Parameters
    ----------
    ratios : mapping of name to array, shape (n,)
        NaN is missing.
    directions : mapping of name to direction
        The ratios that enter, and what more of each is expected to mean.
    events : array of bool, shape (n,)
        True is a default.
    """
    bins = tuple(fit_bins(name, ratios[name], events, direction) for name, direction in directions.items())
    x = np.column_stack([b.encode(ratios[b.name]) for b in bins])
    y = events.astype(np.float64)

    def cost(beta: FloatArray) -> tuple[float, FloatArray]:
        z = beta[0] + x @ beta[1:]
        slope = np.concatenate(([0.0], RIDGE * beta[1:]))
        value = float(np.logaddexp(0.0, z).sum() - y @ z + 0.5 * RIDGE * (beta[1:] ** 2).sum())
        off = expit(z) - y
        return value, np.concatenate(([off.sum()], off @ x)) + slope

    start = np.concatenate(([np.log(y.mean() / (1.0 - y.mean()))], np.full(len(bins), -0.5)))
    bounds = [(None, None)] + [(None, 0.0)] * len(bins)
    found = minimize(cost, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 1000, "ftol": 1e-12})
    return CreditModel(bins, float(found.x[0]), tuple(float(c) for c in found.x[1:]))


def unrepeated(columns: Sequence[FloatArray]) -> NDArray[np.intp]:
    """Return the rows to keep, the first of each that repeats another exactly, so that none is trained and tested on."""
    table = np.column_stack(columns)
    # NaN never equals itself; one value stands for it here and nowhere else.
    _, first = np.unique(np.where(np.isnan(table), np.inf, table), axis=0, return_index=True)
    return np.sort(first)


def folds(events: Events, count: int, rng: np.random.Generator) -> Iterator[tuple[Events, Events]]:
    """Yield masks of training and test rows; each fold has its share of defaults."""
    fold = np.empty(events.size, dtype=np.intp)
    for rows in (np.flatnonzero(events), np.flatnonzero(~events)):
        fold[rng.permutation(rows)] = np.arange(rows.size) % count
    for i in range(count):
        yield fold != i, fold == i


def cross_validated(
    ratios: Mapping[str, FloatArray],
    directions: Mapping[str, Direction],
    events: Events,
    rng: np.random.Generator,
    count: int = 5,
) -> FloatArray:
    """Return the PD of each firm by a model that has not seen it; bins are fitted anew in each fold."""
    out = np.empty(events.size)
    for train, test in folds(events, count, rng):
        model = fit({name: v[train] for name, v in ratios.items()}, directions, events[train])
        out[test] = model.pd({name: v[test] for name, v in ratios.items()})
    return out


@dataclass(frozen=True, slots=True)
class ModelCard:
    """A fitted model with what it is, what it was measured to do, and what it does not show; said wherever it is shown."""

    id: str
    model: CreditModel
    ratios: Mapping[str, Text]
    directions: Mapping[str, Direction]
    horizon_years: float
    source: str
    measured: Mapping[str, float]
    limits: tuple[Text, ...]


def load_card(data: Path) -> ModelCard:
    """
    Return the model that ships with its card.

    Raises
    ------
    BadData
        A coefficient against its sign, or bins without a WoE each.
    """
    path = data / "finance" / "credit_model.yaml"
    of = read_yaml(path)
    bins = tuple(
        Bins(name, tuple(map(float, b["edges"])), tuple(map(float, b["woe"])), float(b["iv"]))
        for name, b in of["bins"].items()
    )
    coefficients = tuple(float(of["coefficients"][b.name]) for b in bins)
    if any(c > 0 for c in coefficients) or any(len(b.woe) != len(b.edges) + 2 for b in bins):
        raise BadData(path=path.name, what="coefficients, bins")
    return ModelCard(
        id=of["id"],
        model=CreditModel(bins, float(of["intercept"]), coefficients),
        ratios={name: Text(b["zh"], b["en"]) for name, b in of["bins"].items()},
        directions={name: b["direction"] for name, b in of["bins"].items()},
        horizon_years=float(of["horizon_years"]),
        source=of["source"],
        measured={name: float(value) for name, value in of["measured"].items()},
        limits=tuple(Text(x["zh"], x["en"]) for x in of["limits"]),
    )
