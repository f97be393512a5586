"""Methods as data: what they ask for, what they leave open, and what differs between two of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from models.bill import Bill
from models.errors import BadData
from models.files import DATA, read_yaml
from models.method_difference import adds_up, by_profile, method_difference
from models.method_profile import (
    FIELD_WORDS,
    KindNotTold,
    ProfileOpen,
    UnknownProfile,
    completeness,
    load_profiles,
    profile_of,
)
from tests.models.bills import basis, bill, submission

PROFILES = load_profiles(DATA)
GBT, ISO, CBAM, LABEL, DRAFT = (
    PROFILES[name] for name in ("gbt-24067-2024", "iso-14067", "cbam-boundary", "gd-carbon-label", "bay-area-draft")
)


def told(**changed: Any) -> Bill:
    """The bill of a product with what each activity is."""
    kinds = {"power": "electricity", "billet": "precursor", "process gas": "direct"}
    activities = [one.model_dump() | {"kind": kinds[one.id]} for one in bill().activities]
    activities.append({"id": "road", "stage": "distribution", "kind": "transport", "amount": 40.0, "unit": "kgCO2e"})
    activities.append({"id": "scrap", "stage": "raw_material", "kind": "scrap", "amount": 10.0, "unit": "kgCO2e"})
    return bill(**({"activities": activities} | changed))


def test_every_profile_names_a_source_that_exists_and_says_what_is_open() -> None:
    sources = {key for path in (DATA / "sources").glob("*.yaml") for key in read_yaml(path)}
    for profile in PROFILES.values():
        stated = (profile.boundary, profile.cut_off, profile.allocation, profile.factor_order)
        assert {profile.source, *(one.source for one in stated)} <= sources, profile.id
        assert all(one.said.zh and one.said.en for one in stated), profile.id
        assert set(profile.required) <= set(FIELD_WORDS), profile.id
        assert profile.open or not any(one.is_open for one in stated)
    assert [p.id for p in PROFILES.values() if p.is_draft] == ["bay-area-draft"]
    assert [section.title.zh for section in GBT.sections][1:] == [
        "概况",
        "量化目的",
        "量化范围",
        "清单分析",
        "影响评价",
        "结果解释",
    ]


def test_nothing_that_a_source_does_not_give_is_filled_in() -> None:
    assert all(profile.cut_off.is_open for profile in PROFILES.values())
    assert DRAFT.counts is None
    assert DRAFT.boundary.is_open
    assert LABEL.boundary.is_open
    assert LABEL.counts == GBT.counts
    assert {"label.pcr", "report.purpose"} <= set(LABEL.required)


def test_completeness_names_each_missing_field() -> None:
    found = completeness(bill(), GBT)
    missing = {finding.field for finding in found if finding.code == "profile.field_missing"}
    assert missing == {
        "boundary", "report.producer_name", "report.producer_address", "report.product_function", "report.standard",
        "report.purpose", "report.cut_off", "report.gwp_set", "report.assumptions",
    }  # fmt: skip
    assert all(finding.refuses for finding in found if finding.code == "profile.field_missing")
    words = dict.fromkeys(
        (
            "producer_name",
            "producer_address",
            "product_function",
            "standard",
            "purpose",
            "cut_off",
            "gwp_set",
            "assumptions",
        ),
        "x",
    )
    whole = bill(boundary="cradle_to_gate", report=words)
    assert not [finding for finding in completeness(whole, GBT) if finding.refuses]
    assert {finding.code for finding in completeness(whole, GBT)} >= {"profile.left_open", "profile.before_in_force"}
    assert "profile.draft" in {finding.code for finding in completeness(whole, DRAFT)}
    piece = bill(products=[{"id": "p", "declared_unit": "piece", "output": 1.0}])
    assert "product.mass" in {finding.field for finding in completeness(piece, ISO)}


def test_the_cbam_boundary_by_hand() -> None:
    """Direct 100 and billet 1000 of 1000 kg: 1.1; power, road and scrap stay outside and are said to."""
    made = by_profile(told(), CBAM, basis())
    assert made.site.products["profile"].kgco2e == pytest.approx(1.1)
    assert made.counting == {
        "power": "information", "billet": "counted", "process gas": "counted", "road": "excluded", "scrap": "zero",
    }  # fmt: skip
    outside = [finding.field for finding in made.findings if finding.code == "profile.not_counted"]
    assert outside == ["activities.0", "activities.3", "activities.4"]


def test_the_difference_of_two_methods_adds_up() -> None:
    """2.3054 by the standard (2255.4 + 40 + 10 kg), 1.1 inside CBAM's boundary."""
    of = method_difference(told(), GBT, CBAM, basis())["profile"]
    assert of.kgco2e == pytest.approx((2.3054, 1.1))
    assert {part.activity: part.kgco2e for part in of.parts} == pytest.approx(
        {"power": -1.1554, "road": -0.04, "scrap": -0.01}
    )
    assert adds_up(of)
    assert {part.activity: part.other for part in of.parts}["power"] == "information"
    keys = [row.key for row in of.rows()]
    assert keys[:3] == ["value.0", "value.1", "difference"]
    assert "rule.cut_off" in keys
    same = method_difference(told(), GBT, ISO, basis([submission()]))["profile"]
    assert same.difference == 0.0
    assert not same.parts


