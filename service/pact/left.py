"""Write down which footprints leave to a partner."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from service.auth import Who
from service.columns import dumps
from service.pact.book import shown
from service.pact.tables import PactErrand, PactFootprint, PactPartner
from service.release.use import Recipient, released
from service.share.fields import by_class


def left(db: Session, who: Who, to: PactPartner, way: str, rows: Sequence[PactFootprint], data: bytes) -> None:
    """Write down that a partner takes footprints, in ``data`` as it leaves; a list of none lets nothing go."""
    if rows:
        _written(db, who, to, way, [shown(row) for row in rows], data, {})


def sent(db: Session, who: Who, to: PactPartner, errand: PactErrand) -> None:
    """Write down that an event is sent to a partner, before it is: an attempt without answer may have arrived."""
    event = errand.document
    said = event["data"]
    documents = said.get("pfs", ())
    rest = {"commercial": sorted(name for name in said if name != "pfs")}
    basis = {"event": event["id"], "type": event["type"], "attempt": errand.attempts + 1}
    _written(db, who, to, "pact.event", documents, dumps(event).encode(), basis, rest)


def _written(
    db: Session, who: Who, to: PactPartner, way: str, documents: Sequence[Mapping[str, Any]], data: bytes,
    basis: Mapping[str, Any], rest: Mapping[str, Sequence[str]] | None = None,
) -> None:  # fmt: skip
    fields: dict[str, set[str]] = {name: set(values) for name, values in (rest or {}).items()}
    for document in documents:
        for name, values in by_class("footprint", document).items():
            fields.setdefault(name, set()).update(values)
    ids = [str(document.get("id")) for document in documents]
    subject = ids[0] if len(ids) == 1 else f"{len(ids)} footprints"
    whole = {"partner": str(to.id), "footprints": ids, **basis}
    # The register of partners names no country, and none is guessed.
    released(db, who, way, subject, data, Recipient(to.name), {k: sorted(v) for k, v in fields.items()}, whole)
