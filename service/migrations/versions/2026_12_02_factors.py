"""Factors handed in, what was decided of them, the files that show them, and the map of ids."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from service.columns import Json, Utc

revision = "e1c4a97b52d8"
down_revision = "5a71c0e94d2f"
branch_labels = None
depends_on = None


def _key(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [to], name=op.f(f"fk_{table}_{column}"))


def _owned(table: str) -> tuple[sa.schema.SchemaItem, ...]:
    return (
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("created", Utc(), nullable=False),
        _key(table, "person_id", "person.id"),
        _key(table, "organisation_id", "organisation.id"),
    )


def upgrade() -> None:
    op.create_table(
        "factor_submission",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("record_id", sa.String(length=100), nullable=False),
        sa.Column("body", Json(), nullable=False),
        sa.Column("evidence", sa.String(length=500), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("submitted_on", sa.Date(), nullable=False),
        *_owned("factor_submission"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_factor_submission")),
        sa.UniqueConstraint(
            "organisation_id", "record_id", name=op.f("uq_factor_submission_organisation_id_record_id")
        ),
    )
    op.create_index(
        op.f("ix_factor_submission_organisation_id_state_created_id"),
        "factor_submission",
        ["organisation_id", "state", "created", "id"],
    )
    op.create_table(
        "factor_decision",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("submission_id", sa.Uuid(), nullable=False),
        sa.Column("decision", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.String(length=2000), nullable=False),
        sa.Column("decided_on", sa.Date(), nullable=False),
        *_owned("factor_decision"),
        _key("factor_decision", "submission_id", "factor_submission.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_factor_decision")),
        sa.UniqueConstraint("submission_id", "decision", name=op.f("uq_factor_decision_submission_id_decision")),
    )
    op.create_table(
        "factor_evidence",
        sa.Column("submission_id", sa.Uuid(), nullable=False),
        sa.Column("upload_id", sa.Uuid(), nullable=False),
        *_owned("factor_evidence"),
        _key("factor_evidence", "submission_id", "factor_submission.id"),
        _key("factor_evidence", "upload_id", "upload.id"),
        sa.PrimaryKeyConstraint("submission_id", "upload_id", name=op.f("pk_factor_evidence")),
    )
    op.create_table(
        "factor_pair",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("national_id", sa.String(length=100), nullable=False),
        sa.Column("provincial_id", sa.String(length=100), nullable=False),
        sa.Column("source", sa.String(length=300), nullable=False),
        *_owned("factor_pair"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_factor_pair")),
        sa.UniqueConstraint(
            "organisation_id",
            "national_id",
            "provincial_id",
            name=op.f("uq_factor_pair_organisation_id_national_id_provincial_id"),
        ),
    )


def downgrade() -> None:
    for name in ("factor_pair", "factor_evidence", "factor_decision", "factor_submission"):
        op.drop_table(name)
