"""Footprints kept: versions that never change, years, verification, offers to partners, and what may leave."""

from __future__ import annotations

import copy
import io
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import openpyxl
import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from service import clock
from service.app import create_app
from service.audit.use import events, proven
from service.auth import EMBEDDED, Who
from service.cli import app
from service.footprint import keep as use
from service.footprint.disclosure import DisclosureAsk, annex, policy
from service.footprint.example import EXAMPLE
from service.footprint.kept_routes import _OFFER
from service.parts import Parts
from service.recompute.use import kept_results, recomputed
from service.refusals import NotFound
from service.registers.kinds import KINDS
from service.release.use import listed as releases
from tests.service.test_hostile import MARK, variants

API = "/api/v1/kept-footprints"
OFFER: dict[str, Any] = _OFFER["profile"]["value"]  # type: ignore[assignment]


@pytest.fixture
def web(either: Parts) -> Iterator[TestClient]:
    with TestClient(create_app(parts=either), base_url="http://127.0.0.1", raise_server_exceptions=False) as made:
        yield made


def asked(year: int = 2024, billet: float = 9.0, **more: Any) -> dict[str, Any]:
    made = copy.deepcopy(EXAMPLE) | {"product": "6063-A", "on": "2026-11-30"} | more
    bill = made["bill"]
    bill["period_start"], bill["period_end"], bill["draws"] = f"{year}-01-01", f"{year}-12-31", 0
    bill["activities"][0]["factor"]["value"] = billet
    del bill["earlier"]
    return made


def kept(client: TestClient, **more: Any) -> dict[str, Any]:
    answer = client.post(API, json=asked(**more))
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def test_a_version_never_changes_and_the_next_one_names_it(web: TestClient, either: Parts) -> None:
    first = kept(web)
    again = web.post(API, json=asked() | {"on": "2026-11-29"})
    assert (again.status_code, again.json()["id"]) == (200, first["id"])
    for more, field in (({}, "follows"), ({"follows": first["id"]}, "reason"), ({"follows": str(uuid4())}, "follows")):
        clash = web.post(API, json=asked(billet=8.0, **more))
        assert (clash.status_code, clash.json()["code"], clash.json()["field"]) == (409, "footprint.follows", field)
    second = kept(web, billet=8.0, follows=first["id"], reason="供应商更正")
    assert (second["version"], second["follows"]) == (2, first["id"])
    assert second["kgco2e"] < first["kgco2e"]
    old = web.get(f"{API}/{first['id']}").json()
    assert (old["followed_by"], old["kgco2e"]) == (second["id"], first["kgco2e"])
    assert old["result"]["product"]["kgco2e"] == first["kgco2e"]
    assert [one["version"] for one in web.get(API).json()["items"]] == [2, 1]
    page = web.get(API, params={"limit": 1}).json()
    assert [one["version"] for one in web.get(API, params={"after": page["next"]}).json()["items"]] == [1]
    nothing = web.post(API, json=asked(year=2023, follows=first["id"]))
    assert nothing.json()["code"] == "footprint.nothing_to_follow"
    with either.database.reading() as db:
        assert [one.action for one in events(db, EMBEDDED, 0, 9)] == ["footprint.kept"] * 2
        assert proven(db, EMBEDDED).broken is None
        with pytest.raises(NotFound):
            use.row_of(db, Who(uuid4(), uuid4()), UUID(first["id"]))


def test_two_at_once_are_one_version(web: TestClient) -> None:
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda billet: web.post(API, json=asked(billet=billet)), (9.0, 8.0)))
    assert sorted(one.status_code for one in answers) == [201, 409], [one.text for one in answers]


def test_what_is_kept_gives_its_report_again_and_is_proven(client: TestClient, parts: Parts) -> None:
    made = kept(client)
    for kind, start in (("pdf", b"%PDF"), ("xlsx", b"PK")):
        report = client.get(f"{API}/{made['id']}/report.{kind}")
        assert report.content.startswith(start), report.text
    assert client.get(f"{API}/{uuid4()}/report.pdf").status_code == 404
    with parts.database.reading() as db:
        found = kept_results(db, EMBEDDED)
    assert found == [("footprint", UUID(made["id"]))]
    (again,) = recomputed(parts.database, parts.library, EMBEDDED, found)
    assert (again.outcome, again.key) == ("equal", made["key"])


