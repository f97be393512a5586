"""Footprints kept, verified, offered and disclosed over HTTP."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Body, Path, Query, Response
from sqlalchemy.orm import Session

from models.pact.offered import OfferAsk
from service.assessment.routes import XLSX
from service.auth import Who
from service.change.routes import PDF
from service.columns import dumps
from service.errors import MISSING, PROBLEMS, Problem, there
from service.factors.use import kept
from service.footprint import keep as use
from service.footprint.disclosure import Disclosure, DisclosureAsk, disclosure, disclosure_paper, let_go
from service.footprint.example import EXAMPLE
from service.footprint.kept_read import (
    DisclosureRead,
    KeptPage,
    KeptRead,
    KeptWhole,
    OfferRead,
    TrendRead,
    VerificationRead,
    disclosure_read,
    kept_read,
    kept_whole,
    trend_read,
)
from service.footprint.offer import offer
from service.footprint.paper import footprint_paper
from service.identity.permit import needs
from service.pact.book import shown
from service.press.document import pdf
from service.press.sheet import xlsx
from service.provide import Caller, HereParts, Law, Limit, Reading, Today, Transaction
from service.strict import StrictRoute

router = APIRouter(prefix="/kept-footprints", tags=["footprints"], route_class=StrictRoute, responses=PROBLEMS)
disclosures = APIRouter(prefix="/disclosures", tags=["footprints"], route_class=StrictRoute, responses=PROBLEMS)

_Id = Annotated[UUID, Path(description="Id of a kept footprint")]
_Tongue = Annotated[Literal["zh", "en"], Query()]
_FOLLOWS: dict[int | str, dict[str, Any]] = {
    409: {"model": Problem, "description": "There is a version that this one has to name, with a reason"}
}
_KEEP = {"profiles": {"summary": "One of two aluminium profiles", "value": EXAMPLE | {"product": "6063-A"}}}
_OFFER = {
    "profile": {
        "summary": "An aluminium profile, made up",
        "value": {
            "company_name": "佛山示例铝业", "company_ids": ["urn:pact:samr.gov.cn:uscc:91440600MA4UTE3T1X"],
            "product_ids": ["urn:pact:example.com:product-id:6063-A"], "product_description": "建筑用铝型材 6063",
            "fossil_ghg_kgco2e": "9.82", "biogenic_uptake_kgco2e": "0", "fossil_carbon_kg": "0",
            "standards": ["ISO14067"], "exempted_percent": "0.5", "subdivision": "CN-GD", "packaging_included": False,
            "ccs_included": False,
        },
    }
}  # fmt: skip


@router.post(
    "", status_code=201, summary="Keep a footprint", response_model=KeptRead, responses=_FOLLOWS | there(KeptRead)
)
def keep(
    asked: Annotated[use.KeepAsk, Body(openapi_examples=_KEEP)], who: Caller, db: Transaction, law: Law, today: Today,
    response: Response,
) -> KeptRead:  # fmt: skip
    """
    Work a product out and keep it as a version that never changes.

    The same bill with the same factors again changes nothing (200). Where the
    product has a version of that year and method, name it in `follows` and give
    a `reason`.
    """
    row, made = use.keep(db, who, law, asked, today, kept(db, who))
    response.status_code = 201 if made else 200
    response.headers["Location"] = f"/api/v1/kept-footprints/{row.id}"
    return kept_read(use.one(db, who, law, row.id))


@router.get("", summary="Kept footprints", response_model=KeptPage, responses=MISSING)
def listed(
    who: Caller, db: Reading, law: Law, product: Annotated[str | None, Query(max_length=100)] = None,
    year: Annotated[int | None, Query(ge=1990, le=2060)] = None, after: UUID | None = None, limit: Limit = 100,
) -> KeptPage:  # fmt: skip
    """Return versions, newest first."""
    found, following = use.listed(db, who, law, limit, product=product, year=year, after=after)
    return KeptPage(items=[kept_read(one) for one in found], next=following)


@router.get("/trends", summary="Footprints year by year", response_model=list[TrendRead])
def trends(who: Caller, db: Reading) -> list[TrendRead]:
    """Return each product's years from the versions that stand."""
    return [trend_read(row, of) for row, of in use.trends(db, who)]


