"""Documents of each form to start from; made up, in the shape of the published examples."""

from __future__ import annotations

from typing import Any


def version_3(**more: Any) -> dict[str, Any]:
    """A footprint of PACT 3.0 that keeps every rule; ``pcf`` in ``more`` is laid over its own."""
    made: dict[str, Any] = {
        "id": "f4b1225a-bd44-4c8e-861d-079e4e1dfd69",
        "specVersion": "3.0.3",
        "created": "2026-03-01T08:00:00Z",
        "status": "Active",
        "companyName": "佛山示例铝业",
        "companyIds": ["urn:pact:samr.gov.cn:uscc:91440600MA4UTE3T1X"],
        "productDescription": "Aluminium profile",
        "productNameCompany": "型材 6063",
        "productIds": ["urn:pact:example.com:product-id:6063", "urn:gtin:4712345060507"],
        "productClassifications": ["urn:pact:ec.europa.eu:cn-code:76042990"],
        "pcf": {
            "declaredUnitOfMeasurement": "kilogram",
            "declaredUnitAmount": "1000",
            "productMassPerDeclaredUnit": "1000",
            "referencePeriodStart": "2025-01-01T00:00:00Z",
            "referencePeriodEnd": "2026-01-01T00:00:00Z",
            "pcfExcludingBiogenicUptake": "8200.50",
            "pcfIncludingBiogenicUptake": "8200.50",
            "fossilGhgEmissions": "8200.50",
            "fossilCarbonContent": "0",
            "ipccCharacterizationFactors": ["AR6"],
            "crossSectoralStandards": ["ISO14067", "PACT-3.0"],
            "exemptedEmissionsPercent": "0.5",
            "geographyCountrySubdivision": "CN-GD",
            "primaryDataShare": "56.12",
            "packagingEmissionsIncluded": True,
            "packagingGhgEmissions": "1.5",
            "ccsTechnologicalCO2CaptureIncluded": False,
            "dqi": {"technologicalDQR": "2.0", "geographicalDQR": "1", "temporalDQR": "1.5"},
        },
    }
    pcf = made["pcf"] | more.pop("pcf", {})
    return made | more | {"pcf": pcf}


def version_2(
    unit: str = "liter", amount: str = "12", pcf_kg: str = "1.5", mass_kg: str | None = "0.789"
) -> dict[str, Any]:
    pcf: dict[str, Any] = {
        "declaredUnit": unit,
        "unitaryProductAmount": amount,
        "pCfExcludingBiogenic": pcf_kg,
        "pCfIncludingBiogenic": pcf_kg,
        "fossilGhgEmissions": pcf_kg,
        "fossilCarbonContent": "0.1",
        "biogenicCarbonContent": "0.0",
        "biogenicCarbonWithdrawal": "-0.25",
        "dLucGhgEmissions": "0.5",
        "iLucGhgEmissions": "0.3",
        "characterizationFactors": "AR5",
        "ipccCharacterizationFactorsSources": ["AR6 v1.0"],
        "crossSectoralStandardsUsed": ["ISO Standard 14067", "GHG Protocol Product standard", "My own"],
        "exemptedEmissionsPercent": 1.25,
        "primaryDataShare": 56.12,
        "packagingEmissionsIncluded": False,
        "referencePeriodStart": "2022-01-01T00:00:00Z",
        "referencePeriodEnd": "2023-01-01T00:00:00+00:00",
        "geographyCountry": "CN",
        "dqi": {
            "coveragePercent": 80, "technologicalDQR": 2.0, "temporalDQR": 1.5, "geographicalDQR": 3,
            "completenessDQR": 1.0, "reliabilityDQR": 1.0,
        },
        "assurance": {"coverage": "product line", "providerName": "My Auditor", "completedAt": "2023-02-01T00:00:00Z"},
    }  # fmt: skip
    if mass_kg is not None:
        pcf["productMassPerDeclaredUnit"] = mass_kg
    return {
        "id": "91715e5e-fd0b-4d1c-8fab-76290c46e6ed",
        "specVersion": "2.3.0",
        "version": 0,
        "created": "2023-03-01T21:47:32Z",
        "status": "Active",
        "statusComment": "replaced a draft",
        "companyName": "My Corp",
        "companyIds": ["urn:uuid:69585GB6-56T9-6958-E526-6FDGZJHU1326"],
        "productDescription": "A bottle",
        "productIds": ["urn:gtin:4712345060507"],
        "productCategoryCpc": "3342",
        "productNameCompany": "Bottle",
        "comment": "",
        "pcf": pcf,
    }


