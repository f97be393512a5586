"""Carbon cost statements over HTTP."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Body, File, Query, Request, Response, UploadFile
from pydantic import Field

from models.inputs import Input
from service.assessment.routes import WORKBOOK, XLSX
from service.auth import Who
from service.batch.routes import content_of, plain_name
from service.change.routes import PDF
from service.errors import MISSING, PROBLEMS, there
from service.identity.permit import needs
from service.parts import Parts
from service.press.document import pdf
from service.press.sheet import xlsx
from service.provide import Caller, HereParts, Law, Limit, Reading, Today, Transaction
from service.safety import MULTIPART_LIMIT
from service.statement import suppliers, use
from service.statement.many import from_file, issue_file, preview_verified
from service.statement.paper import statement_paper
from service.statement.read import (
    CheckedRead,
    FileRead,
    KeyRead,
    NoticeRead,
    PreviewRead,
    StatementPage,
    StatementRead,
    SupplierPage,
    SupplierRead,
    checked_read,
    file_read,
    filename,
    key_read,
    notice_read,
    preview_read,
    statement_read,
    supplier_read,
)
from service.statement.seal import Altered, Envelope, key_id, opened, sealed_pdf, sealed_xlsx
from service.statement.use import StatementAsk
from service.statement.verified import of_document
from service.statement.workbook import template_bytes
from service.strict import StrictRoute

router = APIRouter(tags=["statements"], route_class=StrictRoute, responses=PROBLEMS)
#: Open to anybody: a customer who scans the code has no account here.
public = APIRouter(tags=["statements"], route_class=StrictRoute, responses=PROBLEMS)

EXAMPLE: dict[str, Any] = {
    "statement": {
        "issuer": {"name": "佛山示例轧钢厂"},
        "customer": {"name": "顺德示例家电"},
        "installation": "一号轧线",
        "product": "冷轧卷",
        "product_code": "72091690",
        "first": "2025-04-01",
        "last": "2025-04-30",
        "quantity_t": 1200.0,
        "direct_tco2_per_t": 0.2,
        "electricity_tco2_per_t": 0.09,
        "electricity_covered": True,
        "attribution": "subdivision",
        "data_quality": 2,
        "error_share": 0.05,
        "scheme": "GDEA",
        "compliance_year": 2025,
        "market": {"cny_per_t": 39.04, "statistic": "成交量加权均价", "first": "2025-04-01", "last": "2025-04-30", "source": "示例"},
        "free_tco2_per_t": 0.27,
        "allocation": "historical_intensity",
        "average_paid_cny_per_tco2": 2.694,
        "paid_evidence": "采购合同 2025-017",
        "upstream": [
            {
                "product": "热轧卷", "issuer": "行业平均", "t_per_t": 1.03, "level": "sector_average", "source": "示例来源",
                "full": {"cny_per_t": 80.0, "low": 60.0, "high": 100.0}, "paid": {"cny_per_t": 3.0, "low": 0.0, "high": 6.0},
                "marginal": {"cny_per_t": 5.0},
            }
        ],
    }
}  # fmt: skip
_Asked = Annotated[
    StatementAsk,
    Body(openapi_examples={"rolling": {"summary": "A rolling mill of the Guangdong pilot", "value": EXAMPLE}}),
]
Upload = Annotated[UploadFile, File(description="JSON, PDF or xlsx as it was issued")]

Workbook = Annotated[UploadFile, File(description="The filled template, xlsx or xlsm")]


class Withdrawal(Input):
    """Why a statement is taken back; everybody who asks for it is told."""

    reason: str = Field(min_length=1, max_length=300, examples=["核查后排放量更正"])


class NewKey(Input):
    """The key of an issuer elsewhere, and how it was compared with them."""

    public: str = Field(min_length=44, max_length=44, description="32 bytes in base64")
    issuer: str = Field(min_length=1, max_length=200)
    compared: str = Field(min_length=1, max_length=300, examples=["2026-11-20 电话核对 王工"])


@router.post("/statements/preview", summary="A statement before it is issued", response_model=PreviewRead)
def preview(asked: _Asked, who: Caller, db: Reading, law: Law, today: Today) -> PreviewRead:
    """Work out the three views, who has paid, and what is not known; nothing is kept."""
    made = use.prepared(db, who, asked)[0]
    return preview_read(made, preview_verified(db, who, law.accreditation, made, today))


@router.post(
    "/statements",
    status_code=201,
    summary="Issue a statement",
    response_model=StatementRead,
    responses=there(StatementRead),
)
def issue(
    asked: _Asked,
    who: Caller,
    db: Transaction,
    parts: HereParts,
    law: Law,
    today: Today,
    request: Request,
    response: Response,
) -> StatementRead:
    """Sign a statement and enter it in the register; the same input again gives the same statement (200)."""
    row, _, made = use.issue(db, who, parts.settings, asked, today, site_of(request), law.accreditation)
    response.status_code = 201 if made else 200
    response.headers["Location"] = f"/api/v1/statements/{row.id}.json"
    return statement_read(row, use.notice_of(db, row.id))


@router.get("/statements/template.xlsx", summary="Workbook of statements", response_class=Response, responses=WORKBOOK)
def template(example: Annotated[bool, Query(description="Filled in with an example")] = False) -> Response:
    """Return the workbook to fill in, in Chinese and English."""
    headers = {"Content-Disposition": 'attachment; filename="yuetan-statements.xlsx"'}
    return Response(template_bytes(example=example), media_type=XLSX, headers=headers)


@router.post(
    "/statements/file/preview", summary="A workbook worked out", response_model=FileRead, max_body_size=MULTIPART_LIMIT
)
def preview_file(file: Workbook, who: Caller, db: Reading, law: Law, today: Today) -> FileRead:
    """Work out every statement of a workbook; nothing is kept."""
    plain_name(file.filename)
    return file_read(from_file(db, who, content_of(file), today, law.accreditation))


@router.post("/statements/file", summary="Issue a workbook", response_model=FileRead, max_body_size=MULTIPART_LIMIT)
def issue_workbook(
    file: Workbook, who: Caller, db: Transaction, parts: HereParts, law: Law, today: Today, request: Request
) -> FileRead:
    """Issue every statement of a workbook that is not refused; handed in again, nothing new is issued."""
    plain_name(file.filename)
    data = content_of(file)
    return file_read(issue_file(db, who, parts.settings, data, today, site_of(request), law.accreditation))


@router.get("/statements", summary="Statements issued", response_model=StatementPage)
def issued(who: Caller, db: Reading, limit: Limit = 50) -> StatementPage:
    """List the latest statements, and whether they stand."""
    return StatementPage(items=[statement_read(row, notice) for row, notice in use.issued(db, who, limit)])


@router.get(
    "/statements/{number}.{kind}", summary="A statement as a file", response_class=Response, responses=MISSING,
    openapi_extra=needs("see"),
)  # fmt: skip
def file(
    number: UUID, kind: Literal["json", "pdf", "xlsx"], who: Caller, db: Transaction, parts: HereParts,
    lang: Annotated[Literal["zh", "en"], Query()] = "zh",
) -> Response:  # fmt: skip
    """
    Return the signed JSON, or a PDF or workbook that carries it and is signed as a whole.

    It is written down that the file leaves for its customer.
    """
    envelope = opened(use.one_of(db, who, number).content)[0]
    answer = download(parts, who, envelope, kind, lang)
    use.taken(db, who, envelope, bytes(answer.body))
    return answer


@router.post(
    "/statements/{number}/withdraw", summary="Take a statement back", response_model=NoticeRead, responses=MISSING
)
def withdraw(number: UUID, why: Withdrawal, who: Caller, db: Transaction) -> NoticeRead:
    """Withdraw a statement: from now on it is refused wherever it is handed in, here and behind its link."""
    return notice_read(use.withdraw(db, who, number, why.reason))


@router.post(
    "/statements/check", summary="Check a statement's file", response_model=CheckedRead, max_body_size=MULTIPART_LIMIT
)
def check(file: Upload, who: Caller, db: Reading, law: Law) -> CheckedRead:
    """Check the signatures of a file, whose key signed it, whether it stands, and its verifier; a changed byte is refused."""
    found = suppliers.checked(db, who, content_of(file))
    return checked_read(found, of_document(db, who, law.accreditation, found.envelope.document))


@router.post(
    "/supplier-statements", status_code=201, summary="Bring in a supplier's statement", response_model=SupplierRead,
    responses=there(SupplierRead), max_body_size=MULTIPART_LIMIT,
)  # fmt: skip
def bring_in(file: Upload, who: Caller, db: Transaction, law: Law, response: Response) -> SupplierRead:
    """Keep a supplier's statement, so that your own may build on it; the same file again changes nothing (200)."""
    row, made = suppliers.bring_in(db, who, content_of(file))
    response.status_code = 201 if made else 200
    told = of_document(db, who, law.accreditation, opened(row.content)[0].document)
    return supplier_read(*next(one for one in suppliers.brought_in(db, who, 500) if one[0].id == row.id), told)


