"""Scores and decisions on them: a chain that the database lets nobody change."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from service.columns import Packed, Utc

revision = "b6d04e7f19a3"
down_revision = "e1c4a97b52d8"
branch_labels = None
depends_on = None

_REFUSE = """
CREATE FUNCTION score_record_refuse() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'score records are insert-only'; END $$
"""


def upgrade() -> None:
    op.create_table(
        "score_record",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("before", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("of", sa.Uuid(), nullable=True),
        sa.Column("borrower", sa.String(length=200), nullable=False),
        sa.Column("content", sa.String(length=64), nullable=False),
        sa.Column("body", Packed(), nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_score_record_organisation_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_score_record_person_id")),
        sa.PrimaryKeyConstraint("organisation_id", "number", name=op.f("pk_score_record")),
        sa.UniqueConstraint("id", name=op.f("uq_score_record_id")),
        sa.UniqueConstraint("organisation_id", "content", name=op.f("uq_score_record_organisation_id_content")),
    )
    op.create_index(op.f("ix_score_record_organisation_id_of"), "score_record", ["organisation_id", "of"])
    op.create_index(op.f("ix_score_record_organisation_id_borrower"), "score_record", ["organisation_id", "borrower"])
    op.create_table(
        "score_notice",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("issuer", sa.String(length=200), nullable=False),
        sa.Column("issued", sa.Date(), nullable=False),
        sa.Column("policy", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_score_notice")),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute(_REFUSE)
        op.execute(
            "CREATE TRIGGER score_record_rows BEFORE UPDATE OR DELETE ON score_record "
            "FOR EACH ROW EXECUTE FUNCTION score_record_refuse()"
        )
        op.execute(
            "CREATE TRIGGER score_record_whole BEFORE TRUNCATE ON score_record "
            "FOR EACH STATEMENT EXECUTE FUNCTION score_record_refuse()"
        )
    else:
        for what in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER score_record_{what.lower()} BEFORE {what} ON score_record "
                "BEGIN SELECT RAISE(ABORT, 'score records are insert-only'); END"
            )


def downgrade() -> None:
    op.drop_table("score_notice")
    op.drop_table("score_record")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION score_record_refuse()")
