"""Versions of scoring policies: a chain that the database lets nobody change."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from service.columns import Packed, Utc

revision = "e07a52c81bd4"
down_revision = "b6d04e7f19a3"
branch_labels = None
depends_on = None

_REFUSE = """
CREATE FUNCTION policy_version_refuse() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'policy versions are insert-only'; END $$
"""


def upgrade() -> None:
    op.create_table(
        "policy_version",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("before", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("policy_id", sa.String(length=100), nullable=False),
        sa.Column("version", sa.String(length=40), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("policy_hash", sa.String(length=64), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("text", Packed(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_policy_version_organisation_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_policy_version_person_id")),
        sa.PrimaryKeyConstraint("organisation_id", "number", name=op.f("pk_policy_version")),
        sa.UniqueConstraint("id", name=op.f("uq_policy_version_id")),
        sa.UniqueConstraint(
            "organisation_id", "policy_id", "version", name=op.f("uq_policy_version_organisation_id_policy_id_version")
        ),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute(_REFUSE)
        op.execute(
            "CREATE TRIGGER policy_version_rows BEFORE UPDATE OR DELETE ON policy_version "
            "FOR EACH ROW EXECUTE FUNCTION policy_version_refuse()"
        )
        op.execute(
            "CREATE TRIGGER policy_version_whole BEFORE TRUNCATE ON policy_version "
            "FOR EACH STATEMENT EXECUTE FUNCTION policy_version_refuse()"
        )
    else:
        for what in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER policy_version_{what.lower()} BEFORE {what} ON policy_version "
                "BEGIN SELECT RAISE(ABORT, 'policy versions are insert-only'); END"
            )


def downgrade() -> None:
    op.drop_table("policy_version")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION policy_version_refuse()")