def test_a_figure_that_moved_is_told(client: TestClient, parts: Parts) -> None:
    made = kept(client)
    with parts.database.writing() as db:
        row = use.row_of(db, EMBEDDED, UUID(made["id"]))
        row.result = row.result | {"product": row.result["product"] | {"kgco2e": 1.0}}
    (again,) = recomputed(parts.database, parts.library, EMBEDDED, [("footprint", UUID(made["id"]))])
    assert (again.outcome, again.places) == ("differs", ("product.kgco2e",))


def test_years_come_from_the_versions_that_stand(client: TestClient) -> None:
    first = kept(client, year=2023, billet=10.0)
    kept(client, year=2023, billet=9.5, follows=first["id"], reason="更正")
    kept(client, year=2024, billet=9.0)
    other = asked(year=2022)
    other["bill"]["profile"] = "iso-14067"
    assert client.post(API, json=other).status_code == 201
    (found,) = client.get(f"{API}/trends").json()
    assert [one["year"] for one in found["years"]] == [2023, 2024]
    values = [one["kgco2e"] for one in found["years"]]
    assert found["years"][1]["change"] == pytest.approx(values[1] / values[0] - 1.0)
    assert [one["year"] for one in found["apart"]] == [2022]


def test_verified_is_said_only_where_the_register_says_so(client: TestClient) -> None:
    made = kept(client)
    stated = {"verifier": "示例核查机构", "report": "R-9", "verified_on": "2026-05-01"}
    first = client.post(f"{API}/{made['id']}/verifications", json=stated)
    assert (first.status_code, first.json()[0]["accredited"]) == (201, "not_known")
    assert client.post(f"{API}/{made['id']}/verifications", json=stated).status_code == 200
    assert not client.get(f"{API}/{made['id']}").json()["verified"]
    record = dict(KINDS["accreditations"].example) | {"valid_to": "2026-04-30"}
    there = client.post("/api/v1/registers/accreditations", json=record).json()
    assert client.get(f"{API}/{made['id']}").json()["verifications"][0]["accredited"] == "no"
    longer, seen = record | {"valid_to": "2026-12-31"}, {"if-match": f'"{there["version"]}"'}
    assert client.put(f"/api/v1/registers/accreditations/{there['id']}", json=longer, headers=seen).status_code == 200
    assert client.get(f"{API}/{made['id']}").json()["verified"]


def test_an_offer_says_what_pact_asks_for_and_the_next_version_takes_its_place(web: TestClient) -> None:
    made = kept(web)
    value = made["kgco2e"]
    offer = OFFER | {"fossil_ghg_kgco2e": f"{value:.4f}"}
    answer = web.post(f"{API}/{made['id']}/offer", json=offer)
    assert answer.status_code == 201, answer.text
    said = answer.json()["document"]
    pcf = said["pcf"]
    assert (pcf["declaredUnitOfMeasurement"], pcf["declaredUnitAmount"], pcf["productMassPerDeclaredUnit"]) == (
        "kilogram",
        "1",
        "1",
    )
    assert float(pcf["pcfExcludingBiogenicUptake"]) == pytest.approx(value, rel=1e-11)
    assert (pcf["referencePeriodStart"], pcf["referencePeriodEnd"]) == ("2024-01-01T00:00:00Z", "2025-01-01T00:00:00Z")
    assert pcf["ipccCharacterizationFactors"] == ["AR6"]
    assert pcf["geographyCountrySubdivision"] == "CN-GD"
    assert "geographyCountry" not in pcf
    same = web.post(f"{API}/{made['id']}/offer", json=offer).json()
    assert same["pf_id"] == answer.json()["pf_id"]
    second = kept(web, billet=8.0, follows=made["id"], reason="更正")
    after = web.post(
        f"{API}/{second['id']}/offer", json=offer | {"fossil_ghg_kgco2e": f"{second['kgco2e']:.4f}"}
    ).json()
    assert after["document"]["precedingPfIds"] == [answer.json()["pf_id"]]
    own = web.get("/api/v1/pact/footprints").json()["items"]
    assert {one["id"]: one["document"]["status"] for one in own} == {
        answer.json()["pf_id"]: "Deprecated", after["pf_id"]: "Active",
    }  # fmt: skip
    assert web.get(f"{API}/{second['id']}").json()["offered_as"] == [after["pf_id"]]


