"""An estimated rate as others take it: a bank beside what it assumes, an exporter beside what a contract says."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from models.errors import Text, YuetanError
from models.inputs import Input, NonNegative
from models.passthrough.denominators import Against
from models.passthrough.errors import NotEstimable
from models.passthrough.grade import Letter
from models.passthrough.report import PassThrough

Rate = Annotated[float, Field(ge=-1e6, le=1e6)]


class PointOfD(YuetanError):
    """A point value where there is none, or an interval the wrong way round."""

    code = "passthrough.not_an_estimate"
    message = Text("所填的估计不成立：{why_zh}。", "This is no estimate: {why_en}.")
    hint = Text("请照抄估计结果中的“rates”一项。", "Copy an entry of 'rates' of the estimate.")


class HandedOn(Input):
    """
    An estimated rate with its error, as an estimate gives it in ``rates``.

    ``against`` names the cost in its denominator: what is set beside it must be
    a share of the same cost. ``rate`` is null for grade D.
    """

    against: Against
    rate: Rate | None
    se: NonNegative | None
    low: Rate
    high: Rate
    grade: Letter
    #: Hash of the inputs of the estimate.
    key: str = Field(min_length=8, max_length=64, pattern=r"^[0-9a-f]+$")

    @model_validator(mode="after")
    def _sound(self) -> HandedOn:
        if self.low > self.high:
            raise PointOfD(field="low", why_zh="下限高于上限", why_en="the interval ends before it begins")
        if self.grade == "D" and self.rate is not None:
            raise PointOfD(field="rate", why_zh="等级 D 没有点值", why_en="a grade D has no point value")
        if self.rate is not None and not self.low <= self.rate <= self.high:
            raise PointOfD(field="rate", why_zh="点值在区间之外", why_en="the point lies outside the interval")
        return self


def handed_on(found: PassThrough, against: Against) -> HandedOn:
    """
    Return an estimate as others take it.

    Parameters
    ----------
    found : PassThrough
    against : str
        The cost in the denominator: ``paid`` for a bank's share of paid cost.

    Raises
    ------
    NotEstimable
        The set is unbounded, or there is no rate against that cost.
    """
    rate, ends, note = found.rate_against(against)
    if ends is None:
        unbounded = Text("区间无界", "the set is unbounded")
        why = note if note.zh else unbounded
        raise NotEstimable(
            field="against",
            why_zh=why.zh,
            why_en=why.en,
            mend_zh="请使用所填的假设，或加长样本。",
            mend_en="Keep to what is assumed, or lengthen the sample.",
        )
    scale = next(one.factor for one in found.against if one.against == against)
    se = None if rate is None or scale is None else abs(scale) * found.rate.se_delta
    return HandedOn(
        against=against, rate=rate, se=se, low=ends[0], high=ends[1], grade=found.grade.letter, key=found.inputs_hash
    )
