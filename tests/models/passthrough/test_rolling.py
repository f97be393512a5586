"""Many regressions at once are the regressions one by one, also on prices near 100,000."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

from models.passthrough.errors import NotEstimable
from models.passthrough.rolling import block_bootstrap, block_counts, block_starts, hac_ols, rolling_ols


def data(m: int = 4, n: int = 90, k: int = 3) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    x = 1e5 + np.cumsum(rng.standard_normal((m, n, k)), axis=1)
    return x @ np.arange(1.0, k + 1) + rng.standard_normal((m, n)), x


def test_windows() -> None:
    y, x = data()
    found = rolling_ols(y, x, 30)
    assert found.shape == (4, 61, 4)
    for i, start in ((0, 0), (3, 60), (2, 17)):
        part = slice(start, start + 30)
        mean = x[i, part].mean(axis=0)
        theirs = np.linalg.lstsq(np.column_stack([np.ones(30), x[i, part] - mean]), y[i, part], rcond=None)[0]
        assert found[i, start, 1:] == pytest.approx(theirs[1:], rel=1e-8)
        assert found[i, start, 0] == pytest.approx(theirs[0] - mean @ theirs[1:], rel=1e-7)
    assert rolling_ols(y, x, 90).shape == (4, 1, 4)


def test_robust_errors() -> None:
    y, x = data()
    x = x - 1e5
    beta, errors = hac_ols(y, x, 5)
    for i in range(4):
        theirs = sm.OLS(y[i], sm.add_constant(x[i])).fit(
            cov_type="HAC", cov_kwds={"maxlags": 5, "use_correction": False}
        )
        assert beta[i] == pytest.approx(theirs.params, rel=1e-9)
        assert errors[i] == pytest.approx(theirs.bse, rel=1e-9)


@pytest.mark.parametrize("block", [1, 8, 9, 90])
def test_bootstrap_by_blocks(block: int) -> None:
    y, x = data(1)
    starts = block_starts(90, block, 5, np.random.default_rng(2))
    counts = block_counts(90, block, starts)
    assert counts.sum(axis=1).tolist() == [90.0] * 5
    found = block_bootstrap(y[0], x[0], starts, block)
    for row, beta in zip(counts.astype(int), found, strict=True):
        at = np.repeat(np.arange(90), row)
        mean = x[0, at].mean(axis=0)
        theirs = np.linalg.lstsq(np.column_stack([np.ones(90), x[0, at] - mean]), y[0, at], rcond=None)[0]
        assert beta[1:] == pytest.approx(theirs[1:], rel=1e-8)


def test_a_column_that_stands_still_within_a_window_is_refused() -> None:
    y, x = data()
    x[1, 10:50, 2] = 7.0
    with pytest.raises(NotEstimable, match="window"):
        rolling_ols(y, x, 30)


def test_a_sample_of_one_block_in_which_a_column_stands_still_is_refused() -> None:
    y, x = data(1)
    x[0, 10:50, 2] = x[0, 50:90, 2] = 7.0
    with pytest.raises(NotEstimable, match="window"):
        block_bootstrap(y[0], x[0], np.full((3, 3), 12, dtype=np.int32), 30)
