"""What allowances can carry and when more is called for; which label a loan may be proposed for and what its margin is."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from pydantic import Field, model_validator
from sqlalchemy.orm import Session

from finance.collateral import Collateral, Pledge, PledgePolicy, Watch, series_price, watched
from finance.indicator import broken
from finance.margin import Kpi, Margin, Routing, interest_effect, margin, routed
from finance.policy import Scorecard
from finance.scorecard import score
from models.errors import Text, YuetanError
from models.inputs import Input, NonNegative
from service.auth import Who
from service.library import Library
from service.policy.use import accepted, card_of, versions
from service.prices.use import own_market
from service.score.use import KeepAsk, Kept
from service.score.use import one as kept_score

#: Rows of quotes that one question watches: ten years of weeks.
MOST_DAYS = 3_700


class UnknownGrade(YuetanError):
    code = "finance.unknown_grade"
    message = Text("政策没有这个等级，可用：{known}。", "The policy has no such grade; it has {known}.")
    hint = Text("请填写评分政策中的等级，或给出一条评分记录。", "Give a grade of the policy, or a kept score.")


class CollateralAsk(Input):
    """
    Allowances pledged on a day; with ``since``, the pledge after every row of quotes from then on.

    Every parameter of ``policy`` is the bank's own.
    """

    instrument: Literal["GDEA", "CEA", "SZA"] = "GDEA"
    on: dt.date = Field(ge=dt.date(2013, 1, 1), le=dt.date(2060, 12, 31))
    since: dt.date | None = Field(default=None, ge=dt.date(2013, 1, 1), le=dt.date(2060, 12, 31))
    pledge: Pledge
    policy: PledgePolicy

    @model_validator(mode="after")
    def _in_order(self) -> CollateralAsk:
        if self.since is not None and not 0 <= (self.on - self.since).days <= MOST_DAYS:
            raise broken("起始日须在估值日之前，且不超过十年", "since must lie before the day, and within ten years")
        return self


class TermsAsk(Input):
    """
    A loan's grade, base margin and KPIs on a day.

    The grade is typed in, or that of a kept ``record`` with an override in
    force; only a record has the evidence that a label needs.
    """

    on: dt.date = Field(ge=dt.date(2013, 1, 1), le=dt.date(2060, 12, 31))
    grade: str | None = Field(default=None, min_length=1, max_length=20)
    record: UUID | None = None
    base_bp: float = Field(ge=-1_000, le=10_000)
    principal_cny: NonNegative
    days: float = Field(gt=0, le=366)
    transition_entity: bool | None = None
    kpis: tuple[Kpi, ...] = Field(default=(), max_length=20)

    @model_validator(mode="after")
    def _one_grade(self) -> TermsAsk:
        if (self.grade is None) == (self.record is None):
            raise broken("等级与评分记录须给出且只给一个", "give either a grade or a kept score")
        if len({kpi.id for kpi in self.kpis}) != len(self.kpis):
            raise broken("KPI 编号重复", "the ids of the KPIs are not unique")
        return self


@dataclass(frozen=True, slots=True)
class Pledged:
    """A pledge on a day and, where asked, from day to day."""

    asked: CollateralAsk
    value: Collateral
    watch: Watch | None
    sources: str


@dataclass(frozen=True, slots=True)
class Terms:
    """Margin, what it does to the interest, and the label; no label without a kept score."""

    asked: TermsAsk
    margin: Margin
    effect_cny: float
    routing: Routing | None
    policy_hash: str
    kept: Kept | None


def pledged(db: Session, who: Who, asked: CollateralAsk, library: Library) -> Pledged:
    """
    Value a pledge at the quotes as ``who`` has them.

    Raises
    ------
    TooFewSessions, TooOldPrice
        No price can be formed on the day.
    """
    series = own_market(db, who, library).of(asked.instrument)
    value = Collateral(asked.pledge, series_price(series, asked.on, asked.policy), asked.policy)
    watch = None if asked.since is None else watched(asked.pledge, series, asked.policy, asked.since, asked.on)
    return Pledged(asked, value, watch, series.sources())


def terms(db: Session, who: Who, asked: TermsAsk, library: Library, today: dt.date) -> Terms:
    """
    Return margin and label of a loan.

    Raises
    ------
    NotFound, UnknownGrade
        No such record or grade.
    """
    kept, routing = None, None
    card = card_of(db, who, library, today)
    grade = asked.grade or ""
    if asked.record is not None:
        kept = kept_score(db, who, asked.record, asked.on)
        body = kept.row.body
        grade = kept.override.row.body["grade"] if kept.override else body["score"]["grade"]["id"]
        own = _card_of(db, who, library, body["score"]["policy"]["hash"])
        if own is not None:
            card, said = own, KeepAsk.model_validate(body["asked"], strict=False)
            made = score(card, said.values, said.gates)
            routing = routed(made, transition_entity=asked.transition_entity, has_kpi=bool(asked.kpis))
    if grade not in card.pricing.grade_adjustment_bp:
        raise UnknownGrade(field="grade", known=", ".join(card.pricing.grade_adjustment_bp))
    found = margin(asked.base_bp, grade, asked.kpis, card.pricing, asked.on)
    effect = interest_effect(asked.principal_cny, found.adjustment_bp, asked.days, card.pricing)
    return Terms(asked, found, effect, routing, card.policy_hash, kept)


def _card_of(db: Session, who: Who, library: Library, policy_hash: str) -> Scorecard | None:
    """Return the policy that a record was scored by; none where it is no longer there."""
    if library.card.policy_hash == policy_hash:
        return library.card
    row = next((one for one in versions(db, who) if one.policy_hash == policy_hash), None)
    return None if row is None else accepted(row.text)
