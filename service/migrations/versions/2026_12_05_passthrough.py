"""Runs of the pass-through estimator and their products."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from service.columns import Json, Packed, Utc

revision = "7b2f40c8d615"
down_revision = "c95d1e7a40b3"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "passthrough_run",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=True),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("products", sa.Integer(), nullable=False),
        sa.Column("discoveries", Packed(), nullable=True),
        sa.Column("created", Utc(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_passthrough_run_job_id")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_passthrough_run_organisation_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_passthrough_run_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passthrough_run")),
        sa.UniqueConstraint("organisation_id", "key", name=op.f("uq_passthrough_run_organisation_id_key")),
    )
    op.create_index(
        op.f("ix_passthrough_run_organisation_id_created_id"), "passthrough_run", ["organisation_id", "created", "id"]
    )
    op.create_table(
        "passthrough_product",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("asked", Packed(), nullable=False),
        sa.Column("head", Json(), nullable=True),
        sa.Column("result", Packed(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_passthrough_product_organisation_id")
        ),
        sa.ForeignKeyConstraint(
            ["run_id"], ["passthrough_run.id"], name=op.f("fk_passthrough_product_run_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("run_id", "number", name=op.f("pk_passthrough_product")),
    )


def downgrade() -> None:
    op.drop_table("passthrough_product")
    op.drop_table("passthrough_run")
