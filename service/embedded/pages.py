"""The page of a chain: the template, a filled one handed in, and what carbon costs each product of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, File, Request, Response, UploadFile

from models.errors import MissingInput, YuetanError
from models.findings import Finding
from models.roll_up import RollUp
from models.roll_up_asked import LEVELS, ChainAsk
from service.batch.routes import content_of, plain_name
from service.embedded.routes import EXAMPLE
from service.embedded.use import from_file, rolled_up
from service.pages.frame import Lang, PageRoute, page
from service.provide import Law
from service.safety import MULTIPART_LIMIT

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/chain")
def chain(request: Request, lang: Lang, law: Law, example: bool = False) -> Response:
    """Show the form, or with ``example`` what the example comes to."""
    found = rolled_up(ChainAsk.model_validate(EXAMPLE), law) if example else None
    return _page(request, lang, found, found.findings if found else ())


@router.post("/chain", max_body_size=MULTIPART_LIMIT)
def handed_in(
    request: Request,
    lang: Lang,
    law: Law,
    file: Annotated[UploadFile | None, File()] = None,
    inputs: Annotated[UploadFile | None, File()] = None,
) -> Response:
    """Work a filled template out, or a table of nodes with one of inputs."""
    found: RollUp | None = None
    findings: tuple[Finding, ...] = ()
    error: YuetanError | None = None
    try:
        if file is None or not file.filename:
            raise MissingInput(
                field="file", name_zh="文件", name_en="file", what_zh="产业链碳成本", what_en="the cost of a chain"
            )
        plain_name(file.filename)
        more = content_of(inputs) if inputs is not None and inputs.filename else None
        found, findings = from_file(content_of(file), law, more)
    except YuetanError as refusal:
        error = refusal
    return _page(request, lang, found, findings, error)


def _page(
    request: Request,
    lang: str,
    found: RollUp | None,
    findings: Sequence[Finding],
    error: YuetanError | None = None,
) -> Response:
    refused = error is not None or (found is None and bool(findings))
    return page(
        request,
        lang,
        "chain.html",
        422 if refused else 200,
        found=found,
        findings=findings,
        error=error,
        levels=LEVELS,
    )
