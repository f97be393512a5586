"""The report: the same records as the page, as a workbook that can be filed."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import islice
from typing import Any

from xlsxwriter.format import Format

from models.files import DATA, read_yaml
from service.workbook.layout import default_layout
from service.workbook.paper import (
    ACCENT,
    PALE,
    REQUIRED,
    RULE,
    SOFT,
    Field,
    Paper,
    digits,
    heading_height,
    safe,
    widths_of,
)
from service.workbook.parts import LEVELS
from service.workbook.summary import score_sheet, summary

#: Lines whose steps are unfolded in the report; the steps of the others are on the page and in the API.
STEPS_OF = 200
#: Colour of each band of columns of the lines.
_BANDS = {"goods": "#3B4A54", "border": ACCENT, "other": "#8A5A1C", "home": "#2F5D7C"}
_SEVERITY = {"error": REQUIRED, "question": "#8A5A1C", "warning": "#8A5A1C", "info": SOFT}
#: Runs of rows that are named for a note that many rows share.
_RUNS = 60
_REFUSED = "#FBEFE8"
_SIGN = re.compile(r"^[=x×-] ")
_NONE: Mapping[str, Any] = {}


@cache
def report_words() -> Mapping[str, Any]:
    """Return the words of the report, with those of the workbook that it shares."""
    told = read_yaml(DATA / "words" / "report.yaml")
    layout = default_layout()
    shared = {
        group: {word.key: {"zh": word.text.zh, "en": word.text.en} for word in layout.words[group]}
        for group in ("basis", "state", "regime", *LEVELS.values())
    }
    return dict(told) | {"words": dict(told["words"]) | shared}


@cache
def _documents() -> Mapping[str, Mapping[str, Any]]:
    return {
        key: source for path in sorted((DATA / "sources").glob("*.yaml")) for key, source in read_yaml(path).items()
    }


def write_report(document: Mapping[str, Any], lang: str = "zh") -> bytes:
    """
    Return an assessment as an xlsx workbook, in both languages.

    Parameters
    ----------
    document : mapping
        As ``Assessment.to_dict`` gives it, or as it was kept; steps are
        written for the lines that carry them, up to ``STEPS_OF``.
    lang : {"zh", "en"}
        The language that comes first.

    Returns
    -------
    bytes
        The file; the same document gives the same bytes.
    """
    out = io.BytesIO()
    key = str(document["key"])
    words = report_words()
    title = f"{words['texts']['title']['zh']} {words['texts']['title']['en']} {key[:12]}"
    paper = Paper(out, words, lang, title=title, foot=f"粤碳 Yuetan · {document['as_of']} · {key[:16]}")
    summary(paper, document)
    _lines(paper, document["lines"])
    _projection(paper, document)
    _sites(paper, document.get("installations") or [])
    if document.get("score"):
        score_sheet(paper, document["score"])
    _findings(paper, document)
    _steps(paper, document)
    _sources(paper, document["reads"])
    paper.close()
    return out.getvalue()


def _lines(paper: Paper, lines: Sequence[Mapping[str, Any]]) -> None:
    bands = {key: paper.fields(one["columns"]) for key, one in paper.words["lines"].items()}
    fields = [field for band in bands.values() for field in band]
    page = paper.sheet("lines", widths_of(fields), across=2)
    page.set_row(0, 20)
    page.set_row(1, heading_height(fields))
    at = 0
    for key, band in bands.items():
        look = paper.look(
            bold=True, font_color="#FFFFFF", bg_color=_BANDS[key], align="left", valign="vcenter", indent=1
        )
        page.merge_range(0, at, 0, at + len(band) - 1, paper.both(paper.words["lines"][key]), look)
        at += len(band)
    for at, (key, field) in enumerate((key, field) for key, band in bands.items() for field in band):
        paper.head(page, 1, at, field, _BANDS[key])
    page.freeze_panes(2, 3)
    page.repeat_rows(0, 1)
    page.repeat_columns(0, 2)
    page.autofilter(1, 0, len(lines) + 1, len(fields) - 1)
    # Fifty thousand rows pass here: what a column needs is looked up once.
    plan = [_column(paper, at, field) for at, field in enumerate(fields)]
    cells = [cell for cell in plan if cell[1] != "refused"]
    why = next(at for at, of, *_ in plan if of == "refused")
    text, number = page.write_string, page.write_number
    for row, record in enumerate(lines, 2):
        refused = record["status"] != "ok"
        for at, of, under, words, plain, marked in cells:
            value = (record.get(of) or _NONE).get(under) if under else record.get(of)
            if value is None or value == "":
                continue
            look = marked if refused else plain
            if isinstance(value, str):
                text(row, at, safe(words.get(value, value) if words else value), look)
            else:
                number(row, at, value, look)
        if refused:
            said = "；".join(paper.both(f["text"]) for f in record["findings"])
            text(row, why, safe(said), paper.look(font_color=REQUIRED, indent=1))


def _column(paper: Paper, at: int, field: Field) -> tuple[int, str, str, Mapping[str, str] | None, Format, Format]:
    of, _, under = field.of.partition(".")
    words = {k: paper.both(w) for k, w in paper.words["words"][field.words].items()} if field.words else None
    kind = {"num_format": field.pattern} if field.pattern else {"num_format": "@", "align": "left", "indent": 1}
    given: dict[str, Any] = kind | {"bold": field.strong}
    return at, of, under, words, paper.look(**given), paper.look(bg_color=_REFUSED, **given)


def _unfolded(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Give the lines that are shown at length."""
    return islice((record for record in document["lines"] if record["status"] == "ok"), STEPS_OF)


