"""Runs in the background: kept product by product, gone on with after a stop, adjusted over all, behind the wall."""

from __future__ import annotations

import io
import json
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from openpyxl import load_workbook
from pypdf import PdfReader
from sqlalchemy import update

from service import jobs
from service.auth import EMBEDDED, Who, visible
from service.clock import now
from service.parts import Parts
from service.passthrough import runs
from service.passthrough.tables import PassthroughProduct, PassthroughRun
from service.passthrough.use import EstimateAsk
from service.tables import Job
from tests.service.test_passthrough import series

URL = "/api/v1/passthrough/jobs"


def products(count: int, n: int = 120) -> list[dict[str, Any]]:
    made = []
    for i in range(count):
        one = series(n, seed=3 + i)
        one["price"]["name"] = f"螺纹钢 {i}"
        one["choices"] = {"inputs_complete": True, "draws": 99}
        made.append(one)
    return made


def ask(parts: Parts, count: int = 3) -> UUID:
    with parts.database.writing() as db:
        asked = runs.RunAsk(products=tuple(EstimateAsk.model_validate(one) for one in products(count)))
        return runs.ask_run(db, EMBEDDED, asked).id


def job_of(parts: Parts, run_id: UUID) -> Job:
    with parts.database.reading() as db:
        return runs.seen(db, EMBEDDED, run_id).job


def states(parts: Parts, run_id: UUID) -> list[str]:
    with parts.database.reading() as db:
        return [one.state for one in runs.seen(db, EMBEDDED, run_id).products]


def test_a_run_over_http(client: TestClient, parts: Parts) -> None:
    body = {"title": "钢材", "products": products(3)}
    body["products"][1]["carbon"]["values"] = [5.0] * 120
    answer = client.post(URL, json=body)
    assert answer.status_code == 202, answer.text
    made = answer.json()
    assert [one["state"] for one in made["products"]] == ["waiting"] * 3
    assert client.post(URL, json=body).json()["id"] == made["id"]
    assert client.get(f"{URL}/{made['id']}/products/0").status_code == 404
    assert runs.work(parts.database, UUID(made["job_id"]), 30.0) == "done"
    found = client.get(answer.headers["Location"]).json()
    assert (found["state"], found["progress"]["done"]) == ("done", 3)
    assert [one["state"] for one in found["products"]] == ["done", "refused", "done"]
    assert found["products"][1]["reason"]["code"] == "passthrough.bad_series"
    told = [one["discovery"] for one in found["products"]]
    assert told[1] is None
    assert all(one["adjusted"] >= one["p"] for one in told if one)
    lines = client.get(f"{URL}/{made['id']}/export").content.decode("utf-8-sig").splitlines()
    assert [line.split(",")[1] for line in lines] == ["state", "done", "refused", "done"]
    whole = client.get(f"{URL}/{made['id']}/products/0").json()
    assert whole == client.post("/api/v1/passthrough/estimate", json=body["products"][0]).json()
    assert client.get(f"{URL}/{made['id']}/products/1").status_code == 404


def test_a_run_goes_on_where_it_stopped(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    run_id = ask(parts)
    estimated, calls = runs.estimated, list[str]()

    def fails_at_the_second(asked: EstimateAsk) -> Any:
        calls.append(asked.price.name)
        if len(calls) == 2:
            raise MemoryError
        return estimated(asked)

    monkeypatch.setattr(runs, "estimated", fails_at_the_second)
    job = job_of(parts, run_id)
    assert runs.work(parts.database, job.id, 30.0) == "failed: MemoryError"
    assert states(parts, run_id) == ["done", "waiting", "waiting"]
    assert job_of(parts, run_id).state == "queued"
    assert runs.work(parts.database, job.id, 30.0) == "done"
    assert calls == ["螺纹钢 0", "螺纹钢 1", "螺纹钢 1", "螺纹钢 2"]


def test_a_long_run_lets_others_at_the_worker_and_its_attempts_do_not_run_out(parts: Parts) -> None:
    run_id = ask(parts, 5)
    job = job_of(parts, run_id)
    for through in range(1, 5):
        ticks = iter([0.0, 0.0, runs.PAUSE_S + 1])
        held = jobs_claim(parts, job.id)
        with runs.Heart(parts.database, held, 30.0) as heart:
            said = runs._work(parts.database, held, EMBEDDED, heart, lambda ticks=ticks: next(ticks))
        assert said == f"paused at {through} of 5"
        assert states(parts, run_id).count("waiting") == 5 - through
        assert (job_of(parts, run_id).state, job_of(parts, run_id).attempt) == ("queued", 0)
        with parts.database.writing() as db:
            assert jobs.sweep(db, 30.0) == [("passthrough", job.id)]
    assert runs.work(parts.database, job.id, 30.0) == "done"


def jobs_claim(parts: Parts, job_id: UUID) -> Job:
    with parts.database.writing() as db:
        return jobs.claim(db, job_id, 30.0)


def test_a_cancelled_run_keeps_nothing_more(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    run_id = ask(parts, 2)
    job = job_of(parts, run_id)
    estimated = runs.estimated

    def cancelled_meanwhile(asked: EstimateAsk) -> Any:
        with parts.database.writing() as db:
            jobs.cancel(db, EMBEDDED, job.id)
        return estimated(asked)

    monkeypatch.setattr(runs, "estimated", cancelled_meanwhile)
    assert runs.work(parts.database, job.id, 30.0) == "no longer ours"
    assert states(parts, run_id) == ["waiting", "waiting"]
    assert job_of(parts, run_id).state == "cancelled"
    monkeypatch.undo()
    assert ask(parts, 2) == run_id
    assert job_of(parts, run_id).state == "queued"


def test_two_products_of_one_name_are_refused(client: TestClient) -> None:
    two = products(1) * 2
    answer = client.post(URL, json={"products": two})
    assert (answer.status_code, answer.json()["code"]) == (422, "passthrough.same_product")


def test_another_organisation_sees_nothing_of_a_run(parts: Parts) -> None:
    run_id = ask(parts, 1)
    stranger = Who(UUID(int=7), UUID(int=8))
    with parts.database.reading() as db:
        assert db.scalars(visible(PassthroughRun, stranger)).all() == []
        assert db.scalars(visible(PassthroughProduct, stranger)).all() == []
        with pytest.raises(runs.NotFound):
            runs.product(db, stranger, run_id, 0)


@pytest.fixture
def through(client: TestClient, parts: Parts) -> str:
    made = client.post(URL, json={"products": products(1)}).json()
    runs.work(parts.database, UUID(made["job_id"]), 30.0)
    return f"{URL}/{made['id']}/products/0"


def test_every_form_of_the_download_shows_the_same_figures(client: TestClient, through: str) -> None:
    found = client.get(through).json()
    plain = client.get(f"{through}/export?as=json").json()
    assert plain["set"] == found["set"]
    table = client.get(f"{through}/export?as=csv").content.decode("utf-8-sig")
    assert f"multipliers,,0,{found['multipliers']['value'][0]}" in table
    assert table.count("\r\nfit,price,") == len(found["curves"]["fit"]["periods"])
    book = load_workbook(io.BytesIO(client.get(f"{through}/export?as=xlsx").content))
    cells = [cell for row in book.active.iter_rows(values_only=True) for cell in row]
    assert found["theta"] in cells
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(client.get(f"{through}/export").content)).pages)
    assert f"{found['theta']:.4f}" in text
    assert found["verdict"]["zh"][:12] in text.replace("\n", "")


