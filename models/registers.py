"""
Registers as plain dated records: certificates, recognition, verifiers, credits, statuses of firms, standards, lists.

What a register does not hold is not known, which is never a "no". No record is
part of this module: each is entered by somebody, with its source.
"""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from pydantic import Field

from models.errors import NOTHING, Text, YuetanError
from models.inputs import Day, Input, Positive

State = Literal["not_yet", "valid", "suspended", "expired", "withdrawn", "not_known"]
STATES: dict[State, Text] = {
    "not_yet": Text("尚未生效", "not valid yet"),
    "valid": Text("有效", "valid"),
    "suspended": Text("暂停", "suspended"),
    "expired": Text("已过期", "expired"),
    "withdrawn": Text("已撤销", "withdrawn"),
    "not_known": Text("不明", "not known"),
}
Short = Field(min_length=1, max_length=200)
Long = Field(min_length=1, max_length=300)
_Name = Field(default=None, min_length=1, max_length=200)
_Code = Field(default=None, pattern=r"^[0-9A-Z]{18}$")


class OutOfOrder(YuetanError):
    code = "register.out_of_order"
    message = Text(
        "“{later_zh}”{later} 早于“{first_zh}”{first}。", "'{later_en}' {later} is before '{first_en}' {first}."
    )
    hint = Text("请核对原始文件上的日期。", "Check the dates on the document.")


class PartMissing(YuetanError):
    code = "register.part_missing"
    message = Text("填了“{of_zh}”，还需要“{name_zh}”。", "'{of_en}' is given, so '{name_en}' is needed too.")
    hint = Text("请补填，或清空“{of_zh}”。", "Enter it, or clear '{of_en}'.")


class Dated(Input):
    """A record that holds from a day to a day, both included; an end that is not stated is open."""

    valid_from: Day | None = None
    valid_to: Day | None = None
    source: str = Long
    note: str | None = Field(default=None, max_length=1000)


class Revocable(Dated):
    """A record that its issuer may suspend or take back."""

    suspended_from: Day | None = None
    suspended_to: Day | None = None
    withdrawn_on: Day | None = None


class Certificate(Revocable):
    """A label or certificate of a product's footprint, of whatever scheme."""

    number: str = Short
    scheme: str = Short
    catalogue_version: str | None = _Name
    holder: str = Short
    holder_uscc: str | None = _Code
    product: str = Short
    product_group: str | None = _Name
    footprint: float | None = Field(default=None, ge=-1e15, le=1e15)
    unit: str | None = Field(default=None, min_length=1, max_length=60)
    #: Number or id of the footprint it stands for, where it is held here.
    footprint_id: str | None = _Name
    scope: str | None = Field(default=None, max_length=300)
    #: Method and version under which it was worked out, as the certificate words it.
    method: str | None = _Name
    verifier: str | None = _Name
    issuer: str | None = _Name
    issued: Day | None = None
    grade: str | None = Field(default=None, min_length=1, max_length=40)
    link: str | None = Field(default=None, max_length=300, pattern=r"^https://[^\s<>\"']+$")


class Recognition(Dated):
    """Whether certificates of a scheme are accepted in a region; without a method it names none."""

    scheme: str = Short
    accepted_in: str = Field(min_length=2, max_length=60)
    accepted: bool = True
    method: str | None = _Name
    product_group: str | None = _Name


class Accreditation(Revocable):
    """What a verifier may verify, by whom it was accredited and how long."""

    verifier: str = Short
    verifier_uscc: str | None = _Code
    body: str = Short
    number: str = Short
    #: As the accreditation words it; empty where it names none.
    scope: str | None = Field(default=None, max_length=300)


class Credit(Input):
    """PHCER or CCER held: when and at what price they came, and when and how they left."""

    instrument: Literal["PHCER", "CCER"]
    tonnes: Positive
    serial: str = Short
    project: str | None = _Name
    vintage: int | None = Field(default=None, ge=2005, le=2060)
    local: bool | None = None
    acquired_on: Day
    price_cny_per_t: float | None = Field(default=None, ge=0, le=1e6)
    gone_on: Day | None = None
    gone_as: Literal["sale", "surrender", "cancellation"] | None = None
    source: str = Long
    note: str | None = Field(default=None, max_length=1000)


class FirmStatus(Revocable):
    """Green factory, zero-carbon factory and the like: kind, level, from, to."""

    holder: str = Short
    holder_uscc: str | None = _Code
    kind: Literal[
        "green_factory", "zero_carbon_factory", "near_zero_carbon", "green_park", "green_supply_chain", "other"
    ]
    level: Literal["national", "provincial", "city", "association"]


class Standard(Dated):
    """A standard or specification: its number, who issued it, and which method profile carries it."""

    number: str = Short
    title: str = Long
    kind: Literal["national", "trade", "provincial", "group", "international", "enterprise"]
    draft: bool = False
    published: Day | None = None
    replaced_by: str | None = _Name
    profile: str | None = _Name


class Listing(Input):
    """An entry of the list of seriously untrustworthy entities, entered by hand as its authority published it."""

    name: str = Short
    uscc: str | None = _Code
    authority: str = Short
    listed_on: Day
    removed_on: Day | None = None
    reason: str | None = Field(default=None, max_length=300)
    source: str = Long
    note: str | None = Field(default=None, max_length=1000)


class CatalogueItem(Dated):
    """A product of a certification catalogue, by version."""

    catalogue: str = Short
    version: str = Field(min_length=1, max_length=60)
    product: str = Short


