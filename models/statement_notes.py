"""What a carbon cost statement cannot say, and what to do about it."""

from __future__ import annotations

from models.errors import Text
from models.findings import Finding
from models.statement_asked import Upstream, Views

#: Key, names and place of each view.
VIEWS = (
    ("full", "全额（机会成本）", "Full (opportunity cost)", 0),
    ("paid", "实付", "Paid", 1),
    ("marginal", "边际（多产一吨）", "Marginal (one more tonne)", 2),
)
#: Said of a part of the paid cost that names no payer.
SERVES_NOTHING = Text(
    "来自行业平均、估算或电价，不能用于扣减",
    "of averages, estimates or a power price: serves no deduction",
)


def no_price() -> Finding:
    return Finding(
        code="statement.no_market_price",
        severity="warning",
        field="market",
        text=Text(
            "没有市场参考价，全额和边际成本未知。", "There is no market price: full and marginal cost are not known."
        ),
        hint=Text("请填写价格、统计方法、窗口和来源。", "Enter price, statistic, window and source."),
    )


def no_allocation() -> Finding:
    return Finding(
        code="statement.no_allocation",
        severity="warning",
        field="allocation",
        text=Text(
            "缺少分配方法或免费配额，边际成本未知。",
            "Method or amount of the free allocation is missing: the marginal cost is not known.",
        ),
        hint=Text(
            "请填写分配方法和每吨产品的免费配额。", "Enter the method and the free allowances per tonne of product."
        ),
    )


def estimated() -> Finding:
    return Finding(
        code="statement.paid_is_estimate",
        severity="warning",
        field="average_paid_cny_per_tco2",
        text=Text(
            "实付成本是按市场价估算的，不能证明已付碳价。",
            "The paid view is an estimate at the market price; it proves no price paid.",
        ),
        hint=Text(
            "请填写企业自己的平均已付碳价和凭证。", "Enter the firm's own average price paid, with its evidence."
        ),
    )


def unknown_part(i: int, one: Upstream, views: Views) -> Finding:
    missing = [(zh, en) for (_, zh, en, at) in VIEWS if views[at] is None]
    zh, en = "、".join(z for z, _ in missing), ", ".join(e for _, e in missing)
    return Finding(
        code="statement.upstream_unknown",
        severity="warning",
        field=f"upstream.{i}",
        text=Text(
            f"“{one.product}”的{zh}成本未知，合计因此未知，不当作零。",
            f"{en}: not known for '{one.product}', so neither is the total; it is not taken for zero.",
        ),
        hint=Text(
            "请导入供应商成本单，或填写有来源的行业平均值。",
            "Import the supplier's statement, or enter a sector average with its source.",
        ),
    )


def unnamed(i: int, one: Upstream, rest: float) -> Finding:
    return Finding(
        code="statement.payer_unnamed",
        severity="warning",
        field=f"upstream.{i}.paid_by",
        text=Text(
            f"成本单 {one.statement} 的实付成本中有 {rest:,.4f} 元/吨没有写明由谁支付，不能用于扣减。",
            f"Of the paid cost in statement {one.statement}, {rest:,.4f} CNY/t name no payer: that part serves no deduction.",
        ),
        hint=Text("请供应商补开写明支付方的成本单。", "Ask the supplier for a statement that names who paid."),
    )


def two_ways(place: tuple[str, str, str, int], n: int) -> Finding:
    issuer, installation, scheme, year = place
    return Finding(
        code="statement.two_ways",
        severity="info",
        field="upstream",
        text=Text(
            f"{issuer}（{installation}，{scheme} {year}）的已付碳价由 {n} 条路径到达，已相加。",
            f"The carbon price paid by {issuer} ({installation}, {scheme} {year}) arrives by {n} ways; the amounts are added.",
        ),
        hint=Text("请确认不是同一批吨数重复计算。", "Make sure that these are not the same tonnes twice."),
    )
