"""Sessions, passwords, cookies, headers and the log, as docs/asvs.md asks for them beyond what other tests show."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from service import clock
from service.app import create_app
from service.audit.tables import AuditEvent
from service.auth import Who
from service.database import Database
from service.edition import version_of
from service.identity import door, secrets, use
from service.identity.permit import _asks_for
from service.identity.tables import Login, SignIn
from service.library import Library
from service.operation.log import configure
from service.pages.frame import HERE as PAGES
from service.parts import Parts
from service.passthrough.paper import run_csv
from service.provide import doorway, transaction
from service.settings import TREE, Settings
from service.tables import Person
from tests.service.conftest import installed
from tests.service.test_identity import ORIGIN, PASSWORD, TOKEN, admin_of, enrolled

ME = "/api/v1/identity/me"
NEW = "another long phrase of mine"


@pytest.fixture(scope="module")
def accounts(tmp_path_factory: pytest.TempPathFactory, library: Library, blank: Path) -> Iterator[Parts]:
    yield from installed(tmp_path_factory.mktemp("doors"), library, blank, sign_in="accounts", limit_sign_in=10_000)


@pytest.fixture
def browser(accounts: Parts) -> Iterator[TestClient]:
    made = create_app(parts=accounts)
    with TestClient(made, "http://127.0.0.1", raise_server_exceptions=False, follow_redirects=False) as client:
        yield client


def signed_in(browser: TestClient, accounts: Parts) -> tuple[Who, str]:
    who, email, code = admin_of(accounts)
    enrolled(browser, code)
    return who, email


def second_visit(accounts: Parts, who: Who) -> dict[str, str]:
    """Return the header of another visit of the same person, signed in elsewhere."""
    cookie = secrets.new_token()
    with accounts.database.writing() as db:
        db.add(
            SignIn(
                organisation_id=who.organisation_id,
                person_id=who.person_id,
                token=secrets.hash_token(cookie),
                stage="full",
            )
        )
    return {"cookie": f"yuetan={cookie}"}


def actions(accounts: Parts, who: Who) -> list[tuple[str, str | None]]:
    with accounts.database.reading() as db:
        of = select(AuditEvent).where(AuditEvent.organisation_id == who.organisation_id).order_by(AuditEvent.number)
        return [(one.action, one.detail.get("factor")) for one in db.scalars(of)]


def test_a_new_password_needs_the_old_one_and_ends_every_other_visit(browser: TestClient, accounts: Parts) -> None:
    who, email = signed_in(browser, accounts)
    elsewhere, kept = second_visit(accounts, who), browser.cookies["yuetan"]
    assert browser.get(ME, headers=elsewhere).status_code == 200
    page = browser.get("/account", params={"lang": "en"}).text
    assert 'name="current" type="password" autocomplete="current-password"' in page
    assert "onpaste" not in page

    wrong = browser.post("/account/password", data={"current": "not it at all", "new": NEW}, headers=ORIGIN)
    easy = browser.post("/account/password", data={"current": PASSWORD, "new": "short"}, headers=ORIGIN)
    none = browser.post("/account/password", data={"new": NEW}, headers=ORIGIN)
    assert [one.status_code for one in (wrong, easy, none)] == [401, 422, 422]
    assert browser.get(ME, headers=elsewhere).status_code == 200, "nothing changed"

    assert browser.post("/account/password", data={"current": PASSWORD, "new": NEW}, headers=ORIGIN).status_code == 303
    assert browser.cookies["yuetan"] != kept
    assert browser.get(ME).status_code == 200
    for void in (elsewhere, {"cookie": f"yuetan={kept}"}):
        browser.cookies.clear()
        assert browser.get(ME, headers=void).status_code == 401
    assert browser.post("/sign-in", data={"email": email, "password": PASSWORD}, headers=ORIGIN).status_code == 401
    assert browser.post("/sign-in", data={"email": email, "password": NEW}, headers=ORIGIN).status_code == 303
    assert ("password.changed", None) in actions(accounts, who)


def test_the_own_visits_are_shown_and_ended_with_the_password_again(browser: TestClient, accounts: Parts) -> None:
    who, email = signed_in(browser, accounts)
    elsewhere = second_visit(accounts, who)
    assert browser.get("/account").text.count(" → 20") == 2
    assert browser.post("/account/password", data={"current": PASSWORD}, headers=ORIGIN).status_code == 303
    assert browser.get("/account").text.count(" → 20") == 1
    browser.cookies.clear()
    assert browser.get(ME, headers=elsewhere).status_code == 401
    assert browser.post("/sign-in", data={"email": email, "password": PASSWORD}, headers=ORIGIN).status_code == 303
    assert ("visits.ended", None) in actions(accounts, who)


def test_a_key_without_a_visit_changes_no_password_and_guesses_lock(browser: TestClient, accounts: Parts) -> None:
    who, _ = signed_in(browser, accounts)
    with accounts.database.writing() as db:
        key = {"authorization": f"Bearer {use.add_key(db, who, 'x').token}"}
    kept = browser.cookies["yuetan"]
    browser.cookies.clear()
    given = {"current": PASSWORD, "new": NEW}
    assert browser.post("/account/password", data=given, headers=ORIGIN | key).status_code == 401
    own = ORIGIN | {"cookie": f"yuetan={kept}"}
    for _ in range(door.FAILURES_TO_LOCK):
        assert browser.post("/account/password", data={"current": "x" * 12}, headers=own).status_code == 401
    assert browser.post("/account/password", data=given, headers=own).status_code == 401, "locked"


def test_visits_and_keys_end_with_the_account_and_with_a_new_invitation(browser: TestClient, accounts: Parts) -> None:
    admin, _ = signed_in(browser, accounts)
    for end in ("access", "again"):
        with accounts.database.writing() as db:
            made = use.invite(db, admin.organisation_id, "李四", f"{end}@example.com", "exporter_viewer", admin)
            other = Who(admin.organisation_id, made.person.id, frozenset({"see"}))
            key = {"authorization": f"Bearer {use.add_key(db, other, 'x').token}"}
            version = version_of(db.get_one(Person, other.person_id))
        visit = second_visit(accounts, other)
        with TestClient(browser.app, "http://127.0.0.1") as own:
            assert [own.get(ME, headers=one).status_code for one in (visit, key)] == [200, 200]
            told = {"active": "no", "version": version} if end == "access" else {}
            done = browser.post(f"/account/people/{other.person_id}/{end}", data=told, headers=ORIGIN)
            assert done.status_code in (201, 303)
            # A key outlives a lost second factor; whoever is gone has nothing left.
            assert own.get(ME, headers=visit).status_code == 401
            assert own.get(ME, headers=key).status_code == (401 if end == "access" else 200)


def test_an_invitation_ends_after_its_hours(browser: TestClient, accounts: Parts) -> None:
    who, _, code = admin_of(accounts)
    with accounts.database.writing() as db:
        login = db.get_one(Login, who.person_id)
        assert login.invited_until is not None
        assert login.invited_until - clock.now() <= dt.timedelta(hours=72)
        login.invited_until = clock.now() - dt.timedelta(seconds=1)
    assert browser.post("/sign-in/invited", data={"code": code, "password": NEW}, headers=ORIGIN).status_code == 422


@pytest.mark.parametrize(
    "password", ["all lower case words", "一二三四五六七八九十百千", "7" * 64, "~" * 128, " lead and trail "]
)
def test_any_composition_does_and_is_taken_as_it_is(password: str) -> None:
    kept = secrets.hash_password(password, "zhangsan@example.com")
    assert secrets.is_password(kept, password)
    for other in (password + "x", password[:-1], password.swapcase() + "!", password + " "):
        assert not secrets.is_password(kept, other)


@pytest.mark.parametrize("word", secrets.easy_words())
def test_words_of_the_service_are_in_no_password(word: str) -> None:
    with pytest.raises(secrets.WeakPassword):
        secrets.hash_password(f"12 {word.upper()} 3456789", "zhangsan@example.com")


def test_random_tokens_have_256_bits_and_recovery_codes_50() -> None:
    made = {secrets.new_token() for _ in range(1000)}
    assert len(made) == 1000
    assert {len(one) for one in made} == {43}, "32 bytes of the system's generator"
    codes = {code for _ in range(100) for code in secrets.new_recovery_codes()}
    assert len(codes) == 1000
    assert all(re.fullmatch("[2-9A-HJ-NP-Z]{10}", code) for code in codes)


def test_cookies_are_bound_to_the_host_unseen_by_scripts_and_small(browser: TestClient, accounts: Parts) -> None:
    _, _, code = admin_of(accounts)
    with TestClient(browser.app, "https://127.0.0.1", follow_redirects=False) as safe:
        given = {"code": code, "password": PASSWORD}
        made = safe.post("/sign-in/invited", data=given, headers={"origin": "https://127.0.0.1"})
        out = safe.post("/sign-out", headers={"origin": "https://127.0.0.1"})
        set_ = [one for answer in (made, safe.get("/sign-in"), out) for one in answer.headers.get_list("set-cookie")]
    assert {one.partition("=")[0] for one in set_} == {"__Host-yuetan", "__Host-lang"}
    for one in set_:
        flags = {part.strip().lower() for part in one.split(";")[1:]}
        assert {"secure", "httponly", "samesite=lax", "path=/"} <= flags, one
        assert not any(flag.startswith("domain") for flag in flags)
        assert len(one) < 4096


def test_signing_out_clears_the_browser(browser: TestClient, accounts: Parts) -> None:
    signed_in(browser, accounts)
    assert '<form method="post" action="/sign-out">' in browser.get("/account").text
    assert browser.post("/sign-out", headers=ORIGIN).headers["clear-site-data"] == '"cache", "storage"'


def test_every_answer_carries_its_headers_and_nothing_private_is_kept(browser: TestClient, accounts: Parts) -> None:
    signed_in(browser, accounts)
    answers = [browser.get(path) for path in ("/", "/account", ME, "/no/such", "/static/style.css", "/assessments/x")]
    answers += [browser.post("/account/keys", data={}), browser.post("/sign-out", headers=ORIGIN)]
    for answer in answers:
        policy = answer.headers["content-security-policy"]
        for part in ("default-src 'self'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"):
            assert part in policy
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
        assert not [name for name in answer.headers if name.startswith("access-control")]
        kept = answer.headers.get("cache-control") != "no-store"
        assert kept == (str(answer.url.path) == "/static/style.css"), answer.url
        if answer.headers.get("content-type", "").startswith("text/"):
            assert "charset=utf-8" in answer.headers["content-type"]


def test_no_other_origin_is_let_in_and_nothing_else_is_served(browser: TestClient, accounts: Parts) -> None:
    signed_in(browser, accounts)
    asked = browser.get(ME, headers={"origin": "https://evil.example"})
    before = browser.options(ME, headers={"origin": "https://evil.example", "access-control-request-method": "POST"})
    for answer in (asked, before):
        assert "access-control-allow-origin" not in answer.headers
    assert before.status_code == 405
    for path in ("/", ME, "/static/style.css"):
        assert browser.request("TRACE", path, headers=ORIGIN).status_code == 405
    for path in ("/static/", "/static/vendor/", "/.git/config", "/static/../app.py", "/docs", "/redoc", "/metrics"):
        assert browser.get(path).status_code == 404, path
    assert browser.app.debug is False  # type: ignore[attr-defined]
    assert not [route for route in browser.app.routes if "WebSocket" in type(route).__name__]  # type: ignore[attr-defined]


def test_code_in_the_browser_uses_no_dangerous_function() -> None:
    forbidden = re.compile(
        r"\b(eval|Function|setTimeout\(['\"])\(|innerHTML|outerHTML|insertAdjacentHTML|document\.write"
        r"|localStorage|sessionStorage|indexedDB|document\.cookie|postMessage|\bon\w+=\"|javascript:|__proto__|\|safe\b"
    )
    looked = [*(PAGES / "static").glob("*.js"), *(PAGES / "templates").glob("*.html")]
    assert len(looked) > 40
    for path in looked:
        # An attribute of htmx for what our own templates rendered.
        text = re.sub(r'hx-swap="(inner|outer)HTML"', "", path.read_text("utf-8"))
        assert forbidden.search(text) is None, path.name
        assert not re.search(r'<(?:script|link|img)[^>]+(?:src|href)="(?:https?:)?//', text), path.name
    assert forbidden.search("box.innerHTML = x")


def test_failures_at_the_door_are_written_down(accounts: Parts, tmp_path: Path) -> None:
    settings = accounts.settings.model_copy(update={"log_dir": tmp_path / "log"})
    here = Parts(settings, Database(settings.database), accounts.library, accounts.sender)
    before = logging.getLogger().handlers[:], logging.getLogger().level
    configure(settings, "web")
    try:
        made = create_app(parts=here)
        with TestClient(made, "http://127.0.0.1", raise_server_exceptions=False, follow_redirects=False) as web:
            who, email = signed_in(web, accounts)
            with accounts.database.writing() as db:
                viewer = use.invite(db, who.organisation_id, "王五", "wang5@example.com", "exporter_viewer", who)
                seen = Who(who.organisation_id, viewer.person.id)
                key = {"authorization": f"Bearer {use.add_key(db, seen, 'x').token}"}
            web.post("/sign-in", data={"email": email, "password": "wrong wrong wrong"}, headers=ORIGIN)
            web.post("/sign-in", data={"email": email, "password": PASSWORD}, headers=ORIGIN)
            web.post("/sign-in/second", data={"code": "000000"}, headers=ORIGIN)
            web.post(TOKEN, data={"grant_type": "client_credentials", "client_id": "x\n{}", "client_secret": "y"})
            web.cookies.clear()
            assert web.get("/api/v1/identity/people", headers=key).status_code == 403
            assert web.get(f"/api/v1/identity/people%0A{email}", headers=key).status_code == 404
            logging.getLogger("x").warning("one\nline \x1b[31m %s", "two\r\nlines")
    finally:
        logging.basicConfig(level=before[1], handlers=before[0], force=True)
        here.database.dispose()
    text = "".join(path.read_text("utf-8") for path in (tmp_path / "log").glob("*.jsonl"))
    said = [json.loads(line) for line in text.splitlines()]
    asked = [(one["route"], one["status"], "person" in one) for one in said if one["event"] == "request"]
    for line in (
        ("/sign-in", 401, False), ("/sign-in/second", 401, False), (TOKEN, 401, False),
        ("/api/v1/identity/people", 403, True),
    ):  # fmt: skip
        assert line in asked
    assert all(one["time"].endswith("Z") for one in said)
    assert "\x1b" not in text
    assert str(who.person_id) not in text
    assert email not in text
    done = actions(accounts, who)
    assert [one for one in done if one[0].startswith("sign_in")] == [
        ("sign_in.done", None), ("sign_in.failed", "password"), ("sign_in.failed", "second"),
    ]  # fmt: skip


def test_where_to_go_on_to_is_encoded_and_no_template(browser: TestClient, accounts: Parts) -> None:
    _, email = signed_in(browser, accounts)
    browser.cookies.clear()
    then = "/law?a=1&b={{7*7}}#<x>"
    begun = browser.post("/sign-in", data={"email": email, "password": PASSWORD, "next": then}, headers=ORIGIN)
    assert begun.headers["location"] == "/sign-in/second?next=%2Flaw%3Fa%3D1%26b%3D%7B%7B7%2A7%7D%7D%23%3Cx%3E"
    shown = browser.get("/sign-in", params={"next": then}).text
    assert "b={{7*7}}#&lt;x&gt;" in shown
    for bad in ("javascript:alert(1)", "https://evil.example", "//evil.example", "/\\evil.example", "data:text/html,x"):
        assert 'name="next" value="/"' in browser.get("/sign-in", params={"next": bad}).text


def test_only_listed_looks_write(browser: TestClient) -> None:
    """A request by GET changes nothing, but for what leaves being written down and the provider's way back."""
    writing = set()
    for included in browser.app.routes:  # type: ignore[attr-defined]
        for route in getattr(getattr(included, "original_router", None), "routes", []):
            looks = (route.methods or set()) <= {"GET", "HEAD", "OPTIONS"}
            if looks and (_asks_for(route.dependant, transaction) or _asks_for(route.dependant, doorway)):
                writing.add(route.path)
    assert writing == {"/sign-in/provider/back", "/statements/{number}.{kind}"}


