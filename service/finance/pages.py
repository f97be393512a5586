"""The page of a credit officer and a portfolio manager: the template, a filled one handed in, and what prices do."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, File, Form, Request, Response, UploadFile

from finance.portfolio import concentration, heat_map, top_movers
from models.errors import YuetanError
from models.findings import Finding
from service.assessment.routes import XLSX
from service.batch.routes import content_of, plain_name
from service.change.routes import PDF
from service.finance.paper import finance_paper, record_key
from service.finance.routes import EXAMPLE
from service.finance.use import PLAIN, BookAsk, Financing, financing
from service.finance.workbook import read_book
from service.pages.frame import Lang, PageRoute, handed_back, page, sources
from service.press.document import pdf
from service.press.sheet import xlsx
from service.prices.use import own_market
from service.provide import Caller, Law, Reading, Today
from service.safety import MULTIPART_LIMIT

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/finance")
def finance(
    request: Request, lang: Lang, law: Law, who: Caller, db: Reading, today: Today, example: bool = False
) -> Response:
    """Show the form, or with ``example`` what comes of the example."""
    found = financing(BookAsk.model_validate(EXAMPLE), law, own_market(db, who, law), today) if example else None
    return _page(request, lang, found, found.findings if found else ())


@router.post("/finance", max_body_size=MULTIPART_LIMIT)
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
    """Run a file, or print again what was run before (``again``)."""
    found: Financing | None = None
    findings: tuple[Finding, ...] = ()
    error: YuetanError | None = None
    try:
        if file is not None and file.filename:
            plain_name(file.filename)
            read = read_book(content_of(file))
            asked, findings = read.asked, read.findings
        else:
            asked = handed_back(BookAsk, again)
        if asked is not None:
            found = financing(asked, law, own_market(db, who, law), today)
            findings = (*findings, *found.findings)
    except YuetanError as refusal:
        error = refusal
    if found is not None and result in ("pdf", "xlsx"):
        paper = finance_paper(found, today)
        content, media = (pdf(paper, lang), PDF) if result == "pdf" else (xlsx(paper, lang), XLSX)
        headers = {"Content-Disposition": f'attachment; filename="finance.{result}"'}
        return Response(content, media_type=media, headers=headers)
    return _page(request, lang, found, findings, error)


def _page(
    request: Request,
    lang: str,
    found: Financing | None,
    findings: tuple[Finding, ...],
    error: YuetanError | None = None,
) -> Response:
    failed = error is not None or (found is None and bool(findings))
    own = found.case.own if found else None
    money = found.book.loans.outstanding if found else None
    return page(
        request,
        lang,
        "finance.html",
        422 if failed else 200,
        found=found,
        spread=[concentration(found.book, by, found.financed, own) for by in ("sector", "city", "borrower")]
        if found
        else (),
        heat=heat_map(own) if own else None,
        movers=top_movers(own) if own else (),
        left=[
            (name, one)
            for name, refused in (("financed", found.financed.refused), ("stress", found.case.own.refused))
            for one in refused.told(money)
        ]
        if found and money is not None
        else (),
        key=record_key(found) if found else "",
        again=found.asked.model_dump_json() if found else "",
        plain=PLAIN,
        findings=findings,
        error=error,
        sources=sources(),
    )
