"""Signing in through an organisation's own provider: against a real one, and against one that lies."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit
from uuid import uuid4

import httpx2
import jwt
import pytest
from bs4 import BeautifulSoup
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as rsa_key
from fastapi.testclient import TestClient
from pydantic import ValidationError
from sqlalchemy import select

from service.app import create_app
from service.identity import provider as use
from service.identity.provider import BACK, Provider, ProviderAway, ProviderRefused, opened
from service.identity.tables import Login, ProviderLink
from service.library import Library
from service.parts import Parts
from service.settings import Settings
from tests.service.conftest import installed
from tests.service.test_identity import ORIGIN, admin_of
from tests.service.test_operation import free_port

ISSUER, SITE = "https://login.example.com", "https://carbon.example.com"
PASSWORD = "Chang-Feng-Po-Lang-7"


class Liar:
    """A provider in memory; what it says may be changed."""

    def __init__(self) -> None:
        self.keys = {"one": rsa_key(65537, 2048)}
        self.said: dict[str, Any] = {
            "issuer": ISSUER, "authorization_endpoint": f"{ISSUER}/a", "token_endpoint": f"{ISSUER}/t", "jwks_uri": f"{ISSUER}/k",
        }  # fmt: skip
        self.nonce = ""
        self.claims: dict[str, Any] = {}
        self.kid, self.algorithm, self.key = "one", "RS256", None
        self.token: str | None = None
        self.asked: list[tuple[str, bytes]] = []
        self.web = httpx2.Client(transport=httpx2.MockTransport(self.answer))

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        self.asked.append((request.url.path, request.content))
        if request.url.path == "/.well-known/openid-configuration":
            return httpx2.Response(200, json=self.said)
        if request.url.path == "/k":
            keys = [
                json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key())) | {"kid": kid, "use": "sig"}
                for kid, key in self.keys.items()
            ]
            return httpx2.Response(200, json={"keys": [*keys, {"kty": "??"}, "x", {"kty": "RSA", "use": "enc"}]})
        now = int(time.time())
        body = {
            "iss": ISSUER,
            "aud": "us",
            "sub": "s-1",
            "iat": now,
            "exp": now + 60,
            "nonce": self.nonce,
        } | self.claims
        body = {name: value for name, value in body.items() if value is not None}
        key: Any = self.key if self.key is not None else self.keys.get(self.kid)
        made = self.token or jwt.encode(body, key, algorithm=self.algorithm, headers={"kid": self.kid})
        return httpx2.Response(200, json={"id_token": made, "access_token": "x"})


@pytest.fixture
def liar() -> Liar:
    return Liar()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        data_dir=tmp_path, sign_in="accounts", oidc_issuer=ISSUER, oidc_client_id="us", oidc_client_secret="s"
    )


def asked(provider: Provider, liar: Liar) -> tuple[str, use.Pending]:
    where, pending = provider.begin(SITE, "/")
    liar.nonce = pending.nonce
    return where, pending


def test_what_is_asked_and_what_is_confirmed(settings: Settings, liar: Liar) -> None:
    provider = Provider(settings, ISSUER, liar.web)
    where, pending = asked(provider, liar)
    query = {name: values[0] for name, values in parse_qs(urlsplit(where).query).items()}
    digest = hashlib.sha256(pending.verifier.encode()).digest()
    assert query["code_challenge"] == base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    assert query["code_challenge_method"] == "S256"
    assert query["redirect_uri"] == SITE + BACK
    assert (query["state"], query["nonce"], query["scope"]) == (pending.state, pending.nonce, "openid")
    assert provider.end(SITE, pending, "c", pending.state, ISSUER) == use.Known(ISSUER, "s-1")
    form = parse_qs(next(body for path, body in liar.asked if path == "/t").decode())
    assert form["code_verifier"] == [pending.verifier]
    assert opened(pending.sealed(settings), settings) == pending


HMAC_KEY = b"0" * 64


@pytest.mark.parametrize(
    "lie",
    [
        {"claims": {"nonce": "other"}}, {"claims": {"nonce": None}}, {"claims": {"iss": "https://evil.example"}},
        {"claims": {"aud": "others"}}, {"claims": {"aud": ["us", "others"]}}, {"claims": {"aud": ["us", "others"], "azp": "others"}},
        {"claims": {"azp": "others"}}, {"claims": {"sub": None}}, {"claims": {"sub": ""}}, {"claims": {"sub": "x" * 256}},
        {"claims": {"exp": 1}}, {"claims": {"exp": None}}, {"claims": {"iat": 99999999999}}, {"claims": {"iat": None}},
        {"kid": "unknown", "key": rsa_key(65537, 2048)}, {"key": rsa_key(65537, 2048)},
        {"algorithm": "PS256"}, {"algorithm": "RS512"}, {"algorithm": "HS256", "key": HMAC_KEY},
        {"algorithm": "ES256", "key": generate_private_key(SECP256R1())}, {"algorithm": "none", "key": ""},
        {"token": "x"}, {"token": ""}, {"token": "a.b.c"}, {"token": "." * 100000},
    ],
)  # fmt: skip
def test_every_lie_is_refused(settings: Settings, liar: Liar, lie: dict[str, Any]) -> None:
    provider = Provider(settings, ISSUER, liar.web)
    _, pending = asked(provider, liar)
    for name, value in lie.items():
        setattr(liar, name, value)
    if lie.get("token") == "":
        liar.token = " "
    with pytest.raises(ProviderRefused):
        provider.end(SITE, pending, "c", pending.state)


def test_state_and_issuer_of_the_answer_must_fit(settings: Settings, liar: Liar) -> None:
    provider = Provider(settings, ISSUER, liar.web)
    _, pending = asked(provider, liar)
    for state, issuer in (("", ISSUER), ("x", ISSUER), (pending.state, "https://evil.example")):
        with pytest.raises(ProviderRefused):
            provider.end(SITE, pending, "c", state, issuer)
    assert not [path for path, _ in liar.asked if path == "/t"]


def test_a_new_key_is_fetched_and_not_for_every_stranger(
    settings: Settings, liar: Liar, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider = Provider(settings, ISSUER, liar.web)
    _, pending = asked(provider, liar)
    provider.end(SITE, pending, "c", pending.state)
    liar.keys = {"two": rsa_key(65537, 2048)}
    liar.kid = "two"
    for _ in range(3):
        with pytest.raises(ProviderRefused):
            provider.end(SITE, pending, "c", pending.state)
    assert [path for path, _ in liar.asked].count("/k") == 1
    moment = time.monotonic()
    monkeypatch.setattr(use.time, "monotonic", lambda: moment + 60)
    assert provider.end(SITE, pending, "c", pending.state).subject == "s-1"
    assert [path for path, _ in liar.asked].count("/k") == 2


@pytest.mark.parametrize(
    "said",
    [
        {"issuer": "https://evil.example"}, {"token_endpoint": "http://login.example.com/t"}, {"jwks_uri": "file:///etc/passwd"},
        {"authorization_endpoint": ""}, {"issuer": None}, {"padding": "x" * 300_000},
    ],
)  # fmt: skip
def test_a_provider_that_describes_itself_wrongly_is_not_used(
    settings: Settings, liar: Liar, said: dict[str, Any]
) -> None:
    liar.said |= said
    with pytest.raises(ProviderAway):
        Provider(settings, ISSUER, liar.web).begin(SITE, "/")


def test_a_provider_that_is_away_redirects_or_talks_nonsense(settings: Settings) -> None:
    for answer in (
        httpx2.Response(302, headers={"location": "https://evil.example"}), httpx2.Response(500), httpx2.Response(200, text="{"),
        httpx2.Response(200, json=[]),
    ):  # fmt: skip

        def give(_: httpx2.Request, answer: httpx2.Response = answer) -> httpx2.Response:
            return answer

        web = httpx2.Client(transport=httpx2.MockTransport(give))
        with pytest.raises(ProviderAway):
            Provider(settings, ISSUER, web).begin(SITE, "/")
    with pytest.raises(ProviderAway):
        Provider(settings, "http://127.0.0.1:1").begin(SITE, "/")


def test_a_cookie_of_another_key_or_time_opens_nothing(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pending = use.Pending("s", "n", "v", "/", "", time.time() + 10)
    sealed = pending.sealed(settings)
    other = Settings(data_dir=tmp_path / "other")
    for cookie, whose in ((sealed, other), ("x", settings), (None, settings), ("", settings)):
        with pytest.raises(ProviderRefused):
            opened(cookie, whose)
    late = time.time() + 11
    monkeypatch.setattr(use.time, "time", lambda: late)
    with pytest.raises(ProviderRefused):
        opened(sealed, settings)


def test_settings_go_together_and_are_safe() -> None:
    for wrong in (
        {"oidc_issuer": ISSUER}, {"oidc_client_id": "us"}, {"oidc_issuer": "http://login.example.com", "oidc_client_id": "us"},
        {"oidc_issuer": ISSUER, "oidc_client_id": "us", "oidc_algorithm": "HS256"},
    ):  # fmt: skip
        with pytest.raises(ValidationError):
            Settings(**wrong)


def test_without_a_provider_there_is_no_way(tmp_path: Path, library: Library, blank: Path) -> None:
    for here in installed(tmp_path, library, blank, sign_in="accounts"):
        with TestClient(create_app(parts=here), base_url="http://127.0.0.1") as web:
            assert web.get("/sign-in/provider", follow_redirects=False).status_code == 404
            assert "/sign-in/provider" not in web.get("/sign-in").text


@pytest.fixture(scope="module")
def canaille(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real provider with a person ``zhang`` and a client; its address."""
    program = os.environ.get("YUETAN_CANAILLE") or shutil.which("canaille")
    if not program:
        pytest.skip(
            "no provider: pip install 'canaille[oidc,server,front,sql,sqlite]' in an environment of its own, YUETAN_CANAILLE"
        )
    folder, port = tmp_path_factory.mktemp("canaille"), free_port()
    numbers = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(rsa_key(65537, 2048)))
    key = {name: numbers[name] for name in ("n", "e", "d", "p", "q", "dp", "dq", "qi", "kty")}
    inline = ", ".join(
        f'{name} = "{value}"' for name, value in (key | {"kid": "k1", "use": "sig", "alg": "RS256"}).items()
    )
    (folder / "config.toml").write_text(
        f'SECRET_KEY = "{uuid4()}"\nSERVER_NAME = "127.0.0.1:{port}"\nPREFERRED_URL_SCHEME = "http"\n'
        f'[CANAILLE]\nDATABASE = "sql"\n[CANAILLE_SQL]\nDATABASE_URI = "sqlite:///{folder}/db.sqlite"\n'
        f'[CANAILLE_OIDC]\nACTIVE_JWKS = [{{{inline}}}]\n[CANAILLE_HYPERCORN]\nBIND = "127.0.0.1:{port}"\n'
    )
    environment = os.environ | {"CANAILLE_CONFIG": str(folder / "config.toml")}

    def command(*words: str) -> None:
        subprocess.run([program, *words], env=environment, check=True, capture_output=True, cwd=folder)

    command("install")
    command(
        "create", "user", "--user-name", "zhang", "--password", PASSWORD, "--emails", "zhang@example.com",
        "--given-name", "Wei", "--family-name", "Zhang",
    )  # fmt: skip
    command(
        "create", "client", "--client-id", "yuetan", "--client-secret", "secret-of-the-test", "--redirect-uris",
        f"http://127.0.0.1{BACK}", "--grant-types", "authorization_code", "--response-types", "code", "--scope", "openid",
        "--token-endpoint-auth-method", "client_secret_basic", "--client-name", "Yuetan", "--client-uri", "http://127.0.0.1",
        "--id-token-signed-response-alg", "RS256",
    )  # fmt: skip
    command("set", "client", "yuetan", "--audience", "yuetan")
    with (folder / "log").open("wb") as log:
        running = subprocess.Popen(
            [program, "run"], env=environment, cwd=folder, stdout=log, stderr=log, start_new_session=True
        )
    address = f"http://127.0.0.1:{port}"
    try:
        until = time.monotonic() + 120
        while True:
            try:
                if httpx2.get(f"{address}/.well-known/openid-configuration", timeout=10).status_code == 200:
                    break
            except httpx2.TransportError:
                pass
            assert running.poll() is None, (folder / "log").read_text()[-2000:]
            assert time.monotonic() < until
            time.sleep(0.5)
        yield address
    finally:
        os.killpg(running.pid, signal.SIGKILL)
        running.wait()


