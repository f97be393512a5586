"""What stands against rolling up the cost of a chain, and what its figures cannot say."""

from __future__ import annotations

from collections.abc import Sequence

from models.errors import Text, YuetanError
from models.findings import Finding


class SameNode(YuetanError):
    code = "chain.same_node"
    message = Text("节点编号“{id}”出现了两次。", "The node id '{id}' appears twice.")
    hint = Text("请给每个节点不同的编号。", "Give every node an id of its own.")


class UnknownNode(YuetanError):
    code = "chain.unknown_node"
    message = Text("没有编号为“{id}”的节点。", "There is no node with the id '{id}'.")
    hint = Text("请核对编号，或在节点表中补填。", "Check the id, or add the node.")


class InputTwice(YuetanError):
    code = "chain.input_twice"
    message = Text("“{product}”对“{input}”的投入列了两次。", "What '{product}' takes of '{input}' is listed twice.")
    hint = Text(
        "若是两处用量，请相加后写成一行；若是重复，请删去一行。",
        "If there are two uses, add them into one row; if it is a repetition, delete one.",
    )


class CountedTwice(YuetanError):
    code = "chain.counted_twice"
    message = Text(
        "“{product}”的成本由{level_zh}给出，已含上游，不能再列它的投入“{input}”。",
        "The cost of '{product}' comes from a {level_en} and holds its upstream already; its input '{input}' would count twice.",
    )
    hint = Text(
        "请删去这些投入，或改用自有数据填写该节点。", "Delete these inputs, or describe the node by its own emissions."
    )


class CoverageUnsaid(YuetanError):
    code = "chain.coverage_unsaid"
    message = Text(
        "“{node}”的{stream_zh}没有说明是否纳入碳市场。",
        "It is not said whether a scheme covers the {stream_en} of '{node}'.",
    )
    hint = Text(
        "请填“是”或“否”：未纳入的排放没有碳成本。", "Answer yes or no: what is not covered carries no carbon cost."
    )


class NothingCarried(YuetanError):
    code = "chain.nothing_carried"
    message = Text(
        "投入“{input}”注明对应“{product}”的{stream_zh}，但该节点没有填写这类排放。",
        "The input '{input}' is said to be in the {stream_en} of '{product}', which states none.",
    )
    hint = Text("请补填该类排放，或删去“对应排放”。", "Enter these emissions, or leave the column blank.")


class BeyondNumbers(YuetanError):
    code = "chain.beyond_numbers"
    message = Text("“{node}”的成本大到无法计算。", "The cost of '{node}' is too large to compute.")
    hint = Text("请核对用量和单位。", "Check amounts and units.")


def unknown(node: str, views: Sequence[Text], why: Text, field: str) -> Finding:
    zh, en = "、".join(v.zh for v in views), ", ".join(v.en for v in views)
    return Finding(
        code="chain.cost_unknown",
        severity="warning",
        field=field,
        text=Text(
            f"“{node}”的{zh}成本未知（{why.zh}）；用到它的产品因此也未知，不当作零。",
            f"{en}: not known for '{node}' ({why.en}), and so for what is made of it; it is not taken for zero.",
        ),
        hint=Text("请补填，或改用有来源的行业平均值。", "Enter it, or a sector average with its source."),
    )


def estimated(node: str, field: str) -> Finding:
    return Finding(
        code="chain.paid_is_estimate",
        severity="warning",
        field=field,
        text=Text(
            f"“{node}”的实付成本按市场价估算，不能证明已付碳价。",
            f"The paid view of '{node}' is an estimate at the market price; it proves no price paid.",
        ),
        hint=Text("请填写自己的平均已付碳价。", "Enter the operator's own average price paid."),
    )


def tariff(product: str, given: str, field: str) -> Finding:
    return Finding(
        code="chain.tariff_holds_no_carbon",
        severity="info",
        field=field,
        text=Text(
            f"假定“{given}”卖给“{product}”的价格不含碳成本（管制电价、热价）。",
            f"The price of '{given}' to '{product}' is taken to contain no carbon cost, as under an administered tariff.",
        ),
        hint=Text("若价格含碳成本，请填写所含比例。", "If it contains some, enter the share."),
    )


def overlap(node: str, tonnes: float, field: str) -> Finding:
    return Finding(
        code="chain.overlap",
        severity="info",
        field=field,
        text=Text(
            f"“{node}”每单位有 {tonnes:.6g} tCO2 在发电（供热）方和用户方都计入，只收一次。",
            f"Per unit of '{node}' {tonnes:.6g} tCO2 are counted at generator and user alike; they are charged once.",
        ),
    )


def overlap_unknown(product: str, given: str, field: str) -> Finding:
    return Finding(
        code="chain.overlap_unknown",
        severity="warning",
        field=field,
        text=Text(
            f"“{given}”没有填写直接排放，无法知道“{product}”的哪些吨数在它的价格中已计过，可能收了两次。",
            f"'{given}' states no direct emissions: which tonnes of '{product}' its price holds already cannot be told, and they "
            "may be charged twice.",
        ),
        hint=Text(
            "请填写发电（供热）方的直接排放及是否纳入。", "Enter the generator's direct emissions and their coverage."
        ),
    )


def hands_on_more(node: str, share: float, field: str) -> Finding:
    return Finding(
        code="chain.hands_on_more",
        severity="warning",
        field=field,
        text=Text(
            f"“{node}”的传递比例是 {share:.0%}，高于它承担的成本。",
            f"'{node}' hands on {share:.0%}, more than the cost it bears.",
        ),
        hint=Text("确认不是把百分数写成了整数，如 5 应为 5%。", "Make sure that no percent sign is missing: 5 for 5%."),
    )


def two_ways(place: tuple[str, str, str, int], n: int) -> Finding:
    issuer, installation, scheme, year = place
    return Finding(
        code="chain.two_ways",
        severity="info",
        field="nodes",
        text=Text(
            f"{issuer}（{installation}，{scheme} {year}）的已付碳价由链上 {n} 个节点到达，已相加。",
            f"The carbon price paid by {issuer} ({installation}, {scheme} {year}) arrives by {n} nodes; the amounts are added.",
        ),
        hint=Text("请确认不是同一批吨数重复计算。", "Make sure that these are not the same tonnes twice."),
    )


def payer_unnamed(node: str, rest: float, field: str) -> Finding:
    return Finding(
        code="chain.payer_unnamed",
        severity="warning",
        field=field,
        text=Text(
            f"“{node}”的实付成本中有 {rest:,.4f} 元/单位没有写明由谁支付，不能用于扣减。",
            f"Of the paid cost of '{node}', {rest:,.4f} CNY per unit name no payer: that part serves no deduction.",
        ),
        hint=Text("请供应商补开写明支付方的成本单。", "Ask the supplier for a statement that names who paid."),
    )


def payers_exceed(node: str, more: float, field: str) -> Finding:
    return Finding(
        code="chain.payers_exceed",
        severity="warning",
        field=field,
        text=Text(
            f"“{node}”各支付方合计比它的实付成本多 {more:,.4f} 元/单位。",
            f"The payers of '{node}' add up to {more:,.4f} CNY per unit more than its paid cost.",
        ),
        hint=Text(
            "除非其余部分是卖出盈余，否则请核对金额：多出的部分不能扣减。",
            "Check the amounts, unless the rest is a surplus sold: what is in excess serves no deduction.",
        ),
    )
