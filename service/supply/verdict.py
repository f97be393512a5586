"""What a result says in plain words, the same on page, paper, terminal and over HTTP."""

from __future__ import annotations

from collections.abc import Sequence

from models.bids import Comparison, Flip
from models.errors import Text
from models.park import Park

#: Offers left out that are named; the findings name all.
_NAMED = 10


def park_verdict(found: Park) -> list[Text]:
    """Return what a park comes to, who carries most of it, and what a plain sum of reports would get wrong."""
    if found.total is None or found.carried is None:
        count = sum(1 for one in found.members if one.direct is None)
        said = [
            Text(
                f"园区合计未知：{count} 家企业没有填写直接排放，不当作零。",
                f"The park's total is not known: {count} of its members state no direct emissions, which are not taken for zero.",
            )
        ]
    else:
        said = [
            Text(
                f"园区合计 {found.total:,.1f} tCO2：园区内直接排放 {found.direct:,.1f}，外购电力、热力带入 {found.bought:,.1f}。",
                f"The park comes to {found.total:,.1f} tCO2: {found.direct:,.1f} arose in it and {found.bought:,.1f} came in with "
                "power and heat.",
            ),
            Text(
                f"其中 {found.carried:,.1f} 由 {len(found.members)} 家企业承担，{found.exported:,.1f} 随外供能源转出；每一吨只在一处。",
                f"Its {len(found.members)} members carry {found.carried:,.1f} of it and {found.exported:,.1f} left with power and "
                "heat; every tonne stands at one place.",
            ),
        ]
        most = max(found.members, key=lambda one: one.total or 0.0)
        if most.share is not None:
            said.append(
                Text(
                    f"承担最多的是“{most.name}”，占企业合计的 {most.share:.1%}。",
                    f"'{most.name}' carries most: {most.share:.1%} of what the members carry.",
                )
            )
    if found.counted_twice > 0.0:
        said.append(
            Text(
                f"把各企业报告的直接和间接排放直接相加，会多算 {found.counted_twice:,.1f} tCO2（供能方和用能方各算一次）。",
                f"Adding up direct and indirect emissions of the members' reports would count {found.counted_twice:,.1f} tCO2 twice, "
                "at supplier and user.",
            )
        )
    return said


def bid_verdict(found: Comparison) -> list[Text]:
    """Return who is first with carbon, whether carbon decided it, and how far the shadow price may move."""
    best, at = found.best, found.asked.shadow_cny_per_t
    left = [_left_out(found.asked.left_out)] if found.asked.left_out else []
    if best is None:
        return [
            Text(
                "没有报价给出足迹，不能含碳比较；只有价格的顺序。",
                "No offer states a footprint: there is no ranking with carbon, only that of prices.",
            ),
            *left,
        ]
    name, unit = f"{best.offer.id} · {best.offer.bidder}", found.unit
    said = [
        Text(
            f"影子碳价 {at:,.2f} 元/tCO2e 时第一名是“{name}”：价格 {best.price:,.2f} 加碳成本 {best.carbon:,.2f}，合计 "
            f"{best.whole:,.2f} 元/{unit}。",
            f"At a shadow price of {at:,.2f} CNY per tCO2e '{name}' is first: price {best.price:,.2f} and carbon {best.carbon:,.2f} "
            f"make {best.whole:,.2f} CNY per {unit}.",
        )
    ]
    cheapest = next(one for one in found.offers if one.rank_by_price == 1)
    if cheapest is best:
        said.append(Text("只看价格，第一名相同。", "By price alone the first is the same."))
    else:
        other = f"{cheapest.offer.id} · {cheapest.offer.bidder}"
        why = Text("含碳后让位", "carbon moves it back")
        if cheapest.rank is None:
            why = Text("它没有足迹，含碳名次无法判断", "it states no footprint, so its place with carbon is not known")
        said.append(Text(f"只看价格，第一名是“{other}”；{why.zh}。", f"By price alone '{other}' is first; {why.en}."))
    said += _turns(found.below, found.above)
    said.append(
        Text(
            f"影子碳价是使用者的假设（{found.asked.shadow_source}），不是已付的碳价。",
            f"The shadow price is the user's assumption ({found.asked.shadow_source}) and no price paid.",
        )
    )
    return said + left


def _left_out(names: Sequence[str]) -> Text:
    more = " …" if len(names) > _NAMED else ""
    told = "、".join(names[:_NAMED]) + more, ", ".join(names[:_NAMED]) + more
    return Text(
        f"另有 {len(names)} 个报价有错误、没有参加比较（{told[0]}）；改好后名次可能改变。",
        f"{len(names)} more with mistakes are not compared ({told[1]}): once mended they may change the order.",
    )


def _turns(below: Flip | None, above: Flip | None) -> list[Text]:
    said = []
    if below:
        said.append(
            Text(
                f"影子碳价低于 {below.cny_per_t:,.2f} 元时，第一名改为“{below.lower}”。",
                f"Below {below.cny_per_t:,.2f} CNY the first is '{below.lower}'.",
            )
        )
    if above:
        said.append(
            Text(
                f"影子碳价高于 {above.cny_per_t:,.2f} 元时，第一名改为“{above.upper}”。",
                f"Above {above.cny_per_t:,.2f} CNY the first is '{above.upper}'.",
            )
        )
    return said or [Text("影子碳价取任何值，第一名都不变。", "The first place is the same at whatever shadow price.")]
