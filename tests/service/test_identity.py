"""Who comes in, by which door, and what each role may do."""

from __future__ import annotations

import datetime as dt
import re
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import jwt
import pyotp
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from fastapi.testclient import TestClient
from sqlalchemy import select

from service import clock
from service.app import create_app
from service.auth import Who
from service.edition import version_of
from service.identity import door, secrets, tokens, use
from service.identity.keys import key_of
from service.identity.permit import right_of
from service.identity.roles import access, rights_of
from service.identity.tables import ApiKey, Client, Login, SignIn
from service.library import Library
from service.parts import Parts
from service.provide import transaction
from service.tables import Person
from tests.service.conftest import installed

PASSWORD = "correct horse battery staple"
ORIGIN = {"origin": "http://127.0.0.1"}
TOKEN = "/api/v1/oauth/token"
CREDENTIALS = {"grant_type": "client_credentials"}


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory, library: Library, blank: Path) -> Iterator[Parts]:
    # All tests of the module come from one address.
    yield from installed(tmp_path_factory.mktemp("accounts"), library, blank, sign_in="accounts", limit_sign_in=10_000)


@pytest.fixture(scope="module")
def open_app(here: Parts) -> Iterator[TestClient]:
    with TestClient(
        create_app(parts=here), base_url="http://127.0.0.1", raise_server_exceptions=False, follow_redirects=False
    ) as client:
        yield client


@pytest.fixture
def web(open_app: TestClient) -> TestClient:
    open_app.cookies.clear()
    return open_app


def admin_of(here: Parts, kind: str = "exporter", role: str = "exporter_admin") -> tuple[Who, str, str]:
    """Write an organisation with an invited admin; return who, e-mail and one-time code."""
    email = f"zhang.{uuid4().hex[:8]}@example.com"
    with here.database.writing() as db:
        organisation = use.add_organisation(db, "佛山示例铝业", kind, None)
        made = use.invite(db, organisation.id, "张三", email, role)
    return Who(organisation.id, made.person.id, rights_of(role)), email, made.code


def key_for(here: Parts, role: str) -> str:
    kind = sorted(access().roles[role].organisations)[0]
    who, _, _ = admin_of(here, kind, role)
    with here.database.writing() as db:
        return use.add_key(db, who, "test").token


def enrolled(web: TestClient, code: str) -> tuple[str, list[str]]:
    """Accept an invitation as a person does; return the second factor's secret and the recovery codes."""
    answer = web.post("/sign-in/invited", data={"code": code, "password": PASSWORD}, headers=ORIGIN)
    assert answer.headers["location"] == "/sign-in/enrol"
    shown = web.get("/sign-in/enrol")
    secret = re.findall(r'name="secret" value="([A-Z2-7]{32})"', shown.text)[0]
    assert "data:image/svg+xml" in shown.text
    done = web.post("/sign-in/enrol", data={"secret": secret, "code": pyotp.TOTP(secret).now()}, headers=ORIGIN)
    return secret, re.findall(r"<code>([A-Z2-9]{10})</code>", done.text)


def test_a_person_is_invited_sets_password_and_second_factor_and_is_in(web: TestClient, here: Parts) -> None:
    who, email, code = admin_of(here)
    assert web.get("/account").headers["location"] == "/sign-in?next=%2Faccount"
    secret, codes = enrolled(web, code)
    assert len(set(codes)) == 10
    assert "佛山示例铝业" in web.get("/account").text
    assert web.get("/api/v1/identity/me").json()["person_id"] == str(who.person_id)
    # Signing out voids the visit for whoever kept the cookie.
    kept = web.cookies["yuetan"]
    web.post("/sign-out", headers=ORIGIN)
    assert web.get("/api/v1/identity/me", headers={"cookie": f"yuetan={kept}"}).status_code == 401
    # The invitation served once.
    assert web.post("/sign-in/invited", data={"code": code, "password": PASSWORD}, headers=ORIGIN).status_code == 422

    begun = web.post("/sign-in", data={"email": email.upper(), "password": PASSWORD}, headers=ORIGIN)
    assert begun.headers["location"] == "/sign-in/second"
    half = web.cookies["yuetan"]
    assert web.get("/api/v1/identity/me").status_code == 401, "a password alone opens nothing"
    with here.database.reading() as db:
        taken = db.scalars(select(Login.totp_step).where(Login.person_id == who.person_id)).one()
    used = pyotp.TOTP(secret).generate_otp(taken)
    assert web.post("/sign-in/second", data={"code": used}, headers=ORIGIN).status_code == 401, "a code serves once"
    again = web.post("/sign-in/second", data={"code": codes[0].lower(), "next": "//evil.example"}, headers=ORIGIN)
    assert again.headers["location"] == "/"
    assert web.cookies["yuetan"] != half
    assert web.get("/api/v1/identity/me").status_code == 200
    with here.database.reading() as db:
        login = db.scalars(select(Login).where(Login.email == email)).one()
        assert len(login.recovery) == 9
        assert login.password is not None
        assert login.password.startswith("$argon2id$")
        assert secret.encode() not in (login.totp or b"")


