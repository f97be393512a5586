"""What the API says of footprints that are kept, of their years, and of an annex."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field

from models.trend import Trend
from service.footprint.disclosure import Disclosure
from service.footprint.keep import Kept, Verification
from service.footprint.tables import KeptFootprint
from service.schemas import TextRead


class VerificationRead(BaseModel):
    """Who verified a footprint as stated, and whether they were accredited on the day."""

    verifier: str
    report: str
    verified_on: dt.date
    accredited: str = Field(description="yes, no or not_known, by your register of accreditations")
    reasons: list[TextRead]


class KeptRead(BaseModel):
    """A version of a footprint."""

    id: UUID
    product: str
    name: str
    profile: str
    year: int
    version: int
    follows: UUID | None = Field(description="The version that this one took the place of")
    followed_by: UUID | None = Field(description="The version that took its place; null where it stands")
    reason: str
    key: str
    method: str
    worked_out_on: dt.date
    created: dt.datetime
    kgco2e: float
    declared_unit: str
    tco2e_per_t: float | None
    verified: bool = Field(description="True only where a verifier who was accredited on the day has verified it")
    verifications: list[VerificationRead]
    offered_as: list[UUID] = Field(description="Ids of the exchange under which partners are offered it")


class KeptPage(BaseModel):
    """Versions, newest first; `next` is the value of `after` for the next ones."""

    items: list[KeptRead]
    next: UUID | None


class KeptWhole(KeptRead):
    """A version with the whole result as it was kept."""

    result: dict[str, Any]


class TrendYear(BaseModel):
    """A year of a product; `change` on the year before it."""

    year: int
    kgco2e: float
    change: float | None


class TrendRead(BaseModel):
    """A product year by year, from the versions that stand; years by another method or unit are apart."""

    product: str
    name: str
    profile: str
    declared_unit: str
    years: list[TrendYear]
    yearly: float | None = Field(description="Mean yearly rate from first to last, fraction")
    apart: list[TrendYear]


class LeftRead(BaseModel):
    """A field that was left out of an annex."""

    field: str
    text: TextRead
    of_class: str


class DisclosureRead(BaseModel):
    """An annex: fields by name for each footprint, and what was left out."""

    sha256: str
    made_on: dt.date
    channel: str
    recipient: str
    country: str
    basis: str
    fields: list[str]
    items: list[dict[str, Any]]
    left_out: list[LeftRead]
    unverified: list[str]


class OfferRead(BaseModel):
    """A footprint as partners are offered it."""

    pf_id: UUID
    document: dict[str, Any]
    partners_told: int


def _shared(of: Kept) -> dict[str, Any]:
    row, product = of.row, of.row.result["product"]
    return {
        "id": row.id, "product": row.product, "name": row.result["name"], "profile": row.profile, "year": row.year,
        "version": row.version, "follows": row.follows_id, "followed_by": of.followed_by, "reason": row.reason,
        "key": row.key, "method": row.method, "worked_out_on": row.worked_out_on, "created": row.created,
        "kgco2e": product["kgco2e"], "declared_unit": declared(row), "tco2e_per_t": product["tco2e_per_t"],
        "verified": of.verified, "verifications": [verification_read(one) for one in of.verifications],
        "offered_as": list(of.offers),
    }  # fmt: skip


def declared(row: KeptFootprint) -> str:
    """Return the declared unit of a version."""
    product = row.result["product"]
    amount = product["declared_amount"]
    unit: str = product["declared_unit"]
    return unit if amount == 1 else f"{amount:g} {unit}"


def verification_read(of: Verification) -> VerificationRead:
    """Return a verification as the API shows it."""
    found = of.quality.accredited
    return VerificationRead(
        verifier=of.row.verifier,
        report=of.row.report,
        verified_on=of.row.verified_on,
        accredited=found.word,
        reasons=[TextRead(**one._asdict()) for one in found.reasons],
    )


def kept_read(of: Kept) -> KeptRead:
    """Return a version as the API lists it."""
    return KeptRead(**_shared(of))


def kept_whole(of: Kept) -> KeptWhole:
    """Return a version with its result."""
    return KeptWhole(**_shared(of), result=of.row.result)


def trend_read(row: KeptFootprint, of: Trend) -> TrendRead:
    """Return the years of a product as the API shows them."""
    return TrendRead(
        product=row.product,
        name=row.result["name"],
        profile=row.profile,
        declared_unit=declared(row),
        years=[
            TrendYear(year=year, kgco2e=value, change=change)
            for year, value, change in zip(of.years, of.kgco2e, of.change, strict=True)
        ],
        yearly=of.yearly,
        apart=[TrendYear(year=one.year, kgco2e=one.kgco2e_per_declared_unit, change=None) for one in of.apart],
    )


def disclosure_read(of: Disclosure) -> DisclosureRead:
    """Return an annex as JSON."""
    return DisclosureRead(
        sha256=of.sha256,
        made_on=of.made_on,
        channel=of.asked.channel,
        recipient=of.asked.recipient,
        country=of.asked.country,
        basis=of.asked.basis,
        fields=list(of.fields),
        items=[{name: value for name, (_, value) in row.items()} for row in of.rows],
        left_out=[LeftRead(field=one.name, text=TextRead(**one.text._asdict()), of_class=one.of) for one in of.left],
        unverified=list(of.unverified),
    )
