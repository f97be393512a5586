"""Scores kept in a chain, and grades that two people set instead; what was kept is shown as it was, whatever the policy says now."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Literal
from uuid import UUID, uuid4

from pydantic import Field
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, undefer

from finance.assessment import Options
from finance.band import DRAWS, Band, band
from finance.band import METHOD as BAND
from finance.indicator import PartialValue
from finance.policy import Scorecard
from finance.score import Score
from finance.scorecard import score, sift
from finance.story import known, up_and_down, way_up
from finance.submission import IndicatorValue
from models.errors import Text, YuetanError
from models.files import DATA, read_yaml
from models.inputs import Input
from models.provenance import fingerprint
from service.assessment.use import assess_read
from service.audit.chain import Proof, append, walked
from service.audit.use import record
from service.auth import Who, visible
from service.columns import dumps
from service.feeds.use import fetched_fx
from service.finance.use import BookAsk, Financing, stressed_borrower
from service.library import Library
from service.prices.use import every_series, own_market
from service.refusals import NotFound
from service.release.use import published
from service.score.tables import ScoreNotice, ScoreRecord
from service.tables import Organisation, Person
from service.workbook.read import ReadResult

FORMAT = "yuetan-score/1"


class SecondPerson(YuetanError):
    code = "score.second_person"
    message = Text(
        "人工调整须由另一人同意：您就是提出的人。",
        "An override needs a second person: you are the one who asked for it.",
    )
    hint = Text(
        "请由本机构的另一位有保存权限的人员处理；免登录的单机版只有一个人，不能完成人工调整。",
        "Let another person of your organisation do it; an installation without sign-in knows one person only.",
    )


class NotOneGrade(YuetanError):
    code = "score.not_one_grade"
    message = Text("只能从 {grade} 级调整到：{allowed}。", "From grade {grade} only these can be set: {allowed}.")
    hint = Text(
        "最多相差一级；更大的差异请修改政策或补充数据后重新评分。",
        "One grade at most; else change policy or data and score anew.",
    )


class NotOverridable(YuetanError):
    code = "score.not_overridable"
    message = Text("这份评分不能这样调整：{why_zh}。", "This score cannot be changed so: {why_en}.")
    hint = Text("请先处理触发的关口，再重新评分。", "Deal with the gate first, then score anew.")


class BadExpiry(YuetanError):
    code = "score.bad_expiry"
    message = Text("到期日须在 {first} 至 {last} 之间。", "The day of expiry must lie from {first} to {last}.")
    hint = Text("人工调整必须有期限。", "An override must expire.")


class UnknownReason(YuetanError):
    code = "score.unknown_reason"
    message = Text("理由须从列表中选择：{known}。", "The reason must be one of the list: {known}.")
    hint = Text("列表在 data/finance/overrides.yaml。", "The list is data/finance/overrides.yaml.")


class Decided(YuetanError):
    code = "score.decided"
    message = Text("这项人工调整已有决定，或已过期。", "This override was decided before, or has expired.")
    hint = Text("需要时请重新提出。", "Ask for a new one where needed.")


class Borrower(Input):
    """Whom the score is of."""

    name: str = Field(min_length=1, max_length=200)
    uscc: str | None = Field(default=None, pattern=r"^[0-9A-HJ-NPQRTUWXY]{18}$")
    sector: str = Field(default="", max_length=100)
    city: str = Field(default="", max_length=100)


class ScoreAsk(Input):
    """Indicators by id and answers to the gates."""

    indicators: dict[str, IndicatorValue] = Field(max_length=100)
    gates: dict[str, bool] = Field(default_factory=dict, max_length=100)


class KeepAsk(ScoreAsk):
    """
    A score to be kept.

    ``consent`` names the borrower's consent to the use of its data; ``stress``
    is the same borrower under carbon prices, kept beside the score and never
    mixed with it.
    """

    borrower: Borrower
    purpose: str = Field(default="", max_length=300)
    consent: str = Field(default="", max_length=300)
    #: Share of the borrower's products, or the like, that an indicator speaks for; all of it where absent.
    covers: dict[str, Annotated[float, Field(ge=0, le=1)]] = Field(default_factory=dict, max_length=100)
    seed: int = Field(ge=0, le=2**32 - 1)
    draws: int = Field(default=DRAWS, ge=100, le=20_000)
    stress: BookAsk | None = None

    @property
    def values(self) -> dict[str, IndicatorValue]:
        """The indicators as the score takes them."""
        return {
            key: PartialValue(**given.model_dump(), covers=self.covers[key]) if key in self.covers else given
            for key, given in self.indicators.items()
        }


class OverrideAsk(Input):
    """Another grade, why, and until when."""

    grade: str = Field(min_length=1, max_length=20)
    reason: str = Field(max_length=40)
    note: str = Field(min_length=1, max_length=500)
    expires: dt.date


@dataclass(frozen=True, slots=True)
class Rules:
    """What an override may do."""

    most_grades: int
    most_days: int
    reasons: Mapping[str, Text]


@cache
def rules() -> Rules:
    """Return the rules of overrides, read once."""
    found: Mapping[str, Any] = read_yaml(DATA / "finance" / "overrides.yaml")
    reasons = {key: Text(said["zh"], said["en"]) for key, said in found["reasons"].items()}
    return Rules(int(found["most_grades"]), int(found["most_days"]), reasons)


@dataclass(frozen=True, slots=True)
class Override:
    """One override: asked for by one person and, where ``state`` says so, agreed to by another."""

    row: ScoreRecord
    answer: ScoreRecord | None
    asked_by: str
    answered_by: str | None
    state: Literal["asked", "in_force", "declined", "expired"]


@dataclass(frozen=True, slots=True)
class Kept:
    """A score as it was kept, what was decided on it, and the score of the same borrower before."""

    row: ScoreRecord
    person: str
    overrides: tuple[Override, ...]
    previous: ScoreRecord | None

    @property
    def override(self) -> Override | None:
        """The override in force, the latest where there are several."""
        return next((one for one in reversed(self.overrides) if one.state == "in_force"), None)


def keep(
    db: Session, who: Who, asked: KeepAsk, library: Library, card: Scorecard, today: dt.date
) -> tuple[ScoreRecord, bool]:
    """
    Score a borrower and keep it; returns the record, and whether this call made it.

    Raises
    ------
    YuetanError
        As ``score`` and ``stressed_borrower`` say.
    """
    made = score(card, asked.values, asked.gates)
    stressed = stressed_borrower(asked.stress, library, own_market(db, who, library), today) if asked.stress else None
    return keep_made(db, who, asked, made, stressed, library, today)


def keep_made(
    db: Session, who: Who, asked: KeepAsk, made: Score, stressed: Financing | None, library: Library, today: dt.date
) -> tuple[ScoreRecord, bool]:
    """Keep a score that was made before, from ``asked``."""
    content = fingerprint([FORMAT, asked.model_dump(mode="json"), made.key, made.card.policy_hash, today])
    query = visible(ScoreRecord, who).where(ScoreRecord.content == content).options(undefer(ScoreRecord.body))
    found = db.scalar(query)
    if found is not None:
        return found, False
    row = ScoreRecord(
        id=uuid4(),
        kind="score",
        of=None,
        borrower=asked.borrower.name,
        content=content,
        body=_body(asked, made, band(made, asked.seed, asked.draws), stressed, library, today),
    )
    if not _added(db, who, row):
        return db.scalars(query).one(), False
    issuer = db.get_one(Organisation, who.organisation_id).name
    policy = f"{made.card.policy_id} {made.card.version}"[:200]
    db.add(ScoreNotice(id=row.id, hash=row.hash, issuer=issuer, issued=today, policy=policy))
    db.flush()
    record(db, who, "score.kept", row.id, hash=row.hash)
    said = {"id": row.id, "hash": row.hash, "issuer": issuer, "issued": today, "policy": policy}
    published(db, who, "score.register", row.id, said)
    return row, True


def _body(
    asked: KeepAsk, made: Score, sure: Band, stressed: Financing | None, library: Library, today: dt.date
) -> dict[str, Any]:
    up, down = up_and_down(made)
    way, rests = way_up(made), known(made)
    body = {
        "format": FORMAT,
        "asked": asked.model_dump(mode="json"),
        "on": today.isoformat(),
        "score": made.to_record(),
        "band": {
            "method": BAND, "seed": sure.seed, "draws": sure.draws, "p10": sure.p10, "p50": sure.p50, "p90": sure.p90,
            "grades": dict(sure.grades), "grade_uncertain": sure.grade_uncertain, "variance": dict(sure.variance),
            "weights_p10": sure.weights[0], "weights_p90": sure.weights[1],
        },
        "up": [_line(one.line.indicator.id, one.line.indicator.text, one.points) for one in up],
        "down": [_line(one.indicator.id, one.indicator.text, -one.lost) for one in down],
        "way": None
        if way is None
        else {
            "grade": way.grade.id, "gap": way.gap, "reached": way.reached, "capped": way.capped,
            "steps": [
                {
                    "code": r.code, "zh": r.text.zh, "en": r.text.en, "next_breakpoint": r.next_breakpoint,
                    "points_to_gain": r.points_to_gain,
                }
                for r in way.steps
            ],
        },
        "known": {"shares": rests.shares, "quality": rests.quality},
        "grades": [{"id": g.id, "zh": g.zh, "en": g.en, "min": g.min} for g in made.card.grades],
        "stress": None if stressed is None else _stress(stressed),
        "data_edition": library.edition,
    }  # fmt: skip
    # As it will be read again: what is hashed is what is kept.
    return dict(json.loads(dumps(body)))


def _line(key: str, text: Text, points: float) -> dict[str, Any]:
    return {"id": key, "zh": text.zh, "en": text.en, "points": points}


def _stress(found: Financing) -> dict[str, Any]:
    """Return what a credit officer reads of the stress: the case told in full, as parts of revenue and EBITDA too."""
    case, b = found.case, found.book.borrowers
    revenue, ebitda = float(found.book.loans.revenue[0]), float(b.ebitda[0])

    def sides(loss: float | None) -> dict[str, float | None]:
        return {
            "loss": loss,
            "of_revenue": loss / revenue if loss is not None and revenue > 0 else None,
            "of_ebitda": loss / ebitda if loss is not None and ebitda > 0 else None,
        }

    return {
        "case": case.label._asdict(),
        "kind": case.kind,
        "home_cny_per_t": case.shock.home1,
        "own": sides(case.own.loss) | {"change_bp": case.own.change_bp, "level_bp": case.own.level_bp},
        "conservative": sides(case.conservative.loss) | {"change_bp": case.conservative.change_bp},
        "financed12_t": found.financed.total12_t,
        "financed3_t": found.financed.total3_t,
        "financed_quality": found.financed.quality,
        "prices": [text._asdict() for text in found.prices],
    }


def scores(db: Session, who: Who, before: int | None, limit: int) -> list[ScoreRecord]:
    """Return scores that were kept, newest first, those below a number of the chain."""
    query = visible(ScoreRecord, who).where(ScoreRecord.kind == "score").options(undefer(ScoreRecord.body))
    if before is not None:
        query = query.where(ScoreRecord.number < before)
    return list(db.scalars(query.order_by(ScoreRecord.number.desc()).limit(limit)).all())


def one(db: Session, who: Who, record_id: UUID, today: dt.date) -> Kept:
    """Return a score with what was decided on it."""
    row = _row(db, who, record_id, "score")
    asked = db.scalars(
        visible(ScoreRecord, who)
        .where(ScoreRecord.kind == "override", ScoreRecord.of == row.id)
        .options(undefer(ScoreRecord.body))
        .order_by(ScoreRecord.number)
    ).all()
    previous = db.scalar(
        visible(ScoreRecord, who)
        .where(ScoreRecord.kind == "score", ScoreRecord.borrower == row.borrower, ScoreRecord.number < row.number)
        .options(undefer(ScoreRecord.body))
        .order_by(ScoreRecord.number.desc())
        .limit(1)
    )
    return Kept(row, _name(db, who, row), tuple(_override(db, who, each, today) for each in asked), previous)


def ask_override(db: Session, who: Who, record_id: UUID, asked: OverrideAsk, today: dt.date) -> ScoreRecord:
    """
    Ask for another grade; nothing changes until a second person agrees.

    Raises
    ------
    NotOneGrade, NotOverridable, BadExpiry, UnknownReason
        The grade, the gates, the day or the reason does not allow it.
    """
    row, rule = _row(db, who, record_id, "score"), rules()
    body = row.body
    grades = [grade["id"] for grade in body["grades"]]
    at = grades.index(body["score"]["grade"]["id"])
    allowed = [g for i, g in enumerate(grades) if 0 < abs(i - at) <= rule.most_grades]
    if body["score"]["blocked"]:
        raise NotOverridable(
            field="grade", why_zh="有否决关口，评分仅供参考", why_en="a gate blocks it, it is for information only"
        )
    if asked.grade not in allowed:
        raise NotOneGrade(field="grade", grade=grades[at], allowed=", ".join(allowed))
    better = grades.index(asked.grade) < at
    capping = [g["id"] for g in body["score"]["gates"] if g["binds"] and g["effect"] == "cap"]
    if better and capping:
        names = ", ".join(capping)
        raise NotOverridable(
            field="grade",
            why_zh=f"关口 {names} 限制了得分，不能上调",
            why_en=f"gate {names} caps it, it cannot be raised",
        )
    if asked.reason not in rule.reasons:
        raise UnknownReason(field="reason", known=", ".join(rule.reasons))
    last = today + dt.timedelta(days=rule.most_days)
    if not today < asked.expires <= last:
        raise BadExpiry(field="expires", first=(today + dt.timedelta(days=1)).isoformat(), last=last.isoformat())
    said = asked.model_dump(mode="json") | {"from": grades[at], "direction": "up" if better else "down"}
    return _decided(db, who, "override", row, said)


def answer_override(db: Session, who: Who, override_id: UUID, *, agree: bool, note: str, today: dt.date) -> ScoreRecord:
    """
    Agree to an override, or decline it.

    Raises
    ------
    SecondPerson
        It is the person who asked for it.
    Decided
        It was answered before, or has expired.
    """
    row = _row(db, who, override_id, "override")
    if row.person_id == who.person_id:
        raise SecondPerson
    if _override(db, who, row, today).state != "asked":
        raise Decided
    return _decided(db, who, "agreed" if agree else "declined", row, {"note": note})


def _decided(db: Session, who: Who, kind: str, of: ScoreRecord, said: dict[str, Any]) -> ScoreRecord:
    made_id = uuid4()
    # One answer to an override, however many people answer at once: the content is the same.
    content = fingerprint([kind, str(made_id)] if kind == "override" else ["answer", str(of.id)])
    made = ScoreRecord(id=made_id, kind=kind, of=of.id, borrower=of.borrower, content=content, body=said)
    if not _added(db, who, made):
        raise Decided
    record(db, who, f"score.{kind}", made.id, of=str(of.id), hash=made.hash)
    return made


def _added(db: Session, who: Who, row: ScoreRecord) -> bool:
    """Add a record; false where another request was first with the same content."""
    try:
        with db.begin_nested():
            append(db, who, row)
    except IntegrityError:
        return False
    return True


def proven(db: Session, who: Who) -> Proof:
    """Recompute the chain of scores from its first record."""
    return walked(db, who, ScoreRecord)


def notice_of(db: Session, record_id: UUID) -> ScoreNotice:
    """Return what anybody with a printed score may know."""
    found = db.get(ScoreNotice, record_id)
    if found is None:
        raise NotFound
    return found


@dataclass(frozen=True, slots=True)
class Month:
    """Overrides agreed to in a month, by direction, beside the scores kept in it."""

    month: str
    scores: int
    up: int
    down: int


def override_rate(db: Session, who: Who) -> list[Month]:
    """Return overrides by month and direction: one that is often used says that the policy is wrong."""
    rows = db.scalars(
        visible(ScoreRecord, who)
        .where(ScoreRecord.kind.in_(("score", "override", "agreed")))
        .options(undefer(ScoreRecord.body))
        .order_by(ScoreRecord.number)
    )
    months: dict[str, list[int]] = {}
    directions: dict[UUID, str] = {}
    for row in rows:
        of = months.setdefault(row.at.strftime("%Y-%m"), [0, 0, 0])
        if row.kind == "score":
            of[0] += 1
        elif row.kind == "override":
            directions[row.id] = row.body["direction"]
        elif row.of is not None:
            of[1 if directions[row.of] == "up" else 2] += 1
    return [Month(month, *counts) for month, counts in months.items()]


def changes(new: Mapping[str, Any], old: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """Return by line what moved between two scores of one borrower, largest first; nothing without an older one."""
    if old is None:
        return []
    before = {line["id"]: line["contribution"] for line in old["score"]["lines"]}
    moved = [
        _line(x["id"], Text(x["zh"], x["en"]), x["contribution"] - before.get(x["id"], 0.0))
        for x in new["score"]["lines"]
        if x["contribution"] != before.get(x["id"], 0.0)
    ]
    return sorted(moved, key=lambda one: (-abs(one["points"]), one["id"]))


def _row(db: Session, who: Who, record_id: UUID, kind: str) -> ScoreRecord:
    query = visible(ScoreRecord, who).where(ScoreRecord.id == record_id, ScoreRecord.kind == kind)
    row = db.scalar(query.options(undefer(ScoreRecord.body)))
    if row is None:
        raise NotFound
    return row


def _override(db: Session, who: Who, row: ScoreRecord, today: dt.date) -> Override:
    answer = db.scalar(
        visible(ScoreRecord, who)
        .where(ScoreRecord.of == row.id, ScoreRecord.kind.in_(("agreed", "declined")))
        .options(undefer(ScoreRecord.body))
    )
    state: Literal["asked", "in_force", "declined", "expired"] = "asked"
    if answer is not None and answer.kind == "declined":
        state = "declined"
    elif today > dt.date.fromisoformat(row.body["expires"]):
        state = "expired"
    elif answer is not None:
        state = "in_force"
    return Override(row, answer, _name(db, who, row), _name(db, who, answer) if answer else None, state)


def _name(db: Session, who: Who, row: ScoreRecord) -> str:
    person = db.scalar(visible(Person, who).where(Person.id == row.person_id))
    return person.name if person else "-"


def from_workbook(
    db: Session,
    who: Who,
    library: Library,
    card: Scorecard,
    read: ReadResult,
    purpose: str,
    consent: str,
    today: dt.date,
) -> tuple[ScoreRecord, bool]:
    """
    Keep the score of the firm that a workbook is of.

    The seed follows from the firm and the day, so that the same file of one day
    is one record.

    Raises
    ------
    Refused, NothingToScore
        Nothing of the file can be read or scored.
    """
    done = assess_read(read, library, Options(), today, every_series(db, who, library), fx=fetched_fx(db, library))
    firm, given = done.result.submission.firm, done.result.submission.gates
    kept, _ = sift(card, done.result.indicators)
    asks = {gate.id for gate in card.gates if gate.asks == "answer"}
    gates = {key: said for key, said in given.items() if key in asks}
    made = score(card, kept, gates)
    asked = KeepAsk(
        indicators={key: IndicatorValue(**value.model_dump(exclude={"covers"})) for key, value in kept.items()},
        covers={key: value.covers for key, value in kept.items() if isinstance(value, PartialValue)},
        gates=gates,
        borrower=Borrower(name=firm.name, uscc=firm.uscc, sector=firm.sector or "", city=firm.city or ""),
        purpose=purpose,
        consent=consent,
        seed=int(fingerprint([firm.name, today])[:8], 16),
    )
    return keep_made(db, who, asked, made, None, library, today)
