"""An estimate on paper, as a workbook and as a plain table; all of them show the kept result and nothing else."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from models.errors import Text
from models.passthrough.report import PERIOD
from models.table import Row
from service.press.chart import Band, Chart, Line
from service.press.document import Block, Charts, Column, Document, Figure, Figures, Steps, Table, Words
from service.workbook.paper import safe

Result = Mapping[str, Any]
#: Rows whose value is a word of the API; the note says it in both languages.
_WORDS = ("bounds", "causal", "asymmetry", "denominator")
#: A period in both languages: a paper's unit is one word, whichever language comes first.
_UNITS = {unit.en: f"{unit.zh} {unit.en}" for unit in PERIOD.values()} | {
    f"1/{unit.en[:-1]}": f"每{unit.zh} 1/{unit.en[:-1]}" for unit in PERIOD.values()
}
_HORIZONS = (0, 1, 2, 4, 8, 13, 26, 52, 104)
_COLUMNS = (
    "section", "key", "period", "value", "low", "high", "unit", "label_zh", "label_en", "note_zh", "note_en",
)  # fmt: skip


def rows_of(result: Result) -> list[Row]:
    """Return the rows of a kept result."""
    return [
        Row(r["key"], Text(**r["label"]), r["value"], r["unit"], Text(**r["note"]), r["digits"]) for r in result["rows"]
    ]


def estimate_paper(result: Result, made_on: dt.date, *, whole: bool = False) -> Document:
    """Return an estimate as a document; ``whole`` adds every period of the multipliers."""
    rows = {row.key: row for row in rows_of(result)}
    verdict = Text(**result["verdict"])
    shown = [
        replace(row, value="" if row.key in _WORDS else row.value, unit=_UNITS.get(row.unit, row.unit))
        for row in rows.values()
    ]
    blocks: list[Block] = [
        Figures(
            [
                Figure(
                    Text("等级", "Grade"),
                    result["grade"],
                    "",
                    Text("A 最好，D 不给点值", "A is best, a D has no point value"),
                ),
                Figure(Text("长期传导率", "Long-run rate"), rows["theta"].shown(), "CNY/CNY"),
                Figure(Text("95% 区间", "95 % set"), _set(result)),
                Figure(
                    Text("半衰期", "Half-life"),
                    rows["half_life"].shown(),
                    _UNITS.get(rows["half_life"].unit, rows["half_life"].unit),
                ),
            ]
        ),
        Words([verdict], plain=True),
        _charts(result),
        Steps(
            shown,
            Text("全部结果与检验", "Every result and test"),
            frozenset({"theta", "fieller", "grade"}),
        ),
        _multipliers(result, whole),
    ]
    if result["breaks"]:
        blocks.append(_segments(result))
    if result["findings"]:
        told = [Text(f["text"]["zh"], f["text"]["en"]) for f in result["findings"]]
        blocks.append(Words(told, Text("数据处理与提示", "What was done to the data, and what to know"), listed=True))
    proof = [Text(line, line) for line in result["proof"]]
    blocks.append(Words(proof, Text("依据", "Rests on")))
    return Document(
        title=Text("碳成本传导率估计", "Pass-through of carbon cost, estimated"),
        subtitle=Text(result["product"], result.get("product_en") or result["product"]),
        made_on=made_on,
        key=result["inputs_hash"][:16],
        blocks=blocks,
    )


def _set(result: Result) -> str:
    within = result["set"]
    if within["shape"] != "interval":
        return "—"
    return f"{within['low']:.3f} – {within['high']:.3f}"


def _number(value: float | None, digits: int = 4) -> str:
    return "—" if value is None else f"{value:,.{digits}f}"


def _multipliers(result: Result, whole: bool) -> Table:
    m = result["multipliers"]
    at = m["horizon"] if whole else [h for h in m["horizon"] if h in _HORIZONS]
    columns = [
        Column(Text("期", "Period"), 1, number=True),
        Column(Text("累计乘数", "Cumulative multiplier"), 1, number=True),
        Column(Text("下限 2.5%", "Low, 2.5 %"), 1, number=True),
        Column(Text("上限 97.5%", "High, 97.5 %"), 1, number=True),
    ]
    value = m["value"]
    cells = [
        [str(h), _number(None if value is None else value[h]), _number(m["low"][h]), _number(m["high"][h])] for h in at
    ]
    return Table(columns, cells, Text("成本持续变动 1 元后的价格变动", "Price after a lasting cost change of 1 CNY"))


def _segments(result: Result) -> Table:
    columns = [
        Column(Text("起", "From"), 1), Column(Text("止", "To"), 1),
        Column(Text("静态斜率", "Static slope"), 1, number=True),
    ]  # fmt: skip
    cells: list[list[Text | str]] = [
        [one["first"], one["last"], _number(one["static_slope"])] for one in result["segments"]
    ]
    return Table(columns, cells, Text("断点分段", "Segments between breaks"))


def _charts(result: Result) -> Charts:
    """Return what the page draws: multipliers, fit, the rate of growing samples, CUSUM; what cannot be made is left out."""
    m, lines = result["multipliers"], result["curves"]
    end, band = Text("期末", "Period end"), Text("95% 带", "95 % band")

    def known(label: Text, values: Sequence[float | None] | None) -> list[Line]:
        return [] if values is None else [Line(label, values)]

    made = [
        Chart(
            Text("成本持续变动 1 元后的累计价格变动（元）", "Price after a lasting cost change of 1 CNY"), Text("期", "Period"),
            [str(h) for h in m["horizon"]], known(Text("累计乘数", "Multiplier"), m["value"]), Band(band, m["low"], m["high"]),
        ),
        Chart(
            Text("价格与拟合（元/吨）", "Price and fit, CNY/t"), end, lines["fit"]["periods"],
            [Line(Text("价格", "Price"), lines["fit"]["price"]), Line(Text("拟合", "Fitted"), lines["fit"]["fitted"])],
        ),
    ]  # fmt: skip
    if rec := lines["recursive"]:
        made.append(
            Chart(
                Text("样本逐步加长时的长期传导率", "Long-run rate of growing samples"), end, rec["periods"],
                known(Text("传导率", "Rate"), rec["rate"]), Band(band, rec["low"], rec["high"]), clipped=True,
            )
        )  # fmt: skip
    if cus := lines["cusum"]:
        boundary = Band(Text("5% 边界", "5 % boundary"), [-v for v in cus["boundary"]], cus["boundary"])
        made.append(
            Chart(
                Text("系数稳定性（CUSUM）", "Stability of the coefficients (CUSUM)"), end, cus["periods"],
                [Line(Text("累计", "Path"), cus["path"])], boundary,
            )
        )  # fmt: skip
    return Charts(made)


def estimate_csv(result: Result) -> bytes:
    """Return everything of an estimate as one table, UTF-8 with a mark so that spreadsheets read the Chinese."""
    out = io.StringIO()
    writer = csv.DictWriter(out, _COLUMNS, restval="", lineterminator="\r\n")
    writer.writeheader()
    for row in rows_of(result):
        shown = safe(row.value) if isinstance(row.value, str) else row.value
        writer.writerow(
            {
                "section": "result",
                "key": safe(row.key),
                "value": "" if shown is None else shown,
                "unit": row.unit,
                "label_zh": safe(row.label.zh),
                "label_en": safe(row.label.en),
                "note_zh": safe(row.note.zh),
                "note_en": safe(row.note.en),
            }
        )
    m = result["multipliers"]
    for h in m["horizon"]:
        value = "" if m["value"] is None else m["value"][h]
        writer.writerow(
            {"section": "multipliers", "period": h, "value": value, "low": m["low"][h], "high": m["high"][h]}
        )
    lines = result["curves"]
    for i, day in enumerate(lines["fit"]["periods"]):
        for key in ("price", "fitted"):
            writer.writerow({"section": "fit", "key": key, "period": day, "value": lines["fit"][key][i]})
    for name, of in (("recursive", "rate"), ("cusum", "path")):
        if not lines[name]:
            continue
        for i, day in enumerate(lines[name]["periods"]):
            value = "" if lines[name][of] is None else lines[name][of][i]
            if name == "cusum":
                low, high = -lines[name]["boundary"][i], lines[name]["boundary"][i]
            else:
                low, high = lines[name]["low"][i], lines[name]["high"][i]
            writer.writerow({"section": name, "period": day, "value": value, "low": low, "high": high})
    for finding in result["findings"]:
        writer.writerow(
            {
                "section": "finding",
                "key": finding["code"],
                "note_zh": safe(finding["text"]["zh"]),
                "note_en": safe(finding["text"]["en"]),
            }
        )
    for line in result["proof"]:
        writer.writerow({"section": "proof", "note_en": safe(line)})
    return out.getvalue().encode("utf-8-sig")


def run_csv(products: Sequence[tuple[str, str, Mapping[str, Any] | None, Mapping[str, Any] | None]]) -> bytes:
    """Return the products of a run as a table: name, state, line or reason, and the adjusted p."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    keys = ("grade", "theta", "low", "high", "shape", "alpha", "bounds", "nobs", "p_zero")
    writer.writerow(["product", "state", *keys, "p_adjusted", "stands", "verdict_zh", "verdict_en"])
    for name, state, head, found in products:
        of = head or {}
        told = of.get("verdict") or of.get("text") or {"zh": "", "en": ""}
        cells = ["" if of.get(key) is None else of[key] for key in keys]
        adjusted = ["", ""] if found is None else [found["adjusted"], found["stands"]]
        writer.writerow([safe(name), state, *cells, *adjusted, safe(told["zh"]), safe(told["en"])])
    return out.getvalue().encode("utf-8-sig")
