"""
A footprint of ours as a document of PACT 3.0: what we worked out, and what only its owner can state.

Nothing that the specification asks for is guessed: the parts of the sum, the
carbon content and the standards are stated; where the parts do not add up to
what was worked out, the footprint is refused.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any

from pydantic import Field

from models.errors import MissingInput, Text, YuetanError
from models.inputs import Input
from models.measures import Measures
from models.pact.digits import (
    DecimalText,
    NotNegativeText,
    NotPositiveText,
    PercentText,
    decimal_of,
    half_last_digit,
    shortest,
)
from models.pact.footprint import FactorSource, Words
from models.pact.urns import Urn

#: Units of the exchange as our measures spell them, in the order of preference among those of one kind.
_UNITS: Mapping[str, str] = {
    "kilogram": "kg", "kilowatt hour": "kWh", "megajoule": "MJ", "liter": "L", "cubic meter": "m3", "square meter": "m2",
    "ton kilometer": "t km", "piece": "piece", "hour": "h",
}  # fmt: skip
_Name = Annotated[str, Field(min_length=1, max_length=300)]


class NotAddedUp(YuetanError):
    code = "pact.parts_do_not_add_up"
    message = Text(
        "各分项之和 {parts} 与碳足迹 {total}（不含生物吸收，kgCO2e/声明单位）不符。",
        "The parts add up to {parts}, but the footprint without biogenic uptake is {total} kgCO2e per declared unit.",
    )
    hint = Text(
        "请核对化石、土地和生物排放各分项；程序不会替您分摊。", "Check the parts; they are never divided for you."
    )


class NoUnit(YuetanError):
    code = "pact.no_unit"
    message = Text("声明单位“{unit}”在 PACT 中没有对应。", "PACT knows no unit for '{unit}'.")
    hint = Text(
        "请改用千克、千瓦时、立方米、平方米、吨公里、件等。",
        "Declare the product in kg, kWh, m3, m2, t km, pieces or the like.",
    )


@dataclass(frozen=True, slots=True)
class WorkedOut:
    """What was worked out of a product: per declared unit, kgCO2e, kilograms of product, scores 1 best, shares as fractions."""

    kgco2e: float
    declared_amount: float
    declared_unit: str
    mass_kg: float | None
    first: dt.date
    last: dt.date
    primary_share: float
    technological: float | None
    geographical: float | None
    temporal: float | None
    omitted_share: float | None
    gwp_set: str
    boundary: str | None
    allocation: str
    name: str


class OfferAsk(Input):
    """What only the owner of a footprint can state; numbers are decimal strings per declared unit."""

    company_name: _Name
    company_ids: tuple[Urn, ...] = Field(min_length=1, max_length=100)
    product_ids: tuple[Urn, ...] = Field(min_length=1, max_length=100)
    product_name: str = Field(default="", max_length=300)
    product_description: _Name
    classifications: tuple[Urn, ...] = Field(default=(), max_length=100)
    fossil_ghg_kgco2e: NotNegativeText
    land_use_change_kgco2e: DecimalText | None = None
    land_management_co2_kgco2e: DecimalText | None = None
    land_management_removals_kgco2e: NotPositiveText | None = None
    biogenic_non_co2_kgco2e: NotNegativeText | None = None
    #: At most 0; 0 is stated where there is none.
    biogenic_uptake_kgco2e: NotPositiveText
    fossil_carbon_kg: NotNegativeText
    biogenic_carbon_kg: NotNegativeText | None = None
    #: Such as AR6; that of the bill where absent.
    characterization: Annotated[str, Field(pattern=r"^AR[0-9]{1,2}$")] | None = None
    standards: tuple[_Name, ...] = Field(min_length=1, max_length=20)
    #: Of the bill where absent.
    exempted_percent: PercentText | None = None
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")] | None = None
    subdivision: Annotated[str, Field(pattern=r"^[A-Z]{2}-[A-Z0-9]{1,3}$")] | None = None
    packaging_included: bool
    ccs_included: bool
    packaging_kgco2e: NotNegativeText | None = None
    boundary_description: Words | None = None
    secondary_sources: tuple[FactorSource, ...] = Field(default=(), max_length=200)
    comment: Words | None = None


def offered(of: WorkedOut, asked: OfferAsk, measures: Measures, preceding: tuple[str, ...] = ()) -> dict[str, Any]:
    """
    Return the document, without id, version and moment, which the service knows.

    Raises
    ------
    NoUnit, MissingInput, NotAddedUp
        The declared unit has no counterpart, the mass is not known, or the parts do not add up.
    """
    unit, amount = _unit(of, measures)
    total = decimal_of(_digits(of.kgco2e))
    _check_sum(total, asked)
    if of.mass_kg is None:
        raise _missing("mass_kg_per_declared_unit", Text("每声明单位质量", "mass of one declared unit"))
    characterization = asked.characterization or (of.gwp_set if of.gwp_set.startswith("AR") else None)
    if characterization is None:
        raise _missing("characterization", Text("特征化因子（如 AR6）", "characterization factors, such as AR6"))
    exempted = asked.exempted_percent
    if exempted is None:
        if of.omitted_share is None:
            raise _missing("exempted_percent", Text("取舍比例", "share that is exempted"))
        exempted = _digits(of.omitted_share * 100.0)
    including = total + decimal_of(asked.biogenic_uptake_kgco2e)
    pcf: dict[str, Any] = {
        "declaredUnitOfMeasurement": unit,
        "declaredUnitAmount": amount,
        "productMassPerDeclaredUnit": _digits(of.mass_kg),
        "referencePeriodStart": f"{of.first}T00:00:00Z",
        # The end is exclusive.
        "referencePeriodEnd": f"{of.last + dt.timedelta(days=1)}T00:00:00Z",
        "pcfExcludingBiogenicUptake": shortest(total),
        "pcfIncludingBiogenicUptake": shortest(including),
        "fossilGhgEmissions": asked.fossil_ghg_kgco2e,
        "landUseChangeGhgEmissions": asked.land_use_change_kgco2e,
        "landManagementBiogenicCO2Emissions": asked.land_management_co2_kgco2e,
        "landManagementBiogenicCO2Removals": asked.land_management_removals_kgco2e,
        "biogenicNonCO2Emissions": asked.biogenic_non_co2_kgco2e,
        "biogenicCO2Uptake": asked.biogenic_uptake_kgco2e,
        "fossilCarbonContent": asked.fossil_carbon_kg,
        "biogenicCarbonContent": asked.biogenic_carbon_kg,
        "ipccCharacterizationFactors": [characterization],
        "crossSectoralStandards": list(asked.standards),
        "exemptedEmissionsPercent": exempted,
        # At most one of the three: the finest.
        "geographyCountry": None if asked.subdivision else asked.country,
        "geographyCountrySubdivision": asked.subdivision,
        "primaryDataShare": _digits(of.primary_share * 100.0),
        "packagingEmissionsIncluded": asked.packaging_included,
        "packagingGhgEmissions": asked.packaging_kgco2e,
        "ccsTechnologicalCO2CaptureIncluded": asked.ccs_included,
        "dqi": _ratings(of),
        "secondaryEmissionFactorSources": [one.document() for one in asked.secondary_sources] or None,
        "boundaryProcessesDescription": asked.boundary_description,
        "allocationRulesDescription": of.allocation or None,
    }
    made = {
        "companyName": asked.company_name,
        "companyIds": list(asked.company_ids),
        "productDescription": asked.product_description,
        "productNameCompany": asked.product_name or of.name,
        "productIds": list(asked.product_ids),
        "productClassifications": list(asked.classifications) or None,
        "precedingPfIds": list(preceding) or None,
        "comment": asked.comment,
        "pcf": {name: value for name, value in pcf.items() if value is not None},
    }
    return {name: value for name, value in made.items() if value is not None}


def _check_sum(total: Decimal, asked: OfferAsk) -> None:
    """Refuse parts that do not add up to what was worked out, to half a unit of the last digit stated."""
    stated = [
        decimal_of(text)
        for text in (
            asked.fossil_ghg_kgco2e,
            asked.land_use_change_kgco2e,
            asked.land_management_co2_kgco2e,
            asked.land_management_removals_kgco2e,
            asked.biogenic_non_co2_kgco2e,
        )
        if text is not None
    ]
    parts = sum(stated, Decimal(0))
    tolerance = sum((half_last_digit(one) for one in stated), Decimal(0))
    if abs(total - parts) > min(tolerance, abs(total) / 100):
        raise NotAddedUp(field="fossil_ghg_kgco2e", parts=shortest(parts), total=shortest(total))


def _unit(of: WorkedOut, measures: Measures) -> tuple[str, str]:
    """Return the unit of the exchange and the amount: the same unit where it is known, else the one with the fewest digits."""
    own = measures.of(of.declared_unit, "declared_unit")
    fits = [(name, measures.of(spelt)) for name, spelt in _UNITS.items() if measures.of(spelt).kind == own.kind]
    if not fits:
        raise NoUnit(field="declared_unit", unit=own.id)
    amounts = [
        (one.id != own.id, len(_digits(of.declared_amount * own.times / one.times)), name, one) for name, one in fits
    ]
    _, _, name, one = min(amounts, key=lambda found: found[:2])
    return name, _digits(of.declared_amount * own.times / one.times)


def _ratings(of: WorkedOut) -> dict[str, str] | None:
    """Return the three ratings, all or none."""
    named = {"technologicalDQR": of.technological, "geographicalDQR": of.geographical, "temporalDQR": of.temporal}
    known = {name: _digits(value) for name, value in named.items() if value is not None}
    return known if len(known) == len(named) else None


def _digits(value: float) -> str:
    return shortest(Decimal(format(value, ".12g")))


def _missing(field: str, name: Text) -> MissingInput:
    return MissingInput(field=field, name_zh=name.zh, name_en=name.en, what_zh="PACT 足迹", what_en="a PACT footprint")
