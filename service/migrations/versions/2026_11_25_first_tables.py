"""The first tables, and the one organisation and person of an installation without sign-in."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

import sqlalchemy as sa
from alembic import op

from service.columns import Exact, Json, Packed, Utc

revision = "debb31c17223"
down_revision = None
branch_labels = None
depends_on = None

#: Written out: a migration does not change with the program.
ORGANISATION = UUID("00000000-0000-4000-8000-000000000001")
PERSON = UUID("00000000-0000-4000-8000-000000000002")


def upgrade() -> None:
    op.create_table(
        "organisation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("created", Utc(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisation")),
    )
    op.create_table(
        "person",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("created", Utc(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_person_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
    )
    op.create_table(
        "assessment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("method", sa.String(length=60), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("lines_count", sa.Integer(), nullable=False),
        sa.Column("cost_eur", Exact(scale=2), nullable=True),
        sa.Column("options", Json(), nullable=False),
        sa.Column("totals", Json(), nullable=False),
        sa.Column("score", Packed(), nullable=True),
        sa.Column("inputs", Packed(), nullable=False),
        sa.Column("findings", Packed(), nullable=False),
        sa.Column("reads", Packed(), nullable=False),
        sa.Column("rest", Packed(), nullable=False),
        sa.Column("created", Utc(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_assessment_organisation_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_assessment_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assessment")),
        sa.UniqueConstraint("organisation_id", "key", name=op.f("uq_assessment_organisation_id_key")),
    )
    with op.batch_alter_table("assessment", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_assessment_organisation_id_created_id"), ["organisation_id", "created", "id"], unique=False
        )

    op.create_table(
        "quote_import",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("instrument", sa.String(length=20), nullable=False),
        sa.Column("source", sa.String(length=300), nullable=False),
        sa.Column("filename", sa.String(length=200), nullable=False),
        sa.Column("findings", Packed(), nullable=False),
        sa.Column("created", Utc(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_quote_import_organisation_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_quote_import_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quote_import")),
        sa.UniqueConstraint("organisation_id", "id", name=op.f("uq_quote_import_organisation_id_id")),
    )
    op.create_table(
        "upload",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("filename", sa.String(length=200), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("created", Utc(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_upload_organisation_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_upload_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_upload")),
        sa.UniqueConstraint(
            "organisation_id", "sha256", "filename", name=op.f("uq_upload_organisation_id_sha256_filename")
        ),
    )
    op.create_table(
        "assessment_line",
        sa.Column("assessment_id", sa.Uuid(), nullable=False),
        sa.Column("line", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("cn_code", sa.String(length=8), nullable=False),
        sa.Column("origin", sa.String(length=8), nullable=False),
        sa.Column("net_mass_t", Exact(scale=6), nullable=True),
        sa.Column("certificates", Exact(scale=6), nullable=True),
        sa.Column("cost_eur", Exact(scale=2), nullable=True),
        sa.Column("record", Packed(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["assessment_id"], ["assessment.id"], name=op.f("fk_assessment_line_assessment_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_assessment_line_organisation_id")
        ),
        sa.PrimaryKeyConstraint("assessment_id", "line", name=op.f("pk_assessment_line")),
    )
    op.create_table(
        "job",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("content", sa.String(length=64), nullable=False),
        sa.Column("payload", Json(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("lease_until", Utc(), nullable=True),
        sa.Column("sent", Utc(), nullable=True),
        sa.Column("reason", Json(), nullable=True),
        sa.Column("assessment_id", sa.Uuid(), nullable=True),
        sa.Column("findings", Packed(), nullable=True),
        sa.Column("summary", Json(), nullable=True),
        sa.Column("created", Utc(), nullable=False),
        sa.Column("finished", Utc(), nullable=True),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["assessment_id"], ["assessment.id"], name=op.f("fk_job_assessment_id")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_job_organisation_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_job_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
        sa.UniqueConstraint("organisation_id", "content", name=op.f("uq_job_organisation_id_content")),
    )
    with op.batch_alter_table("job", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_job_state_sent"), ["state", "sent"], unique=False)

    op.create_table(
        "user_quote",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("instrument", sa.String(length=20), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("close", Exact(scale=6), nullable=False),
        sa.Column("volume_t", Exact(scale=6), nullable=True),
        sa.Column("turnover", Exact(scale=4), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "import_id"],
            ["quote_import.organisation_id", "quote_import.id"],
            name=op.f("fk_user_quote_organisation_id_import_id"),
        ),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_user_quote_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_quote")),
        sa.UniqueConstraint(
            "organisation_id", "instrument", "day", name=op.f("uq_user_quote_organisation_id_instrument_day")
        ),
    )
    op.create_table(
        "job_progress",
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("stage", sa.String(length=20), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=True),
        sa.Column("updated", Utc(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_job_progress_job_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_job_progress_organisation_id")),
        sa.PrimaryKeyConstraint("job_id", name=op.f("pk_job_progress")),
    )

    moment = dt.datetime.now(dt.UTC)
    organisation = sa.table("organisation", sa.column("id", sa.Uuid()), sa.column("name"), sa.column("created", Utc()))
    person = sa.table(
        "person",
        sa.column("id", sa.Uuid()),
        sa.column("organisation_id", sa.Uuid()),
        sa.column("name"),
        sa.column("created", Utc()),
    )
    op.bulk_insert(organisation, [{"id": ORGANISATION, "name": "本机 / this machine", "created": moment}])
    op.bulk_insert(
        person, [{"id": PERSON, "organisation_id": ORGANISATION, "name": "本机用户 / local user", "created": moment}]
    )


def downgrade() -> None:
    op.drop_table("job_progress")
    op.drop_table("user_quote")
    with op.batch_alter_table("job", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_job_state_sent"))

    op.drop_table("job")
    op.drop_table("assessment_line")
    op.drop_table("upload")
    op.drop_table("quote_import")
    with op.batch_alter_table("assessment", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_assessment_organisation_id_created_id"))

    op.drop_table("assessment")
    op.drop_table("person")
    op.drop_table("organisation")
