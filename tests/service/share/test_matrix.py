"""
A1 and A2: operations on a record × role × whose record it is; then the same with the service's own filter off.

That each operation asks each role for its right, whatever the record, is in
``test_identity.py``. Here the record exists.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from service import auth
from service.clock import now
from service.identity.roles import rights_of
from service.passthrough import runs
from service.position.routes import EXAMPLE as POSITION
from service.score.kept import EXAMPLE as SCORE
from service.share.tables import Share, SharedField
from tests.service.pact.test_exchange import ASK
from tests.service.pact.world import partner
from tests.service.share.world import API, BANK, BUYER, MILL, STRANGER, World
from tests.service.test_identity import rights_by_operation
from tests.service.test_letters import ASK as LETTER
from tests.service.test_passthrough_runs import products
from tests.service.test_walls import without_the_first_wall

#: Bodies that an operation would take, so that its refusal is about the record and not about the body.
BODIES: dict[tuple[str, str], Any] = {
    ("POST", "/statements/{number}/withdraw"): {"reason": "x"},
    ("POST", "/jobs/{job_id}/retry"): {"reason": "x"},
    ("PUT", "/pact/partners/{partner_id}"): {"name": "x"},
    ("POST", "/pact/partners/{partner_id}/releases"): {"footprint_ids": [str(uuid4())]},
    ("POST", "/pact/partners/{partner_id}/asks"): ASK,
    ("PATCH", "/identity/people/{person_id}"): {},
    ("POST", "/export-reviews/{review_id}/decision"): {"decision": "refused"},
}
#: Records that other tests look after (registers, factors, portfolios, kept footprints and so on), and operations whose
#: address holds no record of an organisation.
ELSEWHERE = re.compile(
    r"/(law|prices|price-sources|verify|registers|factors|portfolios|packages|policy|kept-footprints|disclosures"
    r"|identity/organisations|score-records/\{record_id\}/overrides|pact/partners/\{partner_id\}/(fetch|requests))\b"
)
OTHERS = re.compile(r"/shares/received/")


@dataclass
class Cast:
    """Who asks, by role: of the mill that owns the records, of the bank that one is shared with, and of a stranger."""

    mill: dict[str, str]
    bank: dict[str, str]
    stranger: str


@pytest.fixture(scope="module")
def cast(world: World) -> Cast:
    mill = {
        role: world.colleague(MILL, role)
        for role in ("exporter_viewer", "exporter_editor", "exporter_admin", "auditor")
    }
    bank = {role: world.colleague(BANK, role) for role in ("bank_analyst", "bank_admin", "auditor")}
    return Cast(mill, bank, STRANGER)


@pytest.fixture(scope="module")
def ids(world: World) -> dict[str, str]:
    """A record of the mill for each name that an address holds; the assessment is shared with the bank."""
    assessment = world.assessment()
    share = str(world.shared(subject=assessment))
    held = world.shared(BUYER, fields=["goods.see", "goods.intensity"])
    sent = world.web.post(f"{API}/uploads", files={"file": ("a.csv", b"a,b\n1,2\n")}, headers=world.head(MILL))
    reviews = world.get(MILL, "export-reviews").json()["items"]
    key = world.post(MILL, "identity/keys", {"name": "x"}).json()
    partner_id = str(partner(world.parts, world.who[MILL]).row.id)
    run = world.post(MILL, "passthrough/jobs", {"products": products(1)}).json()
    assert runs.work(world.parts.database, UUID(run["job_id"]), 30.0) == "done"
    return {
        "assessment_id": assessment, "line": "1", "job_id": sent.json()["id"], "number": world.statement(),
        "position_id": world.post(MILL, "kept-positions", POSITION).json()["id"],
        "record_id": world.post(MILL, "score-records", SCORE).json()["id"], "share_id": share,
        "review_id": next(one["id"] for one in reviews if one["share_id"] == str(held)),
        "partner_id": partner_id, "ask_id": world.post(MILL, f"pact/partners/{partner_id}/asks", ASK).json()["id"],
        "person_id": str(world.who[MILL].person_id), "key_id": key["id"], "kind": "pdf", "run_id": run["id"],
        "request_id": world.post(MILL, "supplier-requests", LETTER).json()["id"],
    }  # fmt: skip


def operations(world: World) -> Iterator[tuple[str, str]]:
    """Yield method and path of every operation on a record."""
    for path, methods in world.web.get(f"{API}/openapi.json").json()["paths"].items():
        for method in methods:
            if "{" in path and not ELSEWHERE.search(path):
                yield method.upper(), path.removeprefix(API)


def asked(world: World, who: str | None, method: str, path: str, ids: dict[str, str]) -> int:
    address = API + path.format_map(ids | ({"number": "0"} if "{run_id}" in path else {}))
    body = BODIES.get((method, path))
    head = (world.head(who) if who else {}) | (
        {"if-match": f'"{"0" * 16}"'} if method in ("PUT", "PATCH", "DELETE") else {}
    )
    return int(world.web.request(method, address, headers=head, json=body).status_code)


def foreign_cells(world: World, cast: Cast, ids: dict[str, str]) -> Iterator[tuple[str, str, str, int]]:
    rights = rights_by_operation(world.web)
    strangers = {"ets_firm": cast.stranger, **cast.bank}
    for method, path in operations(world):
        if OTHERS.search(path):
            continue
        for role, who in strangers.items():
            status = asked(world, who, method, path, ids)
            allowed = rights[method, API + path] in rights_of(role)
            if status != (404 if allowed else 403):
                yield method, path, role, status


def test_a_foreign_record_is_not_there_for_any_role(world: World, cast: Cast, ids: dict[str, str]) -> None:
    assert list(foreign_cells(world, cast, ids)) == []


def test_nobody_is_told_anything(world: World, ids: dict[str, str]) -> None:
    assert {asked(world, None, method, path, ids) for method, path in operations(world)} == {401}


def test_what_is_shared_is_read_by_each_role_of_its_recipient_and_nobody_else(
    world: World, cast: Cast, ids: dict[str, str]
) -> None:
    gone = {"shared": 200, "revoked": 404, "expired": 404, "foreign": 404}
    shares = {"shared": ids["share_id"], "foreign": str(world.shared(BUYER))}
    shares |= {relation: str(world.shared()) for relation in ("revoked", "expired")}
    world.post(MILL, f"shares/{shares['revoked']}/revoke")
    with world.parts.database.writing() as db:
        for table, name in ((Share, "id"), (SharedField, "share_id")):
            for row in db.query(table).filter(getattr(table, name) == UUID(shares["expired"])):
                row.closes = now() - timedelta(seconds=1)
    wrong = []
    for relation, status in gone.items():
        for end in ("", ".pdf", ".xlsx"):
            path = f"shares/received/{shares[relation]}{end}"
            wrong += [(path, who) for who in cast.bank.values() if world.get(who, path).status_code != status]
            wrong += [
                (path, who) for who in (cast.stranger, *cast.mill.values()) if world.get(who, path).status_code != 404
            ]
    assert wrong == []


@pytest.mark.services
def test_with_the_service_filter_off_the_database_refuses_every_foreign_record(
    world: World, cast: Cast, ids: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A2; on SQLite there is no second wall, and the same cells then open: the filter is what the test switches off."""
    from sqlalchemy import select

    without_the_first_wall(monkeypatch)
    for name, module in list(sys.modules.items()):
        if name.startswith("service") and getattr(module, "opened", None) is auth.opened:
            monkeypatch.setattr(module, "opened", lambda table, _who, _moment: select(table))
    if world.parts.database.role is None:
        assert any(cell[0] == "GET" for cell in foreign_cells(world, cast, ids))
        return
    # The head of a share is a row that its recipient may read.
    wrong = [
        cell
        for cell in foreign_cells(world, cast, ids)
        if not (cell[1] == "/shares/{share_id}" and cell[2] in cast.bank and cell[0] == "GET")
    ]
    assert wrong == []
    assert world.get(cast.stranger, f"shares/received/{ids['share_id']}").status_code == 404


def test_the_own_record_is_there_or_forbidden(world: World, cast: Cast, ids: dict[str, str]) -> None:
    """Last, since it changes the records: too little right is 403, enough is neither 401, 403 nor 404."""
    rights = rights_by_operation(world.web)
    wrong = []
    order = {"GET": 0, "POST": 1, "PATCH": 1, "PUT": 1, "DELETE": 2}

    def turn(operation: tuple[str, str]) -> int:
        """A job is cancelled after the retry that would wake it, and its events are read once it has ended."""
        method, path = operation
        return {"/jobs/{job_id}/cancel": 3, "/jobs/{job_id}/events": 4}.get(path, order[method])

    for method, path in sorted(operations(world), key=turn):
        if OTHERS.search(path) or "key_id" in path:
            continue
        for role, who in cast.mill.items():
            status = asked(world, who, method, path, ids)
            allowed = rights[method, API + path] in rights_of(role)
            good = status not in (401, 403, 404) if allowed else status == 403
            if not good:
                wrong.append((method, path, role, status))
    assert [one for one in wrong if one[1] != "/pact/partners/{partner_id}/releases"] == []
