"""Product footprints, the partners they are exchanged with, events and errands."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from service.columns import Json, Packed, Utc

revision = "d5e80b4c17f6"
down_revision = "8d2b6fe01c35"
branch_labels = None
depends_on = None


def _key(table: str, column: str, to: str, ondelete: str | None = None) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [to], name=op.f(f"fk_{table}_{column}"), ondelete=ondelete)


def _owned(name: str, *columns: sa.Column[object] | sa.Constraint) -> None:
    op.create_table(
        name,
        *columns,
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        _key(name, "organisation_id", "organisation.id"),
    )


def _index(table: str, *columns: str) -> None:
    op.create_index(op.f(f"ix_{table}_{'_'.join(columns)}"), table, list(columns), unique=False)


def upgrade() -> None:
    _owned(
        "pact_partner",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("secret", sa.String(length=64), nullable=False),
        sa.Column("base_url", sa.String(length=500), nullable=True),
        sa.Column("auth_url", sa.String(length=500), nullable=True),
        sa.Column("their_client_id", sa.String(length=500), nullable=True),
        sa.Column("their_secret", sa.LargeBinary(), nullable=True),
        sa.Column("may_be_private", sa.Boolean(), nullable=False),
        sa.Column("sees", sa.String(length=10), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created", Utc(), nullable=False),
        _key("pact_partner", "person_id", "person.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pact_partner")),
    )
    _owned(
        "pact_footprint",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("pf_id", sa.Uuid(), nullable=False),
        sa.Column("holder", sa.String(length=36), nullable=False),
        sa.Column("form", sa.String(length=20), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("valid_from", Utc(), nullable=False),
        sa.Column("valid_until", Utc(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("document", Packed(), nullable=False),
        sa.Column("original", Packed(), nullable=False),
        sa.Column("findings", Packed(), nullable=False),
        sa.Column("kept", Utc(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pact_footprint")),
        sa.UniqueConstraint(
            "organisation_id", "holder", "pf_id", name=op.f("uq_pact_footprint_organisation_id_holder_pf_id")
        ),
    )
    _index("pact_footprint", "organisation_id", "holder", "kept", "id")
    _owned(
        "pact_term",
        sa.Column("footprint_id", sa.Uuid(), nullable=False),
        sa.Column("criterion", sa.String(length=20), nullable=False),
        sa.Column("value", sa.String(length=500), nullable=False),
        sa.Column("kept", Utc(), nullable=False),
        _key("pact_term", "footprint_id", "pact_footprint.id", "CASCADE"),
        sa.PrimaryKeyConstraint("footprint_id", "criterion", "value", name=op.f("pk_pact_term")),
    )
    _index("pact_term", "organisation_id", "criterion", "value", "kept", "footprint_id")
    _owned(
        "pact_share",
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("footprint_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("kept", Utc(), nullable=False),
        sa.Column("released", Utc(), nullable=False),
        _key("pact_share", "partner_id", "pact_partner.id", "CASCADE"),
        _key("pact_share", "footprint_id", "pact_footprint.id", "CASCADE"),
        _key("pact_share", "person_id", "person.id"),
        sa.PrimaryKeyConstraint("partner_id", "footprint_id", name=op.f("pk_pact_share")),
    )
    _index("pact_share", "partner_id", "kept", "footprint_id")
    _owned(
        "pact_event",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.String(length=500), nullable=False),
        sa.Column("event_id", sa.String(length=500), nullable=False),
        sa.Column("type", sa.String(length=100), nullable=False),
        sa.Column("document", Packed(), nullable=False),
        sa.Column("findings", Packed(), nullable=False),
        sa.Column("received", Utc(), nullable=False),
        _key("pact_event", "partner_id", "pact_partner.id", "CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pact_event")),
        sa.UniqueConstraint("partner_id", "source", "event_id", name=op.f("uq_pact_event_partner_id_source_event_id")),
    )
    _index("pact_event", "organisation_id", "received", "id")
    _owned(
        "pact_errand",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("document", Packed(), nullable=False),
        sa.Column("answers", sa.Uuid(), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_try", Utc(), nullable=False),
        sa.Column("reason", Json(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("created", Utc(), nullable=False),
        sa.Column("finished", Utc(), nullable=True),
        _key("pact_errand", "person_id", "person.id"),
        _key("pact_errand", "partner_id", "pact_partner.id", "CASCADE"),
        _key("pact_errand", "answers", "pact_event.id", "CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pact_errand")),
        sa.UniqueConstraint("answers", name=op.f("uq_pact_errand_answers")),
    )
    _index("pact_errand", "state", "next_try")
    _index("pact_errand", "organisation_id", "created", "id")


def downgrade() -> None:
    for table in ("pact_errand", "pact_event", "pact_share", "pact_term", "pact_footprint", "pact_partner"):
        op.drop_table(table)
