"""What can be told of a factor at once, before anybody reviews it; and what a review may decide."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Literal, TypeAlias

from pydantic import Field

from models.errors import OutOfRange, Text, YuetanError
from models.factor_records import NATION, FactorRecord, Licence
from models.inputs import Input
from models.measures import Measures

#: A submission is decided once, and what was accepted can be taken back once.
State: TypeAlias = Literal["submitted", "accepted", "rejected", "withdrawn"]
STATES: Mapping[State, Text] = {
    "submitted": Text("待审核", "to be reviewed"),
    "accepted": Text("审核通过", "accepted"),
    "rejected": Text("审核未通过", "rejected"),
    "withdrawn": Text("已撤回", "withdrawn"),
}


class LicenceRefused(YuetanError):
    code = "factors.licence_refused"
    message = Text("许可“{licence}”不允许采用：{why_zh}。", "The licence '{licence}' does not allow its use: {why_en}.")
    hint = Text(
        "请改用允许商业使用的数据，或取得书面许可后再提交。",
        "Use data whose terms allow it, or obtain a written permission first.",
    )


class WrongRegion(YuetanError):
    code = "factors.wrong_region"
    message = Text(
        "国家级因子的地区应为 China，省级因子应写省名。",
        "The region of a national factor is China, that of a provincial one its province.",
    )
    hint = Text("请更正层级或地区。", "Correct level or region.")


class HandIn(Input):
    """A factor to hand in, and where its reviewer finds what it rests on."""

    record: FactorRecord
    evidence: str = Field(min_length=1, max_length=500)


def check_record(record: FactorRecord, licences: Mapping[str, Licence], measures: Measures, today: dt.date) -> None:
    """
    Refuse what no review could accept.

    Raises
    ------
    LicenceRefused
        The licence is not known, or does not allow the use.
    UnknownMeasure, DoesNotConvert
        The unit is no rate of emissions.
    WrongRegion, OutOfRange
        Level and region do not fit, or it is published later than today.
    """
    licence = licences.get(record.licence)
    if licence is None or licence.use == "refused":
        why = licence.text if licence else Text("不认识这一许可", "it is not known")
        raise LicenceRefused(field="licence", licence=record.licence, why_zh=why.zh, why_en=why.en)
    measures.rate(record.unit, "unit")
    if (record.level == "national" and record.region != NATION) or (
        record.level == "provincial" and record.region == NATION
    ):
        raise WrongRegion(field="region")
    if record.published > today:
        raise OutOfRange(
            field="published",
            name_zh="公布日",
            name_en="day of publication",
            why_zh=f"{record.published} 晚于今天",
            why_en=f"{record.published} lies after today",
        )
