"""The grade of one product: how likely each class is, how far the next one is, and what would close the distance."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass

import numpy as np
from pydantic import Field
from scipy.special import ndtri

from models.errors import NOTHING, Text, YuetanError
from models.findings import Finding
from models.grading import STATUSES, GradeScheme, Shape, chances, check_scheme, class_of
from models.inputs import Input
from models.measures import DoesNotConvert, Measures, UnknownMeasure
from models.provenance import Provenance, fingerprint
from models.table import Result, Row
from models.uncertainty import LEVEL
from models.units import Numbers

METHOD = "models.grade/1"
#: Parts count as the whole when they add up to it within this fraction.
_WHOLE = 1e-6


class OtherUnit(YuetanError):
    code = "grading.unit"
    message = Text(
        "数值的单位“{unit}”不能换算为方案的单位“{scheme_unit}”。",
        "The unit '{unit}' of the value does not convert into '{scheme_unit}' of the scheme.",
    )
    hint = Text("请用方案的功能单位重新核算。", "Work the footprint out per the unit of the scheme.")


class OtherProduct(YuetanError):
    code = "grading.product_group"
    message = Text(
        "分级方案“{scheme}”适用于“{group}”，不适用于“{product}”。",
        "Grading scheme '{scheme}' is for '{group}', not for '{product}'.",
    )
    hint = Text("请选择该产品组的方案。", "Choose a scheme of that group.")


class SchemeNotInForce(YuetanError):
    code = "grading.not_in_force"
    message = Text(
        "分级方案“{scheme}”在 {day} 不适用（{first} – {last}）。",
        "Grading scheme '{scheme}' is not valid on {day} ({first} to {last}).",
    )
    hint = Text("请换一个日期或版本。", "Choose another day or version.")


class Part(Input):
    """A stage, process or supplier and what it brings to the value, in the unit of the value."""

    name: str = Field(min_length=1, max_length=200)
    value: float = Field(ge=-1e15, le=1e15)


class GradeValue(Input):
    """A footprint to grade; without a half-width or ends the chances of the classes are not known."""

    value: float = Field(ge=-1e15, le=1e15)
    unit: str = Field(min_length=1, max_length=60)
    product_group: str | None = Field(default=None, max_length=200)
    on: dt.date | None = None
    #: Half of the 95 % interval, fraction of the value.
    half_width: float | None = Field(default=None, ge=0, le=10)
    #: Ends of the 95 % interval, in the unit of the value.
    low: float | None = Field(default=None, ge=-1e15, le=1e15)
    high: float | None = Field(default=None, ge=-1e15, le=1e15)
    #: ``normal`` with a half-width and ``interval`` with ends, where it is not said.
    shape: Shape | None = None
    parts: tuple[Part, ...] = Field(default=(), max_length=500)
    #: How sure the better grade should be where it is asked what value that takes.
    confidence: float = Field(default=LEVEL, gt=0.5, lt=1.0)


class GradeAsk(GradeValue):
    """A footprint and the scheme it is graded under."""

    scheme: GradeScheme


@dataclass(frozen=True, slots=True)
class Closer:
    """A part, and the fraction of it that would have to go to reach the next class; ``None`` where all of it is not enough."""

    name: str
    value: float
    fraction: float | None


@dataclass(frozen=True, slots=True)
class Gap:
    """
    The way to the next better class.

    ``distance`` is in the unit of the scheme, ``fraction`` of the value;
    ``sure_at`` is the value at which that class is reached with the confidence
    asked for, the relative uncertainty unchanged. ``None`` is not known.
    """

    to: str
    limit: float
    reaches: bool
    distance: float
    fraction: float | None
    sure_at: float | None
    closers: tuple[Closer, ...]


@dataclass(frozen=True, slots=True)
class Grade(Result):
    """
    A grade. ``grade`` is ``None`` where the value is too bad for every class.

    ``chances`` are the classes in order and their probability, ``ungraded`` that
    of no class; ``None`` where no uncertainty is stated. ``best`` and ``worst``
    are the classes at the two ends of the 95 % interval.
    """

    scheme: GradeScheme
    value: float
    grade: str | None
    chances: tuple[tuple[str, float], ...] | None
    ungraded: float | None
    best: str | None
    worst: str | None
    gap: Gap | None
    confidence: float
    findings: tuple[Finding, ...]
    provenance: Provenance

    def rows(self) -> list[Row]:
        of = self.scheme
        kind = STATUSES[of.status]
        under = Text(f"{of.name} {of.version}，{kind.zh}", f"{of.name} {of.version}, {kind.en}")
        made = [
            Row("value", Text("数值", "Value"), self.value, of.unit, digits=4),
            Row("grade", Text("等级", "Grade"), self.grade, "", under),
        ]  # fmt: skip
        if self.chances is None:
            made.append(
                Row(
                    "chance",
                    Text("各等级的概率", "Chance of each grade"),
                    None,
                    "",
                    Text("未给出不确定度", "no uncertainty is stated"),
                )
            )
        else:
            made += [
                Row(f"chance.{name}", Text(f"{name} 的概率", f"Chance of {name}"), chance, "", digits=4)
                for name, chance in self.chances
            ]
            if of.leaves_ungraded:
                made.append(Row("chance.none", Text("无等级的概率", "Chance of no grade"), self.ungraded, "", digits=4))
        if self.gap:
            made += self._to_next(self.gap)
        return made

    def _to_next(self, gap: Gap) -> list[Row]:
        end = Text("含边界", "limit included") if gap.reaches else Text("须越过边界", "the limit must be passed")
        made = [
            Row("gap", Text(f"距 {gap.to} 级", f"Distance to {gap.to}"), gap.distance, self.scheme.unit, end, digits=4),
            Row("gap.share", Text("占数值的比例", "Fraction of the value"), gap.fraction, "", digits=4),
            Row(
                "gap.sure_at",
                Text(f"以 {self.confidence:.0%} 把握达到 {gap.to} 级的数值", f"Value for {gap.to} with {self.confidence:.0%} confidence"),
                gap.sure_at,
                self.scheme.unit,
                NOTHING if gap.sure_at is not None else Text("未给出不确定度或无法达到", "no uncertainty is stated, or none does"),
                digits=4,
            ),
        ]  # fmt: skip
        for one in gap.closers:
            told = (
                Text("全部去除也不够", "not enough even without it")
                if one.fraction is None
                else Text("须减少的比例", "fraction of it that has to go")
            )
            made.append(
                Row(
                    f"closes.{one.name}",
                    Text(f"仅靠“{one.name}”", f"By '{one.name}' alone"),
                    one.fraction,
                    "",
                    told,
                    digits=4,
                )
            )
        return made

    def proof(self) -> list[str]:
        of = self.scheme
        return [f"{of.id} {of.version} [{of.source}, {of.status}]", *self.provenance.lines()]


def graded(asked: GradeAsk, measures: Measures) -> Grade:
    """
    Return the grade of a footprint under a scheme.

    Parameters
    ----------
    asked : GradeAsk
        The value, its uncertainty at 95 % and the scheme.
    measures : Measures
        What converts into what; units that are no rate of emissions must be spelt alike.

    Raises
    ------
    SchemeInvalid, SchemeNotInForce, OtherProduct, OtherUnit, SpreadInvalid
        The scheme, its day or group, the unit or the uncertainty does not fit.
    """
    scheme = asked.scheme
    check_scheme(scheme)
    _fits(asked)
    times = conversion(asked.unit, scheme.unit, measures)
    value = asked.value * times
    ends = _ends(asked, times)
    at = int(class_of(value, scheme)[0])
    names = (*scheme.names, None)
    findings: list[Finding] = []
    told: tuple[tuple[str, float], ...] | None = None
    ungraded = best = worst = None
    if ends is None:
        findings.append(_no_spread())
    else:
        low, high, shape = ends
        row = chances(value, low, high, scheme, shape)[0]
        told, ungraded = tuple(zip(scheme.names, map(float, row[:-1]), strict=True)), float(row[-1])
        sides = sorted(int(class_of(end, scheme)[0]) for end in (low, high))
        best, worst = names[sides[0]], names[sides[1]]
    if scheme.status != "in_force":
        findings.append(_not_real(scheme))
    gap = None
    if at > 0:
        closers = _closers(asked, times, value, _distance(value, scheme, at - 1), findings)
        gap = _gap(value, scheme, at - 1, ends, asked.confidence, closers)
    inputs = fingerprint(asked.model_dump(mode="json"))
    return Grade(
        scheme, value, names[at], told, ungraded, best, worst, gap, asked.confidence, tuple(findings),
        Provenance(METHOD, inputs, ()),
    )  # fmt: skip


def conversion(unit: str, to: str, measures: Measures) -> float:
    """
    Return what a value in ``unit`` is multiplied by to be in ``to``.

    Raises
    ------
    OtherUnit
        They are not spelt alike and are no two rates of emissions per like measures.
    """
    if unit.strip() == to.strip():
        return 1.0
    try:
        kg, per = measures.rate(unit)
        kg_to, per_to = measures.rate(to)
        return (kg / kg_to) * measures.ratio(per_to.id, per.id)
    except (UnknownMeasure, DoesNotConvert):
        raise OtherUnit(field="unit", unit=unit, scheme_unit=to) from None


def _fits(asked: GradeAsk) -> None:
    scheme = asked.scheme
    if asked.product_group is not None and asked.product_group.casefold() != scheme.product_group.casefold():
        raise OtherProduct(
            field="product_group", scheme=scheme.name, group=scheme.product_group, product=asked.product_group
        )
    first, last = scheme.valid_from or dt.date.min, scheme.valid_to or dt.date.max
    if asked.on is not None and not first <= asked.on <= last:
        raise SchemeNotInForce(
            field="on", scheme=scheme.name, day=asked.on, first=scheme.valid_from or "…", last=scheme.valid_to or "…"
        )


def _ends(asked: GradeAsk, times: float) -> tuple[float, float, Shape] | None:
    """Return the ends of the 95 % interval in the unit of the scheme and their shape; none where nothing is stated."""
    if asked.low is not None and asked.high is not None:
        return asked.low * times, asked.high * times, asked.shape or "interval"
    if asked.half_width is not None:
        half = asked.half_width * abs(asked.value)
        return (asked.value - half) * times, (asked.value + half) * times, asked.shape or "normal"
    return None


def _distance(value: float, scheme: GradeScheme, to: int) -> float:
    limit = scheme.classes[to].limit
    return abs(value - limit) if limit is not None else 0.0


def _gap(
    value: float,
    scheme: GradeScheme,
    to: int,
    ends: tuple[float, float, Shape] | None,
    confidence: float,
    closers: tuple[Closer, ...],
) -> Gap:
    one, distance = scheme.classes[to], _distance(value, scheme, to)
    limit = float(one.limit or 0.0)
    return Gap(
        to=one.name,
        limit=limit,
        reaches=bool(one.includes_limit),
        distance=distance,
        fraction=distance / abs(value) if value else None,
        sure_at=_sure_at(value, limit, ends, confidence, lower=scheme.better == "lower"),
        closers=closers,
    )


def _sure_at(
    value: float, limit: float, ends: tuple[float, float, Shape] | None, confidence: float, *, lower: bool
) -> float | None:
    """Return the value at which the limit is met with ``confidence``; the interval is scaled with the value."""
    if ends is None or value <= 0 or limit <= 0:
        return None
    low, high, shape = ends
    z = float(ndtri(confidence)) / float(ndtri(0.5 + LEVEL / 2))
    if shape == "lognormal":
        # Value and median keep their ratio, so the value scales as the median does.
        middle, half = math.sqrt(low * high), math.log(high / low) / 2
        return value / middle * limit * math.exp(-z * half if lower else z * half)
    side = 1.0 + z * (high - value) / value if lower else 1.0 - z * (value - low) / value
    return limit / side if side > 0 else None


def _closers(
    asked: GradeAsk, times: float, value: float, distance: float, findings: list[Finding]
) -> tuple[Closer, ...]:
    """Return the parts by how little of each would do; none where they are not the whole, or more is better."""
    if not asked.parts or asked.scheme.better != "lower":
        return ()
    total = math.fsum(part.value for part in asked.parts) * times
    if abs(total - value) > _WHOLE * max(abs(value), 1e-300):
        findings.append(_not_whole(total, value, asked.scheme.unit))
        return ()
    made = [
        Closer(
            part.name, part.value * times, distance / (part.value * times) if part.value * times >= distance else None
        )
        for part in asked.parts
        if part.value > 0
    ]
    return tuple(sorted(made, key=lambda one: (one.fraction is None, one.fraction or 0.0, -one.value)))


def best_chances(values: Numbers, half_width: Numbers, scheme: GradeScheme) -> tuple[list[str | None], Numbers]:
    """
    Grade many footprints at once.

    Parameters
    ----------
    values : float or array, shape (n,)
        In the unit of the scheme.
    half_width : float or array, shape (n,)
        Half of the 95 % interval, fraction of the value.
    scheme : GradeScheme
        Checked here.

    Returns
    -------
    list of str or None, length n; array, shape (n, classes + 1)
        Grades, and the chance of each class with that of none last.
    """
    check_scheme(scheme)
    given = np.atleast_1d(np.asarray(values, dtype=np.float64))
    half = np.abs(given) * half_width
    names = (*scheme.names, None)
    return [names[i] for i in class_of(given, scheme)], chances(given, given - half, given + half, scheme)


def _no_spread() -> Finding:
    return Finding(
        code="grading.no_uncertainty",
        severity="warning",
        text=Text("没有给出不确定度，各等级的概率无法得知。", "No uncertainty is stated: how likely each grade is cannot be told."),
        hint=Text("请填写 95 % 区间的半宽，或下限和上限。", "Give the half-width of the 95 % interval, or its ends."),
        field="half_width",
    )  # fmt: skip


def _not_real(scheme: GradeScheme) -> Finding:
    kind = STATUSES[scheme.status]
    return Finding(
        code="grading.scheme_not_in_force",
        severity="warning",
        text=Text(
            f"分级方案“{scheme.name}”是{kind.zh}，等级不能对外使用。",
            f"Grading scheme '{scheme.name}' is {kind.en}: the grade is not for use.",
        ),
        hint=Text("正式方案公布后请录入其边界和来源。", "Enter the limits and their source once a scheme is published."),
        field="scheme.status",
    )  # fmt: skip


def _not_whole(total: float, value: float, unit: str) -> Finding:
    return Finding(
        code="grading.parts_not_whole",
        severity="warning",
        text=Text(
            f"各部分合计 {total:g}，与数值 {value:g} {unit} 不一致，没有说明靠什么达到下一级。",
            f"The parts add up to {total:g} and not to {value:g} {unit}: what would close the distance is not told.",
        ),
        hint=Text("请补全各部分，使其合计等于该数值。", "Give all parts, so that they add up to the value."),
        field="parts",
    )
