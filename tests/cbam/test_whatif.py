"""A sector in columns: the same cents as good by good, totals that agree however they are added, refusals counted."""

from __future__ import annotations

from random import Random

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cbam.consignment import Basis
from cbam.price_lines import price_lines
from cbam.scenarios import YearlyGood, outlook
from cbam.whatif import By, Sector, SectorLines, sector
from tests.cbam.decisions import BOOK, GRID, LAWS, PATHS, YEARS

LINES = price_lines(PATHS, GRID, BOOK, YEARS)
CODES = ("73089059", "72083700", "76042990", "76042100", "73181535")


def table(rows: list[dict[str, object]]) -> pd.DataFrame:
    blank = {"actual": False, "see_tco2e_per_t": np.nan, "sefa_tco2e_per_t": np.nan, "data_year": 0}
    return pd.DataFrame([blank | row for row in rows])


def run(rows: list[dict[str, object]], by: By = "exporter") -> Sector:
    return sector(SectorLines.of(table(rows), by), by, LAWS, YEARS, LINES, "flat")


@st.composite
def lines(draw: st.DrawFn) -> list[dict[str, object]]:
    made = []
    for _ in range(draw(st.integers(1, 8))):
        row: dict[str, object] = {
            "exporter": draw(st.sampled_from(["甲", "乙", "丙"])),
            "cn_code": draw(st.sampled_from(CODES)),
            "origin": draw(st.sampled_from(["CN", "IN", "IS", "DE", "KH", "QQ"])),
            "tonnes_per_year": draw(st.floats(0.001, 1e5)),
        }
        if draw(st.booleans()):
            see, sefa = draw(st.floats(0, 8)), draw(st.floats(0, 4))
            row |= {"actual": True, "see_tco2e_per_t": see, "sefa_tco2e_per_t": sefa,
                    "data_year": draw(st.integers(2026, 2033))}  # fmt: skip
        made.append(row)
    return made


@settings(max_examples=40)
@given(lines())
def test_the_same_cents_as_good_by_good(rows: list[dict[str, object]]) -> None:
    made = run(rows)
    want = np.zeros_like(made.total_eur)
    for row in rows:
        kept = {k: v for k, v in row.items() if k in YearlyGood.model_fields}
        basis = Basis.ACTUAL if row.get("actual") else Basis.DEFAULT
        want += outlook([YearlyGood.model_validate(kept)], basis, LAWS, YEARS, LINES, "flat").total_eur
    assert not made.refused
    assert np.abs(made.total_eur - want).max() < 1e-6 * len(rows) + 1e-12 * want.max()


@settings(max_examples=40)
@given(lines(), st.randoms())
def test_order_does_not_matter_and_totals_agree_however_they_are_added(
    rows: list[dict[str, object]], random: Random
) -> None:
    made, mixed = run(rows), [*rows]
    random.shuffle(mixed)
    again = run(mixed)
    assert made.groups == again.groups
    assert np.array_equal(made.cost_cents, again.cost_cents)
    assert np.array_equal(made.ranked, again.ranked)
    by_code, by_origin = run(rows, "cn_code"), run(rows, "origin")
    for other in (by_code, by_origin):
        assert np.array_equal(other.cost_cents.sum(axis=0), made.cost_cents.sum(axis=0))
        assert other.tonnes.sum() == pytest.approx(made.tonnes.sum())
    cost = made.rank_cents[made.ranked]
    assert (np.diff(cost) <= 0).all()
    grid = [i for i, line in enumerate(LINES) if line.grid]
    assert (np.diff(made.cost_cents[:, :, grid], axis=2) >= 0).all()  # a higher price never costs less


def test_the_floor_is_per_line_and_a_surplus_helps_nobody() -> None:
    clean = {"exporter": "甲", "cn_code": "76042100", "origin": "CN", "tonnes_per_year": 1000.0, "actual": True,
             "see_tco2e_per_t": 0.1, "sefa_tco2e_per_t": 1.4, "data_year": 2026}  # fmt: skip
    dirty = {"exporter": "甲", "cn_code": "73089059", "origin": "CN", "tonnes_per_year": 10.0}
    both, alone = run([clean, dirty]), run([dirty])
    assert both.cost_cents[0, 0, 0, 0] == alone.cost_cents[0, 0, 0, 0] == 390310


def test_refused_lines_are_counted_by_reason_and_the_rest_is_kept() -> None:
    rows: list[dict[str, object]] = [
        {"exporter": "甲", "cn_code": "73089059", "origin": "CN", "tonnes_per_year": 10.0},
        {"exporter": "乙", "cn_code": "73170080", "origin": "CN", "tonnes_per_year": 10.0},
        {"exporter": "乙", "cn_code": "12345678", "origin": "CN", "tonnes_per_year": 10.0},
        {"exporter": "丙", "cn_code": "73089059", "origin": "CN", "tonnes_per_year": -1.0},
        {"exporter": "丙", "cn_code": "73089059", "origin": "CN", "tonnes_per_year": 5.0, "actual": True,
         "see_tco2e_per_t": 2.0, "sefa_tco2e_per_t": np.nan, "data_year": 2026},
        {"exporter": "丙", "cn_code": "73089059", "origin": "CN", "tonnes_per_year": 5.0, "actual": True,
         "see_tco2e_per_t": 2.0, "sefa_tco2e_per_t": 1.0, "data_year": 2034},
        {"exporter": "丙", "cn_code": "73089059", "origin": "CN", "tonnes_per_year": 5.0, "actual": True,
         "see_tco2e_per_t": 2.0, "sefa_tco2e_per_t": 1.0},
    ]  # fmt: skip
    made = run(rows)
    assert made.refused == {
        "cbam.incomplete_actual": 3,
        "cbam.unknown_code": 1,
        "cbam.out_of_scope": 1,
        "input.out_of_range": 1,
    }
    assert made.cost_cents.sum(axis=0)[0, 0, 0] == 390310
    assert made.tonnes.sum() == 10
    assert len([key for key in (row.key for row in made.rows()) if key.startswith("rank.")]) == 3
    shown = {row.key: row for row in made.rows()}
    assert "6" in shown["lines"].note.en
    assert "网格" in shown["in_force.2026"].note.zh
    assert "CSCF" in shown["in_force.2031"].note.zh
    assert shown["rank.1"].label.en == "1. 甲"
    assert made.proof()


def test_no_lines_at_all() -> None:
    made = sector(SectorLines.of(table([])[[]].reindex(columns=["exporter", "cn_code", "origin", "tonnes_per_year"])),
                  "exporter", LAWS, YEARS, LINES, "flat")  # fmt: skip
    assert made.groups == ()
    assert made.total_eur.sum() == 0
