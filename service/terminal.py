"""Results in the terminal: the same rows as on the page, in the report and in the API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich import box
from rich.console import Console, Group
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text as Styled

from models.errors import Text, YuetanError
from models.table import Result

_LINES, _FINDINGS = 20, 12
_SEVERITY = {
    "error": ("red", Text("拒绝", "refused")),
    "question": ("magenta", Text("待确认", "asked")),
    "warning": ("yellow", Text("提醒", "warning")),
    "info": ("cyan", Text("说明", "note")),
}

_TOTALS = (
    ("cost_eur", Text("CBAM 费用", "CBAM cost"), "EUR", 2),
    ("cost_cny", Text("折合人民币", "in CNY"), "CNY", 2),
    ("certificates", Text("应交证书", "Certificates"), "", 3),
    ("possible_saving_eur", Text("改用实际值可省", "Saved by actual values"), "EUR", 2),
    ("full_cny", Text("国内碳成本：全额", "Carbon cost at home: full"), "CNY", 2),
    ("paid_cny", Text("国内碳成本：实付", "Carbon cost at home: paid"), "CNY", 2),
    ("marginal_cny", Text("国内碳成本：边际", "Carbon cost at home: marginal"), "CNY", 2),
    ("deductible_today_eur", Text("今天可抵扣", "Deductible today"), "EUR", 2),
)


def said(error: YuetanError, lang: str) -> Panel:
    """Return an error for people."""
    body = Styled(error.text(lang), style="bold")
    if error.mend(lang):
        body.append(f"\n{error.mend(lang)}", style="not bold")
    return Panel(body, title=error.code, title_align="left", border_style="red", expand=False)


def rows(result: Result, title: str, lang: str, *, proof: bool = True) -> Group:
    """Return a result as a table of its rows, and below it what it rests on."""
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, show_header=False)
    table.add_column()
    table.add_column(justify="right", no_wrap=True)
    table.add_column()
    table.add_column(style="dim")
    for row in result.rows():
        table.add_row(row.label.get(lang), row.shown(), row.unit, row.note.get(lang))
    return Group(table, *(Styled(f"  {line}", style="dim") for line in (result.proof() if proof else ())))


def assessment(document: Mapping[str, Any], lang: str) -> Group:
    """Return the summary of an assessment: lines, years, score, findings."""
    parts: list[Any] = [_head(document, lang), _lines(document["lines"], lang), _years(document, lang)]
    if document["assumptions"]:
        parts.append(_assumptions(document["assumptions"], lang))
    if document.get("score"):
        parts.append(_score(document["score"], lang))
    if document["findings"]:
        parts.append(findings(document["findings"], lang))
    return Group(*parts)


def _assumptions(said: Sequence[Mapping[str, str]], lang: str) -> Padding:
    lines = [Text("假设", "Assumptions").get(lang), *(f"· {one[lang]}" for one in said)]
    return Padding(Styled("\n".join(lines), style="dim"), (0, 0, 1, 2))


def _head(document: Mapping[str, Any], lang: str) -> Panel:
    lines, totals = document["lines"], document["totals"]
    good = sum(line["status"] == "ok" for line in lines)
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column()
    table.add_column(justify="right", style="bold")
    table.add_column(style="dim")
    bad = len(lines) - good
    table.add_row(
        Text("货物", "Goods").get(lang),
        f"{len(lines)}",
        Text(f"{good} 行已计算，{bad} 行未计算", f"{good} computed, {bad} not").get(lang),
    )
    for key, label, unit, digits in _TOTALS:
        value = totals.get(key)
        if value is not None:
            note = _total_note(key, totals, lang)
            table.add_row(label.get(lang), _number(value, digits), f"{unit} {note}".strip())
    name = (document.get("firm") or {}).get("name") or document["method"]
    key = Text(f"结果编号 {document['key'][:16]}…", f"provenance {document['key'][:16]}...").get(lang)
    return Panel(table, title=str(name), subtitle=key, expand=False)


def _total_note(key: str, totals: Mapping[str, Any], lang: str) -> str:
    if key == "cost_eur" and totals.get("cost_share") is not None:
        share = f"{totals['cost_share']:.2%}"
        return Text(f"占所报货值 {share}", f"{share} of the stated value of goods").get(lang)
    if key == "cost_cny" and totals.get("fx_cny_per_eur"):
        return f"{totals['fx_cny_per_eur']:g} CNY/EUR, {totals.get('fx_period') or ''}"
    if key == "full_cny":
        count = totals.get("home_lines")
        return Text(f"{count} 行有装置数据", f"{count} lines with an installation").get(lang)
    return ""


def _lines(lines: Sequence[Mapping[str, Any]], lang: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, title=Text("逐行结果", "Line by line").get(lang), title_justify="left")
    for name in (
        Text("行", "Row"), Text("产品", "Product"), Text("CN 编码", "CN code"), Text("原产地", "Origin"),
        Text("净重 t", "Net t"), Text("SEE", "SEE"), Text("SEFA", "SEFA"), Text("证书", "Certificates"),
        Text("EUR/证书", "EUR each"), Text("费用 EUR", "Cost EUR"), Text("每吨 EUR", "EUR per t"),
    ):  # fmt: skip
        right = name.en not in ("Product", "CN code", "Origin")
        table.add_column(name.get(lang), justify="right" if right else "left", no_wrap=name.en == "CN code")
    for line in lines[:_LINES]:
        numbers = [
            _number(line.get(key), digits)
            for key, digits in (
                ("see", 4), ("sefa", 4), ("certificates", 3), ("price_eur_per_t", 2), ("cost_eur", 2), ("cost_eur_per_t", 2)
            )
        ]  # fmt: skip
        style = None if line["status"] == "ok" else "dim"
        if line.get("price_status") in ("scenario", "user"):
            numbers[3] += "*"
        mass = _number(line.get("net_mass_t"), 3)
        product = str(line.get("product") or "")[:24]
        table.add_row(str(line["line"]), product, line["cn_code"], line["origin"], mass, *numbers, style=style)
    if len(lines) > _LINES:
        table.caption = Text(f"另有 {len(lines) - _LINES} 行，见报告", f"{len(lines) - _LINES} more in the report").get(
            lang
        )
    elif any(line.get("price_status") in ("scenario", "user") for line in lines):
        table.caption = Text("* 情景或用户价格，非官方价格", "* scenario or user price, not an official one").get(lang)
    return table


def _years(document: Mapping[str, Any], lang: str) -> Table:
    years = document["totals"].get("projection") or _summed(document["lines"])
    title = Text("按年预测（同样的货物，EUR）", "Year by year, the same goods, EUR").get(lang)
    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left")
    table.add_column("")
    for year in years:
        table.add_column(str(year["year"]), justify="right")
    for key, label in (
        ("cost_eur", Text("所选价格路径", "chosen price path")),
        ("with_actual_eur", Text("若全部按实际值", "all on actual values")),
        ("low_eur", Text("各路径最低", "lowest of the paths")),
        ("high_eur", Text("各路径最高", "highest of the paths")),
    ):
        if any(year.get(key) is not None for year in years):
            table.add_row(label.get(lang), *(_number(year.get(key), 0) for year in years))
    return table


def _summed(lines: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    totals: dict[int, float] = {}
    for line in lines:
        for year in line.get("projection") or ():
            totals[year["year"]] = totals.get(year["year"], 0.0) + year["cost_eur"]
    return [{"year": year, "cost_eur": cost} for year, cost in totals.items()]


def _score(score: Mapping[str, Any], lang: str) -> Panel:
    grade = score["grade"]
    head = Text(
        f"{score['total']:.2f} 分，等级 {grade['id']}（{grade['zh']}）",
        f"{score['total']:.2f} points, grade {grade['id']} ({grade['en']})",
    )
    body = Styled(head.get(lang), style="bold")
    for reason in score["reasons"]:
        body.append(f"\n{reason['code']}  {reason[lang]}", style="not bold")
    title = Text("绿色金融评分", "Green-finance score").get(lang)
    return Panel(body, title=title, title_align="left", expand=False)


def findings(found: Sequence[Mapping[str, Any]], lang: str) -> Table:
    """Return findings with their place, the gravest first."""
    order = list(_SEVERITY)
    ranked = sorted(found, key=lambda f: order.index(f["severity"]))
    title = Text(f"问题清单（{len(found)}）", f"Findings ({len(found)})").get(lang)
    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for one in ranked[:_FINDINGS]:
        colour, word = _SEVERITY[one["severity"]]
        place = one["cell"] or (str(one["row"]) if one["row"] else one["field"] or "")
        place = f"{one['sheet']}!{place}" if one["sheet"] and place else place
        text = Styled(one["text"][lang])
        if one["hint"][lang]:
            text.append(f" {one['hint'][lang]}", style="dim")
        table.add_row(Styled(word.get(lang), style=colour), place, text)
    if len(found) > _FINDINGS:
        table.caption = Text(f"另有 {len(found) - _FINDINGS} 条", f"{len(found) - _FINDINGS} more").get(lang)
    return table


def _number(value: object, digits: int) -> str:
    return f"{value:,.{digits}f}" if isinstance(value, int | float) else "—"


def grid(title: str | None = None, *, header: bool = False) -> Table:
    """Return an empty table in our style."""
    return Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, show_header=header)


def console(*, err: bool = False) -> Console:
    """Return the terminal; where it is none (a pipe), lines are as long as they need to be."""
    made = Console(stderr=err, highlight=False)
    return made if made.is_terminal else Console(stderr=err, highlight=False, width=max(made.width, 140))
