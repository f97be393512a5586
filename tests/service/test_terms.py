"""Pledged allowances on the real weekly series, margin calls in it, and margin and label over HTTP, page and terminal."""

from __future__ import annotations

import copy
import datetime as dt
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from finance.collateral import PledgePolicy, collateral_price, series_price, watched
from models.files import DATA
from models.market import load_prices
from models.series import daily_series
from service.cli import app
from service.score.kept import EXAMPLE as SCORE
from service.terms.routes import COLLATERAL, TERMS
from service.terms.use import CollateralAsk
from tests.finance.test_collateral import pledge, quotes

API = "/api/v1/finance"
SITE = {"origin": "http://127.0.0.1"}
MARKET = load_prices(DATA)
POLICY = PledgePolicy(z=2.326, days_to_liquidate=10, ltv_cap=0.6, margin_call_ltv=0.75, max_age_days=30)


def test_daily_rows_give_the_price_of_the_daily_formula() -> None:
    days, close, volume = quotes()
    listed = [day.astype(dt.date) for day in days]
    nothing = np.full(len(days), np.nan)
    series = daily_series(
        MARKET.of("GDEA"),
        MARKET.policy.instruments["GDEA"],
        listed,
        close,
        volume,
        nothing,
        source="x",
        confidence="inferred",
    )
    on = dt.date(2025, 3, 3)
    one, other = series_price(series, on, POLICY), collateral_price(days, close, volume, on, POLICY)
    assert (one.value, one.mean, one.last_close, one.first, one.last) == pytest.approx(
        (other.value, other.mean, other.last_close, other.first, other.last)
    )
    assert one.daily_sigma == pytest.approx(other.daily_sigma)


def test_the_weekly_series_by_hand() -> None:
    series, on = MARKET.of("GDEA"), dt.date(2025, 5, 16)
    made = series_price(series, on, POLICY)
    upto = np.flatnonzero((series.last <= np.datetime64(on)) & (series.informative > 0))
    held, rows = 0, []
    for row in upto[::-1]:
        rows.append(row)
        held += int(series.informative[row])
        if held >= 20:
            break
    mean = np.average(series.mean_close[rows], weights=series.volume_t[rows])
    assert made.mean == pytest.approx(mean)
    assert made.value == min(made.mean, series.close[upto[-1]])
    back = series.close[upto[-20:]]
    sigma = np.std(np.diff(np.log(back)), ddof=1) / np.sqrt(series.informative[upto[-20:]].mean())
    assert made.daily_sigma == pytest.approx(sigma)


def test_the_fall_of_2024_calls_the_margin_and_nothing_later_is_known() -> None:
    series = MARKET.of("GDEA")
    first, last = dt.date(2023, 6, 1), dt.date(2025, 5, 16)
    loan = pledge(loan_cny=0.5 * 100_000 * series_price(series, first, POLICY).value)
    watch = watched(loan, series, POLICY, first, last)
    call = watch.first_call
    assert call is not None
    assert call.value is not None
    price = call.value.price.value
    assert price < 0.5 * series_price(series, first, POLICY).value / 0.75 + 1e-9
    assert call.missing_cny == pytest.approx(loan.loan_cny - call.value.loan_cap_cny if loan.loan_cny else 0)
    shorter = watched(loan, series, POLICY, first, call.on)
    assert shorter.days == watch.days[: len(shorter.days)]


def test_over_http(client: TestClient) -> None:
    made = client.post(f"{API}/collateral", json=COLLATERAL)
    assert made.status_code == 200, made.text
    assert "NaN" not in made.text
    assert len(made.json()["watch"]) > 40
    old = client.post(f"{API}/collateral", json=COLLATERAL | {"on": "2026-11-30", "since": None})
    assert (old.status_code, old.json()["code"]) == (422, "finance.collateral_price_old")
    found = client.post(f"{API}/terms", json=TERMS).json()
    assert (found["adjustment_bp"], found["margin_bp"], found["label"]) == (-20.0, 100.0, None)
    assert found["effect_cny"] == pytest.approx(-30e6 * 20 / 1e4 * 90 / 360)
    record = client.post("/api/v1/score-records", json=SCORE).json()["id"]
    linked = client.post(
        f"{API}/terms", json=TERMS | {"grade": None, "record": record, "transition_entity": True}
    ).json()
    assert (linked["grade"], linked["label"]) == ("B", "transition")
    for change, code in (
        ({"grade": "Z"}, "finance.unknown_grade"),
        ({"record": record}, "input.invalid"),
        ({"kpis": TERMS["kpis"] * 2}, "input.invalid"),
        ({"kpis": [TERMS["kpis"][0] | {"target": 9.0}]}, "input.invalid"),
    ):
        refused = client.post(f"{API}/terms", json=TERMS | change)
        assert (refused.status_code, refused.json()["code"]) == (422, code)


def test_on_the_page(client: TestClient) -> None:
    flat = (
        {k: v for k, v in COLLATERAL.items() if not isinstance(v, dict)} | COLLATERAL["pledge"] | COLLATERAL["policy"]
    )
    form: dict[str, Any] = {k: str(v) for k, v in flat.items()} | {"carried_over": "yes"}
    for lang in ("zh", "en"):
        page = client.post("/terms/collateral", data=form, headers=SITE, params={"lang": lang})
        assert page.status_code == 200, page.text
        assert "None" not in page.text
    assert client.post("/terms/collateral", data=form | {"z": "x"}, headers=SITE).status_code == 422
    kpi = {k: str(v) for k, v in TERMS["kpis"][0].items() if k != "id"}
    terms = {k: str(v) for k, v in TERMS.items() if k != "kpis"} | kpi
    made = client.post("/terms/margin", data=terms, headers=SITE, params={"lang": "en"})
    assert made.status_code == 200, made.text
    assert "100.0 bp" in made.text
    assert client.post("/terms/margin", data={}, headers=SITE).status_code == 422


def test_in_the_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YUETAN_DATA_DIR", str(tmp_path / "var"))
    run = CliRunner()
    for name, body in (("collateral", COLLATERAL), ("terms", TERMS)):
        path = tmp_path / f"{name}.json"
        path.write_text(json.dumps(copy.deepcopy(body)), "utf-8")
        made = run.invoke(app, ["finance", name, str(path), "--json"])
        assert made.exit_code == 0, made.output
        assert json.loads(made.stdout)["rows"]
        assert run.invoke(app, ["finance", name, str(path)]).exit_code == 0


def test_since_lies_before_the_day() -> None:
    with pytest.raises(ValueError, match="since"):
        CollateralAsk.model_validate(COLLATERAL | {"since": "2026-01-01"}, strict=False)
