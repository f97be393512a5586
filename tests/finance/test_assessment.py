"""The main job as a whole: known lines, refusals that keep their place, and keys that follow what was read."""

from __future__ import annotations

import datetime as dt
import json
import math
from dataclasses import replace
from typing import Any

import pytest

from cbam.errors import PricesNotChosen
from cbam.prices import load_paths
from finance.assessment import Assessment, Context, Options, assess_submission
from finance.scorecard import load_scorecard
from finance.submission import Submission
from models.errors import YuetanError
from models.files import DATA
from models.fx import load_fx
from models.law import load_law
from models.market import load_prices

CONTEXT = Context(
    book=load_law(DATA / "law"),
    market=load_prices(DATA),
    fx=load_fx(DATA),
    paths=load_paths(DATA / "scenarios" / "certificate_price_paths.yaml"),
    scorecard=load_scorecard(DATA / "scorecards" / "gd-green-loan-default" / "1.0.0.json"),
    as_of=dt.date(2026, 11, 25),
)
STRUCTURE = {
    "line": 7, "product": "钢结构", "cn_code": "73089059", "origin": "CN", "net_mass_t": 10,
    "imported_on": "2026-05-12", "price_per_t": 1500, "currency": "EUR", "installation": "钢厂",
    "own_see_tco2e_per_t": 2.225, "own_sefa_tco2e_per_t": 1.5597591555,
}  # fmt: skip
PROFILE = {
    "line": 8, "product": "铝型材", "cn_code": "76042100", "origin": "CN", "net_mass_t": 20, "basis": "actual",
    "imported_on": "2026-02-12", "price_per_t": 23000, "currency": "CNY", "installation": "挤压厂",
    "own_see_tco2e_per_t": 3.1, "own_sefa_tco2e_per_t": 1.4, "covered_tco2_per_t": 0.3,
}  # fmt: skip
KETTLE = {
    "line": 9,
    "product": "锅",
    "cn_code": "76151080",
    "origin": "CN",
    "net_mass_t": 20,
    "imported_on": "2026-02-12",
}
AUTUMN = STRUCTURE | {"line": 10, "imported_on": "2026-08-12"}
MILL = {
    "installation": "钢厂", "compliance_year": 2025, "process": "steel_integrated", "verified_emissions_t": 2e6,
    "free_allocation_t": 1.94e6, "purchased_t": 6e4, "purchase_price_cny_per_t": 75,
    "user_price_cny_per_t": 58, "user_price_on": "2025-09-30", "user_price_source": "示例",
}  # fmt: skip
EXTRUDER = {"installation": "挤压厂", "compliance_year": 2025, "process": "aluminium_fabrication"}
FIRM = {"name": "佛山示例", "revenue_cny": 5e8, "ebitda_cny": 4e7, "pass_through": 0.4, "cbam_share_borne": 0.6}


def run(*goods: dict[str, Any], context: Context = CONTEXT, options: Options | None = None, **more: Any) -> Assessment:
    made = {"firm": FIRM, "installations": [MILL, EXTRUDER], "goods": goods} | more
    return assess_submission(Submission.model_validate(made), options or Options(), context)


def test_known_lines_and_their_totals() -> None:
    made = run(STRUCTURE, PROFILE, KETTLE, AUTUMN)
    assert [line.ok for line in made.lines] == [True, True, False, False]
    assert [line.findings[0].code for line in made.lines[2:]] == ["cbam.out_of_scope", "cbam.price_not_published"]
    steel, profile = (line.record() for line in made.lines[:2])
    assert steel["cost_eur"] == 3903.10
    assert steel["what_if"]["cost_eur"] == 500.79
    assert steel["what_if"]["saving_eur"] == pytest.approx(3402.31)
    assert profile["cost_eur"] == 2562.24
    assert profile["what_if"]["basis"] == "default"
    assert steel["cost_cny"] == pytest.approx(3903.10 * 7.4326)
    totals = made.totals
    assert totals["cost_eur"] == 6465.34
    assert (totals["lines"], totals["lines_ok"], totals["lines_refused"]) == (4, 2, 2)
    assert totals["possible_saving_eur"] == pytest.approx(3402.31)
    assert totals["certificates"] == pytest.approx(51.84775 + 34.0)
    assert [y["year"] for y in totals["projection"]] == list(range(2026, 2035))
    assert totals["projection"][0]["cost_eur"] == totals["cost_eur"]
    assert all(
        y["low_eur"] <= y["cost_eur"] + 0.01 and y["cost_eur"] <= y["high_eur"] + 0.01 for y in totals["projection"]
    )


