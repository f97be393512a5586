"""The guarantees of a score over generated borrowers and generated policies."""

from __future__ import annotations

import copy
import datetime as dt
import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from finance.indicator import KNOWN, NO_EBITDA, Indicator, PartialValue
from finance.policy import Scorecard, load_scorecard
from finance.score import Score
from finance.scorecard import NothingToScore, score, score_what_can_be, sift
from finance.submission import IndicatorValue
from models.errors import OutOfRange, Text
from models.files import DATA

PATH = DATA / "scorecards" / "gd-green-loan-default" / "1.0.0.json"
CARD = load_scorecard(PATH)
RAW: dict[str, Any] = json.loads(PATH.read_text(encoding="utf-8"))
BY_ID = {i.id: i for i in CARD.indicators}
DECLARED = dt.date(2026, 11, 1)


def value(x: float | str, quality: float | None = None, **more: Any) -> IndicatorValue:
    return IndicatorValue(value=x, data_quality=quality, **more)


def whole(**changed: IndicatorValue | None) -> dict[str, IndicatorValue]:
    """Return a borrower who has everything, with changes; ``None`` takes one out."""
    made: dict[str, IndicatorValue | None] = {
        "F1": value(0.9, 2),
        "F2": value("third_party_verified"),
        "F3": value(-0.03),
        "C1": value(0.01, 2),
        "C2": value(0.06, 2),
        "E1": value(0.97, 1),
        "E2": value(3),
        "E3": value(0.02),
        "B1": value(0.03, 2),
        "B2": value(0.1),
        "B3": value(0.8),
        "T1": value(0.9),
        "T2": value("transition_catalogue"),
        "T3": value(0.3),
        "Q1": value(2.0),
    }
    return {k: v for k, v in (made | changed).items() if v is not None}


def line(made: Score, key: str) -> Any:
    return next(x for x in made.lines if x.indicator.id == key)


# --- generated borrowers and policies -------------------------------------------------------------------------------

INSIDE = {"F3": (-1.0, 1.0), "E1": (0.0, 3.0), "B2": (0.0, 1.0), "B3": (0.0, 1.0), "T3": (0.0, 1.0), "Q1": (1.0, 5.0)}
INSIDE |= {"C1": (-0.2, 1.0), "C2": (-0.5, 1.0), "T1": (-1.0, 2.0)}


def values_of(indicator: Indicator) -> st.SearchStrategy[float | str]:
    if indicator.levels is not None:
        return st.sampled_from(sorted(indicator.levels))
    low, high = INSIDE.get(indicator.id, (0.0, 3.0))
    return st.floats(low, high)


@st.composite
def cards(draw: st.DrawFn) -> Scorecard:
    """Return the default card with other weights, curves, data-quality figures and order."""
    raw = copy.deepcopy(RAW)
    for dimension in raw["dimensions"]:
        for i in dimension["indicators"]:
            i["weight"] = draw(st.floats(0.1, 30))
            if "points" in i:
                count = draw(st.integers(2, 5))
                xs = sorted(draw(st.lists(st.integers(-100, 200), min_size=count, max_size=count, unique=True)))
                ys = sorted(
                    draw(st.lists(st.floats(0, 100), min_size=count, max_size=count)),
                    reverse=i["direction"] == "lower_better",
                )
                i["points"] = [[x / 100, y] for x, y in zip(xs, ys, strict=True)]
                i["haircut"] = draw(st.booleans())
            else:
                i["levels"] = {level: draw(st.floats(0, 100)) for level in i["levels"]}
    raw["data_quality"]["haircut_quantile"] = draw(st.floats(0.51, 0.99))
    raw["data_quality"]["sigma_by_score"] = dict(
        zip("12345", sorted(draw(st.lists(st.floats(0, 1), min_size=5, max_size=5))), strict=True)
    )
    return Scorecard.model_validate_json(json.dumps(raw))


