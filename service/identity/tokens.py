"""Access tokens of machine clients: ten minutes, one pinned algorithm, audience and issuer checked."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from models.errors import Text, YuetanError
from service.clock import now

ISSUER = "yuetan"
AUDIENCE = "yuetan-api"
LIFE_S = 600
#: Clocks may differ by so much.
LEEWAY_S = 60
_ALGORITHM = "HS256"
_LONGEST = 4096
#: An assertion lives this long at most (its own ``exp`` may be sooner).
_ASSERTION_S = 300


class BadKey(YuetanError):
    code = "identity.bad_key"
    message = Text("公钥无法使用。", "The public key cannot be used.")
    hint = Text(
        "请提供 PEM 格式的 Ed25519、P-256 或至少 2048 位的 RSA 公钥。",
        "Give an Ed25519, P-256 or RSA (2048 bits or more) public key as PEM.",
    )


@dataclass(frozen=True, slots=True)
class Claims:
    """Whom an access token speaks for."""

    client_id: UUID
    organisation_id: UUID
    person_id: UUID


def issue(claims: Claims, key: bytes) -> str:
    """Return an access token of ten minutes."""
    moment = now()
    body = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": str(claims.client_id),
        "org": str(claims.organisation_id),
        "per": str(claims.person_id),
        "iat": moment,
        "exp": moment + dt.timedelta(seconds=LIFE_S),
        "jti": str(uuid4()),
    }
    return jwt.encode(body, key, algorithm=_ALGORITHM)


def read(token: str, key: bytes) -> Claims | None:
    """Return what an access token says; none where anything about it is wrong."""
    if len(token) > _LONGEST:
        return None
    try:
        body = jwt.decode(
            token,
            key,
            algorithms=[_ALGORITHM],
            audience=AUDIENCE,
            issuer=ISSUER,
            leeway=LEEWAY_S,
            options={"require": ["exp", "iat", "sub", "aud", "iss", "jti"]},
        )
        return Claims(UUID(body["sub"]), UUID(body["org"]), UUID(body["per"]))
    except (jwt.PyJWTError, KeyError, ValueError, TypeError, AttributeError):
        return None


def algorithm_of(pem: str) -> str:
    """Return the one algorithm that a client's key is used with; ``BadKey`` where it is of no accepted kind."""
    try:
        key = load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise BadKey(field="public_key") from error
    if isinstance(key, Ed25519PublicKey):
        return "EdDSA"
    if isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1):
        return "ES256"
    if isinstance(key, RSAPublicKey) and key.key_size >= 2048:
        return "PS256"
    raise BadKey(field="public_key")


@dataclass(frozen=True, slots=True)
class Assertion:
    """A client assertion that holds (RFC 7523): its id and when it ends, so that it serves once."""

    jti: str
    until: dt.datetime


def subject(assertion: str) -> UUID | None:
    """Return the client that an assertion claims to be of, unverified: only to find its key."""
    if len(assertion) > _LONGEST:
        return None
    try:
        return UUID(jwt.decode(assertion, options={"verify_signature": False})["sub"])
    except (jwt.PyJWTError, KeyError, ValueError, TypeError, AttributeError):
        return None


def read_assertion(assertion: str, client_id: UUID, pem: str, audiences: list[str]) -> Assertion | None:
    """Return an assertion whose signature, issuer, subject, audience and times hold; else none."""
    try:
        body: dict[str, Any] = jwt.decode(
            assertion,
            pem,
            algorithms=[algorithm_of(pem)],
            audience=audiences,
            issuer=str(client_id),
            leeway=LEEWAY_S,
            options={"require": ["exp", "iat", "sub", "aud", "iss", "jti"]},
        )
    except (jwt.PyJWTError, ValueError, TypeError):
        return None
    until = dt.datetime.fromtimestamp(body["exp"], dt.UTC)
    jti = body["jti"]
    lives_too_long = until > now() + dt.timedelta(seconds=_ASSERTION_S + LEEWAY_S)
    if body["sub"] != str(client_id) or not isinstance(jti, str) or not 0 < len(jti) <= 64 or lives_too_long:
        return None
    return Assertion(jti, until)
