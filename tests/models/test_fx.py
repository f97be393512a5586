"""Exchange rates: finished periods only, no guess, and what the ECB's daily table says of them."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import BadData, OutOfRange, placeholders
from models.files import DATA, read_yaml
from models.fx import NoRate, RateTooOld, TableStatistic, UnknownCurrency, load_fx, user_rate
from models.law import CONFIDENCE

D = dt.date.fromisoformat
TABLE = load_fx(DATA)


def test_today() -> None:
    found = TABLE.rate("CNY", D("2026-11-25"))
    assert (found.value, found.period, found.statistic) == (7.4326, "2026-10", "month_end")
    assert (found.until, found.age_days) == (D("2026-10-31"), 25)
    assert found.source in read_yaml(DATA / "sources" / "markets.yaml")
    assert found.confidence in CONFIDENCE
    assert (
        found.read().line() == "fx.cny_per_eur.month_end = 7.4326 since 2026-10-31 [ecb-reference-rates, two_secondary]"
    )


@pytest.mark.parametrize(
    ("on", "period"),
    [
        ("2026-10-29", "2026-09"),
        ("2026-10-30", "2026-10"),  # Friday, the last weekday: the last rate of the month is known
        ("2026-09-29", "2026-08"),
        ("2026-09-30", "2026-09"),
        ("2026-05-28", "2026-04"),
        ("2026-05-29", "2026-05"),
        ("2024-02-28", "2024-01"),
        ("2024-02-29", "2024-02"),
    ],
)
def test_a_month_speaks_once_it_is_over(on: str, period: str) -> None:
    assert TABLE.rate("CNY", D(on)).period == period
    assert TABLE.rate("CNY", D(on), statistic="month_mean").period == period


def test_beyond_the_table_is_refused_not_guessed() -> None:
    limit = TABLE.policy.month_end
    last = D("2026-10-31") + dt.timedelta(days=limit)
    assert TABLE.rate("CNY", last).period == "2026-10"
    with pytest.raises(RateTooOld) as refused:
        TABLE.rate("CNY", last + dt.timedelta(days=1))
    assert refused.value.params["age_days"] == limit + 1
    assert "2026-10" in refused.value.text("zh")
    assert "录入" in refused.value.mend("zh")
    with pytest.raises(NoRate):
        TABLE.rate("CNY", D("2005-04-28"))


def test_means_and_the_part_years() -> None:
    assert TABLE.rate("CNY", D("2026-11-25"), statistic="month_mean").value == 7.488286
    found = TABLE.rate("CNY", D("2026-11-25"), statistic="year_mean")
    assert (found.value, found.period) == (8.118504, "2025")
    assert TABLE.rate("CNY", D("2025-12-31"), statistic="year_mean").period == "2025"
    assert TABLE.rate("CNY", D("2025-12-30"), statistic="year_mean").period == "2024"
    # 2026 ends in October and 2005 starts in April: neither has a yearly mean.
    assert TABLE.rate("CNY", D("2026-12-31"), statistic="year_mean").period == "2025"
    with pytest.raises(RateTooOld):
        TABLE.rate("CNY", D("2027-01-02"), statistic="year_mean")
    with pytest.raises(NoRate):
        TABLE.rate("CNY", D("2006-01-15"), statistic="year_mean")


def test_cross_rates() -> None:
    on = D("2026-11-25")
    assert TABLE.rate("CNY", on, per="USD").value == pytest.approx(7.4326 / 1.1172)
    assert TABLE.rate("CNY", on, per="HKD").value == pytest.approx(7.4326 / 8.7652)
    assert TABLE.rate("EUR", on, per="CNY").value == pytest.approx(1 / 7.4326)
    same = TABLE.rate("CNY", D("2030-01-01"), per="CNY")
    assert (same.value, same.statistic) == (1.0, "identity")
    with pytest.raises(UnknownCurrency) as refused:
        TABLE.rate("GBP", on)
    assert "CNY" in refused.value.mend("zh")
    with pytest.raises(UnknownCurrency):
        TABLE.rate("CNY", on, per="XXX")


CODES = st.sampled_from(["EUR", "CNY", "USD", "HKD"])
STATISTICS = st.sampled_from(["month_end", "month_mean", "year_mean"])


@given(CODES, CODES, CODES, st.dates(D("2007-01-01"), D("2026-12-31")), STATISTICS)
def test_rates_agree_with_each_other(a: str, b: str, c: str, on: dt.date, statistic: TableStatistic) -> None:
    there, back = (TABLE.rate(x, on, per=y, statistic=statistic).value for x, y in ((a, b), (b, a)))
    assert there * back == pytest.approx(1.0)
    by_way = TABLE.rate(a, on, per=c, statistic=statistic).value * TABLE.rate(c, on, per=b, statistic=statistic).value
    assert there == pytest.approx(by_way)
    found = TABLE.rate(a, on, per=b, statistic=statistic)
    assert found.until <= on + dt.timedelta(days=2)


def test_user_rate_is_the_users() -> None:
    found = user_rate("CNY", 7.5, D("2026-11-20"), "bank offer")
    assert (found.value, found.statistic, found.source, found.age_days) == (7.5, "user", "user: bank offer", 0)
    assert found.read().confidence in CONFIDENCE
    for bad in (0.0, -7.0, float("nan"), float("inf")):
        with pytest.raises(OutOfRange):
            user_rate("CNY", bad, D("2026-11-20"), "x")


def test_rows_and_errors_are_bilingual() -> None:
    rows = TABLE.rate("CNY", D("2026-11-25")).rows()
    assert all(row.label.zh and row.label.en for row in rows)
    for kind in (UnknownCurrency, NoRate, RateTooOld):
        assert placeholders(kind.message.zh) == placeholders(kind.message.en)
        assert placeholders(kind.hint.zh) == placeholders(kind.hint.en)
    for entry in read_yaml(DATA / "fx" / "policy.yaml").values():
        assert entry["basis"] == "house policy"
        assert entry["note"]
        assert entry["note_zh"]


@pytest.mark.parametrize(
    ("was", "becomes"), [("2026-05,", "2026-12,"), ("7.4326", "-7.4326"), ("7.4326", "n/a"), ("CNY_last", "CNY")]
)
def test_a_broken_table_is_refused(tmp_path: Path, was: str, becomes: str) -> None:
    folder = tmp_path / "fx"
    folder.mkdir()
    for path in (DATA / "fx").iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    table = folder / "ecb_eur_monthly.csv"
    text = table.read_text()
    assert was in text
    table.write_text(text.replace(was, becomes, 1))
    with pytest.raises(BadData, match="ecb_eur_monthly"):
        load_fx(tmp_path)


@pytest.mark.shared
class TestAgainstDailyRates:
    @pytest.fixture
    def daily(self, shared: Callable[[str], Path]) -> dict[dt.date, float]:
        with shared("fx/ecb_eur_daily.csv").open(encoding="utf-8", newline="") as file:
            return {D(row["date"]): float(row["CNY"]) for row in csv.DictReader(file) if row["CNY"]}

    def test_the_rate_was_set_on_or_before_the_day(self, daily: dict[dt.date, float]) -> None:
        days = sorted(daily)
        months: dict[str, list[dt.date]] = {}
        for day in days:
            months.setdefault(f"{day:%Y-%m}", []).append(day)
        for day in days[60::7]:
            found = TABLE.rate("CNY", day)
            month = months[found.period]
            assert month[-1] <= day
            assert found.value == daily[month[-1]]
            mean = sum(daily[d] for d in month) / len(month)
            assert TABLE.rate("CNY", day, statistic="month_mean").value == pytest.approx(mean, abs=1e-6)

    def test_shipped_tables_are_the_reference_tables(self, shared: Callable[[str], Path]) -> None:
        for name in ("ecb_eur_monthly.csv", "ecb_eur_yearly.csv"):
            assert (DATA / "fx" / name).read_bytes() == shared(f"shippable/{name}").read_bytes()
