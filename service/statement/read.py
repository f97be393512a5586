"""What the API says of statements."""

from __future__ import annotations

import base64
import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from uuid import UUID

from pydantic import BaseModel, Field

from models import statement as domain
from models.errors import Text
from models.findings import Finding
from models.statement import METHOD
from models.statement_asked import Views
from service.schemas import FindingRead, RowRead, TextRead, rows_of
from service.statement.many import Batch
from service.statement.paper import views_shown
from service.statement.seal import Envelope
from service.statement.suppliers import Checked
from service.statement.tables import Statement, StatementNotice, SupplierStatement, TrustedKey
from service.statement.verified import SAID, Verified

_STATES = {
    "valid": TextRead(zh="签名有效，成本单有效", en="The signature holds and the statement stands"),
    "withdrawn": TextRead(zh="签名有效，但成本单已撤回", en="The signature holds, but the statement was withdrawn"),
    "not_registered_here": TextRead(
        zh="签名有效；本服务没有登记它，是否已撤回请打开成本单上的链接查询",
        en="The signature holds; it is not registered here, so ask its link whether it was withdrawn",
    ),
}
_ISSUERS = {
    "own": TextRead(zh="本机构的密钥", en="your own key"),
    "here": TextRead(zh="本服务登记的机构的密钥", en="the key of an organisation of this service"),
    "trusted": TextRead(zh="您登记的可信密钥", en="a key you trust"),
    "unknown": TextRead(zh="未知密钥：请另行核对出具方", en="an unknown key: compare it with the issuer"),
}


class SpanRead(BaseModel):
    """A figure with its interval, CNY per t of product."""

    low: float
    value: float
    high: float


class ViewsRead(BaseModel):
    """Three views; null is not known."""

    full: SpanRead | None
    paid: SpanRead | None
    marginal: SpanRead | None


class PayerRead(BaseModel):
    """A payment, per tonne of this product."""

    issuer: str
    installation: str
    scheme: str
    compliance_year: int
    cny_per_t: float
    evidence: str | None


class VerificationRead(BaseModel):
    """Whether the verifier that a statement names was accredited on its day, by your register of accreditations."""

    standing: str = Field(description="accredited, not_accredited or not_known: verified is the first alone")
    text: TextRead
    reasons: list[TextRead]
    data_quality: float = Field(description="With what that does to it, 1 best")


class PreviewRead(BaseModel):
    """A statement that is not issued yet."""

    method: str
    own: ViewsRead
    upstream: ViewsRead
    total: ViewsRead
    paid_by: list[PayerRead]
    levels: dict[str, float] = Field(
        description="Share of the full cost by how it is known; empty where a part is not known"
    )
    rows: list[RowRead]
    findings: list[FindingRead]
    verification: VerificationRead | None = Field(description="Null where no verifier is named")


class LineRead(BaseModel):
    """A line of a workbook: what it comes to, and its number where it was issued."""

    line: str
    customer: str
    product: str
    quantity_t: float
    total: ViewsRead
    number: UUID | None


class FileRead(BaseModel):
    """A workbook of statements; a line that is refused is among the findings and not among the lines."""

    lines: list[LineRead]
    findings: list[FindingRead]


class StatementRead(BaseModel):
    """A statement that was issued."""

    number: UUID
    customer: str
    product: str
    first: dt.date
    last: dt.date
    quantity_t: Decimal
    issued: dt.date
    sha256: str
    key_id: str
    withdrawn: dt.datetime | None
    reason: str | None


class StatementPage(BaseModel):
    """The latest statements."""

    items: list[StatementRead]


class SupplierRead(BaseModel):
    """A supplier's statement that was brought in, and how much of it is handed on already."""

    number: UUID
    issuer: str
    product: str
    quantity_t: Decimal
    used_t: float
    key_id: str
    withdrawn: dt.datetime | None = Field(description="Known here only; for others ask the statement's link")
    findings: list[FindingRead] = Field(description="About its verifier, where it is brought in")


class SupplierPage(BaseModel):
    """The latest of suppliers' statements."""

    items: list[SupplierRead]


class CheckedRead(BaseModel):
    """A file whose signatures hold."""

    kind: str
    number: UUID
    issuer: str
    issuer_key: str = Field(description="own, here, trusted or unknown")
    issuer_key_text: TextRead
    key_id: str
    state: str = Field(description="valid, withdrawn or not_registered_here")
    text: TextRead
    reason: str | None
    customer: str
    product: str
    first: dt.date
    last: dt.date
    quantity_t: Decimal
    total_cny_per_t: dict[str, str | None]
    link: str | None
    verified_by: str | None = Field(description="As its issuer states")
    issuer_says: TextRead | None = Field(description="What the issuer's register said of the verifier, as signed")
    verification: VerificationRead | None = Field(description="By your own register; null where nobody is signed in")
    findings: list[FindingRead]


