"""Carbon cost statements: issued, brought in, trusted keys, and the public register."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from service.columns import Exact, Json, Utc

revision = "c41f7a93e2d8"
down_revision = "b7d20e6c41a9"
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


def upgrade() -> None:
    op.create_table(
        "signing_key",
        sa.Column("key_id", sa.String(length=16), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("public", sa.LargeBinary(), nullable=False),
        sa.Column("created", Utc(), nullable=False),
        _key("signing_key", "organisation_id", "organisation.id"),
        sa.PrimaryKeyConstraint("key_id", name=op.f("pk_signing_key")),
    )
    op.create_table(
        "statement_notice",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key_id", sa.String(length=16), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("issuer", sa.String(length=200), nullable=False),
        sa.Column("issued", sa.Date(), nullable=False),
        sa.Column("withdrawn", Utc(), nullable=True),
        sa.Column("reason", sa.String(length=300), nullable=True),
        _key("statement_notice", "key_id", "signing_key.key_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_statement_notice")),
    )
    _owned(
        "statement",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("customer", sa.String(length=200), nullable=False),
        sa.Column("product", sa.String(length=200), nullable=False),
        sa.Column("first", sa.Date(), nullable=False),
        sa.Column("last", sa.Date(), nullable=False),
        sa.Column("quantity_t", Exact(scale=6), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("inputs", Json(), nullable=False),
        sa.Column("created", Utc(), nullable=False),
        _key("statement", "person_id", "person.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_statement")),
        sa.UniqueConstraint("organisation_id", "key", "edition", name=op.f("uq_statement_organisation_id_key_edition")),
    )
    _owned(
        "supplier_statement",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(length=36), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("key_id", sa.String(length=16), nullable=False),
        sa.Column("issuer", sa.String(length=300), nullable=False),
        sa.Column("product", sa.String(length=300), nullable=False),
        sa.Column("quantity_t", Exact(scale=6), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("created", Utc(), nullable=False),
        _key("supplier_statement", "person_id", "person.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_supplier_statement")),
        sa.UniqueConstraint("organisation_id", "number", name=op.f("uq_supplier_statement_organisation_id_number")),
    )
    _owned(
        "supply_use",
        sa.Column("statement_id", sa.Uuid(), nullable=False),
        sa.Column("supplier_statement_id", sa.Uuid(), nullable=False),
        sa.Column("tonnes", Exact(scale=6), nullable=False),
        _key("supply_use", "statement_id", "statement.id", ondelete="CASCADE"),
        _key("supply_use", "supplier_statement_id", "supplier_statement.id"),
        sa.PrimaryKeyConstraint("statement_id", "supplier_statement_id", name=op.f("pk_supply_use")),
    )
    _owned(
        "trusted_key",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("key_id", sa.String(length=16), nullable=False),
        sa.Column("public", sa.LargeBinary(), nullable=False),
        sa.Column("issuer", sa.String(length=200), nullable=False),
        sa.Column("compared", sa.String(length=300), nullable=False),
        sa.Column("created", Utc(), nullable=False),
        _key("trusted_key", "person_id", "person.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trusted_key")),
        sa.UniqueConstraint("organisation_id", "key_id", name=op.f("uq_trusted_key_organisation_id_key_id")),
    )


def downgrade() -> None:
    for table in ("trusted_key", "supply_use", "supplier_statement", "statement", "statement_notice", "signing_key"):
        op.drop_table(table)
