"""A million borrowers: scores with breakdown and reasons, PDs over shared draws, financed emissions and stress."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from benchmarks.harness import Contender, Report, compare
from finance.draws import pd_over_draws
from finance.financed import Loans, financed_emissions
from finance.policy import load_scorecard
from finance.score_columns import Given, score_columns
from finance.scorecard import score
from finance.stress import Borrowers, Shock, stress
from finance.submission import IndicatorValue
from models.files import DATA

N = 1_000_000
DRAWS = 1_000
SEEN = 200
CARD = load_scorecard(DATA / "scorecards" / "gd-green-loan-default" / "1.0.0.json")


def inputs() -> dict[str, Given]:
    """Return a million borrowers with every indicator."""
    rng = np.random.default_rng(20261125)
    made = {}
    for one in CARD.indicators:
        if one.levels is not None:
            made[one.id] = Given(rng.integers(0, len(one.levels), N).astype(np.float64))
        else:
            top = 5.0 if one.id == "Q1" else 1.0
            made[one.id] = Given(rng.uniform(top / 5, top, N), np.rint(rng.uniform(1, 5, N)))
    return made


def scores() -> Report:
    """P10: against reading the inputs once."""
    given = inputs()
    read = [g.values for g in given.values()] + [g.quality for g in given.values() if not isinstance(g.quality, float)]

    def agree(answers: Mapping[str, Any]) -> None:
        found = answers["score"]
        for i in range(0, N, N // SEEN):
            firm: dict[str, IndicatorValue] = {}
            for one in CARD.indicators:
                of = given[one.id]
                x = float(of.values[i])
                quality = None if isinstance(of.quality, float) else float(of.quality[i])
                firm[one.id] = IndicatorValue(value=list(one.levels)[int(x)] if one.levels else x, data_quality=quality)
            assert abs(score(CARD, firm, {}).before_gates - found.total[i]) < 1e-9

    return compare(
        "P10 score, breakdown, three reasons, 1e6 borrowers",
        "reading the inputs",
        [
            Contender("reading the inputs", lambda: [column.sum() for column in read], N),
            Contender("score", lambda: score_columns(CARD, given), N),
        ],
        agree,
        rounds=5,
        goal="<= 45 x, stretch <= 15 x",
    )


def draws() -> Report:
    """P11: against one float32 exponential for each loan and draw."""
    rng = np.random.default_rng(20261125)
    a, b = rng.normal(-3.8, 1.0, N), np.abs(rng.normal(0.0, 0.006, N))
    x = 80.0 * np.exp(rng.normal(0.0, 0.35, DRAWS))
    buffer, z = np.empty(16_384, np.float32), rng.normal(-3, 1, N).astype(np.float32)

    def every() -> None:
        for _ in range(DRAWS):
            for start in range(0, N, buffer.size):
                part = z[start : start + buffer.size]
                np.exp(part, out=buffer[: part.size])

    def agree(answers: Mapping[str, Any]) -> None:
        found = answers["PD"]
        some = slice(0, N, N // SEEN)
        brute = 1.0 / (1.0 + np.exp(-(a[some, None] + b[some, None] * x)))
        assert np.abs(found.mean[some] / brute.mean(axis=1) - 1.0).max() <= 1e-5
        assert np.allclose(
            found.quantiles[0.95][some], np.quantile(brute, 0.95, axis=1, method="inverted_cdf"), rtol=1e-9
        )

    return compare(
        "P11 mean and 95 % of PD over 1,000 draws, 1e6 loans",
        "float32 exp of every draw",
        [
            Contender("float32 exp of every draw", every, N),
            Contender("PD", lambda: pd_over_draws(a, b, x, (0.05, 0.95)), N),
        ],
        agree,
        rounds=5,
        goal="<= 2 x, stretch <= 0.5 x",
    )


def book() -> Report:
    """Financed emissions and stress of a million loans, against reading their columns."""
    rng = np.random.default_rng(20261125)
    money = {name: rng.uniform(1e6, 1e8, N) for name in ("equity", "debt", "revenue", "ebitda", "depreciation")}
    money |= {name: rng.uniform(1e5, 1e6, N) for name in ("interest", "principal", "maintenance")}
    tonnes = {name: rng.uniform(0, 1e5, N) for name in ("emissions_t", "free_t", "held_t", "upstream_t", "cbam_t")}
    shares = {name: rng.uniform(0, 1, N) for name in ("theta", "phi", "pi", "tax_rate")}
    firms = {k: v for k, v in (money | tonnes | shares).items() if k != "equity"}
    loans = Loans.of(
        N, outstanding=money["debt"] * 0.5, asset_class=np.zeros(N), equity=money["equity"], debt=money["debt"],
        scope12_t=tonnes["emissions_t"], quality=np.full(N, 2.0),
    )  # fmt: skip
    shock = Shock(40.0, 80.0, 600.0, 900.0)

    def both() -> tuple[Any, Any]:
        return financed_emissions(loans), stress(Borrowers.of(N, **firms), shock)

    def agree(answers: Mapping[str, Any]) -> None:
        financed, stressed = answers["book"]
        i = 7
        assert financed.financed12_t[i] == loans.outstanding[i] / (loans.equity[i] + loans.debt[i]) * loans.scope12_t[i]
        b = stressed.borrowers
        by_hand = (1 - b.pi[i]) * 40 * (b.emissions_t[i] - b.free_t[i] - b.held_t[i] + b.upstream_t[i] * b.theta[i])
        assert abs(stressed.loss[i] - by_hand - b.phi[i] * b.cbam_t[i] * 300) < 1e-6 * abs(by_hand) + 1e-6

    return compare(
        "Financed emissions and stress, 1e6 loans",
        "reading the columns",
        [
            Contender("reading the columns", lambda: [column.sum() for column in firms.values()], N),
            Contender("book", both, N),
        ],
        agree,
        rounds=5,
    )


def run() -> list[Report]:
    return [scores(), draws(), book()]
