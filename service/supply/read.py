"""What the API and the terminal say of a park and of offers."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel, Field

from models.bids import METHOD as BIDS_METHOD
from models.bids import Comparison, Ranked
from models.errors import Text
from models.findings import Finding
from models.park import METHOD as PARK_METHOD
from models.park import MemberTotal, Park
from service.schemas import FindingRead, RowRead, TextRead, rows_of
from service.supply.verdict import bid_verdict, park_verdict


class MemberRead(BaseModel):
    """A member, tCO2 in the period; null where not known, which is never zero."""

    id: str
    name: str
    direct_tco2: float | None
    handed_on_tco2: float = Field(description="What went with the power and heat that it supplied")
    electricity_tco2: float = Field(description="What came with power")
    heat_tco2: float = Field(description="What came with heat")
    total_tco2: float | None
    share: float | None = Field(description="Of what all members carry")
    per_output_tco2: float | None
    output_unit: str | None


class SupplyRead(BaseModel):
    """A supply of power or heat, in its own unit."""

    id: str
    kind: str
    operator: str | None
    unit: str
    quantity: float
    taken: float
    exported: float
    lost: float
    tco2: float
    tco2_per_unit: float = Field(description="Of what was taken, losses and inputs included")


class ParkRead(BaseModel):
    """A park rolled up, tCO2 in the period; null where not known."""

    method: str
    park: str
    direct_tco2: float | None
    bought_tco2: float
    total_tco2: float | None
    carried_tco2: float | None = Field(description="Sum over members")
    exported_tco2: float
    difference: float | None = Field(description="Relative difference of the two sides of the balance")
    counted_twice_tco2: float = Field(description="What adding up the members' reports would count twice")
    verdict: list[TextRead]
    rows: list[RowRead]
    members: list[MemberRead]
    supplies: list[SupplyRead]
    findings: list[FindingRead]
    rests_on: list[str]


class ParkFileRead(BaseModel):
    """What a workbook comes to; null where anything of it is refused, and then the findings say why."""

    park: ParkRead | None
    findings: list[FindingRead] = Field(description="Every finding, with sheet, row and cell")


class OfferRead(BaseModel):
    """An offer in the unit of the comparison; null where not known."""

    id: str
    bidder: str
    rank: int | None = Field(description="By price and carbon; null without a footprint")
    rank_by_price: int
    price_cny_per_unit: float
    footprint_kgco2e_per_unit: float | None
    carbon_cny_per_unit: float | None = Field(description="The footprint at the shadow price")
    whole_cny_per_unit: float | None = Field(description="Price and carbon")
    low_cny_per_unit: float | None = Field(description="At the low end of the footprint")
    high_cny_per_unit: float | None
    total_cny: float | None = Field(description="For the quantity, carbon included")
    total_tco2e: float | None


class FlipRead(BaseModel):
    """A shadow price at which two offers change places."""

    cny_per_t: float
    lower: str = Field(description="Ahead below it")
    upper: str = Field(description="Ahead above it")
    first_place: bool


class BidsRead(BaseModel):
    """Offers compared."""

    method: str
    product: str
    unit: str
    verdict: list[TextRead]
    rows: list[RowRead]
    offers: list[OfferRead]
    flips: list[FlipRead]
    findings: list[FindingRead]
    rests_on: list[str]


class BidsFileRead(BaseModel):
    """What a workbook comes to; null where fewer than two offers can be compared."""

    comparison: BidsRead | None
    findings: list[FindingRead] = Field(description="Every finding, with sheet, row and cell")


def park_read(found: Park) -> ParkRead:
    """Return a park as the API shows it."""
    return ParkRead(
        method=PARK_METHOD,
        park=found.asked.park,
        direct_tco2=found.direct,
        bought_tco2=found.bought,
        total_tco2=found.total,
        carried_tco2=found.carried,
        exported_tco2=found.exported,
        difference=found.difference,
        counted_twice_tco2=found.counted_twice,
        verdict=_texts(park_verdict(found)),
        rows=rows_of(found),
        members=[_member(one) for one in found.members],
        supplies=[SupplyRead.model_validate(one, from_attributes=True) for one in found.supplies],
        findings=_findings(found.findings),
        rests_on=found.proof(),
    )


def park_file_read(found: Park | None, findings: Sequence[Finding]) -> ParkFileRead:
    """Return what a workbook comes to as the API shows it."""
    return ParkFileRead(park=park_read(found) if found else None, findings=_findings(findings))


def bids_read(found: Comparison) -> BidsRead:
    """Return a comparison as the API shows it."""
    return BidsRead(
        method=BIDS_METHOD,
        product=found.asked.product,
        unit=found.unit,
        verdict=_texts(bid_verdict(found)),
        rows=rows_of(found),
        offers=[_offer(one) for one in found.offers],
        flips=[FlipRead.model_validate(one, from_attributes=True) for one in found.flips],
        findings=_findings(found.findings),
        rests_on=found.proof(),
    )


def bids_file_read(found: Comparison | None, findings: Sequence[Finding]) -> BidsFileRead:
    """Return what a workbook comes to as the API shows it."""
    return BidsFileRead(comparison=bids_read(found) if found else None, findings=_findings(findings))


def _texts(said: Sequence[Text]) -> list[TextRead]:
    return [TextRead(**one._asdict()) for one in said]


def _findings(findings: Sequence[Finding]) -> list[FindingRead]:
    return [FindingRead.model_validate(finding.to_dict()) for finding in findings]


def _member(one: MemberTotal) -> MemberRead:
    return MemberRead(
        id=one.id,
        name=one.name,
        direct_tco2=one.direct,
        handed_on_tco2=one.handed_on,
        electricity_tco2=one.received["electricity"],
        heat_tco2=one.received["heat"],
        total_tco2=one.total,
        share=one.share,
        per_output_tco2=one.per_output,
        output_unit=one.output_unit,
    )


def _offer(one: Ranked) -> OfferRead:
    return OfferRead(
        id=one.offer.id,
        bidder=one.offer.bidder,
        rank=one.rank,
        rank_by_price=one.rank_by_price,
        price_cny_per_unit=one.price,
        footprint_kgco2e_per_unit=one.footprint_kg,
        carbon_cny_per_unit=one.carbon,
        whole_cny_per_unit=one.whole,
        low_cny_per_unit=one.low,
        high_cny_per_unit=one.high,
        total_cny=one.total_cny,
        total_tco2e=one.total_t,
    )
