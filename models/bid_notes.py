"""What is to be borne in mind when offers are compared by their footprints."""

from __future__ import annotations

from collections.abc import Sequence

from models.errors import Text
from models.findings import Finding


def methods(names: Sequence[str]) -> Finding:
    said = "、".join(names), ", ".join(names)
    return Finding(
        code="bids.methods_differ",
        severity="warning",
        field="offers",
        text=Text(f"足迹按不同方法计算：{said[0]}。", f"The footprints follow different methods: {said[1]}."),
        hint=Text("差异可能来自方法而不是产品。", "A difference may come from the method and not from the product."),
    )


def years(first: int, last: int) -> Finding:
    return Finding(
        code="bids.years_apart",
        severity="warning",
        field="offers",
        text=Text(f"足迹的年份从 {first} 到 {last}。", f"The footprints are of {first} to {last}."),
        hint=Text(
            "电网和燃料因子逐年变化，请索取同一时期的足迹。", "Factors of grid and fuels move: ask for one period."
        ),
    )


def no_footprint(offer: str, field: str) -> Finding:
    return Finding(
        code="bids.no_footprint",
        severity="warning",
        field=field,
        text=Text(
            f"“{offer}”没有足迹，不参加含碳排名，不当作零。",
            f"'{offer}' states no footprint: it has no place in the ranking with carbon, and none is taken for zero.",
        ),
        hint=Text("请向投标方索取。", "Ask the bidder for it."),
    )


def not_verified(offer: str, field: str) -> Finding:
    return Finding(
        code="bids.not_verified",
        severity="info",
        field=field,
        text=Text(f"“{offer}”的足迹未经核查。", f"The footprint of '{offer}' is not verified."),
        hint=Text("合同中可要求交付核查声明。", "The contract can ask for a verification statement."),
    )


def quality(offer: str, score: int, field: str) -> Finding:
    return Finding(
        code="bids.quality",
        severity="warning",
        field=field,
        text=Text(
            f"“{offer}”的数据质量为 {score}（1 最好，5 最差）。",
            f"The data quality of '{offer}' is {score} (1 best, 5 worst).",
        ),
        hint=Text("请索取依据自有数据的足迹。", "Ask for a footprint that rests on own data."),
    )


def paid_already(offer: str, paid: float, unit: str, field: str) -> Finding:
    return Finding(
        code="bids.paid_already",
        severity="info",
        field=field,
        text=Text(
            f"“{offer}”的价格中已含碳成本 {paid:,.4f} 元/{unit}（成本单实付）；影子碳价加在价格之上，不作抵减。",
            f"The price of '{offer}' already holds a carbon cost of {paid:,.4f} CNY/{unit} (paid, by its statement); the shadow "
            "price comes on top and nothing is taken off.",
        ),
        hint=Text("比较时请注意这部分。", "Bear it in mind."),
    )


def too_little(offer: str, offered: float, asked: float, field: str) -> Finding:
    return Finding(
        code="bids.too_little",
        severity="warning",
        field=field,
        text=Text(
            f"“{offer}”可供 {offered:,.3f}，少于所需 {asked:,.3f}。",
            f"'{offer}' offers {offered:,.3f}, less than the {asked:,.3f} asked for.",
        ),
        hint=Text("总额仍按所需数量计算。", "Totals are for the quantity asked for all the same."),
    )


def within_interval(first: str, second: str) -> Finding:
    return Finding(
        code="bids.lead_unsure",
        severity="warning",
        field="offers",
        text=Text(
            f"“{first}”领先“{second}”，但领先幅度在足迹区间之内。",
            f"'{first}' is ahead of '{second}' by less than the interval of its footprint.",
        ),
        hint=Text("不宜只凭此排名决定。", "Do not decide by this ranking alone."),
    )
