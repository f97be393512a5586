"""What the price sources sent, each visit, and the quotes read from it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from service.columns import Exact, Packed, Utc

revision = "f3a1c5d20b77"
down_revision = "debb31c17223"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "feed_payload",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("feed", sa.String(length=40), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("fetched", Utc(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feed_payload")),
        sa.UniqueConstraint("feed", "sha256", name=op.f("uq_feed_payload_feed_sha256")),
    )
    op.create_table(
        "feed_run",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("feed", sa.String(length=40), nullable=False),
        sa.Column("slot", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("started", Utc(), nullable=False),
        sa.Column("finished", Utc(), nullable=True),
        sa.Column("rows_kept", sa.Integer(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=True),
        sa.Column("findings", Packed(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feed_run")),
        sa.UniqueConstraint("feed", "slot", name=op.f("uq_feed_run_feed_slot")),
    )
    op.create_table(
        "feed_quote",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("feed", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=20), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("value", Exact(scale=6), nullable=False),
        sa.Column("volume_t", Exact(scale=6), nullable=True),
        sa.Column("turnover", Exact(scale=4), nullable=True),
        sa.Column("payload_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["payload_id"], ["feed_payload.id"], name=op.f("fk_feed_quote_payload_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feed_quote")),
        sa.UniqueConstraint("feed", "name", "day", name=op.f("uq_feed_quote_feed_name_day")),
    )


def downgrade() -> None:
    op.drop_table("feed_quote")
    op.drop_table("feed_run")
    op.drop_table("feed_payload")
