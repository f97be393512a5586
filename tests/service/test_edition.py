"""Two people edit at once: the second has to see what the first one did."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from fastapi.testclient import TestClient

from service.app import create_app
from service.parts import Parts
from tests.service.test_registers import API, added, body, seen

#: A key is never changed, only voided.
_NOT_EDITED = {("delete", "/api/v1/identity/keys/{key_id}")}


@pytest.fixture
def web(either: Parts) -> Any:
    with TestClient(create_app(parts=either), base_url="http://127.0.0.1", raise_server_exceptions=False) as made:
        yield made


def test_a_change_says_what_it_changes(web: TestClient) -> None:
    made = added(web, "certificates")
    at = f"{API}/certificates/{made['id']}"
    read = web.get(at)
    assert read.headers["etag"] == f'"{made["version"]}"' == f'"{read.json()["version"]}"'
    new = body("certificates", withdrawn_on="2026-05-01")
    for headers in ({}, {"if-match": "*"}, {"if-match": ""}):
        answer = web.put(at, json=new, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (428, "edition.missing")
    for given in ('"0123456789abcdef"', "nonsense", made["version"]):
        answer = web.put(at, json=new, headers={"if-match": given})
        assert (answer.status_code, answer.json()["code"]) == (412, "edition.stale")
        assert answer.headers["content-type"] == "application/problem+json"
    assert web.get(at).json()["edition"] == 1
    first = web.put(at, json=new, headers=seen(made))
    assert first.status_code == 200
    assert first.headers["etag"] == web.get(at).headers["etag"] != read.headers["etag"]
    assert web.put(at, json=body("certificates"), headers=seen(made)).status_code == 412
    both = {"if-match": f'"{made["version"]}", {first.headers["etag"]}'}
    assert web.put(at, json=body("certificates"), headers=both).status_code == 200


def test_of_many_at_once_one_is_kept(web: TestClient) -> None:
    made = added(web, "certificates")
    answers: list[int] = []

    def change(day: int) -> None:
        new = body("certificates", withdrawn_on=f"2026-05-{day:02d}")
        answers.append(web.put(f"{API}/certificates/{made['id']}", json=new, headers=seen(made)).status_code)

    threads = [threading.Thread(target=change, args=(day,)) for day in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [200] + [412] * 7
    assert web.get(f"{API}/certificates/{made['id']}").json()["edition"] == 2


def test_each_operation_that_edits_asks_for_the_edition(client: TestClient) -> None:
    application: Any = client.app
    edits = [
        (method, path, operation)
        for path, operations in application.openapi()["paths"].items()
        for method, operation in operations.items()
        if method in ("put", "patch", "delete") and (method, path) not in _NOT_EDITED
    ]
    assert len(edits) >= 15
    for method, path, operation in edits:
        assert {"412", "428"} <= set(operation["responses"]), (method, path)
        assert "if-match" in {one["name"].lower() for one in operation["parameters"]}, (method, path)
    nobody = "00000000-0000-4000-8000-000000000000"
    for path in (f"/api/v1/registers/certificates/{nobody}", f"/api/v1/pact/partners/{nobody}"):
        assert client.delete(path).status_code == 428