def test_three_views_at_home_and_nothing_outside_a_market() -> None:
    steel, profile = (line.record()["home"] for line in run(STRUCTURE | {"covered_tco2_per_t": 2.0}, PROFILE).lines)
    assert (steel["regime"], steel["instrument"], steel["price_status"]) == ("national", "CEA", "user")
    assert steel["full_cny_per_t"] == pytest.approx(116.0)
    assert steel["paid_cny_per_t"] == pytest.approx(4.5)
    assert steel["marginal_cny_per_t"] == pytest.approx(58 * 2.0 * 0.03)
    assert steel["paid_basis"] == "own_purchases"
    low, high = steel["full_interval_cny_per_t"]
    assert low < 116.0 < high
    assert low * high == pytest.approx(116.0**2)
    assert high / low == pytest.approx(math.exp(2 * 1.2815515655 * 0.10))
    assert (profile["regime"], profile["full_cny_per_t"], profile["paid_cny_per_t"]) == ("none", 0.0, 0.0)


def test_deduction_on_defaults_is_zero_and_says_why() -> None:
    made = run(STRUCTURE)
    home = made.lines[0].record()["home"]
    assert home["deductible_today_eur"] == 0
    assert "默认碳价" in home["deduction_reason"]["zh"]
    assert "default carbon price" in home["deduction_reason"]["en"]
    steps = {row[0]: row for row in made.lines[0].record()["steps"]["deduction"]}
    assert steps["secp"][1] == 0.0
    assert made.lines[0].record()["secp"] == 0.0


def test_price_paid_never_comes_from_the_market_price() -> None:
    mill = {k: v for k, v in MILL.items() if not k.startswith("purchase")}
    made = run(STRUCTURE | {"covered_tco2_per_t": 2.0}, installations=[mill])
    home = made.lines[0].record()["home"]
    assert home["paid_basis"] == "estimate"
    assert home["paid_cny_per_tco2"] is None


def test_price_paid_is_converted_at_the_mean_rate_of_its_own_year() -> None:
    line = STRUCTURE | {"covered_tco2_per_t": 2.0}
    of_2025 = run(line).lines[0].record()["home"]
    assert of_2025["paid_eur_per_t"] == pytest.approx(2 * 2.25 / 8.118504)
    of_2026 = run(line, installations=[MILL | {"compliance_year": 2026}]).lines[0].record()["home"]
    assert of_2026["paid_cny_per_tco2"] == pytest.approx(2.25)
    assert of_2026["paid_eur_per_t"] is None


def test_a_scenario_price_is_labelled_in_every_place() -> None:
    made = run(AUTUMN, options=Options(use_scenario_price=True, price_path="third-party-2026q3"))
    record = made.lines[0].record()
    assert record["price_eur_per_t"] == 82.32
    assert record["price_status"] == "scenario"
    assert "情景" in record["price_label"]["zh"]
    assert any("情景价格" in a.zh for a in made.assumptions)
    steps = {row[0]: row for row in record["steps"]["exposure"]}
    assert "情景" in steps["price"][2]


def test_the_users_own_prices_are_the_users() -> None:
    options = Options(use_scenario_price=True, price_path="user", user_prices={2026: 80.0, 2030: 120.0})
    made = run(AUTUMN, options=options)
    assert made.lines[0].record()["price_status"] == "user"
    assert made.lines[0].record()["price_eur_per_t"] == 80.0
    assert made.totals["projection"][-1]["price_eur_per_t"] == 120.0


def test_own_prices_are_not_left_out_in_silence() -> None:
    with pytest.raises(PricesNotChosen):
        run(AUTUMN, options=Options(use_scenario_price=True, user_prices={2026: 80.0}))


