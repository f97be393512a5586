"""A disclosure annex of kept footprints: which fields may leave by their class, what was left out and why, who received it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Literal, get_args
from uuid import UUID

from pydantic import Field
from sqlalchemy.orm import Session

from models.errors import BadData, Text
from models.files import DATA, read_yaml
from models.footprint_product import RUNG_WORDS, STAGE_WORDS
from models.inputs import Input
from models.provenance import fingerprint
from service.auth import Who
from service.footprint.keep import Kept, every
from service.footprint.refusals import NeedsRecipient, NeedsReview, UnknownField
from service.library import Library
from service.press.document import Column, Document, Table, Words
from service.release.use import Recipient, released

FieldClass = Literal["public", "partner", "confidential", "export_review"]
CLASS_WORDS: Mapping[str, Text] = {
    "public": Text("公开", "public"),
    "partner": Text("限合作方", "partners only"),
    "confidential": Text("保密", "confidential"),
    "export_review": Text("出境须审查", "reviewed before export"),
}
_HOME = "CN"
#: Tables of a paper hold so many columns side by side.
_WIDE = 6


@dataclass(frozen=True, slots=True)
class Policy:
    """Class and words of each field, and which classes a channel lets through by default."""

    fields: Mapping[str, tuple[Text, FieldClass]]
    channels: Mapping[str, tuple[Text, frozenset[str]]]
    abroad: frozenset[str]
    source: str
    confidence: str


@cache
def policy() -> Policy:
    """Read ``data/footprint/disclosure.yaml``; a class that is none of ours, or a field we cannot fill, is ``BadData``."""
    path = DATA / "footprint" / "disclosure.yaml"
    told: Mapping[str, Any] = read_yaml(path)
    fields = {name: (Text(one["zh"], one["en"]), one["class"]) for name, one in told["fields"].items()}
    channels = {name: (Text(one["zh"], one["en"]), frozenset(one["classes"])) for name, one in told["channels"].items()}
    classes = (
        {of for _, of in fields.values()} | {of for _, let in channels.values() for of in let} | set(told["abroad"])
    )
    if classes - set(get_args(FieldClass)) or set(fields) != set(_CELLS):
        raise BadData(path=path.name, what="classes or fields are not those that can be disclosed")
    return Policy(fields, channels, frozenset(told["abroad"]), told["source"], told["confidence"])


class DisclosureAsk(Input):
    """Which kept footprints are disclosed, by which channel, to whom, and which fields are released beyond its default."""

    items: tuple[Annotated[str, Field(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")], ...] = Field(
        min_length=1, max_length=200
    )
    channel: Literal["public", "permit", "partner", "authority"]
    recipient: str = Field(default="", max_length=200)
    #: Where the recipient is: abroad only results leave by default.
    country: str = Field(default=_HOME, pattern=r"^[A-Z]{2}$")
    basis: str = Field(min_length=1, max_length=300, examples=["自愿披露", "供货合同 2026-017 第 8 条"])
    release: tuple[str, ...] = Field(default=(), max_length=50)
    #: Number of the review, for fields that are reviewed before they leave the country.
    export_review: str = Field(default="", max_length=200)
    note: str = Field(default="", max_length=4000)


@dataclass(frozen=True, slots=True)
class Left:
    """A field that was left out, and its class."""

    name: str
    text: Text
    of: FieldClass


@dataclass(frozen=True, slots=True)
class Disclosure:
    """What leaves: fields in their order, a row per footprint, and what was left out; ``sha256`` is that of the content."""

    asked: DisclosureAsk
    made_on: dt.date
    fields: tuple[str, ...]
    rows: tuple[Mapping[str, tuple[Text, Any]], ...]
    left: tuple[Left, ...]
    unverified: tuple[str, ...]
    sha256: str


def disclosure(db: Session, who: Who, library: Library, asked: DisclosureAsk, today: dt.date) -> Disclosure:
    """
    Return the annex asked for; nothing has left yet.

    Raises
    ------
    NotFound, UnknownField, NeedsRecipient, NeedsReview
        A footprint is not there, or a field may not leave as asked.
    """
    return annex(every(db, who, library, [UUID(one) for one in asked.items]), asked, today)


def let_go(db: Session, who: Who, made: Disclosure, data: bytes) -> None:
    """Write down that an annex leaves as ``data``: to whom, which fields of which class, and on which basis."""
    asked, rules = made.asked, policy()
    fields: dict[str, list[str]] = {}
    for name in made.fields:
        fields.setdefault(rules.fields[name][1], []).append(name)
    to = Recipient(asked.recipient or rules.channels[asked.channel][0].en, None, asked.country)
    basis = {
        "channel": asked.channel,
        "basis": asked.basis,
        "review": asked.export_review,
        "footprints": list(asked.items),
    }
    released(db, who, "disclosure", made.sha256, data, to, fields, basis)


def annex(items: Sequence[Kept], asked: DisclosureAsk, today: dt.date) -> Disclosure:
    """Return the annex of kept footprints, every field that is not let through left out by name."""
    rules = policy()
    abroad = asked.country != _HOME
    let = rules.channels[asked.channel][1] & (rules.abroad if abroad else frozenset(get_args(FieldClass)))
    for at, name in enumerate(asked.release):
        field = f"release.{at}"
        if name not in rules.fields:
            raise UnknownField(field=field, name=name, known=", ".join(rules.fields))
        of = rules.fields[name][1]
        if of != "public" and not asked.recipient.strip():
            raise NeedsRecipient(field="recipient", name=name)
        if of == "export_review" and abroad and not asked.export_review.strip():
            raise NeedsReview(field="export_review", name=name)
    if not asked.recipient.strip() and asked.channel in ("partner", "authority"):
        raise NeedsRecipient(field="recipient", name=asked.channel)
    chosen = tuple(name for name, (_, of) in rules.fields.items() if of in let or name in asked.release)
    left = tuple(Left(name, text, of) for name, (text, of) in rules.fields.items() if name not in chosen)
    rows = tuple({name: _CELLS[name](one) for name in chosen} for one in items)
    plain = [{name: value for name, (_, value) in row.items()} for row in rows]
    return Disclosure(
        asked, today, chosen, rows, left, tuple(_name(one) for one in items if not one.verified),
        fingerprint([asked.model_dump(mode="json"), today, plain]),
    )  # fmt: skip


def disclosure_paper(of: Disclosure) -> Document:
    """Return the annex on paper: the table, what is not verified, what was left out."""
    rules = policy()
    blocks: list[Table | Words] = []
    if of.unverified:
        said = Text(
            f"以下产品没有有效认可的核查：{'、'.join(of.unverified)}。",
            f"Not verified by an accredited body: {', '.join(of.unverified)}.",
        )
        blocks.append(Words([said], plain=True))
    for names in _chunks(of.fields):
        columns = [Column(rules.fields[name][0]) for name in names]
        blocks.append(Table(columns, [[row[name][0] for name in names] for row in of.rows]))
    if of.asked.note:
        blocks.append(Words([Text(of.asked.note, of.asked.note)], Text("说明", "Note")))
    if of.left:
        said_left = [
            Text(f"{one.text.zh}（{CLASS_WORDS[one.of].zh}）", f"{one.text.en} ({CLASS_WORDS[one.of].en})")
            for one in of.left
        ]
        blocks.append(Words(said_left, Text("未披露的字段", "Fields left out"), listed=True))
    channel = rules.channels[of.asked.channel][0]
    to = of.asked.recipient or "—"
    basis = [
        Text(f"接收方：{to}（{of.asked.country}）；依据：{of.asked.basis}", f"To: {to} ({of.asked.country}); basis: {of.asked.basis}"),
        Text(
            "字段分级是本项目的假定，不是任何机构的规定。", "The classes of fields are an assumption of the project, of no authority."
        ),
    ]  # fmt: skip
    blocks.append(Words(basis, Text("披露记录", "Record of the disclosure")))
    return Document(
        title=Text("产品碳足迹披露附件", "Disclosure annex: product carbon footprints"),
        subtitle=channel, made_on=of.made_on, key=of.sha256, blocks=blocks,
    )  # fmt: skip


def _chunks(names: Sequence[str]) -> Iterable[Sequence[str]]:
    """Yield fields by so many as fit beside each other, the product first each time."""
    rest = [name for name in names if name != "name"]
    step = _WIDE - 1
    for at in range(0, len(rest), step):
        yield ["name", *rest[at : at + step]]


def _name(of: Kept) -> str:
    return f"{of.row.result['name']} {of.row.year}"


def _same(value: Any, shown: str | None = None) -> tuple[Text, Any]:
    text = shown if shown is not None else ("—" if value in (None, "") else str(value))
    return Text(text, text), value


def _number(value: float | None, digits: int = 4) -> tuple[Text, Any]:
    return _same(value, None if value is None else f"{value:,.{digits}f}")


def _product(of: Kept) -> dict[str, Any]:
    found: dict[str, Any] = of.row.result["product"]
    return found


def _quality(of: Kept) -> tuple[Text, Any]:
    one = _product(of)
    scores = [one["technological"], one["geographical"], one["temporal"]]
    shown = " / ".join("—" if score is None else f"{score:.2f}" for score in scores)
    return _same(dict(zip(("technological", "geographical", "temporal"), scores, strict=True)), shown)


def _stages(of: Kept) -> tuple[Text, Any]:
    stages = _product(of)["stages"]
    zh = "；".join(f"{STAGE_WORDS[one['stage']].zh} {one['shown_percent']:.1f} %" for one in stages)
    en = "; ".join(f"{STAGE_WORDS[one['stage']].en} {one['shown_percent']:.1f} %" for one in stages)
    return Text(zh, en), {one["stage"]: one["kgco2e"] for one in stages}


def _verification(of: Kept) -> tuple[Text, Any]:
    if not of.verifications:
        return Text("未经核查", "not verified"), None
    found = [
        (
            one,
            Text("当日有有效认可", "accredited on that day")
            if one.holds
            else Text("认可未能确认，不视为经核查", "accreditation not shown: not verified"),
        )
        for one in of.verifications
    ]
    zh = "；".join(f"{one.row.verifier} {one.row.report} {one.row.verified_on}（{said.zh}）" for one, said in found)
    en = "; ".join(f"{one.row.verifier} {one.row.report} {one.row.verified_on} ({said.en})" for one, said in found)
    return Text(zh, en), [
        {
            "verifier": one.row.verifier, "report": one.row.report, "on": one.row.verified_on.isoformat(),
            "accredited": one.quality.accredited.word,
        }
        for one, _ in found
    ]  # fmt: skip


def _allocation(of: Kept) -> tuple[Text, Any]:
    by = {rung: share for rung, share in _product(of)["attributed_by"].items() if share > 0.0}
    zh = "；".join(f"{RUNG_WORDS[rung].zh} {share * 100:.1f} %" for rung, share in by.items())
    en = "; ".join(f"{RUNG_WORDS[rung].en} {share * 100:.1f} %" for rung, share in by.items())
    return Text(zh, en), by


def _factors(of: Kept) -> tuple[Text, Any]:
    names = sorted({one["factor"] for one in of.row.result["lines"]})
    return _same(names, "；".join(names))


def _activities(of: Kept) -> tuple[Text, Any]:
    by = {one["id"]: one["kgco2e_per_declared_unit"] for one in of.row.result["lines"]}
    shown = "；".join(f"{name} {value:,.4g}" for name, value in by.items())
    return _same(by, shown)


def _interval(of: Kept) -> tuple[Text, Any]:
    low, high = _product(of)["interval"]["low"], _product(of)["interval"]["high"]
    return _same({"low": low, "high": high}, f"{low:,.4g} – {high:,.4g}")


def _unit(of: Kept) -> tuple[Text, Any]:
    one = _product(of)
    return _same(f"kgCO2e/{one['declared_amount']:g} {one['declared_unit']}")


_CELLS: Mapping[str, Callable[[Kept], tuple[Text, Any]]] = {
    "name": lambda of: _same(of.row.result["name"]),
    "year": lambda of: _same(of.row.year),
    "declared_unit": _unit,
    "kgco2e": lambda of: _number(_product(of)["kgco2e"]),
    "interval": _interval,
    "tco2e_per_t": lambda of: _number(_product(of)["tco2e_per_t"]),
    "profile": lambda of: _same(of.row.profile),
    "boundary": lambda of: _same(of.row.result["boundary"]),
    "verification": _verification,
    "quality": _quality,
    "primary_share": lambda of: _same(_product(of)["primary_share"], f"{_product(of)['primary_share'] * 100:.1f} %"),
    "version": lambda of: _same({"version": of.row.version, "key": of.row.key}, f"v{of.row.version} · {of.row.key[:12]}"),
    "stages": _stages,
    "benchmark_ratio": lambda of: _number(_product(of)["benchmark_ratio"], 3),
    "site": lambda of: _same(of.row.result["site"]),
    "allocation": _allocation,
    "factors": _factors,
    "activities": _activities,
}  # fmt: skip
