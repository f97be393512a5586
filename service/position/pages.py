"""The page of a compliance year: the template, a filled one handed in, and where the installation stands."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, File, Form, Request, Response, UploadFile
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session

from models.errors import YuetanError
from models.findings import Finding
from service.assessment.routes import XLSX
from service.auth import Who
from service.batch.routes import content_of, plain_name
from service.change.routes import PDF
from service.pages.frame import Lang, PageRoute, handed_back, page, sources
from service.position.keep import keep, listed
from service.position.paper import COST_HEADS, PLAIN, cost_rows, position_paper
from service.position.routes import EXAMPLE
from service.position.use import PositionAsk, Positioned, positioned
from service.position.workbook import placed, read_year
from service.press.document import pdf
from service.press.sheet import xlsx
from service.prices.use import own_market
from service.provide import Caller, Law, Reading, Today, Transaction
from service.safety import MULTIPART_LIMIT

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/position")
def position(
    request: Request, lang: Lang, law: Law, who: Caller, db: Reading, today: Today, example: bool = False
) -> Response:
    """Show the form, or with ``example`` where the example stands."""
    asked = PositionAsk.model_validate(EXAMPLE) if example else None
    found = positioned(asked, law, own_market(db, who, law), today) if asked else None
    return _page(request, lang, who, db, asked, found, found.findings if found else ())


@router.post("/position/keep")
def kept(
    lang: Lang, law: Law, who: Caller, db: Transaction, today: Today, again: Annotated[str, Form(max_length=900_000)]
) -> Response:
    """Keep what was worked out."""
    keep(db, who, law, handed_back(PositionAsk, again), today)
    return RedirectResponse(f"/position?lang={lang}#kept", 303)


@router.post("/position", max_body_size=MULTIPART_LIMIT)
def handed_in(
    request: Request,
    lang: Lang,
    law: Law,
    who: Caller,
    db: Reading,
    today: Today,
    file: Annotated[UploadFile | None, File()] = None,
    again: Annotated[str, Form(max_length=900_000)] = "",
    result: Annotated[str, Form(alias="as", max_length=5)] = "",
) -> Response:
    """Work a file out, or print again what was worked out before (``again``)."""
    asked: PositionAsk | None = None
    found: Positioned | None = None
    findings: tuple[Finding, ...] = ()
    error: YuetanError | None = None
    try:
        if file is not None and file.filename:
            plain_name(file.filename)
            read = read_year(content_of(file), law.book())
            asked, findings = read.asked, read.findings
            if asked is not None:
                found = positioned(asked, law, own_market(db, who, law), today)
                findings = (*findings, *(placed(read, one) for one in found.findings))
        else:
            asked = handed_back(PositionAsk, again)
            found = positioned(asked, law, own_market(db, who, law), today)
            findings = found.findings
    except YuetanError as refusal:
        error = refusal
    if found is not None and result in ("pdf", "xlsx"):
        paper = position_paper(found, today)
        content, media = (pdf(paper, lang), PDF) if result == "pdf" else (xlsx(paper, lang), XLSX)
        return Response(
            content, media_type=media, headers={"Content-Disposition": f'attachment; filename="position.{result}"'}
        )
    return _page(request, lang, who, db, asked, found, findings, error)


def _page(
    request: Request,
    lang: str,
    who: Who,
    db: Session,
    asked: PositionAsk | None,
    found: Positioned | None,
    findings: tuple[Finding, ...],
    error: YuetanError | None = None,
) -> Response:
    failed = error is not None or (found is None and bool(findings))
    return page(
        request,
        lang,
        "position.html",
        422 if failed else 200,
        found=found,
        findings=findings,
        error=error,
        plain=PLAIN,
        cost_heads=COST_HEADS,
        cost_rows=cost_rows(found) if found else [],
        kept=listed(db, who, 50),
        again=asked.model_dump_json() if asked else "",
        sources=sources(),
    )