def test_a_draft_is_named_and_gives_another_key() -> None:
    draft = replace(CONTEXT, book=load_law(DATA / "law", [DATA / "drafts" / "com-2026-616"]))
    now, later = run(STRUCTURE), run(STRUCTURE, context=draft, options=Options(law_scenarios=("com-2026-616",)))
    assert now.key != later.key
    assert later.head()["scenarios"] == ["com-2026-616"]
    assert any("com-2026-616" in a.zh for a in later.assumptions)
    assert len(later.totals["projection"]) == 13


def test_the_key_does_not_follow_the_day_but_what_was_read() -> None:
    first, next_day = run(STRUCTURE), run(STRUCTURE, context=replace(CONTEXT, as_of=dt.date(2026, 11, 26)))
    assert first.key == next_day.key
    assert run(STRUCTURE, context=replace(CONTEXT, as_of=dt.date(2026, 10, 15))).key != first.key
    assert run(STRUCTURE | {"net_mass_t": 11}).key != first.key


def test_an_old_exchange_rate_is_refused_and_the_euro_figures_stay() -> None:
    made = run(STRUCTURE, context=replace(CONTEXT, as_of=dt.date(2027, 6, 1)))
    assert made.totals["cost_eur"] == 3903.10
    assert made.totals["cost_cny"] is None
    assert "fx.too_old" in {f.code for f in made.findings}
    own = run(
        STRUCTURE,
        context=replace(CONTEXT, as_of=dt.date(2027, 6, 1)),
        options=Options(fx_cny_per_eur=7.9, fx_source="合同"),
    )
    assert own.totals["cost_cny"] == pytest.approx(3903.10 * 7.9)


def test_an_old_carbon_price_is_refused_with_a_way_out() -> None:
    mill = {k: v for k, v in MILL.items() if not k.startswith("user_price")}
    made = run(STRUCTURE, installations=[mill])
    home = made.lines[0].record()["home"]
    assert home["full_cny_per_t"] is None
    assert home["paid_cny_per_t"] is not None
    finding = next(f for f in made.findings if f.code == "price.too_old")
    assert "CEA" in finding.text.zh
    assert finding.hint.zh


def test_own_see_without_sefa_is_not_compared() -> None:
    made = run(STRUCTURE | {"own_sefa_tco2e_per_t": None})
    assert made.lines[0].record()["what_if"] is None
    assert [f.code for f in made.lines[0].findings] == ["goods.sefa_for_comparison"]


def test_an_unknown_path_is_refused_at_once() -> None:
    with pytest.raises(YuetanError) as refused:
        run(STRUCTURE, options=Options(price_path="wishful"))
    assert refused.value.code == "cbam.unknown_price_path"


def test_order_of_lines_changes_no_total() -> None:
    a, b = run(STRUCTURE, PROFILE, KETTLE), run(KETTLE, PROFILE, STRUCTURE)
    assert a.totals == b.totals
    assert a.score is not None
    assert b.score is not None
    assert a.score.total == b.score.total


def test_the_whole_is_plain_data_and_every_step_has_a_label() -> None:
    made = run(STRUCTURE, PROFILE, KETTLE)
    document = json.loads(json.dumps(made.to_dict(), allow_nan=False))
    for record in document["lines"]:
        for part, rows in record.get("steps", {}).items():
            assert {f"{part}.{row[0]}" for row in rows} <= set(document["legend"])
    known = {read["key"] for read in document["reads"]}
    assert set(document["lines"][0]["reads"]) <= known


def test_nothing_at_all_still_answers() -> None:
    made = assess_submission(Submission.model_validate({"firm": {"name": "空"}}), Options(), CONTEXT)
    assert made.totals["lines"] == 0
    assert made.totals["cost_eur"] == 0
    assert json.dumps(made.to_dict(), allow_nan=False)


def test_progress_is_told() -> None:
    told: list[tuple[int, int]] = []
    goods = [STRUCTURE | {"line": i} for i in range(1, 2502)]
    made = Submission.model_validate({"firm": FIRM, "goods": goods})
    assess_submission(made, Options(), CONTEXT, progress=lambda done, total: told.append((done, total)))
    assert told == [(1000, 2501), (2000, 2501), (2501, 2501)]