@st.composite
def borrowers(draw: st.DrawFn) -> dict[str, IndicatorValue]:
    made = {}
    for indicator in CARD.indicators:
        state = draw(st.sampled_from(["measured", "measured", "estimated", "missing", "absent", "not_applicable"]))
        if state in ("measured", "estimated"):
            quality = draw(st.none() | st.floats(1, 5))
            made[indicator.id] = value(draw(values_of(indicator)), quality, state=state)
        elif state == "not_applicable":
            made[indicator.id] = IndicatorValue(state=state, declared_on=draw(st.sampled_from([None, DECLARED])))
        elif state == "missing":
            made[indicator.id] = IndicatorValue(state="missing")
    return made


POLICIES = st.just(CARD) | cards()
ANSWERS = st.fixed_dictionaries({}, optional={"G1": st.booleans(), "G2": st.booleans()})


def better(indicator: Indicator, a: float | str, b: float | str) -> tuple[float | str, float | str]:
    """Return the two values, the worse one first."""
    if indicator.levels is not None:
        low, high = sorted((str(a), str(b)), key=lambda level: (indicator.levels or {})[level])
        return low, high
    x, y = sorted((float(a), float(b)), reverse=indicator.direction == "lower_better")
    return x, y


@given(POLICIES, borrowers(), ANSWERS, st.sampled_from(KNOWN), st.data())
def test_guarantee_1_a_better_value_never_lowers_the_score(
    card: Scorecard, inputs: dict[str, IndicatorValue], answers: dict[str, bool], key: str, data: st.DataObject
) -> None:
    indicator = next(i for i in card.indicators if i.id == key)
    worse, best = better(indicator, data.draw(values_of(indicator)), data.draw(values_of(indicator)))
    quality = data.draw(st.none() | st.floats(1, 5))
    if key == "F2" and "none" in (worse, best):  # G3 caps by the word: a card may give it any points
        worse = best
    low = score(card, inputs | {key: value(worse, quality)}, answers)
    high = score(card, inputs | {key: value(best, quality)}, answers)
    assert high.before_gates >= low.before_gates - 1e-9
    assert high.total >= low.total - 1e-9


@given(POLICIES, borrowers(), st.sampled_from(KNOWN), st.floats(1, 5), st.floats(1, 5), st.data())
def test_guarantee_2_better_data_never_lowers_the_score(
    card: Scorecard, inputs: dict[str, IndicatorValue], key: str, q1: float, q2: float, data: st.DataObject
) -> None:
    x = data.draw(values_of(next(i for i in card.indicators if i.id == key)))
    good, bad = sorted((q1, q2))
    with_bad = score(card, inputs | {key: value(x, bad)}, {})
    assert score(card, inputs | {key: value(x, good)}, {}).total >= with_bad.total - 1e-9
    assert with_bad.total >= score(card, inputs | {key: value(x)}, {}).total - 1e-9  # ungraded is the worst


@given(POLICIES, borrowers(), st.sampled_from(KNOWN), st.data())
def test_guarantee_3_measuring_never_costs_against_the_adverse_proxy(
    card: Scorecard, inputs: dict[str, IndicatorValue], key: str, data: st.DataObject
) -> None:
    indicator = next(i for i in card.indicators if i.id == key)
    proxy, measured = better(indicator, data.draw(values_of(indicator)), data.draw(values_of(indicator)))
    if key == "F2" and measured == "none":
        return  # the proxy was "none" too, and missing evidence is no evidence
    hidden = score(card, inputs | {key: IndicatorValue(state="missing")}, {}, {key: proxy})
    shown = score(card, inputs | {key: value(measured, data.draw(st.floats(1, 5)))}, {}, {key: proxy})
    assert shown.before_gates >= hidden.before_gates - 1e-9
    assert shown.total >= hidden.total - 1e-9


@given(POLICIES, borrowers(), st.floats(0, 3), st.floats(1, 5), st.floats(0, 1), st.floats(0, 1))
def test_covering_more_with_the_same_value_never_costs(
    card: Scorecard, inputs: dict[str, IndicatorValue], x: float, quality: float, c1: float, c2: float
) -> None:
    def made(covers: float) -> Score:
        partial = PartialValue(value=x, data_quality=quality, state="estimated", covers=covers)
        return score(card, inputs | {"F1": partial}, {})

    less, more = sorted((c1, c2))
    full = score(card, inputs | {"F1": value(x, quality)}, {})
    assert made(less).total <= made(more).total + 1e-9 <= full.total + 2e-9
    assert made(1.0).total == full.total
    none = line(made(0.0), "F1").points
    assert none <= card.missing_rule.no_sector_value_points + 1e-9
    if 0 < less < 1:
        left_out = made(less).without_missing
        assert left_out is not None
        assert made(less).key != full.key


