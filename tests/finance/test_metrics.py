"""Ratios out of a submission and its totals: by hand, by property, and what is missing rather than zero."""

from __future__ import annotations

import datetime as dt
import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbam.prices import PricePath
from finance.assessment import Context, Options, assess_submission
from finance.indicator import KNOWN, NO_EBITDA, PartialValue
from finance.metrics import FROM_PRODUCTION, FirmTotals, Metrics, indicators
from finance.scorecard import load_scorecard, score, sift
from finance.submission import Firm, Footprint, GoodsLine, IndicatorValue, Submission
from models.errors import Text
from models.files import DATA
from models.fx import load_fx
from models.law import LawBook
from models.market import load_prices

CARD = load_scorecard(DATA / "scorecards" / "gd-green-loan-default" / "1.0.0.json")
DAY = dt.date(2026, 11, 1)
GOOD = GoodsLine(
    line=1, product="型材", cn_code="76042990", origin="CN", net_mass_t=10, imported_on=dt.date(2026, 5, 4)
)
FIRM: dict[str, Any] = {
    "name": "示例铝型材",
    "revenue_cny": 500e6,
    "ebitda_cny": 40e6,
    "pass_through": 0.4,
    "cbam_share_borne": 0.5,
}
#: 3 million of ETS cost, 2.4 million of CBAM cost on 60 million of EU revenue, 80 of 100 t verified.
TOTALS = FirmTotals(
    gross_domestic_cost_cny=3e6,
    cbam_cost_cny=2.4e6,
    covered_eu_revenue_cny=60e6,
    eu_tonnes=100,
    eu_tonnes_verified=80,
    verified_emissions_t=100_000,
    free_allocation_t=90_000,
    held_t=5_000,
    net_short_t=5_000,
    allowance_price_cny=40,
    ets_duty=True,
    as_of=DAY,
)


def totals(**changed: Any) -> FirmTotals:
    made = {name: getattr(TOTALS, name) for name in FirmTotals.__slots__}
    return FirmTotals(**(made | changed))


def submission(firm: dict[str, Any] | None = None, **parts: Any) -> Submission:
    return Submission(firm=Firm(**(FIRM | (firm or {}))), **({"goods": (GOOD,)} | parts))


def product(
    footprint: float | None, benchmark: float | None, revenue: float, quality: float | None, **more: Any
) -> Footprint:
    return Footprint(
        product="p",
        footprint_tco2e_per_t=footprint,
        benchmark_tco2e_per_t=benchmark,
        revenue_cny=revenue,
        data_quality=quality,
        **more,
    )


def number(made: Metrics, key: str) -> float:
    found = made.values[key].value
    assert isinstance(found, float | int), (key, found, made.notes[key])
    return float(found)


def missing(made: Metrics, key: str, word: str) -> None:
    assert made.values[key].state == "missing"
    assert word in made.notes[key].zh
    assert made.notes[key].en


A = product(8.2, 9.0, 320e6, 2, evidence_level="third_party_verified", benchmark_source="EU 2025/2620")
B = product(2.1, 3.0, 180e6, 1, evidence_level="self_declared")


def test_footprints_of_the_worked_example() -> None:
    made = indicators(submission(footprints=(A, B)), TOTALS)
    assert number(made, "F1") == pytest.approx(0.8351111111, abs=1e-10)
    assert made.values["F1"].data_quality == pytest.approx(1.64)
    assert made.values["F1"].state == "measured"
    assert not isinstance(made.values["F1"], PartialValue)
    assert number(made, "Q1") == pytest.approx(1.64)
    assert made.values["F2"].value == "third_party_verified"
    assert "EU 2025/2620" in made.notes["F1"].zh
    assert "部分未注明" in made.notes["F1"].zh