def test_five_failures_lock_and_say_the_same_as_an_unknown_address(web: TestClient, here: Parts) -> None:
    _, email, code = admin_of(here)
    enrolled(web, code)
    web.cookies.clear()
    texts = set()
    for address in [*[email] * door.FAILURES_TO_LOCK, "nobody@example.com"]:
        answer = web.post("/sign-in", data={"email": address, "password": "wrong wrong wrong"}, headers=ORIGIN)
        assert answer.status_code == 401
        texts.add(answer.text)
    assert len(texts) == 1
    locked = web.post("/sign-in", data={"email": email, "password": PASSWORD}, headers=ORIGIN)
    assert locked.status_code == 401, "the right password does not open a locked account"
    with here.database.writing() as db:
        login = db.scalars(select(Login).where(Login.email == email)).one()
        assert login.locked_until is not None
        assert login.locked_until - clock.now() < dt.timedelta(seconds=door.LOCK_S + 1)
        login.locked_until = clock.now() - dt.timedelta(seconds=1)
    assert web.post("/sign-in", data={"email": email, "password": PASSWORD}, headers=ORIGIN).status_code == 303


def test_wrong_second_factors_lock_too(web: TestClient, here: Parts) -> None:
    _, email, code = admin_of(here)
    secret, codes = enrolled(web, code)
    web.cookies.clear()
    web.post("/sign-in", data={"email": email, "password": PASSWORD}, headers=ORIGIN)
    for _ in range(door.FAILURES_TO_LOCK):
        assert web.post("/sign-in/second", data={"code": "000000"}, headers=ORIGIN).status_code == 401
    assert web.post("/sign-in/second", data={"code": codes[1]}, headers=ORIGIN).status_code == 401
    assert secret


@pytest.mark.parametrize(("idle_min", "age_h"), [(31, 0), (0, 13)])
def test_a_visit_ends_by_idleness_and_by_age(web: TestClient, here: Parts, idle_min: int, age_h: int) -> None:
    who, _, code = admin_of(here)
    enrolled(web, code)
    with here.database.writing() as db:
        visit = db.scalars(select(SignIn).where(SignIn.person_id == who.person_id)).one()
        visit.used -= dt.timedelta(minutes=idle_min)
        visit.created -= dt.timedelta(hours=age_h)
    assert web.get("/api/v1/identity/me").status_code == 401


def test_a_change_by_cookie_without_origin_is_refused(web: TestClient, here: Parts) -> None:
    _, _, code = admin_of(here)
    enrolled(web, code)
    body = {"name": "x"}
    assert web.post("/api/v1/identity/keys", json=body).status_code == 401
    foreign = {"origin": "https://evil.example"}
    assert web.post("/api/v1/identity/keys", json=body, headers=foreign).status_code == 403
    assert web.post("/api/v1/identity/keys", json=body, headers=ORIGIN).status_code == 201


def test_keys_act_for_their_person_until_void(web: TestClient, here: Parts) -> None:
    who, _, _ = admin_of(here)
    with here.database.writing() as db:
        made = use.add_key(db, who, "Excel")
        late = use.add_key(db, who, "old", days=1)
        late.row.until = clock.now() - dt.timedelta(seconds=1)
    head = {"authorization": f"Bearer {made.token}"}
    assert web.get("/api/v1/identity/me", headers=head).json()["role"] == "exporter_admin"
    assert web.get("/api/v1/identity/me", headers={"authorization": f"Bearer {late.token}"}).status_code == 401
    shown = web.get("/api/v1/identity/keys", headers=head).text
    assert made.token not in shown
    with here.database.reading() as db:
        assert made.token not in {row.token for row in db.scalars(select(ApiKey))}
    assert web.delete(f"/api/v1/identity/keys/{made.row.id}", headers=head).status_code == 204
    assert web.get("/api/v1/identity/me", headers=head).status_code == 401


