"""The application."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal

from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel
from sqlalchemy.exc import SQLAlchemyError
from starlette.staticfiles import StaticFiles

from service import errors, migrate
from service.assessment import routes as assessment
from service.audit import routes as audit
from service.batch import events as batch_events
from service.batch import routes as batch
from service.change import pages as change_pages
from service.change import routes as change
from service.child import Supervisor
from service.communication import pages as communication_pages
from service.communication import routes as communication
from service.crowd import Crowd
from service.decision import pages as decision_pages
from service.decision import routes as decision
from service.decision import sector_pages
from service.deployment import refuse_unsafe
from service.dossier import pages as dossier_pages
from service.dossier import routes as dossier
from service.embedded import pages as embedded_pages
from service.embedded import routes as embedded
from service.exposure import routes as exposure
from service.factors import pages as factor_pages
from service.factors import routes as factors
from service.feeds import routes as feeds
from service.finance import credit_routes as credit
from service.finance import pages as finance_pages
from service.finance import routes as finance
from service.footprint import kept_pages as kept_footprint_pages
from service.footprint import kept_routes as kept_footprints
from service.footprint import pages as footprint_pages
from service.footprint import routes as footprint
from service.identity import pages as identity_pages
from service.identity import provider, provider_pages
from service.identity import routes as identity
from service.identity.guard import Guard
from service.importer import pages as importer_pages
from service.importer import routes as importer
from service.installation import pages as installation_pages
from service.installation import routes as installation
from service.law import routes as law
from service.once.middleware import Once
from service.operation import metrics
from service.operation.watch import Watch, untraced
from service.package import pages as package_pages
from service.package import routes as packages
from service.pact import api as pact_api
from service.pact import exchange_routes as pact_exchange
from service.pact import footprint_routes as pact_footprints
from service.pact import pages as pact_pages
from service.pact import routes as pact
from service.pages import frame
from service.pages import routes as pages
from service.parts import Parts, calm_collector
from service.passthrough import pages as passthrough_pages
from service.passthrough import routes as passthrough
from service.policy import pages as policy_pages
from service.policy import routes as policy
from service.portfolio import pages as portfolio_pages
from service.portfolio import routes as portfolios
from service.position import kept_routes as kept_positions
from service.position import pages as position_pages
from service.position import routes as position
from service.prices import routes as prices
from service.provide import HereParts, asks
from service.rates import Counted, Rates
from service.refusals import NotReady
from service.registers import pages as register_pages
from service.registers import routes as registers
from service.release import routes as releases
from service.safety import JSON_LIMIT, Safety
from service.score import kept as score_records
from service.score import pages as score_pages
from service.score import routes as score
from service.settings import Settings
from service.share import pages as share_pages
from service.share import routes as share
from service.statement import pages as statement_pages
from service.statement import routes as statement
from service.supply import letter_pages
from service.supply import letter_routes as letters
from service.supply import pages as supply_pages
from service.supply import routes as supply
from service.terms import pages as terms_pages
from service.terms import routes as terms

API = "/api/v1"
VERSION = "0.1.0"
_ABOUT = """
粤碳：产品的碳成本、欧盟边境的 CBAM 费用、银行的绿色金融评分。每个数字都说明依据的法规、日期和来源。