def test_ratios_by_hand() -> None:
    made = indicators(submission(), TOTALS)
    own = 0.5 * 2.4e6
    assert number(made, "C1") == pytest.approx((3e6 + own) / 500e6)
    assert number(made, "C2") == pytest.approx((3e6 * 0.6 + own) / 40e6)  # CBAM by phi alone, never by (1 - pi) too
    assert number(made, "E1") == pytest.approx(0.95)
    assert number(made, "E3") == pytest.approx(5_000 * 0.5 * 40 / 40e6)
    assert number(made, "B1") == pytest.approx(0.04)  # the whole cost, whoever bears it
    assert number(made, "B2") == pytest.approx(0.12)
    assert number(made, "B3") == pytest.approx(0.8)
    quality = 0.8 * 1 + 0.2 * FROM_PRODUCTION
    assert made.values["B1"].data_quality == pytest.approx(quality)
    assert made.values["C2"].data_quality == pytest.approx((3e6 * 1 + own * quality) / (3e6 + own))
    assert made.values["C1"].state == "estimated"
    assert "上游" in made.notes["C1"].zh
    assert all(made.notes[k].zh and made.notes[k].en for k in KNOWN)


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1e9), st.floats(0, 1e9))
def test_pass_through_moves_the_home_cost_only_and_phi_the_cbam_cost_only(
    pi: float, phi: float, home: float, cbam: float
) -> None:
    t = totals(gross_domestic_cost_cny=home, cbam_cost_cny=cbam)
    made = indicators(submission({"pass_through": pi, "cbam_share_borne": phi}), t)
    assert number(made, "C2") == pytest.approx((home * (1 - pi) + cbam * phi) / 40e6, rel=1e-9, abs=1e-12)
    assert number(made, "C1") == pytest.approx((home + cbam * phi) / 500e6, rel=1e-9, abs=1e-12)
    assert number(made, "B1") == cbam / 60e6


def test_a_product_that_cannot_be_compared_is_missing_and_not_one() -> None:
    for odd in (
        product(5.0, None, 500e6, 1),
        product(None, 3.0, 500e6, 1),
        product(5.0, 3.0, 500e6, 1, same_boundary=False),
    ):
        alone = indicators(submission(footprints=(odd,)), TOTALS)
        missing(alone, "F1", "基准")
        beside = indicators(submission(footprints=(A, odd)), TOTALS)
        assert number(beside, "F1") == pytest.approx(8.2 / 9.0)
        assert beside.values["F1"].state == "estimated"
        assert beside.values["F1"].data_quality == pytest.approx((320 * 2 + 500 * 5) / 820)


def test_a_product_left_out_scores_as_missing_by_its_share_of_revenue() -> None:
    good = product(1.0, 2.0, 50e6, 1)
    bad = product(6.0, 2.0, 50e6, 1)

    def f1(*products: Footprint) -> Any:
        made = indicators(submission(footprints=products), TOTALS)
        scored = score(CARD, made.values, {}, notes=made.notes)
        return next(x for x in scored.lines if x.indicator.id == "F1")

    hidden = f1(good, bad.model_copy(update={"footprint_tco2e_per_t": None, "data_quality": None}))
    used = 0.5 * math.exp(0.6744897501960817 * 0.20)  # data quality 3: half of the revenue has none
    assert hidden.used == pytest.approx(used, rel=1e-12)
    alone = 100 - (used - 0.5) / 0.3 * 20
    assert hidden.points == pytest.approx(0.5 * alone + 0.5 * 20)
    assert hidden.missing_share == 0.5
    assert "50%" in hidden.note.zh
    assert f1(good, bad).points == 0.0
    assert f1(good).missing_share == 0.0  # with nothing missing there is no such share
    idle = product(None, 2.0, 0.0, None)  # earns nothing, so nothing of the revenue is missing
    assert f1(good, idle).points == f1(good).points


@given(st.floats(0, 3), st.floats(1, 5), st.floats(0, 3), st.floats(0.01, 0.99))
def test_leaving_a_product_out_pays_no_more_than_the_sector_s_adverse_value(
    ratio: float, quality: float, adverse: float, share: float
) -> None:
    """``finance.md`` 4.2, here per product: missing scores as the same firm with the adverse value measured."""
    kept = product(ratio * 2, 2.0, share * 1e8, quality)
    proxy = product(adverse * 2, 2.0, (1 - share) * 1e8, 5)
    gone = proxy.model_copy(update={"footprint_tco2e_per_t": None, "data_quality": None})
    hidden = score(CARD, indicators(submission(footprints=(kept, gone)), TOTALS).values, {}, {"F1": adverse})
    shown = score(CARD, indicators(submission(footprints=(kept, proxy)), TOTALS).values, {}, {"F1": adverse})
    assert hidden.total == pytest.approx(shown.total, abs=1e-9)


def test_an_ungraded_product_counts_as_the_worst_and_earns_nothing() -> None:
    graded = indicators(submission(footprints=(A, product(2.1, 3.0, 180e6, 4))), TOTALS)
    hidden = indicators(submission(footprints=(A, product(2.1, 3.0, 180e6, None))), TOTALS)
    assert number(hidden, "Q1") > number(graded, "Q1")
    assert hidden.values["Q1"].state == "estimated"
    missing(indicators(submission(footprints=(product(2.1, 3.0, 1.0, None),)), TOTALS), "Q1", "数据质量分")


