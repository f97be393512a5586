"""A borrower's loss at the rate that was estimated, beside the one the bank assumes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finance.stress import Stressed
from models.errors import NOTHING, Text, YuetanError
from models.passthrough.handed_on import HandedOn
from models.table import Result, Row


class OtherCost(YuetanError):
    """A rate against another cost than the stress means."""

    code = "finance.rate_of_other_cost"
    message = Text(
        "估计的传导率相对{against}成本，压力测试的传导率相对实付成本，不能并列。",
        "The estimate is against {against} cost; the stress means a share of paid cost.",
    )
    hint = Text(
        "请取估计结果中相对实付成本（paid）的一项；免费配额接近全部排放时没有这一项。",
        "Take the estimate's rate against paid cost; where nearly all emissions are free there is none.",
    )


@dataclass(frozen=True, slots=True)
class BesideAssumed(Result):
    """
    Loss of a borrower as assumed and as estimated, money of the book.

    ``loss_low`` and ``loss_high`` are the ends of the estimate's set, ``loss_se``
    its standard error carried over: the loss is linear in the rate.
    """

    borrower: str
    estimate: HandedOn
    assumed: float | None
    loss_assumed: float | None
    loss_estimated: float | None
    loss_low: float | None
    loss_high: float | None
    loss_se: float | None

    def rows(self) -> list[Row]:
        e, none = self.estimate, Text("等级 D：只给区间", "grade D: the interval only")
        inside = self.assumed is not None and e.low <= self.assumed <= e.high
        where = Text("在估计区间内", "within the estimated set") if inside else Text(
            "在估计区间之外：请说明理由", "outside the estimated set: say why"
        )  # fmt: skip
        span = Text(
            f"区间 {e.low:.3f} 至 {e.high:.3f}，等级 {e.grade}", f"{e.low:.3f} to {e.high:.3f}, grade {e.grade}"
        )
        return [
            Row("pi_assumed", Text("假设的传导率", "Assumed pass-through"), self.assumed, "", where, 4),
            Row("pi_estimated", Text("估计的传导率", "Estimated pass-through"), e.rate, "", span, 4),
            Row("pi_se", Text("其标准误", "Its standard error"), e.se if e.rate is not None else None, "", digits=4),
            Row("loss_assumed", Text("年损失（假设）", "Yearly loss, assumed"), self.loss_assumed, "CNY", digits=0),
            Row("loss_estimated", Text("年损失（估计）", "Yearly loss, estimated"), self.loss_estimated, "CNY",
                none if e.rate is None else NOTHING, 0),
            Row("loss_se", Text("其标准误", "Its standard error"), self.loss_se, "CNY", digits=0),
            Row("loss_low", Text("年损失（区间下端）", "Yearly loss, low end"), self.loss_low, "CNY", digits=0),
            Row("loss_high", Text("年损失（区间上端）", "Yearly loss, high end"), self.loss_high, "CNY", digits=0),
        ]  # fmt: skip

    def proof(self) -> list[str]:
        return [f"models.passthrough.estimate: {self.estimate.key[:16]}"]


def beside_assumed(made: Stressed, at: int, borrower: str, estimate: HandedOn) -> BesideAssumed:
    """
    Put the loss at an estimated rate beside the loss as assumed.

    Parameters
    ----------
    made : Stressed
        Under the bank's own assumptions.
    at : int
        Row of the borrower.
    borrower : str
        Its name.
    estimate : HandedOn
        Against paid cost, as the stress means it.

    Raises
    ------
    OtherCost
        The estimate is against another cost.

    Notes
    -----
    ``loss = (1 - pi)(dETS + dUP) + dCBAM`` (``finance.md`` section 6). A rate
    above one is a gain and is not cut off; CBAM cost is not touched by it.
    """
    if estimate.against != "paid":
        raise OtherCost(field="against", against=estimate.against)
    home = float(made.ets[at] + made.upstream[at])
    cbam = float(made.cbam[at])

    def loss(rate: float | None) -> float | None:
        return None if rate is None or not np.isfinite(home + cbam) else (1.0 - rate) * home + cbam

    ends = [loss(estimate.low), loss(estimate.high)]
    known = [end for end in ends if end is not None]
    assumed = float(made.borrowers.pi[at])
    own = float(made.loss[at])
    return BesideAssumed(
        borrower=borrower,
        estimate=estimate,
        assumed=assumed if np.isfinite(assumed) else None,
        loss_assumed=own if np.isfinite(own) else None,
        loss_estimated=loss(estimate.rate),
        loss_low=min(known, default=None),
        loss_high=max(known, default=None),
        loss_se=estimate.se * abs(home) if estimate.rate is not None and estimate.se is not None and known else None,
    )
