"""The page of footprints: the template, a filled one handed in, what it comes to, checks, two methods, the report."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, File, Form, Request, Response, UploadFile

from models.errors import YuetanError
from models.findings import Finding
from models.footprint_lines import note_of
from models.footprint_product import STAGE_WORDS
from models.method_difference import MethodDifference
from service.assessment.routes import XLSX
from service.batch.routes import content_of, plain_name
from service.change.routes import PDF
from service.factors.provide import Kept
from service.footprint import use
from service.footprint.file import FromFile, from_bill, from_file
from service.footprint.paper import UNVERIFIED, footprint_paper
from service.footprint.routes import example_ask
from service.library import Library
from service.pages.frame import Lang, PageRoute, handed_back, page
from service.press.document import pdf
from service.press.sheet import xlsx
from service.provide import Law, Today
from service.safety import MULTIPART_LIMIT

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/footprint")
def footprint(request: Request, lang: Lang, law: Law, today: Today, kept: Kept, example: bool = False) -> Response:
    """Show the form, or with ``example`` what the example comes to."""
    asked = example_ask() if example else None
    return _page(request, lang, law, from_bill(asked, law, today, kept) if asked else None, asked)


@router.post("/footprint", max_body_size=MULTIPART_LIMIT)
def handed_in(
    request: Request,
    lang: Lang,
    law: Law,
    today: Today,
    kept: Kept,
    file: Annotated[UploadFile | None, File()] = None,
    bill: Annotated[str, Form(max_length=900_000)] = "",
    product: Annotated[str, Form(max_length=100)] = "",
    other: Annotated[str, Form(max_length=60)] = "",
    result: Annotated[str, Form(alias="as", max_length=5)] = "",
) -> Response:
    """Work a file out, or again what was worked out before (``bill``): as a paper, or beside another method."""
    found: FromFile | None = None
    asked: use.ReconcileAsk | None = None
    differences: dict[str, MethodDifference] = {}
    error: YuetanError | None = None
    try:
        if file is not None and file.filename:
            plain_name(file.filename)
            found = from_file(content_of(file), law, today, kept)
            asked = found.asked
        else:
            asked = handed_back(use.ReconcileAsk, bill)
            found = from_bill(asked, law, today, kept)
        if found.made is not None and result in ("pdf", "xlsx") and product in found.made.site.products:
            paper = footprint_paper(found.made, product, today)
            content, media = (pdf(paper, lang), PDF) if result == "pdf" else (xlsx(paper, lang), XLSX)
            name = f'attachment; filename="footprint.{result}"'
            return Response(content, media_type=media, headers={"Content-Disposition": name})
        if other and found.made is not None and found.made.profile is not None:
            of = found.made.ask
            ask = use.CompareAsk(
                bill=of.bill, submissions=of.submissions, on=of.on, one=found.made.profile.id, other=other
            )
            differences = use.compared(ask, law, today, kept)
    except YuetanError as refusal:
        error = refusal
    return _page(request, lang, law, found, asked, differences, error, other)


def _page(
    request: Request,
    lang: str,
    law: Library,
    found: FromFile | None,
    asked: use.ReconcileAsk | None,
    differences: dict[str, MethodDifference] | None = None,
    error: YuetanError | None = None,
    other: str = "",
) -> Response:
    findings: tuple[Finding, ...] = found.findings if found else ()
    failed = error is not None or (found is not None and found.made is None)
    return page(
        request, lang, "footprint.html", 422 if failed else 200, made=found.made if found else None,
        checked=found.checked if found else None, findings=findings, differences=differences or {}, error=error, other=other,
        bill=asked.model_dump_json() if asked else "", stages=STAGE_WORDS, note_of=note_of, unverified=UNVERIFIED, profiles=law.profiles,
    )  # fmt: skip
