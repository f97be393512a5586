"""Footprints kept as versions, opened again, verified, and held against each other year by year."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from pydantic import Field
from sqlalchemy import tuple_
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, undefer

from models.bill import EarlierYear
from models.errors import YuetanError
from models.factor_records import NOTHING_HANDED_IN, FactorMap, HandedIn, Submission
from models.footprint import METHOD
from models.inputs import Input
from models.provenance import fingerprint
from models.register_answers import StatementQuality, statement_quality
from models.registers import Accreditation
from models.trend import Trend, trend
from service.audit.use import record as write_down
from service.auth import Who, visible
from service.footprint.kept_form import kept_form
from service.footprint.refusals import Follows, Moved, NothingToFollow
from service.footprint.tables import FootprintOffer, FootprintVerification, KeptFootprint
from service.footprint.use import FootprintAsk, Made, of_product
from service.library import Library
from service.refusals import NotFound
from service.registers.use import records


class KeepAsk(FootprintAsk):
    """A bill of which a product is kept; ``follows`` names the version that this one takes the place of, with why."""

    product: str = Field(min_length=1, max_length=100)
    follows: str | None = Field(default=None, pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
    reason: str = Field(default="", max_length=2000)


class VerificationAsk(Input):
    """Who verified a footprint, under which report, on which day."""

    verifier: str = Field(min_length=1, max_length=200)
    report: str = Field(min_length=1, max_length=200)
    verified_on: dt.date = Field(ge=dt.date(2015, 1, 1), le=dt.date(2060, 12, 31))


@dataclass(frozen=True, slots=True)
class Verification:
    """A verification as it was stated, and what the register says of its verifier on its day."""

    row: FootprintVerification
    quality: StatementQuality

    @property
    def holds(self) -> bool:
        """Whether its verifier was accredited on the day."""
        return self.quality.accredited.word == "yes"


@dataclass(frozen=True, slots=True)
class Kept:
    """A version as it is kept; ``followed_by`` is the version that took its place."""

    row: KeptFootprint
    followed_by: UUID | None
    verifications: tuple[Verification, ...]
    offers: tuple[UUID, ...]

    @property
    def verified(self) -> bool:
        """Whether somebody accredited on the day has verified it."""
        return any(one.holds for one in self.verifications)


def keep(
    db: Session, who: Who, library: Library, asked: KeepAsk, today: dt.date, factors: HandedIn = NOTHING_HANDED_IN
) -> tuple[KeptFootprint, bool]:
    """
    Keep a product of a bill as a version; the same bill and factors again change nothing.

    Raises
    ------
    YuetanError
        The product cannot be worked out.
    Follows, NothingToFollow
        There is a version that the new one has to name with a reason, or none that it could.
    """
    on = asked.on or today
    ask = FootprintAsk(bill=asked.bill, submissions=asked.submissions, on=on)
    found = of_product(ask, asked.product, library, today, factors)
    content = fingerprint([ask.bill.model_dump(mode="json"), asked.product, METHOD, found.site.proof()])
    head = _head(db, who, asked.product, asked.bill.profile, asked.bill.year)
    if head is not None and head.content == content:
        return head, False
    if head is None and asked.follows is not None:
        raise NothingToFollow(field="follows")
    if head is not None and (asked.follows != str(head.id) or not asked.reason.strip()):
        field = "reason" if asked.follows == str(head.id) else "follows"
        raise Follows(field=field, product=asked.product, year=head.year, version=head.version, id=str(head.id))
    row = KeptFootprint(
        id=uuid4(),
        organisation_id=who.organisation_id,
        person_id=who.person_id,
        product=asked.product,
        profile=asked.bill.profile,
        year=asked.bill.year,
        version=head.version + 1 if head else 1,
        follows_id=head.id if head else None,
        reason=asked.reason.strip(),
        content=content,
        key=found.site.provenance.key,
        method=METHOD,
        worked_out_on=on,
        result=kept_form(found, asked.product),
        asked={
            "ask": ask.model_dump(mode="json"),
            "kept": [one.model_dump(mode="json") for one in _used(found, factors)],
            "maps": [one.model_dump(mode="json") for one in factors.maps],
        },
    )
    try:
        with db.begin_nested():
            db.add(row)
    except IntegrityError:  # somebody else's version came first
        there = _head(db, who, asked.product, asked.bill.profile, asked.bill.year)
        if there is None or there.content == content:
            raise NotFound from None
        raise Follows(
            field="follows", product=asked.product, year=there.year, version=there.version, id=str(there.id)
        ) from None
    write_down(db, who, "footprint.kept", row.id, key=row.key, version=row.version)
    return row, True


def _used(found: Made, factors: HandedIn) -> list[Submission]:
    """Return the factors of the organisation that lines took, or that were compared with."""
    named = {line.taken for line in found.site.lines}
    pairs = {one for pair in factors.maps for one in (pair.national_id, pair.provincial_id)}
    keys = {line.activity.key for line in found.site.lines}
    return [one for one in factors.submissions if one.record.id in named | pairs or one.record.key in keys]


def _head(db: Session, who: Who, product: str, profile: str, year: int) -> KeptFootprint | None:
    query = visible(KeptFootprint, who).where(
        KeptFootprint.product == product, KeptFootprint.profile == profile, KeptFootprint.year == year
    )
    return db.scalar(query.order_by(KeptFootprint.version.desc()).limit(1))


def row_of(db: Session, who: Who, footprint_id: UUID) -> KeptFootprint:
    """Return a version; ``NotFound`` where there is none to see."""
    row = db.scalar(visible(KeptFootprint, who).where(KeptFootprint.id == footprint_id))
    if row is None:
        raise NotFound
    return row


def one(db: Session, who: Who, library: Library, footprint_id: UUID) -> Kept:
    """Return one version with who verified it."""
    return _kept(db, who, library, [row_of(db, who, footprint_id)])[0]


def every(db: Session, who: Who, library: Library, ids: Sequence[UUID]) -> list[Kept]:
    """Return versions in the order asked for; ``NotFound`` where one is not there."""
    return _kept(db, who, library, [row_of(db, who, one) for one in dict.fromkeys(ids)])


def listed(
    db: Session, who: Who, library: Library, limit: int, *, product: str | None = None, year: int | None = None,
    after: UUID | None = None,
) -> tuple[list[Kept], UUID | None]:  # fmt: skip
    """Return versions, the newest first, and the id after which the next ones come."""
    query = visible(KeptFootprint, who)
    if product is not None:
        query = query.where(KeptFootprint.product == product)
    if year is not None:
        query = query.where(KeptFootprint.year == year)
    if after is not None:
        last = row_of(db, who, after)
        query = query.where(tuple_(KeptFootprint.created, KeptFootprint.id) < tuple_(last.created, last.id))
    rows = db.scalars(query.order_by(KeptFootprint.created.desc(), KeptFootprint.id.desc()).limit(limit + 1)).all()
    return _kept(db, who, library, rows[:limit]), rows[limit - 1].id if len(rows) > limit else None


def trends(db: Session, who: Who) -> list[tuple[KeptFootprint, Trend]]:
    """
    Return each product's years from the versions that stand, under the latest of them.

    A year by another method, or for another declared unit, is shown and not compared.
    """
    followed = visible(KeptFootprint, who).where(KeptFootprint.follows_id.is_not(None))
    gone = set(db.scalars(followed.with_only_columns(KeptFootprint.follows_id)))
    rows = db.scalars(visible(KeptFootprint, who).order_by(KeptFootprint.product, KeptFootprint.year, KeptFootprint.id))
    by: dict[str, list[KeptFootprint]] = {}
    for row in rows:
        if row.id not in gone:
            by.setdefault(row.product, []).append(row)
    found = []
    for of in by.values():
        last = max(of, key=lambda row: (row.year, row.created))
        earlier = [
            EarlierYear(
                product=row.product, year=row.year, kgco2e_per_declared_unit=row.result["product"]["kgco2e"], profile=_made_by(row)
            )
            for row in of
            if row.id != last.id and row.result["product"]["kgco2e"] > 0.0
        ]  # fmt: skip
        made = trend(earlier, last.year, last.result["product"]["kgco2e"], _made_by(last))
        if made is not None:
            found.append((last, made))
    return found


def _made_by(row: KeptFootprint) -> str:
    of = row.result["product"]
    return f"{row.profile or '-'} · {of['declared_amount']:g} {of['declared_unit']}"[:60]


def made_again(db: Session, who: Who, library: Library, footprint_id: UUID) -> tuple[KeptFootprint, Made]:
    """
    Work a version out again from what was kept with it, for its report.

    Raises
    ------
    Moved
        The data of today give another result.
    """
    row, found = _again(db, who, library, footprint_id)
    if found.site.provenance.key != row.key:
        raise Moved
    return row, found


def worked_out_again(
    db: Session, who: Who, library: Library, footprint_id: UUID
) -> tuple[KeptFootprint, dict[str, Any], dict[str, Any] | YuetanError]:
    """Return a version, what was kept, and the same worked out with the data of today, or why it cannot be."""
    try:
        row, found = _again(db, who, library, footprint_id)
    except NotFound:
        raise
    except YuetanError as refusal:
        row = row_of(db, who, footprint_id)
        return row, row.result, refusal
    return row, row.result, kept_form(found, row.product)


def _again(db: Session, who: Who, library: Library, footprint_id: UUID) -> tuple[KeptFootprint, Made]:
    query = visible(KeptFootprint, who).where(KeptFootprint.id == footprint_id)
    row = db.scalar(query.options(undefer(KeptFootprint.asked)))
    if row is None:
        raise NotFound
    ask = FootprintAsk.model_validate_json(json.dumps(row.asked["ask"]), strict=True)
    factors = HandedIn(
        tuple(Submission.model_validate_json(json.dumps(one), strict=True) for one in row.asked["kept"]),
        tuple(FactorMap.model_validate(one) for one in row.asked["maps"]),
    )
    return row, of_product(ask, row.product, library, row.worked_out_on, factors)


def verify(db: Session, who: Who, footprint_id: UUID, given: VerificationAsk) -> tuple[FootprintVerification, bool]:
    """Keep who verified a version; the same report again changes nothing."""
    row = row_of(db, who, footprint_id)
    same = visible(FootprintVerification, who).where(
        FootprintVerification.footprint_id == row.id,
        FootprintVerification.verifier == given.verifier,
        FootprintVerification.report == given.report,
    )
    there = db.scalar(same)
    if there is not None:
        return there, False
    made = FootprintVerification(
        id=uuid4(), organisation_id=who.organisation_id, person_id=who.person_id, footprint_id=row.id,
        verifier=given.verifier, report=given.report, verified_on=given.verified_on,
    )  # fmt: skip
    db.add(made)
    db.flush()
    write_down(db, who, "footprint.verified", row.id, verifier=given.verifier, report=given.report)
    return made, True


def _kept(db: Session, who: Who, library: Library, rows: Iterable[KeptFootprint]) -> list[Kept]:
    found = list(rows)
    ids = [row.id for row in found]
    after = db.scalars(visible(KeptFootprint, who).where(KeptFootprint.follows_id.in_(ids))).all()
    followed = {row.follows_id: row.id for row in after}
    stated = db.scalars(
        visible(FootprintVerification, who)
        .where(FootprintVerification.footprint_id.in_(ids))
        .order_by(FootprintVerification.created, FootprintVerification.id)
    ).all()
    accreditations = records(db, who, "accreditations", Accreditation) if stated else []
    offers = db.scalars(visible(FootprintOffer, who).where(FootprintOffer.footprint_id.in_(ids))).all()
    policy = library.accreditation
    verified = [
        Verification(one, statement_quality(1.0, one.verifier, one.verified_on, accreditations, policy))
        for one in stated
    ]
    return [
        Kept(
            row,
            followed.get(row.id),
            tuple(one for one in verified if one.row.footprint_id == row.id),
            tuple(one.pf_id for one in offers if one.footprint_id == row.id),
        )
        for row in found
    ]
