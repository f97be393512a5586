"""An installation with partners, for tests of the exchange."""

from __future__ import annotations

import base64
from typing import Any
from uuid import UUID, uuid4

from fastapi.testclient import TestClient

from models.pact.reading import read
from service.auth import EMBEDDED, Who
from service.pact import book, partners
from service.pact.partners import Given, Made
from service.pact.tables import PactFootprint
from service.parts import Parts
from tests.models.pact.documents import version_3

HOST = "https://partner.example"
PREFIX = "org.wbcsd.pact.ProductFootprint."


def partner(here: Parts, who: Who = EMBEDDED, **more: Any) -> Made:
    given = {"name": "客户甲", "base_url": HOST, "their_client_id": "us", "their_secret": "s3", "sees": "all"} | more
    with here.database.writing() as db:
        return partners.add(db, who, here.settings, Given(**given))


def published(here: Parts, who: Who = EMBEDDED, **more: Any) -> PactFootprint:
    document = version_3(**({"id": str(uuid4())} | more))
    with here.database.writing() as db:
        return book.publish(db, who, read(document))[0]


def basic(client_id: UUID | str, secret: str) -> dict[str, str]:
    return {"authorization": "Basic " + base64.b64encode(f"{client_id}:{secret}".encode()).decode()}


def token(web: TestClient, made: Made) -> dict[str, str]:
    answer = web.post(
        "/pact/auth/token", data={"grant_type": "client_credentials"}, headers=basic(made.row.id, made.secret)
    )
    assert answer.status_code == 200, answer.text
    return {"authorization": f"Bearer {answer.json()['access_token']}"}


def event(kind: str, data: Any, **more: Any) -> dict[str, Any]:
    made = {
        "type": f"{PREFIX}{kind}.3",
        "specversion": "1.0",
        "id": f"event {uuid4()}",
        "source": "//partner.example/3/events",
        "time": "2026-05-31T17:31:00Z",
        "data": data,
    }
    return made | more
