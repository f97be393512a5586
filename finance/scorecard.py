"""
The green and low-carbon score of a borrower: deterministic, explained line by line.

A policy judgement, not a probability of default, and never mixed with one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from statistics import NormalDist

from finance.indicator import KNOWN, NO_EBITDA, Indicator, PartialValue
from finance.policy import Asks, Gate, Scorecard, load_scorecard
from finance.score import METHOD, GateResult, Line, Reason, Score, joined
from finance.submission import IndicatorValue
from models.errors import NOTHING, OutOfRange, Text, YuetanError
from models.findings import Finding

__all__ = [
    "METHOD",
    "Line",
    "NothingToScore",
    "Score",
    "Scorecard",
    "load_scorecard",
    "reasons_of",
    "score",
    "score_what_can_be",
    "sift",
]

_MISSING = IndicatorValue(state="missing")


class NothingToScore(YuetanError):
    code = "score.nothing_applies"
    message = Text("没有任何指标适用，无法评分。", "No indicator applies; there is nothing to score.")
    hint = Text("请至少填写一项适用的指标。", "Enter at least one indicator that applies.")


def score(
    card: Scorecard,
    inputs: Mapping[str, IndicatorValue],
    gates: Mapping[str, bool],
    sector_adverse: Mapping[str, float | str] | None = None,
    *,
    notes: Mapping[str, Text] | None = None,
) -> Score:
    """
    Score a borrower.

    Parameters
    ----------
    card : Scorecard
        The policy.
    inputs : mapping of id to IndicatorValue
        What is known; an id that is absent is missing.
    gates : mapping of id to bool
        Answers to the gates that ask for one; absent is "not answered".
    sector_adverse : mapping of id to value, optional
        The sector's adverse quantile, which stands in for a missing value.
    notes : mapping of id to Text, optional
        How a value was computed, shown beside it.

    Returns
    -------
    Score
        Contributions sum to ``before_gates`` to 1e-9.

    Raises
    ------
    OutOfRange
        A value is no number where a number is needed, no known level, or
        beyond its definition; an id that is no indicator, or no gate that asks
        for an answer. ``sift`` sorts such values out beforehand.
    NothingToScore
        Every indicator with a weight is not applicable.

    Notes
    -----
    ``finance.md`` sections 4.1 to 4.6.
    """
    asked = {g.id for g in card.gates if g.asks == "answer"}
    for unknown in sorted({*inputs, *(sector_adverse or {})} - set(KNOWN)) + sorted(set(gates) - asked):
        raise _stranger(unknown)
    lines = _weighted(
        [
            _line(
                card,
                i,
                d.id,
                inputs.get(i.id, _MISSING),
                (sector_adverse or {}).get(i.id),
                (notes or {}).get(i.id, NOTHING),
            )
            for d in card.dimensions
            for i in d.indicators
        ]
    )
    before = _mean(lines)
    if before is None:
        raise NothingToScore
    results = tuple(_gate(g, lines, gates) for g in sorted(card.gates, key=lambda g: g.id))
    total = min([before, *(r.gate.cap for r in results if r.binds and r.gate.cap is not None)])
    missing = any(x.state == "missing" or x.missing_share > 0 for x in lines)
    known = [replace(x, points=x.known_points) for x in lines if x.state != "missing"]
    return Score(
        card=card,
        lines=tuple(lines),
        before_gates=before,
        total=total,
        grade=card.grade(total),
        gates=results,
        reasons=(*_gate_reasons(results), *reasons_of(card, lines, card.reason_codes.max_reported)),
        without_missing=_mean(known) if missing else None,
    )


def score_what_can_be(
    card: Scorecard,
    inputs: Mapping[str, IndicatorValue],
    gates: Mapping[str, bool],
    *,
    notes: Mapping[str, Text] | None = None,
) -> tuple[Score | None, list[Finding]]:
    """
    Score a borrower and raise nothing: what cannot be scored becomes missing and a finding.

    One mistyped cell costs its own indicator, and neither the score nor the rest of a file.
    """
    kept, findings = sift(card, inputs)
    unfit = Text("填报值不能采用，见问题清单", "the stated value cannot be used, see the findings")
    told = {**(notes or {}), **{f.field: unfit for f in findings if f.field}}
    asked = {g.id for g in card.gates if g.asks == "answer"}
    findings += [Finding.of(_stranger(key)) for key in sorted(set(gates) - asked)]
    try:
        return score(card, kept, {k: v for k, v in gates.items() if k in asked}, notes=told), findings
    except NothingToScore as refusal:
        return None, [*findings, Finding.of(refusal)]


def sift(card: Scorecard, inputs: Mapping[str, IndicatorValue]) -> tuple[dict[str, IndicatorValue], list[Finding]]:
    """
    Return the inputs that can be scored, and a finding for each that cannot.

    What cannot be scored becomes missing, so that one mistyped cell costs its
    own indicator and not the score.
    """
    kept, findings = {}, []
    by_id = {i.id: i for i in card.indicators}
    for key, given in inputs.items():
        try:
            if key not in KNOWN:
                raise _stranger(key)
            if key in by_id and given.value is not None and given.state in ("measured", "estimated"):
                by_id[key].checked(given.value)
            kept[key] = given
        except OutOfRange as refusal:
            findings.append(Finding.of(refusal))
            if key in by_id:
                kept[key] = IndicatorValue(state="missing", evidence=given.evidence)
    return kept, findings


def _stranger(key: str) -> OutOfRange:
    return OutOfRange(
        name_zh="评分指标或关口编号",
        name_en="indicator or gate id",
        why_zh="没有这个编号，或它由指标推定而不接受回答",
        why_en="there is none of this id, or it follows from an indicator and takes no answer",
        field=key if len(key) <= 8 else None,
    )


def _line(
    card: Scorecard,
    indicator: Indicator,
    dimension: str,
    given: IndicatorValue,
    adverse: float | str | None,
    note: Text,
) -> Line:
    """Return a line before weighting, by the four states of ``finance.md`` 4.2."""
    rule, weight = card.missing_rule, indicator.weight
    made = Line(indicator, dimension, "missing", None, None, 0.0, weight, 0.0, None, given.evidence, note)
    if given.state == "not_applicable":
        if given.declared_on is not None and indicator.id in card.may_not_apply:
            return replace(made, state="not_applicable")
        undated = Text("“不适用”没有注明日期的声明", "'not applicable' without a dated declaration")
        always = Text("该指标不能声明为不适用", "this indicator cannot be declared not applicable")
        note = joined(note, undated if given.declared_on is None else always)
    elif given.state != "missing" and given.value is not None:
        value = indicator.checked(given.value)
        made = replace(made, state=given.state, value=given.value, data_quality=given.data_quality)
        if value == NO_EBITDA:
            zero = Text("EBITDA 不为正，按规定计 0 分", "EBITDA is not positive: 0 points by rule")
            return replace(made, used=value, note=joined(note, zero))
        if indicator.haircut and given.data_quality is None:
            worst = float(rule.assigned_data_quality)
            said = Text(f"未给数据质量分，按 {worst:g} 计", f"no data-quality score: taken as {worst:g}")
            made = replace(made, data_quality=worst, note=joined(note, said))
        if isinstance(given, PartialValue) and given.covers < 1.0 and not isinstance(value, str):
            return _partial(card, made, value, given.covers, adverse)
        return _curved(card, made, value)
    if indicator.id in card.legally_bound:
        why = Text(
            "控排企业依法应有，未提供计 0 分；不在碳市场的，请注明日期声明不适用",
            "a firm in a carbon market is bound to have it, withheld: 0 points; outside any, declare it with a date",
        )
        return replace(made, note=joined(note, why))
    made = replace(made, data_quality=float(rule.assigned_data_quality))
    if adverse is None:
        fixed = rule.no_sector_value_points
        why = Text(f"缺失且无行业值，按政策计 {fixed:g} 分", f"missing, no sector value: {fixed:g} points by policy")
        return replace(made, points=fixed, note=joined(note, why))
    why = Text("缺失，取行业不利分位数", "missing, the sector's adverse quantile stands in")
    return _curved(card, replace(made, note=joined(note, why)), indicator.checked(adverse))


def _partial(card: Scorecard, line: Line, value: float, covers: float, adverse: float | str | None) -> Line:
    """
    Return the line of a value that speaks for a part: the rest is missing and scores by the same rule as a whole one.

    The sector's adverse value joins the mean; without one the rest scores the
    policy's fixed points, and never lifts the part that is known.
    """
    if adverse is not None:
        mixed = covers * value + (1.0 - covers) * float(line.indicator.checked(adverse))
        why = Text(f"缺失的 {1 - covers:.0%} 取行业不利分位数", f"the sector's adverse quantile for {1 - covers:.0%}")
        return replace(_curved(card, replace(line, note=joined(line.note, why)), mixed), value=value)
    fixed = card.missing_rule.no_sector_value_points
    why = Text(
        f"缺失的 {1 - covers:.0%} 按政策至多计 {fixed:g} 分",
        f"{1 - covers:.0%} missing: at most {fixed:g} points by policy",
    )
    made = _curved(card, replace(line, note=joined(line.note, why)), value)
    return replace(made, missing_share=1.0 - covers, points=_with_rest(made.points, 1.0 - covers, fixed))


def _with_rest(points: float, share: float, fixed: float) -> float:
    return points + share * (min(points, fixed) - points)


def _curved(card: Scorecard, line: Line, value: float | str) -> Line:
    """Return the line with the value used and its points; the haircut is applied here and nowhere else."""
    used = value
    if line.indicator.haircut and line.data_quality is not None and not isinstance(value, str):
        z = NormalDist().inv_cdf(card.data_quality.haircut_quantile)
        used = float(line.indicator.used(float(value), card.data_quality.sigma(line.data_quality), z))
    points = 0.0 if used == NO_EBITDA else float(line.indicator.points_of(used))
    return replace(line, used=used, points=points)


def _weighted(lines: Sequence[Line]) -> list[Line]:
    """Scale the weights of what applies to 100 and form the contributions."""
    whole = math.fsum(x.weight for x in lines if x.state != "not_applicable")
    shares = [100.0 * x.weight / whole if whole > 0 and x.state != "not_applicable" else 0.0 for x in lines]
    return [replace(x, weight=e, contribution=e * x.points / 100.0) for x, e in zip(lines, shares, strict=True)]


def _mean(lines: Iterable[Line]) -> float | None:
    """
    Return the mean of the points by policy weight; ``None`` where nothing has weight.

    Exactly summed and divided once: it does not depend on the order of the
    indicators, and equal points give exactly that score, so no grade is lost
    to rounding.
    """
    weighing = [x for x in lines if x.state != "not_applicable" and x.indicator.weight > 0]
    whole = math.fsum(x.indicator.weight for x in weighing)
    return math.fsum(x.indicator.weight * x.points for x in weighing) / whole if whole > 0 else None


def _gate(gate: Gate, lines: Sequence[Line], answers: Mapping[str, bool]) -> GateResult:
    if not isinstance(gate.asks, Asks):
        return GateResult(gate, answers.get(gate.id))
    line = next(x for x in lines if x.indicator.id == gate.asks.indicator)
    from_id = Text(f"由 {line.indicator.id} 推定", f"follows from {line.indicator.id}")
    if gate.asks.equals is not None:
        if line.state == "missing":
            return GateResult(gate, True, Text("没有提供证据", "no evidence was handed in"))
        return GateResult(gate, line.used == gate.asks.equals, from_id)
    if line.state == "missing" or not isinstance(line.value, float | int):
        return GateResult(gate, None, Text(f"{line.indicator.id} 缺失", f"{line.indicator.id} is missing"))
    return GateResult(gate, line.value > float(gate.asks.above or 0.0), from_id)


def _gate_reasons(results: Iterable[GateResult]) -> list[Reason]:
    return [
        Reason(
            code=f"RC-{r.gate.id}",
            text=Text(f"{r.gate.zh}：{r.explained.zh}", f"{r.gate.en}: {r.explained.en}"),
            value=None,
            used=None,
            next_breakpoint=None,
            points_to_gain=None,
        )
        for r in results
        if r.binds
    ]


def reasons_of(card: Scorecard, lines: Iterable[Line], most: int | None = None) -> list[Reason]:
    """Return the lines that lose the most points, ties by id, all or the first ``most`` (``finance.md`` 4.5)."""
    worst = sorted((x for x in lines if x.weight > 0 and x.points < 100.0), key=lambda x: (-x.lost, x.indicator.id))
    made = []
    for line in worst[:most]:
        following, gain = _next(line, card.missing_rule.no_sector_value_points)
        text = Text(
            f"{line.indicator.zh}：失去 {line.lost:.2f} 分", f"{line.indicator.en}: {line.lost:.2f} points lost"
        )
        if line.state == "missing" or line.missing_share > 0 or line.used == NO_EBITDA:
            text = joined(text, line.note)
        made.append(Reason(f"RC-{line.indicator.id}", text, line.value, line.used, following, gain))
    return made


def _next(line: Line, fixed: float) -> tuple[float | str | None, float | None]:
    """Return the next better breakpoint and the points of the score that reaching it would add."""
    indicator = line.indicator
    if indicator.levels is not None:
        better: list[tuple[float, float | str]] = [(p, level) for level, p in indicator.levels.items()]
    else:
        ahead = reversed(indicator.points or ()) if indicator.direction == "lower_better" else indicator.points or ()
        better = [(p, x) for x, p in ahead]
    # The mildest of the better ones; within rounding of a breakpoint is on it.
    found = min((b for b in better if b[0] > line.known_points + 1e-9), key=lambda b: b[0], default=None)
    if found is None:
        return None, None
    reached = _with_rest(found[0], line.missing_share, fixed)
    return found[1], line.weight * (reached - line.points) / 100.0
