"""An installation with organisations that share."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from fastapi.testclient import TestClient

from service.auth import Who
from service.clock import today
from service.identity import use as identity
from service.identity.roles import rights_of
from service.parts import Parts
from service.statement.routes import EXAMPLE as STATEMENT
from tests.service.test_hostile import OPTIONS, SUBMISSION

API = "/api/v1"
MILL, BANK, BUYER, STRANGER = "mill", "bank", "buyer", "stranger"
#: Kind, admin's role and country of each.
FIRMS = {
    MILL: ("exporter", "exporter_admin", "CN"),
    BANK: ("bank", "bank_admin", "CN"),
    BUYER: ("ets_firm", "ets_firm", "DE"),
    STRANGER: ("ets_firm", "ets_firm", "CN"),
}


@dataclass
class World:
    """The parts, a client, and for each organisation its admin and the admin's key."""

    parts: Parts
    web: TestClient
    who: dict[str, Who]
    keys: dict[str, str]

    def head(self, name: str) -> dict[str, str]:
        return {"authorization": f"Bearer {self.keys[name]}"}

    def get(self, name: str, path: str, **more: Any) -> Any:
        return self.web.get(f"{API}/{path}", headers=self.head(name), **more)

    def post(self, name: str, path: str, body: Any = None) -> Any:
        return self.web.post(f"{API}/{path}", headers=self.head(name), json={} if body is None else body)

    def colleague(self, name: str, role: str | None = None) -> str:
        """Add somebody to an organisation and return the name of their key."""
        role = role or FIRMS[name][1]
        new = f"{name}+{role}+{len(self.keys)}"
        organisation = self.who[name].organisation_id
        with self.parts.database.writing() as db:
            person = identity.invite(db, organisation, "x", f"{new}@example.cn", role).person
            self.who[new] = Who(organisation, person.id, rights_of(role))
            self.keys[new] = identity.add_key(db, self.who[new], "k").token
        return new

    def assessment(self, name: str = MILL) -> str:
        sent = self.post(name, "assessments", {"submission": SUBMISSION, "options": OPTIONS})
        assert sent.status_code == 201, sent.text
        return str(sent.json()["id"])

    def statement(self, name: str = MILL) -> str:
        asked = STATEMENT["statement"] | {"issuer": {"name": name}}
        sent = self.post(name, "statements", {"statement": asked})
        assert sent.status_code in (200, 201), sent.text
        return str(sent.json()["number"])

    def offer(self, to: str = BANK, **more: Any) -> Any:
        """Share with an organisation, by default an assessment's results."""
        body = {
            "kind": "assessment", "recipient": str(self.who[to].organisation_id), "purpose": "绿色贷款",
            "until": (today() + dt.timedelta(days=30)).isoformat(),
        } | more  # fmt: skip
        if "subject" not in body and "dossier" not in body:
            body["subject"] = self.assessment()
        return self.post(MILL, "shares", body)

    def shared(self, to: str = BANK, **more: Any) -> UUID:
        sent = self.offer(to, **more)
        assert sent.status_code == 201, sent.text
        return UUID(sent.json()["id"])


def made(parts: Parts, web: TestClient) -> World:
    """Write the organisations and their admins."""
    world = World(parts, web, {}, {})
    for name, (kind, role, country) in FIRMS.items():
        with parts.database.writing() as db:
            organisation = identity.add_organisation(db, name, kind, None, country)
            person = identity.invite(db, organisation.id, "admin", f"{name}@example.cn", role).person
            world.who[name] = Who(organisation.id, person.id, rights_of(role))
            world.keys[name] = identity.add_key(db, world.who[name], "k").token
    return world
