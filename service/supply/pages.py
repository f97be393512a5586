"""The pages of a park and of offers: the template, a filled one handed in, and what it comes to."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, File, Form, Request, Response, UploadFile

from models.errors import MissingInput, YuetanError
from models.findings import Finding
from models.park_asked import KINDS
from service.assessment.routes import XLSX
from service.batch.routes import content_of, plain_name
from service.change.routes import PDF
from service.library import Library
from service.pages.frame import Lang, PageRoute, handed_back, page
from service.press.document import pdf
from service.press.sheet import xlsx
from service.provide import Law, Today
from service.safety import MULTIPART_LIMIT
from service.supply.routes import BID_EXAMPLE, PARK_EXAMPLE
from service.supply.tool import BIDS_TOOL, PARK_TOOL, Asked, Found, Tool

router = APIRouter(route_class=PageRoute, include_in_schema=False)
#: A question that is larger is handed in again to be printed.
_AGAIN = 900_000
Upload = Annotated[UploadFile | None, File()]
Again = Annotated[str, Form(max_length=_AGAIN)]
Kind = Annotated[str, Form(alias="as", max_length=5)]


@router.get("/park")
def park(request: Request, lang: Lang, law: Law, example: bool = False) -> Response:
    """Show the form, or with ``example`` what the example comes to."""
    found = PARK_TOOL.work(PARK_TOOL.asks.model_validate(PARK_EXAMPLE), law) if example else None
    return _page(request, lang, PARK_TOOL, found, found.findings if found else ())


@router.post("/park", max_body_size=MULTIPART_LIMIT)
def park_handed_in(
    request: Request, lang: Lang, law: Law, today: Today, file: Upload = None, again: Again = "", result: Kind = ""
) -> Response:
    """Work a filled template out, or print what was worked out (``again``)."""
    return _handed_in(request, lang, law, today, PARK_TOOL, file, again, result)


@router.get("/bids")
def bids(request: Request, lang: Lang, law: Law, example: bool = False) -> Response:
    """Show the form, or with ``example`` what the example comes to."""
    found = BIDS_TOOL.work(BIDS_TOOL.asks.model_validate(BID_EXAMPLE), law) if example else None
    return _page(request, lang, BIDS_TOOL, found, found.findings if found else ())


@router.post("/bids", max_body_size=MULTIPART_LIMIT)
def bids_handed_in(
    request: Request, lang: Lang, law: Law, today: Today, file: Upload = None, again: Again = "", result: Kind = ""
) -> Response:
    """Compare the offers of a filled template, or print what was compared (``again``)."""
    return _handed_in(request, lang, law, today, BIDS_TOOL, file, again, result)


def _handed_in(
    request: Request,
    lang: str,
    law: Library,
    today: dt.date,
    tool: Tool[Asked, Found],
    file: UploadFile | None,
    again: str,
    result: str,
) -> Response:
    found: Found | None = None
    findings: tuple[Finding, ...] = ()
    error: YuetanError | None = None
    try:
        if file is not None and file.filename:
            plain_name(file.filename)
            found, findings = tool.from_file(content_of(file), law)
        elif again:
            found = tool.work(handed_back(tool.asks, again), law)
            findings = found.findings
        else:
            of = tool.text
            raise MissingInput(field="file", name_zh="文件", name_en="file", what_zh=of.zh, what_en=of.en)
    except YuetanError as refusal:
        error = refusal
    if found is not None and result in ("pdf", "xlsx"):
        paper = tool.paper(found, today)
        content, media = (pdf(paper, lang), PDF) if result == "pdf" else (xlsx(paper, lang), XLSX)
        headers = {"Content-Disposition": f'attachment; filename="{tool.name}.{result}"'}
        return Response(content, media_type=media, headers=headers)
    return _page(request, lang, tool, found, findings, error)


def _page(
    request: Request,
    lang: str,
    tool: Tool[Asked, Found],
    found: Found | None,
    findings: Sequence[Finding],
    error: YuetanError | None = None,
) -> Response:
    again = found.asked.model_dump_json() if found else ""
    return page(
        request,
        lang,
        f"{tool.name}.html",
        422 if error is not None or (found is None and findings) else 200,
        found=found,
        verdict=tool.verdict(found) if found else (),
        findings=findings,
        error=error,
        kinds=KINDS,
        again=again if len(again) <= _AGAIN else "",
    )
