"""The pages of a change of law: two states side by side, and the note on one line."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from cbam.consignment import Consignment
from cbam.goods import candidates
from models.errors import Text, YuetanError
from service.change import use
from service.change.use import IN_FORCE, ChangeAsk, Compared, State
from service.library import Library
from service.pages.frame import Lang, PageRoute, page, sources
from service.provide import Caller, Law, Reading, Today
from service.workbook.codes import cn_code_of, default_origins, origin_of

router = APIRouter(route_class=PageRoute, include_in_schema=False)
#: Changes shown on the page; all are in the API.
MOST = 400
_FIELDS = ("before", "before_on", "after", "after_on", "prefix", "goods")


class NoDay(YuetanError):
    code = "input.no_day"
    message = Text("“{what}”不是日期。", "'{what}' is no day.")
    hint = Text("请写成 2026-05-12。", "Write it like 2026-05-12.")


class NoPair(YuetanError):
    code = "input.no_pair"
    message = Text("第 {row} 行货物无法识别：{what}", "Line {row} of the goods cannot be read: {what}")
    hint = Text(
        "每行写 CN 编码和原产地，中间空一格，如 73089059 CN。",
        "Write CN code and origin on each line, such as 73089059 CN.",
    )


@router.get("/diff")
def diff(
    request: Request,
    lang: Lang,
    law: Law,
    today: Today,
    before: Annotated[str, Query(max_length=60)] = "",
    before_on: Annotated[str, Query(max_length=10)] = "",
    after: Annotated[str, Query(max_length=60)] = IN_FORCE,
    after_on: Annotated[str, Query(max_length=10)] = "",
    prefix: Annotated[str, Query(max_length=120)] = "eu.cbam",
    goods: Annotated[str, Query(max_length=20_000)] = "",
) -> Response:
    """Show the form; with two states in the address, what differs and what it does to the goods."""
    typed = dict(zip(_FIELDS, (before, before_on, after, after_on, prefix, goods), strict=True))
    found: Compared | None = None
    error: YuetanError | None = None
    if before:
        try:
            found = use.compared(_asked(typed, law, today), law)
        except YuetanError as refusal:
            error = refusal
    return page(
        request,
        lang,
        "diff.html",
        422 if error else 200,
        typed=typed,
        today=today,
        scenarios=law.scenarios.values(),
        in_force=IN_FORCE,
        found=found,
        shown=[change for change in found.changes if change.kind != "source"][:MOST] if found else [],
        most=MOST,
        kinds=[change.kind for change in found.changes] if found else [],
        error=error,
        sources=sources(),
    )


def _asked(typed: Mapping[str, str], law: Library, today: dt.date) -> ChangeAsk:
    return ChangeAsk(
        before=State(law=typed["before"], on=_day(typed["before_on"], today)),
        after=State(law=typed["after"] or IN_FORCE, on=_day(typed["after_on"], today)),
        prefix=typed["prefix"].strip(),
        goods=_goods(typed["goods"], law, today),
    )


def _day(text: str, today: dt.date) -> dt.date:
    try:
        return dt.date.fromisoformat(text) if text else today
    except ValueError:
        raise NoDay(field="on", what=text[:10]) from None


def _goods(text: str, law: Library, today: dt.date) -> tuple[Consignment, ...]:
    book, found = law.book(), []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        code, _, origin = line.strip().rpartition(" ")
        try:
            found.append(
                Consignment(
                    cn_code=cn_code_of(code, lambda start: candidates(book, start)),
                    origin=origin_of(origin, default_origins()),
                    net_mass_t=1.0,
                    imported_on=today,
                )
            )
        except YuetanError as refusal:
            raise NoPair(field="goods", row=number, what=refusal.text("zh")) from None
    return tuple(found)


@router.get("/assessments/{assessment_id}/lines/{number}/note")
def line_note(
    request: Request, assessment_id: UUID, number: int, lang: Lang, law: Law, who: Caller, db: Reading
) -> Response:
    """Show the explanation of a line, step by step, with its paper to take away."""
    made = use.explained_line(db, who, law, assessment_id, number)
    return page(request, lang, "note.html", note=made, assessment_id=assessment_id, number=number, sources=sources())
