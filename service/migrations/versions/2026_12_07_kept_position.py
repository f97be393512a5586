"""Positions of compliance years that were kept."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from service.columns import Json, Packed, Utc

revision = "4d1b86e92fa0"
down_revision = "c58e1d07a4f3"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "kept_position",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("installation", sa.String(length=200), nullable=False),
        sa.Column("compliance_year", sa.Integer(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("provisional", sa.Boolean(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("method", sa.String(length=40), nullable=False),
        sa.Column("result", Json(), nullable=False),
        sa.Column("asked", Packed(), nullable=False),
        sa.Column("created", Utc(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_kept_position_person_id")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_kept_position_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kept_position")),
        sa.UniqueConstraint("organisation_id", "key", name=op.f("uq_kept_position_organisation_id_key")),
    )
    op.create_index(
        op.f("ix_kept_position_organisation_id_created_id"), "kept_position", ["organisation_id", "created", "id"]
    )


def downgrade() -> None:
    op.drop_table("kept_position")
