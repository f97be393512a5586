"""The reader of the law: what it answers, what it remembers, and every kind of file it refuses."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from models.errors import BadData, NotInForce, UnknownParameter
from models.files import DATA, read_yaml
from models.law import LawBook, load_law

ENTRY = """
label: A share
label_zh: 某份额
unit: fraction
values:
  2026-01-01: {value: 0.5, source: s, confidence: official}
  2027-01-01: {value: 0.4, until: 2027-12-31, source: s, confidence: official}
"""


def law(folder: Path, **files: str) -> LawBook:
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_csv", ".csv").replace("_yaml", ".yaml")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return load_law(folder)


def test_a_value_holds_until_the_next_and_the_read_is_remembered(tmp_path: Path) -> None:
    book = law(tmp_path, eu__share_yaml=ENTRY)
    at = book.at(dt.date(2026, 12, 31))
    assert at.number("eu.share") == 0.5
    assert book.at(dt.date(2027, 1, 1)).number("eu.share") == 0.4
    assert list(at.reads) == ["eu.share"]
    assert at.reads["eu.share"].line() == "eu.share = 0.5 since 2026-01-01 [s, official]"
    assert book.changes == (dt.date(2026, 1, 1), dt.date(2027, 1, 1), dt.date(2028, 1, 1))
    assert [book.at(dt.date(y, 6, 1)).epoch for y in (2025, 2026, 2027, 2028)] == [0, 1, 2, 3]


@pytest.mark.parametrize("day", ["2025-12-31", "2028-01-01"])
def test_before_the_first_and_after_the_last_day_is_refused(tmp_path: Path, day: str) -> None:
    with pytest.raises(NotInForce) as refused:
        law(tmp_path, eu__share_yaml=ENTRY).at(dt.date.fromisoformat(day)).number("eu.share")
    assert "eu.share" in refused.value.text("zh")
    assert day in refused.value.text("en")


def test_an_entry_that_may_be_held_says_so(tmp_path: Path) -> None:
    book = law(tmp_path, eu__share_yaml=ENTRY + "beyond: hold\n")
    read = book.at(dt.date(2030, 1, 1)).read("eu.share")
    assert read.assumed
    assert "assumption" in read.line()
    assert not book.at(dt.date(2027, 6, 1)).read("eu.share").assumed


def test_unknown_parameter_names_itself(tmp_path: Path) -> None:
    with pytest.raises(UnknownParameter) as refused:
        law(tmp_path, eu__share_yaml=ENTRY).at(dt.date(2026, 1, 1)).number("eu.shares")
    assert "eu.shares" in refused.value.text("zh")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("2027-01-01", "2025-01-01", "do not rise"),
        ("official", "certain", "confidence"),
        ("source: s, ", "", "needs value, source, confidence"),
        ("unit: fraction", "units: fraction", "unknown fields"),
        ("label_zh: 某份额", "", "missing fields"),
        ("until: 2027-12-31", "until: 2026-12-31", "ends on"),
        ("2027-01-01", "2026-01-01", "appears twice"),
        ("unit: fraction", "unit: fraction\nunit: t", "appears twice"),
        ("2027-01-01:", "next year:", "ISO date"),
        ("values:", "beyond: forever\nvalues:", "beyond is"),
        ("{value: 0.5", "{value: [", "eu/share.yaml"),
    ],
)
def test_a_file_with_one_mistake_is_refused_by_name(tmp_path: Path, old: str, new: str, says: str) -> None:
    assert old in ENTRY
    with pytest.raises(BadData) as refused:
        law(tmp_path, eu__share_yaml=ENTRY.replace(old, new, 1))
    assert "share" in str(refused.value)
    assert says == "eu/share.yaml" or says in str(refused.value)


def test_norway_stays_norway(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text("origins: [NO, on, yes, true]", encoding="utf-8")
    assert read_yaml(path) == {"origins": ["NO", "on", "yes", True]}


def test_a_table_wants_its_columns(tmp_path: Path) -> None:
    head = "label: T\nlabel_zh: 表\nkeys: [code]\nattrs: [route]\nbeyond: refuse\n"
    good = (
        "code,since,until,value,route,unit,source,confidence,note\n7308,2026-01-01,,6.035,C,tCO2e per t,s,official,\n"
    )
    book = law(tmp_path / "a", eu__t_yaml=head, eu__t_csv=good)
    read = book.at(dt.date(2026, 1, 1)).row("eu.t", "7308")
    assert read is not None
    assert (read.value, read.attr("route"), read.key_part(0)) == (6.035, "C", "7308")
    assert book.at(dt.date(2026, 1, 1)).row("eu.t", "7309") is None
    with pytest.raises(BadData, match="columns are"):
        law(tmp_path / "b", eu__t_yaml=head, eu__t_csv=good.replace("note", "notes"))


def test_an_overlay_changes_what_it_names_and_signs_it(tmp_path: Path) -> None:
    law(tmp_path / "law", eu__share_yaml=ENTRY)
    law(tmp_path / "draft-7", eu__share_yaml=ENTRY.replace("0.5", "0.9"))
    book = load_law(tmp_path / "law", [tmp_path / "draft-7"])
    read = book.at(dt.date(2026, 1, 1)).read("eu.share")
    assert (read.value, read.scenario) == (0.9, "draft-7")
    assert book.scenarios == ("draft-7",)
    law(tmp_path / "stray", eu__other_yaml=ENTRY)
    with pytest.raises(BadData, match="not a parameter of the law"):
        load_law(tmp_path / "law", [tmp_path / "stray"])
    with pytest.raises(BadData, match="no such folder"):
        load_law(tmp_path / "law", [tmp_path / "nowhere"])


def test_the_draft_of_2026_changes_the_factor_only(book: LawBook) -> None:
    draft = load_law(DATA / "law", [DATA / "drafts" / "com-2026-616"])
    changed = {key for key, entry in draft.entries.items() if entry != book.entries[key]}
    assert changed == {"eu.cbam.cbam_factor"}
    assert draft.at(dt.date(2034, 1, 1)).number("eu.cbam.cbam_factor") == 0.15
    assert book.at(dt.date(2034, 1, 1)).number("eu.cbam.cbam_factor") == 0
