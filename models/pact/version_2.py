"""
PACT 2.x into 3.0.

Numbers of version 2 are per one unit, those of version 3 per
``declaredUnitAmount`` units: every emission, carbon content and the mass is
multiplied by the amount. Source: decision 36 of the PACT specification, with
its anchors (12 l at 1.5 kgCO2e and 0.789 kg per litre give 18 and 9.468; 2000
kg at 300 kgCO2e per kg give 600000 and 2000). The original is kept beside.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from models.pact.digits import shortest, times
from models.pact.footprint import SPEC_VERSION
from models.pact.told import Notes, inner, listed, present

#: Per one unit there, per declared unit here.
_SCALED = {
    "pCfExcludingBiogenic": "pcfExcludingBiogenicUptake",
    "pCfIncludingBiogenic": "pcfIncludingBiogenicUptake",
    "fossilGhgEmissions": "fossilGhgEmissions",
    "fossilCarbonContent": "fossilCarbonContent",
    "biogenicCarbonContent": "biogenicCarbonContent",
    "biogenicCarbonWithdrawal": "biogenicCO2Uptake",
    "dLucGhgEmissions": "landUseChangeGhgEmissions",
    "aircraftGhgEmissions": "aircraftGhgEmissions",
    "packagingGhgEmissions": "packagingGhgEmissions",
    "packagingBiogenicCarbonContent": "packagingBiogenicCarbonContent",
    "productMassPerDeclaredUnit": "productMassPerDeclaredUnit",
}
_SAME = (
    "referencePeriodStart", "referencePeriodEnd", "geographyRegionOrSubregion", "geographyCountry",
    "geographyCountrySubdivision", "packagingEmissionsIncluded", "boundaryProcessesDescription",
    "exemptedEmissionsDescription", "allocationRulesDescription",
)  # fmt: skip
_TOP = (
    "id", "created", "status", "companyName", "companyIds", "productDescription", "productNameCompany", "productIds",
    "precedingPfIds", "validityPeriodStart", "validityPeriodEnd", "extensions",
)  # fmt: skip
#: No field of version 3 means the same.
_HOMELESS = ("landManagementGhgEmissions", "otherBiogenicGhgEmissions", "iLucGhgEmissions")
_STANDARDS = {
    "iso standard 14067": "ISO14067", "iso 14067": "ISO14067", "ghg protocol product standard": "GHGP-Product",
    "iso standard 14044": "ISO14040-44", "iso 14044": "ISO14040-44", "iso standard 14083": "ISO14083",
}  # fmt: skip
#: Units that have no mass of product in them.
MASSLESS = ("kilowatt hour", "megajoule", "ton kilometer", "hour", "megabit second")


def from_version_2(document: Mapping[str, Any], notes: Notes, mass_kg_per_unit: str | None = None) -> dict[str, Any]:
    """
    Return a document of version 3; what it cannot say is told in ``notes``.

    Parameters
    ----------
    document : mapping
        A product footprint of PACT 2.x.
    notes : Notes
        Takes the findings.
    mass_kg_per_unit : str, optional
        Mass of product in one unit, kg, where the document does not tell it: the user's answer.
    """
    old = inner(document, "pcf")
    unit, amount = old.get("declaredUnit"), notes.number(old.get("unitaryProductAmount"), "pcf.unitaryProductAmount")
    pcf: dict[str, Any] = {"declaredUnitOfMeasurement": unit}
    if amount is not None:
        pcf["declaredUnitAmount"] = shortest(amount)
        for there, here in _SCALED.items():
            value = notes.number(old.get(there), f"pcf.{there}")
            if value is not None:
                pcf[here] = shortest(times(value, amount))
        _mass(pcf, old, amount, mass_kg_per_unit, notes)
    pcf |= present((name, old.get(name)) for name in _SAME)
    comments = _without_home(old, notes)
    standards = old.get("crossSectoralStandards") or old.get("crossSectoralStandardsUsed")
    pcf |= present(
        (
            ("ipccCharacterizationFactors", characterization(old) or None),
            ("crossSectoralStandards", standards_of(standards) or None),
            (
                "exemptedEmissionsPercent",
                notes.text(old.get("exemptedEmissionsPercent"), "pcf.exemptedEmissionsPercent"),
            ),
            ("primaryDataShare", notes.text(old.get("primaryDataShare"), "pcf.primaryDataShare")),
            ("dqi", _quality(old, notes)),
            ("verification", _verified(inner(old, "assurance"), notes)),
            ("secondaryEmissionFactorSources", old.get("secondaryEmissionFactorSources") or None),
            ("productOrSectorSpecificRules", old.get("productOrSectorSpecificRules") or None),
        )
    )
    made: dict[str, Any] = {"specVersion": SPEC_VERSION, "status": "Active"}
    made |= present((name, document.get(name) or None) for name in _TOP) | {"pcf": pcf}
    if category := document.get("productCategoryCpc"):
        made["productClassifications"] = [f"urn:cpc:{category}"]
    said = [str(document[name]) for name in ("comment", "statusComment") if document.get(name)]
    made["comment"] = "\n".join([*said, f"PACT {document.get('specVersion')} -> {SPEC_VERSION}", *comments])
    return made


def _mass(pcf: dict[str, Any], old: Mapping[str, Any], amount: Decimal, answered: str | None, notes: Notes) -> None:
    here = "productMassPerDeclaredUnit"
    unit = old.get("declaredUnit")
    if here in pcf:
        one = notes.number(old.get(here), f"pcf.{here}")
        if unit == "kilogram" and one is not None and one != 1:
            notes.tell(
                "pact.mass_of_whole", "question", f"pcf.{here}",
                "单位为千克，每单位质量却不是 1：是否把整件产品的数值填进了每单位字段？",
                "the unit is kilogram and yet one unit does not weigh 1 kg: is this the value of the whole product?", one,
            )  # fmt: skip
        return
    if unit == "kilogram":
        pcf[here] = shortest(amount)  # a kilogram weighs one kilogram
    elif unit in MASSLESS:
        pcf[here] = "0"
    elif answered is not None:
        one = notes.number(answered, f"pcf.{here}")
        if one is not None:
            pcf[here] = shortest(times(one, amount))
    else:
        notes.tell(
            "pact.mass_missing", "error", f"pcf.{here}",
            "缺少每单位产品质量（kg），不能推测，请补充", "the mass of one unit in kg is missing and is not guessed; add it",
        )  # fmt: skip


def _without_home(old: Mapping[str, Any], notes: Notes) -> list[str]:
    told = []
    for name in _HOMELESS:
        value = notes.number(old.get(name), f"pcf.{name}")
        if value is not None and value != 0:
            notes.tell(
                "pact.no_target", "warning", f"pcf.{name}",
                "V3 没有对应字段，原值保留在备注和原文件中", "version 3 has no such field; the value stays in comment and original",
                value,
            )  # fmt: skip
            told.append(f"V2 {name}: {value:f} kgCO2e / {old.get('declaredUnit')}")
    return told


def characterization(old: Mapping[str, Any]) -> list[str]:
    """Return the ``AR<n>`` part of each source of characterization factors."""
    given = [*listed(old.get("characterizationFactors")), *listed(old.get("ipccCharacterizationFactorsSources"))]
    return list(dict.fromkeys(hit[0] for one in given if (hit := re.search(r"AR\d+", str(one)))))


def standards_of(given: object) -> list[str]:
    """Return standards under their names of version 3; an unknown one keeps its own."""
    return list(dict.fromkeys(_STANDARDS.get(str(one).casefold(), str(one)) for one in listed(given) if one))


def _quality(old: Mapping[str, Any], notes: Notes) -> dict[str, str] | None:
    dqi = inner(old, "dqi")
    names = ("technologicalDQR", "geographicalDQR", "temporalDQR")
    made = present((name, notes.text(dqi.get(name), f"pcf.dqi.{name}")) for name in names)
    if dqi:
        notes.tell(
            "pact.quality_scale", "warning", "pcf.dqi",
            "V2 数据质量评分为 1 至 3 级，V3 为 1 至 5 级：未换算；覆盖率、完整性和可靠性评分没有对应字段",
            "version 2 rates data quality from 1 to 3, version 3 from 1 to 5: not rescaled; coverage, completeness "
            "and reliability have no field",
        )  # fmt: skip
    return made if len(made) == len(names) else None


def _verified(old: Mapping[str, Any], notes: Notes) -> dict[str, Any] | None:
    if not old:
        return None
    said = [f"{name}: {old[name]}" for name in ("coverage", "level", "boundary") if old.get(name)]
    if old.get("coverage"):
        notes.tell(
            "pact.coverage", "info", "pcf.assurance.coverage",
            "核证范围的取值已变，原文保留在备注", "the values of coverage have changed; the text stays in the comments",
            old["coverage"],
        )  # fmt: skip
    comments = "; ".join([*said, *([str(old["comments"])] if old.get("comments") else [])])
    return present(
        (
            ("providerName", old.get("providerName")),
            ("completedAt", old.get("completedAt")),
            ("standardName", old.get("standardName") or old.get("standard")),
            ("comments", comments or None),
        )
    )