def _more(paper: Paper, document: Mapping[str, Any]) -> str:
    more = document["totals"]["lines_ok"] - STEPS_OF
    return paper.text("first_lines", shown=STEPS_OF, more=more) if more > 0 else ""


def _projection(paper: Paper, document: Mapping[str, Any]) -> None:
    fields = paper.fields(paper.words["projection"])
    page = paper.sheet("projection", [*widths_of(fields), 14, 14, 14, 14])
    years = document["totals"]["projection"]
    paper.heading(page, 0, fields)
    for row, year in enumerate(years, 1):
        for at, field in enumerate(fields):
            paper.put(page, row, at, year.get(field.of), paper.look(num_format=field.pattern, bold=field.strong,
                      bottom=4, bottom_color=RULE))  # fmt: skip
    count = len(years)
    page.write_string(count + 1, 0, paper.text("projection"), paper.look(font_color=SOFT))
    page.insert_chart(count + 2, 0, _chart(paper, years, fields), {"x_offset": 4, "y_offset": 8})
    row = count + 24
    records = [record for record in _unfolded(document) if record.get("projection")]
    if not records:
        return
    paper.part(page, row, paper.text("by_line", " · "), 11)
    page.write_string(row + 1, 0, _more(paper, document), paper.look(font_color=SOFT))
    row += 2
    goods = paper.words["lines"]["goods"]["columns"]
    heads = paper.fields({of: goods[of] for of in ("line", "product", "cn_code")})
    heads += [Field(str(y["year"]), str(y["year"]), 14, "#,##0.00", None, False) for y in years]
    paper.heading(page, row, heads)
    plain, money = paper.look(align="left", indent=1), paper.look(num_format="#,##0.00")
    for at_row, record in enumerate(records, row + 1):
        for at, of in enumerate(("line", "product", "cn_code")):
            paper.put(page, at_row, at, record[of], plain if at else paper.look(num_format="0"))
        costs = {str(one["year"]): one["cost_eur"] for one in record["projection"]}
        for at, field in enumerate(heads[3:], 3):
            paper.put(page, at_row, at, costs.get(field.of), money)