@given(POLICIES, borrowers(), ANSWERS, st.randoms(use_true_random=False))
def test_guarantee_4_order_does_not_matter(
    card: Scorecard, inputs: dict[str, IndicatorValue], answers: dict[str, bool], random: Any
) -> None:
    raw = card.model_dump(mode="json", exclude_none=True)
    random.shuffle(raw["dimensions"])
    for d in raw["dimensions"]:
        random.shuffle(d["indicators"])
    random.shuffle(raw["gates"])
    turned = Scorecard.model_validate_json(json.dumps(raw))
    pairs = list(inputs.items())
    random.shuffle(pairs)
    a, b = score(card, inputs, answers), score(turned, dict(pairs), answers)
    assert (a.total, a.before_gates, a.without_missing) == (b.total, b.before_gates, b.without_missing)
    assert [g.gate.id for g in a.gates] == [g.gate.id for g in b.gates] == sorted(g.id for g in card.gates)
    assert [r.code for r in a.reasons] == [r.code for r in b.reasons]


@given(POLICIES, borrowers(), ANSWERS)
def test_guarantee_5_the_same_inputs_give_the_same_bytes(
    card: Scorecard, inputs: dict[str, IndicatorValue], answers: dict[str, bool]
) -> None:
    def written(policy: Scorecard) -> str:
        return json.dumps(score(policy, inputs, answers).to_record(), ensure_ascii=False, allow_nan=False)

    again = Scorecard.model_validate_json(card.model_dump_json(exclude_none=True))
    assert written(card) == written(again)


@given(POLICIES, borrowers(), ANSWERS)
def test_guarantee_6_the_score_lies_between_its_points_and_is_the_sum_of_its_lines(
    card: Scorecard, inputs: dict[str, IndicatorValue], answers: dict[str, bool]
) -> None:
    made = score(card, inputs, answers)
    points = [x.points for x in made.lines if x.weight > 0]
    assert min(points) - 1e-9 <= made.before_gates <= max(points) + 1e-9
    assert sum(x.contribution for x in made.lines) == pytest.approx(made.before_gates, abs=1e-9)
    assert sum(x.weight for x in made.lines) == pytest.approx(100.0, abs=1e-9)
    assert made.total <= made.before_gates
    told = [r for r in made.reasons if not r.code.startswith("RC-G")]
    assert made.reasons[len(made.reasons) - len(told) :] == tuple(told)  # gates come first
    assert len(told) <= card.reason_codes.max_reported
    for reason in told:
        if reason.points_to_gain is not None:
            at = line(made, reason.code[3:])
            assert 0 < reason.points_to_gain <= at.lost + 1e-9
    assert {row.key for row in made.rows()} >= {"score", *KNOWN, "before_gates", "G1", "G2", "G3", "G4"}
    assert all(row.label.zh and row.label.en for row in made.rows())


@given(
    POLICIES, st.sampled_from([i for i in KNOWN if BY_ID[i].points]), st.lists(st.floats(-2, 6), min_size=1), st.data()
)
def test_a_column_of_borrowers_scores_as_each_alone(
    card: Scorecard, key: str, xs: list[float], data: st.DataObject
) -> None:
    indicator = next(i for i in card.indicators if i.id == key)
    qualities = data.draw(st.lists(st.floats(1, 5), min_size=len(xs), max_size=len(xs)))
    sigma = card.data_quality.sigma(np.array(qualities))
    column = indicator.points_of(indicator.used(np.array(xs), sigma, 0.67449))
    alone = [
        indicator.points_of(indicator.used(x, card.data_quality.sigma(q), 0.67449))
        for x, q in zip(xs, qualities, strict=True)
    ]
    assert np.asarray(column).tolist() == pytest.approx(alone, abs=1e-12)


