"""Any footprint document: which form it is of, and what it says as PACT 3.0."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

from models.errors import Text, YuetanError
from models.files import DATA, read_yaml
from models.findings import Finding
from models.pact import catena_x
from models.pact.extensions import check_own
from models.pact.footprint import ProductFootprint
from models.pact.hints import hints
from models.pact.intensity import Intensity, intensity
from models.pact.told import Notes, inner, listed
from models.pact.version_2 import from_version_2

MOST_FOOTPRINTS = 10_000


class NotAFootprint(YuetanError):
    code = "pact.not_a_footprint"
    message = Text("文件不是产品碳足迹：{why_zh}。", "The file is no product footprint: {why_en}.")
    hint = Text(
        "请提供 PACT 2.x、3.x 或 Catena-X 7 至 9 的 JSON。", "Give JSON of PACT 2.x or 3.x, or of Catena-X 7 to 9."
    )


@dataclass(frozen=True, slots=True)
class Read:
    """
    A document and what it says.

    ``footprint`` is none where it cannot be taken; ``original`` is as it came.
    A finding of severity ``question`` is for a person and refuses nothing.
    """

    form: str
    footprint: ProductFootprint | None
    per: Intensity | None
    findings: tuple[Finding, ...]
    original: Mapping[str, Any]


def documents(data: bytes) -> list[Mapping[str, Any]]:
    """
    Return the documents of a JSON file: one, a list, or the ``data`` of an answer; every digit of a number is kept.

    Raises
    ------
    NotAFootprint
        The file is no JSON, or holds no object.
    """
    try:
        found = json.loads(data.decode("utf-8-sig"), parse_float=Decimal, parse_constant=_constant)
    except (ValueError, RecursionError, ArithmeticError):
        raise NotAFootprint(why_zh="不是合法的 JSON", why_en="it is no valid JSON") from None
    if isinstance(found, Mapping) and "data" in found and "pcf" not in found:
        found = found["data"]
    many = listed(found)
    if not many or len(many) > MOST_FOOTPRINTS or not all(isinstance(one, Mapping) for one in many):
        raise NotAFootprint(why_zh="应为一份或若干份足迹", why_en="one footprint or a list of them was expected")
    return many


def _constant(name: str) -> None:
    raise ValueError(name)


def read(document: Mapping[str, Any], mass_kg_per_unit: str | None = None) -> Read:
    """Return what a document of any known form says."""
    notes = Notes()
    form = form_of(document)
    if form == "unknown":
        raise NotAFootprint(why_zh="无法识别 specVersion", why_en="its specVersion is not known")
    if form == "pact-3":
        made: Mapping[str, Any] = document
    elif form == "pact-2":
        made = from_version_2(document, notes, mass_kg_per_unit)
    else:
        made = catena_x.from_catena_x(document, notes)
    footprint = notes.typed(made)
    if footprint is None or notes.refused:
        return Read(form, None, None, tuple(notes.findings), document)
    per = intensity(footprint)
    if form != "pact-3":
        _ask(footprint, per, notes)
    for i, extension in enumerate(footprint.extensions or ()):
        notes.findings += check_own(extension, f"extensions.{i}")
    return Read(form, footprint, per, (*notes.findings, *hints(footprint)), document)


def form_of(document: Mapping[str, Any]) -> str:
    """Return ``pact-3``, ``pact-2``, ``catena-x-7`` to ``catena-x-9``, or ``unknown``."""
    version = catena_x.version_of(document)
    if version is not None:
        return f"catena-x-{version}" if 7 <= version <= 9 else "unknown"
    said = document.get("specVersion")
    if isinstance(said, str) and said[:2] in ("2.", "3."):
        return f"pact-{said[0]}"
    old = inner(document, "pcf")
    return "pact-2" if said is None and "unitaryProductAmount" in old else "unknown"


@cache
def _bounds() -> tuple[Decimal, Decimal]:
    found = read_yaml(DATA / "pact" / "plausibility.yaml")
    names = ("most_tco2e_per_t", "most_declared_amount")
    per_t, amount = (Decimal(str(found[name]["value"])) for name in names)
    return per_t, amount


def _ask(footprint: ProductFootprint, per: Intensity, notes: Notes) -> None:
    """Show the result per tonne, and ask where it or the amount is hard to believe."""
    most_per_t, most_amount = _bounds()
    notes.tell(
        "pact.per_tonne", "info", "pcf", f"换算结果：{per.value:f} {per.unit}，请核对",
        f"comes to {per.value:f} {per.unit}; please compare",
    )  # fmt: skip
    if per.per_tonne and abs(per.value) > most_per_t:
        notes.tell(
            "pact.implausible", "question", "pcf.pcfExcludingBiogenicUptake",
            "每吨产品的结果过大：是否把整件产品的数值填进了每单位字段？",
            "very large per tonne of product: does a field per unit hold the value of the whole product?", per.value,
        )  # fmt: skip
    amount = Decimal(footprint.pcf.declaredUnitAmount)
    if amount > most_amount:
        notes.tell(
            "pact.amount", "question", "pcf.declaredUnitAmount",
            "声明单位数量过大：是否填了总供货量？", "a very large amount of the unit: is it the total supply?", amount,
        )  # fmt: skip