def client_with_key(here: Parts) -> tuple[UUID, Ed25519PrivateKey]:
    who, _, _ = admin_of(here, "bank", "bank_admin")
    private = Ed25519PrivateKey.generate()
    pem = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    with here.database.writing() as db:
        return use.add_client(db, who, "信贷系统", "bank_analyst", pem).client.id, private


def assertion(client_id: UUID, private: Any, algorithm: str = "EdDSA", **changed: Any) -> dict[str, str]:
    moment = int(time.time())
    claims = {
        "iss": str(client_id), "sub": str(client_id), "aud": "http://127.0.0.1/api/v1/oauth/token",
        "iat": moment, "exp": moment + 120, "jti": uuid4().hex, **changed,
    }  # fmt: skip
    return CREDENTIALS | {
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": jwt.encode({k: v for k, v in claims.items() if v is not None}, private, algorithm),
    }


def test_a_program_gets_a_token_by_its_key_once_per_assertion(web: TestClient, here: Parts) -> None:
    client_id, private = client_with_key(here)
    sent = assertion(client_id, private)
    made = web.post(TOKEN, data=sent)
    assert made.status_code == 200
    assert made.json()["expires_in"] == 600
    assert made.headers["cache-control"] == "no-store"
    head = {"authorization": f"Bearer {made.json()['access_token']}"}
    assert web.get("/api/v1/identity/me", headers=head).json()["role"] == "bank_analyst"
    assert web.post(TOKEN, data=sent).json()["error"] == "invalid_client", "an assertion serves once"
    # Access ends at once when an admin ends it, though the token has minutes left.
    with here.database.writing() as db:
        client = db.get_one(Client, client_id)
        who = Who(client.organisation_id, client.person_id)
        use.change_person(
            db, who, client.person_id, None, False, frozenset({version_of(db.get_one(Person, client.person_id))})
        )
    assert web.get("/api/v1/identity/me", headers=head).status_code == 401


@pytest.mark.parametrize(
    "changed",
    [
        {"aud": "https://other.example"},
        {"aud": None},
        {"iss": "someone"},
        {"sub": str(uuid4())},
        {"exp": 1},
        {"exp": 4102444800},
        {"exp": None},
        {"jti": None},
        {"jti": "x" * 100},
        {"iat": 4102444800},
    ],
)
def test_an_assertion_that_does_not_hold_is_refused(web: TestClient, here: Parts, changed: dict[str, Any]) -> None:
    client_id, private = client_with_key(here)
    answer = web.post(TOKEN, data=assertion(client_id, private, **changed))
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


def test_a_program_with_a_secret_by_basic_or_in_the_body(web: TestClient, here: Parts) -> None:
    who, _, _ = admin_of(here)
    with here.database.writing() as db:
        made = use.add_client(db, who, "ERP", "exporter_editor", None)
    name = str(made.client.id)
    assert made.secret is not None
    body = CREDENTIALS | {"client_id": name, "client_secret": made.secret}
    assert web.post(TOKEN, data=body).status_code == 200
    assert web.post(TOKEN, data=CREDENTIALS, auth=(name, made.secret)).status_code == 200
    for wrong in ({"client_secret": "ys_wrong"}, {"client_id": str(uuid4())}, {"client_id": "x"}):
        assert web.post(TOKEN, data=body | wrong).status_code == 401
    assert web.post(TOKEN, data={"grant_type": "password"}).json()["error"] == "unsupported_grant_type"


