"""How Alembic reaches the database; ``service.migrate`` hands it the connection."""

from __future__ import annotations

from alembic import context

from service.catalogue import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    compare_type=True,
    user_module_prefix="",
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
