"""Every table of the service, whichever topic it is of: for migrations, for the wall in the database, for checks."""

from __future__ import annotations

from service import tables
from service.identity.tables import IDENTITY_TABLES
from service.tables import PUBLIC_TABLES, Base, Owned

__all__ = ["PUBLIC_TABLES", "TENANT_TABLES", "Base"]

TENANT_TABLES: tuple[type[Owned], ...] = (*tables.TENANT_TABLES, *IDENTITY_TABLES)
