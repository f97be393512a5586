"""Which policy scores on a day, what another one would do to stored cases, and the versions that were kept."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from uuid import UUID, uuid4

from pydantic import Field
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, undefer

from finance.policy import Scorecard, check_scorecard
from finance.policy_change import Case, PolicyChange, compared
from finance.submission import IndicatorValue
from models.errors import Text, YuetanError
from models.findings import Finding
from models.inputs import Input
from service.audit.chain import append
from service.audit.use import record
from service.auth import Who, visible
from service.library import CARD, Library
from service.policy.tables import PolicyVersion
from service.refusals import NotFound
from service.score.use import KeepAsk, scores

MOST_TEXT = 400_000
MOST_CASES = 500


class PolicyRefused(YuetanError):
    code = "policy.refused"
    message = Text(
        "评分政策不能使用：{count} 处问题，首先是第 {line} 行 {what_zh}",
        "The policy cannot be used: {count} problems, the first at line {line}: {what_en}",
    )
    hint = Text("请按逐行问题更正；“检查”列出全部。", "Correct it line by line; 'check' lists all of them.")


class SameVersion(YuetanError):
    code = "policy.same_version"
    message = Text(
        "{policy} 的版本 {version} 已有，内容不同。", "Version {version} of {policy} is there with other content."
    )
    hint = Text("请换一个版本号：旧评分保留原来的版本。", "Give another version: old scores keep the one they had.")


class NoCases(YuetanError):
    code = "policy.no_cases"
    message = Text("没有保存的评分可供比较。", "There are no kept scores to compare over.")
    hint = Text("请先保存评分，或在 cases 中给出案例。", "Keep scores first, or give cases.")


class CaseAsk(Input):
    """A case: indicators and gates as they were handed in."""

    id: str = Field(min_length=1, max_length=100)
    indicators: dict[str, IndicatorValue] = Field(max_length=100)
    gates: dict[str, bool] = Field(default_factory=dict, max_length=100)


def checked(text: str) -> tuple[Scorecard | None, tuple[Finding, ...]]:
    """Check the text of a policy; every refusal with its line."""
    return check_scorecard(text, "policy.json")


def accepted(text: str) -> Scorecard:
    """
    Return the policy that a text is.

    Raises
    ------
    PolicyRefused
        It breaks a rule.
    """
    card, findings = checked(text)
    if card is None:
        first = findings[0]
        raise PolicyRefused(
            field=first.field, count=len(findings), line=first.row or "-", what_zh=first.text.zh, what_en=first.text.en
        )
    return card


def default_text(library: Library) -> str:
    """Return the text of the policy that ships."""
    return (library.data / CARD).read_text("utf-8")


def versions(db: Session, who: Who) -> list[PolicyVersion]:
    """Return the versions that were kept, newest first, with their texts."""
    query = visible(PolicyVersion, who).options(undefer(PolicyVersion.text))
    return list(db.scalars(query.order_by(PolicyVersion.number.desc()).limit(500)).all())


def one(db: Session, who: Who, version: UUID) -> PolicyVersion:
    """Return a version that was kept."""
    row = db.scalar(visible(PolicyVersion, who).where(PolicyVersion.id == version).options(undefer(PolicyVersion.text)))
    if row is None:
        raise NotFound
    return row


def in_force(db: Session, who: Who, today: dt.date) -> PolicyVersion | None:
    """Return the version that scores on a day: the one kept last of those that have begun; none is the one that ships."""
    return db.scalar(
        visible(PolicyVersion, who)
        .where(PolicyVersion.effective_from <= today)
        .options(undefer(PolicyVersion.text))
        .order_by(PolicyVersion.number.desc())
        .limit(1)
    )


def card_of(db: Session, who: Who, library: Library, today: dt.date) -> Scorecard:
    """Return the policy that scores on a day."""
    row = in_force(db, who, today)
    return library.card if row is None else accepted(row.text)


def keep(db: Session, who: Who, text: str, note: str) -> tuple[PolicyVersion, bool]:
    """
    Keep a policy as a version; it scores from its first day on. The same content again is the same version.

    Raises
    ------
    PolicyRefused
        It breaks a rule.
    SameVersion
        The version is there with other content.
    """
    card = accepted(text)
    row = PolicyVersion(
        id=uuid4(),
        policy_id=card.policy_id[:100],
        version=card.version[:40],
        effective_from=card.effective_from,
        policy_hash=card.policy_hash,
        note=note,
        text=text,
    )
    same = visible(PolicyVersion, who).where(
        PolicyVersion.policy_id == row.policy_id, PolicyVersion.version == row.version
    )
    found = db.scalar(same.options(undefer(PolicyVersion.text)))
    if found is None:
        try:
            with db.begin_nested():
                append(db, who, row)
        except IntegrityError:
            found = db.scalars(same.options(undefer(PolicyVersion.text))).one()
    if found is not None:
        if found.policy_hash != card.policy_hash:
            raise SameVersion(field="text", policy=card.policy_id, version=card.version)
        return found, False
    record(db, who, "policy.kept", row.id, hash=row.policy_hash, version=row.version)
    return row, True


def stored_cases(db: Session, who: Who) -> list[Case]:
    """Return the scores that were kept last, as they were asked."""
    made = []
    for row in scores(db, who, None, MOST_CASES):
        asked = KeepAsk.model_validate(row.body["asked"], strict=False)
        made.append(Case(f"{row.borrower} #{row.number}", asked.values, asked.gates))
    return made


def over_cases(old: Scorecard, new: Scorecard, cases: Sequence[Case]) -> PolicyChange:
    """
    Return what ``new`` makes of cases.

    Raises
    ------
    NoCases
        There are none.
    """
    if not cases:
        raise NoCases
    return compared(old, new, cases)
