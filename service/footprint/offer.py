"""A kept footprint offered to partners of the exchange, and supplier files that were brought in, with their state."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, Literal
from uuid import UUID

from sqlalchemy.orm import Session

from models.footprint_product import RUNG_WORDS
from models.pact.offered import OfferAsk, WorkedOut, offered
from models.provenance import fingerprint
from service.audit.use import record as write_down
from service.auth import Who, visible
from service.footprint.keep import row_of
from service.footprint.tables import FootprintOffer, KeptFootprint
from service.library import Library
from service.pact import book, partners
from service.pact.tables import PactFootprint, PactTerm
from service.settings import Settings

#: What the service gives each document; the rest is its content.
_OWN = ("id", "created", "specVersion", "status", "precedingPfIds")
#: Footprints of one product that a new one is compared with.
_MOST_ALIKE = 500
SupplierState = Literal["valid", "not_yet", "expired", "deprecated"]


def worked_out(row: KeptFootprint) -> WorkedOut:
    """Return what was worked out of a kept footprint, as the exchange needs it."""
    of, result = row.result["product"], row.result
    rungs = [RUNG_WORDS[rung].en for rung, share in of["attributed_by"].items() if share > 0.0]
    return WorkedOut(
        kgco2e=of["kgco2e"],
        declared_amount=of["declared_amount"],
        declared_unit=of["declared_unit"],
        mass_kg=result["mass_kg"],
        first=dt.date.fromisoformat(result["period_start"]),
        last=dt.date.fromisoformat(result["period_end"]),
        primary_share=of["primary_share"],
        technological=of["technological"],
        geographical=of["geographical"],
        temporal=of["temporal"],
        omitted_share=result["omitted_share"],
        gwp_set=result["gwp_set"],
        boundary=result["boundary"],
        allocation=", ".join(rungs),
        name=result["name"],
    )


def offer(
    db: Session, who: Who, library: Library, settings: Settings, footprint_id: UUID, asked: OfferAsk
) -> tuple[PactFootprint, int]:
    """
    Publish a kept footprint to the exchange; what its earlier versions were offered as becomes Deprecated.

    Returns the row, and how many partners are told; offered alike before, nothing changes.

    Raises
    ------
    YuetanError
        Something that PACT 3.0 asks for is not known, or the parts do not add up.
    """
    row = row_of(db, who, footprint_id)
    before = _preceding(db, who, row)
    document = offered(worked_out(row), asked, library.measures, tuple(str(one.pf_id) for one in before))
    published, is_new = _publish(db, who, document, before)
    if not is_new:
        return published, 0
    told = partners.tell_published(db, who, settings, [published, *book.superseded(db, who, [published])])
    db.add(
        FootprintOffer(
            footprint_id=row.id, pf_id=published.pf_id, organisation_id=who.organisation_id, person_id=who.person_id
        )
    )
    db.flush()
    write_down(db, who, "footprint.offered", row.id, pf_id=str(published.pf_id), sha256=published.sha256)
    return published, told


def offer_given(
    db: Session, who: Who, library: Library, settings: Settings, given: WorkedOut, asked: OfferAsk
) -> tuple[PactFootprint, int]:
    """Publish a footprint that was worked out elsewhere; the same once more changes nothing."""
    named = visible(PactTerm, who).where(
        PactTerm.criterion == "productId", PactTerm.value == asked.product_ids[0].casefold()
    )
    ids = [one.footprint_id for one in db.scalars(named.limit(_MOST_ALIKE))]
    standing = visible(PactFootprint, who).where(PactFootprint.id.in_(ids), PactFootprint.status == "Active")
    published, is_new = _publish(db, who, offered(given, asked, library.measures), db.scalars(standing).all())
    if not is_new:
        return published, 0
    told = partners.tell_published(db, who, settings, [published])
    write_down(db, who, "footprint.offered", published.pf_id, sha256=published.sha256)
    return published, told


def _publish(
    db: Session, who: Who, document: Mapping[str, Any], before: Sequence[PactFootprint]
) -> tuple[PactFootprint, bool]:
    filled = book.filled(document)
    same = next((one for one in before if _alike(one.document, filled)), None)
    return (same, False) if same is not None else book.publish(db, who, book.read_document(filled))


def _alike(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Return whether two documents say the same, whatever their ids and moments."""
    return fingerprint({**one, **dict.fromkeys(_OWN)}) == fingerprint({**other, **dict.fromkeys(_OWN)})


def _preceding(db: Session, who: Who, row: KeptFootprint) -> list[PactFootprint]:
    """Return those under which this footprint, or the versions before it, are offered and still stand."""
    ids: list[UUID] = []
    at: KeptFootprint | None = row
    while at is not None:
        ids.append(at.id)
        at = row_of(db, who, at.follows_id) if at.follows_id else None
    offers = db.scalars(visible(FootprintOffer, who).where(FootprintOffer.footprint_id.in_(ids))).all()
    standing = visible(PactFootprint, who).where(
        PactFootprint.pf_id.in_([one.pf_id for one in offers]), PactFootprint.status == "Active"
    )
    return list(db.scalars(standing.order_by(PactFootprint.kept, PactFootprint.id)))


def state_of(row: PactFootprint, moment: dt.datetime) -> SupplierState:
    """Return whether a footprint of somebody else holds at a moment."""
    if row.status == "Deprecated":
        return "deprecated"
    return "not_yet" if moment < row.valid_from else "expired" if moment > row.valid_until else "valid"
