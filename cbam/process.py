"""The input of a chain: production processes and the precursors that enter them."""

from __future__ import annotations

from typing import Literal, NamedTuple

from pydantic import Field

from models.inputs import Input, NonNegative, Positive, TCO2ePerT

#: How the emissions of a precursor are known.
Known = Literal["own", "verified", "default", "unknown_origin", "exempt"]
CODE = r"^[0-9]{8}$"
ROUTE = r"^[CDEFGHJKL]$"


class Link(NamedTuple):
    """A mass of what one process of the site makes that enters another, t."""

    from_process: str
    to_process: str
    mass_t: float


class Figures(NamedTuple):
    """What a process emits and makes in one year, tCO2e and t, however it was found out."""

    id: str
    cn_code: str
    activity_t: float
    direct_t: float
    indirect_t: float
    heat_in_t: float
    heat_out_t: float
    waste_gas_in_t: float
    waste_gas_out_t: float
    electricity_out_t: float
    route: str | None


class Precursor(Input):
    """
    One material entering a process that is itself a CBAM good.

    ``mass_t`` is what enters in the period, cut-off included. Several suppliers
    of one material are several precursors: each counts with its mass.
    """

    name: str = Field(min_length=1, max_length=200)
    mass_t: Positive
    known: Known
    #: Id of the process of the same installation (``own``).
    process: str | None = None
    cn_code: str | None = Field(default=None, pattern=CODE)
    #: Country of production; the EU and exempt countries bring zero on both sides however the rest is known.
    origin: str | None = Field(default=None, pattern=r"^[A-Z]{2}$")
    route: str | None = Field(default=None, pattern=ROUTE)
    see_tco2e_per_t: TCO2ePerT | None = None
    #: Absent beside a verified SEE: column B of code and origin, as the act says where the producer gives none.
    sefa_tco2e_per_t: TCO2ePerT | None = None


class Stated(Input):
    """
    What a process may state in tCO2e of the period, where it is not worked out from amounts.

    ``indirect_t`` counts only for a good whose indirect emissions the law counts
    (2601 12 00); it is kept for the others too and shown apart.
    """

    indirect_t: NonNegative = 0.0
    heat_in_t: NonNegative = 0.0
    heat_out_t: NonNegative = 0.0
    waste_gas_in_t: NonNegative = 0.0
    waste_gas_out_t: NonNegative = 0.0
    electricity_out_t: NonNegative = 0.0


class Process(Stated):
    """One production process in one calendar year; emissions in tCO2e of the period."""

    id: str = Field(min_length=1, max_length=100)
    cn_code: str = Field(pattern=CODE)
    #: Saleable tonnes made in the period; scrap is none of them.
    activity_t: Positive
    direct_t: NonNegative
    route: str | None = Field(default=None, pattern=ROUTE)
    precursors: tuple[Precursor, ...] = ()

    def figures(self) -> Figures:
        """Return the process without its precursors."""
        return Figures(
            self.id, self.cn_code, self.activity_t, self.direct_t, self.indirect_t, self.heat_in_t, self.heat_out_t,
            self.waste_gas_in_t, self.waste_gas_out_t, self.electricity_out_t, self.route,
        )  # fmt: skip
