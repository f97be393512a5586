"""The deduction dossier over HTTP."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Response

from service.change.routes import PAPER, PDF, Language
from service.dossier.read import DossierRead, dossier_paper, dossier_read
from service.dossier.use import DossierAsk, Made, made_of
from service.errors import PROBLEMS
from service.feeds.use import fetched_fx
from service.press.document import pdf
from service.press.sheet import xlsx
from service.prices.use import own_market
from service.provide import Caller, Law, Reading, Today
from service.strict import StrictRoute

router = APIRouter(prefix="/deductions", tags=["deductions"], route_class=StrictRoute, responses=PROBLEMS)
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

EXAMPLE: dict[str, Any] = {
    "position": {
        "year": {
            "installation": "韶关示例钢厂", "compliance_year": 2025, "process": "steel_integrated", "on_national_list": True,
            "verified_emissions_t": 2_000_000.0,
        },
        "allocation": {"issued_t": {"value": 1_940_000.0, "document": "2025 年度配额核定"}, "issued_is_final": True,
                       "intensity_tco2_per_t": 2.6, "balance_value_tco2_per_t": {"value": 2.0, "document": "2025 年度配额核定"}},
        "entries": [{"on": "2026-10-20", "kind": "purchase", "instrument": "CEA", "tonnes": 60_000.0, "price_cny_per_t": 75.0}],
        "on": "2026-11-25",
    },
    "goods": [
        {"product": "热轧卷", "cn_code": "72083700", "activity_t": 1_000_000.0, "attributed_t": 2_000_000.0,
         "see_tco2e_per_t": 2.1, "sefa_tco2e_per_t": 1.38148491, "exported_t": 10_000.0}
    ],
    "evidence": {"verified_emissions": "核查报告 2025-001", "purchase_contracts": "合同 CEA-2026-17"},
    "imported_on": "2026-05-12",
}  # fmt: skip
Asked = Annotated[
    DossierAsk,
    Body(openapi_examples={"mill": {"summary": "A mill of the national market at the band", "value": EXAMPLE}}),
]


def _made(asked: DossierAsk, law: Law, who: Caller, db: Reading, today: Today) -> Made:
    return made_of(asked, law, own_market(db, who, law), fetched_fx(db, law), today)


@router.post("/dossier", summary="Deduction dossier", response_model=DossierRead)
def dossier(asked: Asked, law: Law, who: Caller, db: Reading, today: Today) -> DossierRead:
    """
    Work out what carbon price was paid at home, what of it counts, and which evidence is there and missing.

    Under the law in force nothing counts today; the reference model's figure stands beside it as an assumption.
    """
    return dossier_read(_made(asked, law, who, db, today))


@router.post("/dossier.pdf", summary="Dossier on paper", response_class=Response, responses=PAPER)
def paper(asked: Asked, law: Law, who: Caller, db: Reading, today: Today, lang: Language = "zh") -> Response:
    """Return the dossier as a PDF."""
    made = _made(asked, law, who, db, today)
    return Response(
        pdf(dossier_paper(made, today), lang), media_type=PDF,
        headers={"Content-Disposition": 'attachment; filename="deduction-dossier.pdf"'},
    )  # fmt: skip


@router.post("/dossier.xlsx", summary="Dossier as a workbook", response_class=Response)
def sheet(asked: Asked, law: Law, who: Caller, db: Reading, today: Today, lang: Language = "zh") -> Response:
    """Return the dossier as a workbook."""
    made = _made(asked, law, who, db, today)
    return Response(
        xlsx(dossier_paper(made, today), lang), media_type=XLSX,
        headers={"Content-Disposition": 'attachment; filename="deduction-dossier.xlsx"'},
    )  # fmt: skip
