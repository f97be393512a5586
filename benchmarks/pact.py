"""A list of 100,000 footprints, page by page: the last page against the first."""

from __future__ import annotations

import statistics
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

from sqlalchemy import insert

from benchmarks.harness import Report
from models.pact.filters import Criteria, criteria_of, terms
from models.pact.footprint import ProductFootprint
from models.pact.validity import validity
from service import migrate
from service.auth import EMBEDDED
from service.clock import now
from service.columns import pack
from service.pact import book
from service.pact.partners import Given, add
from service.pact.tables import OWN, PactFootprint, PactPartner, PactTerm
from service.parts import Parts
from service.settings import Settings

COUNT, PAGE, ROUNDS = 100_000, 100, 15
DOCUMENT = {
    "id": "f4b1225a-bd44-4c8e-861d-079e4e1dfd69", "specVersion": "3.0.3", "created": "2026-03-01T08:00:00Z", "status": "Active",
    "companyName": "示例", "companyIds": ["urn:x:1"], "productDescription": "x", "productNameCompany": "x", "productIds": ["urn:gtin:1"],
    "pcf": {
        "declaredUnitOfMeasurement": "kilogram", "declaredUnitAmount": "1000", "productMassPerDeclaredUnit": "1000",
        "referencePeriodStart": "2025-01-01T00:00:00Z", "referencePeriodEnd": "2026-01-01T00:00:00Z",
        "pcfExcludingBiogenicUptake": "8200.50", "pcfIncludingBiogenicUptake": "8200.50", "fossilGhgEmissions": "8200.50",
        "fossilCarbonContent": "0", "ipccCharacterizationFactors": ["AR6"], "crossSectoralStandards": ["ISO14067"],
        "exemptedEmissionsPercent": "0", "geographyCountrySubdivision": "CN-GD",
    },
}  # fmt: skip


def _filled(here: Parts) -> PactPartner:
    """Write the rows as ``book.publish`` would, many at a time; every second one is of one product."""
    footprints = [
        ProductFootprint.model_validate(DOCUMENT | {"productIds": [f"urn:gtin:{i % 2}", f"urn:own:{i}"]})
        for i in range(2)
    ]
    begun, nothing = now() - timedelta(days=1), pack([])
    with here.database.writing() as db:
        made = add(db, EMBEDDED, here.settings, Given("buyer", sees="all")).row
        for start in range(0, COUNT, 5000):
            rows, names = [], []
            for i in range(start, start + 5000):
                one = footprints[i % 2]
                valid, row_id, kept = validity(one), uuid4(), begun + timedelta(milliseconds=i)
                rows.append(
                    {
                        "id": row_id, "organisation_id": EMBEDDED.organisation_id, "pf_id": UUID(int=i), "holder": OWN, "form": "pact-3",
                        "status": "Active", "valid_from": valid.start, "valid_until": valid.end, "sha256": "0" * 64,
                        "document": pack(one.document()), "original": nothing, "findings": nothing, "kept": kept,
                    }
                )  # fmt: skip
                names += [
                    {
                        "organisation_id": EMBEDDED.organisation_id,
                        "footprint_id": row_id,
                        "criterion": c,
                        "value": v,
                        "kept": kept,
                    }
                    for c, v in terms(one)
                ]
            db.execute(insert(PactFootprint), rows)
            db.execute(insert(PactTerm), names)
    return made


def _walked(here: Parts, partner: PactPartner, criteria: Criteria) -> list[str | None]:
    """Return the cursor of each page, and check that the pages hold every row once."""
    cursors: list[str | None] = [None]
    seen = set[UUID]()
    with here.database.reading() as db:
        while True:
            page = book.page_for(db, EMBEDDED, partner, criteria, PAGE, cursors[-1])
            seen.update(row.pf_id for row in page.rows)
            db.expunge_all()
            if page.next is None:
                break
            cursors.append(page.next)
    assert len(seen) == COUNT // (2 if criteria.productId else 1), "a page is missing"
    return cursors


def _timed(here: Parts, partner: PactPartner, criteria: Criteria, cursor: str | None) -> float:
    with here.database.reading() as db:
        start = time.perf_counter()
        rows = book.page_for(db, EMBEDDED, partner, criteria, PAGE, cursor).rows
        assert len([book.shown(row) for row in rows]) == PAGE
        return time.perf_counter() - start


def run() -> list[Report]:
    """Return the time of first, middle and last page of the whole list and of a filtered one, as ratios to the first."""
    reports = []
    with tempfile.TemporaryDirectory() as folder:
        here = Parts.of(Settings(data_dir=Path(folder), worker="none"))
        migrate.upgrade(here.database)
        partner = _filled(here)
        for name, asked in (("all", {}), ("one product", {"productId": ["urn:gtin:1"]})):
            criteria = criteria_of(asked)
            cursors = _walked(here, partner, criteria)
            places = {"first": cursors[0], "middle": cursors[len(cursors) // 2], "last": cursors[-1]}
            taken: dict[str, list[float]] = {place: [] for place in places}
            for turn in range(ROUNDS):
                order = list(places)
                for place in order[turn % 3 :] + order[: turn % 3]:
                    taken[place].append(_timed(here, partner, criteria, places[place]))
            ratio = {
                p: statistics.median(a / b for a, b in zip(t, taken["first"], strict=True)) for p, t in taken.items()
            }
            reports.append(
                Report(
                    name=f"PACT list of {COUNT:,} footprints, {name}, a page of {PAGE}",
                    reference="first",
                    ns_per_unit={place: statistics.median(t) * 1e9 / PAGE for place, t in taken.items()},
                    ratio=ratio,
                    rounds=ROUNDS,
                    goal="last page as fast as the first",
                    extra={"first_page_ms": statistics.median(taken["first"]) * 1e3, "pages": float(len(cursors))},
                )
            )
        here.close()
    return reports
