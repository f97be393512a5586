"""Where the audit trail stood, signed day by day."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from service.columns import Json, Utc

revision = "b7e402d9f618"
down_revision = "b7d20f6c3e91"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit_head",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("document", Json(), nullable=False),
        sa.Column("created", Utc(), nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_audit_head_organisation_id")),
        sa.PrimaryKeyConstraint("organisation_id", "day", name=op.f("pk_audit_head")),
    )
    if op.get_bind().dialect.name == "postgresql":
        for name, when in (("rows", "UPDATE OR DELETE"), ("whole", "TRUNCATE")):
            each = "ROW" if name == "rows" else "STATEMENT"
            op.execute(
                f"CREATE TRIGGER audit_head_{name} BEFORE {when} ON audit_head "
                f"FOR EACH {each} EXECUTE FUNCTION audit_event_refuse()"
            )
    else:
        for what in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER audit_head_{what.lower()} BEFORE {what} ON audit_head "
                "BEGIN SELECT RAISE(ABORT, 'the audit trail is insert-only'); END"
            )


def downgrade() -> None:
    op.drop_table("audit_head")
