"""A borrower or a book on one page for a credit officer: the case told in full, the grid, emissions, what is assumed."""

from __future__ import annotations

import datetime as dt
import math

from finance.handed_on import BesideAssumed
from finance.refused import LeftOut
from models.errors import Text
from models.provenance import fingerprint
from service.finance.use import PLAIN, Case, Financing
from service.press.document import Block, Column, Document, Figure, Figures, Table, Words

#: More would not fit the page, which says how many are left out; the API and the page have all of them.
_MOST_CASES, _MOST_LETTERS = 6, 16


def finance_paper(found: Financing, made_on: dt.date) -> Document:
    """Return a borrower or a book as a paper of one page."""
    case, financed = found.case, found.financed
    title = (
        Text("借款人碳价压力与融资排放", "Borrower under carbon prices, and financed emissions")
        if found.single
        else Text("贷款簿碳价压力与融资排放", "Loan book under carbon prices, and financed emissions")
    )
    who = str(found.book.names[0]) if found.single else f"{found.book.size} / {len(found.asked.borrowers)}"
    blocks: list[Block] = [
        Figures(
            [
                Figure(
                    Text("预期损失变化", "Change of expected loss"),
                    _number(case.own.change_bp, 1),
                    "bp",
                    short(case.label),
                ),
                Figure(Text("年损失", "Yearly loss"), _number(case.own.loss, 0), "CNY"),
                Figure(Text("融资排放 1+2", "Financed, 1+2"), _number(financed.total12_t, 0), "tCO2e"),
                Figure(Text("数据质量", "Data quality"), _number(financed.quality, 2), "1-5"),
            ]
        ),
        Words(PLAIN, plain=True),
        _cases(found),
    ]
    if found.single:
        rows = [
            r
            for r in case.own.stressed.rows()
            if r.key in ("short_t", "ets", "upstream", "cbam", "loss", "ebitda0", "ebitda1")
        ]
        blocks.append(
            Table(
                [Column(r.label, 1, number=True) for r in rows],
                [[_number(r.value if isinstance(r.value, float) else None, 0) for r in rows]],
                Text(f"{short(case.label).zh}：逐项（元）", f"{short(case.label).en}: step by step, CNY"),
            )
        )
    blocks.append(Words([_emissions(found)], Text("融资排放", "Financed emissions")))
    if found.single and found.beside:
        blocks.append(Words([_estimated(found.beside[0])], Text("估计的传导率", "Estimated pass-through")))
    left = _left(found)
    if left:
        blocks.append(Words(left, Text("未计入", "Left out"), listed=True))
    prices = Text("；".join(text.zh for text in found.prices), "; ".join(text.en for text in found.prices))
    blocks.append(Words([prices], Text("价格依据", "Prices")))
    return Document(
        title=title,
        subtitle=Text(f"{found.asked.name} · {who}", f"{found.asked.name} · {who}"),
        made_on=made_on,
        key=record_key(found),
        blocks=blocks,
    )


def record_key(found: Financing) -> str:
    """Return the hash that names the question, its day and the prices it was answered at."""
    today = found.today
    # A question without estimates keeps the key it had before there were any.
    without = None if found.asked.estimates else {"estimates"}
    return fingerprint(
        [
            found.asked.model_dump(mode="json", exclude=without),
            found.on,
            today.home_cny_per_t,
            today.eu_eur_per_t,
            today.cny_per_eur,
        ]
    )[:16]


def _cases(found: Financing) -> Table:
    """Return every case: the grid first, then the scenarios; a single borrower's ratios, a book's shares."""
    columns = [
        Column(Text("情景", "Case"), 2.6),
        Column(Text("碳价 元/t", "Home CNY/t"), 1, number=True),
        Column(Text("年损失 元", "Loss CNY"), 1.3, number=True),
    ]
    if found.single:
        columns += [
            Column(Text("利息保障", "ICR"), 0.9, number=True),
            Column(Text("偿债保障", "DSCR"), 0.9, number=True),
            Column(Text("债务/EBITDA", "Debt/EBITDA"), 1, number=True),
        ]
    else:
        columns.append(Column(Text("利息不足占比", "ICR below 1"), 1.1, number=True))
    columns += [
        Column(Text("预期损失 bp", "EL change bp"), 1, number=True),
        Column(Text("保守口径 bp", "Conservative bp"), 1.1, number=True),
    ]
    title, more = Text("敏感性网格与情景", "Grid and scenarios"), len(found.cases) - _MOST_CASES
    if more > 0:
        title = Text(f"{title.zh}（另有 {more} 个未列）", f"{title.en} ({more} more not listed)")
    return Table(columns, [_line(one, found.single) for one in found.cases[:_MOST_CASES]], title)


