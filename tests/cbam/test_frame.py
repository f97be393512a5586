"""The column path gives what the line by line path gives, refusals included."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from cbam.consignment import Basis, Consignment
from cbam.exposure import Exposure, assess_import
from cbam.frame import STATUS, assess_frame
from cbam.goods import candidates
from cbam.prices import PricePath, Pricing
from cbam.stretches import codes_of
from models.errors import OutOfRange, YuetanError
from models.law import LawBook


def lines(book: LawBook, n: int, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    known = [int(c) for c in candidates(book, "")]
    actual = rng.random(n) < 0.3
    see, sefa = rng.uniform(0, 8, n).round(4), rng.uniform(0, 2, n).round(4)
    stray = rng.random(n) < 0.03
    return pd.DataFrame(
        {
            "cn_code": np.where(
                rng.random(n) < 0.05, rng.choice([25232900, 72044990, 76151080, 1], n), rng.choice(known, n)
            ),
            "origin": pd.Categorical(rng.choice(["CN", "IN", "NO", "DE", "MK", "XK", "ZZ"], n)),
            "net_mass_t": rng.uniform(0.001, 500, n).round(3),
            "imported_on": np.datetime64("2025-12-01") + rng.integers(0, 3000, n).astype("timedelta64[D]"),
            "actual": actual,
            "see_tco2e_per_t": np.where(actual ^ stray, see, np.nan),
            "sefa_tco2e_per_t": np.where(actual, sefa, np.nan),
            "route": rng.choice(np.array([None, "C", "E", "K", "?"], dtype=object), n, p=[0.6, 0.15, 0.12, 0.1, 0.03]),
            "production_year": rng.choice(np.array([None, 2025, 2026, 2027, 2029, 2031], dtype=object), n),
        }
    )


@pytest.mark.parametrize("use_scenario", [False, True])
def test_frame_equals_line_by_line(book: LawBook, paths: dict[str, PricePath], use_scenario: bool) -> None:
    pricing = Pricing(paths, "reuters-2026-01", use_scenario)
    frame = lines(book, 4000, seed=7)
    made = assess_frame(frame, book, pricing)
    seen = set()
    for want, got in zip(frame.itertuples(), made.itertuples(), strict=True):
        try:
            one: Exposure | str = assess_import(
                Consignment(
                    cn_code=f"{want.cn_code:08d}",
                    origin=want.origin,
                    net_mass_t=want.net_mass_t,
                    imported_on=want.imported_on.date(),
                    basis=Basis.ACTUAL if want.actual else Basis.DEFAULT,
                    see_tco2e_per_t=None if np.isnan(want.see_tco2e_per_t) else want.see_tco2e_per_t,
                    sefa_tco2e_per_t=None if np.isnan(want.sefa_tco2e_per_t) else want.sefa_tco2e_per_t,
                    route=None if pd.isna(want.route) else want.route,
                    production_year=want.production_year,
                ),
                book,
                pricing,
            )
        except YuetanError as refusal:
            one = refusal.code
        except ValidationError:
            one = OutOfRange.code
        if isinstance(one, str):
            assert STATUS[got.status] == one
            assert np.isnan(got.certificates)
            assert got.cost_cents == 0
        else:
            assert STATUS[got.status] == "ok"
            assert got.certificates == pytest.approx(one.certificates, rel=1e-15, abs=0)
            assert got.cost_cents == round(one.cost_eur * 100)
        seen.add(STATUS[got.status])
    assert seen >= {"ok", "cbam.unknown_code", "cbam.out_of_scope", "cbam.mixed_basis", "cbam.incomplete_actual"}
    assert ("cbam.price_not_published" in seen) is not use_scenario


def test_bad_cells_are_refused_each_and_good_rows_kept(book: LawBook, paths: dict[str, PricePath]) -> None:
    frame = pd.DataFrame(
        {
            "cn_code": ["73089059", "7308 90 59", "73089059", "73089059", "73089059", "73089059", "73089059"],
            "origin": ["CN", "CN", None, "CN", "CN", "CN", "CN"],
            "net_mass_t": [10.0, 10.0, 10.0, -1.0, np.nan, np.inf, 10.0],
            "imported_on": pd.to_datetime(["2026-05-12"] * 6 + [None]),
        }
    )
    made = assess_frame(frame, book, Pricing(paths, "flat"))
    assert [STATUS[s] for s in made["status"]] == [
        "ok",
        "cbam.unknown_code",
        "input.missing",
        "input.out_of_range",
        "input.out_of_range",
        "input.out_of_range",
        "input.missing",
    ]
    assert made["cost_cents"].tolist() == [390310, 0, 0, 0, 0, 0, 0]


def test_empty_and_all_refused(book: LawBook, paths: dict[str, PricePath]) -> None:
    frame = lines(book, 3, seed=1).drop(columns=["route", "production_year"])
    assert assess_frame(frame.iloc[:0], book, Pricing(paths, "flat")).empty
    frame["imported_on"] = pd.Timestamp("2025-06-01")
    assert {STATUS[s] for s in assess_frame(frame, book, Pricing(paths, "flat"))["status"]} == {
        "cbam.transitional_period"
    }


def test_order_and_index_do_not_matter(book: LawBook, paths: dict[str, PricePath]) -> None:
    frame = lines(book, 500, seed=3)
    shuffled = frame.sample(frac=1, random_state=5)
    pricing = Pricing(paths, "flat", use_scenario=True)
    pd.testing.assert_frame_equal(
        assess_frame(shuffled, book, pricing).sort_index(), assess_frame(frame, book, pricing)
    )


def test_look_up_is_free_of_collisions(book: LawBook) -> None:
    codes = codes_of(book)
    place, found = codes.look_up(codes.codes)
    assert np.array_equal(place, np.arange(536))
    assert found.all()
    assert not codes.look_up(np.arange(10**6, dtype=np.int64))[1].any()


def test_sum_over_a_year_is_the_sum_of_its_lines(book: LawBook, paths: dict[str, PricePath]) -> None:
    frame = lines(book, 2000, seed=11)
    frame["imported_on"] = pd.Timestamp(dt.date(2026, 2, 3))
    whole = assess_frame(frame, book, Pricing(paths, "flat"))
    halves = [assess_frame(part, book, Pricing(paths, "flat")) for part in (frame.iloc[:700], frame.iloc[700:])]
    assert whole["cost_cents"].sum() == sum(half["cost_cents"].sum() for half in halves)
