"""Answers kept under an Idempotency-Key."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from service.columns import Json, Utc

revision = "5a71c0e94d2f"
down_revision = "3c9e51d7a0b4"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "kept_answer",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("asked", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("headers", Json(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("created", Utc(), nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_kept_answer_organisation_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_kept_answer_person_id")),
        sa.PrimaryKeyConstraint("organisation_id", "person_id", "key", name=op.f("pk_kept_answer")),
    )
    op.create_index(op.f("ix_kept_answer_created"), "kept_answer", ["created"])


def downgrade() -> None:
    op.drop_table("kept_answer")