def test_a_draft_without_text_gives_no_figure() -> None:
    of = method_difference(told(), GBT, DRAFT, basis())["profile"]
    assert of.kgco2e[1] is None
    assert isinstance(of.refusals[1], ProfileOpen)
    assert of.difference is None
    assert of.rows()[1].shown() == "—"
    assert adds_up(of)


def test_what_an_activity_is_must_be_told_where_it_matters() -> None:
    with pytest.raises(KindNotTold) as refusal:
        by_profile(bill(), CBAM, basis())
    assert refusal.value.field == "activities.1.kind"
    assert by_profile(bill(), GBT, basis()).site.products
    with pytest.raises(UnknownProfile, match="nothing"):
        profile_of(PROFILES, "nothing")


def test_economic_allocation_stops_the_product_where_it_is_not_allowed() -> None:
    products = [{"id": "a", "declared_unit": "kg", "output": 1.0}, {"id": "b", "declared_unit": "kg", "output": 1.0}]
    shared = {"id": "gas", "stage": "production", "kind": "direct", "amount": 1.0, "unit": "kgCO2e", "process": "p"}
    joint = {
        "process": "p", "rule": "economic", "basis": "CNY", "quantities": {"a": 3.0, "b": 1.0}, "statement": "x", "price_months": 12,
    }  # fmt: skip
    of = bill(products=products, activities=[shared], joint=[joint])
    assert set(by_profile(of, GBT, basis()).site.products) == {"a", "b"}
    made = by_profile(of, CBAM, basis())
    assert set(made.site.refused) == {"a", "b"}
    assert any(
        finding.code == "profile.allocation_not_allowed" and finding.field == "joint.0.rule"
        for finding in made.findings
    )


@pytest.mark.parametrize(
    "change",
    [
        {"status": "wish"},
        {"extra": 1},
        {"confidence": "sure"},
        {"follows": "nothing"},
        {"allocation": {"rungs": ["luck"]}},
    ],
)
def test_a_profile_that_says_something_else_is_refused(change: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "profiles").mkdir()
    said = read_yaml(DATA / "profiles" / "iso-14067.yaml") | change
    (tmp_path / "profiles" / "x.yaml").write_text(yaml.safe_dump(said, allow_unicode=True), encoding="utf-8")
    with pytest.raises(BadData):
        load_profiles(tmp_path)


def test_a_remark_on_the_whole_bill_stays_one_where_a_method_leaves_activities_out() -> None:
    gas = {"id": "gas", "stage": "production", "amount": 1.0, "unit": "10^4 Nm3", "fuel": "natural_gas"}
    activities = [*(one.model_dump() for one in told().activities), gas]
    found = by_profile(bill(activities=activities), CBAM, basis()).findings
    assert [finding.field for finding in found if finding.code == "footprint.co2_only"] == ["activities"]
