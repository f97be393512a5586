"""The report: the same records as the page, as a workbook that can be filed."""

from __future__ import annotations

import datetime as dt
import io
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import xlsxwriter

#: Lines whose steps are unfolded in the report; the steps of the others are on the page and in the API.
STEPS_OF = 200
_FORMULA = re.compile(r"^[=+\-@\t\r\x00＝＋－＠]")
_PARTS = {
    "exposure": "欧盟边境 At the EU border",
    "what_if": "换一种数据 With other data",
    "home": "国内碳成本 Carbon cost at home",
    "deduction": "国内碳价抵扣 Deduction",
}
_BASIS = {"default": "默认值 default", "actual": "经核查实际值 actual"}
_PRICE = {"official": "官方 official", "scenario": "情景 scenario", "user": "自填 own"}
_STATES = {
    "measured": "实测 measured",
    "estimated": "估算 estimated",
    "missing": "缺失 missing",
    "not_applicable": "不适用 not applicable",
}
_SEVERITY = {"error": "错误 error", "question": "请确认 question", "warning": "提醒 warning", "info": "说明 note"}
_REGIMES = {
    "national": "全国 national",
    "guangdong_pilot": "广东 Guangdong",
    "shenzhen": "深圳 Shenzhen",
    "none": "未纳入 none",
}
_CONFIDENCE = {
    "official": "官方文本 official",
    "two_secondary": "两个独立来源 two sources",
    "one_secondary": "一个来源 one source",
    "inferred": "推断 inferred",
}

Get = Callable[[Mapping[str, Any]], Any]


def _at(*path: str) -> Get:
    def get(record: Mapping[str, Any]) -> Any:
        found: Any = record
        for name in path:
            found = found.get(name) if isinstance(found, Mapping) else None
        return found

    return get


def _word(words: Mapping[str, str], *path: str) -> Get:
    get = _at(*path)
    return lambda record: words.get(get(record), get(record))


def _why(record: Mapping[str, Any]) -> str | None:
    if record["status"] == "ok":
        return None
    return "；".join(f"{f['text']['zh']} {f['text']['en']}" for f in record["findings"])


#: Heading, width, number format, and where the value stands in the record of a line.
_LINES: tuple[tuple[str, float, str, Get], ...] = (
    ("行\nRow", 6, "0", _at("line")),
    ("产品\nProduct", 24, "", _at("product")),
    ("CN 编码\nCN code", 11, "@", _at("cn_code")),
    ("原产地\nOrigin", 8, "", _at("origin")),
    ("净重 t\nNet mass t", 11, "#,##0.000", _at("net_mass_t")),
    ("进口日\nImported", 11, "", _at("imported_on")),
    ("依据\nBasis", 18, "", _word(_BASIS, "basis")),
    ("默认值行\nDefault row", 13, "", _at("default_row")),
    ("默认值\nDefault value", 10, "0.000000", _at("default_value")),
    ("加成\nMark-up", 8, "0%", _at("markup")),
    ("SEE", 10, "0.000000", _at("see")),
    ("基准值\nBenchmark", 10, "0.000", _at("benchmark")),
    ("路线\nRoute", 7, "", _at("route")),
    ("CBAM 系数\nFactor", 9, "0.000", _at("cbam_factor")),
    ("SEFA", 10, "0.000000", _at("sefa")),
    ("SECP", 8, "0.0000", _at("secp")),
    ("证书\nCertificates", 12, "#,##0.00000", _at("certificates")),
    ("证书价 EUR\nPrice EUR", 10, "#,##0.00", _at("price_eur_per_t")),
    ("价格性质\nStanding", 14, "", _word(_PRICE, "price_status")),
    ("费用 EUR\nCost EUR", 13, "#,##0.00", _at("cost_eur")),
    ("费用 CNY\nCost CNY", 14, "#,##0.00", _at("cost_cny")),
    ("EUR/t", 10, "#,##0.00", _at("cost_eur_per_t")),
    ("占货值\nOf value", 9, "0.0%", _at("cost_share")),
    ("另一依据费用 EUR\nCost on other basis", 13, "#,##0.00", _at("what_if", "cost_eur")),
    ("实际数据节省 EUR\nSaved by actual data", 13, "#,##0.00", _at("what_if", "saving_eur")),
    ("装置\nInstallation", 18, "", _at("home", "installation")),
    ("碳市场\nMarket", 16, "", _word(_REGIMES, "home", "regime")),
    ("全额 元/t\nFull CNY/t", 10, "#,##0.00", _at("home", "full_cny_per_t")),
    ("实付 元/t\nPaid CNY/t", 10, "#,##0.00", _at("home", "paid_cny_per_t")),
    ("边际 元/t\nMarginal CNY/t", 10, "#,##0.00", _at("home", "marginal_cny_per_t")),
    ("数据质量\nData quality", 9, "0", _at("home", "data_quality")),
    ("未计算原因\nWhy not computed", 60, "", lambda r: _why(r)),
)  # fmt: skip


