"""Speed of the pass-through estimator against statsmodels loops: P8, P9, bootstrap refits, and a whole report."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
import statsmodels.api as sm
from statsmodels.regression.rolling import RollingOLS
from statsmodels.tsa.ardl import ARDL

from benchmarks.harness import Contender, Report, compare, cpu_s
from models.passthrough.ardl import Order, fit_ardl
from models.passthrough.estimate import Choices, estimate
from models.passthrough.multipliers import refit
from models.passthrough.prepare import Sample
from models.passthrough.rolling import block_bootstrap, block_counts, block_starts, hac_ols, rolling_ols

SERIES, WINDOW, WINDOWS, LAGS, BLOCK = 1_000, 120, 61, 4, 12
#: The slow way is asked for fewer series; times are told per unit.
SLOW = 20


def _lagged(series: int) -> tuple[Any, Any]:
    """Return ``series`` prices and a cost with its lags, near 100,000."""
    rng = np.random.default_rng(1)
    n = WINDOW + WINDOWS - 1
    cost = 1e5 + np.cumsum(rng.standard_normal((series, n + LAGS)), axis=1)
    x = np.stack([cost[:, LAGS - lag : LAGS - lag + n] for lag in range(LAGS + 1)], axis=2)
    return 0.7 * x[:, :, 0] + rng.standard_normal((series, n)), x


def _close(rel: float, at: Callable[[Any], Any], name: str, slow: str) -> Callable[[Mapping[str, object]], None]:
    def agree(found: Mapping[str, object]) -> None:
        ours, theirs = at(found[name]), at(found[slow])
        np.testing.assert_allclose(ours[: len(theirs)], theirs, rtol=rel, atol=rel)

    return agree


def _rolling() -> list[Report]:
    y, x = _lagged(SERIES)
    # On columns without their mean the library keeps the digits that it loses near 100,000.
    flat = x - x.mean(axis=1, keepdims=True)

    def by_library() -> Any:
        return np.stack(
            [RollingOLS(y[i], sm.add_constant(flat[i]), WINDOW).fit().params[WINDOW - 1 :, 1:] for i in range(SLOW)]
        )

    def by_loop() -> Any:
        return np.stack(
            [
                [
                    sm.OLS(y[i, s : s + WINDOW], sm.add_constant(flat[i, s : s + WINDOW])).fit().params[1:]
                    for s in range(WINDOWS)
                ]
                for i in range(SLOW // 4)
            ]
        )

    def ours() -> Any:
        return rolling_ols(y, x, WINDOW)[:, :, 1:]

    fast = Contender("batched", ours, SERIES * WINDOWS)
    return [
        compare(
            "P8 rolling, against RollingOLS",
            "batched",
            [fast, Contender("RollingOLS", by_library, SLOW * WINDOWS)],
            _close(1e-9, np.asarray, "batched", "RollingOLS"),
            goal=">= 60 x",
        ),
        compare(
            "P8 rolling, against an OLS loop",
            "batched",
            [fast, Contender("OLS loop", by_loop, SLOW // 4 * WINDOWS)],
            _close(1e-9, np.asarray, "batched", "OLS loop"),
            goal=">= 400 x",
        ),
    ]


def _robust() -> list[Report]:
    y, x = _lagged(SERIES)
    x = x - x.mean(axis=1, keepdims=True)
    starts = block_starts(y.shape[1], BLOCK, 500, np.random.default_rng(3))
    counts = block_counts(y.shape[1], BLOCK, starts)
    rows = [np.repeat(np.arange(y.shape[1]), one.astype(int)) for one in counts]

    def slow_hac() -> Any:
        fits = [
            sm.OLS(y[i], sm.add_constant(x[i])).fit(cov_type="HAC", cov_kwds={"maxlags": 8, "use_correction": False})
            for i in range(4 * SLOW)
        ]
        return np.array([fit.bse for fit in fits])

    def slow_blocks(costs: int) -> Any:
        columns = sm.add_constant(x[0, :, :costs])
        return np.array([sm.OLS(y[0, at], columns[at]).fit().params for at in rows])

    return [
        compare(
            "P9 errors robust to serial correlation",
            "batched",
            [
                Contender("batched", lambda: hac_ols(y, x, 8)[1], SERIES),
                Contender("statsmodels loop", slow_hac, 4 * SLOW),
            ],
            _close(1e-9, np.asarray, "batched", "statsmodels loop"),
            goal=">= 60 x",
        ),
        *(
            compare(
                f"P9 block bootstrap, 500 draws, columns: {costs}",
                "by blocks",
                [
                    Contender(
                        "by blocks", partial(block_bootstrap, y[0], x[0, :, :costs], starts, BLOCK), 500, repeat=20
                    ),
                    Contender("statsmodels loop", partial(slow_blocks, costs), 500),
                ],
                _close(1e-9, np.asarray, "by blocks", "statsmodels loop"),
                goal=">= 800 x",
            )
            for costs in (LAGS + 1, 1)
        ),
    ]


def _refits() -> Report:
    rng = np.random.default_rng(2)
    x = np.cumsum(rng.standard_normal(254))
    y = np.zeros(254)
    for t in range(1, 254):
        y[t] = 0.8 * y[t - 1] + 0.14 * x[t] + rng.standard_normal()
    model = fit_ardl(y, x[:, None], ("carbon",), Order(4, (4,)))
    paths = refit(model, y, np.random.default_rng(4), 999).paths

    def slow() -> Any:
        return np.array([ARDL(path, 4, x[:, None], 4, trend="c").fit().params for path in paths[:100]])

    return compare(
        "999 bootstrap refits of ARDL(4, 4), n = 250",
        "at once",
        [
            Contender("at once", lambda: refit(model, y, np.random.default_rng(4), 999).beta, 999),
            Contender("statsmodels loop", slow, 100),
        ],
        _close(1e-7, np.asarray, "at once", "statsmodels loop"),
        goal=">= 100 x",
    )


def _whole() -> Report:
    rng = np.random.default_rng(1)
    n = 600
    x = 100 + np.cumsum(rng.standard_normal((n, 3)), axis=0)
    y = 500 + x @ [0.7, 1.0, 0.5] + np.convolve(rng.standard_normal(n), 0.8 ** np.arange(30))[:n]
    days = tuple(dt.date(2010, 1, 3) + dt.timedelta(days=7 * i) for i in range(n))
    sample = Sample("steel", "weekly", days, y, ("carbon", "ore", "coal"), x, 0.0, 0.0, 0, ())
    chosen = Choices(inputs_complete=True)
    estimate(sample, chosen)
    times = []
    for _ in range(5):
        began = cpu_s()
        estimate(sample, chosen)
        times.append(cpu_s() - began)
    middle = sorted(times)[2]
    return Report(
        "a whole report, n = 600, three costs", "report", {"report": middle * 1e9}, {"report": 1.0}, 5, "< 3 s"
    )


def run() -> list[Report]:
    """Return every comparison of the pass-through estimator."""
    return [*_rolling(), *_robust(), _refits(), _whole()]
