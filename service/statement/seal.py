"""
Signatures: of what a statement says, and of the file that carries it.

Ed25519 (RFC 8032). The signed text is JSON with sorted keys and no blanks, of
strings, whole numbers, truths and nothing; a JSON file is that text and must be
so to the byte. A PDF or workbook carries the same text, and is sealed as a
whole: a second signature covers every other byte of the file.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from models.errors import Text, YuetanError
from service.json_text import check_json
from service.refusals import BadJson
from service.statement.document import FORMAT, NotAStatement, StatementDocument, parsed

ALGORITHM = "Ed25519"
_KEYS = frozenset({"algorithm", "document", "format", "key", "signature"})
_SEAL = b"yuetan-seal:"
_CARRIED = re.compile(rb"yuetan-statement:([A-Za-z0-9+/=]+)\n" + _SEAL + rb"([A-Za-z0-9+/]{86}==)\n")
_BLANK = b"A" * 86 + b"=="
_MOST = 4_000_000
_ZIP_END = b"PK\x05\x06"
_ZIP_COMMENT_MOST = 65_535


class Altered(YuetanError):
    code = "statement.altered"
    message = Text(
        "签名与内容不符：文件在出具后被改动，或不是由所称的密钥签署。",
        "The signature does not fit: the file was changed after it was issued, or another key signed it.",
    )
    hint = Text("请勿使用；向出具方索取原始文件。", "Do not use it; ask the issuer for the original file.")


class TooLong(YuetanError):
    code = "statement.too_long"
    message = Text("成本单内容过长，不能放入 Excel 文件。", "The statement is too long for a workbook to carry.")
    hint = Text("请改用 JSON 或 PDF。", "Use JSON or PDF.")


class OtherKey(YuetanError):
    code = "statement.other_key"
    message = Text(
        "出具时的签名密钥已更换，不能再打印这张成本单。",
        "The key it was issued with is gone: it cannot be printed any more.",
    )
    hint = Text("请使用 JSON 文件，或撤回后重新出具。", "Use the JSON file, or withdraw it and issue it anew.")


Kind = Literal["json", "pdf", "xlsx"]


@dataclass(frozen=True, slots=True)
class Envelope:
    """A signed statement: the document, its key, and the bytes of the signed JSON file."""

    document: StatementDocument
    public: bytes
    data: bytes

    @property
    def key_id(self) -> str:
        """Return the short name of the key."""
        return key_id(self.public)

    @property
    def sha256(self) -> str:
        """Return the hash of the document, which the printed code is the beginning of."""
        return hashlib.sha256(_bytes(_said(self.document))).hexdigest()


def key_id(public: bytes) -> str:
    """Return the short name of a public key: the first 16 hex digits of its SHA-256."""
    return hashlib.sha256(public).hexdigest()[:16]


def public_of(key: Ed25519PrivateKey) -> bytes:
    """Return the 32 bytes of the public key."""
    return key.public_key().public_bytes_raw()


def signed(document: StatementDocument, key: Ed25519PrivateKey) -> Envelope:
    """Return a document with its signature."""
    whole: dict[str, Any] = {
        "algorithm": ALGORITHM, "document": _said(document), "format": FORMAT, "key": _b64(public_of(key)),
    }  # fmt: skip
    whole["signature"] = _b64(key.sign(_bytes(whole)))
    return Envelope(document, public_of(key), _bytes(whole))


def sealed_pdf(pdf: bytes, envelope: Envelope, key: Ed25519PrivateKey) -> bytes:
    """Return a PDF that carries the statement and is signed as a whole; readers see comments before its end mark."""
    _same_key(envelope, key)
    start = re.findall(rb"startxref\s+([0-9]+)\s+%%EOF", pdf)[-1]
    carried = pdf.rstrip(b"\n") + b"\n%" + _carried(envelope).replace(_SEAL, b"%" + _SEAL)
    return _sealed(carried + b"startxref\n" + start + b"\n%%EOF\n", key)


def sealed_xlsx(xlsx: bytes, envelope: Envelope, key: Ed25519PrivateKey) -> bytes:
    """
    Return a workbook that carries the statement in its archive's comment and is signed as a whole.

    Raises
    ------
    OtherKey, TooLong
        Another key signed the statement; or the statement does not fit into such a comment.
    """
    _same_key(envelope, key)
    comment = _carried(envelope)
    if len(comment) > _ZIP_COMMENT_MOST:
        raise TooLong
    end = xlsx.rindex(_ZIP_END)
    return _sealed(xlsx[: end + 20] + struct.pack("<H", len(comment)) + comment, key)


def _same_key(envelope: Envelope, key: Ed25519PrivateKey) -> None:
    if public_of(key) != envelope.public:
        raise OtherKey


def opened(data: bytes) -> tuple[Envelope, Kind]:
    """
    Return the statement a file carries, once its signatures hold.

    Raises
    ------
    NotAStatement
        The file carries none.
    Altered
        Any byte of it was changed, or the key does not fit.
    """
    if data[:4] == b"%PDF":
        return _of_file(data.replace(b"%" + _SEAL, _SEAL), data), "pdf"
    if data[:2] == b"PK":
        return _of_file(data, data), "xlsx"
    return _of_json(data), "json"


def _of_file(readable: bytes, data: bytes) -> Envelope:
    found = list(_CARRIED.finditer(readable))
    if len(found) != 1:
        raise NotAStatement(where_zh="文件中没有签名数据", where_en="it carries no signed data")
    envelope = _of_json(_unpacked(found[0][1]))
    at = data.index(_SEAL + found[0][2]) + len(_SEAL)
    _check(envelope.public, found[0][2], data[:at] + _BLANK + data[at + len(_BLANK) :])
    return envelope


def _of_json(data: bytes) -> Envelope:
    if len(data) > _MOST:
        raise NotAStatement(where_zh="文件过大", where_en="it is too large")
    try:
        check_json(data)
    except BadJson as error:
        raise NotAStatement(where_zh="不是 JSON、PDF 或 xlsx", where_en="it is no JSON, PDF or xlsx") from error
    whole = json.loads(data)
    if (
        not isinstance(whole, dict)
        or set(whole) != _KEYS
        or whole["format"] != FORMAT
        or whole["algorithm"] != ALGORITHM
    ):
        raise NotAStatement(where_zh=f"格式不是 {FORMAT}", where_en=f"its format is not {FORMAT}")
    document = parsed(whole["document"])
    signature = whole.pop("signature")
    public = _from_b64(whole["key"], 32)
    _check(public, str(signature).encode(), _bytes(whole))
    envelope = Envelope(document, public, _bytes(whole | {"signature": signature}))
    if envelope.data != data or _said(document) != whole["document"]:
        raise Altered
    return envelope


def _check(public: bytes, signature: bytes, text: bytes) -> None:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(_from_b64(signature.decode(), 64), text)
    except (InvalidSignature, ValueError, UnicodeDecodeError) as error:
        raise Altered from error


def _said(document: StatementDocument) -> dict[str, Any]:
    return document.model_dump(mode="json", exclude_none=True)


def _bytes(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode("utf-8")


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _from_b64(text: object, length: int) -> bytes:
    try:
        data = base64.b64decode(str(text), validate=True)
    except (binascii.Error, ValueError) as error:
        raise Altered from error
    # One text for one value: padding bits that nobody reads are no place to change a byte.
    if len(data) != length or _b64(data) != text:
        raise Altered
    return data


def _carried(envelope: Envelope) -> bytes:
    packed = base64.b64encode(zlib.compress(envelope.data, 9))
    return b"yuetan-statement:" + packed + b"\n" + _SEAL + _BLANK + b"\n"


def _sealed(data: bytes, key: Ed25519PrivateKey) -> bytes:
    at = data.rindex(_SEAL + _BLANK) + len(_SEAL)
    return data[:at] + _b64(key.sign(data)).encode() + data[at + len(_BLANK) :]


def _unpacked(text: bytes) -> bytes:
    try:
        reader = zlib.decompressobj()
        data = reader.decompress(base64.b64decode(text, validate=True), _MOST)
    except (zlib.error, binascii.Error, ValueError) as error:
        raise Altered from error
    if not reader.eof or reader.unused_data:
        raise Altered
    return data