@pytest.mark.parametrize(
    ("more", "code", "field"),
    [
        ({"fossil_ghg_kgco2e": "9"}, "pact.parts_do_not_add_up", "fossil_ghg_kgco2e"),
        ({"land_use_change_kgco2e": "1"}, "pact.parts_do_not_add_up", "fossil_ghg_kgco2e"),
        ({"exempted_percent": None}, "input.missing", "exempted_percent"),
        ({"biogenic_uptake_kgco2e": "1"}, "input.invalid", None),
        ({"fossil_carbon_kg": "1,5"}, "input.invalid", None),
        ({"company_ids": ["no urn"]}, "input.invalid", None),
        ({"packaging_kgco2e": "0.1"}, "pact.not_publishable", None),
    ],
)
def test_an_offer_is_never_guessed(client: TestClient, more: dict[str, Any], code: str, field: str | None) -> None:
    made = kept(client)
    offer = {k: v for k, v in (OFFER | {"fossil_ghg_kgco2e": f"{made['kgco2e']:.4f}"} | more).items() if v is not None}
    answer = client.post(f"{API}/{made['id']}/offer", json=offer)
    assert answer.status_code == 422
    assert answer.json()["code"] == code, answer.text
    assert field is None or answer.json()["field"] == field


def test_an_annex_leaves_out_by_class_and_is_written_down(web: TestClient, either: Parts) -> None:
    made = kept(web)
    ask = {"items": [made["id"]], "channel": "public", "basis": "自愿披露"}
    said = web.post("/api/v1/disclosures", json=ask).json()
    assert said["items"][0]["kgco2e"] == made["kgco2e"]
    assert {one["of_class"] for one in said["left_out"]} == {"partner", "confidential", "export_review"}
    assert "stages" not in said["items"][0]
    assert said["unverified"] == ["铝型材 A 2024"]
    alone = web.post("/api/v1/disclosures", json=ask | {"release": ["factors"]})
    assert (alone.status_code, alone.json()["code"]) == (422, "disclosure.needs_recipient")
    partner = ask | {"channel": "partner", "recipient": "Example GmbH", "release": ["activities"]}
    home = web.post("/api/v1/disclosures", json=partner).json()
    assert home["items"][0]["activities"]["铝棒"] > 0
    assert "stages" in home["items"][0]
    abroad = web.post("/api/v1/disclosures", json=partner | {"country": "DE"})
    assert (abroad.json()["code"], abroad.json()["field"]) == ("disclosure.needs_review", "export_review")
    reviewed = web.post("/api/v1/disclosures", json=partner | {"country": "DE", "export_review": "审 2026-1"}).json()
    assert "activities" in reviewed["items"][0]
    assert "stages" not in reviewed["items"][0]
    unknown = web.post("/api/v1/disclosures", json=ask | {"release": ["salary"]})
    assert unknown.json()["code"] == "disclosure.unknown_field"
    with either.database.reading() as db:
        log = releases(db, EMBEDDED, None, 9).rows
        assert proven(db, EMBEDDED).broken is None
    assert [one.subject[:64] for one in reversed(log)] == [said["sha256"], home["sha256"], reviewed["sha256"]]
    assert (log[0].recipient, log[0].country, log[0].basis["review"]) == ("Example GmbH", "DE", "审 2026-1")
    assert log[0].fields["export_review"] == ["activities"]
    assert "partner" not in log[0].fields
    paper = web.post("/api/v1/disclosures/annex.xlsx?lang=en", json=ask)
    text = json.dumps(list(openpyxl.load_workbook(io.BytesIO(paper.content)).active.values), ensure_ascii=False)
    assert "Not verified by an accredited body" in text
    assert "供应商声明（示例）" not in text
    assert web.post("/api/v1/disclosures/annex.pdf", json=ask).content.startswith(b"%PDF")


@given(
    st.sampled_from(["public", "permit", "partner", "authority"]), st.sampled_from(["CN", "DE"]),
    st.sets(st.sampled_from(sorted(policy().fields))),
)  # fmt: skip
def test_no_field_leaves_that_was_not_let_through(channel: str, country: str, release: set[str]) -> None:
    given_ = {"items": ("0" * 8 + "-0000-0000-0000-" + "0" * 12,), "channel": channel, "recipient": "x", "basis": "x"}
    ask = DisclosureAsk.model_validate(
        given_ | {"country": country, "release": tuple(sorted(release)), "export_review": "r"}
    )
    made = annex([], ask, clock.today())
    rules = policy()
    for name, (_, of) in rules.fields.items():
        let = of in rules.channels[channel][1] and (country == "CN" or of in rules.abroad)
        assert (name in made.fields) == (let or name in release)
        assert (name in made.fields) != (name in {one.name for one in made.left})


