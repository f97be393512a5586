"""The bill of a site in a period: activities by life-cycle stage, the products made, and how joint processes are divided."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import Annotated, Literal, TypeAlias, get_args

from pydantic import Field, model_validator

from models.apportion import JointProcess
from models.factor_records import Quality
from models.inputs import Input, NonNegative, Positive

Stage: TypeAlias = Literal["raw_material", "production", "distribution", "use", "end_of_life"]
STAGES: tuple[Stage, ...] = ("raw_material", "production", "distribution", "use", "end_of_life")
#: What an activity is, by which a method counts it or not.
Kind: TypeAlias = Literal[
    "direct", "electricity", "heat", "precursor", "material", "scrap", "transport", "service", "waste"
]
KINDS: tuple[Kind, ...] = get_args(Kind)
#: Relative half-width of a 95 % interval, fraction of the value.
HalfWidth = Annotated[float, Field(ge=0, le=10)]
_Id = Annotated[str, Field(min_length=1, max_length=100)]


class OwnFactor(Input):
    """A factor that comes with the activity, such as a supplier's statement."""

    value: NonNegative
    unit: str = Field(min_length=1, max_length=40, examples=["kgCO2e/kg"])
    source: str = Field(min_length=1, max_length=300)
    data_year: int | None = Field(default=None, ge=1990, le=2060)
    uncertainty: HalfWidth | None = None


class Activity(Input):
    """
    One line: how much of what, in which stage.

    Its emissions come from ``key`` (a factor of the store), ``fuel`` (default
    values of combustion) or ``factor`` (its own); an amount in kgCO2e or tCO2e
    is emissions already and takes none. ``product`` says that it was metered for
    one product, ``process`` that several share it.
    """

    id: _Id
    stage: Stage
    name: str = Field(default="", max_length=200)
    #: Told by the key or the fuel where absent, else not known.
    kind: Kind | None = None
    amount: NonNegative
    unit: str = Field(min_length=1, max_length=40)
    key: str | None = Field(default=None, min_length=1, max_length=100)
    fuel: str | None = Field(default=None, min_length=1, max_length=60)
    #: Fraction oxidised, where the default has none.
    oxidation: Annotated[float, Field(gt=0, le=1)] | None = None
    factor: OwnFactor | None = None
    region: str = Field(default="China", min_length=1, max_length=60)
    supplier: str = Field(default="", max_length=200)
    product: str = Field(default="", max_length=100)
    process: str = Field(default="", max_length=100)
    #: Measured by the site or its supplier, rather than taken from a database.
    primary: bool = False
    quality: Quality = Quality()
    #: Of the amount.
    uncertainty: HalfWidth | None = None
    evidence: str = Field(default="", max_length=500)

    @model_validator(mode="after")
    def _one_way(self) -> Activity:
        if sum(way is not None for way in (self.key, self.fuel, self.factor)) > 1:
            raise ValueError("give one of key, fuel and factor")
        if self.product and self.process:
            raise ValueError("an activity belongs to a product or to a process, not to both")
        return self

    @property
    def kind_told(self) -> Kind | None:
        """What the activity is: as stated, or as fuel and key leave no doubt."""
        if self.kind is not None:
            return self.kind
        if self.fuel is not None:
            return "direct"
        return "electricity" if self.key is not None and self.key.split(".")[0] == "electricity" else None


class Product(Input):
    """A product, its declared unit, and how much of it the period made."""

    id: _Id
    name: str = Field(default="", max_length=200)
    declared_amount: Positive = 1.0
    declared_unit: str = Field(min_length=1, max_length=40, examples=["kg"])
    #: Made in the period, in ``output_unit``, which is the declared unit where absent.
    output: Positive
    output_unit: str | None = Field(default=None, min_length=1, max_length=40)
    #: Mass of the product (no packaging) in one declared unit, kg; 0 for energy, transport and services only.
    mass_kg_per_declared_unit: NonNegative | None = None


class Benchmark(Input):
    """A value to compare with, per declared unit of the product."""

    product: _Id
    kgco2e_per_declared_unit: Positive
    name: str = Field(min_length=1, max_length=200)
    source: str = Field(min_length=1, max_length=300)


class EarlierYear(Input):
    """What the same product came to in an earlier year."""

    product: _Id
    year: int = Field(ge=1990, le=2060)
    kgco2e_per_declared_unit: Positive
    #: Profile and declared unit by which it was made; another profile is shown and not compared.
    profile: str = Field(default="", max_length=60)


_Said = Annotated[str, Field(max_length=4000)]


class Report(Input):
    """What the report says in words; empty is not said."""

    number: _Said = ""
    issuer: _Said = ""
    producer_name: _Said = ""
    producer_address: _Said = ""
    legal_representative: _Said = ""
    contact: _Said = ""
    specification: _Said = ""
    product_function: _Said = ""
    product_description: _Said = ""
    #: Standard that the quantification rests on.
    standard: _Said = ""
    purpose: _Said = ""
    cut_off: _Said = ""
    #: Estimated fraction of the emissions that is cut off.
    omitted_share: Annotated[float, Field(ge=0, lt=1)] | None = None
    #: Such as AR6.
    gwp_set: _Said = ""
    assumptions: _Said = ""
    limitations: _Said = ""
    improvement: _Said = ""
    pcr: _Said = ""
    verifier: _Said = ""


class Bill(Input):
    """All that a footprint is worked out from."""

    site: str = Field(default="", max_length=200)
    period_start: dt.date = Field(ge=dt.date(2000, 1, 1), le=dt.date(2060, 12, 31))
    period_end: dt.date = Field(ge=dt.date(2000, 1, 1), le=dt.date(2060, 12, 31))
    profile: str = Field(default="", max_length=60)
    boundary: Literal["cradle_to_gate", "cradle_to_grave"] | None = None
    report: Report = Report()
    products: tuple[Product, ...] = Field(min_length=1, max_length=500)
    activities: tuple[Activity, ...] = Field(min_length=1, max_length=20_000)
    joint: tuple[JointProcess, ...] = Field(default=(), max_length=500)
    benchmarks: tuple[Benchmark, ...] = Field(default=(), max_length=500)
    earlier: tuple[EarlierYear, ...] = Field(default=(), max_length=2000)
    #: Draws of the Monte Carlo; 0 leaves it out.
    draws: int = Field(default=10_000, ge=0, le=100_000)
    seed: int = Field(default=1, ge=0, le=2**32 - 1)

    @model_validator(mode="after")
    def _each_once(self) -> Bill:
        if self.period_end < self.period_start:
            raise ValueError("period_end lies before period_start")
        for what, names in (
            ("product", [one.id for one in self.products]),
            ("activity", [one.id for one in self.activities]),
            ("joint process", [one.process for one in self.joint]),
        ):
            twice = [name for name, times in Counter(names).items() if times > 1]
            if twice:
                raise ValueError(f"{what} {twice[0]} is given twice")
        return self

    @property
    def year(self) -> int:
        """Year of the activity data: that of the last day."""
        return self.period_end.year
