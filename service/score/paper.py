"""A kept score on one page for a credit committee; everything on it is of the record, and the code leads to its hash."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from models.errors import Text
from service.finance.paper import short
from service.press.document import Bar, Bars, Block, Code, Column, Document, Figure, Figures, Table, Words
from service.score.use import Kept, rules

#: More would not fit the page, which says how many are left out; the record has all of them.
_MOST_EVIDENCE, _MOST_STEPS, _LETTERS = 5, 3, 20
_STATES = {
    "measured": Text("实测", "measured"),
    "estimated": Text("估算", "estimated"),
    "missing": Text("缺失", "missing"),
}
APART = Text(
    "评分与碳价压力是两回事，互不改变；评分不是违约概率。",
    "The score and the stress stand apart and do not move one another; the score is no probability of default.",
)


def score_paper(kept: Kept, link: str | None) -> Document:
    """Return a kept score as a paper of one page; ``link`` is where its hash can be compared."""
    row, body = kept.row, kept.row.body
    made, asked = body["score"], body["asked"]
    blocks: list[Block] = [
        Figures(_figures(kept)),
        Bars(
            [Bar(Text(d["zh"], d["en"]), d["points"], d["weight"]) for d in made["dimensions"]],
            Text("各维度的得分与权重", "Points and weight by dimension"),
        ),
        _reasons(body),
        _costs(body),
        Words(_sentences(kept), listed=True),
        Words(
            [_one([Text(said["zh"].rstrip("。"), said["en"].rstrip(".")) for said in made["statements"]])], plain=True
        ),
    ]
    code = row.hash[:16]
    check = [
        Text(
            f"记录指纹 {code}（全文 {row.hash[:32]}…）。扫码核对这份记录是否存在、指纹是否相符。",
            f"Record hash {code} (in full {row.hash[:32]}…). Scan to see whether this record exists and its hash fits.",
        )
    ]
    blocks.append(Code(f"{link}?code={code}", check) if link else Words(check))
    borrower = asked["borrower"]
    of = " · ".join(one for one in (borrower["name"], borrower["uscc"], asked["purpose"][: 2 * _LETTERS]) if one)
    return Document(
        title=Text("绿色低碳评分", "Green and low-carbon score"),
        subtitle=Text(of, of),
        made_on=dt.date.fromisoformat(body["on"]),
        key=f"{row.id} · {row.hash}",
        blocks=blocks,
        dense=True,
    )


def _figures(kept: Kept) -> list[Figure]:
    body = kept.row.body
    made, sure, override = body["score"], body["band"], kept.override
    grade = made["grade"]
    named = Text(grade["zh"], grade["en"])
    if override is not None:
        said = override.row.body
        grade = {"id": f"{said['from']}→{said['grade']}"}
        named = Text(f"人工调整至 {said['expires']}", f"overridden until {said['expires']}")
    elif made["blocked"]:
        named = Text("否决：仅供参考", "blocked: for information only")
    uncertain = Text("等级不确定", "grade uncertain") if sure["grade_uncertain"] else Text("", "")
    missing = made["without_missing"]
    without = (
        Text("无缺失", "none missing")
        if missing is None
        else Text(f"剔除缺失 {missing:.1f}", f"without missing {missing:.1f}")
    )
    quality = body["known"]["quality"]
    return [
        Figure(Text("等级", "Grade"), grade["id"], "", named),
        Figure(Text("得分", "Score"), made["shown"], "/ 100", without),
        Figure(Text("区间 P10–P90", "Band P10 to P90"), f"{sure['p10']:.1f}–{sure['p90']:.1f}", "", uncertain),
        Figure(
            Text("数据质量", "Data quality"),
            "—" if quality is None else f"{quality:.1f}",
            "1-5",
            Text(
                f"实测占权重 {body['known']['shares']['measured']:.0%}",
                f"{body['known']['shares']['measured']:.0%} of weight measured",
            ),
        ),
    ]


def _reasons(body: Mapping[str, Any]) -> Table:
    """Return what lifts the score and what holds it down, side by side."""
    up, down = body["up"], body["down"]
    rows: list[list[Text | str]] = []
    for i in range(max(len(up), len(down))):
        cells: list[Text | str] = []
        for side in (up, down):
            one = side[i] if i < len(side) else None
            cells += (
                ["—", ""] if one is None else [Text(f"{one['id']} {one['zh']}", one["en"]), f"{one['points']:+.2f}"]
            )
        rows.append(cells)
    return Table(
        [
            Column(Text("拉高得分", "Lifts the score"), 3),
            Column(Text("比均值", "Against mean"), 1, number=True),
            Column(Text("拉低得分", "Holds it down"), 3),
            Column(Text("失分", "Lost"), 1, number=True),
        ],
        rows,
        Text("三条有利、三条不利", "Three reasons each way"),
    )


def _costs(body: Mapping[str, Any]) -> Table:
    """Return what carbon costs against revenue and EBITDA, today and under the case told in full."""
    lines = {line["id"]: line for line in body["score"]["lines"]}
    today = [_share(_value(lines, key)) for key in ("C1", "C2", "B1")]
    rows: list[list[Text | str]] = [[Text("当前（评分所用）", "Today, as scored"), *today, "—", "—"]]
    stress = body["stress"]
    if stress is not None:
        label = short(Text(**stress["case"]))
        for of, name in (("own", Text("", "")), ("conservative", Text("，保守口径", ", conservative"))):
            side = stress[of]
            rows.append(
                [
                    Text(f"{label.zh}{name.zh}", f"{label.en}{name.en}"),
                    _share(side["of_revenue"]),
                    _share(side["of_ebitda"]),
                    "—",
                    _whole(side["loss"]),
                    "—" if side["change_bp"] is None else f"{side['change_bp']:,.1f}",
                ]
            )
    return Table(
        [
            Column(Text("碳成本（压力为新增损失）", "Carbon cost; under stress the added loss"), 2.6),
            Column(Text("占收入", "Of revenue"), 1, number=True),
            Column(Text("占 EBITDA", "Of EBITDA"), 1, number=True),
            Column(Text("CBAM 占对欧收入", "CBAM of EU sales"), 1.5, number=True),
            Column(Text("年损失 元", "Yearly loss CNY"), 1.2, number=True),
            Column(Text("预期损失 bp", "EL change bp"), 1, number=True),
        ],
        rows,
    )


def _sentences(kept: Kept) -> list[Text]:
    body = kept.row.body
    made = body["score"]
    said = [_gates(made["gates"]), _way(body)]
    shares = body["known"]["shares"]
    said.append(
        _one(
            [Text(f"{_STATES[k].zh} {v:.0%}", f"{_STATES[k].en} {v:.0%}") for k, v in shares.items()],
            Text("按权重的数据：", "Data by weight: "),
        )
    )
    stress = body["stress"]
    if stress is not None:
        one, three = _whole(stress["financed12_t"]), _whole(stress["financed3_t"])
        quality = stress["financed_quality"]
        dq = "—" if quality is None else f"{quality:.1f}"
        said.append(
            Text(
                f"融资排放 范围1+2 {one} tCO2e（数据质量 {dq}），范围3 分列 {three} tCO2e；{APART.zh}",
                f"Financed emissions, scope 1+2 {one} tCO2e (data quality {dq}), scope 3 apart {three} tCO2e. "
                f"{APART.en}",
            )
        )
    if kept.override is not None:
        said.append(_override(kept))
    if kept.previous is not None:
        old = kept.previous.body["score"]
        said.append(
            Text(
                f"上次 {kept.previous.body['on']}：{old['shown']} 分，{old['grade']['id']} 级",
                f"Before, {kept.previous.body['on']}: {old['shown']}, grade {old['grade']['id']}",
            )
        )
    evidence = [f"{x['id']} {x['evidence'][:_LETTERS]}" for x in made["lines"] if x["evidence"]]
    shown, more = "；".join(evidence[:_MOST_EVIDENCE]) or "—", len(evidence) - _MOST_EVIDENCE
    rest = Text(f"（另有 {more} 项）", f" ({more} more)") if more > 0 else Text("", "")
    said.append(Text(f"证据：{shown}{rest.zh}", f"Evidence: {shown}{rest.en}"))
    policy, seed = made["policy"], body["band"]["seed"]
    named, basis = f"{policy['id']} {policy['version']} ({policy['hash'][:12]})", policy["weights_basis"]["kind"]
    said.append(
        Text(f"政策 {named}；权重依据 {basis}；种子 {seed}", f"Policy {named}; weights by {basis}; seed {seed}")
    )
    return said


def _gates(gates: Sequence[Mapping[str, Any]]) -> Text:
    binding = [Text(f"{g['id']} {g['zh']}", f"{g['id']} {g['en']}") for g in gates if g["binds"]]
    open_ = [g["id"] for g in gates if g["answer"] is None]
    made = (
        _one(binding, Text("触发的关口：", "Gates that bind: ")) if binding else Text("没有触发关口", "No gate binds")
    )
    if open_:
        names = ", ".join(open_)
        made = Text(f"{made.zh}；未回答：{names}", f"{made.en}; not answered: {names}")
    return made


def _way(body: Mapping[str, Any]) -> Text:
    way = body["way"]
    if way is None:
        return Text("已是最高等级", "Best grade already")
    steps = way["steps"][:_MOST_STEPS]
    named = ", ".join(f"{s['code'].removeprefix('RC-')} +{s['points_to_gain']:.1f}" for s in steps)
    more = Text(" 等", " and more") if len(way["steps"]) > _MOST_STEPS else Text("", "")
    made = Text(
        f"升至 {way['grade']} 级还差 {way['gap']:.1f} 分：{named}{more.zh}",
        f"{way['gap']:.1f} points to grade {way['grade']}: {named}{more.en}",
    )
    if way["capped"]:
        return Text(f"{made.zh}；但关口限制了得分", f"{made.en}; but a gate caps the score")
    if not way["reached"]:
        return Text(f"{made.zh}；各项进一步仍不够", f"{made.en}; one step of every line is not enough")
    return made


def _override(kept: Kept) -> Text:
    one = kept.override
    if one is None:
        return Text("", "")
    said = one.row.body
    reason, grades = rules().reasons[said["reason"]], f"{said['from']}→{said['grade']}"
    return Text(
        f"人工调整 {grades}，到期 {said['expires']}：{reason.zh}；提出 {one.asked_by}，同意 {one.answered_by}；原等级不变",
        f"Override {grades} until {said['expires']}: {reason.en}; asked by {one.asked_by}, agreed by {one.answered_by}; "
        "the original stays",
    )


def _one(texts: Sequence[Text], before: Text | None = None) -> Text:
    lead = before or Text("", "")
    return Text(lead.zh + "；".join(t.zh for t in texts), lead.en + "; ".join(t.en for t in texts))


def _value(lines: Mapping[str, Mapping[str, Any]], key: str) -> float | None:
    value = lines[key]["value"] if key in lines else None
    return float(value) if isinstance(value, int | float) else None


def _share(value: float | None) -> str:
    return "—" if value is None else f"{value:.2%}"


def _whole(value: float | None) -> str:
    return "—" if value is None else f"{value:,.0f}"
