"""Keys for the service's own use, each derived for one purpose from one secret."""

from __future__ import annotations

import os
import secrets
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from service.settings import Settings

#: Name of the file in the data folder.
FILE = "secret"


@cache
def _of_file(path: Path) -> bytes:
    """Return the secret kept in the data folder, made at first use and readable by its owner only."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_bytes()
    with os.fdopen(handle, "wb") as file:
        made = secrets.token_bytes(32)
        file.write(made)
    return made


def key_of(settings: Settings, purpose: str) -> bytes:
    """
    Return 32 bytes for one ``purpose``, from ``YUETAN_SECRET`` or from a file in the data folder.

    HKDF-SHA256 (RFC 5869): knowing one key tells nothing of another.
    """
    given = settings.secret
    root = given.get_secret_value().encode() if given else _of_file(settings.data_dir.resolve() / FILE)
    return HKDF(SHA256(), 32, salt=None, info=f"yuetan/{purpose}".encode()).derive(root)
