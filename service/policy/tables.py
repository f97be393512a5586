"""Versions of an organisation's scoring policy: rows that are only added, in a chain."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from service.audit.chain import Link
from service.columns import Packed
from service.tables import Owned


class PolicyVersion(Link):
    """A policy as it was kept; it holds from ``effective_from`` until a later row that has begun."""

    __tablename__ = "policy_version"
    __table_args__ = (UniqueConstraint("id"), UniqueConstraint("organisation_id", "policy_id", "version"))

    id: Mapped[UUID] = mapped_column(default=uuid4)
    policy_id: Mapped[str] = mapped_column(String(100))
    version: Mapped[str] = mapped_column(String(40))
    effective_from: Mapped[dt.date]
    #: SHA-256 of what the policy says, as records and reports name it.
    policy_hash: Mapped[str] = mapped_column(String(64))
    note: Mapped[str] = mapped_column(String(500))
    #: The JSON text as it was handed in.
    text: Mapped[str] = mapped_column(Packed, deferred=True)

    def said(self) -> dict[str, Any]:
        return {
            "id": str(self.id), "policy_id": self.policy_id, "version": self.version, "note": self.note,
            "effective_from": self.effective_from.isoformat(), "policy_hash": self.policy_hash, "text": self.text,
        }  # fmt: skip


POLICY_TABLES: tuple[type[Owned], ...] = (PolicyVersion,)
