"""The page of packages: an application from a kept score, the annex by class of data, and whether a package holds."""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import APIRouter, File, Form, Request, Response, UploadFile
from sqlalchemy.orm import Session

from models.errors import YuetanError
from service.auth import Who
from service.batch.routes import content_of
from service.json_text import check_json
from service.package import use
from service.package.routes import EQUIPMENT, ZIP
from service.package.seal import Opened, opened
from service.pages.frame import Lang, PageRoute, page
from service.portfolio.routes import typed
from service.provide import Caller, HereParts, Reading, Today, Transaction
from service.safety import MULTIPART_LIMIT
from service.score.kept import link_of
from service.score.read import brief_of
from service.score.use import scores
from service.share import fields as catalogue
from service.terms.routes import TERMS

router = APIRouter(route_class=PageRoute, include_in_schema=False)
EXAMPLE: dict[str, Any] = {
    "project": {
        "name": "熔炼炉节能改造", "purpose": "更换蓄热式熔炼炉，降低铝型材碳足迹", "investment_cny": 45000000.0,
        "loan_cny": 30000000.0, "use_of_proceeds": "transition_catalogue", "begins": "2027-01-01",
    },
    "footprints": [
        {
            "product": "铝型材", "footprint_tco2e_per_t": 8.2, "benchmark_tco2e_per_t": 9.0, "revenue_cny": 320000000.0,
            "data_quality": 2.0, "evidence_level": "third_party_verified",
        }
    ],
    "kpis": TERMS["kpis"],
    "equipment": EQUIPMENT,
    "evidence": [{"id": "碳足迹报告 2025-031", "title": "铝型材碳足迹报告", "issuer": "示例核查机构", "issued": "2026-03-01"}],
}  # fmt: skip


@router.get("/packages")
def shown(request: Request, lang: Lang, who: Caller, db: Reading) -> Response:
    """Show the form with the example in it."""
    return _page(request, lang, who, db)


@router.post("/packages/application")
def application(
    request: Request,
    lang: Lang,
    who: Caller,
    db: Transaction,
    here: HereParts,
    today: Today,
    record: Annotated[str, Form(max_length=40)] = "",
    question: Annotated[str, Form(max_length=200_000)] = "{}",
) -> Response:
    """Make an application package."""
    try:
        check_json(question.encode())
        node = json.loads(question)
        whole = json.dumps({**node, "record": record} if isinstance(node, dict) else node)
        asked = typed(use.PackageAsk, whole)
        data = use.package(db, who, here.settings, asked, today, lang, link_of(request, asked.record))
    except YuetanError as error:
        return _page(request, lang, who, db, question, error=error)
    headers = {"Content-Disposition": f'attachment; filename="application-{record[:8]}.zip"'}
    return Response(data, media_type=ZIP, headers=headers)


@router.post("/packages/verify", max_body_size=MULTIPART_LIMIT)
def verify(
    request: Request,
    lang: Lang,
    who: Caller,
    db: Reading,
    file: Annotated[UploadFile | None, File()] = None,
) -> Response:
    """Check a package."""
    try:
        found = opened(content_of(file) if file else b"")
    except YuetanError as error:
        return _page(request, lang, who, db, error=error)
    return _page(request, lang, who, db, found=found)


def _page(
    request: Request,
    lang: str,
    who: Who,
    db: Session,
    question: str | None = None,
    error: YuetanError | None = None,
    found: Opened | None = None,
) -> Response:
    rows = [brief_of(row) for row in scores(db, who, None, 200)]
    text = question if question is not None else json.dumps(EXAMPLE, ensure_ascii=False, indent=1)
    classes = [one for one in catalogue.classes().values() if one.leaves]
    return page(
        request,
        lang,
        "packages.html",
        422 if error else 200,
        rows=rows,
        question=text,
        found=found,
        classes=classes,
        error=error,
    )
