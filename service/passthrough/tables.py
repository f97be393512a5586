"""Runs of the estimator: what was asked of each product, and what came of it."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from service.clock import now
from service.columns import Json, Packed, Utc
from service.tables import Owned


class PassthroughRun(Owned):
    """One or many products asked for together; ``key`` is the fingerprint of the question, so the same one is one run."""

    __tablename__ = "passthrough_run"
    __table_args__ = (UniqueConstraint("organisation_id", "key"), Index(None, "organisation_id", "created", "id"))

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    job_id: Mapped[UUID | None] = mapped_column(ForeignKey("job.id"))
    key: Mapped[str] = mapped_column(String(64))
    title: Mapped[str] = mapped_column(String(200))
    products: Mapped[int]
    #: False discoveries over the products, once all of them are through.
    discoveries: Mapped[list[dict[str, Any]] | None] = mapped_column(Packed, deferred=True)
    created: Mapped[dt.datetime] = mapped_column(Utc, default=now)


class PassthroughProduct(Owned):
    """One product of a run; written when it is through, so that a run goes on where it stopped."""

    __tablename__ = "passthrough_product"

    run_id: Mapped[UUID] = mapped_column(ForeignKey("passthrough_run.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(String(80))
    #: ``waiting``, ``done`` or ``refused``.
    state: Mapped[str] = mapped_column(String(10), default="waiting")
    asked: Mapped[dict[str, Any]] = mapped_column(Packed, deferred=True)
    #: The line of a list: grade, rate, set, p; or why nothing can be estimated.
    head: Mapped[dict[str, Any] | None] = mapped_column(Json)
    result: Mapped[dict[str, Any] | None] = mapped_column(Packed, deferred=True)


PASSTHROUGH_TABLES: tuple[type[Owned], ...] = (PassthroughRun, PassthroughProduct)
