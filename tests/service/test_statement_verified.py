"""The verifier that a statement names is asked of the register, on its day and in its scope: nothing is verified without."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from fastapi.testclient import TestClient

from service import clock
from service.registers.kinds import KINDS
from service.statement.document import parsed
from service.statement.paper import statement_paper
from service.statement.seal import opened
from tests.service.test_statement import API, asked, check, file_of, issued

TODAY = clock.today()
NAMED = {"verified_by": "示例核查机构", "verification_report": "R-1"}


def registered(client: TestClient, **more: Any) -> None:
    days = {"valid_from": "2020-01-01", "valid_to": str(TODAY + dt.timedelta(days=400))}
    record = dict(KINDS["accreditations"].example) | days | more
    assert client.post(f"{API}/registers/accreditations", json=record).status_code == 201


def previewed(client: TestClient, **more: Any) -> tuple[str | None, list[str]]:
    made = client.post(f"{API}/statements/preview", json=asked(**more)).json()
    told = [one["code"] for one in made["findings"] if "verif" in (one["field"] or "")]
    return made["verification"]["standing"] if made["verification"] else None, told


@pytest.mark.parametrize(
    ("record", "standing", "code"),
    [
        ({}, "accredited", None),
        (None, "not_known", "register.accreditation_not_known"),
        ({"valid_to": str(TODAY - dt.timedelta(days=1))}, "not_accredited", "register.not_accredited"),
        ({"valid_from": str(TODAY + dt.timedelta(days=1))}, "not_accredited", "register.not_accredited"),
        ({"scope": "饮用水检测"}, "not_accredited", "register.not_accredited"),
        ({"scope": None}, "not_known", "register.accreditation_not_known"),
        ({"suspended_from": "2026-01-01"}, "not_accredited", "register.not_accredited"),
        ({"withdrawn_on": str(TODAY)}, "not_accredited", "register.not_accredited"),
        ({"verifier": "别家机构"}, "not_known", "register.accreditation_not_known"),
    ],
)
def test_registered_lapsed_or_out_of_scope(
    client: TestClient, record: dict[str, Any] | None, standing: str, code: str | None
) -> None:
    if record is not None:
        registered(client, **record)
    assert previewed(client, **NAMED) == (standing, [code] if code else [])
    number = issued(client, asked(**NAMED))["number"]
    data = file_of(client, number)
    said = opened(data)[0].document
    assert said.verifier_standing == standing
    paper = json.dumps([row.label for row in _rows(data)], ensure_ascii=False)
    assert ("Verifier (as the issuer states)" in paper) == (standing != "accredited")
    found = check(client, data).json()
    assert found["verification"]["standing"] == standing
    assert [one["code"] for one in found["findings"]] == ([code] if code else [])
    assert ("not verified" in found["issuer_says"]["en"]) == (standing != "accredited")
    back = client.post(f"{API}/supplier-statements", files={"file": ("x", data)}).json()
    assert [one["code"] for one in back["findings"]] == ([code] if code else [])


def _rows(data: bytes) -> list[Any]:
    blocks = statement_paper(opened(data)[0]).blocks
    return [row for block in blocks for row in getattr(block, "rows", ()) if getattr(row, "key", "") == "verified"]


def test_a_verifier_without_a_report_and_no_verifier_at_all(client: TestClient) -> None:
    registered(client)
    assert previewed(client, verified_by="示例核查机构") == ("accredited", ["statement.no_verification_report"])
    assert previewed(client) == (None, [])


def test_the_register_of_whoever_checks_answers_for_them(client: TestClient) -> None:
    number = issued(client, asked(**NAMED))["number"]
    registered(client)
    found = check(client, file_of(client, number)).json()
    assert found["verification"]["standing"] == "accredited"
    assert "not verified" in found["issuer_says"]["en"]
    page = client.post("/verify?lang=en", files={"file": ("x", file_of(client, number))})
    assert "as the issuer states" in page.text
    assert "not verified" in page.text


def test_statements_of_before_that_asked_nobody_still_open(client: TestClient) -> None:
    document = opened(file_of(client, issued(client, asked(**NAMED))["number"]))[0].document
    old = document.model_dump(mode="json", exclude_none=True)
    del old["verifier_standing"], old["verifier_standing_basis"]
    assert parsed(old).verifier_standing is None
