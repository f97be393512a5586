"""Every table of the service, whichever topic it is of: for migrations, for the wall in the database, for checks."""

from __future__ import annotations

from service import tables
from service.audit.tables import AUDIT_TABLES
from service.factors.tables import FACTOR_TABLES
from service.footprint.tables import FOOTPRINT_TABLES
from service.identity.tables import IDENTITY_TABLES
from service.once.tables import ONCE_TABLES
from service.pact.tables import PACT_TABLES
from service.passthrough.tables import PASSTHROUGH_TABLES
from service.policy.tables import POLICY_TABLES
from service.position.tables import POSITION_TABLES
from service.registers.tables import REGISTER_TABLES
from service.release.tables import RELEASE_TABLES
from service.score.tables import SCORE_PUBLIC, SCORE_TABLES
from service.share.tables import SHARE_TABLES
from service.statement.tables import STATEMENT_PUBLIC, STATEMENT_TABLES
from service.tables import Base, Owned

__all__ = ["PUBLIC_TABLES", "TENANT_TABLES", "Base"]

PUBLIC_TABLES: tuple[type[Base], ...] = (*tables.PUBLIC_TABLES, *STATEMENT_PUBLIC, *SCORE_PUBLIC)
TENANT_TABLES: tuple[type[Owned], ...] = (
    *tables.TENANT_TABLES, *IDENTITY_TABLES, *STATEMENT_TABLES, *AUDIT_TABLES, *ONCE_TABLES, *PACT_TABLES,
    *REGISTER_TABLES, *FACTOR_TABLES, *FOOTPRINT_TABLES, *SCORE_TABLES, *POLICY_TABLES,
    *SHARE_TABLES, *RELEASE_TABLES,
    *PASSTHROUGH_TABLES, *POSITION_TABLES,
)  # fmt: skip