@router.get("/{footprint_id}", summary="One kept footprint", response_model=KeptWhole, responses=MISSING)
def one(footprint_id: _Id, who: Caller, db: Reading, law: Law) -> KeptWhole:
    """Return a version with its whole result as it was kept."""
    return kept_whole(use.one(db, who, law, footprint_id))


@router.get(
    "/{footprint_id}/report.{kind}", summary="Report of a kept footprint", response_class=Response, responses=MISSING
)
def report(
    footprint_id: _Id, kind: Literal["pdf", "xlsx"], who: Caller, db: Reading, law: Law, lang: _Tongue = "zh"
) -> Response:
    """Return the report, worked out again from what was kept; refused where the data of today give another result."""
    row, found = use.made_again(db, who, law, footprint_id)
    paper = footprint_paper(found, row.product, row.worked_out_on)
    return _download(pdf(paper, lang) if kind == "pdf" else xlsx(paper, lang), kind, f"footprint-{row.key[:8]}")


@router.post(
    "/{footprint_id}/verifications", status_code=201, summary="State who verified it", response_model=list[VerificationRead],
    responses=MISSING | there(list[VerificationRead]),
)  # fmt: skip
def verify(
    footprint_id: _Id, given: use.VerificationAsk, who: Caller, db: Transaction, law: Law, response: Response
) -> list[VerificationRead]:
    """
    Keep who verified a version; the same once more changes nothing (200).

    Whether they were accredited on the day is asked of the register each time.
    """
    _, made = use.verify(db, who, footprint_id, given)
    response.status_code = 201 if made else 200
    return kept_read(use.one(db, who, law, footprint_id)).verifications


@router.post(
    "/{footprint_id}/offer", status_code=201, summary="Offer to partners (PACT 3.0)", response_model=OfferRead,
    responses=MISSING, openapi_extra=needs("share"),
)  # fmt: skip
def offered(
    footprint_id: _Id, asked: Annotated[OfferAsk, Body(openapi_examples=_OFFER)], who: Caller, db: Transaction, law: Law,
    here: HereParts,
) -> OfferRead:  # fmt: skip
    """
    Publish a kept footprint to the exchange with what only its owner can state.

    What its earlier versions were offered as becomes Deprecated. Parts that do
    not add up to what was worked out are refused.
    """
    row, told = offer(db, who, law, here.settings, footprint_id, asked)
    return OfferRead(pf_id=row.pf_id, document=shown(row), partners_told=told)


@disclosures.post(
    "", summary="Disclosure annex", response_model=DisclosureRead, responses=MISSING, openapi_extra=needs("share")
)
def disclosed(asked: DisclosureAsk, who: Caller, db: Transaction, law: Law, today: Today) -> DisclosureRead:
    """
    Make an annex of kept footprints: fields by their class and the channel, the rest left out by name.

    Who received which fields on which basis is in the release log.
    """
    made = disclosure(db, who, law, asked, today)
    said = disclosure_read(made)
    let_go(db, who, made, dumps(said.model_dump(mode="json")).encode())
    return said


@disclosures.post(
    "/annex.{kind}", summary="Disclosure annex as a file", response_class=Response, responses=MISSING,
    openapi_extra=needs("share"),
)  # fmt: skip
def annex(
    kind: Literal["pdf", "xlsx"], asked: DisclosureAsk, who: Caller, db: Transaction, law: Law, today: Today,
    lang: _Tongue = "zh",
) -> Response:  # fmt: skip
    """Return the same on paper or as a workbook, in both languages."""
    return annex_file(db, who, disclosure(db, who, law, asked, today), kind, lang)


def annex_file(db: Session, who: Who, made: Disclosure, kind: str, lang: str) -> Response:
    """Return an annex as a file of one kind, and write down that it left."""
    paper = disclosure_paper(made)
    data = pdf(paper, lang) if kind == "pdf" else xlsx(paper, lang)
    let_go(db, who, made, data)
    return _download(data, kind, f"disclosure-{made.sha256[:8]}")


def _download(data: bytes, kind: str, name: str) -> Response:
    media = PDF if kind == "pdf" else XLSX
    return Response(data, media_type=media, headers={"Content-Disposition": f'attachment; filename="{name}.{kind}"'})
