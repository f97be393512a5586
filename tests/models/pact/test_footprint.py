"""Footprints of PACT 3.0: decimals, schema, validity, sums, intensity, names, extensions."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from models.pact.digits import decimal_of, half_last_digit, plain, shortest
from models.pact.extensions import KINDS, CarbonCost, check_own, extension, schema
from models.pact.footprint import Extension, ProductFootprint
from models.pact.hints import hints, publishable
from models.pact.intensity import intensity
from models.pact.moments import instant, moment
from models.pact.urns import is_urn, named, urn_of
from models.pact.validity import validity
from tests.models.pact.documents import version_3


def made(**more: Any) -> ProductFootprint:
    return ProductFootprint.model_validate(version_3(**more))


@pytest.mark.parametrize(
    ("text", "written"),
    [("12.3456", "12.3456"), ("-1.2e+3", "-1200"), ("0.50", "0.50"), ("1E-7", "0.0000001"), ("+5", "5"), ("-0.0", "0.0"),
     ("00012", "12")],
)  # fmt: skip
def test_decimals_keep_their_digits_and_lose_their_exponent(text: str, written: str) -> None:
    assert plain(decimal_of(text)) == written


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "1,5",
        "1.",
        ".5",
        "NaN",
        "Infinity",
        "-inf",
        "1e",
        "１２",
        "0x1",
        "1_000",
        "1e999999999",
        "1 2",
        "9" * 61,
    ],
)
def test_what_is_no_decimal_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="decimal"):
        decimal_of(text)
    with pytest.raises(ValidationError):
        made(pcf={"pcfExcludingBiogenicUptake": text})


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12, places=8))
def test_any_decimal_comes_back(value: Decimal) -> None:
    assert decimal_of(plain(value)) == value == decimal_of(shortest(value))
    assert half_last_digit(value) == Decimal("0.000000005")


def test_a_document_comes_back_without_what_is_undefined() -> None:
    document = version_3(comment=None, validityPeriodStart=None)
    document["pcf"] |= {"recycledCarbonContent": None, "x-new": {"kept": None}}
    document["created"] = "2026-03-01T16:00:00.120+08:00"
    found = ProductFootprint.model_validate(document).document()
    assert found["created"] == "2026-03-01T08:00:00.120000Z"
    assert "comment" not in found
    assert "recycledCarbonContent" not in found["pcf"]
    assert found["pcf"]["x-new"] == {"kept": None}
    assert ProductFootprint.model_validate(found).document() == found


@pytest.mark.parametrize(
    "more",
    [
        {"id": "x"}, {"specVersion": "2.3.0"}, {"specVersion": "3"}, {"status": "active"}, {"companyIds": []}, {"companyIds": None},
        {"productIds": ["not a urn"]}, {"productClassifications": []}, {"precedingPfIds": []}, {"created": "yesterday"},
        {"precedingPfIds": ["f4b1225a-bd44-4c8e-861d-079e4e1dfd69"]}, {"productNameCompany": ""},
        {"extensions": [{"specVersion": "2.0.0", "dataSchema": "http://x.example/s.json", "data": {}}]},
        {"pcf": {"declaredUnitAmount": "0"}}, {"pcf": {"declaredUnitAmount": 1}}, {"pcf": {"fossilGhgEmissions": "-1"}},
        {"pcf": {"fossilCarbonContent": "-0.1"}}, {"pcf": {"technologicalCO2Removals": "0.1"}},
        {"pcf": {"declaredUnitOfMeasurement": "tonne"}}, {"pcf": {"dqi": {"technologicalDQR": "2"}}},
        {"pcf": {"dqi": {"technologicalDQR": "6", "geographicalDQR": "1", "temporalDQR": "1"}}},
        {"pcf": {"primaryDataShare": "101"}}, {"pcf": {"packagingEmissionsIncluded": "true"}},
        {"pcf": {"ipccCharacterizationFactors": ["IPCC 6"]}}, {"pcf": {"crossSectoralStandards": []}},
        {"pcf": {"geographyCountry": "China"}}, {"pcf": {"productMassPerDeclaredUnit": None}},
    ],
)  # fmt: skip
def test_the_schema_refuses(more: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        made(**more)


def test_unknown_standards_are_taken() -> None:
    assert made(pcf={"crossSectoralStandards": ["GB/T 24067-2024"]}).pcf.crossSectoralStandards == ["GB/T 24067-2024"]


def test_validity_is_said_or_three_years_after_the_reference_period() -> None:
    year = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    assert validity(made()) == (year, year.replace(year=2029))
    said = made(validityPeriodStart="2026-02-01T00:00:00+08:00", validityPeriodEnd="2027-02-01T00:00:00Z")
    assert moment(validity(said).start) == "2026-01-31T16:00:00Z"
    leap = made(pcf={"referencePeriodEnd": "2024-02-29T00:00:00Z", "referencePeriodStart": "2023-02-28T00:00:00Z"})
    assert moment(validity(leap).end) == "2027-02-28T00:00:00Z"
    assert validity(made(pcf={"referencePeriodEnd": "9999-01-01T00:00:00Z"})).end.year == 9999


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"validityPeriodStart": "2025-12-31T00:00:00Z"}, "pact.validity"),
        ({"validityPeriodEnd": "2029-01-01T00:00:01Z"}, "pact.validity"),
        ({"validityPeriodStart": "2026-05-01T00:00:00Z", "validityPeriodEnd": "2026-05-01T00:00:00Z"}, "pact.validity"),
        ({"pcf": {"geographyCountry": "CN"}}, "pact.geography"),
        ({"pcf": {"packagingEmissionsIncluded": False}}, "pact.packaging"),
        ({"pcf": {"referencePeriodStart": "2026-01-01T00:00:00Z"}}, "pact.period"),
        ({"pcf": {"productOrSectorSpecificRules": [{"operator": "Other", "ruleNames": ["x"]}]}}, "pact.rules"),
    ],
)
def test_a_broken_rule_keeps_ours_from_leaving_and_is_a_hint_on_others(more: dict[str, Any], code: str) -> None:
    footprint = made(**more)
    assert {one.code for one in publishable(footprint)} == {code}
    assert code in {one.code for one in hints(footprint)}
    assert not any(one.refuses for one in hints(footprint))
    assert publishable(made()) == []


def test_sums_are_compared_with_half_a_unit_of_every_last_digit() -> None:
    parts = {"pcfExcludingBiogenicUptake": "3.00", "fossilGhgEmissions": "1.00", "landUseChangeGhgEmissions": "1.99",
             "biogenicCO2Uptake": "-1.00", "pcfIncludingBiogenicUptake": "2.00"}  # fmt: skip
    assert "pact.sum" not in {one.code for one in hints(made(pcf=parts))}
    off = [one for one in hints(made(pcf=parts | {"landUseChangeGhgEmissions": "1.98"})) if one.code == "pact.sum"]
    assert [one.field for one in off] == ["pcf.pcfExcludingBiogenicUptake"]
    assert "0.02" in off[0].text.en
    wrong = [
        one.field for one in hints(made(pcf=parts | {"pcfIncludingBiogenicUptake": "3.00"})) if one.code == "pact.sum"
    ]
    assert wrong == ["pcf.pcfIncludingBiogenicUptake"]


@given(
    st.decimals(min_value="0.001", max_value=10**6, places=3),
    st.decimals(min_value="0.001", max_value=10**6, places=3),
    st.decimals(min_value="0.001", max_value=10**4, places=3),
)
def test_one_factor_on_amount_mass_and_emissions_changes_nothing(kg: Decimal, mass: Decimal, factor: Decimal) -> None:
    def per(by: Decimal) -> Decimal:
        changed = {
            "declaredUnitAmount": by,
            "productMassPerDeclaredUnit": mass * by,
            "pcfExcludingBiogenicUptake": kg * by,
        }
        return intensity(made(pcf={name: plain(value) for name, value in changed.items()})).value

    assert per(Decimal(1)) == per(factor)


def test_without_a_mass_the_native_unit_stays() -> None:
    power = made(pcf={"declaredUnitOfMeasurement": "kilowatt hour", "productMassPerDeclaredUnit": "0",
                      "pcfExcludingBiogenicUptake": "500", "declaredUnitAmount": "1000"})  # fmt: skip
    assert intensity(power) == intensity(power)
    assert (intensity(power).value, intensity(power).unit) == (Decimal("0.5"), "kgCO2e/kilowatt hour")
    assert intensity(made()).value == Decimal("8.2005")


def test_moments_are_instants() -> None:
    same = [
        "2026-01-01T00:00:00Z",
        "2026-01-01T08:00:00+08:00",
        "2026-01-01t00:00:00.000z",
        "2026-01-01",
        "2026-01-01T00:00:00",
    ]
    assert len({instant(text) for text in same}) == 1
    for text in ("", "2026", "2026-13-01T00:00:00Z", "01/02/2026", "2026-01-01T25:00:00Z", "0001-01-01T00:00:00+14:00"):
        with pytest.raises(ValueError, match=r"."):
            instant(text)


def test_names_of_our_conventions_are_found_whatever_their_case() -> None:
    assert named("URN:PACT:EC.EUROPA.EU:CN-CODE:72083900") == ("cn-code", "72083900")
    assert named("urn:pact:samr.gov.cn:uscc:91440600ma4ute3t1x") == ("uscc", "91440600MA4UTE3T1X")
    assert named("urn:pact:ec.europa.eu:cn-code:7208") is None
    assert named("urn:gtin:1") is None
    assert urn_of("hs-cn", "7208390000") == "urn:pact:customs.gov.cn:hs-cn:7208390000"
    with pytest.raises(ValueError, match="no hs-2022"):
        urn_of("hs-2022", "72")
    assert is_urn("URN:BPNL000000000DWF")
    assert not is_urn("urn:")
    assert not is_urn("http://example.com")


def test_extensions_of_others_stay_as_they_came_and_ours_are_checked() -> None:
    foreign = {
        "specVersion": "2.0.0",
        "dataSchema": "https://other.example/s.json",
        "data": {"a": None, "b": [1.50]},
        "extra": 1,
    }
    assert made(extensions=[foreign]).document()["extensions"] == [foreign]
    assert [one.code for one in check_own(Extension.model_validate(foreign), "extensions.0")] == [
        "pact.extension_unknown"
    ]
    cost = CarbonCost(
        scheme="GDEA", complianceYear=2025, coveredEmissions_t="1000", priceBasis="purchase cost", price_CNY_per_t="39.04",
        costPerDeclaredUnit_CNY="1.2", status="claimed",
    )  # fmt: skip
    own = Extension.model_validate(extension("cn-carbon-cost/1.0.0", cost, "https://pcf.example"))
    assert check_own(own, "extensions.0") == []
    assert made(extensions=[own.document()]).document()["extensions"] == [own.document()]
    with pytest.raises(ValueError, match="https"):
        extension("cn-carbon-cost/1.0.0", cost, "http://pcf.example")
    assert all(schema(kind)["additionalProperties"] is False for kind in KINDS)
    wrong = own.model_copy(update={"data": own.data | {"price_CNY_per_t": 39.04}})
    assert [one.code for one in check_own(wrong, "extensions.0")] == ["pact.extension"]
