"""Take a key, keep the answer under it, give it again."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, undefer

from models.errors import Text, YuetanError
from service.auth import Who, erasable, visible
from service.clock import now
from service.once.tables import KeptAnswer

#: How long an answer is kept.
KEPT_DAYS = 30
#: A request that was not said to be alive for so long is taken to have died; its effects have keys of their own.
IN_FLIGHT_S = 20.0
LONGEST = 255


class BadKey(YuetanError):
    code = "once.bad_key"
    message = Text("Idempotency-Key 应为 1 到 255 个可见字符。", "Idempotency-Key takes 1 to 255 visible characters.")
    hint = Text(
        "请每个新请求用一个新的随机值，如 UUID。", "Use a new random value, such as a UUID, for each new request."
    )


class OtherRequest(YuetanError):
    code = "once.other_request"
    message = Text("这个 Idempotency-Key 已用于另一个请求。", "This Idempotency-Key was used for another request.")
    hint = Text("新的请求请用新的值。", "Use a new value for a new request.")


class InFlight(YuetanError):
    code = "once.in_flight"
    message = Text("同一请求正在处理。", "The same request is being answered.")
    hint = Text("请稍后用同一个值重试。", "Try again with the same value in a moment.")


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered."""

    status: int
    headers: dict[str, str]
    body: bytes


def digest_of(*parts: bytes) -> str:
    """Return one hash of several parts, whose borders count."""
    made = hashlib.sha256()
    for part in parts:
        made.update(len(part).to_bytes(8, "big") + part)
    return made.hexdigest()


def taken(db: Session, who: Who, key: str, asked: str, in_flight_s: float = IN_FLIGHT_S) -> Answer | None:
    """
    Take a key for a request, or return what the same request was answered.

    Raises
    ------
    OtherRequest, InFlight
        The key was used for something else, or the same request has not ended.
    """
    digest = digest_of(key.encode())
    same = visible(KeptAnswer, who).where(KeptAnswer.person_id == who.person_id, KeptAnswer.key == digest)
    found = db.scalar(same.options(undefer(KeptAnswer.body)).with_for_update())
    moment = now()
    if found is not None and _void(found, moment, in_flight_s):
        db.delete(found)
        db.flush()
        found = None
    if found is None:
        row = KeptAnswer(
            organisation_id=who.organisation_id, person_id=who.person_id, key=digest, asked=asked, created=moment
        )
        try:
            with db.begin_nested():
                db.add(row)
        except IntegrityError:
            raise InFlight from None
        return None
    if found.asked != asked:
        raise OtherRequest(field="Idempotency-Key")
    if found.status is None:
        raise InFlight
    return Answer(found.status, found.headers or {}, found.body or b"")


def _void(found: KeptAnswer, moment: dt.datetime, in_flight_s: float) -> bool:
    age = moment - found.created
    lost = found.status is None and age > dt.timedelta(seconds=in_flight_s)
    return lost or age > dt.timedelta(days=KEPT_DAYS)


def erase_old(db: Session) -> None:
    """Erase what is kept no longer, whosever it is."""
    db.execute(delete(KeptAnswer).where(KeptAnswer.created < now() - dt.timedelta(days=KEPT_DAYS)))


def alive(db: Session, who: Who, key: str) -> None:
    """Say that a request is still being answered."""
    found = _mine(db, who, key)
    if found is not None and found.status is None:
        found.created = now()


def _mine(db: Session, who: Who, key: str) -> KeptAnswer | None:
    digest = digest_of(key.encode())
    return db.scalar(visible(KeptAnswer, who).where(KeptAnswer.person_id == who.person_id, KeptAnswer.key == digest))


def keep(db: Session, who: Who, key: str, answer: Answer) -> None:
    """Keep what a request was answered."""
    found = _mine(db, who, key)
    if found is not None:
        found.status, found.headers, found.body = answer.status, answer.headers, answer.body


def forget(db: Session, who: Who, key: str) -> None:
    """Let a key serve again: its request left nothing behind."""
    mine = erasable(KeptAnswer, who).where(
        KeptAnswer.person_id == who.person_id, KeptAnswer.key == digest_of(key.encode())
    )
    db.execute(mine)