class NoticeRead(BaseModel):
    """What anybody with the number may know."""

    number: UUID
    issuer: str
    issued: dt.date
    sha256: str
    key_id: str
    state: str
    withdrawn: dt.datetime | None
    reason: str | None


class KeyRead(BaseModel):
    """A public key, 32 bytes in base64."""

    key_id: str
    public: str
    issuer: str | None
    compared: str | None


def _views(views: Views) -> ViewsRead:
    return ViewsRead(
        **{name: None if span is None else SpanRead(**span._asdict()) for name, span in views._asdict().items()}
    )


def file_read(found: Batch) -> FileRead:
    """Return a workbook of statements as the API shows it."""
    lines = [
        LineRead(
            line=one.id,
            customer=one.made.asked.customer.name,
            product=one.made.asked.product,
            quantity_t=one.made.asked.quantity_t,
            total=_views(one.made.total),
            number=one.row.id if one.row else None,
        )
        for one in found.lines
    ]
    return FileRead(lines=lines, findings=[FindingRead.model_validate(f.to_dict()) for f in found.findings])


def preview_read(made: domain.Statement, told: Verified | None) -> PreviewRead:
    """Return a statement as the API shows it before it is issued, with what the register says of its verifier."""
    own, upstream, total = map(_views, (made.own, made.upstream, made.total))
    return PreviewRead(
        method=METHOD,
        own=own,
        upstream=upstream,
        total=total,
        paid_by=[PayerRead(**payer.model_dump()) for payer in made.paid_by],
        levels=dict(made.levels),
        rows=rows_of(made),
        findings=_findings((*made.findings, *(told.findings if told else ()))),
        verification=_verification(told),
    )


def statement_read(row: Statement, notice: StatementNotice) -> StatementRead:
    """Return an issued statement as the API lists it."""
    return StatementRead(
        number=row.id,
        customer=row.customer,
        product=row.product,
        first=row.first,
        last=row.last,
        quantity_t=row.quantity_t,
        issued=notice.issued,
        sha256=notice.sha256,
        key_id=notice.key_id,
        withdrawn=notice.withdrawn,
        reason=notice.reason,
    )


def supplier_read(
    row: SupplierStatement, used_t: float, notice: StatementNotice | None, told: Verified | None = None
) -> SupplierRead:
    """Return a supplier's statement as the API lists it."""
    return SupplierRead(
        number=UUID(row.number),
        issuer=row.issuer,
        product=row.product,
        quantity_t=row.quantity_t,
        used_t=used_t,
        key_id=row.key_id,
        withdrawn=notice.withdrawn if notice else None,
        findings=_findings(told.findings if told else ()),
    )


def checked_read(found: Checked, told: Verified | None = None) -> CheckedRead:
    """Return what a check found; ``told`` is what the register of who asks says of its verifier."""
    said = found.envelope.document
    return CheckedRead(
        kind=found.kind,
        number=UUID(said.number),
        issuer=said.issuer,
        issuer_key=found.issuer,
        issuer_key_text=_ISSUERS[found.issuer],
        key_id=found.envelope.key_id,
        state=found.state,
        text=_STATES[found.state],
        reason=found.notice.reason if found.notice else None,
        customer=said.customer,
        product=said.product,
        first=dt.date.fromisoformat(said.first),
        last=dt.date.fromisoformat(said.last),
        quantity_t=Decimal(said.quantity_t),
        total_cny_per_t=views_shown(said.total),
        link=said.link,
        verified_by=said.verified_by,
        issuer_says=_said(SAID[said.verifier_standing]) if said.verified_by else None,
        verification=_verification(told),
        findings=_findings(told.findings if told else ()),
    )


def notice_read(notice: StatementNotice) -> NoticeRead:
    """Return what the register says of a number."""
    return NoticeRead(
        number=notice.id,
        issuer=notice.issuer,
        issued=notice.issued,
        sha256=notice.sha256,
        key_id=notice.key_id,
        state="withdrawn" if notice.withdrawn else "valid",
        withdrawn=notice.withdrawn,
        reason=notice.reason,
    )


def key_read(key_id: str, public: bytes, row: TrustedKey | None = None) -> KeyRead:
    """Return a public key."""
    return KeyRead(
        key_id=key_id,
        public=base64.b64encode(public).decode(),
        issuer=row.issuer if row else None,
        compared=row.compared if row else None,
    )


def _verification(told: Verified | None) -> VerificationRead | None:
    if told is None:
        return None
    return VerificationRead(
        standing=told.standing,
        text=_said(SAID[told.standing]),
        reasons=[_said(one) for one in told.quality.accredited.reasons],
        data_quality=told.quality.effective,
    )


def _said(of: Text) -> TextRead:
    return TextRead(zh=of.zh, en=of.en)


def _findings(found: Iterable[Finding]) -> list[FindingRead]:
    return [FindingRead.model_validate(one.to_dict()) for one in found]


def filename(envelope: Envelope, ending: str) -> str:
    """Return a plain name for a statement's file."""
    return f"statement-{envelope.document.number[:8]}.{ending}"
