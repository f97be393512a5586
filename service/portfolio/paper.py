"""A book as it is read: totals, cases, concentration, map, migration, movers, and what is left out and why."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from models.errors import NOTHING, Text, YuetanError
from service.finance.use import PLAIN
from service.press.document import Block, Column, Document, Figure, Figures, Table, Words

_MOST = 40
UNSTATED = Text("未注明", "not stated")
BEFORE_GATES = Text(
    "评分为关口前得分，关口须逐户回答。", "Scores are before gates, which have to be answered for each borrower."
)


def portfolio_paper(made: Mapping[str, Any]) -> Document:
    """Return the whole of a book as a paper."""
    sums = made["sums"]
    main = next(one for one in made["cases"] if one["name"] == made["main"])
    case, financed, scores = sums["cases"][made["main"]]["own"], sums["financed"], sums["scores"]
    label = Text(**main["label"])
    blocks: list[Block] = [
        Figures(
            [
                Figure(Text("预期损失变化", "Change of expected loss"), _number(_bp(case), 1), "bp", label),
                Figure(Text("余额", "Outstanding"), _number(sums["outstanding"], 0), "CNY", _of(sums["loans"])),
                Figure(
                    Text("融资排放 1+2", "Financed, 1+2"),
                    _number(financed["scope12_t"] if financed["loans"] else None, 0),
                    "tCO2e",
                    Text(
                        f"覆盖余额 {_percent(financed['outstanding'], financed['positive'])}",
                        f"{_percent(financed['outstanding'], financed['positive'])} of the money",
                    ),
                ),
                Figure(
                    Text("平均得分", "Mean score"),
                    _number(_ratio(scores["points_money"], scores["outstanding"]) if scores else None, 1),
                    "/ 100",
                    Text("按余额，关口前", "by money, before gates"),
                ),
            ]
        ),
        Words([*PLAIN, *([BEFORE_GATES] if scores else [])], plain=True),
        _cases(made),
        _emissions(financed),
    ]
    if scores:
        blocks.append(_grades(scores))
    blocks += [
        _groups(Text("按行业", "By sector"), sums["sector"], sums["money"]),
        _groups(Text("按城市", "By city"), sums["city"], sums["money"]),
        _largest(sums),
        _map(sums["cells"]),
    ]
    if sums["migration"]:
        blocks.append(_migration(sums["migration"], made["rating_bounds"]))
    blocks += [_movers(sums["movers"]), _left(sums), _left_rows(sums["left_out_rows"])]
    told = list(made["findings"][:_MOST])
    if told:
        more = made["finding_count"] - len(told)
        title = Text(f"文件中的问题（另有 {more} 项）", f"Found in the files ({more} more)") if more > 0 else Text(
            "文件中的问题", "Found in the files"
        )  # fmt: skip
        blocks.append(Words([_finding(f) for f in told], title, listed=True))
    prices = [Text(**one) for one in made["prices"]]
    blocks.append(
        Words([*prices, Text(f"政策 {made['policy']}", f"Policy {made['policy']}")], Text("依据", "Rests on"))
    )
    return Document(
        title=Text("贷款簿碳价压力与融资排放", "Loan book under carbon prices, and financed emissions"),
        subtitle=Text(made["name"], made["name"]),
        made_on=dt.date.fromisoformat(made["on"]),
        key=made["key"],
        blocks=blocks,
    )


def _cases(made: Mapping[str, Any]) -> Table:
    rows: list[list[Text | str]] = []
    for one in made["cases"]:
        own, hard = (made["sums"]["cases"][one["name"]][side] for side in ("own", "conservative"))
        rows.append(
            [
                Text(**one["label"]),
                _number(one["home_cny_per_t"]),
                _number(own["loss"], 0),
                _percent(own["uncovered1"], own["covered1"]),
                _number(_bp(own), 1),
                _number(own["expected1"] / own["ead"] * 1e4 if own["ead"] else None, 1),
                _number(_bp(hard), 1),
            ]
        )
    heads = (
        ("情景", "Case"), ("碳价 元/t", "Home CNY/t"), ("年损失 元", "Loss CNY"), ("利息不足", "Not covered"),
        ("预期损失变化 bp", "EL change bp"), ("水平 bp", "EL level bp"), ("保守口径 bp", "Conservative bp"),
    )  # fmt: skip
    columns = [Column(Text(*head), 2.4 if i == 0 else 1, number=i > 0) for i, head in enumerate(heads)]
    return Table(columns, rows, Text("敏感性网格与情景", "Grid and scenarios"))


def _emissions(f: Mapping[str, Any]) -> Table:
    rows: list[list[Text | str]] = [
        [
            Text("范围 1+2", "Scope 1+2"), _number(f["scope12_t"] if f["loans"] else None, 0), _number(f["outstanding"], 0),
            _number(_ratio(f["quality_money"], f["outstanding"]), 2),
            _number(_ratio(f["scope12_t"] * 1e6, f["outstanding"]), 2),
        ],
        [
            Text("范围 3（分列，不相加）", "Scope 3, apart, never added"),
            _number(f["scope3_t"] if f["outstanding3"] else None, 0), _number(f["outstanding3"], 0), "—", "—",
        ],
    ]  # fmt: skip
    heads = (
        ("融资排放", "Financed emissions"), ("tCO2e", "tCO2e"), ("余额 元", "Money CNY"), ("数据质量 1-5", "Quality 1-5"),
        ("tCO2e/百万元", "tCO2e per million"),
    )  # fmt: skip
    return Table([Column(Text(*head), 2 if i == 0 else 1, number=i > 0) for i, head in enumerate(heads)], rows)


def _grades(scores: Mapping[str, Any]) -> Table:
    rows: list[list[Text | str]] = [
        [name, f"{one['loans']:,}", _number(one["outstanding"], 0), _percent(one["outstanding"], scores["outstanding"])]
        for name, one in scores["grades"].items()
    ]
    return Table(_columns("等级", "Grade"), rows, Text("等级分布（关口前）", "Grades, before gates"))


def _columns(zh: str, en: str) -> list[Column]:
    return [
        Column(Text(zh, en), 2),
        Column(Text("笔数", "Loans"), 1, number=True),
        Column(Text("余额 元", "Money CNY"), 1.4, number=True),
        Column(Text("占比", "Share"), 1, number=True),
    ]


def _groups(title: Text, groups: Mapping[str, Mapping[str, Any]], money: float) -> Table:
    order = sorted(groups.items(), key=lambda one: (-one[1]["outstanding"], one[0]))
    hhi = sum((one["outstanding"] / money) ** 2 for one in groups.values()) if money else 0.0
    rows: list[list[Text | str]] = [
        [
            name or UNSTATED, f"{one['loans']:,}", _number(one["outstanding"], 0), _percent(one["outstanding"], money),
            _number(one["scope12_t"] if one["financed"] else None, 0),
            _number(one["change"] / one["ead"] * 1e4 if one["ead"] else None, 1),
        ]
        for name, one in order[:_MOST]
    ]  # fmt: skip
    columns = [
        *_columns("名称", "Name"),
        Column(Text("融资排放 t", "Financed t"), 1.2, number=True),
        Column(Text("预期损失 bp", "EL bp"), 1, number=True),
    ]
    return Table(columns, rows, Text(f"{title.zh}（HHI {hhi:.3f}）", f"{title.en} (HHI {hhi:.3f})"))


def _largest(sums: Mapping[str, Any]) -> Table:
    money = sums["money"]
    hhi = sums["squares"] / money**2 if money else 0.0
    rows: list[list[Text | str]] = [
        [str(name), f"{count:,}", _number(amount, 0), _percent(amount, money)]
        for name, count, amount in sums["largest"][:20]
    ]
    title = Text(f"最大的借款人（HHI {hhi:.4f}）", f"Largest borrowers (HHI {hhi:.4f})")
    return Table(_columns("借款人", "Borrower"), rows, title)


def _map(cells: Mapping[str, Mapping[str, Mapping[str, float]]]) -> Table:
    weight: dict[str, float] = {}
    for line in cells.values():
        for city, one in line.items():
            weight[city] = weight.get(city, 0.0) + one["ead"]
    cities = sorted(weight, key=lambda city: (-weight[city], city))[:7]
    rows: list[list[Text | str]] = [
        [
            sector or UNSTATED,
            *(_number(line[c]["change"] / line[c]["ead"] * 1e4, 1) if c in line else "—" for c in cities),
        ]
        for sector, line in cells.items()
    ][:_MOST]
    heads = [
        Column(Text("行业", "Sector"), 1.6),
        *(Column(Text(c, c) if c else UNSTATED, 1, number=True) for c in cities),
    ]
    more = len(weight) - len(cities)
    title = Text("热力图：预期损失变化 bp", "Heat map: change of expected loss, bp")
    if more > 0:
        title = Text(f"{title.zh}（另有 {more} 个城市）", f"{title.en} ({more} more cities)")
    return Table(heads, rows, title)


def _migration(matrix: Sequence[Sequence[float]], bounds: Sequence[float]) -> Table:
    names = [*(f"≤ {bound:.2%}" for bound in bounds), f"> {bounds[-1]:.2%}"]
    heads = [Column(Text("压力前＼后", "Before by after"), 1.2), *(Column(Text(n, n), 1, number=True) for n in names)]
    rows: list[list[Text | str]] = [
        [name, *(_number(v, 0) for v in line)] for name, line in zip(names, matrix, strict=True)
    ]
    return Table(heads, rows, Text("评级迁移（违约敞口，元）", "Migration of ratings (EAD, CNY)"))


def _movers(movers: Sequence[Sequence[Any]]) -> Table:
    heads = (
        ("贷款", "Loan"), ("借款人", "Borrower"), ("PD 前", "PD before"), ("PD 后", "PD after"), ("预期损失增加 元", "EL rises CNY"),
    )  # fmt: skip
    rows: list[list[Text | str]] = [
        [str(m[0]), str(m[1]), f"{m[2]:.2%}", f"{m[3]:.2%}", _number(m[4], 0)] for m in movers
    ]
    columns = [Column(Text(*head), 1.5 if i < 2 else 1, number=i > 1) for i, head in enumerate(heads)]
    return Table(columns, rows, Text("变动最大的贷款", "Loans that move most"))


def _left(sums: Mapping[str, Any]) -> Table:
    rows: list[list[Text | str]] = []
    for of, name in (("financed", Text("融资排放", "financed")), ("stress", Text("预期损失", "expected loss"))):
        for code, one in sorted(sums["left_out"][of].items(), key=lambda x: -x[1]["rows"]):
            rows.append([name, reason_text(code), f"{one['rows']:,}", _number(one["amount"], 0)])
    columns = [
        Column(Text("未计入", "Left out of"), 1),
        Column(Text("原因", "Why"), 3),
        Column(Text("笔数", "Loans"), 0.8, number=True),
        Column(Text("余额 元", "Money CNY"), 1.2, number=True),
    ]
    return Table(columns, rows, Text("未计入的贷款", "Loans left out"))


def _left_rows(rows: Sequence[Sequence[Any]]) -> Table:
    columns = [
        Column(Text("行", "Row"), 0.5, number=True),
        Column(Text("贷款", "Loan"), 1.2),
        Column(Text("融资排放", "Financed"), 2),
        Column(Text("预期损失", "Expected loss"), 2),
    ]
    cells: list[list[Text | str]] = [
        [str(row), str(loan), *(reason_text(code) if code else "—" for code in codes)]
        for row, loan, *codes in rows[:_MOST]
    ]
    return Table(
        columns,
        cells,
        Text("逐行（前若干行，其余见 Parquet）", "Row by row (the first ones; all are in the Parquet files)"),
    )


def reason_text(code: str) -> Text:
    """Return the words of a reason, from its code and field."""
    name, _, field = code.partition(":")
    kind = _kinds().get(name)
    if kind is None:
        return Text(code, code)
    end = f" ({field})" if field else ""
    return Text(f"{kind.message.zh}{end}", f"{kind.message.en}{end}")


def _kinds() -> dict[str, type[YuetanError]]:
    from finance import errors

    return {
        kind.code: kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, YuetanError)
    }


def _finding(one: Mapping[str, Any]) -> Text:
    place = f"{one.get('sheet') or ''} {one.get('row') or ''}".strip()
    found = f" [{one['found']}]" if one.get("found") else ""
    text = one["text"]
    return Text(f"{place} {text['zh']}{found}".strip(), f"{place} {text['en']}{found}".strip())


def _of(loans: int) -> Text:
    return Text(f"{loans:,} 笔", f"{loans:,} loans") if loans else NOTHING


def _bp(case: Mapping[str, Any]) -> float | None:
    return (case["expected1"] - case["expected0"]) / case["ead"] * 1e4 if case["ead"] else None


def _ratio(a: float, b: float) -> float | None:
    return a / b if b else None


def _percent(a: float, b: float) -> str:
    return f"{a / b:.1%}" if b else "—"


def _number(value: float | None, digits: int = 2) -> str:
    if value is None:
        return "—"
    return f"{0.0 if abs(value) < 0.5 * 10.0**-digits else value:,.{digits}f}"
