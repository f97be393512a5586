"""Cases of an importer's year that a trade lawyer can read, and what must hold of any year."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbam.calendar import ics
from cbam.certificate_account import duty_from
from cbam.declaration import DeclaredLine, declaration
from models.files import DATA, read_yaml
from models.law import load_law
from service.importer.use import ImporterYear, YearResult, worked_out
from tests.law.test_cbam_cases import HERE

CASES = read_yaml(HERE / "importer_year.yaml")
BOOK = load_law(DATA / "law")


def line(on: dt.date, mass: float, code: str = "73089059", **more: Any) -> DeclaredLine:
    return DeclaredLine(cn_code=code, origin="CN", net_mass_t=mass, imported_on=on, **more)


def made(case: Mapping[str, Any]) -> YearResult:
    moves = [
        {
            "on": on,
            "kind": kind,
            "certificates": n,
            "price_eur": None if price is None else Decimal(str(price)),
            "for_year": case["year"],
        }
        for on, kind, n, price in case.get("moves", [])
    ]
    asked = ImporterYear.model_validate(
        {
            "year": case["year"], "imports": [line(*row) for row in case["imports"]], "moves": moves, "on": case.get("on"),
            "surrendered_last_year": case.get("surrendered_last_year"), "authorised": case.get("authorised", True),
            "penalty_eur": case.get("penalty"),
        }
    )  # fmt: skip
    return worked_out(asked, BOOK, dt.date(case["year"], 12, 31))


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_case(case: dict[str, Any]) -> None:
    found = made(case)
    account, stakes = found.account, {row.key: row.value for row in found.penalties.rows()} if found.penalties else {}
    shown: dict[str, Any] = {
        "in_scope": found.threshold.in_scope,
        "by_plan": found.threshold.by_plan,
        "passed_on": found.threshold.passed_on,
        "booked": found.threshold.booked_t,
        "total": found.threshold.total_t,
        "certificates": found.certificates,
        "to_buy": found.to_buy,
        "quarters": len(found.holdings),
        "penalty": stakes.get("penalty"),
        "base": found.penalties and found.penalties.per_certificate_2013_eur,
        "unauthorised": [stakes.get("unauthorised_low"), stakes.get("unauthorised_high")],
        "reducible": found.penalties and found.penalties.may_be_reduced,
        "calendar": {duty.key: duty.on for duty in found.calendar},
    }
    if account:
        shown |= {
            "duty": [q.due for q in account.quarters],
            "required": [q.required for q in account.quarters],
            "short": [q.short for q in account.quarters],
            "held": account.held,
            "spent": None if account.spent_eur is None else float(account.spent_eur),
            "repurchase_limit": account.repurchase_limit,
            "cancelled": account.cancelled,
            "cancelled_on": account.cancelled_on,
        }
    for name, wanted in case["expect"].items():
        if name == "calendar":
            assert shown[name].items() >= wanted.items()
        elif isinstance(wanted, float | int | list) and not isinstance(wanted, bool):
            assert shown[name] == pytest.approx(wanted, rel=1e-9), name
        else:
            assert shown[name] == wanted, name
    if "finds" in case:
        assert sorted(f.code for f in found.findings) == sorted(case["finds"])


days = st.dates(dt.date(2027, 1, 1), dt.date(2027, 12, 31))
masses = st.floats(0.001, 500, allow_nan=False)
codes = st.sampled_from(["73089059", "72083700", "76042100", "73181210"])
lines = st.lists(st.tuples(days, masses, codes, st.sampled_from(["甲", "乙", None])), min_size=1, max_size=12)


@given(lines, st.randoms(use_true_random=False))
def test_the_declaration_adds_up_to_the_lines_in_any_order(
    rows: list[tuple[dt.date, float, str, str | None]], random: Any
) -> None:
    imports = [line(on, mass, code, installation=plant) for on, mass, code, plant in rows]
    found = declaration(imports, BOOK)
    alone = [declaration([one], BOOK) for one in imports]
    assert found.certificates == pytest.approx(sum(one.certificates for one in alone), rel=1e-12)
    assert found.net_mass_t == pytest.approx(sum(one.net_mass_t for one in imports), rel=1e-12)
    assert sum(group.lines for group in found.groups) == len(imports)
    random.shuffle(imports)
    again = declaration(imports, BOOK)
    assert [(g.cn_code, g.installation, g.lines) for g in again.groups] == [
        (g.cn_code, g.installation, g.lines) for g in found.groups
    ]
    assert again.certificates == pytest.approx(found.certificates, rel=1e-12)


@given(lines, st.tuples(days, masses, codes))
def test_one_more_import_never_lowers_what_is_held_or_bought(
    rows: list[tuple[dt.date, float, str, str | None]], more: tuple[dt.date, float, str]
) -> None:
    def of(imports: list[DeclaredLine]) -> YearResult:
        return worked_out(ImporterYear(year=2027, imports=tuple(imports)), BOOK, dt.date(2027, 12, 31))

    few = [line(on, mass, code) for on, mass, code, _ in rows]
    one, other = of(few), of([*few, line(*more)])
    assert other.to_buy >= one.to_buy
    for before, after in zip(one.holdings, other.holdings, strict=False):
        assert after.by_defaults >= before.by_defaults - 1e-9


@pytest.mark.parametrize(
    ("passed", "first"),
    [
        ("2027-01-01", "2027-06-30"),
        ("2027-03-31", "2027-06-30"),
        ("2027-04-01", "2027-09-30"),
        ("2027-12-31", "2028-03-31"),
    ],
)
def test_the_duty_begins_at_the_end_of_the_next_quarter(passed: str, first: str) -> None:
    assert duty_from(dt.date.fromisoformat(passed)) == dt.date.fromisoformat(first)


def test_the_calendar_file_is_iCalendar() -> None:
    found = made(CASES[4])
    text = ics(found.calendar, dt.date(2026, 11, 25), "zh")
    assert text.startswith("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n")
    assert text.count("BEGIN:VEVENT") == len(found.calendar) == text.count("END:VEVENT")
    assert all(len(part.encode()) <= 75 for part in text.split("\r\n"))
    assert text == ics(found.calendar, dt.date(2026, 11, 25), "zh")
