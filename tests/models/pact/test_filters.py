"""What a list may be asked for."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.pact.filters import BadFilter, criteria_of, matches, terms
from models.pact.footprint import ProductFootprint
from tests.models.pact.documents import version_3

ONE = ProductFootprint.model_validate(version_3())


@pytest.mark.parametrize(
    ("given_", "found"),
    [
        ({}, True),
        ({"productId": ["URN:GTIN:4712345060507"]}, True),
        ({"productId": ["urn:gtin:0", "urn:gtin:4712345060507"]}, True),
        ({"productId": ["urn:gtin:0"]}, False),
        ({"productId": ["not a urn"]}, False),
        ({"productId": ["urn:gtin:4712345060507"], "geography": ["DE"]}, False),
        ({"geography": ["cn-gd"]}, True),
        ({"geography": ["XX"]}, False),
        ({"geography": [""], "classification": [" "], "status": [""]}, True),
        ({"geography": ["", "XX"]}, False),
        ({"classification": ["urn:pact:ec.europa.eu:CN-code:76042990"]}, True),
        ({"companyId": ["urn:pact:samr.gov.cn:uscc:91440600ma4ute3t1x"]}, True),
        ({"status": ["active"]}, True),
        ({"status": ["Deprecated"]}, False),
        ({"status": ["Unheard"]}, False),
        ({"validOn": ["2026-01-01T00:00:00Z"]}, True),
        ({"validOn": ["2025-12-31T23:59:59Z"]}, False),
        ({"validOn": ["2029-01-01T00:00:00Z"]}, True),
        ({"validOn": ["2029-01-01T00:00:01Z"]}, False),
        ({"validOn": ["2026-01-01T07:59:59+08:00"]}, False),
        ({"validOn": ["2026-01-01T08:00:00 08:00"]}, True),
        ({"validAfter": ["2025-12-31T23:59:59Z"]}, True),
        ({"validAfter": ["2026-01-01T00:00:00Z"]}, False),
        ({"validBefore": ["2029-01-01T00:00:01Z"]}, True),
        ({"validBefore": ["2029-01-01T00:00:00Z"]}, False),
    ],
)
def test_a_footprint_is_found(given_: dict[str, list[str]], found: bool) -> None:
    assert matches(ONE, criteria_of(given_)) is found


@pytest.mark.parametrize("text", ["", "invalid", "2026-02-30T00:00:00Z", "1767225600", "2026-01-01T00:00:00+99:00"])
def test_a_moment_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(BadFilter):
        criteria_of({"validOn": [text]})


def test_far_too_many_values_are_refused() -> None:
    with pytest.raises(BadFilter):
        criteria_of({"productId": ["x"] * 201})
    with pytest.raises(BadFilter):
        criteria_of({"productId": ["x" * 501]})


def test_the_probe_for_a_rejection() -> None:
    assert criteria_of({"productId": ["URN:PACT:null"]}).is_probe
    assert criteria_of({}).is_empty
    assert not criteria_of({"status": ["Active"]}).is_empty


@given(st.lists(st.sampled_from([value for _, value in terms(ONE)] + ["urn:x:none"]), max_size=4), st.booleans())
def test_alternatives_only_widen_and_criteria_only_narrow(values: list[str], also: bool) -> None:
    alone = any(matches(ONE, criteria_of({"productId": [value]})) for value in values)
    assert matches(ONE, criteria_of({"productId": values})) is (alone or not values)
    both = {"productId": values, **({"geography": ["CN-GD"]} if also else {"geography": ["ZZ"]})}
    assert matches(ONE, criteria_of(both)) is ((alone or not values) and also)


@given(
    st.datetimes(
        dt.datetime.fromisoformat("2020-01-01"), dt.datetime.fromisoformat("2035-01-01"), timezones=st.just(dt.UTC)
    )
)
def test_every_moment_is_before_within_or_after(at: dt.datetime) -> None:
    asked = [at.isoformat()]
    before, on, after = (matches(ONE, criteria_of({name: asked})) for name in ("validAfter", "validOn", "validBefore"))
    assert [before, on, after].count(True) == 1