def _chart(paper: Paper, years: Sequence[Mapping[str, Any]], fields: Sequence[Field]) -> Any:
    name, count = paper.words["sheets"]["projection"], len(years)
    chart = paper.book.add_chart({"type": "line"})
    of = {field.of: at for at, field in enumerate(fields)}
    marker = {"type": "circle", "size": 5, "border": {"color": "#FFFFFF"}}
    for key, colour, dash, width in (
        ("high_eur", "#9DB8B4", "dash", 1.5),
        ("low_eur", "#9DB8B4", "dash", 1.5),
        ("with_actual_eur", REQUIRED, "solid", 2.25),
        ("cost_eur", ACCENT, "solid", 2.5),
    ):
        if all(year.get(key) is None for year in years):
            continue
        chart.add_series({
            "name": fields[of[key]].heading.replace("\n", " · "),
            "categories": [name, 1, 0, count, 0],
            "values": [name, 1, of[key], count, of[key]],
            "line": {"color": colour, "width": width, "dash_type": dash},
            "marker": marker | {"fill": {"color": colour}} if dash == "solid" else {"type": "none"},
        })  # fmt: skip
    chart.set_title({"name": paper.text("chart", " · "), "name_font": {"size": 12, "color": ACCENT}, "overlay": False})
    chart.set_legend({"position": "bottom"})
    chart.set_y_axis({"num_format": "#,##0", "min": 0, "line": {"none": True},
                      "major_gridlines": {"visible": True, "line": {"color": "#E3E9E7"}}})  # fmt: skip
    chart.set_x_axis({"line": {"color": RULE}})
    chart.set_chartarea({"border": {"color": RULE}})
    chart.set_size({"width": 980, "height": 400})
    return chart


def _sites(paper: Paper, sites: Sequence[Mapping[str, Any]]) -> None:
    fields = paper.fields(paper.words["sites"])
    page = paper.sheet("sites", widths_of(fields), "#2F5D7C")
    paper.heading(page, 0, fields, _BANDS["home"])
    page.freeze_panes(1, 0)
    page.repeat_rows(0)
    if not sites:
        page.write_string(1, 0, paper.text("no_sites"), paper.look(font_color=SOFT))
    row = 1
    for number, site in enumerate(sites):
        ground = {"bg_color": PALE} if number % 2 == 0 else {}
        for one in site["rows"]:
            if one["key"] in ("installation", "compliance_year"):
                continue
            value = one["value"]
            if one["key"] == "regime":
                value = paper.word("regime", site["regime"])
            values = [site["installation"], site["compliance_year"], paper.both(one["label"]),
                      "—" if value is None else value, one["unit"], paper.both(one["note"], "\n")]  # fmt: skip
            wrap = paper.wrap(**ground)
            figure = paper.look(num_format=digits(one["digits"]), align="right", text_wrap=True, **ground)
            looks = [wrap, paper.look(num_format="0", align="left", **ground), wrap, figure, wrap, wrap]
            paper.row(page, row, values, looks, widths_of(fields))
            row += 1


def _findings(paper: Paper, document: Mapping[str, Any]) -> None:
    fields = paper.fields(paper.words["findings"])
    page = paper.sheet("findings", widths_of(fields), REQUIRED)
    paper.heading(page, 0, fields)
    page.freeze_panes(1, 0)
    page.repeat_rows(0)
    seen: list[Mapping[str, Any]] = list(document["findings"])
    # What was found in the file and what was found in its line are one finding where code and row are the same.
    told = {(f["code"], f.get("row")) for f in seen}
    for record in document["lines"]:
        seen += [f | {"row": record["line"]} for f in record["findings"] if (f["code"], record["line"]) not in told]
    if not seen:
        page.write_string(1, 0, paper.text("no_findings"), paper.look(font_color=SOFT))
        return
    shown = _gathered(seen)
    page.autofilter(0, 0, len(shown), len(fields) - 1)
    line = {"bottom": 4, "bottom_color": RULE}
    wrap = paper.wrap(**line)
    for row, (finding, places) in enumerate(shown, 1):
        mark = paper.wrap(bold=True, font_color=_SEVERITY.get(finding["severity"], SOFT), **line)
        values = [
            paper.word("severity", finding["severity"]),
            finding.get("sheet"),
            places,
            paper.both(finding["text"], "\n"),
            paper.both(finding["hint"], "\n"),
            finding.get("found"),
            finding["code"],
        ]
        paper.row(page, row, values, [mark, *[wrap] * 6], widths_of(fields))


