"""The input: one good of one origin, imported on one day, on one basis."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum

from pydantic import Field

from models.inputs import Input, MassT, TCO2ePerT


class Basis(StrEnum):
    """How the embedded emissions are known; it decides the free allocation too (CBAM Reg Art. 7, IR 2025/2620)."""

    DEFAULT = "default"
    ACTUAL = "actual"


class Consignment(Input):
    """
    One import line.

    On the actual basis ``see_tco2e_per_t`` is the verified specific embedded
    emissions and ``sefa_tco2e_per_t`` the specific embedded free allocation of
    the same installation (column A chain); on the default basis both are absent.
    """

    #: Eight digits of the Combined Nomenclature.
    cn_code: str = Field(pattern=r"^[0-9]{8}$", examples=["73089059"])
    #: Customs origin, ISO 3166-1 alpha-2 (or a territory of ``eu.cbam.exempt_origins``).
    origin: str = Field(pattern=r"^[A-Z]{2}(-[A-Z]{2,3})?$", examples=["CN"])
    net_mass_t: MassT = Field(examples=[10.0])
    imported_on: dt.date = Field(le=dt.date(2060, 12, 31), examples=["2026-05-12"])
    basis: Basis = Basis.DEFAULT
    see_tco2e_per_t: TCO2ePerT | None = None
    sefa_tco2e_per_t: TCO2ePerT | None = None
    #: Year of production when it is shown to differ from the year of import (from 2027 on).
    production_year: int | None = Field(default=None, ge=2026, le=2060)
    #: Production route, asked for only where the default row does not settle it; marked as the user's.
    route: str | None = Field(default=None, pattern=r"^[CDEFGHJKL]$")
