"""
The product footprint of PACT 3.0, the hard layer: what a machine may rely on.

Source: PACT Technical Specifications 3.0, data model. Softer rules of the
methodology are hints (``models.pact.hints``). Fields unknown to us stay as
they came, and so do extensions. An undefined value is absent or null when
read, and always absent when written.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AnyHttpUrl, BaseModel, ConfigDict, Field, TypeAdapter, field_validator

from models.pact.digits import DecimalText, NotNegativeText, NotPositiveText, PercentText, PositiveText, RatingText
from models.pact.moments import MomentText
from models.pact.urns import Urn

SPEC_VERSION = "3.0.3"
UNITS = (
    "liter", "kilogram", "cubic meter", "kilowatt hour", "megajoule", "ton kilometer", "square meter", "piece", "hour",
    "megabit second",
)  # fmt: skip
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
_VERSION = re.compile(r"\d{1,4}\.\d{1,4}(?:\.\d{1,4})?", re.ASCII)
_URL = TypeAdapter(AnyHttpUrl)


def is_uuid(text: str) -> bool:
    """Return whether a text is a UUID as the exchange writes it."""
    return _UUID.fullmatch(text) is not None


def _uuid(text: str) -> str:
    if not is_uuid(text):
        raise ValueError("not a UUID")
    return text.lower()


def _version_3(text: str) -> str:
    if not _VERSION.fullmatch(text) or text.partition(".")[0] != "3":
        raise ValueError("not a version 3 of the specification")
    return text


def _public_https(text: str) -> str:
    if not text.startswith("https://"):
        raise ValueError("not an https address")
    _URL.validate_python(text)
    return text


def _once(values: list[str]) -> list[str]:
    return list(dict.fromkeys(values))


Uuid = Annotated[str, Field(strict=True), AfterValidator(_uuid)]
Filled = Annotated[str, Field(strict=True, min_length=1, max_length=10_000)]
Words = Annotated[str, Field(strict=True, max_length=20_000)]
Urns = Annotated[list[Urn], Field(min_length=1, max_length=1000), AfterValidator(_once)]
Truth = Annotated[bool, Field(strict=True)]
Status = Literal["Active", "Deprecated"]


class Part(BaseModel):
    """A part of a footprint; what is unknown to us is kept."""

    model_config = ConfigDict(frozen=True, extra="allow", allow_inf_nan=False)

    def document(self) -> dict[str, Any]:
        """Return the part as it is written: in the specification's names, without what is undefined."""
        return {name: _plain(value) for name, value in self if value is not None}


def _plain(value: Any) -> Any:
    if isinstance(value, Part):
        return value.document()
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return value


class Extension(Part):
    """A data model extension; ``data`` is never looked into unless it is ours, and its schema is never fetched."""

    specVersion: Annotated[str, Field(strict=True, pattern=r"^\d+\.\d+(\.\d+)?$")]
    dataSchema: Annotated[str, Field(strict=True, max_length=2000), AfterValidator(_public_https)]
    documentation: Annotated[str, Field(strict=True, max_length=2000), AfterValidator(_public_https)] | None = None
    data: dict[str, Any]


class QualityIndicators(Part):
    """Data quality ratings, 1 (best) to 5; all three or none."""

    technologicalDQR: RatingText
    geographicalDQR: RatingText
    temporalDQR: RatingText


class Verification(Part):
    """Who verified, and what."""

    coverage: Literal["PCF calculation model", "PCF program", "product level"] | None = None
    providerName: Words | None = None
    completedAt: MomentText | None = None
    standardName: Words | None = None
    comments: Words | None = None


class FactorSource(Part):
    """A data set of secondary emission factors."""

    name: Filled
    version: Filled


class SectorRules(Part):
    """Rules of a product category or a sector."""

    operator: Literal["PEF", "EPD International", "Other"]
    ruleNames: Annotated[list[Filled], Field(min_length=1, max_length=1000)]
    otherOperatorName: Filled | None = None


