"""People, programs and keys; what an organisation is; who may do what."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from service.columns import Json, Utc

revision = "b7d20e6c41a9"
down_revision = "f3a1c5d20b77"
branch_labels = None
depends_on = None


def _owned(name: str, *columns: sa.Column[object] | sa.Constraint) -> None:
    op.create_table(
        name,
        *columns,
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f(f"fk_{name}_organisation_id")),
    )


def _person(name: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f(f"fk_{name}_person_id"), ondelete="CASCADE")


def upgrade() -> None:
    # Without batch: SQLite adds and drops a column in place, and a copied table would lose who points at it.
    op.add_column("organisation", sa.Column("kind", sa.String(length=20), nullable=False, server_default="exporter"))
    op.add_column("organisation", sa.Column("uscc", sa.String(length=18), nullable=True))
    op.add_column("organisation", sa.Column("country", sa.String(length=2), nullable=False, server_default="CN"))
    op.create_index(op.f("ix_organisation_uscc"), "organisation", ["uscc"], unique=True)
    op.add_column("person", sa.Column("role", sa.String(length=30), nullable=False, server_default="exporter_admin"))
    op.add_column("person", sa.Column("active", sa.Boolean(), nullable=False, server_default=sa.true()))
    _owned(
        "login",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("password", sa.String(length=200), nullable=True),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("locked_until", Utc(), nullable=True),
        sa.Column("totp", sa.LargeBinary(), nullable=True),
        sa.Column("totp_step", sa.Integer(), nullable=False),
        sa.Column("recovery", Json(), nullable=False),
        sa.Column("invited", sa.String(length=64), nullable=True),
        sa.Column("invited_until", Utc(), nullable=True),
        _person("login"),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_login")),
        sa.UniqueConstraint("email", name=op.f("uq_login_email")),
        sa.UniqueConstraint("invited", name=op.f("uq_login_invited")),
    )
    _owned(
        "sign_in",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("stage", sa.String(length=10), nullable=False),
        sa.Column("created", Utc(), nullable=False),
        sa.Column("used", Utc(), nullable=False),
        _person("sign_in"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in")),
        sa.UniqueConstraint("token", name=op.f("uq_sign_in_token")),
    )
    _owned(
        "client",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("secret", sa.String(length=64), nullable=True),
        sa.Column("public_key", sa.Text(), nullable=True),
        sa.Column("created", Utc(), nullable=False),
        _person("client"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_client")),
    )
    _owned(
        "used_assertion",
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("jti", sa.String(length=64), nullable=False),
        sa.Column("until", Utc(), nullable=False),
        sa.ForeignKeyConstraint(
            ["client_id"], ["client.id"], name=op.f("fk_used_assertion_client_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("client_id", "jti", name=op.f("pk_used_assertion")),
    )
    _owned(
        "api_key",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("prefix", sa.String(length=12), nullable=False),
        sa.Column("until", Utc(), nullable=False),
        sa.Column("created", Utc(), nullable=False),
        _person("api_key"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_key")),
        sa.UniqueConstraint("token", name=op.f("uq_api_key_token")),
    )
    for table in ("sign_in", "client", "api_key"):
        op.create_index(op.f(f"ix_{table}_person_id"), table, ["person_id"])


def downgrade() -> None:
    for table in ("api_key", "used_assertion", "client", "sign_in", "login"):
        op.drop_table(table)
    for column in ("active", "role"):
        op.drop_column("person", column)
    op.drop_index(op.f("ix_organisation_uscc"), "organisation")
    for column in ("country", "uscc", "kind"):
        op.drop_column("organisation", column)
