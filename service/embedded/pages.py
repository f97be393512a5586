"""The page of a chain: the template, a filled one handed in, and what carbon costs each product of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, File, Form, Request, Response, UploadFile

from models.errors import MissingInput, YuetanError
from models.findings import Finding
from models.roll_up_asked import LEVELS
from service.assessment.routes import XLSX
from service.batch.routes import content_of, plain_name
from service.change.routes import PDF
from service.embedded.paper import PLAIN, chain_paper
from service.embedded.routes import EXAMPLE, signed_files
from service.embedded.supplies import ChainQuestion
from service.embedded.use import Rolled, Shelf, from_file, rolled_up
from service.embedded.workbook import read_chain
from service.pages.frame import Lang, PageRoute, handed_back, page
from service.press.document import pdf
from service.press.sheet import xlsx
from service.provide import Caller, Law, Reading, Today
from service.safety import MULTIPART_LIMIT

router = APIRouter(route_class=PageRoute, include_in_schema=False)
#: A chain that is larger is handed in again to be printed.
_AGAIN = 900_000


@router.get("/chain")
def chain(request: Request, lang: Lang, law: Law, who: Caller, db: Reading, example: bool = False) -> Response:
    """Show the form, or with ``example`` what the example comes to."""
    rolled = rolled_up(ChainQuestion.model_validate(EXAMPLE), law, Shelf(db, who)) if example else None
    return _page(request, lang, rolled, rolled.findings if rolled else ())


@router.post("/chain", max_body_size=MULTIPART_LIMIT)
def handed_in(
    request: Request,
    lang: Lang,
    law: Law,
    who: Caller,
    db: Reading,
    today: Today,
    file: Annotated[UploadFile | None, File()] = None,
    inputs: Annotated[UploadFile | None, File()] = None,
    statement_files: Annotated[list[UploadFile] | None, File()] = None,
    again: Annotated[str, Form(max_length=_AGAIN)] = "",
    result: Annotated[str, Form(alias="as", max_length=5)] = "",
) -> Response:
    """Work a filled template out, or a table of nodes with one of inputs, or print what was worked out (``again``)."""
    rolled: Rolled | None = None
    findings: tuple[Finding, ...] = ()
    error: YuetanError | None = None
    try:
        if file is not None and file.filename:
            plain_name(file.filename)
            more = content_of(inputs) if inputs is not None and inputs.filename else None
            shelf = Shelf(db, who, signed_files(statement_files))
            rolled, findings = from_file(read_chain(content_of(file), more), law, shelf)
        elif again:
            rolled = rolled_up(handed_back(ChainQuestion, again), law, Shelf(db, who))
            findings = rolled.findings
        else:
            raise MissingInput(
                field="file", name_zh="文件", name_en="file", what_zh="产业链碳成本", what_en="the cost of a chain"
            )
    except YuetanError as refusal:
        error = refusal
    if rolled is not None and result in ("pdf", "xlsx"):
        paper = chain_paper(rolled, today)
        content, media = (pdf(paper, lang), PDF) if result == "pdf" else (xlsx(paper, lang), XLSX)
        headers = {"Content-Disposition": f'attachment; filename="chain.{result}"'}
        return Response(content, media_type=media, headers=headers)
    return _page(request, lang, rolled, findings, error)


def _page(
    request: Request,
    lang: str,
    rolled: Rolled | None,
    findings: Sequence[Finding],
    error: YuetanError | None = None,
) -> Response:
    refused = error is not None or (rolled is None and bool(findings))
    again = rolled.asked.model_dump_json() if rolled else ""
    return page(
        request,
        lang,
        "chain.html",
        422 if refused else 200,
        found=rolled.found if rolled else None,
        statements=rolled.statements if rolled else (),
        findings=findings,
        error=error,
        levels=LEVELS,
        plain=PLAIN,
        again=again if len(again) <= _AGAIN else "",
    )