def test_panel_and_instruments(client: TestClient) -> None:
    import numpy as np

    rng = np.random.default_rng(5)
    allowance = 50 + np.cumsum(rng.standard_normal(80))
    made = [
        {"name": f"p{i}", "emissions_tco2_per_t": 0.5 + 0.2 * i,
         "prices": (1000 + 0.6 * (0.5 + 0.2 * i) * allowance + rng.standard_normal(80)).tolist()}
        for i in range(12)
    ]  # fmt: skip
    found = client.post("/api/v1/passthrough/panel", json={"allowance": allowance.tolist(), "products": made}).json()
    assert found["rate"] == pytest.approx(0.6, abs=0.1)
    assert found["p_wild"] is not None
    made[0]["prices"] = made[0]["prices"][:50]
    answer = client.post("/api/v1/passthrough/panel", json={"allowance": allowance.tolist(), "products": made})
    assert answer.json()["code"] == "passthrough.not_estimable"

    z, shock = rng.standard_normal((2, 200))
    x = z + shock + rng.standard_normal(200)
    asked = {
        "price": (0.7 * x + 2 * shock + rng.standard_normal(200)).tolist(), "carbon": x.tolist(),
        "instruments": [z.tolist()], "because": "auction volumes announced a year ahead",
    }  # fmt: skip
    found = client.post("/api/v1/passthrough/instruments", json=asked).json()
    assert found["effective_f"] > 10
    assert found["set"]["low"] < 0.7 < found["set"]["high"]
    weak = client.post(
        "/api/v1/passthrough/instruments", json=asked | {"instruments": [rng.standard_normal(200).tolist()]}
    ).json()
    assert weak["rate"] is None
    assert client.post("/api/v1/passthrough/instruments", json=asked | {"because": "x"}).status_code == 422
    json.dumps(weak, allow_nan=False)


def test_an_old_announcement_is_sent_again(parts: Parts) -> None:
    run_id = ask(parts, 1)
    with parts.database.writing() as db:
        db.execute(update(Job).where(Job.id == job_of(parts, run_id).id).values(sent=now().replace(year=2020)))
        assert jobs.sweep(db, 30.0) == [("passthrough", job_of(parts, run_id).id)]


def test_the_share_borne_by_contract_beside_the_estimate(client: TestClient) -> None:
    split = {
        "good": {"cn_code": "73089059", "origin": "CN", "tonnes_per_year": 1000}, "year": 2027, "deal": {"exporter_share": 0.5},
    }  # fmt: skip
    estimate = {
        "against": "full",
        "rate": 0.7,
        "se": 0.05,
        "low": 0.6,
        "high": 0.8,
        "grade": "A",
        "key": "0123456789abcdef",
    }
    answer = client.post("/api/v1/passthrough/borne", json={"split": split, "estimate": estimate})
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert (found["agreed"], found["estimated"]) == (0.5, pytest.approx(0.3))
    assert (found["low"], found["high"]) == pytest.approx((0.2, 0.4))
    rows = {row["key"]: row for row in found["rows"]}
    assert rows["estimated_eur_per_t"]["value"] == pytest.approx(0.6 * rows["agreed_eur_per_t"]["value"])
    assert "outside" in rows["agreed"]["note"]["en"]
    weak = estimate | {"rate": None, "se": None, "grade": "D"}
    found = client.post("/api/v1/passthrough/borne", json={"split": split, "estimate": weak}).json()
    assert found["estimated"] is None
