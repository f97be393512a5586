"""The page of a sector: a table of many exporters' goods, summed and ranked, for a bank or an authority."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, File, Form, Request, Response, UploadFile

from cbam.whatif import METHOD, Sector
from models.errors import Text, YuetanError
from models.findings import Finding
from service import clock
from service.batch.routes import Word, content_of, plain_name
from service.change.routes import PDF
from service.decision.table import read_sector
from service.decision.use import OwnPrice, SectorAsk, Worked, of_sector
from service.dossier.routes import XLSX
from service.pages.frame import Lang, PageRoute, number_typed, page, sources
from service.press.document import Block, Column, Document, Steps, Table, Words, pdf
from service.press.sheet import xlsx
from service.provide import Law, Today
from service.safety import MULTIPART_LIMIT
from service.workbook.guard import read_grid

router = APIRouter(route_class=PageRoute, include_in_schema=False)
_HEAD = "出口商,CN编码,原产地,每年吨数,自有SEE,自有SEFA,数据年份"
EXAMPLE = f"""{_HEAD}
甲钢构,7308 90 59,中国,1000,,,
乙钢铁,7208 37 00,中国,5000,2.1,1.3,2026
乙钢铁,7318 15 95,中国,300,,,
丙铝业,7604 29 90,中国,800,,,
"""


class NoLines(YuetanError):
    code = "sector.no_lines"
    message = Text("没有可计算的行。", "There is no line to compute.")
    hint = Text(
        "请粘贴表格或选择文件，表头须有出口商、CN 编码、原产地、每年吨数。",
        "Paste a table or choose a file with exporter, CN code, origin and tonnes a year.",
    )


@router.get("/sector")
def empty(request: Request, lang: Lang, law: Law, example: bool = False) -> Response:
    """Show the form."""
    return _page(
        request,
        lang,
        law.paths,
        {"lines": EXAMPLE if example else "", "by": "exporter", "year": "", "path": "flat", "own": ""},
        None,
        (),
        None,
    )


@router.post("/sector", max_body_size=MULTIPART_LIMIT)
def sector(
    request: Request,
    lang: Lang,
    law: Law,
    today: Today,
    file: Annotated[UploadFile | None, File()] = None,
    lines: Annotated[str, Form(max_length=900_000)] = "",
    by: Annotated[Literal["exporter", "cn_code", "origin"], Form()] = "exporter",
    year: Annotated[str, Form(max_length=4)] = "",
    path: Word = "flat",
    own: Annotated[str, Form(max_length=20)] = "",
    result: Annotated[str, Form(alias="as", max_length=5)] = "",
) -> Response:
    """Sum and rank the lines, on the page or as PDF or workbook; rows that cannot be read are told and left out."""
    typed = {"lines": lines, "by": by, "year": year, "path": path, "own": own}
    made: Worked[Sector] | None = None
    findings: tuple[Finding, ...] = ()
    error: YuetanError | None = None
    try:
        if file is not None and file.filename:
            grid = read_grid(content_of(file), plain_name(file.filename))
            typed["lines"] = "\n".join(",".join(cell.replace(",", " ") for cell in row) for row in grid.rows)[:900_000]
        elif lines.strip():
            grid = read_grid(lines.encode(), "lines.csv")
        else:
            raise NoLines(field="lines")
        read = read_sector(grid, law.book())
        findings = read.findings
        if read.lines is None:
            raise NoLines(field="lines")
        price = number_typed("sector_own", own)
        made = of_sector(
            SectorAsk(
                lines=read.lines,
                by=by,
                year=int(year) if year.isdigit() and 2026 <= int(year) <= 2034 else None,
                price_path=path,
                own_price=OwnPrice(per_t=price) if price else None,
            ),
            law,
            today,
        )
    except YuetanError as refusal:
        error = refusal
    if made is not None and result in ("pdf", "xlsx"):
        paper = sector_paper(made.found)
        content, media = (pdf(paper, lang), PDF) if result == "pdf" else (xlsx(paper, lang), XLSX)
        headers = {"Content-Disposition": f'attachment; filename="sector.{result}"'}
        return Response(content, media_type=media, headers=headers)
    return _page(request, lang, law.paths, typed, made, findings, error)


def _page(
    request: Request,
    lang: str,
    paths: object,
    typed: dict[str, str],
    made: Worked[Sector] | None,
    findings: tuple[Finding, ...],
    error: YuetanError | None,
) -> Response:
    return page(
        request, lang, "sector.html", 422 if error else 200, typed=typed, paths=paths, found=made.found if made else None,
        ranked=ranking(made.found) if made else (), rows=[r for r in made.found.rows() if not r.key.startswith("rank.")] if made else (),
        findings=findings, error=error, sources=sources(),
    )  # fmt: skip


def ranking(made: Sector) -> list[tuple[str, float, float, float]]:
    """Return name, tonnes a year, cost in EUR and its share of the whole, the dearest first."""
    cents = made.rank_cents
    total = int(cents.sum())
    return [
        (made.groups[g], float(made.tonnes[g]), int(cents[g]) / 100.0, int(cents[g]) / total if total else 0.0)
        for g in made.ranked[: made.top]
    ]


def sector_paper(made: Sector) -> Document:
    """Return a sector as a paper: the ranking, then every year under each law."""
    when = Text(f"{made.year} 年", f"in {made.year}") if made.year else Text("各年合计", "all years together")
    blocks: list[Block] = [
        Table(
            [Column(Text("名称", "Name"), 3), Column(Text("每年吨数", "Tonnes a year"), 1, number=True),
             Column(Text("费用 EUR", "Cost EUR"), 1.4, number=True), Column(Text("占比", "Share"), 0.8, number=True)],
            [[name, f"{t:,.0f}", f"{eur:,.2f}", f"{share:.1%}"] for name, t, eur, share in ranking(made)],
            Text(f"按费用排名（{when.zh}）", f"Ranked by cost ({when.en})"),
        ),
        Steps([row for row in made.rows() if not row.key.startswith("rank.")], Text("各年", "By year")),
    ]  # fmt: skip
    if made.refused:
        told = [Text(f"{code}：{n} 行未计入", f"{code}: {n} lines are left out") for code, n in made.refused.items()]
        blocks.append(Words(told, Text("未计入", "Left out"), listed=True))
    by = {
        "exporter": Text("按出口商", "by exporter"),
        "cn_code": Text("按编码", "by code"),
        "origin": Text("按原产地", "by origin"),
    }
    return Document(
        title=Text("行业 CBAM 费用", "CBAM cost of a sector"),
        subtitle=by[made.by],
        made_on=clock.today(),
        key=METHOD,
        blocks=blocks,
    )
