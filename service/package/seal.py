"""
A zip whose every file is named with its hash in one signed list.

Ed25519 over JSON with sorted keys and no blanks, as statements are signed; the
key is the one the organisation signs statements with.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from models.errors import Text, YuetanError
from service.json_text import check_json
from service.refusals import BadJson
from service.statement.seal import key_id, public_of

FORMAT = "yuetan-package/1"
LIST = "manifest.json"
_DATE = (1980, 1, 1, 0, 0, 0)
_MOST_FILES, _MOST_BYTES = 200, 60_000_000


class NotAPackage(YuetanError):
    code = "package.not_a_package"
    message = Text("这不是粤碳申请包：{why_zh}。", "This is no package of ours: {why_en}.")
    hint = Text("请提供原始的 zip 文件。", "Give the zip file as it was issued.")


class PackageAltered(YuetanError):
    code = "package.altered"
    message = Text("申请包在签署后被改动：{what}。", "The package was changed after it was signed: {what}.")
    hint = Text("请勿使用；向出具方索取原始文件。", "Do not use it; ask the issuer for the original.")


@dataclass(frozen=True, slots=True)
class Opened:
    """A package whose signature holds: who signed, what is said of it, and its files."""

    key_id: str
    said: Mapping[str, Any]
    files: Mapping[str, bytes]


def sealed(files: Mapping[str, bytes], said: Mapping[str, Any], key: Ed25519PrivateKey) -> bytes:
    """Return files as one zip with their signed list; the same files give the same bytes."""
    public = public_of(key)
    listed = {
        "format": FORMAT, "algorithm": "Ed25519", "key": base64.b64encode(public).decode(), "said": dict(said),
        "files": {name: hashlib.sha256(data).hexdigest() for name, data in sorted(files.items())},
    }  # fmt: skip
    listed["signature"] = base64.b64encode(key.sign(_bytes(listed))).decode()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in [(LIST, _bytes(listed)), *sorted(files.items())]:
            info = zipfile.ZipInfo(name, _DATE)
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, data)
    return out.getvalue()


def opened(data: bytes) -> Opened:
    """
    Return a package once its signature and every hash hold.

    Raises
    ------
    NotAPackage, PackageAltered
        It is none, or a file was changed, taken out or put in.
    """
    files = _unzipped(data)
    try:
        check_json(files.get(LIST, b""))
    except BadJson as error:
        raise NotAPackage(why_zh=f"没有 {LIST}", why_en=f"there is no {LIST}") from error
    listed = json.loads(files.pop(LIST))
    if not isinstance(listed, dict) or listed.get("format") != FORMAT or not isinstance(listed.get("files"), dict):
        raise NotAPackage(why_zh="格式不符", why_en="its format is another")
    signature = listed.pop("signature", "")
    try:
        public = base64.b64decode(str(listed.get("key")), validate=True)
        Ed25519PublicKey.from_public_bytes(public).verify(
            base64.b64decode(str(signature), validate=True), _bytes(listed)
        )
    except (InvalidSignature, ValueError, binascii.Error) as error:
        raise PackageAltered(what=LIST) from error
    for name in sorted({*files, *listed["files"]}):
        if name not in files or hashlib.sha256(files[name]).hexdigest() != listed["files"].get(name):
            raise PackageAltered(what=name[:100])
    return Opened(key_id(public), listed["said"], files)


def _unzipped(data: bytes) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            names = [one.filename for one in entries]
            if len(entries) > _MOST_FILES or sum(one.file_size for one in entries) > _MOST_BYTES:
                raise NotAPackage(why_zh="过大", why_en="it is too large")
            if len(set(names)) != len(names):
                raise PackageAltered(what="zip")
            return {one.filename: archive.read(one) for one in entries}
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError) as error:
        raise NotAPackage(why_zh="不是 zip", why_en="it is no zip") from error


def _bytes(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode("utf-8")
