"""The communication workbook and the operator's report over HTTP."""

from __future__ import annotations

import base64
from typing import Annotated, Any

from fastapi import APIRouter, Body, File, Form, Response, UploadFile
from pydantic import BaseModel, Field, JsonValue, ValidationError

from cbam.plant import Installation
from models.errors import Text, YuetanError
from service.batch.routes import content_of
from service.change.routes import PAPER, PDF, Language
from service.communication import use
from service.communication.reader import Communication, products_as_lines, read_communication
from service.communication.report import OperatorReport, report_paper, schema
from service.communication.surgical import OUTCOMES
from service.communication.use import Filled, ReportAsk
from service.dossier.routes import XLSX
from service.errors import PROBLEMS
from service.installation.routes import _EXAMPLES as PLANTS
from service.json_text import check_json
from service.press.document import pdf
from service.press.sheet import xlsx
from service.provide import Law, Today
from service.safety import MULTIPART_LIMIT
from service.schemas import FindingRead, TextRead
from service.strict import StrictRoute

router = APIRouter(tags=["communication workbook"], responses=PROBLEMS)
reports = APIRouter(prefix="/operator-report", tags=["operator's report"], route_class=StrictRoute, responses=PROBLEMS)
File_ = Annotated[UploadFile, File(description="The Commission's communication workbook, xlsx or xlsm")]


class NoInstallation(YuetanError):
    code = "communication.no_installation"
    message = Text("装置数据不是有效的 JSON：{what}", "The installation is no valid JSON: {what}")
    hint = Text("格式见 /installations/see。", "Its form is that of /installations/see.")


class ProductRead(BaseModel):
    """One product of the workbook."""

    row: int
    values: dict[str, str | float | None]
    cells: dict[str, str]
    usable: bool = Field(description="Whether the direct SEE can be declared on the actual basis once SEFA is added")
    lacking: list[TextRead]


class BlockRead(BaseModel):
    """One production process or purchased precursor."""

    number: int
    name: str
    values: dict[str, str | float | None]


class CommunicationRead(BaseModel):
    """What a workbook holds, and what is to be said of its cells."""

    version: str
    year: int | None
    macros: bool
    master: dict[str, str | float | None]
    products: list[ProductRead]
    processes: list[BlockRead]
    precursors: list[BlockRead]
    lines: list[dict[str, JsonValue]] = Field(description="Usable products as import lines; SEFA has to be added")
    findings: list[FindingRead]


class WrittenRead(BaseModel):
    """What became of one cell."""

    sheet: str
    cell: str
    value: float | str
    before: str
    outcome: str
    text: TextRead
    origin: TextRead


class FilledRead(BaseModel):
    """A filled copy, base64, and the list of its cells."""

    version: str
    written: list[WrittenRead]
    left_out: list[str]
    workbook: str = Field(description="The copy, base64")
    companion: str = Field(description="Every cell with value and origin as CSV, base64")


def communication_read(found: Communication, origin: str = "CN") -> CommunicationRead:
    """Return a workbook as the API shows it."""
    return CommunicationRead(
        version=found.version,
        year=found.year,
        macros=found.macros,
        master=dict(found.master),
        products=[
            ProductRead(
                row=one.row,
                values=dict(one.values),
                cells=dict(one.cells),
                usable=one.usable,
                lacking=[TextRead(**text._asdict()) for text in one.lacking],
            )
            for one in found.products
        ],
        processes=[BlockRead(number=b.number, name=b.name, values=dict(b.values)) for b in found.processes],
        precursors=[BlockRead(number=b.number, name=b.name, values=dict(b.values)) for b in found.precursors],
        lines=[dict(line) for line in products_as_lines(found, origin)],
        findings=[FindingRead.model_validate(finding.to_dict()) for finding in found.findings],
    )


