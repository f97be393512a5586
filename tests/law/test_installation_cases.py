"""Every case of ``cbam_installation.yaml``, by its own figures and in exact fractions."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from models.files import read_yaml
from models.law import LawBook
from tests.cbam.oracle import Oracle
from tests.cbam.plants import FUELS, assess, codes_of

CASES = read_yaml(Path(__file__).parent / "cbam_installation.yaml")


def figures(made: Any) -> dict[str, Any]:
    rows = {row.key: row.value for row in made.rows()}
    rows |= {"route": made.route, "held": len(made.ground.held), "declared_sefa": made.declared_sefa_tco2e_per_t}
    return rows | {"share_default": made.share_default}


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_case(case: dict[str, Any], book: LawBook) -> None:
    assert set(case) <= {"name", "why", "input", "expect", "refuse", "say"}
    law = book.at(dt.date(case["input"]["year"], 12, 31))
    made = assess(case["input"], law)
    for key, want in case.get("expect", {}).items():
        got = figures(made.processes[key])
        for name, value in want.items():
            said = f"{key} {name}\n{made.processes[key].summary('en')}"
            assert got[name] == (value if isinstance(value, str) else pytest.approx(value, rel=1e-12, abs=1e-15)), said
    assert {key: error.code for key, error in made.refused.items()} == case.get("refuse", {}), codes_of(made)
    assert set(case.get("say", ())) <= set(codes_of(made))
    doc = case["input"] | {"processes": [p | {"route": p.get("route")} for p in case["input"]["processes"]]}
    for p in doc["processes"]:
        if p["id"] in made.processes:
            p["route"] = made.processes[p["id"]].route
    oracle = Oracle(doc, law, FUELS)
    for key, one in made.processes.items():
        want_of = oracle.of(key)
        assert one.attributed_t == pytest.approx(float(want_of.attributed), rel=1e-12)
        assert one.see_tco2e_per_t == pytest.approx(float(want_of.see), rel=1e-12)
        assert one.sefa_tco2e_per_t == pytest.approx(float(want_of.sefa), rel=1e-12)


def test_the_cases_cover_what_they_must() -> None:
    assert len(CASES) >= 20
    assert len({case["name"] for case in CASES}) == len(CASES)
    assert all("why" in case for case in CASES if "refuse" not in case)
