"""A change of law: what differs, what it does to goods, and that nothing of the old is lost."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbam.editions import PARTS, changed_goods, changes
from cbam.exposure import default_path
from cbam.goods import SCOPE
from models.errors import YuetanError
from models.files import DATA
from models.law import LawBook, load_law

FIRST = load_law(DATA / "law", [DATA / "editions" / "eu-2025-2621"])
DRAFT = load_law(DATA / "law", [DATA / "drafts" / "com-2026-616"])
MAY = dt.date(2026, 5, 12)
YEARS = range(2026, 2035)


def test_two_editions_of_the_default_values_side_by_side(book: LawBook) -> None:
    found = {change.key: change for change in changes(FIRST.at(MAY), book.at(MAY), "eu.cbam")}
    assert found["eu.cbam.default_value_edition"].kind == "value"
    table = {key: change for key, change in found.items() if key.startswith("eu.cbam.default_values[")}
    assert table
    moved = [change for change in table.values() if change.kind == "value"]
    for change in moved:
        assert change.before is not None
        assert change.after is not None
        assert change.before.source == "eu-2025-2621"
        assert change.after.source == "eu-2026-1740"
    assert not [key for key in found if key.startswith("eu.cbam.benchmarks")]


def test_the_same_law_on_the_same_day_has_no_changes(book: LawBook) -> None:
    assert changes(book.at(MAY), book.at(MAY)) == []


def test_the_draft_moves_the_factor_and_nothing_else(book: LawBook) -> None:
    day = dt.date(2028, 5, 12)
    found = changes(book.at(day), DRAFT.at(day))
    assert [(c.key, c.kind) for c in found] == [("eu.cbam.cbam_factor", "value")]


def test_a_structure_from_2026_to_2027_by_hand(book: LawBook) -> None:
    """6.035 x (1.1 -> 1.2), 1.491 x (0.975 -> 0.95): exact fractions."""
    (made,) = changed_goods(book.at(MAY), book.at(dt.date(2027, 5, 12)), [("73089059", "CN")])
    assert made.due_before == pytest.approx(5.184775, rel=1e-12)
    assert made.due_after == pytest.approx(float(Fraction("7.242") - Fraction("1.41645")), rel=1e-12)
    parts = dict(made.parts)
    assert parts["markup"] == pytest.approx(0.6035, rel=1e-12)
    assert parts["cbam_factor"] == pytest.approx(1.491 * 0.025, rel=1e-12)
    assert parts["default_value"] == parts["benchmark"] == parts["cscf"] == 0.0


def test_an_origin_that_owes_nothing_and_a_code_that_is_not_ours(book: LawBook) -> None:
    norway, pan = changed_goods(book.at(MAY), book.at(MAY), [("73089059", "NO"), ("76151080", "CN")])
    assert (norway.due_before, norway.due_after, norway.difference) == (0.0, 0.0, 0.0)
    assert pan.difference is None
    assert pan.refused.zh


codes = sorted(code for (code,) in FIRST.tables[SCOPE].rows if len(code) == 8)
tables = sorted({key[1] for key in FIRST.tables["eu.cbam.default_values"].rows})


@given(st.sampled_from(codes), st.sampled_from(tables), st.sampled_from(list(YEARS)), st.sampled_from(list(YEARS)))
def test_the_parts_add_up(code: str, origin: str, year: int, other: int) -> None:
    (made,) = changed_goods(FIRST.at(dt.date(year, 7, 1)), DRAFT.at(dt.date(other, 7, 1)), [(code, origin)])
    if made.difference is not None:
        assert sum(part for _, part in made.parts) == pytest.approx(made.difference, rel=1e-9, abs=1e-12)
        assert [name for name, _ in made.parts] in ([], [name for name, _ in PARTS])


def test_every_code_and_origin_in_every_year_resolves_or_is_refused_by_name(book: LawBook) -> None:
    """The full product of 536 codes, every origin of the tables and 2026 to 2034; China and other countries leave none open."""
    assert len(codes) == 536
    refused: dict[str, set[tuple[str, str]]] = {}
    for year in YEARS:
        law = book.at(dt.date(year, 7, 1))
        for origin in tables:
            for code in codes:
                try:
                    path = default_path(law, origin, code)
                except YuetanError as refusal:
                    refused.setdefault(refusal.code, set()).add((origin, code))
                    continue
                assert 0 < path.see_tco2e_per_t < 50
                assert 0 <= path.sefa_tco2e_per_t < 10
                assert (path.sefa_tco2e_per_t == 0) == (year == 2034)
                if year > 2030 and year < 2034:
                    assert path.held, f"{code} {year}: values after 2030 are an assumption"
    assert set(refused) == {"cbam.route_needed"}
    assert not [pair for pair in refused["cbam.route_needed"] if pair[0] in ("CN", "ZZ")]
    assert len(refused["cbam.route_needed"]) == 560


def test_hot_rolled_coil_by_route(book: LawBook) -> None:
    """B benchmarks 1.370, 0.481 and 0.072 for routes C, D and E."""
    law = book.at(MAY)
    found = [law.row("eu.cbam.benchmarks", "72083700", "B", route) for route in "CDE"]
    assert [read.value if read else None for read in found] == [1.370, 0.481, 0.072]