def safe(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula."""
    return f"'{text}" if _FORMULA.match(text) else text


def write_report(document: Mapping[str, Any]) -> bytes:
    """Return an assessment, as ``Assessment.to_dict`` gives it, as an xlsx workbook."""
    out = io.BytesIO()
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "nan_inf_to_errors": False,
    }
    with xlsxwriter.Workbook(out, options) as book:
        book.set_properties({"title": f"粤碳 Yuetan {document['key'][:12]}", "created": dt.datetime(2026, 1, 1)})  # noqa: DTZ001 - the file's own day would change its bytes
        look = _Look(book)
        lines = document["lines"]
        _summary(look, document)
        _lines(look, lines)
        _projection(look, document)
        _score(look, document.get("score"))
        _findings(look, document)
        _steps(look, document)
        _sources(look, document)
    return out.getvalue()


class _Look:
    """The workbook and its few formats."""

    def __init__(self, book: Any) -> None:
        self.book = book
        line = {"border": 1, "border_color": "#D9E0DC"}
        self.head = book.add_format(
            {"bold": True, "text_wrap": True, "valign": "top", "bg_color": "#0B5D4B", "font_color": "white"} | line
        )
        self.title = book.add_format({"bold": True, "font_size": 16, "font_color": "#0B5D4B"})
        self.part = book.add_format({"bold": True, "font_size": 12, "font_color": "#0B5D4B", "bottom": 1})
        self.soft = book.add_format({"font_color": "#55635D", "text_wrap": True, "valign": "top"})
        self.wrap = book.add_format({"text_wrap": True, "valign": "top"})
        self.bold = book.add_format({"bold": True, "num_format": "#,##0.00"})
        self._numbers: dict[str, Any] = {}

    def number(self, pattern: str) -> Any:
        if pattern not in self._numbers:
            self._numbers[pattern] = self.book.add_format({"num_format": pattern, "valign": "top"}) if pattern else None
        return self._numbers[pattern]

    def sheet(
        self, name: str, widths: Sequence[float], headings: Sequence[str] = (), freeze: tuple[int, int] = (1, 0)
    ) -> Any:
        page = self.book.add_worksheet(name)
        page.hide_gridlines(2)
        page.set_landscape()
        page.set_paper(9)
        page.fit_to_pages(1, 0)
        for i, width in enumerate(widths):
            page.set_column(i, i, width)
        if headings:
            page.set_row(0, 34)
            for i, heading in enumerate(headings):
                page.write_string(0, i, heading, self.head)
            page.freeze_panes(*freeze)
            page.repeat_rows(0)
        return page


def _put(page: Any, row: int, column: int, value: Any, style: Any = None) -> None:
    """Write a number as a number and a text as a harmless text; what is not known stays empty."""
    if value is None or value == "":
        return
    if isinstance(value, bool):
        page.write_string(row, column, "是 yes" if value else "否 no", style)
    elif isinstance(value, int | float):
        page.write_number(row, column, value, style)
    else:
        page.write_string(row, column, safe(str(value)), style)


def _summary(look: _Look, document: Mapping[str, Any]) -> None:
    page = look.sheet("摘要 Summary", (46, 20, 78))
    t, score = document["totals"], document.get("score")
    rate = (
        f"1 EUR = {t['fx_cny_per_eur']} CNY，{t['fx_period']}，{t['fx_source']}"
        if t["fx_cny_per_eur"]
        else "没有可用汇率 no rate at hand"
    )
    own = f"{t['possible_saving_lines']} 行填写了自有数值 lines with own values"
    counts = "默认值：未公布默认碳价；实际值：实施条例未通过 no default price published; the act is not adopted"
    page.write_string(0, 0, safe(str(document["firm"].get("name", ""))), look.title)
    page.write_string(1, 0, f"计算日 computed on {document['as_of']} · 溯源编号 key {document['key']}")
    rows: list[tuple[str, Any, str, str]] = [
        ("货物行数 / 已计算 / 未计算\nLines / computed / not", f"{t['lines']} / {t['lines_ok']} / {t['lines_refused']}", "", ""),
        ("CBAM 费用 EUR\nCBAM cost EUR", t["cost_eur"], "#,##0.00", "各行取整到分后的合计 sum of the lines' rounded amounts"),
        ("CBAM 费用 CNY\nCBAM cost CNY", t["cost_cny"], "#,##0.00", rate),
        ("应交证书（取整前）\nCertificates before rounding", t["certificates"], "#,##0.00000", ""),
        ("占货值\nOf the value of the goods", t["cost_share"], "0.0%", f"{t['revenue_lines']} 行有价格 lines with a price"),
        ("其中按默认值申报 EUR\nof it on default values", t["default_cost_eur"], "#,##0.00", ""),
        ("其中按核查值申报 EUR\nof it on verified values", t["actual_cost_eur"], "#,##0.00", ""),
        ("改用核查数据可省 EUR\nVerified data would save", t["possible_saving_eur"], "#,##0.00", own),
        ("已因核查数据节省 EUR\nAlready saved by verified data", t["realised_saving_eur"], "#,##0.00", ""),
        ("国内碳成本全额 CNY\nCarbon cost at home, full", t["full_cny"], "#,##0.00", f"{t['home_lines']} 行有装置数据 lines"),
        ("国内碳成本实付 CNY\nCarbon cost at home, paid", t["paid_cny"], "#,##0.00", "企业自己的购买，不是市场价 own purchases"),
        ("国内碳成本边际 CNY\nCarbon cost at home, marginal", t["marginal_cny"], "#,##0.00", ""),
        ("今天可抵扣 EUR\nDeductible today", t["deductible_today_eur"], "#,##0.00", counts),
        ("潜在抵扣 EUR（假设）\nPotential deduction, assumption", t["potential_deduction_eur"], "#,##0.00", ""),
    ]  # fmt: skip
    if score:
        grade = f"{score['shown']} · {score['grade']['id']} {score['grade']['zh']} {score['grade']['en']}"
        rows.append(
            (
                "绿色低碳评分\nGreen and low-carbon score",
                grade,
                "",
                "政策判断，不是违约概率 a policy judgement, not a probability of default",
            )
        )
    row = 3
    for label, value, pattern, note in rows:
        page.set_row(row, 31)
        page.write_string(row, 0, label, look.wrap)
        _put(page, row, 1, value, look.number(pattern))
        page.write_string(row, 2, note, look.soft)
        row += 1
    for title, texts in (
        ("假设 Assumptions", document["assumptions"]),
        ("必须说明 What must be said", score["statements"] if score else []),
    ):
        if texts:
            row += 1
            page.write_string(row, 0, title, look.part)
            for text in texts:
                row += 1
                said = f"{text['zh']} {text['en']}"
                page.set_row(row, 16 * (1 + len(said) // 130))
                page.merge_range(row, 0, row, 2, said, look.wrap)
            row += 1


def _lines(look: _Look, lines: Iterable[Mapping[str, Any]]) -> None:
    page = look.sheet("明细 Lines", [w for _, w, _, _ in _LINES], [h for h, _, _, _ in _LINES], (1, 3))
    styles = [look.number(pattern) for _, _, pattern, _ in _LINES]
    count = 0
    for row, record in enumerate(lines, 1):
        count = row
        for column, (_, _, _, get) in enumerate(_LINES):
            _put(page, row, column, get(record), styles[column])
    page.autofilter(0, 0, max(count, 1), len(_LINES) - 1)


def _projection(look: _Look, document: Mapping[str, Any]) -> None:
    headings = (
        "年\nYear",
        "证书\nCertificates",
        "证书价 EUR\nPrice",
        "费用 EUR\nCost",
        "费用 CNY\nCost",
        "最低路径 EUR\nLowest path",
        "最高路径 EUR\nHighest path",
        "全部用自有数据 EUR\nWith own data",
    )
    page = look.sheet("预测 Projection", (8, 14, 12, 16, 18, 16, 16, 18), headings)
    years = document["totals"]["projection"]
    for row, y in enumerate(years, 1):
        page.write_number(row, 0, y["year"])
        for column, name in enumerate(
            ("certificates", "price_eur_per_t", "cost_eur", "cost_cny", "low_eur", "high_eur", "with_actual_eur"), 1
        ):
            _put(page, row, column, y[name], look.number("#,##0.00"))
    n = len(years)
    chart = look.book.add_chart({"type": "line"})
    for column, colour, dash in (
        (3, "#0B5D4B", "solid"),
        (5, "#9CC3B8", "dash"),
        (6, "#9CC3B8", "dash"),
        (7, "#B5651D", "solid"),
    ):
        if column == 7 and all(y["with_actual_eur"] is None for y in years):
            continue
        chart.add_series({
            "name": headings[column].replace("\n", " "),
            "categories": ["预测 Projection", 1, 0, n, 0],
            "values": ["预测 Projection", 1, column, n, column],
            "line": {"color": colour, "width": 2.25, "dash_type": dash},
        })  # fmt: skip
    chart.set_title({"name": "CBAM 费用 cost by year, EUR", "name_font": {"size": 12}})
    chart.set_legend({"position": "top"})
    chart.set_y_axis({"num_format": "#,##0", "major_gridlines": {"visible": True, "line": {"color": "#D9E0DC"}}})
    chart.set_size({"width": 900, "height": 340})
    page.insert_chart(n + 2, 0, chart)
    page.write_string(
        n + 20,
        0,
        "相同的货物每年出口一次；范围是各命名价格路径之间，不是置信区间。 "
        "The same goods every year; the range spans the named paths and is no confidence interval.",
    )


def _score(look: _Look, score: Mapping[str, Any] | None) -> None:
    if not score:
        return
    headings = (
        "编号\nId",
        "指标\nIndicator",
        "状态\nState",
        "数值\nValue",
        "采用值\nUsed",
        "得分\nPoints",
        "权重 %\nWeight",
        "贡献\nContribution",
        "说明\nNote",
    )
    page = look.sheet("评分 Score", (7, 46, 20, 16, 16, 9, 10, 12, 80), headings)
    row = 1
    for line in score["lines"]:
        _put(page, row, 0, line["id"])
        _put(page, row, 1, f"{line['zh']} {line['en']}")
        _put(page, row, 2, _STATES[line["state"]])
        _put(page, row, 3, line["value"], look.number("0.0000"))
        _put(page, row, 4, line["used"], look.number("0.0000"))
        for column, name in ((5, "points"), (6, "weight"), (7, "contribution")):
            _put(page, row, column, line[name], look.number("0.00"))
        _put(page, row, 8, f"{line['note']['zh']} {line['note']['en']}".strip(), look.wrap)
        row += 1
    page.write_string(row, 1, "合计（门槛之前） Sum before gates", look.bold)
    page.write_number(row, 7, score["before_gates"], look.bold)
    row += 2
    for reason in score["reasons"]:
        page.write_string(row, 0, reason["code"])
        page.write_string(row, 1, f"{reason['zh']} {reason['en']}")
        row += 1
    row += 1
    for gate in score["gates"]:
        said = (
            "未回答 not answered"
            if gate["answer"] is None
            else ("触发 binds" if gate["binds"] else "未触发 does not bind")
        )
        page.write_string(row, 0, gate["id"])
        page.write_string(row, 1, f"{gate['zh']} {gate['en']}")
        page.write_string(row, 2, said)
        row += 1


def _findings(look: _Look, document: Mapping[str, Any]) -> None:
    headings = (
        "性质\nSeverity",
        "表\nSheet",
        "单元格\nCell",
        "问题\nWhat is wrong",
        "怎么改\nWhat to do",
        "原内容\nFound",
        "代码\nCode",
    )
    page = look.sheet("问题 Findings", (16, 14, 9, 70, 60, 20, 26), headings)
    seen: list[Mapping[str, Any]] = list(document["findings"])
    told = {(f["code"], f.get("row")) for f in seen}
    for record in document["lines"]:
        seen += [f | {"row": record["line"]} for f in record["findings"] if (f["code"], record["line"]) not in told]
    for row, finding in enumerate(seen, 1):
        _put(page, row, 0, _SEVERITY.get(finding["severity"], finding["severity"]))
        _put(page, row, 1, finding.get("sheet"))
        _put(page, row, 2, finding.get("cell") or finding.get("row"))
        _put(page, row, 3, f"{finding['text']['zh']} {finding['text']['en']}", look.wrap)
        _put(page, row, 4, f"{finding['hint']['zh']} {finding['hint']['en']}".strip(), look.wrap)
        _put(page, row, 5, finding.get("found"))
        _put(page, row, 6, finding["code"])


def _steps(look: _Look, document: Mapping[str, Any]) -> None:
    headings = ("行\nRow", "产品\nProduct", "部分\nPart", "步骤\nStep", "数值\nValue", "单位\nUnit", "说明\nNote")
    page = look.sheet("步骤 Steps", (6, 24, 28, 46, 16, 12, 90), headings)
    legend, row = document["legend"], 1
    for record in [r for r in document["lines"] if r["status"] == "ok"][:STEPS_OF]:
        for part, steps in record.get("steps", {}).items():
            for key, value, zh, en in steps:
                what = legend.get(f"{part}.{key}", {"zh": key, "en": key, "unit": "", "digits": 2})
                page.write_number(row, 0, record["line"])
                _put(page, row, 1, record["product"])
                page.write_string(row, 2, _PARTS.get(part, part))
                _put(page, row, 3, f"{what['zh'].lstrip('= ×')} {what['en'].lstrip('=x ')}")
                _put(page, row, 4, value, look.number("#,##0." + "0" * what["digits"] if what["digits"] else "#,##0"))
                _put(page, row, 5, what["unit"])
                _put(page, row, 6, f"{zh} {en}".strip())
                row += 1


def _sources(look: _Look, document: Mapping[str, Any]) -> None:
    headings = (
        "参数\nParameter",
        "数值\nValue",
        "单位\nUnit",
        "起始日\nSince",
        "来源\nSource",
        "可信度\nConfidence",
        "情景\nScenario",
        "说明\nNote",
    )
    page = look.sheet("依据 Sources", (60, 16, 18, 12, 26, 24, 18, 60), headings)
    for row, read in enumerate(document["reads"], 1):
        held = "沿用，假设 held, assumption；" if read["assumed"] else ""
        values = (
            read["key"],
            read["value"],
            read["unit"],
            read["since"],
            read["source"],
            _CONFIDENCE.get(read["confidence"]),
            read["scenario"],
            f"{held}{read['note']}",
        )
        for column, value in enumerate(values):
            _put(page, row, column, value)