def test_the_page_keeps_asks_why_and_discloses(client: TestClient) -> None:
    bill = json.dumps({name: value for name, value in asked().items() if name in ("bill", "on")}, ensure_ascii=False)
    sent = client.post("/footprints/keep", data={"bill": bill, "product": "6063-A"}, follow_redirects=False)
    assert sent.status_code == 303, sent.text
    other = json.dumps(
        {name: value for name, value in asked(billet=8.0).items() if name in ("bill", "on")}, ensure_ascii=False
    )
    why = client.post("/footprints/keep?lang=zh", data={"bill": other, "product": "6063-A"})
    assert why.status_code == 422
    assert "为什么有新版本" in why.text
    head = client.get(API).json()["items"][0]["id"]
    done = client.post(
        "/footprints/keep",
        data={"bill": other, "product": "6063-A", "follows": head, "reason": "更正"},
        follow_redirects=False,
    )
    assert done.status_code == 303
    for lang, said in (("zh", "未经核查"), ("en", "not verified")):
        assert said in client.get("/footprints", params={"lang": lang}).text
    form = {"item": [head], "channel": "public", "basis": "自愿", "as": "pdf"}
    assert client.post("/footprints/disclosure", data=form).content.startswith(b"%PDF")
    none = client.post("/footprints/disclosure?lang=en", data={"channel": "public", "basis": "x", "as": "pdf"})
    assert none.status_code == 422
    assert "Ticked" in none.text
    wrong = client.post(
        f"/footprints/{head}/verification?lang=zh", data={"verifier": "x", "report": "y", "verified_on": "?"}
    )
    assert "核查日期" in wrong.text
    assert client.post("/footprints/keep", data={"bill": "{}", "product": "x"}).status_code == 422


def test_the_terminal_keeps_and_lists(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YUETAN_DATA_DIR", str(tmp_path))
    file = tmp_path / "bill.json"
    file.write_text(json.dumps({k: v for k, v in asked().items() if k in ("bill", "on")}), encoding="utf-8")
    run = CliRunner()
    made = json.loads(run.invoke(app, ["footprint", "keep", str(file), "--product", "6063-A", "--json"]).stdout)
    assert made["version"] == 1
    file.write_text(json.dumps({k: v for k, v in asked(billet=8.0).items() if k in ("bill", "on")}), encoding="utf-8")
    assert run.invoke(app, ["footprint", "keep", str(file), "--product", "6063-A"]).exit_code == 1
    more = ["--follows", made["id"], "--reason", "更正"]
    assert "v2" in run.invoke(app, ["footprint", "keep", str(file), "--product", "6063-A", *more]).stdout
    assert [one["version"] for one in json.loads(run.invoke(app, ["footprint", "kept", "--json"]).stdout)] == [2, 1]


def test_hostile_values_are_refused(lasting: TestClient) -> None:
    made = kept(lasting, year=2021)
    annex_of = {"items": [made["id"]], "channel": "public", "basis": "x", "release": ["factors"]}
    bodies: tuple[tuple[str, dict[str, Any], tuple[str, ...] | None], ...] = (
        (API, asked(year=2020), ("product", "follows", "reason", "on")),
        (f"{API}/{made['id']}/offer", OFFER, None),
        ("/api/v1/disclosures", annex_of, None),
        (f"{API}/{made['id']}/verifications", {"verifier": "v", "report": "r", "verified_on": "2026-01-01"}, None),
    )
    for path, body, only in bodies:
        for hostile in ("null", "-1e309", f'"{MARK}<script>"', "{}", '"\\u202e\\u0000"'):
            for place, data in variants(body, hostile):
                if only is not None and place not in only:
                    continue
                answer = lasting.post(path, content=data, headers={"content-type": "application/json"})
                assert answer.status_code < 500, (path, place, hostile, answer.text)
                assert answer.status_code < 300 or "<script>" not in answer.text, (path, place)