class CarbonFootprint(Part):
    """The footprint proper: kgCO2e, kg C or kg of product for one declared unit, which is amount times unit."""

    declaredUnitOfMeasurement: Literal[
        "liter", "kilogram", "cubic meter", "kilowatt hour", "megajoule", "ton kilometer", "square meter", "piece",
        "hour", "megabit second",
    ]  # fmt: skip
    declaredUnitAmount: PositiveText
    productMassPerDeclaredUnit: NotNegativeText
    referencePeriodStart: MomentText
    referencePeriodEnd: MomentText
    pcfExcludingBiogenicUptake: DecimalText
    pcfIncludingBiogenicUptake: DecimalText
    fossilGhgEmissions: NotNegativeText
    fossilCarbonContent: NotNegativeText
    ipccCharacterizationFactors: Annotated[
        list[Annotated[str, Field(strict=True, pattern=r"^AR\d+$")]], Field(min_length=1, max_length=20)
    ]
    crossSectoralStandards: Annotated[list[Filled], Field(min_length=1, max_length=100)]
    exemptedEmissionsPercent: PercentText
    geographyRegionOrSubregion: Filled | None = None
    geographyCountry: Annotated[str, Field(strict=True, pattern=r"^[A-Z]{2}$")] | None = None
    geographyCountrySubdivision: Annotated[str, Field(strict=True, pattern=r"^[A-Z]{2}-[A-Z0-9]{1,3}$")] | None = None
    primaryDataShare: PercentText | None = None
    packagingEmissionsIncluded: Truth | None = None
    ccsTechnologicalCO2CaptureIncluded: Truth | None = None
    dqi: QualityIndicators | None = None
    verification: Verification | None = None
    secondaryEmissionFactorSources: list[FactorSource] | None = None
    productOrSectorSpecificRules: list[SectorRules] | None = None
    boundaryProcessesDescription: Words | None = None
    exemptedEmissionsDescription: Words | None = None
    allocationRulesDescription: Words | None = None
    biogenicCarbonContent: DecimalText | None = None
    recycledCarbonContent: DecimalText | None = None
    landUseChangeGhgEmissions: DecimalText | None = None
    landCarbonLeakage: DecimalText | None = None
    landManagementFossilGhgEmissions: DecimalText | None = None
    landManagementBiogenicCO2Emissions: DecimalText | None = None
    landManagementBiogenicCO2Removals: DecimalText | None = None
    biogenicCO2Uptake: DecimalText | None = None
    biogenicNonCO2Emissions: DecimalText | None = None
    landAreaOccupation: DecimalText | None = None
    aircraftGhgEmissions: DecimalText | None = None
    packagingGhgEmissions: DecimalText | None = None
    packagingBiogenicCarbonContent: DecimalText | None = None
    outboundLogisticsGhgEmissions: DecimalText | None = None
    ccsTechnologicalCO2Capture: DecimalText | None = None
    technologicalCO2CaptureOrigin: Words | None = None
    technologicalCO2Removals: NotPositiveText | None = None
    ccuCarbonContent: DecimalText | None = None
    ccuCalculationApproach: Literal["Cut-off", "Credit"] | None = None
    ccuCreditCertification: Words | None = None


class ProductFootprint(Part):
    """A footprint of PACT 3.0; it never changes, another takes its place."""

    id: Uuid
    specVersion: Annotated[str, Field(strict=True), AfterValidator(_version_3)]
    created: MomentText
    status: Status
    companyName: Filled
    companyIds: Urns
    productDescription: Words
    productNameCompany: Filled
    productIds: Urns
    pcf: CarbonFootprint
    productClassifications: Urns | None = None
    precedingPfIds: Annotated[list[Uuid], Field(min_length=1, max_length=1000), AfterValidator(_once)] | None = None
    validityPeriodStart: MomentText | None = None
    validityPeriodEnd: MomentText | None = None
    comment: Words | None = None
    extensions: list[Extension] | None = None

    @field_validator("precedingPfIds", mode="after")
    @classmethod
    def _not_itself(cls, value: list[str] | None, info: Any) -> list[str] | None:
        if value and info.data.get("id") in value:
            raise ValueError("a footprint cannot precede itself")
        return value
