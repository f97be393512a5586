"""Which carbon cost a rate is against: full, marginal and paid, each named, none in place of another (``passthrough.md`` 3)."""

from __future__ import annotations

from typing import Annotated, Literal, NamedTuple

from pydantic import Field

from models.errors import NOTHING, Text
from models.inputs import Input
from models.passthrough.errors import NoisyDenominator
from models.passthrough.exante import LEAST_NET_SHARE

Against = Literal["full", "marginal", "paid"]
SAID: dict[Against, Text] = {
    "full": Text("全额（机会）碳成本 P·e", "full (opportunity) carbon cost P e"),
    "marginal": Text("边际碳成本 P·(e − λb)", "marginal carbon cost P (e - lambda b)"),
    "paid": Text("实付碳成本 P·(e − f)", "paid carbon cost P (e - f)"),
}
PerT = Annotated[float, Field(ge=0, le=50)]


class Allocation(Input):
    """
    What the carbon cost of a sample is made of; all fixed within the sample.

    ``against`` names the cost in the regression. ``emissions``, ``benchmark``
    and ``free`` are e, b and f in tCO2 per t of product, ``updating_share`` lambda.
    """

    against: Against = "full"
    emissions_tco2_per_t: Annotated[float, Field(gt=0, le=50)]
    benchmark_tco2_per_t: PerT = 0.0
    free_tco2_per_t: PerT = 0.0
    updating_share: Annotated[float, Field(ge=0, le=1)] = 0.0

    def net(self, against: Against) -> float:
        """Return emissions that a cost counts, tCO2 per t of product."""
        e = self.emissions_tco2_per_t
        if against == "full":
            return e
        return e - (self.updating_share * self.benchmark_tco2_per_t if against == "marginal" else self.free_tco2_per_t)


class AgainstCost(NamedTuple):
    """Factor from the estimated rate to the rate against one cost; ``None`` with the reason."""

    against: Against
    factor: float | None
    note: Text


def factors(of: Allocation | None, against: Against = "full") -> tuple[AgainstCost, ...]:
    """
    Return what turns the estimated rate into a rate against each cost.

    Parameters
    ----------
    of : Allocation or None
        Without it only the rate against the cost of the regression is known.
    against : str
        That cost, where ``of`` is not given.
    """
    kinds: tuple[Against, ...] = ("full", "marginal", "paid")
    if of is None:
        unknown = Text("未给出排放强度和免费配额", "emissions and free allocation are not given")
        return tuple(AgainstCost(k, 1.0 if k == against else None, NOTHING if k == against else unknown) for k in kinds)
    return tuple(_factor(of, kind) for kind in kinds)


def _factor(of: Allocation, kind: Against) -> AgainstCost:
    if kind == of.against:
        return AgainstCost(kind, 1.0, NOTHING)
    net = of.net(kind)
    if abs(net) < LEAST_NET_SHARE * of.emissions_tco2_per_t:
        error = NoisyDenominator(share=net / of.emissions_tco2_per_t, least=LEAST_NET_SHARE)
        return AgainstCost(kind, None, Text(error.text("zh"), error.text("en")))
    return AgainstCost(kind, of.net(of.against) / net, NOTHING)


def output_based(of: Allocation | None) -> Text:
    """Return the warning that output-based allocation needs, or nothing."""
    if of is None or of.updating_share * of.benchmark_tco2_per_t <= 0:
        return NOTHING
    share = of.net("marginal") / of.emissions_tco2_per_t
    return Text(
        f"配额随产量发放：边际碳成本只有全额的 {share:.0%}，相对全额接近零的传导率不说明传导弱。",
        f"Allocation follows output: marginal carbon cost is {share:.0%} of full cost; a rate near zero against full cost is "
        "no evidence of weak pass-through.",
    )
