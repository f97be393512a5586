"""Suppliers asked for footprints over the exchange, with their reminders."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from service.columns import Json, Utc

revision = "c58e1d07a4f3"
down_revision = "7b2f40c8d615"
branch_labels = None
depends_on = None


def _key(column: str, to: str, ondelete: str | None = None) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [to], name=op.f(f"fk_pact_ask_{column}"), ondelete=ondelete)


def upgrade() -> None:
    op.create_table(
        "pact_ask",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=True),
        sa.Column("data", Json(), nullable=False),
        sa.Column("events", Json(), nullable=False),
        sa.Column("due", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("reminded", sa.Integer(), nullable=False),
        sa.Column("next_reminder", Utc(), nullable=True),
        sa.Column("created", Utc(), nullable=False),
        _key("organisation_id", "organisation.id"),
        _key("person_id", "person.id"),
        _key("partner_id", "pact_partner.id", "CASCADE"),
        _key("request_id", "register_record.id", "SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pact_ask")),
    )
    op.create_index(op.f("ix_pact_ask_state_next_reminder"), "pact_ask", ["state", "next_reminder"])
    op.create_index(op.f("ix_pact_ask_organisation_id_created_id"), "pact_ask", ["organisation_id", "created", "id"])


def downgrade() -> None:
    op.drop_table("pact_ask")
