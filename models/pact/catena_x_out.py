"""PACT 3.0 into the Catena-X aspect model 9.0.0, as a file: numbers as JSON numbers with their digits."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from typing import Any

from models.files import DATA, read_yaml
from models.pact.footprint import ProductFootprint
from models.pact.told import Notes, present

SPEC = "urn:io.catenax.pcf:datamodel:version:9.0.0"
_PRODUCTION = (
    "pcfExcludingBiogenicUptake", "pcfIncludingBiogenicUptake", "fossilGhgEmissions", "biogenicCO2Uptake",
    "biogenicNonCO2Emissions", "landUseChangeGhgEmissions", "landManagementBiogenicCO2Emissions",
    "landManagementBiogenicCO2Removals", "aircraftGhgEmissions",
)  # fmt: skip
_CARBON = ("fossilCarbonContent", "biogenicCarbonContent", "recycledCarbonContent", "packagingBiogenicCarbonContent")


@cache
def _regions() -> dict[str, str]:
    found: Mapping[str, list[str]] = read_yaml(DATA / "pact" / "regions.yaml")
    return {country: region for region, countries in found.items() for country in countries}


def region_of(country: str) -> str | None:
    """Return the sub-region of the United Nations (M49) of a country."""
    return _regions().get(country)


def to_catena_x(footprint: ProductFootprint, notes: Notes) -> dict[str, Any]:
    """Return the document of 9.0.0 with ``Decimal`` numbers; what that model asks for and PACT does not know is told."""
    pcf = footprint.pcf
    whole = footprint.document()

    def numbers(*names: str) -> dict[str, Decimal]:
        return {name: Decimal(value) for name in names if (value := getattr(pcf, name)) is not None}

    if not any("bpnl" in one.lower() for one in footprint.companyIds):
        notes.tell(
            "pact.bpnl", "warning", "companyIds",
            "Catena-X 要求 companyIds 含 BPNL 编号", "Catena-X asks for a BPNL number among the company's ids",
        )  # fmt: skip
    packaging = present(
        (
            ("packagingEmissionsIncluded", pcf.packagingEmissionsIncluded),
            ("packagingPcfExcludingBiogenicUptake", _decimal(pcf.packagingGhgEmissions)),
        )
    )
    if pcf.packagingEmissionsIncluded:
        notes.tell(
            "pact.packaging_uptake", "warning", "packagingPcfIncludingBiogenicUptake",
            "Catena-X 必填，而 PACT 没有含生物吸收的包装排放", "Catena-X asks for it and PACT does not know packaging with uptake",
        )  # fmt: skip
    outbound = pcf.outboundLogisticsGhgEmissions
    distribution: dict[str, Any] = {"distributionStageIncluded": outbound is not None}
    if outbound is not None:
        distribution["distributionStagePcfExcludingBiogenicUptake"] = Decimal(outbound)
    return {
        "scopeOfPcfForm": [{"specVersion": [SPEC], "partialFullPcf": "Cradle-to-gate"}],
        "companyAndProductInformation": [
            {
                "companyInformation": [{"companyName": footprint.companyName, "companyIds": footprint.companyIds}],
                "productInformation": [
                    {
                        "productNameCompany": footprint.productNameCompany,
                        "productDescription": footprint.productDescription,
                        "productIds": footprint.productIds,
                        **present((("productClassifications", footprint.productClassifications),)),
                        "declaredUnitOfMeasurement": pcf.declaredUnitOfMeasurement,
                        **numbers("declaredUnitAmount", "productMassPerDeclaredUnit"),
                    }
                ],
            }
        ],
        "productLifeCycleStagesAndEmissions": [
            {
                "productionStage": [numbers(*_PRODUCTION)],
                "packagingStage": [packaging],
                "distributionStage": [distribution],
            }
        ],
        "carbonContent": [numbers(*_CARBON)],
        "pcfAssessmentAndMethodology": [
            {
                "pcfAssessmentInformation": [
                    {
                        "idAndVersion": [_identity(footprint)],
                        "time": [_time(whole)],
                        "geography": [_geography(footprint, notes)],
                        "boundarySpecifications": [
                            numbers("exemptedEmissionsPercent")
                            | present((("exemptedEmissionsDescription", pcf.exemptedEmissionsDescription),))
                        ],
                        "technology": [
                            present(
                                (
                                    ("ccsTechnologicalCO2CaptureIncluded", pcf.ccsTechnologicalCO2CaptureIncluded),
                                    ("boundaryProcessesDescription", pcf.boundaryProcessesDescription),
                                )
                            )
                        ],
                    }
                ],
                "pcfMethodology": [_methodology(footprint)],
                "dataSourcesAndQuality": [_quality(footprint) | numbers("primaryDataShare")],
            }
        ],
        **({"general": [{"comment": footprint.comment}]} if footprint.comment else {}),
    }


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _identity(footprint: ProductFootprint) -> dict[str, Any]:
    made: dict[str, Any] = {"id": footprint.id, "version": 0, "status": footprint.status}
    if footprint.precedingPfIds:
        made["precedingPfIds"] = [{"id": one} for one in footprint.precedingPfIds]
    return made


def _time(whole: Mapping[str, Any]) -> dict[str, Any]:
    periods = {name: whole["pcf"][name] for name in ("referencePeriodStart", "referencePeriodEnd")}
    names = ("created", "validityPeriodStart", "validityPeriodEnd")
    return periods | {name: whole[name] for name in names if name in whole}


def _geography(footprint: ProductFootprint, notes: Notes) -> dict[str, Any]:
    pcf = footprint.pcf
    part, country, region = pcf.geographyCountrySubdivision, pcf.geographyCountry, pcf.geographyRegionOrSubregion
    country = country or (part.partition("-")[0] if part else None)
    region = region or (region_of(country) if country else None)
    if region is None:
        notes.tell(
            "pact.region", "warning", "geographyRegionOrSubregion",
            "Catena-X 要求填写地区，无法由国家得出", "Catena-X asks for the region, and no country tells it", country,
        )  # fmt: skip
    return present(
        (
            ("geographyRegionOrSubregion", region),
            ("geographyCountry", country),
            ("geographyCountrySubdivision", part),
        )
    )


def _methodology(footprint: ProductFootprint) -> dict[str, Any]:
    pcf = footprint.pcf
    rules = [name for one in pcf.productOrSectorSpecificRules or () for name in one.ruleNames]
    standards: dict[str, Any] = {"crossSectoralStandards": pcf.crossSectoralStandards}
    if rules:
        standards["productOrSectorSpecificRules"] = rules
    allocation = present((("allocationRulesDescription", pcf.allocationRulesDescription),))
    return {
        "standards": [standards],
        "gwpCharacterizationFactorDetails": [{"ipccCharacterizationFactors": max(pcf.ipccCharacterizationFactors)}],
        **({"allocationInForeground": [allocation]} if allocation else {}),
    }


def _quality(footprint: ProductFootprint) -> dict[str, Any]:
    pcf = footprint.pcf
    sources = [f"{one.name} {one.version}" for one in pcf.secondaryEmissionFactorSources or ()]
    made: dict[str, Any] = {"secondaryEmissionFactorSources": sources} if sources else {}
    if pcf.dqi:
        made |= {name: Decimal(value) for name, value in pcf.dqi.document().items() if name.endswith("DQR")}
    return made


def json_text(value: Any) -> str:
    """Return JSON whose decimals are numbers with all their digits: what no encoder of floats can write."""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, Mapping):
        return (
            "{" + ",".join(f"{json.dumps(str(k), ensure_ascii=False)}:{json_text(v)}" for k, v in value.items()) + "}"
        )
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(json_text, value)) + "]"
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