Yuetan: what carbon costs a product, what an exporter owes at the EU border, and what a bank should make of it.
Each figure says which law, day and source it rests on. Amounts of money are decimal strings. Errors are
`application/problem+json` with a stable `code` and words in Chinese and English.
"""


class Health(BaseModel):
    """Whether the process is alive."""

    status: Literal["ok"]
    version: str


class Ready(BaseModel):
    """Whether work can be done."""

    status: Literal["ready"]
    database: str
    worker: Literal["running", "elsewhere"]


health = APIRouter(tags=["service"])


@health.get("/health", summary="Alive", response_model=Health)
def alive() -> Health:
    """Say that the process answers; nothing else is asked."""
    return Health(status="ok", version=VERSION)


@health.get("/ready", summary="Ready", response_model=Ready, responses={503: {"model": errors.Problem}})
def ready(parts: HereParts, request: Request) -> Ready:
    """Say whether database and worker are there; 503 with the reason where one is not."""
    try:
        current = migrate.is_current(parts.database)
    except SQLAlchemyError as error:
        raise NotReady(what_zh="数据库没有响应", what_en="The database does not answer") from error
    if not current:
        raise NotReady(what_zh="数据库还没有迁移到最新版本", what_en="The database is not migrated")
    supervisor: Supervisor | None = request.app.state.supervisor
    if supervisor is not None and not supervisor.alive:
        raise NotReady(what_zh="后台计算进程没有运行", what_en="The worker is not running")
    return Ready(
        status="ready",
        database=parts.database.engine.dialect.name,
        worker="elsewhere" if supervisor is None else "running",
    )


def create_app(
    settings: Settings | None = None, parts: Parts | None = None, supervisor: Supervisor | None = None
) -> FastAPI:
    """
    Make the application.

    Parameters
    ----------
    settings : Settings
        From the environment when absent.
    parts, supervisor
        Given by a caller that already made them and closes the parts itself.
    """
    settings = settings or (parts.settings if parts else Settings())
    here = parts or Parts.of(settings)
    if supervisor is None and settings.worker == "child":
        supervisor = Supervisor(settings)

    figures = metrics.Figures()

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await run_in_threadpool(refuse_unsafe, settings, here.database)
        await run_in_threadpool(migrate.upgrade, here.database)
        calm_collector()
        threading.Thread(target=here.library.warm, name="warm", daemon=True).start()
        told = metrics.serve(figures, here, settings.metrics_port) if settings.metrics_port else None
        if supervisor is not None:
            supervisor.start()
        yield
        if told is not None:
            await run_in_threadpool(told.shutdown)
            told.server_close()
        if supervisor is not None:
            await run_in_threadpool(supervisor.stop)
        if parts is None:
            here.close()

    app = FastAPI(
        title="粤碳 Yuetan",
        version=VERSION,
        description=_ABOUT,
        openapi_url=f"{API}/openapi.json",
        docs_url=None,  # its page loads scripts from outside
        redoc_url=None,
        lifespan=lifespan,
        # Off unless the SDK is there and set up; its log would hold messages of exceptions.
        telemetry={"logs": False, "exclude": untraced},
    )
    app.state.parts = here
    app.state.supervisor = supervisor
    app.state.provider = provider.of_settings(settings)
    app.state.streams = Counter()
    errors.install(app)
    frame.install(app)
    # Addresses are compared one after the other: what is asked most stands first.
    for router in (identity.gate, health, statement.public, score_records.public, packages.public):
        app.include_router(router, prefix=API, max_body_size=JSON_LIMIT)
    for router in (
        exposure.router, assessment.router, batch.router, change.router, communication.router, communication.reports,
        dossier.router, installation.router, importer.router, decision.router, batch_events.router, law.router,
        prices.router, feeds.router, score.router, score_records.router, policy.router, terms.router, portfolios.router, packages.router,
        credit.router,
        position.router, kept_positions.router, finance.router, statement.router, audit.router,
        pact.router, pact_footprints.router, pact_exchange.router,
        identity.router, footprint.router, footprint.reconciliations, kept_footprints.router,
        kept_footprints.disclosures, embedded.router, supply.parks, supply.bids, letters.router,
        registers.router, registers.grades, factors.router, passthrough.router, share.router, share.reviews,
        releases.router,
    ):  # fmt: skip
        app.include_router(router, prefix=API, max_body_size=JSON_LIMIT, dependencies=[Depends(asks)])
    for router in (
        pages.router,
        decision_pages.router,
        change_pages.router,
        communication_pages.router,
        dossier_pages.router,
        importer_pages.router,
        installation_pages.router,
        footprint_pages.router,
        kept_footprint_pages.router,
        sector_pages.router,
        embedded_pages.router,
        supply_pages.router,
        letter_pages.router,
        position_pages.router,
        finance_pages.router,
        score_pages.router,
        policy_pages.router,
        terms_pages.router,
        portfolio_pages.router,
        package_pages.router,
        passthrough_pages.router,
        credit.pages,
        statement_pages.router,
        share_pages.router,
        register_pages.router,
        pact_pages.router,
        factor_pages.router,
        identity_pages.router,
    ):
        app.include_router(router, max_body_size=JSON_LIMIT, dependencies=[Depends(asks)])
    for router in (identity_pages.gate, provider_pages.gate, statement_pages.gate, score_pages.gate):
        app.include_router(router, max_body_size=JSON_LIMIT)
    app.mount(pact_api.PREFIX, pact_api.make(here))
    app.mount("/static", StaticFiles(directory=frame.HERE / "static"), name="static")
    app.add_middleware(Once, parts=here)
    rates = Rates(settings)
    app.add_middleware(Counted, rates=rates, by_address=False)
    if settings.sign_in == "accounts":
        app.add_middleware(Guard, parts=here)
    app.add_middleware(Counted, rates=rates, by_address=True)
    app.add_middleware(Crowd, most=settings.most_at_once)
    app.add_middleware(Safety, settings=settings)
    app.add_middleware(Watch, parts=here, figures=figures)
    return app