def test_a_column_of_levels() -> None:
    found = BY_ID["F2"].points_of(np.array(["none", "self_declared", "none", "national_certified"]))
    assert np.asarray(found).tolist() == [0, 40, 0, 100]
    assert BY_ID["F2"].points_of("third_party_verified") == 80
    with pytest.raises(OutOfRange):
        BY_ID["F2"].points_of(np.array(["none", "hearsay"]))
    with pytest.raises(OutOfRange):
        BY_ID["F2"].points_of(1.0)
    with pytest.raises(OutOfRange):
        BY_ID["F1"].points_of("none")


# --- states, gates, reasons -----------------------------------------------------------------------------------------


def test_the_haircut_is_always_adverse() -> None:
    z, s = 0.6744897501960817, 0.10
    assert line(score(CARD, whole(), {}), "C2").used == pytest.approx(0.06 * np.exp(z * s), rel=1e-12)
    assert line(score(CARD, whole(E1=value(0.97, 2)), {}), "E1").used == pytest.approx(0.97 * np.exp(-z * s), rel=1e-12)
    turned = line(score(CARD, whole(C2=value(-0.06, 2)), {}), "C2")
    assert turned.used == pytest.approx(-0.06 * np.exp(-z * s), rel=1e-12)
    assert CARD.data_quality.sigma(3.5) == pytest.approx((0.20 + 0.35) / 2)


def test_a_withheld_figure_that_the_law_asks_for_scores_nothing() -> None:
    made = score(CARD, whole(E1=None, E2=None, E3=None), {}, {"E1": 1.2, "E2": "3"})
    assert [line(made, k).points for k in ("E1", "E2")] == [0.0, 0.0]
    assert line(made, "E3").points == CARD.missing_rule.no_sector_value_points
    assert "0 分" in line(made, "E1").note.zh


def test_not_applicable_needs_a_dated_declaration() -> None:
    dated = IndicatorValue(state="not_applicable", declared_on=DECLARED)
    out = line(score(CARD, whole(B1=dated), {}), "B1")
    assert (out.state, out.weight, out.contribution) == ("not_applicable", 0.0, 0.0)
    undated = line(score(CARD, whole(B1=IndicatorValue(state="not_applicable")), {}), "B1")
    assert (undated.state, undated.points) == ("missing", 20.0)
    assert "没有注明日期" in undated.note.zh
    always = line(score(CARD, whole(C2=dated), {}), "C2")  # hiding a bad ratio behind a declaration earns nothing
    assert (always.state, always.points) == ("missing", 20.0)


def test_a_missing_value_takes_the_adverse_proxy_with_the_worst_quality_and_the_score_is_told_twice() -> None:
    hidden = score(CARD, whole(F1=None), {}, {"F1": 1.2})
    shown = score(CARD, whole(F1=value(1.2, 5)), {})
    assert (line(hidden, "F1").used, hidden.total) == (line(shown, "F1").used, shown.total)
    assert (line(hidden, "F1").state, line(hidden, "F1").value, line(hidden, "F1").data_quality) == (
        "missing",
        None,
        5.0,
    )
    rest = [x for x in hidden.lines if x.state != "missing"]
    assert hidden.without_missing == pytest.approx(
        sum(x.indicator.weight * x.points for x in rest) / sum(x.indicator.weight for x in rest), abs=1e-9
    )
    assert shown.without_missing is None
    assert hidden.key != score(CARD, whole(F1=None), {}, {"F1": 1.3}).key


def test_finance_figures_that_are_missing_are_told_and_never_zero() -> None:
    made = score(CARD, {}, {})
    assert all(x.state == "missing" for x in made.lines)
    assert made.without_missing is None
    assert (made.grade.id, {r.code for r in made.reasons} >= {"RC-G3", "RC-C2"}) == ("E", True)


def test_an_ebitda_that_is_not_positive_is_no_ratio() -> None:
    made = score(CARD, whole(C2=value(NO_EBITDA)), {})
    at = line(made, "C2")
    assert (at.points, at.value) == (0.0, NO_EBITDA)
    assert made.reasons[0].code == "RC-C2"
    assert "EBITDA 不为正" in made.reasons[0].text.zh
    assert "not positive" in made.reasons[0].text.en
    raw = copy.deepcopy(RAW)
    raw["dimensions"][1]["indicators"][1]["points"] = [[0.0, 100], [0.4, 30]]  # flat at 30: still no ratio, no points
    generous = Scorecard.model_validate_json(json.dumps(raw))
    assert line(score(generous, whole(C2=value(NO_EBITDA)), {}), "C2").points == 0.0
    with pytest.raises(OutOfRange):
        score(CARD, whole(F1=value(NO_EBITDA)), {})


