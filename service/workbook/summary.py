"""The two sheets of the report that are read first: the summary, and the score with its breakdown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from xlsxwriter.worksheet import Worksheet

from service.workbook.paper import ACCENT, LINE, PALE, REQUIRED, RULE, SOFT, Paper, lines_of, safe, widths_of
from service.workbook.parts import LEVELS


def summary(paper: Paper, document: Mapping[str, Any]) -> None:
    widths = (2, 38, 27, 33, 33)
    page = paper.sheet("summary", widths, upright=True)
    totals = document["totals"]
    page.set_row(0, 12)
    page.set_row(1, 30)
    name = document["firm"].get("name") or ""
    page.write_string(1, 1, safe(str(name)), paper.look(bold=True, font_size=18, font_color=ACCENT, valign="vcenter"))
    soft = paper.look(font_color=SOFT)
    page.write_string(2, 1, paper.text("title", " · "), paper.look(bold=True))
    page.write_string(3, 1, paper.text("computed", " · ", as_of=document["as_of"], method=document["method"]), soft)
    page.write_string(4, 1, f"{paper.text('key')} {document['key']}", soft)
    page.write_string(5, 1, paper.text("counted", " · ", **totals), soft)
    if document.get("scenarios"):
        page.write_string(6, 1, paper.text("law_of", " · ", names=", ".join(document["scenarios"])),
                          paper.look(font_color=REQUIRED, bold=True))  # fmt: skip
    _tiles(paper, page, 8, document)
    row = 12
    for section in paper.words["summary"].values():
        paper.part(page, row, paper.both(section), 4, first=1)
        row += 1
        for of, told in section["rows"].items():
            known = told["without"] if told.get("needs") and totals.get(told["needs"]) is None else told.get("note")
            note = paper.both({at: known[at].format(**totals) for at in ("zh", "en")}, "\n") if known else ""
            heading = paper.both(told, "\n")
            page.set_row(row, LINE * max(lines_of(heading, widths[1]), lines_of(note, 66)) + 6)
            line = {"bottom": 4, "bottom_color": RULE, "valign": "vcenter"}
            page.write_string(row, 1, heading, paper.look(text_wrap=True, **line))
            paper.put(page, row, 2, totals.get(of), paper.look(num_format=told["as"], align="right", bold=True, **line))
            look = paper.look(text_wrap=True, font_color=SOFT, indent=1, **line)
            page.merge_range(row, 3, row, 4, note, look)
            row += 1
        row += 1
    score = document.get("score")
    for title, texts in (
        ("assumptions", document["assumptions"]),
        ("statements", score["statements"] if score else []),
    ):
        if not texts:
            continue
        paper.part(page, row, paper.text(title), 4, first=1)
        row += 1
        for text in texts:
            said = paper.both(text, "\n")
            page.set_row(row, LINE * lines_of(said, sum(widths[1:])) + 5)
            page.merge_range(row, 1, row, 4, safe(said), paper.look(text_wrap=True, valign="vcenter"))
            row += 1
        row += 1


def _tiles(paper: Paper, page: Worksheet, row: int, document: Mapping[str, Any]) -> None:
    """Write the figures that a reader looks for first."""
    totals, score = document["totals"], document.get("score")
    for at, height in ((row, 34), (row + 1, 34), (row + 2, 34)):
        page.set_row(at, height)
    below: list[str] = []
    for part in range(3):
        for at, (of, told) in enumerate(paper.words["tiles"].items(), 1):
            edge: dict[str, Any] = {
                "bg_color": PALE,
                "indent": 1,
                "right": 5,
                "right_color": "#FFFFFF",
                "text_wrap": True,
            }
            if part == 0:
                look = paper.look(font_color=SOFT, top=5, top_color=ACCENT, valign="vcenter", **edge)
                page.write_string(row, at, paper.both(told, "\n"), look)
            elif part == 1:
                strong = {"bold": True, "font_size": 20, "font_color": ACCENT, "align": "left", "valign": "vcenter"}
                if of != "score":
                    paper.put(
                        page, row + 1, at, totals.get(told["of"]), paper.look(num_format=told["as"], **strong, **edge)
                    )
                    if told.get("below"):
                        below.append(paper.both({x: told["below"][x].format(**totals) for x in ("zh", "en")}, "\n"))
                    else:
                        cny = totals.get("cost_cny")
                        below.append("" if cny is None else f"CNY {cny:,.2f}")
                elif score:
                    page.write_string(
                        row + 1, at, f"{score['shown']} · {score['grade']['id']}", paper.look(**strong, **edge)
                    )
                    below.append(paper.both(score["grade"], "\n"))
                else:
                    page.write_string(row + 1, at, "—", paper.look(**strong, **edge))
                    below.append(paper.text("not_scored", "\n"))
            else:
                page.write_string(row + 2, at, below[at - 1], paper.look(font_color=SOFT, valign="vcenter", **edge))


def score_sheet(paper: Paper, score: Mapping[str, Any]) -> None:
    fields = paper.fields(paper.words["score"])
    page = paper.sheet("score", widths_of(fields), "#8A5A1C")
    paper.heading(page, 0, fields)
    page.freeze_panes(1, 2)
    page.repeat_rows(0)
    wrap, left = paper.wrap(), paper.look(indent=1)
    numbers = [paper.look(num_format=field.pattern or "0.0000", align="right") for field in fields]
    row = 1
    for dimension in score["dimensions"]:
        strong = paper.look(bold=True, bg_color=PALE, font_color=ACCENT, indent=1)
        amount = paper.look(bold=True, bg_color=PALE, font_color=ACCENT, num_format="0.00")
        values = [
            "",
            paper.both(dimension),
            "",
            "",
            "",
            dimension["points"],
            dimension["weight"],
            dimension["contribution"],
            "",
        ]
        for at, value in enumerate(values):
            paper.put(page, row, at, value, amount if 5 <= at <= 7 else strong)
        row += 1
        for line in (one for one in score["lines"] if one["dimension"] == dimension["id"]):
            value, used = (_level(paper, line["id"], line[of]) for of in ("value", "used"))
            values = [line["id"], paper.both(line, "\n"), paper.word("state", line["state"]), value, used,
                      line["points"], line["weight"], line["contribution"], paper.both(line["note"], "\n")]  # fmt: skip
            words = paper.look(text_wrap=True, align="right")
            looks = [left, wrap, wrap, *(words if isinstance(v, str) else numbers[3] for v in (value, used)),
                     *numbers[5:8], wrap]  # fmt: skip
            paper.row(page, row, values, looks, widths_of(fields))
            row += 1
    page.conditional_format(1, 5, row - 1, 5, {"type": "data_bar", "bar_color": "#BFD9D4",
                            "min_type": "num", "min_value": 0, "max_type": "num", "max_value": 100})  # fmt: skip
    total = paper.look(bold=True, top=1, num_format="0.00")
    for at in range(len(fields)):
        page.write_blank(row, at, None, total)
    page.write_string(row, 1, paper.text("before_gates"), total)
    page.write_number(row, 7, score["before_gates"], total)
    grade = f"{score['shown']} · {score['grade']['id']} {paper.both(score['grade'])}"
    page.write_string(row + 1, 1, paper.text("after_gates"), paper.look(bold=True))
    page.write_string(row + 1, 2, grade, paper.look(bold=True, font_color=ACCENT))
    page.write_string(
        row + 2, 1, paper.text("policy", "\n", **score["policy"]).split("\n")[0], paper.look(font_color=SOFT)
    )
    row += 4
    paper.part(page, row, paper.text("reasons"), 8)
    for reason in score["reasons"]:
        row += 1
        page.write_string(row, 0, reason["code"], left)
        page.write_string(row, 1, paper.both(reason, " · "), left)
    row += 2
    paper.part(page, row, paper.text("gates"), 8)
    for gate in score["gates"]:
        row += 1
        state = "open" if gate["answer"] is None else ("binds" if gate["binds"] else "free")
        values = [gate["id"], paper.both(gate, "\n"), paper.word("gate", state), None, None, None, None, None,
                  paper.both(gate["note"], "\n")]  # fmt: skip
        paper.row(page, row, values, [wrap] * len(values), widths_of(fields))


def _level(paper: Paper, indicator: str, value: Any) -> Any:
    return paper.word(LEVELS[indicator], value) if indicator in LEVELS else value
