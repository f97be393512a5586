"""PACT 2.x and Catena-X into PACT 3.0, and back to Catena-X as a file."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from models.pact.catena_x_out import json_text, region_of, to_catena_x
from models.pact.footprint import ProductFootprint
from models.pact.reading import NotAFootprint, Read, documents, form_of, read
from models.pact.told import Notes
from tests.models.pact.documents import PCF_8, catena_7, catena_8, version_2, version_3


def pcf_of(found: Read) -> dict[str, Any]:
    assert found.footprint is not None, found.findings
    pcf: dict[str, Any] = found.footprint.document()["pcf"]
    return pcf


def codes(found: Read) -> set[str]:
    return {one.code for one in found.findings}


@pytest.mark.parametrize(
    ("document", "kg", "mass"),
    [
        (version_2(), "18", "9.468"),
        (version_2("kilogram", "2000", "300", "1"), "600000", "2000"),
        (version_2("kilogram", "2000", "300", None), "600000", "2000"),
    ],
)
def test_the_published_anchors(document: dict[str, Any], kg: str, mass: str) -> None:
    pcf = pcf_of(read(document))
    assert pcf["pcfExcludingBiogenicUptake"] == pcf["fossilGhgEmissions"] == kg
    assert pcf["productMassPerDeclaredUnit"] == mass
    assert pcf["declaredUnitAmount"] == document["pcf"]["unitaryProductAmount"]


def test_version_2_field_by_field() -> None:
    found = read(version_2())
    pcf = pcf_of(found)
    assert (pcf["landUseChangeGhgEmissions"], pcf["biogenicCO2Uptake"], pcf["fossilCarbonContent"]) == (
        "6",
        "-3",
        "1.2",
    )
    assert pcf["ipccCharacterizationFactors"] == ["AR5", "AR6"]
    assert pcf["crossSectoralStandards"] == ["ISO14067", "GHGP-Product", "My own"]
    assert (pcf["exemptedEmissionsPercent"], pcf["primaryDataShare"]) == ("1.25", "56.12")
    assert pcf["dqi"] == {"technologicalDQR": "2.0", "geographicalDQR": "3", "temporalDQR": "1.5"}
    assert pcf["verification"]["comments"] == "coverage: product line"
    assert found.footprint is not None
    assert found.footprint.productClassifications == ["urn:cpc:3342"]
    assert found.footprint.comment is not None
    assert "replaced a draft" in found.footprint.comment
    assert "iLucGhgEmissions: 0.3" in found.footprint.comment
    assert {"pact.no_target", "pact.quality_scale", "pact.coverage", "pact.per_tonne"} <= codes(found)
    assert found.original["pcf"]["unitaryProductAmount"] == "12"


def test_what_suppliers_get_wrong_is_asked_about() -> None:
    whole = read(version_2("kilogram", "2000", "600000", "2000"))
    assert {"pact.mass_of_whole"} <= codes(whole)
    assert "pact.implausible" in codes(read(version_2("kilogram", "2000", "600000", None)))
    assert "pact.amount" in codes(read(version_2("kilogram", "5000000", "1.5", "1")))
    assert not {"pact.implausible", "pact.amount", "pact.mass_of_whole"} & codes(read(version_2()))


def test_a_mass_is_asked_for_and_never_guessed() -> None:
    without = read(version_2(mass_kg=None))
    assert without.footprint is None
    assert "pact.mass_missing" in codes(without)
    assert pcf_of(read(version_2(mass_kg=None), "0.789"))["productMassPerDeclaredUnit"] == "9.468"
    power = read(version_2("kilowatt hour", "1", "0.5", None))
    assert pcf_of(power)["productMassPerDeclaredUnit"] == "0"
    assert power.per is not None
    assert power.per.unit == "kgCO2e/kilowatt hour"


@pytest.mark.parametrize("value", ["twelve", "1,5", True, [1], float("nan"), "1e400"])
def test_version_2_with_no_number_is_told(value: Any) -> None:
    document = version_2()
    document["pcf"]["pCfExcludingBiogenic"] = value
    found = read(document)
    assert found.footprint is None
    assert ("pact.not_a_number", "pcf.pCfExcludingBiogenic") in {(one.code, one.field) for one in found.findings}


def test_catena_x_7_is_read_as_of_one_unit_and_asks() -> None:
    found = read(catena_7())
    pcf = pcf_of(found)
    assert (pcf["pcfExcludingBiogenicUptake"], pcf["productMassPerDeclaredUnit"]) == ("2000", "456")
    assert (pcf["landUseChangeGhgEmissions"], pcf["fossilCarbonContent"]) == ("500", "2000")
    assert pcf["outboundLogisticsGhgEmissions"] == "1500"
    assert pcf["geographyCountrySubdivision"] == "DE-NW"
    assert "geographyCountry" not in pcf
    assert pcf["productOrSectorSpecificRules"] == [{"operator": "PEF", "ruleNames": ["urn:tfs:PCR"]}]
    assert pcf["secondaryEmissionFactorSources"] == [{"name": "ecoinvent", "version": "3.8"}]
    assert "pact.catena_x_amount" in codes(found)
    assert "pact.catena_x_amount" not in codes(read(catena_7(1.0)))
    assert found.footprint is not None
    assert found.footprint.productClassifications == ["urn:cpc:011-99000"]
    assert found.footprint.precedingPfIds == ["3893bb5d-da16-4dc1-9185-11d97476c255"]


def test_catena_x_8_and_its_boundary() -> None:
    found = read(catena_8())
    pcf = pcf_of(found)
    assert Decimal(pcf["pcfExcludingBiogenicUptake"]) == Decimal("2.9")
    assert pcf["geographyCountry"] == "DE"
    assert "geographyRegionOrSubregion" not in pcf
    assert pcf["verification"]["coverage"] == "PCF program"
    assert {"pact.boundary", "pact.no_target"} <= codes(found)
    assert "pact.sum" not in codes(found)


def test_catena_x_9_there_and_back() -> None:
    footprint = ProductFootprint.model_validate(version_3(precedingPfIds=["3893bb5d-da16-4dc1-9185-11d97476c255"]))
    notes = Notes()
    text = json_text(to_catena_x(footprint, notes))
    assert '"pcfExcludingBiogenicUptake":8200.50' in text
    assert {one.code for one in notes.findings} == {"pact.bpnl", "pact.packaging_uptake"}
    place = json.loads(text)["pcfAssessmentAndMethodology"][0]["pcfAssessmentInformation"][0]["geography"][0]
    assert place == {
        "geographyRegionOrSubregion": "Eastern Asia",
        "geographyCountry": "CN",
        "geographyCountrySubdivision": "CN-GD",
    }
    [document] = documents(text.encode())
    assert form_of(document) == "catena-x-9"
    back = read(document)
    assert back.footprint is not None, back.findings
    mine, theirs = footprint.document(), back.footprint.document()
    for name in ("id", "productIds", "companyIds", "created", "status", "precedingPfIds", "productClassifications"):
        assert mine[name] == theirs[name]
    numbers = (
        "pcfExcludingBiogenicUptake",
        "fossilGhgEmissions",
        "productMassPerDeclaredUnit",
        "packagingGhgEmissions",
    )
    for name in numbers:
        assert Decimal(mine["pcf"][name]) == Decimal(theirs["pcf"][name])
    assert theirs["pcf"]["geographyCountrySubdivision"] == "CN-GD"
    assert "geographyCountry" not in theirs["pcf"]


def test_regions() -> None:
    assert (region_of("CN"), region_of("NO"), region_of("XX")) == ("Eastern Asia", "Northern Europe", None)


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"1", b'"x"', b"[1]", b"\xff", b'{"a": NaN}', b"[" * 100_000])
def test_what_is_no_document(data: bytes) -> None:
    with pytest.raises(NotAFootprint):
        documents(data)


@pytest.mark.parametrize(
    "document",
    [{}, {"specVersion": "4.0.0"}, {"specVersion": 3}, {"specVersion": "urn:io.catenax.pcf:datamodel:version:6.0.0"}],
)
def test_an_unknown_form_is_refused(document: dict[str, Any]) -> None:
    with pytest.raises(NotAFootprint):
        read(document)


def test_a_list_and_an_answer_are_read_with_every_digit() -> None:
    assert len(documents(json.dumps([version_3(), version_3()]).encode())) == 2
    assert len(documents(json.dumps({"data": [version_3()]}).encode())) == 1
    [one] = documents(b'{"pcf": {"unitaryProductAmount": 1.10000000000000000000001}}')
    assert one["pcf"]["unitaryProductAmount"] == Decimal("1.10000000000000000000001")


@pytest.mark.parametrize("hostile", [None, [], {}, "x", 1, True, ["x"], {"a": []}])
def test_hostile_documents_are_told_and_never_break(hostile: Any) -> None:
    for whole in (version_3(), version_2(), catena_7(), catena_8()):
        for name in list(whole):
            if name != "specVersion":
                read({**whole, name: hostile})
        for name in whole["pcf"]:
            read({**whole, "pcf": {**whole["pcf"], name: hostile}})
    assert PCF_8["declaredUnitAmount"] == 1.0
