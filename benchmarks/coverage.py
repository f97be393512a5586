"""
Simulation study: how often the estimator is right where the truth is known.

``python -m benchmarks.coverage [draws]`` prints the first table of ``docs/passthrough_simulation.md``,
``python -m benchmarks.coverage impacts [draws]`` its second.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

import numpy as np

from models.passthrough.ardl import Order, fit_ardl
from models.passthrough.bounds import asymptotic, statistics
from models.passthrough.longrun import long_run
from models.passthrough.regression import ols
from models.units import FloatArray

ONE = Order(1, (1,))


@dataclass(frozen=True, slots=True)
class World:
    """A data-generating process: price returns to ``rate`` x cost with speed ``alpha``."""

    name: str
    n: int
    alpha: float = -0.2
    rate: float = 0.7
    impact: float = 0.3
    #: Rate after the middle of the sample, and after decreases; share of weeks that repeat; weight of a cost left out.
    rate_after: float | None = None
    rate_down: float | None = None
    stale: float = 0.0
    left_out: float = 0.0


def simulate(world: World, draws: int, seed: int = 1) -> tuple[FloatArray, FloatArray]:
    """Return prices and costs, shape (draws, n)."""
    rng = np.random.default_rng(seed)
    shape = (draws, world.n)
    steps, other, shocks = rng.standard_normal(shape), rng.standard_normal(shape), rng.standard_normal(shape)
    x = np.cumsum(steps, axis=1)
    rates = np.full(world.n, world.rate)
    if world.rate_after is not None:
        rates[world.n // 2 :] = world.rate_after
    target = rates * x
    if world.rate_down is not None:
        target = np.cumsum(np.where(steps > 0, world.rate, world.rate_down) * steps, axis=1)
    target = target + world.left_out * np.cumsum(0.5 * steps + np.sqrt(0.75) * other, axis=1)
    y = np.zeros(shape)
    for t in range(1, world.n):
        y[:, t] = (
            y[:, t - 1] + world.alpha * (y[:, t - 1] - target[:, t - 1]) + world.impact * steps[:, t] + shocks[:, t]
        )
    if world.stale:
        keep = rng.random(shape) >= world.stale
        keep[:, 0] = True
        at = np.maximum.accumulate(np.where(keep, np.arange(world.n), 0), axis=1)
        y = np.take_along_axis(y, at, axis=1)
    return y, x


@dataclass(frozen=True, slots=True)
class Counted:
    """What was counted over the draws of one world."""

    world: World
    draws: int
    coverage: float
    coverage_after_test: float
    related: float
    median: float
    unbounded: float
    static_related: float


def count(world: World, draws: int, seed: int = 1) -> Counted:
    """Generate, estimate, count; ``related`` is how often F is beyond its 5 % upper bound."""
    upper = asymptotic(1)[0][1]
    held, passed, thetas, unbounded, static = [], [], [], [], []
    for y, x in zip(*simulate(world, draws, seed), strict=True):
        model = fit_ardl(y, x[:, None], ("carbon",), ONE)
        rate = long_run(model)
        held.append(rate.within.holds(world.rate))
        passed.append(statistics(model)[0] > upper)
        thetas.append(rate.theta)
        unbounded.append(not rate.within.bounded)
        level = ols(y, np.column_stack([np.ones(world.n), x]), ("const", "x"))
        static.append(abs(level.at("x") / level.se("x")) > 1.96)
    after = float(np.mean(np.array(held)[np.array(passed)])) if any(passed) else float("nan")
    return Counted(
        world,
        draws,
        float(np.mean(held)),
        after,
        float(np.mean(passed)),
        float(np.median(thetas)),
        float(np.mean(unbounded)),
        float(np.mean(static)),
    )


WORLDS = [
    *(World(f"level relation, speed -0.2, T = {n}", n) for n in (60, 120, 250)),
    World("level relation, speed -0.1, T = 120", 120, alpha=-0.1),
    *(World(f"no relation, T = {n}", n, alpha=0.0, rate=0.0, impact=0.0) for n in (60, 120, 250, 500)),
    World("rate 0.7 to 0.2 in mid-sample, T = 250", 250, rate_after=0.2),
    World("0.7 up, 0.4 down, T = 250", 250, rate_down=0.4),
    World("60 % of weeks repeat the price, T = 250", 250, stale=0.6),
    World("a cost correlated 0.5 is left out, T = 250", 250, left_out=1.0),
]


def table(draws: int) -> str:
    """Return the study as a Markdown table."""
    lines = [
        f"| world ({draws:,} draws) | set holds 0.7 | where F passes | F beyond bound | median rate | unbounded | static t > 1.96 |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for world in WORLDS:
        c = count(world, draws)
        nothing = world.rate == 0.0
        shown = ("—", "—") if nothing else (f"{c.coverage:.3f}", f"{c.coverage_after_test:.3f}")
        median = "—" if nothing else f"{c.median:.2f}"
        lines.append(
            f"| {world.name} | {shown[0]} | {shown[1]} | {c.related:.3f} | {median} | {c.unbounded:.3f} | {c.static_related:.2f} |"
        )
    return "\n".join(lines)


#: First-week effects of the second table; the method's figure after a passed test (0.81) names none.
IMPACTS = (0.0, 0.07, 0.15, 0.2, 0.3, 0.7)


def impacts(draws: int) -> str:
    """Return, as a Markdown table, how coverage after a passed test hangs on the effect of the first week."""
    lines = [
        f"| first-week effect ({draws:,} draws, T = 120, speed -0.1) | set holds 0.7 | only where F passes | F passes |",
        "| --- | --- | --- | --- |",
    ]
    for at in IMPACTS:
        c = count(World("", 120, alpha=-0.1, impact=at), draws, seed=2)
        error = (c.coverage_after_test * (1.0 - c.coverage_after_test) / (draws * c.related)) ** 0.5
        lines.append(
            f"| {at:g} | {c.coverage:.3f} | {c.coverage_after_test:.3f} (± {1.96 * error:.3f}) | {c.related:.3f} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    asked = sys.argv[1:]
    made = impacts if "impacts" in asked else table
    print(made(next((int(one) for one in asked if one.isdigit()), 4000)))