def test_evidence_needs_half_of_the_revenue() -> None:
    def level(*pairs: tuple[str, float]) -> Any:
        products = tuple(product(1, 1, r, 1, evidence_level=e) for e, r in pairs)
        return indicators(submission(footprints=products), TOTALS).values["F2"].value

    assert level(("national_certified", 50), ("none", 50)) == "national_certified"
    assert level(("national_certified", 30), ("self_declared", 30), ("none", 40)) == "self_declared"
    assert level(("national_certified", 49), ("none", 51)) == "none"
    missing(indicators(submission(), TOTALS), "F2", "证据")


PRODUCTS = st.lists(
    st.builds(
        product,
        st.none() | st.floats(0, 50),
        st.none() | st.floats(0.01, 50),
        st.floats(1, 1e9),
        st.none() | st.floats(1, 5),
        same_boundary=st.booleans(),
        evidence_level=st.sampled_from(["national_certified", "third_party_verified", "self_declared", "none"]),
    ),
    min_size=1,
    max_size=6,
)


@given(PRODUCTS, st.integers(0, 5), st.sampled_from([0.5, 0.25, 0.125]), st.randoms(use_true_random=False))
def test_splitting_and_order_of_products_change_nothing(
    products: list[Footprint], at: int, part: float, random: Any
) -> None:
    at %= len(products)
    one = products[at]
    halves = [one.model_copy(update={"revenue_cny": one.revenue_cny * p}) for p in (part, 1 - part)]
    split = [*products[:at], *halves, *products[at + 1 :]]
    random.shuffle(split)
    a = score(CARD, indicators(submission(footprints=tuple(products)), TOTALS).values, {})
    b = score(CARD, indicators(submission(footprints=tuple(split)), TOTALS).values, {})
    assert b.total == pytest.approx(a.total, abs=1e-9)
    assert [x.state for x in a.lines] == [x.state for x in b.lines]


@given(PRODUCTS, st.sampled_from([0.125, 8.0, 1024.0]))
def test_the_currency_unit_changes_nothing(products: list[Footprint], unit: float) -> None:
    scaled = tuple(p.model_copy(update={"revenue_cny": p.revenue_cny * unit}) for p in products)
    t = totals(
        gross_domestic_cost_cny=3e6 * unit,
        cbam_cost_cny=2.4e6 * unit,
        covered_eu_revenue_cny=60e6 * unit,
        allowance_price_cny=40 * unit,
    )
    a = score(CARD, indicators(submission(footprints=tuple(products)), TOTALS).values, {})
    firm = {"revenue_cny": 500e6 * unit, "ebitda_cny": 40e6 * unit}
    b = score(CARD, indicators(submission(firm, footprints=scaled), t).values, {})
    assert b.total == pytest.approx(a.total, abs=1e-9)


@pytest.mark.parametrize("ebitda", [0.0, -1e6])
def test_an_ebitda_that_is_not_positive(ebitda: float) -> None:
    for firm, t in (
        ({"ebitda_cny": ebitda}, TOTALS),
        ({"ebitda_cny": ebitda, "pass_through": None}, TOTALS),  # withholding more does not turn 0 points into 20
        ({"ebitda_cny": ebitda}, totals(gross_domestic_cost_cny=None)),
        ({"ebitda_cny": ebitda, "cbam_share_borne": None}, totals(cbam_cost_cny=None)),
    ):
        made = indicators(submission(firm), t)
        assert made.values["C2"].value == NO_EBITDA
        scored = score(CARD, made.values, {}, notes=made.notes)
        c2 = next(x for x in scored.lines if x.indicator.id == "C2")
        assert (c2.points, c2.state) == (0.0, "measured")
        reason = next(r for r in scored.reasons if r.code == "RC-C2")
        assert "EBITDA" in reason.text.zh
        assert "0 points" in reason.text.en
        json.dumps(scored.to_record(), allow_nan=False)
    assert indicators(submission({"ebitda_cny": ebitda}), TOTALS).values["E3"].value == NO_EBITDA
    assert indicators(submission({"ebitda_cny": ebitda}), totals(net_short_t=-1.0)).values["E3"].value == 0.0