def test_gates_are_recorded_whether_or_not_they_bind_and_unanswered_is_not_no() -> None:
    open_ = {g.gate.id: g for g in score(CARD, whole(), {}).gates}
    assert {k: g.answer for k, g in open_.items()} == {"G1": None, "G2": None, "G3": False, "G4": False}
    assert open_["G1"].explained == Text("未回答", "not answered")
    blocked = score(CARD, whole(), {"G1": True, "G2": False})
    assert (blocked.blocked, blocked.refer, blocked.total) == (True, False, blocked.before_gates)
    assert blocked.reasons[0].code == "RC-G1"
    capped = score(CARD, whole(), {"G2": True})
    assert (capped.total, capped.grade.id) == (34.0, "E")
    assert capped.before_gates > 34
    no_evidence = score(CARD, whole(F2=value("none")), {"G2": False})
    assert (no_evidence.total, no_evidence.grade.id, no_evidence.reasons[0].code) == (49.0, "D", "RC-G3")
    assert [g.answer for g in score(CARD, whole(Q1=value(4.0)), {}).gates][3] is False
    assert score(CARD, whole(Q1=value(4.01)), {}).refer
    assert [g.answer for g in score(CARD, whole(Q1=None), {}).gates][3] is None


def test_a_cap_above_the_score_changes_nothing_and_is_still_told() -> None:
    low = whole(
        F1=value(2.0, 2), F2=value("none"), C1=value(0.1), C2=value(0.5), E1=value(0.5), E2=value(0), B1=value(0.3)
    )
    made = score(CARD, low, {})
    assert made.total == made.before_gates < 49
    assert made.reasons[0].code == "RC-G3"


def test_equal_points_give_exactly_that_grade() -> None:
    raw = copy.deepcopy(RAW)
    for d in raw["dimensions"]:
        for i in d["indicators"]:
            i["weight"] = i["weight"] / 7
            i.pop("haircut", None)
            if "points" in i:
                i["points"] = [[x, 80] for x, _ in i["points"]]
            else:
                i["levels"] = dict.fromkeys(i["levels"], 80)
    made = score(Scorecard.model_validate_json(json.dumps(raw)), whole(), {})
    assert made.before_gates == pytest.approx(80, abs=1e-12)
    assert made.shown() == "80.0"


def test_the_grade_is_of_the_unrounded_score() -> None:
    assert [CARD.grade(x).id for x in (80.0, 79.96, 65.0, 64.999999, 0.0)] == ["A", "B", "B", "C", "E"]


def test_the_next_breakpoint_and_what_it_adds() -> None:
    made = score(CARD, whole(T1=value(0.9), T2=value("none"), C2=value(0.5, 2)), {})
    c2 = next(r for r in made.reasons if r.code == "RC-C2")
    assert (c2.value, c2.next_breakpoint) == (0.5, 0.25)
    assert c2.points_to_gain == pytest.approx(line(made, "C2").weight * 0.10)
    moved = score(CARD, whole(T1=value(0.9), T2=value("general_with_kpi"), C2=value(0.5, 2)), {})
    assert moved.total - made.total == pytest.approx(line(made, "T2").weight * 0.30)


def test_the_next_breakpoint_of_a_part_adds_its_part() -> None:
    def made(x: float) -> Score:
        return score(CARD, whole(F1=PartialValue(value=x, data_quality=1, covers=0.25)), {})

    z = 0.6744897501960817
    low = made(1.2)
    reason = next(r for r in low.reasons if r.code == "RC-F1")
    assert reason.next_breakpoint == 1.0
    assert "75%" in reason.text.en
    at_breakpoint = made(1.0 / np.exp(z * 0.05))
    assert reason.points_to_gain == pytest.approx(at_breakpoint.total - low.total, abs=1e-9)
    alone = line(score(CARD, whole(F1=value(1.2, 1)), {}), "F1")
    gap = line(low, "F1").weight * (alone.points - line(low, "F1").points) / 100
    assert low.without_missing == pytest.approx(low.total + gap)  # the value of getting the rest