def forged(here: Parts) -> dict[str, str]:
    key = key_of(here.settings, "access-token")
    moment = int(time.time())
    good = {
        "iss": tokens.ISSUER, "aud": tokens.AUDIENCE, "sub": str(uuid4()), "org": str(uuid4()), "per": str(uuid4()),
        "iat": moment, "exp": moment + 600, "jti": "x",
    }  # fmt: skip
    with warnings.catch_warnings(action="ignore"):
        swapped = jwt.encode(good, key, "HS512")
    return {
        "nobody": jwt.encode(good, key, "HS256"),
        "no algorithm": jwt.encode(good, None, "none"),
        "another algorithm": swapped,
        "another key": jwt.encode(good, b"k" * 32, "HS256"),
        "another audience": jwt.encode(good | {"aud": "x"}, key, "HS256"),
        "another issuer": jwt.encode(good | {"iss": "x"}, key, "HS256"),
        "over": jwt.encode(good | {"exp": moment - 61}, key, "HS256"),
        "not yet": jwt.encode(good | {"nbf": moment + 90}, key, "HS256"),
        "a key id": jwt.encode(good, key, "HS256", headers={"kid": "../../etc/passwd"}),
        "no subject": jwt.encode({k: v for k, v in good.items() if k != "sub"}, key, "HS256"),
        "a number for a subject": jwt.encode(good | {"sub": "1"}, key, "HS256"),
        "not a token": "a.b.c",
        "empty": "",
        "long": "a" * 1_000_000,
    }


def test_tokens_that_do_not_hold_are_401_in_no_time(web: TestClient, here: Parts) -> None:
    """A7: time of the processor, since others use this machine too; the least of nine, with the test's own client in it."""
    for name, token in forged(here).items():
        times = []
        for _ in range(9):
            begun = time.process_time()
            answer = web.get("/api/v1/identity/me", headers={"authorization": f"Bearer {token}"})
            times.append(time.process_time() - begun)
        assert answer.status_code == 401, name
        assert answer.headers["www-authenticate"] == "Bearer"
        assert answer.json()["code"] == "identity.not_signed_in"
        assert token not in answer.text or not token
        assert min(times) < 0.02, name


def test_each_operation_asks_for_a_right_and_each_role_has_its_own(web: TestClient, here: Parts) -> None:
    """A1 without relations: every operation of the description × every role and nobody."""
    keys = {role: key_for(here, role) for role in access().roles}
    described = web.get("/api/v1/openapi.json").json()["paths"]
    opened = {"/api/v1/health", "/api/v1/ready", "/api/v1/verify/{number}", "/api/v1/verify/score/{record_id}", TOKEN}
    wrong, cells = [], 0
    rights = rights_by_operation(web)
    for path, operations in described.items():
        if path in opened:
            continue
        address = re.sub(r"\{[^}]*id\}", str(uuid4()), path)
        address = re.sub(r"\{[^}]*\}", "x", address)
        for method in operations:
            right = rights[method.upper(), path]
            for role, key in [("nobody", None), *keys.items()]:
                head = {"authorization": f"Bearer {key}"} if key else {}
                if role == "nobody":
                    good = web.request(method, address).status_code == 401
                else:
                    status = web.request(method, address, headers=head, json={}).status_code
                    allowed = right in rights_of(role)
                    # What is not JSON is refused before the right is looked at; it is refused all the same.
                    good = status not in (401, 403) if allowed else status in (403, 415, 422)
                cells += 1
                if not good:
                    wrong.append((method, path, role, right))
    assert wrong == []
    assert cells > 300


def rights_by_operation(web: TestClient) -> dict[tuple[str, str], str]:
    application: Any = web.app
    found = {}
    for included in application.routes:
        for route in (
            getattr(included, "original_router", included).routes if hasattr(included, "original_router") else []
        ):
            for method in route.methods:
                for prefix in ("/api/v1", ""):
                    found[method, prefix + route.path] = right_of(route, transaction)
    return found


def test_the_rights_of_operations_are_what_one_would_expect(web: TestClient) -> None:
    rights = rights_by_operation(web)
    assert rights["GET", "/api/v1/assessments"] == "see"
    assert rights["POST", "/api/v1/assessments"] == "keep"
    assert rights["POST", "/api/v1/uploads"] == "keep"
    assert rights["POST", "/api/v1/installations/see"] == "compute"
    assert rights["GET", "/api/v1/identity/people"] == "manage"
    assert rights["POST", "/api/v1/identity/organisations"] == "operate"
    assert set(rights.values()) <= set(access().rights)