def _gathered(seen: Sequence[Mapping[str, Any]]) -> list[tuple[Mapping[str, Any], str | int | None]]:
    """
    Return each finding with its place; a note that many rows share stands once, with all its places.

    A list of goods without installations has the same note in every row: fifty
    thousand equal lines would hide the few that ask for something.
    """
    made: list[tuple[Mapping[str, Any], list[tuple[str, int | None]]]] = []
    known: dict[tuple[Any, ...], list[tuple[str, int | None]]] = {}
    for finding in seen:
        column = str(finding.get("cell") or "").rstrip("0123456789")
        place = (column, finding.get("row"))
        what = (finding["code"], finding.get("sheet"), column, finding["text"]["zh"], finding.get("found"))
        if finding["severity"] == "info" and what in known:
            known[what].append(place)
            continue
        known[what] = [place]
        made.append((finding, known[what]))
    return [
        (finding, _places(places) if len(places) > 1 else finding.get("cell") or places[0][1])
        for finding, places in made
    ]


def _places(places: Sequence[tuple[str, int | None]]) -> str:
    """Return places of one column as a spreadsheet writes them: ``L5, L7:L9``."""
    column = places[0][0]
    runs: list[list[int]] = []
    for row in sorted({row for _, row in places if row is not None}):
        if runs and row == runs[-1][1] + 1:
            runs[-1][1] = row
        else:
            runs.append([row, row])
    said = ", ".join(f"{column}{a}" if a == b else f"{column}{a}:{column}{b}" for a, b in runs[:_RUNS])
    return f"{said}, … ({len(places)})" if len(runs) > _RUNS else said


def _steps(paper: Paper, document: Mapping[str, Any]) -> None:
    fields = paper.fields(paper.words["steps"])
    page = paper.sheet("steps", widths_of(fields))
    paper.heading(page, 0, fields)
    page.freeze_panes(1, 2)
    page.repeat_rows(0)
    legend, row = document["legend"], 1
    for number, record in enumerate(_unfolded(document)):
        ground = {"bg_color": PALE} if number % 2 == 0 else {}
        wrap = paper.wrap(**ground)
        for part, steps in record.get("steps", {}).items():
            for key, value, zh, en in steps:
                what = legend.get(f"{part}.{key}") or {"zh": key, "en": key, "unit": "", "digits": 2}
                # "= CBAM cost": the sign of a sum is no part of the name, and would look like a formula.
                name = {
                    "zh": _SIGN.sub("", what["zh"]),
                    "en": _SIGN.sub(lambda m: "less " if m[0] == "- " else "", what["en"]),
                }
                figure = paper.look(num_format=digits(what["digits"]), align="right", **ground)
                values = [record["line"], record["product"], paper.word("part", part), paper.both(name),
                          "—" if value is None else value, what["unit"], paper.both({"zh": zh, "en": en}, "\n")]  # fmt: skip
                paper.row(page, row, values, [wrap, wrap, wrap, wrap, figure, wrap, wrap], widths_of(fields))
                row += 1
    page.write_string(row, 0, _more(paper, document), paper.look(font_color=SOFT))


def _sources(paper: Paper, reads: Sequence[Mapping[str, Any]]) -> None:
    fields = paper.fields(paper.words["sources"])
    page = paper.sheet("sources", widths_of(fields), "#3B4A54")
    paper.heading(page, 0, fields)
    page.freeze_panes(1, 1)
    page.repeat_rows(0)
    page.autofilter(0, 0, max(1, len(reads)), len(fields) - 1)
    documents = _documents()
    line = {"bottom": 4, "bottom_color": RULE}
    wrap, value = (
        paper.wrap(**line),
        paper.look(align="right", text_wrap=True, num_format="General", **line),
    )
    looks = [value if field.of == "value" else wrap for field in fields]
    for row, read in enumerate(reads, 1):
        cited = [documents[one] for one in str(read["source"]).split(", ") if one in documents]
        made = dict(read) | {
            "value": "—" if read["value"] is None else read["value"],
            "confidence": paper.word("confidence", read["confidence"]),
            "title": "\n".join(str(one[what]) for one in cited for what in ("title", "url") if one.get(what)),
            "note": " · ".join(x for x in (paper.text("held") if read["assumed"] else "", read["note"]) if x),
        }
        paper.row(page, row, [made.get(field.of) for field in fields], looks, widths_of(fields))
