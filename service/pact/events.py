"""Events that partners send: checked, taken once, and answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from models.errors import Text, YuetanError
from models.findings import Finding
from models.pact.filters import MOMENTS, NAMES, Criteria, criteria_of
from models.pact.footprint import is_uuid
from models.pact.moments import instant
from models.pact.reading import Read
from service.auth import Who, visible
from service.clock import today
from service.pact.asks import answered
from service.pact.book import errors_of, page_for, read_document, receive, shown
from service.pact.partners import CREATED, FULFILLED, PUBLISHED, REJECTED, fetch, owns_source, reaches, send
from service.pact.refusals import Changed
from service.pact.tables import PactEvent, PactPartner
from service.settings import Settings

#: An answer holds at most so many footprints; a list has pages for more.
MOST_FULFILLED = 500
_LONGEST = 500


class BadEvent(YuetanError):
    code = "pact.bad_event"
    message = Text("事件无效：{why_zh}。", "The event is not valid: {why_en}.")
    hint = Text("请按 PACT 3.0 规范更正后重新发送。", "Correct it as PACT 3.0 says and send it again.")


class NoWayBack(YuetanError):
    code = "pact.no_way_back"
    message = Text(
        "未登记回送地址和凭证，无法处理异步请求。",
        "No return address with credentials is registered for you; an asynchronous request cannot be answered.",
    )
    hint = Text(
        "请先与对方登记回送地址和凭证，再重新发送。",
        "Have a return address with credentials registered, then send it again.",
    )


class Event(NamedTuple):
    """An event whose envelope holds."""

    type: str
    id: str
    source: str
    data: Mapping[str, Any]
    document: Mapping[str, Any]


def _bad(zh: str, en: str) -> BadEvent:
    return BadEvent(why_zh=zh, why_en=en)


def envelope(document: object) -> Event:
    """Return an event; ``BadEvent`` where it is none of the four."""
    if not isinstance(document, Mapping):
        raise _bad("应为对象", "an object was expected")
    for name in ("type", "specversion", "id", "source", "time"):
        value = document.get(name)
        if not isinstance(value, str) or not value or len(value) > _LONGEST:
            raise _bad(f"{name} 缺失或不是文本", f"{name} is missing or no text")
    if document["specversion"] != "1.0":
        raise _bad("specversion 应为 1.0", "specversion must be 1.0")
    if document["type"] not in (CREATED, FULFILLED, REJECTED, PUBLISHED):
        raise _bad("未知的事件类型", "the type of event is not known")
    try:
        instant(document["time"])
    except ValueError:
        raise _bad("time 不是日期时间", "time is no date-time") from None
    if not isinstance(document.get("data"), Mapping):
        raise _bad("data 应为对象", "data must be an object")
    return Event(document["type"], document["id"], document["source"], document["data"], document)


def take(db: Session, settings: Settings, who: Who, partner: PactPartner, event: Event) -> bool:
    """
    Take an event of a partner; false where it was taken before and nothing is done.

    Raises
    ------
    BadEvent, BadFilter, NoWayBack
        It can be told at once that nothing will come of it.
    """
    if not owns_source(partner, event.source):
        raise _bad("source 与登记的伙伴地址不同源", "source is not of the origin registered for you")
    checked = _CHECKS[event.type](event.data)
    if event.type == CREATED and not reaches(partner):
        raise NoWayBack
    row = PactEvent(
        organisation_id=who.organisation_id,
        partner_id=partner.id,
        source=event.source,
        event_id=event.id,
        type=event.type,
        document=dict(event.document),
        findings=[],
    )
    before = visible(PactEvent, who).where(
        PactEvent.partner_id == partner.id, PactEvent.source == event.source, PactEvent.event_id == event.id
    )
    if db.scalar(before) is not None:
        return False
    try:
        with db.begin_nested():
            db.add(row)
    except IntegrityError:  # the same event at the same moment
        return False
    if event.type == CREATED:
        _answer(db, settings, who, partner, row, checked)
    elif event.type == FULFILLED:
        row.findings = [one.to_dict() for one in _store(db, who, partner, checked)]
        ids = [one.footprint.id for one in checked if one.footprint]
        answered(db, who, partner, event.data["requestEventId"], ids, today())
    elif event.type == REJECTED:
        answered(db, who, partner, event.data["requestEventId"], None, today())
    elif event.type == PUBLISHED and checked and reaches(partner):
        fetch(db, who, partner, {"pfIds": checked}, note=f"{len(checked)} published")
    return True


def asked(data: Mapping[str, Any]) -> Criteria:
    """Return the criteria of a request."""
    given: dict[str, list[str]] = {}
    for name, value in data.items():
        if name in (*NAMES, *MOMENTS):
            values = [value] if isinstance(value, str) else value
            if values is None:
                continue
            if not isinstance(values, list) or not all(isinstance(one, str) for one in values):
                raise _bad(f"{name} 应为文本列表", f"{name} must be a list of texts")
            given[name] = values
        elif name == "comment":
            if value is not None and not isinstance(value, str):
                raise _bad("comment 应为文本", "comment must be a text")
        elif name.lower().startswith("x-"):
            raise _bad("不支持的筛选条件", "a criterion that is not supported")
    return criteria_of(given)


def _published(data: Mapping[str, Any]) -> list[str]:
    ids = data.get("pfIds")
    if not isinstance(ids, list) or not all(isinstance(one, str) and is_uuid(one) for one in ids) or len(ids) > 10_000:
        raise _bad("pfIds 应为 UUID 列表", "pfIds must be a list of UUIDs")
    return list(dict.fromkeys(one.lower() for one in ids))


def _answered(data: Mapping[str, Any]) -> None:
    request = data.get("requestEventId")
    if not isinstance(request, str) or not request or len(request) > _LONGEST:
        raise _bad("缺少 requestEventId", "requestEventId is missing")


def _fulfilled(data: Mapping[str, Any]) -> list[Read]:
    _answered(data)
    documents = data.get("pfs")
    if not isinstance(documents, list) or not documents or not all(isinstance(one, Mapping) for one in documents):
        raise _bad("pfs 至少应有一份足迹", "pfs must hold at least one footprint")
    found = [read_document(one) for one in documents]
    for i, one in enumerate(found):
        for wrong in errors_of(one):
            place = f"pfs.{i}.{wrong.field}"
            raise _bad(f"{place} {wrong.text.zh}", f"{place} {wrong.text.en}")
    return found


def _rejected(data: Mapping[str, Any]) -> None:
    _answered(data)
    error = data.get("error")
    if not isinstance(error, Mapping) or not all(isinstance(error.get(name), str) for name in ("code", "message")):
        raise _bad("error 应有 code 和 message", "error must have code and message")


_CHECKS: Mapping[str, Any] = {CREATED: asked, FULFILLED: _fulfilled, REJECTED: _rejected, PUBLISHED: _published}


def _answer(
    db: Session, settings: Settings, who: Who, partner: PactPartner, row: PactEvent, criteria: Criteria
) -> None:
    """Have exactly one answer go back: what was found, or why there is none."""
    page = None if criteria.is_probe else page_for(db, who, partner, criteria, MOST_FULFILLED, None)
    data: dict[str, Any] = {"requestEventId": row.event_id}
    if page and page.rows and page.next is None:
        data["pfs"] = [shown(one) for one in page.rows]
        send(db, who, settings, partner, FULFILLED, data, row.id)
        return
    if page and page.rows:
        why = ("BadRequest", f"More than {MOST_FULFILLED} footprints match; use ListFootprints or narrow the request.")
    else:
        why = ("NotFound", "No footprint that you may see matches the request.")
    send(db, who, settings, partner, REJECTED, data | {"error": {"code": why[0], "message": why[1]}}, row.id)


def _store(db: Session, who: Who, partner: PactPartner, found: list[Read]) -> list[Finding]:
    """Keep footprints of a partner; one that came before with other content is told and stays as it was."""
    told = []
    for i, one in enumerate(found):
        try:
            receive(db, who, one, str(partner.id))
        except Changed as refusal:
            told.append(Finding.of(refusal, field=f"pfs.{i}.id"))
    return told


def store_fetched(db: Session, who: Who, partner: PactPartner, documents: Sequence[Mapping[str, Any]]) -> list[Finding]:
    """Keep what was fetched from a partner; what cannot be read is told and left out."""
    told = list[Finding]()
    for document in documents:
        one = read_document(document)
        if one.footprint is None:
            told += errors_of(one)
        else:
            told += _store(db, who, partner, [one])
    return told