def catena_7(amount: float = 1000.0) -> dict[str, Any]:
    return {
        "specVersion": "urn:io.catenax.pcf:datamodel:version:7.0.0",
        "partialFullPcf": "Cradle-to-gate",
        "companyIds": ["urn:bpn:id:BPNL000000000DWF"],
        "companyName": "My Corp",
        "extWBCSD_productCodeCpc": "011-99000",
        "created": "2022-05-22T21:47:32Z",
        "extWBCSD_pfStatus": "Active",
        "version": 0,
        "productName": "Ethanol",
        "productDescription": "Ethanol, 95% solution",
        "productIds": ["urn:gtin:4712345060507"],
        "id": "3893bb5d-da16-4dc1-9185-11d97476c254",
        "precedingPfIds": [{"id": "3893bb5d-da16-4dc1-9185-11d97476c255"}],
        "pcf": {
            "declaredUnit": "liter",
            "unitaryProductAmount": amount,
            "productMassPerDeclaredUnit": 0.456,
            "pcfExcludingBiogenic": 2.0,
            "pcfIncludingBiogenic": 1.0,
            "fossilGhgEmissions": 0.5,
            "biogenicCarbonEmissionsOtherThanCO2": 1.0,
            "biogenicCarbonWithdrawal": -1.0,
            "dlucGhgEmissions": 0.4,
            "extTFS_luGhgEmissions": 0.1,
            "carbonContentTotal": 2.5,
            "carbonContentBiogenic": 0.5,
            "extWBCSD_packagingGhgEmissions": 0,
            "extWBCSD_packagingEmissionsIncluded": True,
            "distributionStagePcfExcludingBiogenic": 1.5,
            "extWBCSD_characterizationFactors": "AR5",
            "crossSectoralStandardsUsed": [{"crossSectoralStandard": "ISO Standard 14067"}],
            "exemptedEmissionsPercent": 0.0,
            "primaryDataShare": 56.12,
            "referencePeriodStart": "2022-01-01T00:00:01Z",
            "referencePeriodEnd": "2022-12-31T23:59:59Z",
            "geographyRegionOrSubregion": "Western Europe",
            "geographyCountry": "DE",
            "geographyCountrySubdivision": "DE-NW",
            "secondaryEmissionFactorSources": [{"secondaryEmissionFactorSource": "ecoinvent 3.8"}],
            "productOrSectorSpecificRules": [
                {"extWBCSD_operator": "PEF", "productOrSectorSpecificRules": [{"ruleName": "urn:tfs:PCR"}]}
            ],
            "dataQualityRating": {"technologicalDQR": 2.0, "geographicalDQR": 2.0, "temporalDQR": 2.0},
        },
    }


PCF_8: dict[str, Any] = {
    "declaredUnitOfMeasurement": "liter",
    "declaredUnitAmount": 1.0,
    "productMassPerDeclaredUnit": 0.456,
    "pcfExcludingBiogenicUptake": 2.90,
    "pcfIncludingBiogenicUptake": 1.90,
    "fossilGhgEmissions": 0.5,
    "biogenicNonCO2Emissions": 1.0,
    "biogenicCO2Uptake": -1.00,
    "landUseChangeGhgEmissions": 1.40,
    "fossilCarbonContent": 0.1,
    "biogenicCarbonContent": 0.0,
    "packagingEmissionsIncluded": True,
    "packagingPcfIncludingBiogenicUptake": 0.2,
    "distributionStagePcfExcludingBiogenicUptake": 0.15,
    "ipccCharacterizationFactors": "AR5",
    "crossSectoralStandards": ["ISO 14067"],
    "productOrSectorSpecificRules": ["urn:tfs-initiative.com:PCR:The Guideline:version:v2.0"],
    "secondaryEmissionFactorSources": ["ecoinvent 3.8"],
    "exemptedEmissionsPercent": 0.0,
    "primaryDataShare": 56.12,
    "referencePeriodStart": "2022-01-01T00:00:01Z",
    "referencePeriodEnd": "2022-12-31T23:59:59Z",
    "geographyCountry": "DE",
    "geographyRegionOrSubregion": "Western Europe",
    "dataQualityRating": {"technologicalDQR": 2.0, "geographicalDQR": 2.0, "temporalDQR": 2.0},
    "massBalancingUsed": False,
}


def catena_8() -> dict[str, Any]:
    return {
        "specVersion": ["urn:io.catenax.pcf:datamodel:version:8.0.0"],
        "partialFullPcf": "Cradle-to-grave",
        "companyIds": ["urn:BPNL000000000DWF"],
        "companyName": "My Corp",
        "productClassifications": ["urn:gtin:4712345060507"],
        "created": "2022-05-22T21:47:32Z",
        "version": 0,
        "id": "3893bb5d-da16-4dc1-9185-11d97476c254",
        "status": "Active",
        "productNameCompany": "Ethanol",
        "productDescription": "Ethanol, 95% solution",
        "productIds": ["urn:mycompany.com:product-id:401765"],
        "attestationOfConformance": [
            {
                "attestationType": "PCF Program Certification",
                "providerName": "TÜV-X",
                "completedAt": "2022-12-31T23:59:59Z",
            }
        ],
        "pcf": dict(PCF_8),
    }
