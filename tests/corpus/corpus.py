"""The files: each pollution alone, pairs of them, and what LibreOffice makes of some."""

from __future__ import annotations

import itertools
import random
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from tests.corpus import damage, dialects, layouts
from tests.corpus.cells import CELLS, Cell
from tests.corpus.draft import GOODS, Case, Draft, case_of, good_draft
from tests.corpus.shaping import SHAPES, Shape

#: Their import enters the shapes.
_ENTERED = (damage, dialects, layouts)
LOCALES = ("zh-CN", "de-DE")
#: Shapes that leave the rows where they are said to be, so that a cell can be spoiled beside them.
_BASES = (
    "encoding 'gb18030'", "encoding 'utf-16'", "mark ';'", "mark '\\t'", "newline '\\r'", "semicolon_and_decimal_comma", "german_throughout",
    "title_rows", "total_row", "blank_rows", "repeated_heading", "english_heading", "columns_of_others_between", "heading_of_two_rows",
    "hidden_row", "merged_mass", "days_from_1904", "subtotals_between", "kilograms_under_a_heading_that_says_so", "full_width_digits",
)  # fmt: skip


def _written(cell: Cell) -> str:
    return f"{cell.column} {cell.written!r}"[:60]


def spoil(draft: Draft, cell: Cell, line: int) -> None:
    """Write a spoiled cell where the draft has its column."""
    draft.set(line, cell.column, cell.written, cell.behaviour, **(cell.means or {}))


def single() -> Iterator[Case]:
    """Yield the good table and each pollution alone."""
    for kind in ("xlsx", "csv"):
        yield case_of(f"good {kind}", "good", good_draft(kind))
        for cell in CELLS:
            if kind in cell.kinds:
                draft = good_draft(kind)
                spoil(draft, cell, 1)
                yield case_of(f"{_written(cell)} {kind}", cell.axis, draft)
        for shape in SHAPES:
            if kind in shape.kinds:
                draft = good_draft(kind)
                shape.change(draft)
                yield case_of(f"{shape.name} {kind}", shape.axis, draft)


def pairs(count: int = 160, seed: int = 1) -> Iterator[Case]:
    """Yield pairs: two cells of two rows, or a cell in a table of another shape; drawn alike each time."""
    rng = random.Random(seed)
    bases = [shape for shape in SHAPES if shape.name in _BASES]
    mixed: list[tuple[Shape | Cell, Cell]] = list(itertools.product(bases, CELLS))
    mixed = rng.sample(mixed, count * 3) + [(a, b) for a, b in (rng.sample(CELLS, 2) for _ in range(count))]
    rng.shuffle(mixed)
    made = 0
    for first, second in mixed:
        kinds = [kind for kind in ("csv", "xlsx") if kind in first.kinds and kind in second.kinds]
        if not kinds or (isinstance(first, Shape) and first.axis == second.axis) or _entangled(first, second):
            continue
        draft = good_draft(rng.choice(kinds))
        if isinstance(first, Cell):
            spoil(draft, first, 1)
            name, other, axis = _written(first), 3, first.axis
        else:
            # The cell first: a shape may write whole columns, and the cell stays as it was written.
            first.change(draft)
            name, other, axis = first.name, 1, first.axis
        if isinstance(first, Shape) and "columns_of_others" in first.name and second.column != "product":
            continue
        _second(draft, second, other)
        yield case_of(f"{name} + {_written(second)} {draft.kind}", f"{axis} + {second.axis}", draft)
        made += 1
        if made == count:
            return


def _second(draft: Draft, cell: Cell, line: int) -> None:
    one = draft.lines[line]
    if line != 1 and not cell.means and cell.behaviour == "ok":
        # What the cell means is said for the second line of the table: the row it is moved to means that then.
        one.good = one.good._replace(**{cell.column: getattr(GOODS[1], cell.column)})
    spoil(draft, cell, line)


