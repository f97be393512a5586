"""Shares with their fields, reviews before technology leaves the country, and the log of what left."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from service.columns import Json, Packed, Utc

revision = "7e30c5b1d8a6"
down_revision = "e07a52c81bd4"
branch_labels = None
depends_on = None

_REFUSE = """
CREATE FUNCTION data_release_refuse() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'the release log is insert-only'; END $$
"""


def upgrade() -> None:
    _shares()
    _reviews()
    _releases()


def _shares() -> None:
    op.create_table(
        "share",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("subject", sa.String(length=80), nullable=False),
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("purpose", sa.String(length=500), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("until", Utc(), nullable=False),
        sa.Column("revoked", Utc(), nullable=True),
        sa.Column("created", Utc(), nullable=False),
        sa.Column("recipient_id", sa.Uuid(), nullable=False),
        sa.Column("closes", Utc(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_share_organisation_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_share_person_id")),
        sa.ForeignKeyConstraint(["recipient_id"], ["organisation.id"], name=op.f("fk_share_recipient_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_share")),
        sa.UniqueConstraint(
            "organisation_id", "id", "recipient_id", name=op.f("uq_share_organisation_id_id_recipient_id")
        ),
    )
    op.create_index(op.f("ix_share_organisation_id_created_id"), "share", ["organisation_id", "created", "id"])
    op.create_index(op.f("ix_share_recipient_id"), "share", ["recipient_id"])
    op.create_table(
        "shared_field",
        sa.Column("share_id", sa.Uuid(), nullable=False),
        sa.Column("field", sa.String(length=60), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("value", Packed(), nullable=False),
        sa.Column("recipient_id", sa.Uuid(), nullable=False),
        sa.Column("closes", Utc(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_shared_field_organisation_id")),
        sa.ForeignKeyConstraint(["recipient_id"], ["organisation.id"], name=op.f("fk_shared_field_recipient_id")),
        sa.ForeignKeyConstraint(
            ["organisation_id", "share_id", "recipient_id"],
            ["share.organisation_id", "share.id", "share.recipient_id"],
            name=op.f("fk_shared_field_organisation_id_share_id_recipient_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("share_id", "field", name=op.f("pk_shared_field")),
    )
    op.create_index(op.f("ix_shared_field_recipient_id"), "shared_field", ["recipient_id"])


def _reviews() -> None:
    op.create_table(
        "export_review",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("share_id", sa.Uuid(), nullable=False),
        sa.Column("dataset", sa.String(length=120), nullable=False),
        sa.Column("fields", Json(), nullable=False),
        sa.Column("recipient_id", sa.Uuid(), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("reviewer_id", sa.Uuid(), nullable=True),
        sa.Column("doc_ref", sa.String(length=200), nullable=True),
        sa.Column("note", sa.String(length=500), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("created", Utc(), nullable=False),
        sa.Column("decided", Utc(), nullable=True),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("reviewer_id IS NULL OR reviewer_id <> person_id", name=op.f("ck_export_review_two_people")),
        sa.CheckConstraint(
            "state <> 'passed' OR (reviewer_id IS NOT NULL AND doc_ref IS NOT NULL AND valid_to IS NOT NULL)",
            name=op.f("ck_export_review_passed_is_whole"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_export_review_organisation_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_export_review_person_id")),
        sa.ForeignKeyConstraint(["recipient_id"], ["organisation.id"], name=op.f("fk_export_review_recipient_id")),
        sa.ForeignKeyConstraint(["reviewer_id"], ["person.id"], name=op.f("fk_export_review_reviewer_id")),
        sa.ForeignKeyConstraint(["share_id"], ["share.id"], name=op.f("fk_export_review_share_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_export_review")),
    )
    op.create_index(
        op.f("ix_export_review_organisation_id_created_id"), "export_review", ["organisation_id", "created", "id"]
    )
    op.create_index(op.f("ix_export_review_share_id"), "export_review", ["share_id"])


def _releases() -> None:
    op.create_table(
        "data_release",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("way", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=80), nullable=False),
        sa.Column("fields", Json(), nullable=False),
        sa.Column("recipient", sa.String(length=300), nullable=False),
        sa.Column("recipient_id", sa.Uuid(), nullable=True),
        sa.Column("country", sa.String(length=2), nullable=True),
        sa.Column("share_id", sa.Uuid(), nullable=True),
        sa.Column("basis", Json(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_data_release_organisation_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_data_release_person_id")),
        sa.ForeignKeyConstraint(["recipient_id"], ["organisation.id"], name=op.f("fk_data_release_recipient_id")),
        sa.ForeignKeyConstraint(["share_id"], ["share.id"], name=op.f("fk_data_release_share_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_data_release")),
    )
    op.create_index(op.f("ix_data_release_organisation_id_at_id"), "data_release", ["organisation_id", "at", "id"])
    op.create_index(op.f("ix_data_release_organisation_id_share_id"), "data_release", ["organisation_id", "share_id"])
    if op.get_bind().dialect.name == "postgresql":
        op.execute(_REFUSE)
        op.execute(
            "CREATE TRIGGER data_release_rows BEFORE UPDATE OR DELETE ON data_release "
            "FOR EACH ROW EXECUTE FUNCTION data_release_refuse()"
        )
        op.execute(
            "CREATE TRIGGER data_release_whole BEFORE TRUNCATE ON data_release "
            "FOR EACH STATEMENT EXECUTE FUNCTION data_release_refuse()"
        )
    else:
        for what in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER data_release_{what.lower()} BEFORE {what} ON data_release "
                "BEGIN SELECT RAISE(ABORT, 'the release log is insert-only'); END"
            )


def downgrade() -> None:
    op.drop_table("data_release")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION data_release_refuse()")
    for table in ("export_review", "shared_field", "share"):
        op.drop_table(table)