@router.get("/supplier-statements", summary="Suppliers' statements", response_model=SupplierPage)
def brought_in(who: Caller, db: Reading, limit: Limit = 50) -> SupplierPage:
    """List suppliers' statements, and how many of their tonnes are handed on already."""
    return SupplierPage(items=[supplier_read(*one) for one in suppliers.brought_in(db, who, limit)])


@router.get("/statement-key", summary="Your own key", response_model=KeyRead)
def own_key(who: Caller, parts: HereParts) -> KeyRead:
    """Return the public key you sign with; hand it to customers by another way than the statements."""
    public_key = use.own_key(parts.settings, who)
    return key_read(key_id(public_key), public_key)


@router.post(
    "/trusted-keys",
    status_code=201,
    summary="Trust an issuer's key",
    response_model=KeyRead,
    openapi_extra=needs("manage"),
)
def trust(new: NewKey, who: Caller, db: Transaction) -> KeyRead:
    """Keep the key of an issuer on another installation, once it was compared with them."""
    try:
        raw = base64.b64decode(new.public, validate=True)
    except binascii.Error as error:
        raise Altered(field="public") from error
    if len(raw) != 32:
        raise Altered(field="public")
    row = suppliers.trust(db, who, raw, new.issuer, new.compared)
    return key_read(row.key_id, row.public, row)


