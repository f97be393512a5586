"""
The carbon cost statement that a firm hands to its customer.

It says what carbon costs one tonne of a product in three views, own site and
suppliers, and who has paid what of it already, so that the customer's cost
chains on it and nobody counts a payment twice (``passthrough.md`` 2.2 to 2.4).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from models import statement_notes as notes
from models.embedded import OUTPUT_SHARE, full_cost, marginal_cost
from models.errors import NOTHING, MissingInput, Text, YuetanError
from models.findings import Finding
from models.statement_asked import PAID, ZERO, PaidBy, PaidKind, Span, StatementInput, Upstream, Views
from models.statement_notes import VIEWS
from models.table import Result, Row

METHOD = "models.statement/3"
#: Share of a supplier's paid cost that may be without a named payer: rounding of decimal strings, no more.
_UNNAMED = 1e-9


class ListedTwice(YuetanError):
    code = "statement.listed_twice"
    message = Text("供应商成本单 {statement} 列了两次。", "Supplier statement {statement} is listed twice.")
    hint = Text(
        "同一张成本单只列一行，把用量相加。",
        "List a statement once, with the tonnes added; else its cost counts twice.",
    )


class Exhausted(YuetanError):
    code = "statement.exhausted"
    message = Text(
        "供应商成本单 {statement} 只有 {quantity} t，已用 {used} t，本次又用 {asked} t。",
        "Supplier statement {statement} covers {quantity} t; {used} t are used already and {asked} t are asked for now.",
    )
    hint = Text(
        "请核对单耗和数量，或导入供应商的另一张成本单。",
        "Check the consumption and quantity, or import another statement of the supplier.",
    )


@dataclass(frozen=True, slots=True)
class Statement(Result):
    """
    The cost of one tonne of product: own site, suppliers and both, CNY per t, and by whom it has been paid.

    ``charged_tco2_per_t`` are the emissions that carry the scheme's cost;
    ``overlap_tco2_per_t`` those that generator and user are both made to answer
    for, charged once. ``levels`` is the part of the full cost by how it is known.
    """

    asked: StatementInput
    charged_tco2_per_t: float
    overlap_tco2_per_t: float
    own: Views
    upstream: Views
    total: Views
    paid_kind: PaidKind | None
    paid_by: tuple[PaidBy, ...]
    levels: tuple[tuple[str, float], ...]
    findings: tuple[Finding, ...]

    @property
    def unnamed_cny_per_t(self) -> float | None:
        """Part of the paid total that names no payer; none where the total is not known."""
        if self.total.paid is None:
            return None
        rest = self.total.paid.value - sum(payer.cny_per_t for payer in self.paid_by)
        return 0.0 if abs(rest) <= _UNNAMED * max(1.0, abs(self.total.paid.value)) else rest

    def rows(self) -> list[Row]:
        of, q = self.asked, self.asked.quantity_t
        market = of.market
        price_note = (
            Text(
                f"{market.statistic}，{market.first} 至 {market.last}，{market.source}",
                f"{market.statistic}, {market.first} to {market.last}, {market.source}",
            )
            if market
            else NOTHING
        )
        rows = [
            Row(
                "direct",
                Text("直接排放", "Direct emissions"),
                of.direct_tco2_per_t,
                "tCO2/t",
                _covered(of.direct_covered and of.scheme is not None),
                4,
            ),
            Row(
                "electricity",
                Text("外购电力排放", "Emissions of electricity bought"),
                of.electricity_tco2_per_t,
                "tCO2/t",
                _covered(of.electricity_covered and of.scheme is not None),
                4,
            ),
            Row(
                "charged",
                Text("计入碳市场的排放", "Emissions under the scheme"),
                self.charged_tco2_per_t,
                "tCO2/t",
                digits=4,
            ),
            Row(
                "overlap",
                Text("发电与用电两头计算、只收一次的部分", "Counted at generator and user, charged once"),
                self.overlap_tco2_per_t,
                "tCO2/t",
                digits=4,
            ),
            Row("free", Text("免费配额", "Free allocation"), of.free_tco2_per_t, "tCO2/t", digits=4),
            Row(
                "market_price",
                Text("市场参考价", "Market reference price"),
                market.cny_per_t if market else None,
                "CNY/tCO2",
                price_note,
            ),
            Row(
                "average_paid",
                Text("平均已付碳价", "Average price paid"),
                of.average_paid_cny_per_tco2,
                "CNY/tCO2",
                PAID[self.paid_kind] if self.paid_kind else NOTHING,
                4,
            ),
        ]
        for key, zh, en, at in VIEWS:
            for part, part_zh, part_en, views in (
                ("own", "本厂", "own site", self.own),
                ("upstream", "供应商", "suppliers", self.upstream),
                ("total", "合计", "total", self.total),
            ):
                rows.append(_view(f"{key}_{part}", Text(f"{zh} · {part_zh}", f"{en}, {part_en}"), views[at]))
            one = self.total[at]
            rows.append(
                Row(
                    f"{key}_quantity",
                    Text(f"{zh} · 本批 {q:,.3f} t", f"{en}, {q:,.3f} t"),
                    one.value * q if one else None,
                    "CNY",
                )
            )
            if of.rate:
                eur = one.value / of.rate.cny_per_eur if one else None
                rows.append(
                    Row(
                        f"{key}_eur",
                        Text(f"{zh} · 欧元", f"{en}, in euro"),
                        eur,
                        "EUR/t",
                        Text(
                            f"{of.rate.cny_per_eur} 元/欧元，{of.rate.on}，{of.rate.source}",
                            f"{of.rate.cny_per_eur} CNY/EUR, {of.rate.on}, {of.rate.source}",
                        ),
                        4,
                    )
                )
        rows.append(
            Row(
                "paid_unnamed",
                Text("实付 · 没有支付方的部分", "Paid, without a payer"),
                self.unnamed_cny_per_t,
                "CNY/t",
                notes.SERVES_NOTHING,
                4,
            )
        )
        rows.append(
            Row(
                "surcharge",
                Text("已开票的碳附加费", "Surcharge invoiced"),
                of.surcharge_cny_per_t,
                "CNY/t",
                Text("附加费不等于传导率", "a surcharge is not pass-through"),
            )
        )
        return rows


def _covered(covered: bool) -> Text:
    return (
        Text("纳入碳市场", "under the scheme") if covered else Text("不纳入，没有碳成本", "not covered, no carbon cost")
    )


def _view(key: str, label: Text, span: Span | None) -> Row:
    if span is None:
        return Row(key, label, None, "CNY/t", Text("未知，不当作零", "not known, and not taken for zero"))
    around = NOTHING
    if span.low != span.high:
        around = Text(f"{span.low:,.4f} 至 {span.high:,.4f}", f"{span.low:,.4f} to {span.high:,.4f}")
    return Row(key, label, span.value, "CNY/t", around, 4)


def statement(asked: StatementInput) -> Statement:
    """
    Return the carbon cost of a tonne of product for a customer.

    Notes
    -----
    full = P e, paid = average paid x e, marginal = P (e - lambda b)
    (``passthrough.md`` 2.2); a supplier's tonne costs what its statement says,
    times the tonnes that go in. Every payment stands in ``paid_by`` once; what
    an average, an estimate or a power price adds to the paid total has no payer.

    Raises
    ------
    ListedTwice
        A supplier statement stands in two lines.
    """
    findings: list[Finding] = []
    _once(asked.upstream)
    covered_power = (asked.electricity_tco2_per_t or 0.0) if asked.scheme and asked.electricity_covered else 0.0
    charged = (asked.direct_tco2_per_t if asked.scheme and asked.direct_covered else 0.0) + covered_power
    in_price = (asked.electricity_tco2_per_t or 0.0) * asked.power_price_carbon_share
    own, kind = _own(asked, charged, max(0.0, in_price - covered_power), findings)
    upstream = ZERO
    for i, one in enumerate(asked.upstream):
        views = one.views()
        upstream = upstream.plus(views)
        if None in views:
            findings.append(notes.unknown_part(i, one, views))
    total = own.plus(upstream)
    return Statement(
        asked=asked,
        charged_tco2_per_t=charged,
        overlap_tco2_per_t=min(covered_power, in_price),
        own=own,
        upstream=upstream,
        total=total,
        paid_kind=kind,
        paid_by=_lineage(asked, charged, kind, findings),
        levels=_levels(asked, own),
        findings=tuple(findings),
    )


def _once(lines: Sequence[Upstream]) -> None:
    seen: set[str] = set()
    for i, one in enumerate(lines):
        if one.statement and one.statement in seen:
            raise ListedTwice(field=f"upstream.{i}.statement", statement=one.statement)
        if one.statement:
            seen.add(one.statement)


def _own(
    asked: StatementInput, charged: float, in_power_price: float, findings: list[Finding]
) -> tuple[Views, PaidKind | None]:
    """Return the own site's views: the scheme's cost of what it covers, and what the power price holds of the rest."""
    error = asked.error_share or 0.0
    price = asked.market.cny_per_t if asked.market else None
    free = asked.free_tco2_per_t
    surplus = bool(asked.scheme and free)
    needs_price = charged > 0.0 or in_power_price > 0.0 or surplus
    if price is None and needs_price:
        findings.append(notes.no_price())
    share = OUTPUT_SHARE.get(asked.allocation or "")
    power = 0.0 if in_power_price == 0.0 else None if price is None else price * in_power_price
    full = paid = marginal = power
    kind: PaidKind | None = "not_covered"
    # Allowances given free for a product without charged emissions are a surplus, never cut at zero.
    if charged > 0.0 or surplus:
        full = None if price is None or power is None else float(full_cost(price, charged)) + power
        kind, own_paid = _paid(asked, price, charged, findings)
        paid = None if own_paid is None or power is None else own_paid + power
        marginal = None
        if price is not None and power is not None and share is not None and (share == 0.0 or free is not None):
            marginal = float(marginal_cost(price, charged, free or 0.0, share)) + power
        elif price is not None:
            findings.append(notes.no_allocation())
    return Views(*(None if one is None else Span.about(one, error) for one in (full, paid, marginal))), kind


def _paid(
    asked: StatementInput, price: float | None, charged: float, findings: list[Finding]
) -> tuple[PaidKind | None, float | None]:
    average = asked.average_paid_cny_per_tco2
    if average is not None:
        return ("nothing_bought" if average == 0.0 else "own_purchases"), average * charged
    if price is None or asked.free_tco2_per_t is None:
        refusal = MissingInput(
            field="average_paid_cny_per_tco2",
            name_zh="平均已付碳价",
            name_en="average price paid",
            what_zh="实付成本",
            what_en="the paid view",
        )
        findings.append(Finding.of(refusal, severity="warning"))
        return None, None
    findings.append(notes.estimated())
    return "estimate", price * (charged - asked.free_tco2_per_t)


def _lineage(
    asked: StatementInput, charged: float, kind: PaidKind | None, findings: list[Finding]
) -> tuple[PaidBy, ...]:
    """Return who has paid, the own site first; payments of one obligation that come by several ways are added."""
    named: dict[tuple[str, str, str, int], PaidBy] = {}
    ways: dict[tuple[str, str, str, int], int] = {}
    if asked.average_paid_cny_per_tco2 is not None and asked.scheme and kind in ("own_purchases", "nothing_bought"):
        first = PaidBy(
            issuer=asked.issuer.name,
            installation=asked.installation,
            scheme=asked.scheme,
            compliance_year=asked.compliance_year,
            cny_per_t=asked.average_paid_cny_per_tco2 * charged,
            evidence=asked.paid_evidence,
        )
        named[first.place] = first
        ways[first.place] = 1
    for i, one in enumerate(asked.upstream):
        told = sum(payer.cny_per_t for payer in one.paid_by)
        if (
            one.level == "statement"
            and one.paid
            and abs(told - one.paid.cny_per_t) > _UNNAMED * max(1.0, abs(one.paid.cny_per_t))
        ):
            findings.append(notes.unnamed(i, one, one.paid.cny_per_t - told))
        for payer in one.paid_by:
            known = named.get(payer.place)
            amount = payer.cny_per_t * one.t_per_t + (known.cny_per_t if known else 0.0)
            named[payer.place] = (known or payer).model_copy(update={"cny_per_t": amount})
            ways[payer.place] = ways.get(payer.place, 0) + 1
    findings += [notes.two_ways(place, n) for place, n in ways.items() if n > 1]
    return tuple(named.values())


def _levels(asked: StatementInput, own: Views) -> tuple[tuple[str, float], ...]:
    """Return the share of the full cost by how it is known; nothing where a part is not known or the cost is zero."""
    parts: dict[str, float] = {"own": own.full.value if own.full else 0.0}
    for one in asked.upstream:
        if one.full is not None:
            parts[one.level] = parts.get(one.level, 0.0) + one.full.cny_per_t * one.t_per_t
    whole = sum(parts.values())
    known = own.full is not None and all(one.full is not None for one in asked.upstream)
    return tuple((level, part / whole) for level, part in parts.items()) if known and whole > 0.0 else ()


def check_left(statement_id: str, quantity_t: float, used_t: float, asked_t: float, field: str) -> None:
    """
    Refuse to hand on more of a supplier's statement than it covers, so that what is passed on once is received once.

    Raises
    ------
    Exhausted
        ``used_t + asked_t`` is above ``quantity_t``, beyond rounding.
    """
    if used_t + asked_t > quantity_t * (1.0 + 1e-9):
        raise Exhausted(
            field=field,
            statement=statement_id,
            quantity=f"{quantity_t:,.3f}",
            used=f"{used_t:,.3f}",
            asked=f"{asked_t:,.3f}",
        )
