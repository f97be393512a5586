"""Records of the registers, and the files that show them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from service.columns import Json, Utc

revision = "3c9e51d7a0b4"
down_revision = "d5e80b4c17f6"
branch_labels = None
depends_on = None


def _key(table: str, column: str, to: str, ondelete: str | None = None) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [to], name=op.f(f"fk_{table}_{column}"), ondelete=ondelete)


def upgrade() -> None:
    op.create_table(
        "register_record",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("identity", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("body", Json(), nullable=False),
        sa.Column("created", Utc(), nullable=False),
        sa.Column("changed", Utc(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        _key("register_record", "organisation_id", "organisation.id"),
        _key("register_record", "person_id", "person.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_register_record")),
        sa.UniqueConstraint(
            "organisation_id", "kind", "identity", name=op.f("uq_register_record_organisation_id_kind_identity")
        ),
    )
    op.create_index(
        op.f("ix_register_record_organisation_id_kind_name_id"),
        "register_record",
        ["organisation_id", "kind", "name", "id"],
    )
    op.create_table(
        "register_evidence",
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("upload_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("created", Utc(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        _key("register_evidence", "organisation_id", "organisation.id"),
        _key("register_evidence", "person_id", "person.id"),
        _key("register_evidence", "record_id", "register_record.id", ondelete="CASCADE"),
        _key("register_evidence", "upload_id", "upload.id"),
        sa.PrimaryKeyConstraint("record_id", "upload_id", name=op.f("pk_register_evidence")),
    )


def downgrade() -> None:
    op.drop_table("register_evidence")
    op.drop_table("register_record")
