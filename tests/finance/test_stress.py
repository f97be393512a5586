"""Credit stress: a worked case, each channel once, signs, undefined ratios, refusals and scenarios as data."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from finance.scenario import NoPricePoint, Scenario, Today, grid_shocks, load_stress_grid, shock_of
from finance.stress import Borrowers, Shock, loss_range, stress
from models.errors import MissingInput
from models.files import DATA

SOUND: dict[str, float] = {
    "emissions_t": 100_000, "free_t": 93_100, "held_t": 5_000, "upstream_t": 50_000, "theta": 0.5, "cbam_t": 2_000,
    "phi": 0.5, "pi": 0.3, "ebitda": 40e6, "depreciation": 10e6, "interest": 5e6, "principal": 10e6,
    "maintenance": 4e6, "tax_rate": 0.25, "debt": 120e6, "revenue": 500e6,
}  # fmt: skip
SHOCK = Shock(40.0, 80.0, 600.0, 800.0, delta=0.1)


def firm(**other: float) -> Borrowers:
    return Borrowers.of(1, **{name: [value] for name, value in (SOUND | other).items()})


def one(made: Any) -> float:
    return float(made[0])


def test_the_worked_case() -> None:
    made = stress(firm(), SHOCK)
    # (100 000 - 83 790 - 5 000) x 80 - 1 900 x 40; 50 000 x 0.5 x 40; 0.5 x 2 000 x 200.
    assert (one(made.short_t), one(made.ets), one(made.upstream), one(made.cbam)) == (
        1_900,
        820_800,
        1_000_000,
        200_000,
    )
    assert one(made.loss) == pytest.approx(0.7 * 1_820_800 + 200_000, rel=1e-12)
    assert one(made.ebitda1) == pytest.approx(38_525_440, rel=1e-12)
    assert [one(x) for x in made.interest_cover] == pytest.approx([6.0, 5.705088], rel=1e-12)
    assert one(made.debt_service_cover[1]) == pytest.approx(28_644_080 / 15e6, rel=1e-12)
    assert [one(x) for x in made.leverage] == pytest.approx([3.0, 120e6 / 38_525_440], rel=1e-12)
    assert all(row.label.zh and row.label.en for row in made.rows())


def test_the_conservative_convention_hands_nothing_on_and_bears_all() -> None:
    made = stress(firm(), SHOCK.conservative())
    assert one(made.loss) == pytest.approx(1_820_800 + 400_000, rel=1e-12)


def test_cbam_cost_is_never_reduced_by_pass_through_too() -> None:
    only = {"emissions_t": 0.0, "free_t": 0.0, "held_t": 0.0, "upstream_t": 0.0}
    low, high = (one(stress(firm(**only, pi=pi), SHOCK).loss) for pi in (0.0, 1.0))
    assert low == high == 200_000


def test_a_firm_that_is_long_gains() -> None:
    made = stress(firm(held_t=20_000, upstream_t=0, cbam_t=0), Shock(40, 80, None, None))
    assert one(made.loss) < 0
    assert one(made.ebitda1) > 40e6


def test_the_range_of_pass_through_holds_the_loss() -> None:
    made = stress(firm(pi_low=0.1, pi_high=0.6), SHOCK)
    low, high = (one(x) for x in loss_range(made))
    assert low == pytest.approx(0.4 * 1_820_800 + 200_000)
    assert high == pytest.approx(0.9 * 1_820_800 + 200_000)
    assert np.isnan(loss_range(stress(firm(), SHOCK))[0][0])


def test_ratios_are_undefined_and_not_negative() -> None:
    ruined = stress(firm(ebitda=1e6), SHOCK)
    assert one(ruined.ebitda1) < 0
    assert np.isnan(one(ruined.leverage[1]))
    assert np.isnan(one(stress(firm(interest=0.0), SHOCK).interest_cover[0]))
    row = next(r for r in ruined.rows() if r.key == "leverage1")
    assert row.value is None
    assert row.note.zh


@pytest.mark.parametrize(
    ("columns", "code", "field"),
    [
        ({"ebitda": np.nan}, "finance.figure_missing", "ebitda"),
        ({"emissions_t": np.nan}, "finance.figure_missing", "emissions_t"),
        ({"theta": np.nan}, "finance.figure_missing", "theta"),
        ({"phi": np.nan}, "finance.figure_missing", "phi"),
        ({"pi": np.nan}, "finance.figure_missing", "pi"),
        ({"pi": 30.0}, "finance.beyond_bounds", "pi"),
        ({"phi": 50.0}, "finance.beyond_bounds", "phi"),
        ({"tax_rate": 25.0}, "finance.beyond_bounds", "tax_rate"),
        ({"held_t": -1.0}, "finance.beyond_bounds", "held_t"),
        ({"pi_low": 0.5}, "finance.beyond_bounds", "pi_low"),
    ],
)
def test_what_is_missing_or_impossible_is_refused_by_field(columns: dict[str, float], code: str, field: str) -> None:
    made = stress(firm(**columns), SHOCK)
    [finding] = made.refused.findings()
    assert (finding.code, finding.field) == (code, field)
    assert all(np.isnan(x[0]) for x in (made.loss, made.ebitda1, made.interest_cover[0], made.leverage[0]))


def test_what_does_not_apply_need_not_be_known() -> None:
    made = stress(firm(upstream_t=0.0, theta=np.nan, cbam_t=0.0, phi=np.nan), Shock(40, 80, None, None))
    assert one(made.loss) == pytest.approx(0.7 * (1_900 * 40))


def test_no_certificate_price_stands_in() -> None:
    with pytest.raises(MissingInput):
        stress(firm(), Shock(40, 80, None, None))


@given(st.floats(0, 500), st.floats(0, 500), st.floats(0, 1))
def test_the_loss_is_linear_in_the_move_of_the_price(p0: float, p1: float, pi: float) -> None:
    half, whole = (
        one(stress(firm(pi=pi, cbam_t=0), Shock(p0, p0 + share * (p1 - p0), None, None)).loss) for share in (0.5, 1.0)
    )
    assert 2 * half == pytest.approx(whole, rel=1e-6, abs=1e-3)


def test_no_move_no_loss() -> None:
    assert one(stress(firm(), Shock(40, 40, 600, 600)).loss) == 0.0


def test_the_grid_stands_beside_every_scenario() -> None:
    grid = load_stress_grid(DATA)
    assert grid.moves == (-0.5, 0.0, 0.5, 1.0, 2.0)
    assert grid.horizons == (1, 3, 5, 10)
    made = dict(grid_shocks(grid, Today(40.0, 75.0, 8.0)))
    assert (made[2.0].home1, made[2.0].eu1, made[0.0].eu1) == (120.0, 1_800.0, 600.0)


def test_a_scenario_speaks_only_of_its_years_and_says_what_it_is() -> None:
    made = Scenario(
        id="x",
        zh="测试",
        en="test",
        kind="shadow_price",
        home_cny_per_t={2030: 200.0},
        delta={2030: 0.2},
        source="user",
    )
    assert "不是预测" in made.text.zh
    assert shock_of(made, 2030, Today(40.0), ("home",)) == Shock(40.0, 200.0, None, None, 0.2)
    with pytest.raises(NoPricePoint):
        shock_of(made, 2028, Today(40.0), ("home",))
    with pytest.raises(NoPricePoint):
        shock_of(made, 2030, Today(40.0, 75.0, 8.0))
