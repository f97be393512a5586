"""How many offsets may be surrendered: the limit of each market on its own base, and the pilot's share of local projects."""

from __future__ import annotations

import math
from collections.abc import Sequence

from models.errors import Text
from models.findings import Finding
from models.holdings import OFFSETS, Draw
from models.law import LawAt
from models.regime import Regime

LAW_OF = {"national": "cn.ets.national", "guangdong_pilot": "cn.ets.guangdong"}


def offset_limit(
    regime: Regime, law: LawAt, emissions_t: float, previous_t: float | None
) -> tuple[float | None, list[Finding]]:
    """
    Return the most offsets that may be surrendered, t, and what there is to say of it.

    The national market's base is the obligation, the pilot's the verified
    emissions of the year before; ``None`` where share or base is not known.
    """
    read = law.find(f"{LAW_OF[regime.word]}.offset_share") if regime.word in LAW_OF else None
    if read is None:
        return None, [
            _no_limit(Text("本市场的抵销比例不在我们的来源中", "the limit of this market is not in our sources"))
        ]
    share = float(read.value or 0.0)
    if regime.word == "national":
        return share * emissions_t, []
    if previous_t is None:
        return None, [_no_limit(Text("缺少上年度核查排放", "verified emissions of the year before are missing"))]
    return share * previous_t, []


def local_share(regime: Regime, law: LawAt, done: Sequence[Draw]) -> list[Finding]:
    """Tell where too few of the pilot's offsets come from projects in Guangdong."""
    offsets = [draw for draw in done if draw.lot.instrument in OFFSETS]
    total = math.fsum(draw.tonnes for draw in offsets)
    least = law.find("cn.ets.guangdong.offset_local_share") if regime.word == "guangdong_pilot" and total else None
    local = math.fsum(draw.tonnes for draw in offsets if draw.lot.local)
    if least is None or local >= float(least.value or 0.0) * total - 1e-6:
        return []
    share = float(least.value or 0.0)
    return [
        Finding(
            code="ets.offsets_too_few_local",
            severity="warning",
            text=Text(
                f"已清缴抵销单位中省内项目 {local:,.0f} t，低于 {share:.0%}。",
                f"Of the offsets surrendered {local:,.0f} t are from Guangdong projects, below {share:.0%}.",
            ),
            hint=Text("请核对项目所在地（填“省内”）。", "Check where the projects are (answer 'local')."),
            field="entries",
        )
    ]


def above_limit(used_t: float, limit_t: float) -> Finding:
    """Tell that more offsets were surrendered than count."""
    return Finding(
        code="ets.offsets_above_limit",
        severity="warning",
        text=Text(
            f"已清缴抵销单位 {used_t:,.0f} t，超过上限 {limit_t:,.0f} t。",
            f"Offsets of {used_t:,.0f} t were surrendered, above the limit of {limit_t:,.0f} t.",
        ),
        hint=Text("请核对；超出部分不能用于清缴。", "Check it: the excess cannot be surrendered."),
        field="entries",
    )


def _no_limit(why: Text) -> Finding:
    return Finding(
        code="ets.offsets_not_checked",
        severity="info",
        text=Text(f"{why.zh}，持有的抵销单位未计入可用量。", f"{why.en}: offsets held are not counted as cover."),
        hint=Text("请对照清缴通知。", "See the surrender notice."),
        field="emitted.previous_t",
    )
