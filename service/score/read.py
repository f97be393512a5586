"""What the API says of kept scores and what was decided on them."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field, JsonValue

from service.score.tables import ScoreNotice, ScoreRecord
from service.score.use import Kept, Override, changes, rules


class RecordBrief(BaseModel):
    """A kept score in a list."""

    id: UUID
    number: int = Field(description="Place in the chain")
    at: dt.datetime
    borrower: str
    score: float
    grade: str
    blocked: bool
    policy: str
    hash: str


class RecordPage(BaseModel):
    """Kept scores, newest first; `next` is the value of `before` for the next ones."""

    items: list[RecordBrief]
    next: int | None


class OverrideRead(BaseModel):
    """Another grade, who asked for it and who agreed; the grade of the score stays what it was."""

    id: UUID
    state: str = Field(description="asked, in_force, declined or expired")
    grade_from: str
    grade: str
    direction: str
    reason: str
    reason_zh: str
    reason_en: str
    note: str
    expires: dt.date
    asked_by: str
    answered_by: str | None
    answer_note: str | None


class ChangeRead(BaseModel):
    """What a line adds to the difference to the score before."""

    id: str
    zh: str
    en: str
    points: float


class PreviousRead(BaseModel):
    """The score of the same borrower before, and what moved."""

    id: UUID
    on: dt.date
    score: float
    grade: str
    changes: list[ChangeRead]


class RecordRead(RecordBrief):
    """
    A kept score.

    `body` is what the hash covers: the question, the score with its lines, gates
    and reasons, the band, the way to the next grade, and the stress where asked.
    """

    person: str
    before: str
    code: str = Field(description="Beginning of the hash, as printed")
    verify: str
    grade_in_force: str = Field(description="That of an override in force, else that of the score")
    overrides: list[OverrideRead]
    previous: PreviousRead | None
    body: dict[str, JsonValue]


class NoticeRead(BaseModel):
    """What anybody with a printed score may know; nothing of its content."""

    id: UUID
    issuer: str
    issued: dt.date
    policy: str
    hash: str


class MonthRead(BaseModel):
    """Scores kept and overrides agreed to in a month."""

    month: str
    scores: int
    up: int
    down: int


def brief_of(row: ScoreRecord) -> dict[str, Any]:
    """Return what a list says of a score."""
    made = row.body["score"]
    return {
        "id": row.id, "number": row.number, "at": row.at, "borrower": row.borrower, "score": made["total"],
        "grade": made["grade"]["id"], "blocked": made["blocked"],
        "policy": f"{made['policy']['id']} {made['policy']['version']}", "hash": row.hash,
    }  # fmt: skip


def record_read(kept: Kept, link: str) -> RecordRead:
    """Return a kept score as the API shows it."""
    row, override, old = kept.row, kept.override, kept.previous
    brief = brief_of(row)
    return RecordRead(
        **brief,
        person=kept.person,
        before=row.before,
        code=row.hash[:16],
        verify=link,
        grade_in_force=override.row.body["grade"] if override else brief["grade"],
        overrides=[override_read(one) for one in kept.overrides],
        previous=None
        if old is None
        else PreviousRead(
            id=old.id,
            on=old.body["on"],
            score=old.body["score"]["total"],
            grade=old.body["score"]["grade"]["id"],
            changes=[ChangeRead(**one) for one in changes(row.body, old.body)],
        ),
        body=row.body,
    )


def override_read(one: Override) -> OverrideRead:
    """Return an override as the API shows it."""
    said = one.row.body
    reason = rules().reasons[said["reason"]]
    return OverrideRead(
        id=one.row.id,
        state=one.state,
        grade_from=said["from"],
        grade=said["grade"],
        direction=said["direction"],
        reason=said["reason"],
        reason_zh=reason.zh,
        reason_en=reason.en,
        note=said["note"],
        expires=said["expires"],
        asked_by=one.asked_by,
        answered_by=one.answered_by,
        answer_note=one.answer.body["note"] if one.answer else None,
    )


def notice_read(found: ScoreNotice) -> NoticeRead:
    """Return what is public of a score."""
    return NoticeRead(id=found.id, issuer=found.issuer, issued=found.issued, policy=found.policy, hash=found.hash)
