"""The page of an installation: the template, a filled one handed in, and what it comes to."""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import APIRouter, File, Form, Request, Response, UploadFile

from cbam.plant import Installation
from models.errors import YuetanError
from models.findings import Finding
from service.assessment.routes import XLSX
from service.batch.routes import content_of, plain_name
from service.change.routes import PDF
from service.installation.paper import UNVERIFIED, installation_paper
from service.installation.routes import example_plant
from service.installation.use import Told, from_file, told, worked_out
from service.pages.frame import Lang, PageRoute, handed_back, number_typed, page, sources
from service.press.document import pdf
from service.press.sheet import xlsx
from service.provide import Law, Today
from service.safety import MULTIPART_LIMIT
from service.workbook.codes import default_origins, origin_of

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/installation")
def installation(request: Request, lang: Lang, law: Law, example: bool = False) -> Response:
    """Show the form, or with ``example`` what the example comes to."""
    made = told(worked_out(example_plant(), law, ()), law, "CN", None) if example else None
    return _page(request, lang, made, made.result.findings if made else (), {"origin": "CN", "price": ""})


@router.post("/installation", max_body_size=MULTIPART_LIMIT)
def handed_in(
    request: Request,
    lang: Lang,
    law: Law,
    today: Today,
    file: Annotated[UploadFile | None, File()] = None,
    plant: Annotated[str, Form(max_length=900_000)] = "",
    origin: Annotated[str, Form(max_length=60)] = "CN",
    price: Annotated[str, Form(max_length=30)] = "",
    result: Annotated[str, Form(alias="as", max_length=5)] = "",
) -> Response:
    """Work a file out, or again what was worked out before (``plant``) at another price or as a paper."""
    typed = {"origin": origin, "price": price}
    made: Told | None = None
    findings: tuple[Finding, ...] = ()
    error: YuetanError | None = None
    try:
        country = origin if re.fullmatch("[A-Z]{2}", origin) else origin_of(origin, default_origins())
        at = number_typed("installation_price", price)
        if file is not None and file.filename:
            plain_name(file.filename)
            found, findings = from_file(content_of(file), law)
        else:
            found = worked_out(handed_back(Installation, plant), law, ())
            findings = found.findings
        made = told(found, law, country, at) if found else None
    except YuetanError as refusal:
        error = refusal
    if made is not None and result in ("pdf", "xlsx"):
        paper = installation_paper(made, today)
        content, media = (pdf(paper, lang), PDF) if result == "pdf" else (xlsx(paper, lang), XLSX)
        return Response(
            content, media_type=media, headers={"Content-Disposition": f'attachment; filename="installation.{result}"'}
        )
    return _page(request, lang, made, findings, typed, error)


def _page(
    request: Request,
    lang: str,
    made: Told | None,
    findings: tuple[Finding, ...],
    typed: dict[str, str],
    error: YuetanError | None = None,
) -> Response:
    failed = error is not None or (made is None and bool(findings))
    return page(
        request, lang, "installation.html", 422 if failed else 200, made=made, findings=findings, typed=typed, error=error,
        plant=made.result.plant.model_dump_json() if made else "", unverified=UNVERIFIED, sources=sources(),
    )  # fmt: skip
