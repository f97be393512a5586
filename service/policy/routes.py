"""Scoring policies over HTTP: the one in force, checked by line, compared over cases, kept as versions."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import Field

from finance.policy_change import Case
from models.inputs import Input
from service.audit.chain import walked
from service.audit.routes import ProofRead, proof_read
from service.errors import MISSING, PROBLEMS, there
from service.identity.permit import needs
from service.policy import use
from service.policy.read import (
    CheckRead,
    CompareRead,
    PolicyRead,
    VersionRead,
    compare_read,
    policy_read,
    version_read,
)
from service.policy.tables import PolicyVersion
from service.policy.use import CaseAsk
from service.provide import Caller, Law, Reading, Today, Transaction
from service.schemas import FindingRead
from service.strict import StrictRoute

router = APIRouter(prefix="/policy", tags=["scores"], route_class=StrictRoute, responses=PROBLEMS)
PolicyText = Annotated[str, Field(min_length=2, max_length=use.MOST_TEXT, description="The policy's JSON, as text")]


class PolicyAsk(Input):
    """The text of a policy."""

    text: PolicyText


class KeepAsk(PolicyAsk):
    """The text of a policy, and why it changes."""

    note: str = Field(min_length=1, max_length=500)


class CompareAsk(Input):
    """
    Two policies; without ``old`` the one in force.

    Without ``cases`` the scores kept last are the cases, at most 500.
    """

    new: PolicyText
    old: PolicyText | None = None
    cases: tuple[CaseAsk, ...] | None = Field(default=None, max_length=use.MOST_CASES)


@router.get("", summary="The policy in force", response_model=PolicyRead)
def shown(law: Law, who: Caller, db: Reading, today: Today) -> PolicyRead:
    """Return the policy that scores today: the organisation's own, else the one that ships, which is illustrative."""
    row = use.in_force(db, who, today)
    return policy_read(use.card_of(db, who, law, today), row.text if row else use.default_text(law))


@router.get("/versions", summary="Versions that were kept", response_model=list[VersionRead])
def listed(who: Caller, db: Reading) -> list[VersionRead]:
    """List versions, newest first."""
    return [version_read(row) for row in use.versions(db, who)]


@router.get("/versions/proof", summary="Whether a version was changed", response_model=ProofRead)
def proof(who: Caller, db: Reading) -> ProofRead:
    """Recompute the chain of versions from its first row."""
    return proof_read(walked(db, who, PolicyVersion))


@router.get("/versions/{version_id}", summary="One version", response_model=PolicyRead, responses=MISSING)
def version(version_id: UUID, who: Caller, db: Reading) -> PolicyRead:
    """Return a version with its text."""
    row = use.one(db, who, version_id)
    return policy_read(use.accepted(row.text), row.text)


@router.post("/check", summary="Check a policy", response_model=CheckRead)
def check(asked: PolicyAsk) -> CheckRead:
    """Check a policy: monotone, complete in both languages, not ambiguous; every refusal with field and line."""
    card, findings = use.checked(asked.text)
    return CheckRead(
        accepted=card is not None,
        policy_hash=card.policy_hash if card else None,
        findings=[FindingRead.model_validate(one.to_dict()) for one in findings],
    )


@router.post("/compare", summary="What another policy would do", response_model=CompareRead)
def compare(asked: CompareAsk, law: Law, who: Caller, db: Reading, today: Today) -> CompareRead:
    """Score cases under two policies: old grade to new grade. Nothing is kept."""
    old = use.accepted(asked.old) if asked.old else use.card_of(db, who, law, today)
    cases = (
        use.stored_cases(db, who)
        if asked.cases is None
        else [Case(one.id, one.indicators, one.gates) for one in asked.cases]
    )
    return compare_read(use.over_cases(old, use.accepted(asked.new), cases))


@router.post(
    "", status_code=201, summary="Keep a policy", response_model=VersionRead, openapi_extra=needs("manage"),
    responses=there(VersionRead),
)  # fmt: skip
def keep(asked: KeepAsk, response: Response, who: Caller, db: Transaction) -> VersionRead:
    """Keep a policy as a version: it scores from its first day on, and old scores keep the version they had."""
    row, new = use.keep(db, who, asked.text, asked.note)
    if not new:
        response.status_code = 200
    return version_read(row)