@pytest.mark.parametrize(
    ("key", "bad"),
    [
        ("F1", "high"),
        ("F1", -0.1),
        ("F2", "hearsay"),
        ("F2", 3.0),
        ("E2", 4.0),
        ("E2", 2.5),
        ("B2", 12.0),
        ("T3", 30.0),
        ("T1", 90.0),
        ("F3", -3.0),
        ("Q1", 0.5),
        ("C1", 1e13),
    ],
)
def test_a_value_beyond_its_definition_is_refused_by_name_and_costs_only_itself(key: str, bad: float | str) -> None:
    inputs = whole(**{key: value(bad)})
    with pytest.raises(OutOfRange) as refusal:
        score(CARD, inputs, {})
    assert refusal.value.field == key
    if isinstance(bad, str):
        assert bad not in refusal.value.text("en") + refusal.value.text("zh")  # what was sent is not repeated
    kept, findings = sift(CARD, inputs)
    assert [f.field for f in findings] == [key]
    assert findings[0].text.zh != findings[0].text.en
    made = score(CARD, kept, {})
    assert [x.indicator.id for x in made.lines if x.state == "missing"] == [key]


def test_unknown_ids_are_refused_and_not_silently_missing() -> None:
    for inputs, gates, adverse in [
        (whole() | {"f1": value(0.5)}, {}, {}),
        (whole(), {"G9": True}, {}),
        (whole(), {"G3": False}, {}),  # follows from F2
        (whole(), {}, {"Z1": 1.0}),
    ]:
        with pytest.raises(OutOfRange):
            score(CARD, inputs, gates, adverse)
    kept, findings = sift(CARD, whole() | {"f1": value(0.5)})
    assert (kept, len(findings)) == (whole(), 1)
    with pytest.raises(OutOfRange):
        score(CARD, whole(F1=None), {}, {"F1": float("nan")})


@pytest.mark.parametrize("quality", [0, 0.99, 5.01, -1, float("nan"), float("inf")])
def test_data_quality_outside_one_to_five_is_refused(quality: float) -> None:
    with pytest.raises(ValueError, match="data_quality"):
        IndicatorValue(value=1.0, data_quality=quality)


def test_nothing_to_score() -> None:
    raw = copy.deepcopy(RAW)
    for d in raw["dimensions"]:
        for i in d["indicators"]:
            i["weight"] = 1.0 if i["id"] == "B1" else 0.0
    card = Scorecard.model_validate_json(json.dumps(raw))
    with pytest.raises(NothingToScore):
        score(card, whole(B1=IndicatorValue(state="not_applicable", declared_on=DECLARED)), {})
    assert score(card, whole(B1=None), {}).without_missing is None
    made, findings = score_what_can_be(card, whole(B1=IndicatorValue(state="not_applicable", declared_on=DECLARED)), {})
    assert (made, [f.code for f in findings]) == (None, ["score.nothing_applies"])


def test_a_mistyped_cell_costs_its_own_indicator_and_not_the_score() -> None:
    made, findings = score_what_can_be(CARD, whole(T2=value("绿色")) | {"Z9": value(1)}, {"G2": True, "G7": True})
    assert made is not None
    assert [x.indicator.id for x in made.lines if x.state == "missing"] == ["T2"]
    assert [f.field for f in findings] == ["T2", "Z9", "G7"]
    assert "问题清单" in line(made, "T2").note.zh
    assert made.total == 34.0


def test_what_must_be_said_is_attached_in_both_languages() -> None:
    made = score(CARD, whole(), {"G1": False, "G2": False})
    said = " ".join(s.en for s in made.statements)
    for words in (
        "not a probability of default",
        "illustrative",
        "Benchmarks",
        "Scenario prices",
        "proxy",
        "self-declared",
    ):
        assert words in said
    assert all(s.zh and s.en for s in made.statements)
    assert made.to_record()["statements"] == [s._asdict() for s in made.statements]
    assert "gd-green-loan-default 1.0.0" in made.proof()[0]
    assert made.summary("zh") != made.summary("en")
