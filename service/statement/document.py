"""What a statement says, as the document that is signed: decimal strings, dates and words, nothing else."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Literal, TypeAlias

from pydantic import Field, ValidationError

from models.errors import Text, YuetanError
from models.inputs import Input
from models.provenance import canonical, fingerprint
from models.statement import METHOD, Statement
from models.statement_asked import Cost, PaidBy, PaidKind, Span, Upstream

FORMAT = "yuetan-carbon-cost-statement/1"
Standing: TypeAlias = Literal["accredited", "not_accredited", "not_known"]
DecimalText = Annotated[str, Field(pattern=r"^-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,30})?$")]
_DECIMALS = 30
Day = Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
Short = Annotated[str, Field(min_length=1, max_length=300)]
Number = Annotated[str, Field(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]


class NotAStatement(YuetanError):
    code = "statement.not_one"
    message = Text(
        "这不是一张完整的碳成本单：{where_zh}。", "This is not a complete carbon cost statement: {where_en}."
    )
    hint = Text(
        "请向出具方索取原始文件（JSON、PDF 或 xlsx）。", "Ask the issuer for the original file (JSON, PDF or xlsx)."
    )


class BeyondFigures(YuetanError):
    code = "statement.beyond_figures"
    message = Text(
        "“{field_name}”的数值 {found} 大到不可能。", "The figure of {field_name}, {found}, is beyond any real one."
    )
    hint = Text("请核对价格、排放和配额的单位。", "Check the units of prices, emissions and allowances.")


class SpanText(Input):
    """A figure with its interval, CNY per t of product."""

    low: DecimalText
    value: DecimalText
    high: DecimalText


class ViewsText(Input):
    """Three views; absent is not known."""

    full: SpanText | None = None
    paid: SpanText | None = None
    marginal: SpanText | None = None


class PayerText(Input):
    """Who has paid how much per tonne of this product."""

    issuer: Short
    installation: Short
    scheme: Literal["GDEA", "CEA", "SZA"]
    compliance_year: int = Field(ge=2013, le=2060)
    cny_per_t: DecimalText
    evidence: str | None = Field(default=None, max_length=300)


class SupplyText(Input):
    """A supplier's product that went in."""

    product: Short
    issuer: Short
    t_per_t: DecimalText
    level: Literal["statement", "sector_average", "input_output"]
    statement: str | None = Field(default=None, max_length=80)
    source: str | None = Field(default=None, max_length=300)


class StatementDocument(Input):
    """
    A statement as it is signed.

    Emissions are tCO2 per t, money CNY per t of product; ``inputs_sha256`` is
    the fingerprint of everything it rests on, which stays with the issuer.
    """

    number: Number
    issued: Day
    method: Short
    issuer: Short
    issuer_uscc: str | None = Field(default=None, max_length=18)
    customer: Short
    customer_uscc: str | None = Field(default=None, max_length=18)
    installation: Short
    product: Short
    product_code: str | None = Field(default=None, max_length=10)
    first: Day
    last: Day
    quantity_t: DecimalText
    direct_tco2_per_t: DecimalText
    electricity_tco2_per_t: DecimalText | None = None
    charged_tco2_per_t: DecimalText
    overlap_tco2_per_t: DecimalText
    attribution: Literal["subdivision", "physical", "economic"]
    attribution_note: str | None = Field(default=None, max_length=500)
    data_quality: int = Field(ge=1, le=5)
    scheme: Literal["GDEA", "CEA", "SZA"] | None = None
    compliance_year: int = Field(ge=2013, le=2060)
    provisional: bool
    free_tco2_per_t: DecimalText | None = None
    allocation: str | None = Field(default=None, max_length=60)
    market_price_cny_per_tco2: DecimalText | None = None
    market_price_basis: str | None = Field(default=None, max_length=500)
    average_paid_cny_per_tco2: DecimalText | None = None
    paid_kind: PaidKind | None = None
    surcharge_cny_per_t: DecimalText | None = None
    cny_per_eur: DecimalText | None = None
    cny_per_eur_basis: str | None = Field(default=None, max_length=400)
    verified_by: str | None = Field(default=None, max_length=200)
    verification_report: str | None = Field(default=None, max_length=200)
    #: What the issuer's register of accreditations said of the verifier on the day of issue, and why.
    verifier_standing: Standing | None = None
    verifier_standing_basis: str | None = Field(default=None, max_length=1000)
    own: ViewsText
    upstream: ViewsText
    total: ViewsText
    #: The kept position that the price paid was taken from: its key, its day, and net / emissions.
    position_key: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")
    position_on: Day | None = None
    paid_share: DecimalText | None = None
    supplies: tuple[SupplyText, ...] = Field(default=(), max_length=500)
    paid_by: tuple[PayerText, ...] = Field(default=(), max_length=5000)
    inputs_sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    link: str | None = Field(default=None, max_length=500)


def document_of(
    made: Statement,
    number: str,
    issued: dt.date,
    link: str | None,
    verifier: tuple[Standing, str] | None = None,
    position: tuple[str, str, float | None] | None = None,
) -> StatementDocument:
    """
    Return a statement as the document to sign.

    ``verifier`` is what the register says of its verifier, and why; ``position``
    key, day and paid share of the position it was made from.

    Raises
    ------
    BeyondFigures
        A figure has more digits than a statement holds.
    """
    try:
        return _document(made, number, issued, link, verifier, position)
    except ValidationError as error:
        wrong = error.errors()[0]
        where = ".".join(str(part) for part in wrong["loc"])
        raise BeyondFigures(field="statement", field_name=where, found=str(wrong["input"])[:40]) from error


