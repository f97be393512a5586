"""Write the trail, prove that nothing in it was changed, and sign where it stands."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from sqlalchemy import text
from sqlalchemy.orm import Session

from models.errors import Text, YuetanError
from models.provenance import fingerprint
from service.audit.tables import AuditEvent
from service.auth import Who, visible
from service.clock import now
from service.identity.keys import key_of
from service.settings import Settings

#: What the first event follows.
START = "0" * 64
_HEAD = "yuetan-audit-head/1"
_CHUNK = 2000


class BadHead(YuetanError):
    code = "audit.bad_head"
    message = Text("这不是本机构签署的链尾：{why_zh}。", "This is no signed head of this organisation: {why_en}.")
    hint = Text("请使用 yuetan audit head 写出的原文件。", "Use the file as yuetan audit head wrote it.")


@dataclass(frozen=True, slots=True)
class Proof:
    """Whether the chain holds: ``broken`` is the first event that does not fit, and why."""

    events: int
    hash: str
    broken: int | None = None
    why: Text | None = None


def record(db: Session, who: Who, action: str, subject: object, **detail: Any) -> AuditEvent:
    """
    Write what is being done, in the transaction that does it.

    Writers of one organisation queue here until the transaction ends, so this
    is called last. ``detail`` holds no secrets and no personal data.
    """
    if db.get_bind().dialect.name == "postgresql":
        lock = int.from_bytes(who.organisation_id.bytes[:8], "big", signed=True)
        db.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": lock})
    last = db.scalar(visible(AuditEvent, who).order_by(AuditEvent.number.desc()).limit(1))
    event = AuditEvent(
        organisation_id=who.organisation_id,
        number=last.number + 1 if last else 1,
        person_id=who.person_id,
        at=now(),
        action=action,
        subject=str(subject)[:80],
        detail=detail,
        before=last.hash if last else START,
    )
    event.hash = _hash(event)
    db.add(event)
    db.flush()
    return event


def events(db: Session, who: Who, after: int, limit: int) -> list[AuditEvent]:
    """Return events in their order, those after a number."""
    query = visible(AuditEvent, who).where(AuditEvent.number > after).order_by(AuditEvent.number).limit(limit)
    return list(db.scalars(query).all())


def proven(db: Session, who: Who, head: dict[str, Any] | None = None, settings: Settings | None = None) -> Proof:
    """
    Recompute the chain from its first event, and compare it with a head that was signed before.

    Without a head the end of the chain could have been cut off unseen.

    Raises
    ------
    BadHead
        The head is not one that this organisation signed.
    """
    at_head = _checked(head, who, settings) if head is not None and settings is not None else None
    before, number = START, 0
    for event in _all(db, who):
        number += 1
        if event.number != number:
            return Proof(number - 1, before, number, Text(f"缺少第 {number} 条", f"event {number} is missing"))
        if event.before != before:
            return Proof(number - 1, before, number, Text("与前一条不相接", "it does not follow the one before"))
        if event.hash != _hash(event):
            return Proof(number - 1, before, number, Text("内容被改动", "its content was changed"))
        before = event.hash
        if at_head is not None and at_head[0] == number and at_head[1] != before:
            return Proof(number - 1, before, number, Text("与签署的链尾不符", "it is not what the signed head says"))
    if at_head is not None and at_head[0] > number:
        why = Text(f"签署的链尾有 {at_head[0]} 条", f"the signed head has {at_head[0]} events")
        return Proof(number, before, number + 1, why)
    return Proof(number, before)


def signed_head(db: Session, who: Who, settings: Settings) -> dict[str, Any]:
    """Return where the chain stands now, signed, to be kept elsewhere: it shows later whether the end was cut off."""
    last = db.scalar(visible(AuditEvent, who).order_by(AuditEvent.number.desc()).limit(1))
    key = _key(settings, who)
    said = {
        "format": _HEAD, "organisation": str(who.organisation_id), "number": last.number if last else 0,
        "hash": last.hash if last else START, "at": now().isoformat(), "key": _b64(key.public_key().public_bytes_raw()),
    }  # fmt: skip
    return said | {"signature": _b64(key.sign(_bytes(said)))}


def _checked(head: dict[str, Any], who: Who, settings: Settings) -> tuple[int, str]:
    said = dict(head)
    signature = said.pop("signature", None)
    public = _key(settings, who).public_key().public_bytes_raw()
    if said.get("format") != _HEAD or said.get("organisation") != str(who.organisation_id):
        raise BadHead(field="head", why_zh="格式或机构不符", why_en="format or organisation differ")
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(base64.b64decode(str(signature), validate=True), _bytes(said))
    except (InvalidSignature, binascii.Error, ValueError) as error:
        raise BadHead(field="head", why_zh="签名不符", why_en="the signature does not fit") from error
    return int(said["number"]), str(said["hash"])


def _all(db: Session, who: Who) -> Iterator[AuditEvent]:
    after = 0
    while chunk := events(db, who, after, _CHUNK):
        yield from chunk
        # Rows that were moved to other numbers must not make the walk endless.
        after = max(after + 1, chunk[-1].number)
        for event in chunk:
            db.expunge(event)


def _hash(event: AuditEvent) -> str:
    return fingerprint(
        {
            "organisation": str(event.organisation_id), "number": event.number, "person": str(event.person_id),
            "at": event.at.isoformat(), "action": event.action, "subject": event.subject, "detail": event.detail,
            "before": event.before,
        }
    )  # fmt: skip


def _key(settings: Settings, who: Who) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(key_of(settings, f"audit/{who.organisation_id}"))


def _bytes(said: dict[str, Any]) -> bytes:
    return json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode("utf-8")


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
