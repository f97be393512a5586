"""Write the trail, prove that nothing in it was changed, and sign where it stands."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import json
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from models.errors import Text, YuetanError
from service.audit.chain import START, Proof, append, last_of, some, walked
from service.audit.tables import AuditEvent, AuditHead
from service.auth import EMBEDDED, Who, visible
from service.clock import now
from service.identity.keys import key_of
from service.operation.whole import unsigned
from service.settings import Settings

_HEAD = "yuetan-audit-head/1"
#: So that a sweep stays short; the next one goes on.
_HEADS_AT_ONCE = 200


class BadHead(YuetanError):
    code = "audit.bad_head"
    message = Text("这不是本机构签署的链尾：{why_zh}。", "This is no signed head of this organisation: {why_en}.")
    hint = Text("请使用 yuetan audit head 写出的原文件。", "Use the file as yuetan audit head wrote it.")


def record(db: Session, who: Who, action: str, subject: object, **detail: Any) -> AuditEvent:
    """
    Write what is being done, in the transaction that does it.

    Writers of one organisation queue here until the transaction ends, so this
    is called last. ``detail`` holds no secrets and no personal data.
    """
    return append(db, who, AuditEvent(action=action, subject=str(subject)[:80], detail=detail))


def events(db: Session, who: Who, after: int, limit: int) -> list[AuditEvent]:
    """Return events in their order, those after a number."""
    return some(db, who, AuditEvent, after, limit)


def proven(db: Session, who: Who, head: dict[str, Any] | None = None, settings: Settings | None = None) -> Proof:
    """
    Recompute the chain from its first event, and compare it with a head that was signed before.

    Without a head the end of the chain could have been cut off unseen, or the
    whole of it written anew; with the settings the heads kept here are compared too.

    Raises
    ------
    BadHead
        The head is not one that this organisation signed.
    """
    heads = [_checked(head, who, settings)] if head is not None and settings is not None else []
    if settings is not None:
        public = _public(settings, who)
        kept = db.scalars(visible(AuditHead, who).order_by(AuditHead.number))
        # One signed under another secret of this installation proves nothing here.
        heads += [_checked(one.document, who, settings) for one in kept if one.document.get("key") == public]
    return walked(db, who, AuditEvent, heads)


def signed_head(db: Session, who: Who, settings: Settings) -> dict[str, Any]:
    """Return where the chain stands now, signed, to be kept elsewhere: it shows later whether the end was cut off."""
    last = last_of(db, who, AuditEvent)
    key = _key(settings, who)
    said = {
        "format": _HEAD, "organisation": str(who.organisation_id), "number": last.number if last else 0,
        "hash": last.hash if last else START, "at": now().isoformat(), "key": _public(settings, who),
    }  # fmt: skip
    return said | {"signature": _b64(key.sign(_bytes(said)))}


def sign_due(db: Session, settings: Settings, day: dt.date) -> int:
    """
    Sign, for every organisation that has none of the day yet, where its chain stands; for the sweeper.

    Two sweepers at once, or one that is killed in between, leave one head a day.
    """
    made = 0
    for organisation in unsigned(db, day, _HEADS_AT_ONCE):
        who = Who(organisation, EMBEDDED.person_id)
        head = signed_head(db, who, settings)
        row = AuditHead(organisation_id=organisation, day=day, number=head["number"], document=head)
        try:
            with db.begin_nested():
                db.add(row)
        except IntegrityError:  # another sweeper was first
            continue
        made += 1
    return made


def kept_heads(db: Session, who: Who, after: dt.date | None, limit: int) -> list[AuditHead]:
    """Return the heads that were signed day by day, those after a day."""
    query = visible(AuditHead, who).order_by(AuditHead.day).limit(limit)
    return list(db.scalars(query if after is None else query.where(AuditHead.day > after)).all())


def _public(settings: Settings, who: Who) -> str:
    return _b64(_key(settings, who).public_key().public_bytes_raw())


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


def _key(settings: Settings, who: Who) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(key_of(settings, f"audit/{who.organisation_id}"))


def _bytes(said: dict[str, Any]) -> bytes:
    return json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode("utf-8")


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