def test_the_proxy_is_set_as_the_table_says() -> None:
    said = (TREE / "deploy" / "nginx" / "yuetan.conf").read_text("utf-8")
    assert re.findall(r"ssl_protocols (.*);", said) == ["TLSv1.2 TLSv1.3"]
    assert said.count("proxy_pass") == said.count("proxy_set_header X-Forwarded-For $remote_addr;") == 2
    for once in ("server_tokens off;", "access_log /var/log/nginx/yuetan.log yuetan;"):
        assert said.count(once) == said.count("server_name carbon.example.com;") == 2
    for absent in ("proxy_cache", "autoindex", "root ", "alias ", "$request_uri $status", "$http_x_forwarded"):
        assert absent not in said


@pytest.mark.parametrize("first", ["=", "+", "-", "@", "\t", "\r", "\0", "＝", "＋", "－", "＠"])
def test_no_text_of_a_csv_is_a_formula(first: str) -> None:
    name = f'{first}1+1|cmd, "quoted"'
    row = list(csv.reader(io.StringIO(run_csv([(name, "open", None, None)]).decode("utf-8-sig"), newline="")))[1]
    assert row[:2] == [f"'{name}", "open"]


def test_no_account_is_there_before_somebody_made_one(blank: Path) -> None:
    database = Database(f"sqlite:///{blank}")
    with database.reading() as db:
        assert db.scalar(select(func.count()).select_from(Login)) == 0
    database.dispose()
    assert Settings().secret is None
