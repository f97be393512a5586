"""What the roll-up of a park rests on: member companies, shared supplies of power and heat, and who took how much."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from models.errors import BadData, Text, YuetanError
from models.files import read_yaml
from models.inputs import Input, NonNegative, Positive, broken_rule
from models.law import CONFIDENCE

Kind = Literal["electricity", "heat"]
KINDS: Mapping[Kind, Text] = {"electricity": Text("电力", "electricity"), "heat": Text("热力", "heat")}
Name = Annotated[str, Field(min_length=1, max_length=200)]


class ParkMember(Input):
    """
    A member company in the period of the park.

    ``direct_tco2`` are the emissions of its own sites, those of the supplies
    that it runs among them; absent is not known. ``reported_indirect_tco2`` is
    what its own report says of power and heat bought.
    """

    id: Name
    name: str | None = Field(default=None, max_length=200)
    direct_tco2: NonNegative | None = None
    output: Positive | None = None
    output_unit: str | None = Field(default=None, max_length=20)
    reported_indirect_tco2: NonNegative | None = None

    @model_validator(mode="after")
    def _output_in_a_unit(self) -> ParkMember:
        if (self.output is None) != (self.output_unit is None):
            missing = "output" if self.output is None else "output_unit"
            raise broken_rule(missing, "产量和产量单位须一起填写", "an output needs its unit, and a unit its output")
        return self


class ParkSupply(Input):
    """
    Power or heat that members share, ``quantity`` made or bought in the period.

    Bought from outside it has a factor with its source; made in the park it has
    the direct emissions of making it. ``operator`` is the member among whose
    direct emissions those are; without one it is a plant of the park itself.
    """

    id: Name
    kind: Kind
    unit: str = Field(default="MWh", min_length=1, max_length=20)
    quantity: Positive
    operator: str | None = Field(default=None, max_length=200)
    direct_tco2: NonNegative | None = None
    factor_tco2_per_unit: NonNegative | None = None
    factor_source: str | None = Field(default=None, max_length=300)
    exported: NonNegative = 0.0

    @model_validator(mode="after")
    def _made_or_bought(self) -> ParkSupply:
        if (self.direct_tco2 is None) == (self.factor_tco2_per_unit is None):
            raise broken_rule(
                "direct_tco2",
                "自产填直接排放，外购填排放因子：两者须填且只填一个",
                "a supply is made (direct emissions) or bought (factor): give one of the two",
            )
        if self.factor_tco2_per_unit is not None and not self.factor_source:
            raise broken_rule("factor_source", "排放因子须写明来源", "a factor needs its source")
        if self.operator and self.factor_tco2_per_unit is not None:
            raise broken_rule(
                "operator",
                "外购电力、热力不是企业的直接排放，请不填运营企业",
                "what is bought from outside is nobody's direct emission: leave the operator out",
            )
        return self


class ParkFlow(Input):
    """What a member, or another supply, took of a supply; in the supply's unit where none is given."""

    supply: Name
    taker: Name
    quantity: NonNegative
    unit: str | None = Field(default=None, max_length=20)


class ParkAsk(Input):
    """A park in one period."""

    park: Name
    first: dt.date
    last: dt.date
    members: tuple[ParkMember, ...] = Field(min_length=1, max_length=5_000)
    supplies: tuple[ParkSupply, ...] = Field(default=(), max_length=500)
    flows: tuple[ParkFlow, ...] = Field(default=(), max_length=50_000)

    @model_validator(mode="after")
    def _in_order(self) -> ParkAsk:
        if self.last < self.first:
            raise broken_rule("last", "截止日期早于起始日期", "the period ends before it begins")
        return self


@dataclass(frozen=True, slots=True)
class ParkPolicy:
    """How much of a supply may be lost before it is asked about, and how far a member's report may differ; fractions."""

    losses: Mapping[Kind, float]
    metering: float
    reported: float
    source: str
    confidence: str


def load_park_policy(data_dir: Path) -> ParkPolicy:
    """Read ``data_dir/park/policy.yaml``; a fraction outside 0 to 1 is ``BadData``."""
    path = data_dir / "park" / "policy.yaml"
    told = read_yaml(path)
    losses: dict[Kind, float] = {kind: float(told["losses"][kind]) for kind in KINDS}
    made = ParkPolicy(losses, float(told["metering"]), float(told["reported"]), told["source"], told["confidence"])
    if any(not 0.0 <= one < 1.0 for one in (*losses.values(), made.metering, made.reported)):
        raise BadData(path=path.name, what="a fraction outside 0 to 1")
    if made.confidence not in CONFIDENCE:
        raise BadData(path=path.name, what="confidence")
    return made


class SamePlace(YuetanError):
    code = "park.same_id"
    message = Text("编号“{id}”出现了两次。", "The id '{id}' appears twice.")
    hint = Text("企业和能源供应各用不同的编号。", "Give every member and supply an id of its own.")


class UnknownPlace(YuetanError):
    code = "park.unknown_id"
    message = Text("没有编号为“{id}”的{what_zh}。", "There is no {what_en} with the id '{id}'.")
    hint = Text("请核对编号，或在相应的表中补填。", "Check the id, or enter it in its sheet.")


class FlowTwice(YuetanError):
    code = "park.flow_twice"
    message = Text("“{taker}”用“{supply}”的量写了两行。", "What '{taker}' took of '{supply}' stands in two rows.")
    hint = Text("两块表请相加，重复请删去一行。", "Add two meters up; delete a repetition.")


class MoreThanThereIs(YuetanError):
    code = "park.more_than_there_is"
    message = Text(
        "“{supply}”用出 {out} {unit}，多于生产或购入的 {quantity} {unit}。",
        "Of '{supply}' {out} {unit} were taken, more than the {quantity} {unit} made or bought.",
    )
    hint = Text(
        "请核对总表、分表和外供量；超出部分没有排放可分摊。",
        "Check the main meter, the meters below it and what was exported: there are no emissions for the excess.",
    )


class NothingTaken(YuetanError):
    code = "park.nothing_taken"
    message = Text(
        "“{supply}”的 {tonnes} tCO2 没有任何用户或外供，会从合计中消失。",
        "Nobody took anything of '{supply}': its {tonnes} tCO2 would vanish from the total.",
    )
    hint = Text(
        "请填写用量；如为自用，请把排放计入企业。", "Enter who took it; what a member uses itself is its own emission."
    )


class AboveOperator(YuetanError):
    code = "park.above_operator"
    message = Text(
        "“{member}”的能源供应排放合计 {supplies} tCO2，多于它的直接排放 {direct} tCO2。",
        "The supplies run by '{member}' emit {supplies} tCO2, more than its direct emissions of {direct} tCO2.",
    )
    hint = Text(
        "企业的直接排放应包含它对外供能的部分。",
        "A member's direct emissions include those of what it supplies to others.",
    )