def test_an_admin_manages_the_own_people_only(web: TestClient, here: Parts) -> None:
    mine, _, _ = admin_of(here)
    theirs, _, _ = admin_of(here)
    with here.database.writing() as db:
        head = {"authorization": f"Bearer {use.add_key(db, mine, 'x').token}"}
    people = web.get("/api/v1/identity/people", headers=head).json()
    assert [one["id"] for one in people] == [str(mine.person_id)]
    mark = head | {"if-match": f'"{people[0]["version"]}"'}
    foreign = web.patch(f"/api/v1/identity/people/{theirs.person_id}", headers=mark, json={"active": False})
    assert (foreign.status_code, foreign.json()["code"]) == (404, "service.not_found")
    last = web.patch(f"/api/v1/identity/people/{mine.person_id}", headers=mark, json={"role": "exporter_viewer"})
    assert last.json()["code"] == "identity.last_admin"
    assert web.get("/api/v1/identity/people", headers=head).json()[0]["role"] == "exporter_admin"
    bank = web.patch(f"/api/v1/identity/people/{mine.person_id}", headers=mark, json={"role": "bank_admin"})
    assert bank.json()["code"] == "identity.bad_role"
    new = {"name": "李四", "email": f"li.{uuid4().hex[:6]}@example.com", "role": "exporter_viewer"}
    assert web.post("/api/v1/identity/people", headers=head, json=new).status_code == 201
    assert web.post("/api/v1/identity/people", headers=head, json=new).json()["code"] == "identity.taken"


@pytest.mark.parametrize(
    ("code", "good"), [("91110000600037341L", True), ("91110000600037341M", False), ("9144060", False), ("", False)]
)
def test_the_credit_code_is_checked_by_its_check_digit(code: str, good: bool) -> None:
    if good:
        assert use.checked_uscc(f" {code[:8]} {code[8:]}".lower()) == code
    else:
        with pytest.raises(use.BadCreditCode):
            use.checked_uscc(code)


@pytest.mark.parametrize("password", ["short", "x" * 129, "zhangsan-and-more"])
def test_weak_passwords_are_refused(password: str) -> None:
    with pytest.raises(secrets.WeakPassword):
        secrets.hash_password(password, "zhangsan@example.com")


def test_codes_of_the_second_factor_hold_for_a_step_on_each_side_and_once() -> None:
    secret = "JBSWY3DPEHPK3PXP" * 2
    code = pyotp.TOTP(secret).at(1_800_000_000)
    step = 1_800_000_000 // 30
    for shift, found in ((-61, None), (-30, step), (0, step), (30, step), (61, None)):
        assert secrets.step_of(secret, code, 0, 1_800_000_000 + shift) == found
    assert secrets.step_of(secret, code, step, 1_800_000_000) is None


def test_keys_derived_for_two_purposes_differ_and_stay(here: Parts) -> None:
    assert key_of(here.settings, "a") == key_of(here.settings, "a") != key_of(here.settings, "b")
    assert (here.settings.data_dir / "secret").stat().st_mode & 0o077 == 0
    sealed = secrets.seal("x", key_of(here.settings, "a"))
    assert secrets.unseal(sealed, key_of(here.settings, "a")) == "x"
    assert secrets.unseal(sealed, key_of(here.settings, "b")) is None


def test_without_sign_in_nothing_changes(client: TestClient) -> None:
    assert client.get("/api/v1/identity/me").json()["role"] == "exporter_admin"
    assert "/account" not in client.get("/").text


def test_page_of_the_account_in_both_languages(web: TestClient, here: Parts) -> None:
    _, _, code = admin_of(here)
    enrolled(web, code)
    invited = web.post(
        "/account/people",
        headers=ORIGIN,
        data={"name": "王五", "email": f"w{uuid4().hex[:6]}@example.com", "role": "auditor"},
    )
    assert invited.status_code == 201
    assert "/sign-in/invited?code=" in invited.text
    assert "/sign-in/invited?code=" not in web.get("/account").text, "a link is shown once"
    assert "People and programs" in web.get("/account", params={"lang": "en"}).text
    bad = web.post("/account/people", headers=ORIGIN, data={"name": "x", "email": "no", "role": "auditor"})
    assert bad.status_code == 422