def filled_read(found: Filled) -> FilledRead:
    """Return a filled copy as the API shows it."""
    return FilledRead(
        version=found.version,
        written=[
            WrittenRead(
                sheet=one.edit.sheet,
                cell=one.edit.cell,
                value=one.edit.value,
                before=one.before,
                outcome=one.outcome,
                text=TextRead(**OUTCOMES[one.outcome]._asdict()),
                origin=TextRead(**one.edit.origin._asdict()),
            )
            for one in found.written
        ],
        left_out=list(found.left_out),
        workbook=base64.b64encode(found.data).decode(),
        companion=base64.b64encode(found.companion()).decode(),
    )


def plant_of(text: str) -> Installation:
    """Return an installation from JSON text; ``NoInstallation`` names the first field that is wrong."""
    check_json(text.encode())
    try:
        return Installation.model_validate_json(text, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise NoInstallation(field="installation", what=f"{where}: {first['msg']}"[:200]) from None


@router.post(
    "/communication/read",
    summary="Read a communication workbook",
    response_model=CommunicationRead,
    max_body_size=MULTIPART_LIMIT,
)
def read(
    file: File_, law: Law, origin: Annotated[str, Form(pattern=r"^[A-Z]{2}$", description="Origin of the goods")] = "CN"
) -> CommunicationRead:
    """
    Read a workbook of version 2.1 or 2.1.1: the direct column of its products, with a finding for each cell that is amiss.

    An unknown version is refused and what was found is named. SEFA is not in the template and has to be added.
    """
    return communication_read(read_communication(content_of(file), law.book()), origin)


@router.post(
    "/communication/fill",
    summary="Fill a copy of the workbook",
    response_model=FilledRead,
    max_body_size=MULTIPART_LIMIT,
)
def fill(
    file: File_,
    installation: Annotated[
        str, Form(max_length=12_000_000, description="An installation as /installations/see takes it, JSON")
    ],
    law: Law,
    overwrite: Annotated[
        str, Form(max_length=20_000, description="Cells whose value may be overwritten, as Sheet!A1, one a line")
    ] = "",
) -> FilledRead:
    """
    Write the results of an installation into a copy of your workbook.

    Formulas, macros, styles, protection and every other part stay as they are; a value of yours is kept unless its
    cell is named in `overwrite`. What became of each cell is listed.
    """
    allowed = [line.strip() for line in overwrite.splitlines() if line.strip()]
    return filled_read(use.filled(content_of(file), plant_of(installation), law, allowed))


_ASK: dict[str, Any] = {
    "installation": PLANTS["galvanising"]["value"],
    "place": {"installation": "Foshan galvanising", "country": "CN"},
}
Asked = Annotated[ReportAsk, Body(openapi_examples={"galvanising": {"summary": "A galvanising line", "value": _ASK}})]


@reports.post("", summary="Report of the operator", response_model=OperatorReport)
def report(asked: Asked, law: Law) -> OperatorReport:
    """Return the operator's report of a year with SEE and SEFA; what is missing is listed and never filled in."""
    return use.reported(asked, law)


@reports.get("/schema", summary="Schema of the operator's report")
def report_schema() -> dict[str, Any]:
    """Return the JSON Schema of the report; its version is ours, the registry's is not public."""
    return schema()


@reports.post(".xlsx", summary="The report as a workbook", response_class=Response)
def report_sheet(asked: Asked, law: Law, today: Today, lang: Language = "zh") -> Response:
    """Return the report as a workbook."""
    made = xlsx(report_paper(use.reported(asked, law), today), lang)
    return Response(made, media_type=XLSX, headers={"Content-Disposition": "attachment; filename=operator-report.xlsx"})


@reports.post(".pdf", summary="The report on paper", response_class=Response, responses=PAPER)
def report_on_paper(asked: Asked, law: Law, today: Today, lang: Language = "zh") -> Response:
    """Return the report as a PDF."""
    made = pdf(report_paper(use.reported(asked, law), today), lang)
    return Response(made, media_type=PDF, headers={"Content-Disposition": "attachment; filename=operator-report.pdf"})