def _document(
    made: Statement,
    number: str,
    issued: dt.date,
    link: str | None,
    verifier: tuple[Standing, str] | None,
    position: tuple[str, str, float | None] | None,
) -> StatementDocument:
    of = made.asked
    market, rate = of.market, of.rate
    return StatementDocument(
        number=number,
        issued=issued.isoformat(),
        method=METHOD,
        issuer=of.issuer.name,
        issuer_uscc=of.issuer.uscc,
        customer=of.customer.name,
        customer_uscc=of.customer.uscc,
        installation=of.installation,
        product=of.product,
        product_code=of.product_code,
        first=of.first.isoformat(),
        last=of.last.isoformat(),
        quantity_t=_text(of.quantity_t),
        direct_tco2_per_t=_text(of.direct_tco2_per_t),
        electricity_tco2_per_t=_known(of.electricity_tco2_per_t),
        charged_tco2_per_t=_text(made.charged_tco2_per_t),
        overlap_tco2_per_t=_text(made.overlap_tco2_per_t),
        attribution=of.attribution,
        attribution_note=of.attribution_note,
        data_quality=of.data_quality,
        scheme=of.scheme,
        compliance_year=of.compliance_year,
        provisional=bool(of.provisional),
        free_tco2_per_t=_known(of.free_tco2_per_t),
        allocation=of.allocation,
        market_price_cny_per_tco2=_text(market.cny_per_t) if market else None,
        market_price_basis=f"{market.statistic}; {market.first} - {market.last}; {market.source}"[:500] if market else None,
        average_paid_cny_per_tco2=_known(of.average_paid_cny_per_tco2),
        paid_kind=made.paid_kind,
        surcharge_cny_per_t=_known(of.surcharge_cny_per_t),
        cny_per_eur=_text(rate.cny_per_eur) if rate else None,
        cny_per_eur_basis=f"{rate.on}; {rate.source}" if rate else None,
        verified_by=of.verified_by,
        verification_report=of.verification_report,
        verifier_standing=verifier[0] if verifier else None,
        verifier_standing_basis=verifier[1] if verifier else None,
        own=_views(made.own),
        upstream=_views(made.upstream),
        total=_views(made.total),
        position_key=position[0] if position else None,
        position_on=position[1] if position else None,
        paid_share=_known(position[2]) if position else None,
        supplies=tuple(
            SupplyText(
                product=one.product, issuer=one.issuer, t_per_t=_text(one.t_per_t), level=one.level, statement=one.statement,
                source=one.source,
            )
            for one in of.upstream
        ),
        paid_by=tuple(
            PayerText(**payer.model_dump(exclude={"cny_per_t"}), cny_per_t=_text(payer.cny_per_t)) for payer in made.paid_by
        ),
        inputs_sha256=fingerprint(of.model_dump() | {"provisional": bool(of.provisional)}),
        link=link,
    )  # fmt: skip


def parsed(document: object) -> StatementDocument:
    """
    Return a document that came from outside, checked.

    Raises
    ------
    NotAStatement
        A field is missing, unknown or not what it should be; or the total is not own plus upstream.
    """
    try:
        found = StatementDocument.model_validate(document)
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors()[0]["loc"]) or "document"
        raise NotAStatement(where_zh=f"字段 {where[:100]} 有误", where_en=f"field {where[:100]}") from error
    for view in ("full", "paid", "marginal"):
        own, upstream, total = (getattr(part, view) for part in (found.own, found.upstream, found.total))
        if (total is None) != (own is None or upstream is None):
            raise NotAStatement(where_zh=f"{view} 合计与部分不符", where_en=f"the {view} total and its parts")
        if total is not None and not _adds_up(own, upstream, total):
            raise NotAStatement(where_zh=f"{view} 合计与部分不符", where_en=f"the {view} total and its parts")
    return found


def upstream_of(document: StatementDocument, t_per_t: float) -> Upstream:
    """Return a supplier's document as a line of the customer's own statement."""
    total = document.total
    return Upstream(
        product=document.product,
        issuer=document.issuer,
        t_per_t=t_per_t,
        level="statement",
        statement=document.number,
        tco2e_per_t=float(document.charged_tco2_per_t),
        full=_cost(total.full),
        paid=_cost(total.paid),
        marginal=_cost(total.marginal),
        paid_by=tuple(
            PaidBy(**payer.model_dump(exclude={"cny_per_t"}), cny_per_t=float(payer.cny_per_t))
            for payer in document.paid_by
        ),
    )


def _adds_up(own: SpanText, upstream: SpanText, total: SpanText) -> bool:
    a, b, c = (Decimal(part.value) for part in (own, upstream, total))
    return abs(a + b - c) <= Decimal("1e-9") * max(Decimal(1), abs(c))


def _text(value: float) -> str:
    """Return a figure in decimals; what is below 30 decimals is nothing that anybody could pay."""
    text = str(canonical(float(value) + 0.0))
    return text if len(text.partition(".")[2]) <= _DECIMALS else str(canonical(round(Decimal(text), _DECIMALS) + 0))


def _known(value: float | None) -> str | None:
    return None if value is None else _text(value)


def _views(views: Sequence[Span | None]) -> ViewsText:
    full, paid, marginal = (
        None if one is None else SpanText(low=_text(one.low), value=_text(one.value), high=_text(one.high))
        for one in views
    )
    return ViewsText(full=full, paid=paid, marginal=marginal)


def _cost(span: SpanText | None) -> Cost | None:
    if span is None:
        return None
    return Cost(cny_per_t=float(span.value), low=float(span.low), high=float(span.high))
