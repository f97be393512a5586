"""Every case of an import line (``cbam_*.yaml`` but the installation's): written by people who know the law, run as tests."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from cbam.consignment import Consignment
from cbam.exposure import Exposure, assess_import
from cbam.prices import PricePath, Pricing
from cbam.projection import project
from models.errors import YuetanError
from models.files import DATA, read_yaml
from models.law import LawBook, load_law

HERE = Path(__file__).parent
CASES = [(path.name, case) for path in sorted(HERE.glob("cbam_[!i]*.yaml")) for case in read_yaml(path)]
_OVERLAYS = {p.name: p for folder in ("drafts", "editions") for p in (DATA / folder).iterdir()}


def _run(case: dict[str, Any], book: LawBook, paths: dict[str, PricePath]) -> Exposure:
    if names := case.get("law"):
        book = load_law(DATA / "law", [_OVERLAYS[name] for name in names])
    price = case.get("price", {})
    return assess_import(
        Consignment.model_validate(case["input"]),
        book,
        Pricing(paths, price.get("path", "flat"), price.get("use_scenario", False)),
    )


@pytest.mark.parametrize(("file", "case"), CASES, ids=[f"{f}: {c['name']}" for f, c in CASES])
def test_case(file: str, case: dict[str, Any], book: LawBook, paths: dict[str, PricePath]) -> None:
    assert set(case) <= {"name", "input", "price", "law", "expect", "refuse", "years"}, f"unknown field in {file}"
    if code := case.get("refuse"):
        with pytest.raises(YuetanError) as refused:
            _run(case, book, paths)
        assert refused.value.code == code
        return
    made = _run(case, book, paths)
    figures = {row.key: row.value for row in made.rows()} | {
        "price_status": made.price.status,
        "origin": str(made.embedded.origin),
        "route": made.default.route if made.default else None,
        "row": made.default.row.key_part(1) + " " + made.default.row.key_part(2) if made.default else None,
    }
    for name, want in case["expect"].items():
        if isinstance(want, float | int) and want is not True:
            assert figures[name] == pytest.approx(want, rel=1e-12, abs=1e-12), f"{name}\n{made.summary('en')}"
        else:
            assert figures[name] == want, f"{name}\n{made.summary('en')}"
    if wanted := case.get("years"):
        price = case.get("price", {})
        pricing = Pricing(paths, price.get("path", "flat"), price.get("use_scenario", False))
        names = case.get("law", [])
        of = load_law(DATA / "law", [_OVERLAYS[name] for name in names]) if names else book
        by_year = {y.year: y for y in project(made, of, pricing)}
        for year, want in wanted.items():
            got = by_year[year]
            for name, value in want.items():
                assert getattr(got, name) == pytest.approx(value, rel=1e-12), f"{year} {name}"


def test_there_are_cases() -> None:
    assert len(CASES) >= 40
    assert len({case["name"] for _, case in CASES}) == len(CASES)


def test_cases_use_dates(book: LawBook) -> None:
    """A date that YAML reads as text would still pass pydantic; keep the files honest."""
    assert all(isinstance(case["input"]["imported_on"], dt.date) for _, case in CASES)