def _line(case: Case, single: bool) -> list[Text | str]:
    own = case.own
    s = own.stressed
    ratios = [_number(float(x[1][0])) for x in (s.interest_cover, s.debt_service_cover, s.leverage)]
    shares = [f"{own.uncovered(True):.1%}"]
    return [
        short(case.label),
        _number(case.shock.home1),
        _number(own.loss, 0),
        *(ratios if single else shares),
        _number(own.change_bp, 1),
        _number(case.conservative.change_bp, 1),
    ]


def _emissions(found: Financing) -> Text:
    f = found.financed
    one, three = _number(f.total12_t, 0), _number(f.total3_t, 0)
    return Text(
        f"范围 1+2：{one} tCO2e，余额覆盖 {_share(f.coverage)}，每百万元 {_number(f.intensity)} tCO2e；"
        f"范围 3（分列，不相加）：{three} tCO2e",
        f"Scope 1+2: {one} tCO2e, {_share(f.coverage)} of the money, {_number(f.intensity)} tCO2e per million; "
        f"scope 3, apart and never added: {three} tCO2e",
    )


def _estimated(one: BesideAssumed) -> Text:
    e = one.estimate
    rate = "—" if e.rate is None else f"{e.rate:.2f}"
    span = f"{e.low:.2f}–{e.high:.2f}"
    losses = f"{_number(one.loss_low, 0)} – {_number(one.loss_high, 0)}"
    return Text(
        f"{rate}（{span}，等级 {e.grade}），假设 {_number(one.assumed)}；年损失 {_number(one.loss_estimated, 0)}（{losses}），"
        f"假设下 {_number(one.loss_assumed, 0)}",
        f"{rate} ({span}, grade {e.grade}), assumed {_number(one.assumed)}; yearly loss {_number(one.loss_estimated, 0)} "
        f"({losses}), as assumed {_number(one.loss_assumed, 0)}",
    )


def _left(found: Financing) -> list[Text]:
    money = found.book.loans.outstanding
    both = (
        (Text("融资排放", "financed"), found.financed.refused.told(money)),
        (Text("预期损失", "expected loss"), found.case.own.refused.told(money)),
    )
    # The accounts of a single borrower take the room of the second reasons.
    most = 1 if found.single else 2
    made = [_reason(of, one) for of, told in both for one in told[:most]]
    rest = [one for _, told in both for one in told[most:]]
    if rest:
        made.append(Text(f"另有 {len(rest)} 种原因未列", f"{len(rest)} more reasons not listed"))
    return made


def _reason(of: Text, one: LeftOut) -> Text:
    place = f" ({one.field})" if one.field else ""
    return Text(
        f"{of.zh}：{one.rows} 笔，{one.amount:,.0f} 元：{one.text.zh}{place}",
        f"{of.en}: {one.rows} loans, {one.amount:,.0f} CNY: {one.text.en}{place}",
    )


def short(label: Text) -> Text:
    """Return the name of a case cut in its own words; what kind of price it is, and the year, are never cut."""
    return Text(_cut(label.zh, "（", _MOST_LETTERS), _cut(label.en, " (", 2 * _MOST_LETTERS))


def _cut(text: str, kind_from: str, most: int) -> str:
    at = text.rfind(kind_from)
    name, rest = (text, "") if at < 0 else (text[:at], text[at:])
    return text if len(name) <= most else f"{name[: most - 1]}…{rest}"


def _share(value: float | None) -> str:
    return "—" if value is None else f"{value:.1%}"


def _number(value: float | None, digits: int = 2) -> str:
    if value is None or not math.isfinite(value):
        return "—"
    # Nothing is printed as minus zero.
    return f"{0.0 if abs(value) < 0.5 * 10.0**-digits else value:,.{digits}f}"