def test_missing_finance_figures_are_missing_by_name() -> None:
    missing(indicators(submission({"revenue_cny": None}), TOTALS), "C1", "营业收入")
    missing(indicators(submission({"revenue_cny": None}), TOTALS), "B2", "营业收入")
    missing(indicators(submission({"ebitda_cny": None}), TOTALS), "C2", "EBITDA")
    missing(indicators(submission({"ebitda_cny": None}), TOTALS), "E3", "EBITDA")
    missing(indicators(submission({"pass_through": None}), TOTALS), "C2", "传导")
    assert indicators(submission({"pass_through": None}), TOTALS).values["C1"].state == "estimated"
    missing(indicators(submission({"cbam_share_borne": None}), TOTALS), "C1", "承担")
    missing(indicators(submission(), totals(cbam_cost_cny=None)), "B1", "CBAM")
    missing(indicators(submission(), totals(gross_domestic_cost_cny=None)), "C1", "国内碳成本")
    missing(indicators(submission(), totals(covered_eu_revenue_cny=None)), "B1", "价格")
    missing(indicators(submission(), totals(allowance_price_cny=None)), "E3", "价格")
    missing(indicators(submission(), totals(net_short_t=None)), "E3", "净缺口")
    missing(indicators(submission(), totals(free_allocation_t=None)), "E1", "免费配额")
    empty = indicators(Submission(firm=Firm(name="x")), FirmTotals())
    assert {v.state for v in empty.values.values()} == {"missing"}
    assert set(empty.values) == set(KNOWN)
    nothing_passed = indicators(submission({"pass_through": None}), totals(gross_domestic_cost_cny=0.0))
    assert number(nothing_passed, "C2") == pytest.approx(1.2e6 / 40e6)  # with no cost at home the rate is not needed


def test_no_ets_duty_is_declared_by_the_regime_rule() -> None:
    said = Text("铝型材加工不在碳市场", "aluminium fabrication is in no market")
    made = indicators(submission(), totals(ets_duty=False, regime_note=said, gross_domestic_cost_cny=0.0))
    for key in ("E1", "E2", "E3"):
        assert (made.values[key].state, made.values[key].declared_on, made.notes[key]) == ("not_applicable", DAY, said)
    scored = score(CARD, made.values, {}, notes=made.notes)
    assert [x.indicator.id for x in scored.lines if x.state == "not_applicable"] == ["E1", "E2", "E3"]
    unknown = indicators(submission(), totals(ets_duty=None))
    missing(unknown, "E1", "碳市场")
    assert [x.points for x in score(CARD, unknown.values, {}).lines if x.indicator.id in ("E1", "E2")] == [0.0, 0.0]


def test_no_covered_goods_is_declared_by_the_goods_sheet_and_an_empty_sheet_declares_nothing() -> None:
    none = totals(eu_tonnes=0.0, eu_tonnes_verified=0.0, covered_eu_revenue_cny=0.0, cbam_cost_cny=0.0)
    made = indicators(submission(), none)
    assert {made.values[k].state for k in ("B1", "B2", "B3")} == {"not_applicable"}
    missing(indicators(submission(goods=()), none), "B1", "对欧")
    left = indicators(submission(), totals(eu_tonnes=0.0, lines_left_out=1))  # what was refused may be covered
    missing(left, "B1", "对欧")


def test_goods_left_out_are_told_and_make_an_estimate() -> None:
    made = indicators(submission(), totals(lines_left_out=3))
    for key in ("C1", "C2", "B1", "B2", "B3"):
        assert made.values[key].state == "estimated"
        assert "3 行" in made.notes[key].zh


def test_holdings_that_are_not_given_are_none_and_said() -> None:
    made = indicators(submission(), totals(held_t=None))
    assert number(made, "E1") == pytest.approx(0.9)
    assert made.values["E1"].state == "estimated"
    assert "持有" in made.notes["E1"].zh


def test_a_stated_value_wins_and_is_marked() -> None:
    stated = {"B1": IndicatorValue(value=0.01, data_quality=2), "F3": IndicatorValue(value=-0.03)}
    made = indicators(submission(indicators=stated), TOTALS)
    assert (made.values["B1"], made.notes["B1"]) == (stated["B1"], Text("企业填报", "as stated"))
    assert number(made, "F3") == -0.03
    blank = {"B1": IndicatorValue(state="missing"), "B2": IndicatorValue()}
    kept = indicators(submission(indicators=blank), TOTALS)
    assert number(kept, "B1") == pytest.approx(0.04)
    assert number(kept, "B2") == pytest.approx(0.12)
    still = indicators(submission({"revenue_cny": None}, indicators=blank), TOTALS)
    missing(still, "B2", "营业收入")  # the note of what is missing is kept


