"""What the roll-up of a park cannot say, and where it differs from what its members report."""

from __future__ import annotations

from models.errors import Text
from models.findings import Finding
from models.park_asked import ParkAsk


def lost(s: int, supply: str, share: float, most: float) -> Finding:
    return Finding(
        code="park.losses",
        severity="warning",
        field=f"supplies.{s}.quantity",
        text=Text(
            f"“{supply}”有 {share:.1%} 没有用户（高于 {most:.0%}）；其排放由各用户分担。",
            f"Of '{supply}' {share:.1%} reach nobody (above {most:.0%}); those who took of it carry the emissions.",
        ),
        hint=Text("请核对是否漏了用户或外供。", "Check whether a user or an export is missing."),
    )


def differs(i: int, member: str, told: float, here: float) -> Finding:
    return Finding(
        code="park.report_differs",
        severity="warning",
        field=f"members.{i}.reported_indirect_tco2",
        text=Text(
            f"“{member}”报告的外购电力热力排放是 {told:,.3f} tCO2，按园区供能计算是 {here:,.3f} tCO2，差 {told - here:+,.3f}。",
            f"'{member}' reports {told:,.3f} tCO2 of power and heat bought; by the park's supplies it is {here:,.3f} "
            f"({told - here:+,.3f}).",
        ),
        hint=Text(
            "请核对电热量和因子：企业多用电网平均因子，园区按实际供应。",
            "Compare quantities and factors: reports often use a grid average, the park its actual supply.",
        ),
    )


def unknown_members(asked: ParkAsk) -> list[Finding]:
    return [
        Finding(
            code="park.direct_unknown",
            severity="warning",
            field=f"members.{i}.direct_tco2",
            text=Text(
                f"“{one.name or one.id}”的直接排放未知，园区合计因此未知，不当作零。",
                f"The direct emissions of '{one.name or one.id}' are not known, and so neither is the park; not taken for zero.",
            ),
            hint=Text("请补填；没有直接排放请填 0。", "Enter them; 0 where there are none."),
        )
        for i, one in enumerate(asked.members)
        if one.direct_tco2 is None
    ]
