"""
Signing in through an organisation's own provider: OpenID Connect, authorization code with PKCE and a nonce.

The provider takes the place of the password and of nothing else: who somebody
is here was linked before, by the provider's address and its own name for them
(``iss`` and ``sub``), never by an e-mail address, and the second factor stays
ours. One algorithm is pinned; keys are fetched from the provider and fetched
again when it signs with one that is not known yet.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets as random
import threading
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx2
import jwt

from models.errors import Text, YuetanError
from service.identity.keys import key_of
from service.identity.secrets import seal, unseal
from service.identity.tokens import LEEWAY_S
from service.settings import Settings, is_loopback

BACK = "/sign-in/provider/back"
#: How long somebody may take at the provider.
PATIENCE_S = 600
_TIMEOUT = httpx2.Timeout(10.0, connect=5.0)
_LONGEST = 200_000
_DISCOVERY_S, _KEYS_AGAIN_S = 3600.0, 30.0
_LONGEST_SUBJECT = 255


class ProviderAway(YuetanError):
    code = "identity.provider_away"
    message = Text(
        "单位登录服务没有正常应答。", "The sign-in service of your organisation does not answer as it should."
    )
    hint = Text("请稍后再试，或用密码登录。", "Try again later, or use your password.")


class ProviderRefused(YuetanError):
    code = "identity.provider_refused"
    message = Text(
        "单位登录没有完成或不能确认。", "The sign-in at your organisation was not completed or cannot be confirmed."
    )
    hint = Text("请从头再试。", "Start again.")


class NotLinked(YuetanError):
    code = "identity.not_linked"
    message = Text(
        "这个单位账户还没有与粤碳的人员关联。", "This account of your organisation is not linked to a person here."
    )
    hint = Text(
        "请打开管理员的邀请链接，在那里选择单位登录；邮箱相同并不等于关联。",
        "Open the invitation of your admin and choose the organisation's sign-in there; an equal e-mail address links nothing.",
    )


@dataclass(frozen=True, slots=True)
class Pending:
    """What a browser keeps, sealed, while somebody is at the provider."""

    state: str
    nonce: str
    verifier: str
    then: str
    #: One-time code of an invitation that is taken up this way.
    invitation: str
    until: float

    def sealed(self, settings: Settings) -> str:
        """Return it as a cookie."""
        said = json.dumps({name: getattr(self, name) for name in Pending.__slots__})
        return seal(said, key_of(settings, "oidc")).decode()


@dataclass(frozen=True, slots=True)
class Known:
    """Whom the provider says somebody is."""

    issuer: str
    subject: str


def of_settings(settings: Settings) -> Provider | None:
    """Return the provider of an installation; none where it has none or nobody signs in."""
    if settings.oidc_issuer is None or settings.sign_in == "off":
        return None
    return Provider(settings, settings.oidc_issuer)


def opened(cookie: str | None, settings: Settings) -> Pending:
    """Return what a cookie holds; ``ProviderRefused`` where it is none of ours or too old."""
    plain = unseal(cookie.encode(), key_of(settings, "oidc")) if cookie else None
    pending = Pending(**json.loads(plain)) if plain else None
    if pending is None or pending.until < time.time():
        raise ProviderRefused
    return pending


@dataclass(frozen=True, slots=True)
class _Described:
    """What a provider says of itself."""

    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    basic: bool


class Provider:
    """The provider of an installation; one per process, since it keeps what it fetched."""

    def __init__(self, settings: Settings, issuer: str, web: httpx2.Client | None = None) -> None:
        self._settings = settings
        self._issuer = issuer
        self._web = web or httpx2.Client(timeout=_TIMEOUT, follow_redirects=False, trust_env=False)
        self._lock = threading.Lock()
        self._described: tuple[float, _Described] | None = None
        self._keys: dict[str, jwt.PyJWK] = {}
        self._keys_at = -_KEYS_AGAIN_S

    def begin(self, site: str, then: str, invitation: str = "") -> tuple[str, Pending]:
        """Return where to send somebody, and what to keep meanwhile."""
        pending = Pending(
            random.token_urlsafe(24), random.token_urlsafe(24), random.token_urlsafe(48), then, invitation,
            time.time() + PATIENCE_S,
        )  # fmt: skip
        challenge = hashlib.sha256(pending.verifier.encode()).digest()
        asked = {
            "response_type": "code",
            "client_id": self._settings.oidc_client_id,
            "redirect_uri": site + BACK,
            "scope": "openid",
            "state": pending.state,
            "nonce": pending.nonce,
            "code_challenge": base64.urlsafe_b64encode(challenge).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        where = self._about().authorization_endpoint
        return where + ("&" if urlsplit(where).query else "?") + urlencode(asked), pending

    def end(self, site: str, pending: Pending, code: str, state: str, issuer: str = "") -> Known:
        """
        Return whom the provider confirms.

        Raises
        ------
        ProviderRefused
            State, nonce, signature, algorithm, issuer, audience or time do not fit.
        ProviderAway
            It does not answer, or not as the standard says.
        """
        # Where the answer says which provider gave it, it is ours (RFC 9207).
        if not random.compare_digest(state.encode(), pending.state.encode()) or issuer not in ("", self._issuer):
            raise ProviderRefused
        about, client = self._about(), str(self._settings.oidc_client_id)
        form = {
            "grant_type": "authorization_code", "code": code, "redirect_uri": site + BACK,
            "code_verifier": pending.verifier,
        }  # fmt: skip
        secret = self._settings.oidc_client_secret
        given = secret.get_secret_value() if secret else ""
        if given and about.basic:
            answer = self._fetch("POST", about.token_endpoint, data=form, auth=(client, given))
        else:
            more = {"client_id": client} | ({"client_secret": given} if given else {})
            answer = self._fetch("POST", about.token_endpoint, data=form | more)
        return self._confirmed(str(answer.get("id_token", "")), pending.nonce)

    def _confirmed(self, token: str, nonce: str) -> Known:
        try:
            head = jwt.get_unverified_header(token)
            claims = jwt.decode(
                token,
                self._key(str(head.get("kid", ""))),
                algorithms=[self._settings.oidc_algorithm],
                audience=self._settings.oidc_client_id,
                issuer=self._issuer,
                leeway=LEEWAY_S,
                options={"require": ["iss", "sub", "aud", "exp", "iat", "nonce"]},
            )
        except jwt.PyJWTError as error:
            raise ProviderRefused from error
        several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
        party = claims.get("azp", None if several else self._settings.oidc_client_id)
        subject = claims["sub"]
        right = random.compare_digest(str(claims["nonce"]).encode(), nonce.encode())
        if not right or party != self._settings.oidc_client_id or not 0 < len(subject) <= _LONGEST_SUBJECT:
            raise ProviderRefused
        return Known(self._issuer, subject)

    def _key(self, kid: str) -> jwt.PyJWK:
        """Return a key by its name; one that is not known is looked for anew, at most twice a minute."""
        with self._lock:
            if kid not in self._keys and time.monotonic() - self._keys_at >= _KEYS_AGAIN_S:
                self._keys_at = time.monotonic()
                self._keys = self._fetched_keys()
            found = self._keys.get(kid)
        if found is None:
            raise ProviderRefused
        return found

    def _fetched_keys(self) -> dict[str, jwt.PyJWK]:
        listed = self._fetch("GET", self._about().jwks_uri).get("keys")
        found = {}
        for one in listed if isinstance(listed, list) else []:
            # Keys of other kinds and for other uses are the provider's own affair.
            if not isinstance(one, dict) or one.get("use", "sig") != "sig":
                continue
            try:
                found[str(one.get("kid", ""))] = jwt.PyJWK(one, self._settings.oidc_algorithm)
            except jwt.PyJWTError:
                continue
        return found

    def _about(self) -> _Described:
        kept = self._described
        if kept is not None and time.monotonic() - kept[0] < _DISCOVERY_S:
            return kept[1]
        said = self._fetch("GET", self._issuer.rstrip("/") + "/.well-known/openid-configuration")
        if said.get("issuer") != self._issuer:
            raise ProviderAway
        ends = [str(said.get(name, "")) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")]
        for one in ends:
            address = urlsplit(one)
            if address.scheme != "https" and not (address.scheme == "http" and is_loopback(address.hostname or "")):
                raise ProviderAway
        methods = said.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        made = _Described(ends[0], ends[1], ends[2], "client_secret_basic" in methods)
        self._described = (time.monotonic(), made)
        return made

    def _fetch(self, method: str, url: str, **more: Any) -> dict[str, Any]:
        try:
            with self._web.stream(method, url, headers={"Accept": "application/json"}, **more) as answer:
                body = b""
                for part in answer.iter_bytes():
                    body += part
                    if len(body) > _LONGEST:
                        raise ProviderAway
                status = answer.status_code
            said = json.loads(body)
        except (httpx2.HTTPError, httpx2.InvalidURL, ValueError) as error:
            raise ProviderAway from error
        if method == "POST" and 400 <= status < 500:
            raise ProviderRefused
        if status != 200 or not isinstance(said, dict):
            raise ProviderAway
        return said
