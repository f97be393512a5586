"""
Catena-X aspect model ``io.catenax.pcf``, versions 7, 8 and 9, into PACT 3.0.

Source: the aspect models 7.0.0, 8.0.0 and 9.0.0. Values are JSON numbers
there, groups of 9.x are lists of one object. What PACT has no field for stays
in the original, which is kept beside.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from models.pact.digits import shortest, times
from models.pact.footprint import SPEC_VERSION
from models.pact.told import Notes, inner, listed, present
from models.pact.version_2 import standards_of

_NAME = re.compile(r"urn:io\.catenax\.pcf:datamodel:version:(\d+)\.")
#: Names of 7.0.0 in the words of 8 and 9.
_SEVEN = {
    "extWBCSD_pfStatus": "status", "productName": "productNameCompany", "declaredUnit": "declaredUnitOfMeasurement",
    "unitaryProductAmount": "declaredUnitAmount", "pcfExcludingBiogenic": "pcfExcludingBiogenicUptake",
    "pcfIncludingBiogenic": "pcfIncludingBiogenicUptake", "biogenicCarbonWithdrawal": "biogenicCO2Uptake",
    "biogenicCarbonEmissionsOtherThanCO2": "biogenicNonCO2Emissions",
    "extWBCSD_packagingEmissionsIncluded": "packagingEmissionsIncluded",
    "extWBCSD_packagingGhgEmissions": "packagingGhgEmissions",
    "distributionStagePcfExcludingBiogenic": "distributionStagePcfExcludingBiogenicUptake",
    "extWBCSD_fossilCarbonContent": "fossilCarbonContent", "carbonContentBiogenic": "biogenicCarbonContent",
    "extWBCSD_characterizationFactors": "ipccCharacterizationFactors",
    "extWBCSD_allocationRulesDescription": "allocationRulesDescription",
    "crossSectoralStandardsUsed": "crossSectoralStandards",
}  # fmt: skip
_NUMBERS = (
    "productMassPerDeclaredUnit", "pcfExcludingBiogenicUptake", "pcfIncludingBiogenicUptake", "fossilGhgEmissions",
    "fossilCarbonContent", "biogenicCarbonContent", "recycledCarbonContent", "biogenicCO2Uptake",
    "biogenicNonCO2Emissions", "landUseChangeGhgEmissions", "landManagementBiogenicCO2Emissions",
    "landManagementBiogenicCO2Removals", "aircraftGhgEmissions", "packagingGhgEmissions",
    "packagingBiogenicCarbonContent",
)  # fmt: skip
_TEXTS = (
    "declaredUnitOfMeasurement", "referencePeriodStart", "referencePeriodEnd", "boundaryProcessesDescription",
    "exemptedEmissionsDescription", "allocationRulesDescription", "packagingEmissionsIncluded",
    "ccsTechnologicalCO2CaptureIncluded",
)  # fmt: skip
_TOP = (
    "id", "created", "status", "companyName", "companyIds", "productDescription", "productNameCompany", "productIds",
    "validityPeriodStart", "validityPeriodEnd",
)  # fmt: skip
#: From the finest place to the widest: PACT takes one.
_PLACES = ("geographyCountrySubdivision", "geographyCountry", "geographyRegionOrSubregion")
_READ = {
    *_NUMBERS, *_TEXTS, *_TOP, *_PLACES, "specVersion", "version", "comment", "precedingPfIds", "pcf",
    "declaredUnitAmount", "ipccCharacterizationFactors", "crossSectoralStandards", "primaryDataShare",
    "exemptedEmissionsPercent", "dataQualityRating", "technologicalDQR", "geographicalDQR", "temporalDQR",
    "secondaryEmissionFactorSources", "productOrSectorSpecificRules", "productClassifications",
    "extWBCSD_productCodeCpc", "attestationOfConformance", "partialFullPcf", "dlucGhgEmissions",
    "extTFS_luGhgEmissions", "packagingPcfExcludingBiogenicUptake", "packagingPcfIncludingBiogenicUptake",
    "distributionStagePcfExcludingBiogenicUptake", "carbonContentTotal",
}  # fmt: skip
_QUALITY = ("technologicalDQR", "geographicalDQR", "temporalDQR")


def version_of(document: Mapping[str, Any]) -> int | None:
    """Return the main version of a Catena-X footprint; none where the document is something else."""
    said = document.get("specVersion")
    if said is None:
        for scope in listed(document.get("scopeOfPcfForm")):
            said = scope.get("specVersion") if isinstance(scope, Mapping) else None
    for one in listed(said):
        if found := _NAME.match(str(one)):
            return int(found[1])
    return None


def from_catena_x(document: Mapping[str, Any], notes: Notes) -> dict[str, Any]:
    """Return a document of PACT 3.0; what it cannot say is told in ``notes``."""
    version = version_of(document)
    flat = _flat(document, version)
    pcf = present((name, flat.get(name)) for name in _TEXTS)
    amount = notes.number(flat.get("declaredUnitAmount"), "declaredUnitAmount")
    factor = Decimal(1)
    if amount is not None:
        pcf["declaredUnitAmount"] = shortest(amount)
        if version == 7 and amount != 1:
            # Version 7 has the semantics of PACT 2: values are of one unit.
            factor = amount
            notes.tell(
                "pact.catena_x_amount", "question", "unitaryProductAmount",
                "7.0.0 的数值按每一单位理解，已乘以数量：请确认不是整件产品或总供货量",
                "values of 7.0.0 are read as of one unit and were multiplied by the amount: is it neither the whole "
                "product nor the total supply?", amount,
            )  # fmt: skip
    pcf |= _scaled(flat, factor, notes)
    places = [name for name in _PLACES if flat.get(name)]
    if places:
        pcf[places[0]] = flat[places[0]]
    pcf |= _described(flat, notes)
    made: dict[str, Any] = {"specVersion": SPEC_VERSION}
    made |= present((name, flat.get(name)) for name in _TOP) | {"pcf": pcf}
    classes = listed(flat.get("productClassifications"))
    if code := flat.get("extWBCSD_productCodeCpc"):
        classes = [f"urn:cpc:{code}"]
    preceding = [one.get("id") if isinstance(one, Mapping) else one for one in listed(flat.get("precedingPfIds"))]
    made |= present(
        (("productClassifications", classes or None), ("precedingPfIds", [one for one in preceding if one] or None))
    )
    boundary = str(flat.get("partialFullPcf") or "")
    if boundary == "Cradle-to-grave":
        notes.tell(
            "pact.boundary", "warning", "partialFullPcf",
            "边界为摇篮到坟墓，而 PACT 为摇篮到大门：不可直接比较",
            "the boundary is cradle to grave, PACT's is cradle to gate: not to be compared as it is", boundary,
        )  # fmt: skip
    said = [str(flat["comment"])] if flat.get("comment") else []
    made["comment"] = "\n".join([*said, f"Catena-X {version} -> PACT {SPEC_VERSION}; {boundary}".rstrip("; ")])
    left = sorted(name for name in flat if name not in _READ)
    if left:
        notes.tell(
            "pact.no_target", "info", "pcf", "PACT 没有对应字段，保留在原文件中", "PACT has no such field; kept in the original",
            ", ".join(left),
        )  # fmt: skip
    return made


def _flat(document: Mapping[str, Any], version: int | None) -> dict[str, Any]:
    """Return every value by its name in 8 and 9."""
    if version is not None and version >= 9:
        return dict(_leaves(document))
    top = {name: value for name, value in document.items() if name != "pcf"} | dict(inner(document, "pcf"))
    if version == 7:
        return {_SEVEN.get(name, name): value for name, value in top.items()}
    return top


def _leaves(group: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in group.items():
        if name in ("attestationOfConformance", "precedingPfIds"):
            yield name, value
        elif isinstance(value, Mapping):
            yield from _leaves(value)
        elif isinstance(value, list) and value and all(isinstance(one, Mapping) for one in value):
            for one in value:
                yield from _leaves(one)
        else:
            yield name, value


def _scaled(flat: Mapping[str, Any], factor: Decimal, notes: Notes) -> dict[str, str]:
    found = {name: notes.number(flat.get(name), name) for name in _NUMBERS}
    _land_use(flat, found, notes)
    _packaging(flat, found, notes)
    if found["fossilCarbonContent"] is None and found["biogenicCarbonContent"] is not None:
        total = notes.number(flat.get("carbonContentTotal"), "carbonContentTotal")
        found["fossilCarbonContent"] = None if total is None else total - found["biogenicCarbonContent"]
    made = {name: shortest(times(v, factor)) for name, v in found.items() if v is not None}
    outbound = notes.number(flat.get("distributionStagePcfExcludingBiogenicUptake"), "distributionStage")
    if outbound is not None:
        made["outboundLogisticsGhgEmissions"] = shortest(times(outbound, factor))
    return made


def _land_use(flat: Mapping[str, Any], found: dict[str, Decimal | None], notes: Notes) -> None:
    """7.0.0 has two parts of what PACT shows as one."""
    parts = [notes.number(flat.get(name), name) for name in ("dlucGhgEmissions", "extTFS_luGhgEmissions")]
    given = [one for one in parts if one is not None]
    if given:
        found["landUseChangeGhgEmissions"] = sum(given, Decimal(0))


def _packaging(flat: Mapping[str, Any], found: dict[str, Decimal | None], notes: Notes) -> None:
    for name in ("packagingPcfExcludingBiogenicUptake", "packagingPcfIncludingBiogenicUptake"):
        if found["packagingGhgEmissions"] is None:
            found["packagingGhgEmissions"] = notes.number(flat.get(name), name)
    if flat.get("packagingEmissionsIncluded") is False:
        found["packagingGhgEmissions"] = None


def _described(flat: Mapping[str, Any], notes: Notes) -> dict[str, Any]:
    standards = [
        one.get("crossSectoralStandard") if isinstance(one, Mapping) else one
        for one in listed(flat.get("crossSectoralStandards"))
    ]
    ratings = {**inner(flat, "dataQualityRating"), **{name: flat[name] for name in _QUALITY if name in flat}}
    quality = present((name, notes.text(ratings.get(name), name)) for name in _QUALITY)
    factors = [str(one) for one in listed(flat.get("ipccCharacterizationFactors"))]
    return present(
        (
            ("crossSectoralStandards", standards_of(standards) or None),
            ("ipccCharacterizationFactors", [hit[0] for one in factors if (hit := re.search(r"AR\d+", one))] or None),
            ("exemptedEmissionsPercent", notes.text(flat.get("exemptedEmissionsPercent"), "exemptedEmissionsPercent")),
            ("primaryDataShare", notes.text(flat.get("primaryDataShare"), "primaryDataShare")),
            ("dqi", quality if len(quality) == len(_QUALITY) else None),
            ("secondaryEmissionFactorSources", [_source(one) for one in _sources(flat)] or None),
            ("productOrSectorSpecificRules", list(_rules(flat)) or None),
            ("verification", _attested(flat)),
        )
    )


def _sources(flat: Mapping[str, Any]) -> list[str]:
    given = listed(flat.get("secondaryEmissionFactorSources"))
    named = [one.get("secondaryEmissionFactorSource") if isinstance(one, Mapping) else one for one in given]
    named += listed(flat.get("secondaryEmissionFactorSource"))  # 9.x written the way of 7
    return [str(one) for one in named if one]


def _source(text: str) -> dict[str, str]:
    found = re.fullmatch(r"(.+?)[ _-]+[vV]?(\d[\w.]*)", text.strip())
    return {"name": found[1], "version": found[2]} if found else {"name": text, "version": "not stated"}


def _rules(flat: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for one in listed(flat.get("productOrSectorSpecificRules")):
        if not isinstance(one, Mapping):
            place = re.match(r"urn:([^:]+):", str(one))
            yield {
                "operator": "Other",
                "ruleNames": [str(one)],
                "otherOperatorName": place[1] if place else "not stated",
            }
            continue
        operator = one.get("extWBCSD_operator") or "Other"
        names = [
            str(rule.get("ruleName")) for rule in listed(one.get("productOrSectorSpecificRules"))
            if isinstance(rule, Mapping) and rule.get("ruleName")
        ]  # fmt: skip
        if names:
            other = {"otherOperatorName": one.get("extWBCSD_otherOperatorName") or "not stated"}
            yield {"operator": operator, "ruleNames": names} | (other if operator == "Other" else {})


def _attested(flat: Mapping[str, Any]) -> dict[str, Any] | None:
    for one in listed(flat.get("attestationOfConformance")):
        if isinstance(one, Mapping) and one:
            kind = one.get("attestationType")
            said = [
                str(one[n])
                for n in ("attestationType", "attestationStandard", "attestationOfConformanceId")
                if one.get(n)
            ]
            return present(
                (
                    ("coverage", "PCF program" if kind == "PCF Program Certification" else None),
                    ("providerName", one.get("providerName")),
                    ("completedAt", one.get("completedAt")),
                    ("standardName", one.get("standardName")),
                    ("comments", "; ".join(said) or None),
                )
            )
    return None
