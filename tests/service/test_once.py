"""Idempotency-Key: a request that is sent twice is done once and answered alike."""

from __future__ import annotations

import datetime as dt
import threading
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, update

from service.app import create_app
from service.auth import EMBEDDED
from service.clock import now
from service.once.tables import KeptAnswer
from service.once.use import IN_FLIGHT_S, KEPT_DAYS, erase_old, taken
from service.parts import Parts
from service.statement.routes import EXAMPLE

STATEMENTS = "/api/v1/statements"


def head(key: str) -> dict[str, str]:
    return {"idempotency-key": key}


def web_of(parts: Parts) -> TestClient:
    return TestClient(create_app(parts=parts), base_url="http://127.0.0.1", raise_server_exceptions=False)


def aged(parts: Parts, seconds: float) -> None:
    with parts.database.writing() as db:
        db.execute(update(KeptAnswer).values(created=now() - dt.timedelta(seconds=seconds)))


def test_the_same_request_gets_the_same_answer(either: Parts) -> None:
    with web_of(either) as web:
        first = web.post(STATEMENTS, json=EXAMPLE, headers=head("a"))
        again = web.post(STATEMENTS, json=EXAMPLE, headers=head("a"))
        assert (first.status_code, again.status_code) == (201, 201)
        assert again.content == first.content
        assert again.headers["location"] == first.headers["location"]
        assert again.headers["idempotency-replayed"] == "true"
        assert "idempotency-replayed" not in first.headers
        # Without the key the second one is a 200: it was there already.
        assert web.post(STATEMENTS, json=EXAMPLE).status_code == 200
        assert web.post(STATEMENTS, json=EXAMPLE, headers=head("b")).status_code == 200


def test_another_request_under_the_key_is_refused(client: TestClient) -> None:
    client.post(STATEMENTS, json=EXAMPLE, headers=head("a"))
    other = {"statement": EXAMPLE["statement"] | {"quantity_t": 7.0}}
    for path, body in ((STATEMENTS, other), (f"{STATEMENTS}/preview", EXAMPLE)):
        answer = client.post(path, json=body, headers=head("a"))
        assert (answer.status_code, answer.json()["code"]) == (422, "once.other_request")


def test_an_error_is_answered_again_but_a_failed_validation_frees_the_key(client: TestClient) -> None:
    gone = f"{STATEMENTS}/{uuid4()}/withdraw"
    first, again = (client.post(gone, json={"reason": "x"}, headers=head("a")) for _ in range(2))
    assert (first.status_code, again.status_code) == (404, 404)
    assert again.headers["idempotency-replayed"] == "true"
    wrong = client.post(STATEMENTS, json={"statement": {}}, headers=head("b"))
    assert wrong.status_code == 422
    assert client.post(STATEMENTS, json=EXAMPLE, headers=head("b")).status_code == 201


@pytest.mark.parametrize("key", ["", "x" * 256, "a\tb"])
def test_a_key_that_is_none_is_400(client: TestClient, key: str) -> None:
    answer = client.post(STATEMENTS, json=EXAMPLE, headers=head(key))
    assert (answer.status_code, answer.json()["code"]) == (400, "once.bad_key")
    assert client.get(STATEMENTS).json() == {"items": []}


def test_a_twin_in_flight_is_409_until_it_is_given_up(either: Parts) -> None:
    with web_of(either) as web:
        web.post(STATEMENTS, json=EXAMPLE, headers=head("a"))
        with either.database.writing() as db:
            db.execute(update(KeptAnswer).values(status=None))
        twin = web.post(STATEMENTS, json=EXAMPLE, headers=head("a"))
        assert (twin.status_code, twin.json()["code"]) == (409, "once.in_flight")
        aged(either, IN_FLIGHT_S + 1)
        assert web.post(STATEMENTS, json=EXAMPLE, headers=head("a")).status_code == 200


def test_an_answer_is_kept_for_thirty_days(client: TestClient, parts: Parts) -> None:
    client.post(STATEMENTS, json=EXAMPLE, headers=head("a"))
    aged(parts, KEPT_DAYS * 86_400 - 60)
    assert client.post(STATEMENTS, json=EXAMPLE, headers=head("a")).headers["idempotency-replayed"] == "true"
    aged(parts, KEPT_DAYS * 86_400 + 60)
    assert "idempotency-replayed" not in client.post(STATEMENTS, json=EXAMPLE, headers=head("a")).headers
    aged(parts, KEPT_DAYS * 86_400 + 60)
    with parts.database.writing() as db:
        erase_old(db)
        assert db.scalars(select(KeptAnswer)).all() == []


def test_a_file_with_a_new_border_is_the_same_request(client: TestClient) -> None:
    data = client.get(f"{STATEMENTS}/template.xlsx", params={"example": "true"}).content
    first, again = (
        client.post(f"{STATEMENTS}/file", files={"file": ("s.xlsx", data)}, headers=head("a")) for _ in range(2)
    )
    assert first.status_code == 200, first.text
    assert again.headers["idempotency-replayed"] == "true"
    other = client.post(f"{STATEMENTS}/file", files={"file": ("other.xlsx", data)}, headers=head("a"))
    assert other.status_code == 422


def test_many_at_once_are_one(either: Parts) -> None:
    answers: list[Any] = []
    with web_of(either) as web:

        def ask() -> None:
            answers.append(web.post(STATEMENTS, json=EXAMPLE, headers=head("a")))

        threads = [threading.Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert {one.status_code for one in answers} <= {201, 409}
        made = {one.json()["number"] for one in answers if one.status_code == 201}
        assert len(made) == 1
        assert len(web.get(STATEMENTS).json()["items"]) == 1


def test_keys_of_two_organisations_are_two(parts: Parts) -> None:
    from tests.service.test_walls import stranger

    other = stranger(parts.database)
    with parts.database.writing() as db:
        assert taken(db, EMBEDDED, "a", "x") is None
        assert taken(db, other, "a", "y") is None
