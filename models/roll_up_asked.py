"""What the cost of a chain rests on: its nodes, what each takes of the others, and how each is known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, model_validator

from models.embedded import OUTPUT_SHARE
from models.errors import Text
from models.inputs import Input, NonNegative
from models.statement_asked import LEVELS as OF_SUPPLIERS
from models.statement_asked import MarketPrice, PaidBy, Scheme

Level = Literal["own", "statement", "sector_average", "input_output"]
#: How a node is known, best first.
LEVELS: Mapping[Level, Text] = {
    "own": Text("本链自有数据", "own data of the chain"),
    "statement": OF_SUPPLIERS["statement"],
    "sector_average": OF_SUPPLIERS["sector_average"],
    "input_output": OF_SUPPLIERS["input_output"],
}
Stream = Literal["direct", "electricity", "heat"]
STREAMS: Mapping[Stream, Text] = {
    "direct": Text("直接排放", "direct emissions"),
    "electricity": Text("外购电力排放", "emissions of electricity bought"),
    "heat": Text("外购热力排放", "emissions of heat bought"),
}
Name = Annotated[str, Field(min_length=1, max_length=200)]
Unit = Annotated[str, Field(min_length=1, max_length=20)]
Money = Annotated[float, Field(ge=-1e9, le=1e9)]


class ChainNode(Input):
    """
    A product of the chain, per ``unit`` of it.

    Own data give each emission stream with a flag whether the scheme covers it.
    A supplier statement, an average or an estimate gives the three costs
    themselves (``*_cny_per_unit``) with everything upstream in them, so that
    such a node takes no inputs. ``hand_on`` is the share of its cost that the
    tier hands on; ``power_price_carbon_share`` the part of the carbon cost of
    power and heat bought elsewhere that their price really contains, 0 for an
    administered tariff.
    """

    id: Name
    name: str | None = Field(default=None, max_length=200)
    unit: Unit = "t"
    level: Level
    direct_tco2_per_unit: NonNegative | None = None
    direct_covered: bool | None = None
    electricity_tco2_per_unit: NonNegative | None = None
    electricity_covered: bool | None = None
    heat_tco2_per_unit: NonNegative | None = None
    heat_covered: bool | None = None
    power_price_carbon_share: float = Field(default=0.0, ge=0, le=1)
    free_tco2_per_unit: NonNegative | None = None
    allocation: (
        Literal["benchmark", "historical_intensity", "historical_emissions", "equal_to_emissions", "band"] | None
    ) = None
    #: Of the operator's own purchases over its emissions; a surplus sold is negative.
    average_paid_cny_per_tco2: float | None = Field(default=None, ge=-1e5, le=1e5)
    #: The node's own average market price, where it is not that of the chain.
    market_price_cny_per_tco2: NonNegative | None = None
    scheme: Scheme | None = None
    compliance_year: int | None = Field(default=None, ge=2013, le=2060)
    hand_on: float = Field(default=1.0, ge=0, le=10)
    full_cny_per_unit: Money | None = None
    paid_cny_per_unit: Money | None = None
    marginal_cny_per_unit: Money | None = None
    #: Number of the statement, or where the average or estimate stands.
    source: str | None = Field(default=None, max_length=300)
    paid_by: tuple[PaidBy, ...] = Field(default=(), max_length=5_000)

    @property
    def stated(self) -> bool:
        """Whether the node gives its costs rather than its emissions."""
        return self.level != "own"

    def tco2_per_unit(self, stream: Stream) -> float | None:
        """Return the emissions of a stream, tCO2 per unit."""
        value: float | None = getattr(self, f"{stream}_tco2_per_unit")
        return value

    def covered(self, stream: Stream) -> bool | None:
        """Return whether the scheme counts a stream at this node."""
        flag: bool | None = getattr(self, f"{stream}_covered")
        return flag

    @property
    def output_share(self) -> float | None:
        """Share of the free allocation that follows output (lambda); none where the method is not stated."""
        return OUTPUT_SHARE.get(self.allocation or "")

    @model_validator(mode="after")
    def _one_kind(self) -> ChainNode:
        costs = (self.full_cny_per_unit, self.paid_cny_per_unit, self.marginal_cny_per_unit)
        if not self.stated and (any(cost is not None for cost in costs) or self.paid_by):
            raise ValueError(
                "own data give emissions, not costs; costs belong to a statement, an average or an estimate"
            )
        if self.stated and not self.source:
            raise ValueError("a statement needs its number, an average or an estimate its source")
        return self


class ChainInput(Input):
    """
    What one unit of ``product`` takes of ``input``: ``amount`` in ``unit``, or in the unit of the input where blank.

    ``carries`` says that the input is the very power or heat whose emissions
    stand in that stream of the product; ``price_share`` is the part of the
    input's cost that its price contains, 1 where blank, but 0 for power and
    heat, whose tariffs are administered unless said otherwise.
    """

    product: Name
    input: Name
    amount: float = Field(ge=-1e15, le=1e15)
    unit: str | None = Field(default=None, max_length=20)
    carries: Literal["electricity", "heat"] | None = None
    price_share: float | None = Field(default=None, ge=0, le=1)

    @property
    def share_in_price(self) -> float:
        """The part of the input's cost that reaches the product."""
        return (0.0 if self.carries else 1.0) if self.price_share is None else self.price_share


class ChainAsk(Input):
    """A chain in one period: nodes, inputs, the market's average price, and the products asked about."""

    nodes: tuple[ChainNode, ...] = Field(min_length=1, max_length=20_000)
    inputs: tuple[ChainInput, ...] = Field(default=(), max_length=200_000)
    market: MarketPrice | None = None
    #: Products to show in full; those that no other takes, where none is named.
    products: tuple[Name, ...] = Field(default=(), max_length=50)
