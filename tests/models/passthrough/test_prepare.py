"""From what a user gives to a sample: thin markets, gaps, tax, units, rolls, and everything that is refused."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from models.passthrough.errors import BadSeries, NotEstimable
from models.passthrough.prepare import Sample, by_period, period_of, prepare
from models.passthrough.series import Raw, read

START = dt.date(2022, 1, 3)


def weeks(n: int) -> list[dt.date]:
    return [START + dt.timedelta(days=7 * i) for i in range(n)]


def walk(n: int, at: float, seed: int) -> list[float]:
    return (at + np.cumsum(np.random.default_rng(seed).standard_normal(n))).tolist()


def both(n: int = 80, price: dict | None = None, carbon: dict | None = None) -> Sample:
    first = {"name": "steel", "days": weeks(n), "values": walk(n, 4000.0, 1)} | (price or {})
    second = {"name": "carbon", "days": weeks(n), "values": walk(n, 150.0, 2)} | (carbon or {})
    return prepare(Raw(**first), Raw(**second))


def codes(sample: Sample) -> set[str]:
    return {finding.code.removeprefix("passthrough.") for finding in sample.findings}


def test_a_clean_pair_comes_through_as_it_is() -> None:
    sample = both()
    assert sample.y == pytest.approx(walk(80, 4000.0, 1))
    assert sample.x[:, 0] == pytest.approx(walk(80, 150.0, 2))
    assert sample.periods[0] == dt.date(2022, 1, 9)
    assert not sample.findings
    assert sample.inputs_hash == both().inputs_hash


def test_periods_end_where_people_expect() -> None:
    assert period_of(dt.date(2024, 12, 31), "weekly") == dt.date(2025, 1, 5)
    assert period_of(dt.date(2024, 2, 3), "monthly") == dt.date(2024, 2, 29)
    assert period_of(dt.date(2024, 11, 3), "quarterly") == dt.date(2024, 12, 31)


def test_thin_market_weights_by_volume_and_leaves_untraded_weeks_out() -> None:
    days = [START + dt.timedelta(days=i) for i in (0, 1, 7, 8, 14)]
    found, untraded = by_period(read(Raw("p", days, [10, 20, 30, 30, 50], volumes=[1, 3, 0, 0, 5])), "weekly")
    assert list(found.values()) == pytest.approx([17.5, 50.0])
    assert untraded == pytest.approx(0.4)


def test_short_holes_are_bridged_and_counted_and_long_ones_cut_the_sample() -> None:
    values: list[float | None] = list(walk(120, 4000.0, 1))
    values[10] = values[11] = None
    values[90] = values[91] = values[92] = None
    sample = both(120, {"values": values})
    assert sample.filled == 2
    assert len(sample.y) == 90
    assert {"filled", "gap"} <= codes(sample)
    assert sample.y[10] == pytest.approx(values[9] + (values[12] - values[9]) / 3)


def test_tax_by_date_units_and_text_days() -> None:
    raw = Raw(
        "p",
        ["2018年4月30日", "2018-05-01", "2019/4/1"],
        ["4.64", "4.64", "4.52"],
        unit="CNY/kg",
        vat=[(dt.date(2017, 1, 1), 0.17), (dt.date(2018, 5, 1), 0.16), (dt.date(2019, 4, 1), 0.13)],
    )
    assert read(raw).values == pytest.approx([4640 / 1.17, 4000.0, 4000.0])


def test_rolls_are_taken_out_and_the_raw_series_kept() -> None:
    found = read(Raw("p", weeks(4), [100, 101, 131, 132], rolls=[(weeks(4)[2], 30.0)]))
    assert found.values == pytest.approx([130, 131, 131, 132])
    assert found.unadjusted == pytest.approx([100, 101, 131, 132])


@pytest.mark.parametrize(
    ("price", "carbon", "says"),
    [
        ({"days": [*weeks(79), weeks(79)[-1]]}, {}, "more than once"),
        ({"days": ["soon", *weeks(80)[1:]]}, {}, "not a date"),
        ({"days": ["2022-02-30", *weeks(80)[1:]]}, {}, "not a date"),
        ({"values": ["dear", *walk(79, 4000, 1)]}, {}, "not a number"),
        ({"unit": "USD/st"}, {}, "unit"),
        ({"products": ["rebar", "coil"] * 40}, {}, "share one column"),
        ({"values": [4000.0] * 80}, {}, "constant"),
        ({}, {"values": [150.0] * 80}, "never moves"),
        ({"values": [4000.0]}, {}, "do not match"),
        ({"vat": [(dt.date(2023, 1, 1), 0.13)]}, {}, "VAT"),
        ({"vat": [(dt.date(2020, 1, 1), 13)]}, {}, "VAT"),
        ({"values": [4000.0 if i % 7 else 12.0 for i in range(80)]}, {}, "to and fro"),
        ({}, {"name": "steel"}, "same name"),
        ({}, {"days": [dt.date(2022, 1 + i % 12, 1).replace(year=2022 + i // 12) for i in range(30)], "values": walk(30, 9, 1)},
         "less often"),
    ],
)  # fmt: skip
def test_what_has_no_single_reading_is_refused_in_two_languages(price: dict, carbon: dict, says: str) -> None:
    with pytest.raises(BadSeries, match=says) as refused:
        both(80, price, carbon)
    assert refused.value.text("zh")
    assert refused.value.mend("zh")
    assert refused.value.mend("en")


@pytest.mark.parametrize("n", [2, 20, 39])
def test_a_short_sample_is_refused(n: int) -> None:
    with pytest.raises(NotEstimable, match="periods"):
        both(n)


def test_series_that_never_meet_are_refused() -> None:
    with pytest.raises(NotEstimable, match="in common"):
        both(80, {"days": [day.replace(year=day.year - 10) for day in weeks(80)]})


def test_repeated_prices_and_scales_are_told() -> None:
    stale = np.repeat(walk(20, 4000.0, 1), 5).tolist()
    sample = both(100, {"values": stale}, {"values": walk(100, 9e6, 2)})
    assert sample.repeated_share == pytest.approx(80 / 99)
    assert {"repeated", "scale"} <= codes(sample)
