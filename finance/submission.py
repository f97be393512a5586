"""What an exporter hands in: the firm, its installations, its goods, and what the score needs."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from pydantic import Field

from cbam.consignment import Basis, Consignment
from models.inputs import Input, MassT, NonNegative, Positive, TCO2ePerT
from models.installation import EtsYear

Currency = Literal["CNY", "EUR", "USD", "HKD"]
#: ``measured``, ``estimated`` (proxy or model), ``missing``, ``not_applicable`` (with a dated declaration).
State = Literal["measured", "estimated", "missing", "not_applicable"]
EvidenceLevel = Literal["national_certified", "third_party_verified", "self_declared", "none"]
DataQuality = float


class GoodsLine(Input):
    """
    One row of the goods sheet.

    ``own_see`` and ``own_sefa`` are the installation's own values. On the
    actual basis they are verified and declared; on the default basis they are
    what verified data would bring, and enter the comparison only.
    """

    #: Row in the sheet as the user counts it, or the position in the request.
    line: int = Field(ge=1, le=2_000_000)
    product: str = Field(min_length=1, max_length=200)
    cn_code: str = Field(pattern=r"^[0-9]{8}$")
    origin: str = Field(pattern=r"^[A-Z]{2}(-[A-Z]{2,3})?$")
    net_mass_t: MassT
    imported_on: dt.date = Field(le=dt.date(2060, 12, 31))
    price_per_t: Positive | None = None
    currency: Currency | None = None
    basis: Basis = Basis.DEFAULT
    own_see_tco2e_per_t: TCO2ePerT | None = None
    own_sefa_tco2e_per_t: TCO2ePerT | None = None
    verifier: str | None = Field(default=None, max_length=200)
    installation: str | None = Field(default=None, max_length=100)
    #: Direct emissions of the own installation per tonne of this good, as its ETS covers them.
    covered_tco2_per_t: TCO2ePerT | None = None
    production_year: int | None = Field(default=None, ge=2026, le=2060)
    route: str | None = Field(default=None, pattern=r"^[CDEFGHJKL]$")

    def consignment(self, basis: Basis | None = None) -> Consignment:
        """Return the line as an import line on its own basis, or on ``basis``."""
        basis = basis or self.basis
        actual = basis is Basis.ACTUAL
        return Consignment(
            cn_code=self.cn_code,
            origin=self.origin,
            net_mass_t=self.net_mass_t,
            imported_on=self.imported_on,
            basis=basis,
            see_tco2e_per_t=self.own_see_tco2e_per_t if actual else None,
            sefa_tco2e_per_t=self.own_sefa_tco2e_per_t if actual else None,
            production_year=self.production_year,
            route=None if actual else self.route,
        )


class Firm(Input):
    """The firm and the figures of one financial year; money in CNY."""

    name: str = Field(min_length=1, max_length=200)
    #: Unified social credit code, 18 characters.
    uscc: str | None = Field(default=None, pattern=r"^[0-9A-HJ-NPQRTUWXY]{18}$")
    province: str | None = None
    city: str | None = None
    sector: str | None = None
    financial_year: int | None = Field(default=None, ge=2000, le=2060)
    revenue_cny: Positive | None = None
    #: May be zero or negative; then no ratio to it is formed and the reason says so.
    ebitda_cny: float | None = Field(default=None, ge=-1e15, le=1e15)
    #: Share of the domestic carbon cost handed on to customers, stated by the firm.
    pass_through: float | None = Field(default=None, ge=0, le=1.5)
    #: Share of the CBAM cost that the exporter bears (phi).
    cbam_share_borne: float | None = Field(default=None, ge=0, le=1)


class IndicatorValue(Input):
    """One indicator of the score as the borrower states it."""

    state: State = "measured"
    value: float | str | None = None
    data_quality: DataQuality | None = Field(default=None, ge=1, le=5)
    evidence: str | None = Field(default=None, max_length=300)
    #: Day of the declaration that makes ``not_applicable`` acceptable.
    declared_on: dt.date | None = None


class Footprint(Input):
    """Footprint of one product beside its benchmark; both cradle-to-gate, same unit and year, or it is missing."""

    product: str = Field(min_length=1, max_length=200)
    footprint_tco2e_per_t: TCO2ePerT | None = None
    benchmark_tco2e_per_t: Positive | None = None
    benchmark_source: str | None = Field(default=None, max_length=300)
    same_boundary: bool = True
    revenue_cny: NonNegative
    data_quality: DataQuality | None = Field(default=None, ge=1, le=5)
    evidence_level: EvidenceLevel = "none"


class Submission(Input):
    """Everything one assessment is made from."""

    firm: Firm
    installations: tuple[EtsYear, ...] = ()
    goods: tuple[GoodsLine, ...] = ()
    footprints: tuple[Footprint, ...] = ()
    #: Stated indicators by id (F1 ... Q1); what is not stated is computed where its inputs are there.
    indicators: dict[str, IndicatorValue] = Field(default_factory=dict)
    #: Answers to the gates by id (G1, G2): true when the gate's statement holds; absent is "not asked".
    gates: dict[str, bool] = Field(default_factory=dict)