def test_a_declaration_against_the_own_data_is_not_followed() -> None:
    away = IndicatorValue(state="not_applicable", declared_on=DAY)
    made = indicators(submission(indicators={"E1": away, "E2": away, "B1": away}), TOTALS)
    assert number(made, "E1") == pytest.approx(0.95)
    assert made.values["E2"].state == "missing"
    assert number(made, "B1") == pytest.approx(0.04)
    assert "不符" in made.notes["B1"].zh
    abroad = indicators(submission(goods=(), indicators={"B1": away}), FirmTotals(ets_duty=False, as_of=DAY))
    assert abroad.values["B1"] == away


def test_ratios_that_cannot_be_are_missing_and_never_break_the_score() -> None:
    tiny = submission({"revenue_cny": 5e-324, "ebitda_cny": 5e-324})
    made = indicators(tiny, TOTALS)
    for key in ("C1", "C2", "B2", "E3"):
        missing(made, key, "核对")
    missing(indicators(submission({"revenue_cny": 50e6}), TOTALS), "B2", "核对")  # more to the EU than sold at all
    score(CARD, made.values, {}, notes=made.notes)


MONEY = st.none() | st.floats(0, 1e15)
TONNES = st.none() | st.floats(0, 1e9)


@given(
    st.builds(
        FirmTotals,
        gross_domestic_cost_cny=MONEY,
        cbam_cost_cny=MONEY,
        covered_eu_revenue_cny=MONEY,
        eu_tonnes=TONNES,
        eu_tonnes_verified=TONNES,
        verified_emissions_t=TONNES,
        free_allocation_t=TONNES,
        held_t=TONNES,
        net_short_t=st.none() | st.floats(-1e9, 1e9),
        allowance_price_cny=st.none() | st.floats(0, 1e4),
        ets_duty=st.none() | st.booleans(),
        lines_left_out=st.integers(0, 3),
        as_of=st.none() | st.just(DAY),
    ),
    st.fixed_dictionaries(
        {},
        optional={
            "revenue_cny": st.floats(0, 1e15, exclude_min=True),
            "ebitda_cny": st.floats(-1e15, 1e15),
            "pass_through": st.floats(0, 1.5),
            "cbam_share_borne": st.floats(0, 1),
        },
    ),
    st.just([]) | PRODUCTS,
)
def test_any_firm_scores(t: FirmTotals, firm: dict[str, float], products: list[Footprint]) -> None:
    made = indicators(Submission(firm=Firm(name="x", **firm), goods=(GOOD,), footprints=tuple(products)), t)
    assert sift(CARD, made.values) == (made.values, [])  # nothing of ours is refused
    scored = score(CARD, made.values, {}, notes=made.notes)
    assert 0.0 <= scored.total <= 100.0
    json.dumps(scored.to_record(), allow_nan=False)
    assert len(scored.summary("zh").splitlines()) >= len(KNOWN)


@pytest.fixture(scope="module")
def context(book: LawBook, paths: dict[str, PricePath]) -> Context:
    return Context(book=book, market=load_prices(DATA), fx=load_fx(DATA), paths=paths, scorecard=CARD, as_of=DAY)


def test_goods_out_of_scope_owe_nothing_and_other_refused_goods_are_told(context: Context) -> None:
    steel = GOOD.model_copy(update={"cn_code": "73089059", "price_per_t": 3000.0, "currency": "EUR"})
    outside = steel.model_copy(update={"line": 2, "cn_code": "76151010"})
    unknown = steel.model_copy(update={"line": 3, "cn_code": "73089999"})

    def lines(*goods: GoodsLine) -> dict[str, Any]:
        made = assess_submission(
            submission(goods=goods, indicators={"T2": IndicatorValue(value="?")}), Options(), context
        )
        assert made.score is not None
        assert [f.field for f in made.findings] == ["T2"]  # a mistyped indicator costs no row and no score
        return {x.indicator.id: x for x in made.score.lines}

    both = lines(steel, outside)
    assert (both["B1"].state, both["B3"].value) == ("measured", 0.0)
    assert {lines(outside)[k].state for k in ("B1", "B2", "B3")} == {"not_applicable"}
    assert {lines(unknown)[k].state for k in ("B1", "B2", "B3")} == {"missing"}
    assert lines(steel, outside, unknown)["B1"].state == "estimated"


def test_the_worst_data_quality_is_referred_to_a_human() -> None:
    worst = indicators(submission(footprints=(product(2.1, 3.0, 7e6, 5), product(2.0, 3.0, 3e6, 5))), TOTALS)
    assert (number(worst, "Q1"), worst.values["F1"].data_quality) == (5.0, 5.0)
    made = score(CARD, worst.values, {}, notes=worst.notes)
    assert made.refer
    assert "RC-G4" in {r.code for r in made.reasons}
