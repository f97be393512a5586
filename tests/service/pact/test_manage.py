"""Partners, publishing and imports through the API, and the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select
from typer.testing import CliRunner

from service.audit.tables import AuditEvent
from service.cli import app
from service.pact.tables import PactErrand, PactFootprint
from service.parts import Parts
from tests.models.pact.documents import catena_7, version_2, version_3
from tests.service.pact.world import HOST, basic, published

API = "/api/v1/pact"
STATED = {"name": "客户甲", "base_url": HOST, "client_id": "us", "client_secret": "s3"}


def added(client: TestClient, **more: Any) -> dict[str, Any]:
    answer = client.post(f"{API}/partners", json=STATED | more)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def test_a_partner_is_added_changed_given_a_new_secret_and_closed(client: TestClient, parts: Parts) -> None:
    made = added(client)
    path = f"{API}/partners/{made['client_id']}"
    form = {"grant_type": "client_credentials"}
    assert (
        client.post("/pact/auth/token", data=form, headers=basic(made["client_id"], made["client_secret"])).status_code
        == 200
    )
    seen = client.get(f"{API}/partners").json()[0]["version"]
    change = {"name": "客户乙", "base_url": HOST, "sees": "all"}
    changed = client.put(path, json=change, headers={"if-match": f'"{seen}"'})
    assert changed.headers["etag"] == f'"{changed.json()["version"]}"'
    assert (changed.json()["name"], changed.json()["has_secret"], changed.json()["client_id"]) == ("客户乙", True, None)
    fresh = client.post(f"{path}/secret").json()
    assert (
        client.post("/pact/auth/token", data=form, headers=basic(made["client_id"], made["client_secret"])).status_code
        == 401
    )
    assert (
        client.post(
            "/pact/auth/token", data=form, headers=basic(fresh["client_id"], fresh["client_secret"])
        ).status_code
        == 200
    )
    # The secret is new since then: whoever closes a partner has to have seen that.
    assert client.delete(path, headers={"if-match": changed.headers["etag"]}).status_code == 412
    now = client.get(f"{API}/partners").json()[0]["version"]
    assert client.delete(path, headers={"if-match": f'"{now}"'}).status_code == 204
    assert [one["active"] for one in client.get(f"{API}/partners").json()] == [False]
    assert "s3" not in client.get(f"{API}/partners").text
    with parts.database.reading() as db:
        actions = db.scalars(select(AuditEvent.action).order_by(AuditEvent.number)).all()
    assert actions == ["pact_partner.added", "pact_partner.changed", "pact_partner.secret", "pact_partner.closed"]


@pytest.mark.parametrize(
    "more",
    [{"base_url": "http://partner.example"}, {"base_url": "https://127.0.0.1:9"}, {"base_url": "https://localhost"}, {"name": ""},
     {"sees": "some"}, {"base_url": None, "auth_url": HOST}, {"unknown": 1}],
)  # fmt: skip
def test_a_bad_partner_is_refused_with_words(client: TestClient, more: dict[str, Any]) -> None:
    answer = client.post(f"{API}/partners", json=STATED | more)
    assert answer.status_code == 422
    assert client.get(f"{API}/partners").json() == []
    assert added(client, base_url="http://127.0.0.1:9", may_be_private=True)["partner"]["may_be_private"]


def test_publishing_fills_in_what_we_know_and_tells_who_may_see(client: TestClient, parts: Parts) -> None:
    added(client, sees="all")
    added(client, sees="chosen")
    document = {
        name: value for name, value in version_3().items() if name not in ("id", "created", "status", "specVersion")
    }
    answer = client.post(f"{API}/footprints", json=[document])
    assert answer.status_code == 201, answer.text
    assert (len(answer.json()["published"]), answer.json()["partners_told"]) == (1, 1)
    [item] = client.get(f"{API}/footprints").json()["items"]
    assert (item["intensity"], item["intensity_unit"]) == ("8.2005", "tCO2e/t")
    assert "CBAM" in item["boundary"]["en"]
    assert item["codes"] == {"cn-code": ["76042990"], "uscc": ["91440600MA4UTE3T1X"]}
    again = client.post(f"{API}/footprints", json=[item["document"]]).json()
    assert (again["published"], again["unchanged"], again["partners_told"]) == ([], [item["id"]], 0)
    changed = client.post(f"{API}/footprints", json=[item["document"] | {"comment": "x"}])
    assert (changed.status_code, changed.json()["code"]) == (409, "pact.immutable")
    broken = client.post(f"{API}/footprints", json=[version_3(id=str(uuid4())), version_3(id=str(uuid4()), status="x")])
    assert (broken.status_code, broken.json()["code"]) == (422, "pact.not_publishable")
    assert len(client.get(f"{API}/footprints").json()["items"]) == 1


def test_a_release_tells_the_partner_and_is_recorded(client: TestClient, parts: Parts) -> None:
    made, row = added(client), published(parts)
    path = f"{API}/partners/{made['client_id']}"
    answer = client.post(f"{path}/releases", json={"footprint_ids": [str(row.pf_id)]})
    assert answer.json() == {"released": [str(row.pf_id)]}
    assert client.post(f"{path}/releases", json={"footprint_ids": [str(row.pf_id)]}).json() == {"released": []}
    assert client.post(f"{path}/releases", json={"footprint_ids": [str(uuid4())]}).status_code == 404
    assert (
        client.post(f"{API}/partners/{uuid4()}/releases", json={"footprint_ids": [str(row.pf_id)]}).status_code == 404
    )
    assert client.post(f"{path}/fetch", json={}).status_code == 202
    assert client.post(f"{path}/requests", json={"productId": ["urn:gtin:1"], "comment": "x"}).status_code == 202
    bad = client.post(f"{path}/requests", json={"validOn": ["soon"]})
    assert (bad.status_code, bad.json()["code"]) == (422, "pact.bad_filter")
    assert [one["kind"] for one in client.get(f"{API}/errands").json()] == ["send", "fetch", "send"]
    with parts.database.reading() as db:
        assert len(db.scalars(select(PactErrand)).all()) == 3
        event = db.scalars(select(AuditEvent).where(AuditEvent.action == "footprint.released")).one()
        assert event.detail["footprints"] == {str(row.pf_id): row.sha256}


def test_imports_are_shown_per_tonne_with_what_is_doubtful(client: TestClient, parts: Parts) -> None:
    look = client.post(f"{API}/imports", json={"document": catena_7(), "keep": False}).json()
    assert (look["form"], look["kept"]) == ("catena-x-7", False)
    assert "question" in {one["severity"] for one in look["findings"]}
    assert client.post(f"{API}/imports", json={"document": version_2()}).json()["kept"]
    assert client.post(f"{API}/imports", json={"document": version_2()}).json()["kept"]
    without = client.post(f"{API}/imports", json={"document": version_2(mass_kg=None)}).json()
    assert (without["kept"], without["intensity"]) == (False, None)
    assert client.post(f"{API}/imports", json={"document": {}}).json()["code"] == "pact.not_a_footprint"
    [item] = client.get(f"{API}/footprints?holder=file").json()["items"]
    assert item["document"]["pcf"]["pcfExcludingBiogenicUptake"] == "18"
    with parts.database.reading() as db:
        from sqlalchemy.orm import undefer

        [row] = db.scalars(select(PactFootprint).options(undefer(PactFootprint.original))).all()
        assert row.original == version_2()


def test_pages_of_the_organisations_own_list(client: TestClient, parts: Parts) -> None:
    ids = [str(published(parts).pf_id) for _ in range(5)][::-1]
    first = client.get(f"{API}/footprints?limit=3").json()["items"]
    rest = client.get(f"{API}/footprints?limit=3&before={first[-1]['id']}").json()["items"]
    assert [one["id"] for one in (*first, *rest)] == ids
    assert client.get(f"{API}/footprints?before={uuid4()}").status_code == 404


def test_the_command_line_brings_in_and_writes_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YUETAN_DATA_DIR", str(tmp_path / "data"))
    run = CliRunner()
    file = tmp_path / "a.json"
    file.write_text(json.dumps([version_2(), version_3()]), "utf-8")
    looked = run.invoke(app, ["footprint", "import", str(file), "--check", "--json"])
    assert looked.exit_code == 0, looked.output
    found = json.loads(looked.stdout)
    assert [one["form"] for one in found] == ["pact-2", "pact-3"]
    assert found[0]["footprint"]["pcf"]["productMassPerDeclaredUnit"] == "9.468"
    assert not (tmp_path / "data" / "yuetan.sqlite").exists()
    for count in ("2 newly kept", "0 newly kept"):
        kept = run.invoke(app, ["footprint", "import", str(file), "--lang", "en"])
        assert kept.exit_code == 0, kept.output
        assert count in kept.output
    file.write_text(json.dumps(version_2(mass_kg=None)), "utf-8")
    assert run.invoke(app, ["footprint", "import", str(file), "--check"]).exit_code == 1
    assert run.invoke(app, ["footprint", "import", str(file), "--check", "--mass", "0.789"]).exit_code == 0
    for broken in ("{", json.dumps(version_3(companyName="\ud800")), '{"id": 1, "id": 2}'):
        file.write_text(broken, "utf-8")
        assert run.invoke(app, ["footprint", "import", str(file)]).exit_code == 3
    file.write_bytes(b"\xef\xbb\xbf" + json.dumps(version_3()).encode())
    assert run.invoke(app, ["footprint", "import", str(file), "--check"]).exit_code == 0
    file.write_text("{", "utf-8")
    assert run.invoke(app, ["footprint", "import", str(file)]).exit_code == 3
    file.write_text(json.dumps(version_3()), "utf-8")
    out = tmp_path / "out.json"
    assert run.invoke(app, ["footprint", "catena-x", str(file), "-o", str(out)]).exit_code == 0
    assert '"pcfExcludingBiogenicUptake":8200.50' in out.read_text("utf-8")