@public.get("/verify/{number}", summary="Whether a statement stands", response_model=NoticeRead, responses=MISSING)
def verify(number: UUID, db: Reading) -> NoticeRead:
    """Say who issued a number, its hash, and whether it was withdrawn; nothing of its content."""
    return notice_read(use.notice_of(db, number))


def site_of(request: Request) -> str:
    """Return the address others reach the service by."""
    parts: Parts = request.app.state.parts
    return parts.settings.public_url or str(request.base_url)


def download(parts: Parts, who: Who, envelope: Envelope, kind: Literal["json", "pdf", "xlsx"], lang: str) -> Response:
    """Return a statement as a file of one kind."""
    media = {"json": "application/json", "pdf": PDF, "xlsx": XLSX}[kind]
    headers = {"Content-Disposition": f'attachment; filename="{filename(envelope, kind)}"'}
    return Response(as_file(parts, who, envelope, kind, lang), media_type=media, headers=headers)


def as_file(parts: Parts, who: Who, envelope: Envelope, kind: Literal["json", "pdf", "xlsx"], lang: str) -> bytes:
    """Return the bytes of a statement as one kind of file, signed as a whole."""
    if kind == "json":
        return envelope.data
    key = use.signing_key(parts.settings, who.organisation_id)
    paper = statement_paper(envelope)
    if kind == "pdf":
        return sealed_pdf(pdf(paper, lang), envelope, key)
    return sealed_xlsx(xlsx(paper, lang), envelope, key)
