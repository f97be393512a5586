"""The page of an importer's year: lines pasted or from a file, the answer first, then declaration, holding and calendar."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from fastapi import APIRouter, File, Form, Request, Response, UploadFile

from cbam.calendar import ics
from cbam.declaration import DeclaredLine
from models.errors import Text, YuetanError
from models.findings import Finding
from service.batch.routes import content_of, plain_name
from service.change.routes import PDF
from service.dossier.routes import XLSX
from service.importer.read import importer_paper
from service.importer.table import read_imports
from service.importer.use import ImporterYear, YearResult, worked_out
from service.pages.frame import Lang, PageRoute, number_typed, page, sources
from service.press.document import pdf
from service.press.sheet import xlsx
from service.provide import Law, Today
from service.safety import MULTIPART_LIMIT
from service.workbook.guard import read_grid

router = APIRouter(route_class=PageRoute, include_in_schema=False)
_HEAD = "CN编码,原产地,净重（吨）,进口日期,装置,SEE,SEFA,路线"
EXAMPLE = f"""{_HEAD}
7308 90 59,中国,30,2027-01-15,,,,
7308 90 59,中国,30,2027-05-20,佛山钢构厂,2.225,1.51976533,
7208 37 00,印度,12.5,2027-06-02,,,,
"""


class NoLines(YuetanError):
    code = "importer.no_lines"
    message = Text("没有可计算的进口行。", "There is no import line to compute.")
    hint = Text(
        "请粘贴表格或选择文件，表头须有 CN 编码、原产地、净重、进口日期。",
        "Paste a table or choose a file with CN code, origin, net mass and day of import.",
    )


@router.get("/importer")
def empty(request: Request, lang: Lang, today: Today, example: bool = False) -> Response:
    """Show the form."""
    typed = _typed(today.year + 1, EXAMPLE) if example else _typed(today.year, "")
    return page(request, lang, "importer.html", typed=typed, found=None, findings=(), error=None, sources=sources())


@router.post("/importer", max_body_size=MULTIPART_LIMIT)
def year(
    request: Request,
    lang: Lang,
    law: Law,
    today: Today,
    file: Annotated[UploadFile | None, File()] = None,
    lines: Annotated[str, Form(max_length=2_000_000)] = "",
    year: Annotated[str, Form(max_length=4)] = "",
    surrendered: Annotated[str, Form(max_length=30)] = "",
    held: Annotated[str, Form(max_length=30)] = "",
    authorised: Annotated[str, Form(max_length=3)] = "yes",
    result: Annotated[str, Form(alias="as", max_length=5)] = "",
) -> Response:
    """Work the year out, on the page or as a PDF, workbook or calendar. A refusal keeps what was typed."""
    typed = _typed(year or str(today.year), lines) | {
        "surrendered": surrendered,
        "held": held,
        "authorised": authorised,
    }
    found: YearResult | None = None
    error: YuetanError | None = None
    unread: list[Finding] = []
    try:
        if file is not None and file.filename:
            read, unread = read_imports(read_grid(content_of(file), plain_name(file.filename)), law.book())
            typed["lines"] = _written(read)
        elif lines.strip():
            read, unread = read_imports(read_grid(lines.encode(), "lines.csv"), law.book())
        else:
            read = []
        if not read:
            raise NoLines(field="lines")
        asked = ImporterYear(
            year=int(typed["year"])
            if typed["year"].isdigit() and 2026 <= int(typed["year"]) <= 2060
            else read[0].imported_on.year,
            imports=tuple(read[:20_000]),
            surrendered_last_year=number_typed("importer_surrendered", surrendered),
            held=number_typed("importer_held", held) or 0.0,
            authorised=authorised != "no",
        )
        found = worked_out(asked, law.book(), today)
    except YuetanError as refusal:
        error = refusal
    if found is not None and result in ("pdf", "xlsx", "ics"):
        return _paper(found, result, today, lang)
    return page(
        request, lang, "importer.html", 422 if error else 200, typed=typed, found=found, error=error,
        findings=[*unread, *(found.findings if found else ())], sources=sources(),
    )  # fmt: skip


def _paper(found: YearResult, kind: str, today: dt.date, lang: str) -> Response:
    paper = importer_paper(found, today)
    if kind == "pdf":
        content, media = pdf(paper, lang), PDF
    elif kind == "xlsx":
        content, media = xlsx(paper, lang), XLSX
    else:
        content, media = ics(found.calendar, today, lang).encode(), "text/calendar; charset=utf-8"
    name = f'attachment; filename="importer-year-{found.asked.year}.{kind}"'
    return Response(content, media_type=media, headers={"Content-Disposition": name})


def _typed(year: object, lines: str) -> dict[str, str]:
    return {"year": str(year), "lines": lines, "surrendered": "", "held": "", "authorised": "yes"}


def _written(lines: list[DeclaredLine]) -> str:
    """Return lines as the form takes them, so that a file's result can be asked for again as a paper."""
    rows = [
        (one.cn_code, one.origin, f"{one.net_mass_t!r}", str(one.imported_on), (one.installation or "").replace(",", " "),
         "" if one.see_tco2e_per_t is None else repr(one.see_tco2e_per_t),
         "" if one.sefa_tco2e_per_t is None else repr(one.sefa_tco2e_per_t), one.route or "")
        for one in lines
    ]  # fmt: skip
    return "\n".join([_HEAD, *(",".join(row) for row in rows)]) + "\n"