@pytest.fixture
def at_provider() -> Iterator[Callable[[str], str]]:
    """Sign in and consent at the provider as a person does; return the address it sends back to."""
    with httpx2.Client(timeout=60) as browser:

        def walk(where: str) -> str:
            time.sleep(
                1.1
            )  # this provider's access tokens of one second are equal, and it refuses the second one itself
            answer = browser.get(where)
            for _ in range(12):
                if answer.status_code in (301, 302, 303):
                    there = urljoin(str(answer.url), answer.headers["location"])
                    if urlsplit(there).path == BACK:
                        return there
                    answer = browser.get(there)
                    continue
                form = next(
                    one
                    for one in BeautifulSoup(answer.text, "html.parser").find_all("form")
                    if one.get("method") == "POST"
                )
                given = {
                    str(one["name"]): str(one.get("value", "")) for one in form.find_all("input") if one.get("name")
                }
                given |= {name: value for name, value in (("login", "zhang"), ("password", PASSWORD)) if name in given}
                if form.find("button", value="accept"):
                    given["answer"] = "accept"
                answer = browser.post(urljoin(str(answer.url), str(form.get("action") or answer.url)), data=given)
            raise AssertionError(answer.text)

        yield walk


@pytest.mark.timeout(400)
def test_against_a_real_provider(
    canaille: str, at_provider: Callable[[str], str], tmp_path: Path, library: Library, blank: Path
) -> None:
    more = {
        "sign_in": "accounts", "oidc_issuer": canaille, "oidc_client_id": "yuetan", "oidc_client_secret": "secret-of-the-test",
    }  # fmt: skip
    for here in installed(tmp_path, library, blank, **more):
        with TestClient(create_app(parts=here), base_url="http://127.0.0.1", follow_redirects=False) as web:
            _walk_through(here, web, at_provider)


