"""
Methods of product footprints as data: boundary, cut-off, order of factors, required fields, sections of the report.

What the sources of a profile do not give is open, and is said to be.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

from models.apportion import RUNGS, JointProcess, Rung
from models.bill import KINDS, Bill, Kind, Product
from models.errors import BadData, Text, YuetanError
from models.factor_records import LEVELS, Level
from models.files import day, read_yaml
from models.findings import Finding
from models.law import CONFIDENCE

#: ``information`` is reported and not counted, ``zero`` carries no emissions by the rule, ``open`` is not in our sources.
Counting: TypeAlias = Literal["counted", "information", "excluded", "zero", "open"]
COUNTINGS = ("counted", "information", "excluded", "zero", "open")
STATUSES = ("national_standard", "international_standard", "regulation", "label", "draft")
_KEYS = {
    "name",
    "status",
    "published",
    "in_force",
    "source",
    "confidence",
    "boundary",
    "cut_off",
    "allocation",
    "factor_order",
    "required",
    "sections",
    "open",
}
#: Declared units that are a mass themselves.
_WEIGHED = ("kg", "t", "g", "千克", "公斤", "吨", "克")
_OPTIONAL = {"follows", "electricity"}


class UnknownProfile(YuetanError):
    code = "profile.unknown"
    message = Text("没有核算方法“{profile}”。", "There is no method '{profile}'.")
    hint = Text("可用：{known}。", "Known: {known}.")


class ProfileOpen(YuetanError):
    code = "profile.open"
    message = Text("“{name_zh}”没有给出{what_zh}：{why_zh}。", "'{name_en}' gives no {what_en}: {why_en}.")
    hint = Text("不能按它核算；请选择另一方法。", "Nothing can be worked out by it; choose another method.")


class KindNotTold(YuetanError):
    code = "profile.kind_not_told"
    message = Text(
        "没有说明活动“{activity}”是什么（直接排放、电力、前体……），无法判断“{name_zh}”是否计入。",
        "It is not said what '{activity}' is (direct, electricity, precursor ...), so whether '{name_en}' counts it cannot be told.",
    )
    hint = Text("请填写类别。", "State its kind.")


class AllocationNotAllowed(YuetanError):
    code = "profile.allocation_not_allowed"
    message = Text(
        "“{name_zh}”不允许按“{rule}”分配（工序“{process}”）。",
        "'{name_en}' does not allow '{process}' to be divided by {rule} value.",
    )
    hint = Text("请分别计量，或按物理关系分配。", "Meter apart, or divide by a physical relation.")


@dataclass(frozen=True, slots=True)
class Stated:
    """Something a profile says, or why it is open; where it stands, and how sure that is."""

    said: Text
    is_open: bool
    source: str
    confidence: str


@dataclass(frozen=True, slots=True)
class Section:
    """A section of the report and the fields it shows."""

    id: str
    title: Text
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Profile:
    """One version of one method; ``counts``, ``rungs`` and ``order`` are none where they are open."""

    id: str
    name: Text
    status: str
    published: dt.date | None
    in_force: dt.date | None
    source: str
    confidence: str
    follows: str | None
    boundary: Stated
    counts: Mapping[Kind, Counting] | None
    cut_off: Stated
    allocation: Stated
    rungs: tuple[Rung, ...] | None
    factor_order: Stated
    order: tuple[Level, ...] | None
    required: tuple[str, ...]
    sections: tuple[Section, ...]
    open: tuple[Text, ...]

    @property
    def is_draft(self) -> bool:
        return self.status == "draft"


def load_profiles(data_dir: Path) -> dict[str, Profile]:
    """
    Read ``data_dir/profiles/*.yaml``; what a profile leaves open is that of the one it follows.

    Raises
    ------
    BadData
        A key, a kind, a rung, a level or a confidence that is not one of ours, or a follower of nothing.
    """
    read = {path.stem: _profile(path) for path in sorted((data_dir / "profiles").glob("*.yaml"))}
    made: dict[str, Profile] = {}
    for name, one in read.items():
        if one.follows is not None and one.follows not in read:
            raise BadData(path=f"{name}.yaml", what=f"follows {one.follows!r}, which is not there")
        made[name] = _filled(one, read[one.follows]) if one.follows else one
    return made


def _profile(path: Path) -> Profile:
    told: dict[str, Any] = read_yaml(path)
    if set(told) - _OPTIONAL != _KEYS:
        raise BadData(path=path.name, what=f"keys differ from ours: {sorted(set(told) - _OPTIONAL ^ _KEYS)}")
    if told["status"] not in STATUSES or told["confidence"] not in CONFIDENCE:
        raise BadData(path=path.name, what=f"status {told['status']!r}, confidence {told['confidence']!r}")
    counts = told["boundary"].get("counts")
    if counts is not None and (set(counts) != set(KINDS) or not set(counts.values()) <= set(COUNTINGS)):
        raise BadData(path=path.name, what="counts must say of each kind how it is counted")
    rungs, order = told["allocation"].get("rungs"), told["factor_order"].get("levels")
    if not set(rungs or ()) <= set(RUNGS) or not set(order or ()) <= set(LEVELS):
        raise BadData(path=path.name, what=f"rungs {rungs}, levels {order}")
    words = Text("、".join(rungs or ()), ", ".join(rungs or ()))
    levels = Text("、".join(order or ()), ", ".join(order or ()))
    return Profile(
        id=path.stem,
        name=_text(told["name"]),
        status=told["status"],
        published=day(told["published"], path) if told["published"] else None,
        in_force=day(told["in_force"], path) if told["in_force"] else None,
        source=told["source"],
        confidence=told["confidence"],
        follows=told.get("follows"),
        boundary=_stated(told["boundary"], told),
        counts=counts,
        cut_off=_stated(told["cut_off"], told),
        allocation=_stated(told["allocation"], told, words),
        rungs=tuple(rungs) if rungs else None,
        factor_order=_stated(told["factor_order"], told, levels),
        order=tuple(order) if order else None,
        required=tuple(told["required"]),
        sections=tuple(Section(str(one["id"]), _text(one), tuple(one["fields"])) for one in told["sections"]),
        open=tuple(_text(one) for one in told["open"]),
    )


def _text(told: Mapping[str, str]) -> Text:
    return Text(str(told["zh"]), str(told["en"]))


def _stated(of: Mapping[str, Any], told: Mapping[str, Any], said: Text | None = None) -> Stated:
    is_open = "open" in of
    text = _text(of["open"]) if is_open else _text(of["said"]) if "said" in of else said or Text("", "")
    return Stated(text, is_open, of.get("source", told["source"]), of.get("confidence", told["confidence"]))


def _filled(one: Profile, base: Profile) -> Profile:
    """Return a profile with what it leaves open taken from another; its own words stay."""
    named = {name: getattr(one, name) for name in Profile.__dataclass_fields__}
    return Profile(
        **named
        | {
            "counts": one.counts if one.counts is not None else base.counts,
            "rungs": one.rungs or base.rungs,
            "order": one.order or base.order,
            "required": (*base.required, *(field for field in one.required if field not in base.required)),
            "sections": one.sections or base.sections,
            "open": (*one.open, *base.open),
        }
    )


def profile_of(profiles: Mapping[str, Profile], name: str) -> Profile:
    """
    Return a profile by its id.

    Raises
    ------
    UnknownProfile
        There is none of the name.
    """
    if name not in profiles:
        raise UnknownProfile(field="profile", profile=name[:60], known=", ".join(profiles))
    return profiles[name]


def counted(bill: Bill, profile: Profile) -> dict[str, Counting]:
    """
    Return how a profile counts each activity of a bill.

    Raises
    ------
    ProfileOpen
        Its boundary is not known, or not that of a kind on the bill.
    KindNotTold
        An activity does not say what it is, and the profile treats kinds differently.
    """
    if profile.counts is None:
        raise _open(profile, Text("系统边界", "boundary"), profile.boundary.said)
    same = set(profile.counts.values())
    made: dict[str, Counting] = {}
    for at, activity in enumerate(bill.activities):
        kind = activity.kind_told
        if kind is None and len(same) > 1:
            raise KindNotTold(
                field=f"activities.{at}.kind", activity=activity.id, name_zh=profile.name.zh, name_en=profile.name.en
            )
        how = profile.counts[kind] if kind is not None else next(iter(same))
        if how == "open":
            said = Text(f"类别 {kind} 未见原文", f"its rule on {kind} was not seen")
            raise _open(profile, Text(f"“{activity.id}”的计入规则", f"rule for '{activity.id}'"), said)
        made[activity.id] = how
    return made


def _open(profile: Profile, what: Text, why: Text) -> ProfileOpen:
    return ProfileOpen(
        field="profile",
        name_zh=profile.name.zh,
        name_en=profile.name.en,
        what_zh=what.zh,
        what_en=what.en,
        why_zh=why.zh,
        why_en=why.en,
    )


FIELD_WORDS: Mapping[str, Text] = {
    "bill.boundary": Text("系统边界（摇篮到大门或坟墓）", "system boundary, to gate or grave"),
    "bill.period": Text("时间范围", "period"),
    "product.name": Text("产品名称", "product name"),
    "product.declared_unit": Text("声明单位", "declared unit"),
    "product.mass": Text("每声明单位质量", "mass per declared unit"),
    "report.number": Text("报告编号", "report number"),
    "report.issuer": Text("出具报告机构", "issuer of the report"),
    "report.producer_name": Text("生产者名称", "producer"),
    "report.producer_address": Text("生产者地址", "address of the producer"),
    "report.legal_representative": Text("法定代表人", "legal representative"),
    "report.contact": Text("联系人", "contact"),
    "report.specification": Text("规格型号", "specification"),
    "report.product_function": Text("产品功能", "function of the product"),
    "report.product_description": Text("产品介绍", "description of the product"),
    "report.standard": Text("量化依据标准", "standard of quantification"),
    "report.purpose": Text("量化目的", "purpose"),
    "report.cut_off": Text("取舍准则", "cut-off rule"),
    "report.omitted_share": Text("豁免排放的比例", "share of exempted emissions"),
    "report.gwp_set": Text("特征化因子（如 AR6）", "characterisation factors, such as AR6"),
    "report.assumptions": Text("假设", "assumptions"),
    "report.limitations": Text("局限性", "limitations"),
    "report.improvement": Text("改进建议", "suggestions for improvement"),
    "label.pcr": Text("产品种类规则 PCR", "product category rule"),
    "label.verifier": Text("核查机构", "verifier"),
}


def completeness(bill: Bill, profile: Profile) -> list[Finding]:
    """Return what a bill lacks for a profile, and what the profile leaves open."""
    found = [
        _lacking(
            field,
            profile,
            Text(f"（{product.id}）", f" ({product.id})") if field.startswith("product.") else Text("", ""),
        )
        for field in profile.required
        for product in (bill.products if field.startswith("product.") else bill.products[:1])
        if not value_of(field, bill, product)
    ]
    for at, one in enumerate(bill.joint):
        if (error := not_allowed(one, profile)) is not None:
            found.append(Finding.of(error, field=f"joint.{at}.rule"))
    if profile.is_draft:
        text = Text(
            f"“{profile.name.zh}”是草案，不是现行方法。", f"'{profile.name.en}' is a draft and not a method in force."
        )
        found.append(Finding("profile.draft", "warning", text, field="profile"))
    if profile.in_force is not None and bill.period_end < profile.in_force:
        text = Text(
            f"数据期早于“{profile.name.zh}”的实施日 {profile.in_force}。",
            f"The period ends before '{profile.name.en}' is in force ({profile.in_force}).",
        )
        found.append(Finding("profile.before_in_force", "info", text, field="period_end"))
    said = [
        *(
            one.said
            for one in (profile.boundary, profile.cut_off, profile.allocation, profile.factor_order)
            if one.is_open
        ),
        *profile.open,
    ]
    found += [Finding("profile.left_open", "info", text, field="profile") for text in dict.fromkeys(said)]
    return found


def not_allowed(joint: JointProcess, profile: Profile) -> AllocationNotAllowed | None:
    """Return why a profile does not allow the rule of a joint process; none where it does, or does not say."""
    if profile.rungs is None or joint.rule in profile.rungs:
        return None
    return AllocationNotAllowed(
        field="rule", name_zh=profile.name.zh, name_en=profile.name.en, process=joint.process, rule=joint.rule
    )


def _lacking(field: str, profile: Profile, of: Text) -> Finding:
    word = FIELD_WORDS[field]
    text = Text(f"“{profile.name.zh}”需要：{word.zh}{of.zh}。", f"'{profile.name.en}' needs: {word.en}{of.en}.")
    head, _, tail = field.partition(".")
    place = {"report": f"report.{tail}", "label": f"report.{tail}", "bill": tail}.get(head, field)
    return Finding("profile.field_missing", "question", text, Text("请填写。", "Enter it."), field=place)


def value_of(field: str, bill: Bill, product: Product) -> str | None:
    """Return what a bill says in a field of a profile as text; none where it says nothing."""
    head, _, tail = field.partition(".")
    if head in ("report", "label"):
        value = getattr(bill.report, tail)
        return None if value is None or value == "" else str(value)
    if field == "product.mass":
        known = product.mass_kg_per_declared_unit
        return None if known is None and product.declared_unit not in _WEIGHED else f"{known}"
    return {
        "bill.boundary": bill.boundary,
        "bill.period": f"{bill.period_start} – {bill.period_end}",
        "product.name": product.name or None,
        "product.declared_unit": f"{product.declared_amount:g} {product.declared_unit}",
    }.get(field)
