"""Take a record as it is now, to be shared: what was shared stays what it was."""

from __future__ import annotations

import datetime as dt

from sqlalchemy.orm import Session, undefer

from models.provenance import fingerprint
from service import store
from service.auth import Who, visible
from service.dossier.read import dossier_read
from service.dossier.use import made_of
from service.feeds.use import fetched_fx
from service.library import Library
from service.pact.tables import OWN, PactFootprint
from service.prices.use import own_market
from service.refusals import NotFound
from service.score.tables import ScoreRecord
from service.share.refusals import NotWhole
from service.share.tables import ExportReview, Share
from service.share.use import Frozen, ShareAsk, offer
from service.statement.seal import opened as envelope_of
from service.statement.use import one_of


def share(
    db: Session, who: Who, library: Library, ask: ShareAsk, today: dt.date
) -> tuple[Share, list[str], ExportReview | None]:
    """Share a record as it is now; see ``service.share.use.offer``."""
    return offer(db, who, ask, frozen(db, who, library, ask, today))


def frozen(db: Session, who: Who, library: Library, ask: ShareAsk, today: dt.date) -> Frozen:
    """Return a record as it is now; ``NotWhole`` where none or two are named, ``NotFound`` where there is none to see."""
    if (ask.subject is None) == (ask.dossier is None) or (ask.dossier is not None) != (ask.kind == "dossier"):
        raise NotWhole(field="subject")
    if ask.dossier is not None:
        made = made_of(ask.dossier, library, own_market(db, who, library), fetched_fx(db, library), today)
        values = dossier_read(made).model_dump(mode="json")
        key = fingerprint([values["method"], values["model"], ask.dossier.model_dump(mode="json"), values])
        return Frozen(key[:32], key, values)
    subject = ask.subject
    if subject is None:
        raise NotWhole(field="subject")
    if ask.kind == "statement":
        envelope = envelope_of(one_of(db, who, subject).content)[0]
        return Frozen(str(subject), envelope.sha256, envelope.document.model_dump(mode="json"))
    if ask.kind == "footprint":
        own = visible(PactFootprint, who).where(PactFootprint.holder == OWN, PactFootprint.pf_id == subject)
        row = db.scalar(own)
        if row is None:
            raise NotFound(field="subject")
        return Frozen(str(subject), row.sha256, row.document | {"status": row.status})
    if ask.kind == "score":
        kept = visible(ScoreRecord, who).where(ScoreRecord.id == subject, ScoreRecord.kind == "score")
        record = db.scalar(kept.options(undefer(ScoreRecord.body)))
        if record is not None:
            return Frozen(str(subject), record.hash, record.body["score"])
    document = store.document(db, who, subject)
    if ask.kind == "score":
        if not document["score"]:
            raise NotFound(field="subject")
        return Frozen(str(subject), document["score"]["key"], document["score"])
    return Frozen(str(subject), document["key"], document)