def _entangled(first: Shape | Cell, second: Cell) -> bool:
    """Whether two pollutions change what the other one means, so that neither's behaviour holds as it is stated."""
    if isinstance(first, Cell):
        return False
    numbers = ("quantity", "intensity", "price")
    if first.name in ("semicolon_and_decimal_comma", "german_throughout"):
        return second.axis in numbers
    if first.name in ("kilograms_under_a_heading_that_says_so", "merged_mass"):
        return second.column == "mass"
    if first.name == "full_width_digits":
        return False
    if first.name == "days_from_1904":
        return second.column == "day"
    return False


def resaved(locales: tuple[str, ...] = LOCALES) -> Iterator[Case]:
    """Yield what LibreOffice writes when it opens some of the workbooks and saves them as xlsx and as CSV, by locale."""
    office = shutil.which("soffice")
    if office is None:
        return
    wanted = ("good xlsx", "code 73089059 xlsx", "day '2026年5月12日' xlsx", "mass '10 t' xlsx", "title_rows xlsx", "total_row xlsx",
              "hidden_row xlsx", "merged_mass xlsx", "formulas_without_results xlsx", "repeated_heading xlsx", "day '03/04/2026' xlsx",
              "days_from_1904 xlsx")  # fmt: skip
    cases = [case for case in single() if case.name in wanted]
    for locale in locales:
        with tempfile.TemporaryDirectory() as folder:
            here = Path(folder)
            _profile(here / "profile", locale)
            for at, case in enumerate(cases):
                (here / f"{at}.xlsx").write_bytes(case.data)
            for kind, wish in (("xlsx", "xlsx"), ("csv", _CSV)):
                out = here / kind
                subprocess.run(
                    [office, "--headless", f"-env:UserInstallation=file://{here / 'profile'}", "--convert-to", wish, "--outdir", str(out),
                     *(str(here / f"{at}.xlsx") for at in range(len(cases)))],
                    check=True, capture_output=True, timeout=170,
                )  # fmt: skip
                for at, case in enumerate(cases):
                    found = out / f"{at}.{kind}"
                    if found.exists():
                        yield _again(case, locale, kind, found.read_bytes())


#: Semicolon (59), quotation (34), UTF-8 (76), as shown on the screen.
_CSV = "csv:Text - txt - csv (StarCalc):59,34,76,1,,0,false,true,false"


def _again(case: Case, locale: str, kind: str, data: bytes) -> Case:
    lines = case.lines
    if "formulas" in case.name:  # it computes them on opening
        lines = {row: replace(line, behaviour="ok") for row, line in lines.items()}
    if kind == "csv" and ("hidden" in case.name):  # a CSV has no hidden rows: what was not shown is written
        lines = {row: replace(line, behaviour="ok") for row, line in lines.items()}
    if kind == "csv" and "merged" in case.name:  # nor merged cells: the second row has no mass
        lines = {
            row: replace(line, behaviour="reject" if at == 2 else "ok") for at, (row, line) in enumerate(lines.items())
        }
    return Case(
        f"{case.name} re-saved {locale} {kind}",
        f"LibreOffice {locale}",
        f"goods.{kind}",
        data,
        lines,
        case.whole,
        case.keeps,
    )


def _profile(folder: Path, locale: str) -> None:
    (folder / "user").mkdir(parents=True)
    (folder / "user" / "registrymodifications.xcu").write_text(
        '<?xml version="1.0" encoding="UTF-8"?><oor:items xmlns:oor="http://openoffice.org/2001/registry">'
        '<item oor:path="/org.openoffice.Setup/L10N"><prop oor:name="ooSetupSystemLocale" oor:op="fuse">'
        f"<value>{locale}</value></prop></item></oor:items>",
        encoding="utf-8",
    )


def every(*, office: bool = False) -> list[Case]:
    """Return all files; those of LibreOffice where asked for and where it is installed."""
    return [*single(), *pairs(), *(resaved() if office else ())]