#: Records that hold from a day to a day.
Record: TypeAlias = Dated | Credit | Listing
#: What the dates of a record are called to people.
DAYS: dict[str, Text] = {
    "valid_from": Text("有效期起", "Valid from"),
    "valid_to": Text("有效期止", "Valid to"),
    "suspended_from": Text("暂停起", "Suspended from"),
    "suspended_to": Text("暂停止", "Suspended to"),
    "withdrawn_on": Text("撤销日期", "Withdrawn on"),
    "issued": Text("发证日期", "Issued"),
    "published": Text("发布日期", "Published"),
    "acquired_on": Text("取得日期", "Acquired on"),
    "gone_on": Text("转出日期", "Gone on"),
    "listed_on": Text("列入日期", "Listed on"),
    "removed_on": Text("移出日期", "Removed on"),
    "asked_on": Text("发出日期", "Asked on"),
    "due": Text("截止日期", "Due"),
    "received_on": Text("收到日期", "Received on"),
}
_ORDER = (
    ("valid_from", "valid_to"), ("suspended_from", "suspended_to"), ("issued", "valid_to"), ("issued", "withdrawn_on"),
    ("published", "valid_from"), ("acquired_on", "gone_on"), ("listed_on", "removed_on"),
    ("asked_on", "due"), ("asked_on", "received_on"), ("asked_on", "withdrawn_on"),
)  # fmt: skip
#: Fields that need another beside them.
_PAIRS = (
    ("footprint", "unit", Text("碳足迹", "Footprint"), Text("单位", "Unit")),
    ("suspended_to", "suspended_from", DAYS["suspended_to"], DAYS["suspended_from"]),
    ("gone_on", "gone_as", DAYS["gone_on"], Text("转出方式", "Gone as")),
    ("gone_as", "gone_on", Text("转出方式", "Gone as"), DAYS["gone_on"]),
)


def problems(record: Input) -> Iterator[YuetanError]:
    """Yield what is wrong between the fields of a record, each with the field to mend."""
    for first, later in _ORDER:
        a, b = getattr(record, first, None), getattr(record, later, None)
        if a is not None and b is not None and b < a:
            one, other = DAYS[first], DAYS[later]
            yield OutOfOrder(
                field=later, first=a, later=b, first_zh=one.zh, first_en=one.en, later_zh=other.zh, later_en=other.en
            )
    for of, name, of_text, text in _PAIRS:
        if getattr(record, of, None) is not None and getattr(record, name, None) is None:
            yield PartMissing(field=name, of_zh=of_text.zh, of_en=of_text.en, name_zh=text.zh, name_en=text.en)


@dataclass(frozen=True, slots=True)
class Standing:
    """The state of a record on a day and why; ``open_end`` where no last day is stated."""

    state: State
    why: Text
    open_end: bool = False


def standing(record: Record, day: dt.date) -> Standing:
    """
    Return the state of a record on a day; first and last day belong to it.

    What was withdrawn stays so, whatever else its dates say; a record without
    any first day is not known to hold.
    """
    first, last = _span(record)
    gone = getattr(record, "withdrawn_on", None)
    if gone is not None and day >= gone:
        return Standing("withdrawn", Text(f"已于 {gone} 撤销", f"withdrawn on {gone}"))
    if first is None:
        return Standing("not_known", Text("没有写明何时开始有效", "no first day is stated"), last is None)
    if day < first:
        return Standing("not_yet", Text(f"自 {first} 起有效", f"valid from {first}"), last is None)
    if last is not None and day > last:
        return Standing("expired", Text(f"有效期止于 {last}", f"ended on {last}"))
    stop, again = getattr(record, "suspended_from", None), getattr(record, "suspended_to", None)
    if stop is not None and stop <= day and (again is None or day <= again):
        until = NOTHING if again is None else Text(f"至 {again}", f" to {again}")
        return Standing(
            "suspended", Text(f"自 {stop} 起暂停{until.zh}", f"suspended from {stop}{until.en}"), last is None
        )
    ending = Text("，未写明终止日", ", no end is stated") if last is None else Text(f"，至 {last}", f" to {last}")
    return Standing("valid", Text(f"自 {first} 起有效{ending.zh}", f"valid from {first}{ending.en}"), last is None)


def _span(record: Record) -> tuple[dt.date | None, dt.date | None]:
    """Return first and last day; a unit or a name that leaves on a day is no longer there that day."""
    if isinstance(record, Credit):
        return record.acquired_on, _day_before(record.gone_on)
    if isinstance(record, Listing):
        return record.listed_on, _day_before(record.removed_on)
    if isinstance(record, Certificate):
        return record.valid_from or record.issued, record.valid_to
    return record.valid_from, record.valid_to


def _day_before(gone: dt.date | None) -> dt.date | None:
    return None if gone is None else gone - dt.timedelta(days=1)


def same(one: str | None, other: str | None) -> bool:
    """Return whether two names are the same but for width, case and spaces; what is not given is the same as nothing."""
    return one is not None and other is not None and _folded(one) == _folded(other)


def same_firm(name: str, uscc: str | None, other: str, other_uscc: str | None) -> bool:
    """Return whether two firms are one: by their codes where both are known, else by name."""
    return uscc == other_uscc if uscc and other_uscc else same(name, other)


def _folded(name: str) -> str:
    return "".join(unicodedata.normalize("NFKC", name).split()).casefold()
