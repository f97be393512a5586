"""Passwords, one-time codes, random tokens: made here, kept only as hashes."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time
from functools import cache

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from cryptography.fernet import Fernet, InvalidToken

from models.errors import Text, YuetanError
from models.files import DATA, read_yaml

#: Argon2id with the library's defaults (RFC 9106, second choice: 64 MiB, three passes).
_HASHER = PasswordHasher()
#: Verified in place of a password that is not there, so that both answers take the same time.
_NOBODY = _HASHER.hash(secrets.token_hex(16))
SHORTEST, LONGEST = 12, 128
RECOVERY_CODES = 10
_STEP_S = 30
_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


class WeakPassword(YuetanError):
    code = "identity.weak_password"
    message = Text(
        "密码应为 {shortest} 至 {longest} 个字符，且不得含邮箱名或本服务易猜的词（如服务名、角色名）。",
        "A password has {shortest} to {longest} characters and contains neither the name of the e-mail address nor a word "
        "that is easily guessed here (of the service, of its roles).",
    )
    hint = Text("可用几个不相关的词连成一句。", "Join a few unrelated words into a phrase.")


@cache
def easy_words() -> tuple[str, ...]:
    """Return the words that no password contains, in lower case."""
    return tuple(read_yaml(DATA / "access" / "password_words.yaml"))


def hash_password(password: str, email: str) -> str:
    """Return the Argon2id hash of a new password; ``WeakPassword`` where it is too easy."""
    name, lower = email.partition("@")[0].lower(), password.lower()
    easy = (*easy_words(), name) if len(name) > 3 else easy_words()
    if not SHORTEST <= len(password) <= LONGEST or any(word in lower for word in easy):
        raise WeakPassword(field="password", shortest=SHORTEST, longest=LONGEST)
    return _HASHER.hash(password)


def is_password(kept: str | None, password: str) -> bool:
    """Return whether ``password`` is the one kept; as slow where none is kept."""
    try:
        right = _HASHER.verify(kept or _NOBODY, password[:LONGEST])
    except (VerifyMismatchError, InvalidHashError):
        return False
    return right and kept is not None and len(password) <= LONGEST


def new_token(prefix: str = "") -> str:
    """Return a random token of 256 bits."""
    return prefix + secrets.token_urlsafe(32)


def hash_token(token: str) -> str:
    """Return how a random token is kept; it has too many values to be guessed, so a plain digest does."""
    return hashlib.sha256(token.encode()).hexdigest()


def new_recovery_codes() -> list[str]:
    """Return one-time codes of 50 bits for someone whose second factor is lost."""
    return ["".join(secrets.choice(_ALPHABET) for _ in range(10)) for _ in range(RECOVERY_CODES)]


def hash_recovery(code: str, key: bytes) -> str:
    """Return how a recovery code is kept."""
    plain = code.upper().replace("-", "").replace(" ", "")
    return hmac.new(key, plain.encode(), hashlib.sha256).hexdigest()


def seal(text: str, key: bytes) -> bytes:
    """Return ``text`` encrypted (Fernet, AES-128-CBC with HMAC-SHA256)."""
    return Fernet(base64.urlsafe_b64encode(key)).encrypt(text.encode())


def unseal(data: bytes, key: bytes) -> str | None:
    """Return what was sealed; none where the key is another."""
    try:
        return Fernet(base64.urlsafe_b64encode(key)).decrypt(data).decode()
    except InvalidToken:
        return None


def step_of(totp_secret: str, code: str, after: int, at_s: float | None = None) -> int | None:
    """
    Return the time step whose code ``code`` is (RFC 6238), one step early or late allowed; none where it is wrong.

    Steps up to ``after`` were used: a code serves once.
    """
    otp = pyotp.TOTP(totp_secret)
    current = int((time.time() if at_s is None else at_s) // _STEP_S)
    plain = code.replace(" ", "")
    for step in (current, current - 1, current + 1):
        if step > after and hmac.compare_digest(otp.generate_otp(step).encode(), plain.encode()):
            return step
    return None