def _walk_through(here: Parts, web: TestClient, at_provider: Callable[[str], str]) -> None:
    who, email, code = admin_of(here)
    with here.database.writing() as db:
        login = db.get_one(Login, who.person_id)
        login.email = "zhang@example.com"  # the very address the provider knows them by
    assert "/sign-in/provider" in web.get("/sign-in").text
    back = at_provider(web.get("/sign-in/provider").headers["location"])
    stranger = web.get(back)
    assert stranger.status_code == 401
    assert "没有与粤碳的人员关联" in stranger.text, "an equal e-mail address links nothing"
    assert "/sign-in/provider?code=" in web.get(f"/sign-in/invited?code={code}").text
    back = at_provider(web.get("/sign-in/provider", params={"code": code}).headers["location"])
    kept = dict(web.cookies)
    taken_up = web.get(back)
    assert taken_up.status_code == 303, taken_up.text
    assert (taken_up.status_code, taken_up.headers["location"]) == (303, "/sign-in/enrol")
    assert web.get("/sign-in/enrol").status_code == 200
    with here.database.reading() as db:
        link = db.scalars(select(ProviderLink)).one()
        assert (link.person_id, link.issuer) == (who.person_id, here.settings.oidc_issuer)
        assert db.get_one(Login, who.person_id).invited is None
    web.cookies.clear()
    for name, value in kept.items():
        web.cookies.set(name, value)
    assert web.get(back).status_code == 401, "a code serves once"
    web.cookies.clear()
    assert web.get(back).status_code == 401, "without the cookie of this browser nothing is taken"
    again = at_provider(web.get("/sign-in/provider", params={"next": "//evil.example"}).headers["location"])
    entered = web.get(again)
    assert entered.headers["location"] == "/sign-in/enrol", "the second factor stays ours"
    _, _, other = admin_of(here)
    taken = at_provider(web.get("/sign-in/provider", params={"code": other}).headers["location"])
    assert web.get(taken).status_code == 401, "one account of the provider is one person here"
    assert email != "zhang@example.com"
    refused = web.get(BACK, params={"error": "access_denied", "state": "x"})
    assert refused.status_code == 401
    assert (
        web.post("/sign-in", data={"email": "zhang@example.com", "password": PASSWORD}, headers=ORIGIN).status_code
        == 401
    )
