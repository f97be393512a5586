"""What a conversion does with a document that is not ours: reads it without trust and tells what it met."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from pydantic import ValidationError

from models.errors import Text
from models.findings import Finding, Severity
from models.pact.digits import decimal_of, plain
from models.pact.footprint import ProductFootprint


class Notes:
    """Findings of one document, in the order they were met."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []

    def tell(self, code: str, severity: Severity, field: str, zh: str, en: str, found: object = None) -> None:
        """Note one finding; what was found is cut to a short plain text."""
        shown = None if found is None else "".join(c if c.isprintable() else "·" for c in str(found))[:80]
        self.findings.append(Finding(code=code, severity=severity, text=Text(zh, en), field=field, found=shown))

    def number(self, value: object, field: str) -> Decimal | None:
        """Return a number that a document gives as text or as a number; none where it is absent or no number."""
        if value is None:
            return None
        if not isinstance(value, bool) and isinstance(value, str | int | float | Decimal):
            try:
                made = decimal_of(value.strip() if isinstance(value, str) else str(value))
            except ValueError:
                pass
            else:
                return made
        self.tell("pact.not_a_number", "error", field, "不是数字", "is no number", value)
        return None

    def text(self, value: object, field: str) -> str | None:
        """Return a number as a decimal string."""
        made = self.number(value, field)
        return None if made is None else plain(made)

    def typed(self, document: Mapping[str, Any]) -> ProductFootprint | None:
        """Return the document as a footprint of PACT 3.0; none where it is not one, each wrong field told."""
        try:
            return ProductFootprint.model_validate(dict(document))
        except ValidationError as error:
            self.findings += wrong_fields(error)
            return None

    @property
    def refused(self) -> bool:
        """Whether something met makes the document unusable."""
        return any(one.severity == "error" for one in self.findings)


def wrong_fields(error: ValidationError) -> list[Finding]:
    """Return each field that the schema refuses."""
    return [
        Finding(
            code="pact.schema",
            severity="error",
            text=Text(*_words(str(one["type"]), str(one["msg"]))),
            field=".".join(str(part)[:60] for part in one["loc"]),
        )
        for one in error.errors(include_url=False, include_input=False)[:50]
    ]


def _words(kind: str, said: str) -> tuple[str, str]:
    known = {
        "missing": ("缺少必填项", "is required"),
        "string_type": ('应为文本；数字也须写成文本，如 "12.3456"', 'must be a text; numbers too, such as "12.3456"'),
        "literal_error": ("不是允许的取值", "is not one of the allowed values"),
        "too_short": ("不得为空", "must not be empty"),
        "string_too_short": ("不得为空", "must not be empty"),
        "string_pattern_mismatch": ("格式不对", "has the wrong form"),
        "bool_type": ("应为 true 或 false", "must be true or false"),
    }
    if kind == "value_error":
        told = said.removeprefix("Value error, ")
        return f"不符合规范：{told}", told
    return known.get(kind, ("不符合规范", "does not keep to the schema"))


def present(values: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Return what is defined."""
    return {name: value for name, value in values if value is not None}


def inner(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return an object in a document; an empty one where it is absent or of another kind."""
    found = document.get(name)
    return found if isinstance(found, Mapping) else {}


def listed(value: object) -> list[Any]:
    """Return a list as it is, one value as a list of it, nothing as an empty one."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
