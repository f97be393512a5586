"""
Our own extensions of a footprint: carbon cost at home, embedded emissions at the EU border, the Guangdong label.

They follow the form of PACT data model extensions 2.0.0. An extension of
somebody else is kept and passed on as it came; no schema is ever fetched.
Money and emissions are decimal strings.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, ValidationError

from models.errors import Text
from models.findings import Finding
from models.inputs import Input
from models.pact.digits import DecimalText, NotNegativeText
from models.pact.footprint import Extension
from models.pact.moments import MomentText

MECHANISM = "2.0.0"
#: Where an installation serves the schemas, below its own address.
PATH = "/pact/extensions"
Share = Annotated[NotNegativeText, Field(max_length=60)]
Day = Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")]


class _Data(Input):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Evidence(_Data):
    """A document behind a figure, by its hash."""

    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    type: Annotated[str, Field(min_length=1, max_length=100)]


class CarbonCost(_Data):
    """What carbon cost at home."""

    scheme: Literal["GDEA", "CEA", "other"]
    complianceYear: Annotated[int, Field(ge=2011, le=2100)]
    coveredEmissions_t: NotNegativeText
    freeAllocation_t: NotNegativeText | None = None
    purchased_t: NotNegativeText | None = None
    priceBasis: Literal["spot average", "purchase cost"]
    price_CNY_per_t: NotNegativeText
    costPerDeclaredUnit_CNY: DecimalText
    passThroughShare: Share | None = None
    evidenceRefs: tuple[Evidence, ...] = ()
    status: Literal["claimed", "checked", "certified"]


class Precursor(_Data):
    """A precursor of a good at the border."""

    cnCode: Annotated[str, Field(pattern=r"^\d{8}$")]
    mass_t_per_t: NotNegativeText
    see: NotNegativeText
    basis: Literal["actual", "default", "unknown"]


class PriceDue(_Data):
    """Carbon price due in the country of origin."""

    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    amountPerT: NotNegativeText
    coveredShare: Share
    rebateType: Annotated[str, Field(max_length=60)] | None = None
    rebatePerT: NotNegativeText | None = None


class SeeVerification(_Data):
    """Who verified the embedded emissions."""

    body: str
    accreditation: str | None = None
    reportId: str | None = None
    date: Day


class Period(_Data):
    """A reporting period."""

    start: MomentText
    end: MomentText


class CbamSee(_Data):
    """Specific embedded emissions of a good at the EU border, tCO2e per t."""

    cnCode: Annotated[str, Field(pattern=r"^\d{8}$")]
    goodsCategory: str
    productionRoute: str | None = None
    reportingPeriod: Period
    seeDirect: NotNegativeText
    seeIndirect: NotNegativeText | None = None
    shareDefault: Share | None = None
    precursors: tuple[Precursor, ...] = ()
    electricity_MWh_per_t: NotNegativeText | None = None
    electricityEF: NotNegativeText | None = None
    sefa: NotNegativeText | None = None
    carbonPriceDue: PriceDue | None = None
    verification: SeeVerification | None = None


class CarbonLabel(_Data):
    """A Guangdong carbon label."""

    certificateNo: Annotated[str, Field(min_length=1, max_length=100)]
    issuedOn: Day
    validTo: Day | None = None
    pcr: str | None = None
    grade: str | None = None
    verifierName: str
    mutualRecognition: tuple[Literal["HK", "MO"], ...] = ()


KINDS: dict[str, type[_Data]] = {
    "cn-carbon-cost/1.0.0": CarbonCost,
    "cbam-see/1.0.0": CbamSee,
    "gd-carbon-label/1.0.0": CarbonLabel,
}


def schema_url(kind: str, base_url: str) -> str:
    """Return the address that names one of our extensions at an installation; ``ValueError`` where it is not https."""
    if not base_url.startswith("https://"):
        raise ValueError("an extension is named by a public https address")
    return f"{base_url.rstrip('/')}{PATH}/{kind}/schema.json"


def schema(kind: str) -> dict[str, Any]:
    """Return the JSON Schema of one of our extensions; ``KeyError`` where there is none."""
    made = KINDS[kind].model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | made


def extension(kind: str, data: CarbonCost | CbamSee | CarbonLabel, base_url: str) -> dict[str, Any]:
    """Return one of our extensions as a footprint carries it."""
    if not isinstance(data, KINDS[kind]):
        raise TypeError(f"{kind} takes {KINDS[kind].__name__}")
    address = schema_url(kind, base_url)
    return {
        "specVersion": MECHANISM,
        "dataSchema": address,
        "documentation": address,
        "data": data.model_dump(mode="json", exclude_none=True),
    }


def own_data(carried: Extension) -> CarbonCost | CbamSee | CarbonLabel | None:
    """
    Return the data of one of our extensions; none where it is somebody else's.

    Raises
    ------
    ValidationError
        It names one of ours and holds something else.
    """
    for kind, model in KINDS.items():
        if carried.dataSchema.endswith(f"{PATH}/{kind}/schema.json"):
            return model.model_validate(carried.data)  # type: ignore[return-value]
    return None


def check_own(carried: Extension, field: str) -> list[Finding]:
    """Return what is wrong with one of our extensions, and a note where it is somebody else's."""
    try:
        known = own_data(carried)
    except ValidationError as error:
        text = Text(
            "本系统扩展的内容不符合其定义，未采用",
            "an extension of ours does not keep to its schema; its data are not used",
        )
        return [
            Finding("pact.extension", "warning", text, field=f"{field}.{'.'.join(map(str, one['loc']))}")
            for one in error.errors(include_url=False, include_input=False)[:10]
        ]
    if known is None:
        text = Text("未知扩展，原样保留", "an extension unknown to us; kept as it is")
        return [Finding("pact.extension_unknown", "info", text, field=field, found=carried.dataSchema[:80])]
    return []
