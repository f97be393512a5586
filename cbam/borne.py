"""What an exporter bears by its contract, beside what an estimated rate says that a market leaves it with."""

from __future__ import annotations

from dataclasses import dataclass

from cbam.split import Split
from models.errors import NOTHING, Text
from models.passthrough.denominators import SAID
from models.passthrough.handed_on import HandedOn
from models.table import Result, Row

_READING = Text(
    "估计是对样本内碳成本的条件相关；用于 CBAM 费用是类比，不是证明",
    "the estimate is a conditional correlation for the carbon cost of its sample; for CBAM cost it is an analogy, no proof",
)


@dataclass(frozen=True, slots=True)
class Borne(Result):
    """Share of a carbon cost that stays with the exporter: agreed, and one less the rate that was estimated."""

    split: Split
    estimate: HandedOn

    @property
    def share(self) -> float | None:
        """One less the rate; ``None`` for grade D."""
        return None if self.estimate.rate is None else 1.0 - self.estimate.rate

    @property
    def ends(self) -> tuple[float, float]:
        """The same at both ends of the set."""
        return 1.0 - self.estimate.high, 1.0 - self.estimate.low

    def rows(self) -> list[Row]:
        agreed, e = self.split.deal.exporter_share, self.estimate
        low, high = self.ends
        cost = self.split.cost_eur_per_t
        where = Text("在估计区间内", "within the estimated set") if low <= agreed <= high else Text(
            "在估计区间之外", "outside the estimated set"
        )  # fmt: skip
        none = Text("等级 D：只给区间", "grade D: the interval only")
        span = Text(f"区间 {low:.3f} 至 {high:.3f}", f"{low:.3f} to {high:.3f}")
        money = Text(f"区间 {low * cost:,.2f} 至 {high * cost:,.2f}", f"{low * cost:,.2f} to {high * cost:,.2f}")
        return [
            Row("agreed", Text("合同约定由出口商承担", "Borne by the exporter, agreed"), agreed, "", where, 4),
            Row("estimated", Text("估计由出口商承担（1 − 传导率）", "Borne by the exporter, estimated"), self.share, "", span, 4),
            Row("se", Text("其标准误", "Its standard error"), e.se if e.rate is not None else None, "", digits=4),
            Row("agreed_eur_per_t", Text("约定：每吨", "Agreed, per tonne"), agreed * cost, "EUR/t"),
            Row("estimated_eur_per_t", Text("估计：每吨", "Estimated, per tonne"),
                None if self.share is None else self.share * cost, "EUR/t", money if self.share is not None else none),
            Row("estimated_span", Text("估计：每吨区间", "Estimated, per tonne, set"), f"{low * cost:,.2f} – {high * cost:,.2f}", "EUR/t"),
            Row("against", Text("估计的分母", "Denominator of the estimate"), e.against, "",
                Text(f"{SAID[e.against].zh}；{_READING.zh}", f"{SAID[e.against].en}; {_READING.en}")),
            Row("grade", Text("等级", "Grade"), e.grade, "", NOTHING),
        ]  # fmt: skip

    def proof(self) -> list[str]:
        return [f"models.passthrough.estimate: {self.estimate.key[:16]}"]
