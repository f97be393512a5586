"""Footprints kept as versions, who verified them, and where they were offered."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from service.columns import Json, Packed, Utc

revision = "b7d20f6c3e91"
down_revision = "7e30c5b1d8a6"
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
        "kept_footprint",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("product", sa.String(length=100), nullable=False),
        sa.Column("profile", sa.String(length=60), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("follows_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.String(length=2000), nullable=False),
        sa.Column("content", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("method", sa.String(length=40), nullable=False),
        sa.Column("worked_out_on", sa.Date(), nullable=False),
        sa.Column("result", Json(), nullable=False),
        sa.Column("asked", Packed(), nullable=False),
        *_owned("kept_footprint"),
        _key("kept_footprint", "follows_id", "kept_footprint.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kept_footprint")),
        sa.UniqueConstraint("follows_id", name=op.f("uq_kept_footprint_follows_id")),
        sa.UniqueConstraint(
            "organisation_id",
            "product",
            "profile",
            "year",
            "version",
            name=op.f("uq_kept_footprint_organisation_id_product_profile_year_version"),
        ),
    )
    op.create_index(op.f("ix_kept_footprint_key"), "kept_footprint", ["key"])
    op.create_index(
        op.f("ix_kept_footprint_organisation_id_created_id"), "kept_footprint", ["organisation_id", "created", "id"]
    )
    op.create_table(
        "footprint_verification",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("footprint_id", sa.Uuid(), nullable=False),
        sa.Column("verifier", sa.String(length=200), nullable=False),
        sa.Column("report", sa.String(length=200), nullable=False),
        sa.Column("verified_on", sa.Date(), nullable=False),
        *_owned("footprint_verification"),
        _key("footprint_verification", "footprint_id", "kept_footprint.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_footprint_verification")),
        sa.UniqueConstraint(
            "footprint_id",
            "verifier",
            "report",
            name=op.f("uq_footprint_verification_footprint_id_verifier_report"),
        ),
    )
    op.create_table(
        "footprint_offer",
        sa.Column("footprint_id", sa.Uuid(), nullable=False),
        sa.Column("pf_id", sa.Uuid(), nullable=False),
        *_owned("footprint_offer"),
        _key("footprint_offer", "footprint_id", "kept_footprint.id"),
        sa.PrimaryKeyConstraint("footprint_id", "pf_id", name=op.f("pk_footprint_offer")),
    )


def downgrade() -> None:
    for name in ("footprint_offer", "footprint_verification", "kept_footprint"):
        op.drop_table(name)
