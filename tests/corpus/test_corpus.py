"""Every file of the corpus: nothing silently wrong, and what stands beside the file is what happens."""

from __future__ import annotations

import shutil
from collections import Counter
from typing import Any

import pytest

from service.workbook import package
from service.workbook import read as module
from service.workbook.child import known_heading
from service.workbook.guard import RawSheet, read_sheets
from service.workbook.problems import FileProblem
from service.workbook.raw import sheets_of
from tests.corpus.bombs import BOMBS
from tests.corpus.corpus import every, resaved
from tests.corpus.draft import Case, good_draft
from tests.corpus.mutants import _try
from tests.corpus.score import Reader, graded
from tests.corpus.shaping import in_sheet, members, packed


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> Reader:
    def here(data: bytes, **_: Any) -> list[RawSheet]:
        # The child does the same; a process for each file takes its time, and ``python -m tests.corpus`` takes it.
        return [RawSheet(head, list(rows)) for head, rows in sheets_of(data, known_heading)]

    monkeypatch.setattr(module, "read_sheets", here)
    return Reader()


def score(reader: Reader, cases: list[Case]) -> None:
    outcomes = [graded(case, *reader(case.data, case.filename)) for case in cases]
    told = [f"{one.verdict}: {one.case.name} (to {one.case.behaviour}): {one.why}" for one in outcomes]
    assert not [line for line in told if line.startswith("silently wrong")]
    assert not [line for line in told if not line.startswith("right")]


def test_the_corpus(reader: Reader) -> None:
    cases = every()
    names = Counter(case.name for case in cases)
    assert len(cases) >= 150
    assert sum(" + " in case.axis for case in cases) >= 50
    assert {b for case in cases for b in [case.behaviour]} == {"ok", "reject", "ask"}
    assert not [name for name, times in names.items() if times > 1]
    score(reader, cases)


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
def test_what_libreoffice_saves_again(reader: Reader) -> None:
    score(reader, list(resaved(("de-DE",))))


def test_a_reader_that_guesses_is_found_out() -> None:
    """The score itself: a row that is kept with another mass, kept in place of a question, or lost, is silently wrong."""
    case = next(case for case in every() if case.name == "mass '250000' csv")
    reader = Reader()
    goods, findings = reader(case.data, case.filename)
    assert graded(case, goods, findings).verdict == "right"
    assert graded(case, goods, []).verdict == "silently wrong"
    wrong = [good.model_copy(update={"net_mass_t": good.net_mass_t * 1000}) for good in goods]
    assert graded(case, wrong, findings).verdict == "silently wrong"
    guessed = goods[0].model_copy(update={"line": 3})
    assert graded(case, [*goods, guessed], findings).verdict == "silently wrong"


@pytest.mark.parametrize("name", ["entities", "outside", "far", "lying_dimension", "deep_xml", "csv_numbers"])
def test_a_bomb_is_answered(name: str) -> None:
    if name in ("lying_dimension", "csv_numbers"):
        assert read_sheets(BOMBS[name]())[0].rows
        return
    with pytest.raises(FileProblem) as told:
        read_sheets(BOMBS[name]())
    assert told.value.text("zh")


def test_mutants(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "read_sheets", read_sheets)  # put back what trying replaces
    assert _try(0, 400).broken == ()


def test_a_member_without_a_name() -> None:
    with pytest.raises(FileProblem):
        package.inspect(packed(members(good_draft().write()) | {"qqqq": b"x"}).replace(b"qqqq", b"\0qqq"))


@pytest.mark.parametrize("place", ["D99999999999", "DDDD3", "3D", "", "D3 D4", "Ω3"])
def test_a_cell_that_is_nowhere(place: str) -> None:
    """The parser takes a place as it stands and makes room up to it."""
    draft = good_draft()
    draft.bytes_changes.append(lambda data: in_sheet(data, lambda xml: xml.replace(b'r="D3"', f'r="{place}"'.encode())))
    with pytest.raises(FileProblem):
        read_sheets(draft.write())
