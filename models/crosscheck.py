"""One quantity as several independent sources state it: whether they agree, which is best evidenced, what follows."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from models.bill import Bill
from models.errors import BadData, Text, YuetanError
from models.files import read_yaml
from models.findings import Finding, Severity
from models.inputs import Input, NonNegative
from models.law import CONFIDENCE
from models.measures import Measures

Source: TypeAlias = Literal["footprint", "ets_report", "energy_report", "meter", "invoice"]
SOURCE_WORDS: Mapping[str, Text] = {
    "footprint": Text("碳足迹", "footprint"),
    "ets_report": Text("碳排放报告", "ETS report"),
    "energy_report": Text("能源利用状况报告", "energy-use report"),
    "meter": Text("计量器具", "meter"),
    "invoice": Text("发票", "invoice"),
}
Regime: TypeAlias = Literal["guangdong_pilot", "national_market", "cbam"]
Rule: TypeAlias = Literal["emissions", "electricity", "heat", "fuel", "material", "output"]
RULES: tuple[Rule, ...] = ("emissions", "electricity", "heat", "fuel", "material", "output")
#: ``alone`` has one statement, ``not_comparable`` none that convert.
Outcome: TypeAlias = Literal["agrees", "explained", "asks", "fails", "alone", "not_comparable"]
OUTCOME_WORDS: Mapping[Outcome, Text] = {
    "agrees": Text("一致", "agrees"),
    "explained": Text("已解释", "explained"),
    "asks": Text("需说明", "needs a reason"),
    "fails": Text("不一致", "fails"),
    "alone": Text("只有一个来源", "one source only"),
    "not_comparable": Text("不可比", "not comparable"),
}
_SEVERITY: Mapping[Outcome, Severity] = {
    "agrees": "info",
    "explained": "info",
    "asks": "question",
    "fails": "error",
    "alone": "warning",
    "not_comparable": "warning",
}


class Statement(Input):
    """What one source states; ``value`` is absent where it does not report the quantity."""

    source: Source
    value: NonNegative | None = None
    unit: str = Field(min_length=1, max_length=40)
    #: Relative half-width of its 95 % interval, fraction.
    uncertainty: Annotated[float, Field(ge=0, le=10)] | None = None
    document: str = Field(default="", max_length=300)
    #: Verified by a third party.
    verified: bool = False
    #: Rules under which an ETS report was made.
    regime: Regime | None = None
    meter_id: str = Field(default="", max_length=100)
    #: Accuracy class of a meter, percent.
    accuracy_class: Annotated[float, Field(gt=0, le=10)] | None = None
    calibrated_until: dt.date | None = None


class NotOnSite(YuetanError):
    code = "crosscheck.no_such_activity"
    message = Text(
        "“{quantity}”所指的活动“{activity}”不在活动表中。",
        "'{quantity}' names the activity '{activity}', which is not on the bill.",
    )
    hint = Text("请与活动表一致。", "Name an activity of the bill.")


class Quantity(Input):
    """A quantity of a year with every statement of it; ``activities`` are the lines of the bill that rest on it."""

    id: str = Field(min_length=1, max_length=100)
    rule: Rule
    year: int = Field(ge=2000, le=2060)
    statements: tuple[Statement, ...] = Field(min_length=1, max_length=20)
    activities: tuple[str, ...] = Field(default=(), max_length=1000)
    #: Why they differ, where they do, and the evidence of it.
    explanation: str = Field(default="", max_length=2000)


@dataclass(frozen=True, slots=True)
class Tolerance:
    """Fractions of the better evidenced value: up to ``agrees`` they agree, up to ``asks`` a reason is needed."""

    text: Text
    agrees: float
    asks: float


@dataclass(frozen=True, slots=True)
class Policy:
    """Tolerances, grades and steps of scores: assumptions of the house."""

    tolerances: Mapping[Rule, Tolerance]
    grades: Mapping[str, str]
    steps: Mapping[Outcome, int]
    source: str
    confidence: str

    def line(self, rule: Rule) -> str:
        """Return a tolerance as one line of a proof."""
        of = self.tolerances[rule]
        return f"reconcile.tolerances.{rule} = {of.agrees:g}, {of.asks:g} [{self.source}, {self.confidence}]"


@dataclass(frozen=True, slots=True)
class CrossCheck:
    """
    What the statements of a quantity come to.

    ``values`` are in ``unit`` in the order of the statements, none where not
    reported or not convertible; ``apart`` is the largest difference from the
    reference, fraction; ``grade`` A to D is what the quantity is worth as
    evidence; ``steps`` what the score of its activities is worse by.
    """

    quantity: Quantity
    unit: str
    values: tuple[float | None, ...]
    reference: int
    apart: float | None
    tolerance: Tolerance
    outcome: Outcome
    severity: Severity
    resolution: Text
    grade: str
    steps: int
    findings: tuple[Finding, ...]


def load_policy(data_dir: Path) -> Policy:
    """Read ``data_dir/reconcile/tolerances.yaml``; a tolerance that falls, or a rule of neither list, is ``BadData``."""
    path = data_dir / "reconcile" / "tolerances.yaml"
    told = read_yaml(path)
    rules = {
        name: Tolerance(Text(one["zh"], one["en"]), float(one["pass"]), float(one["explain"]))
        for name, one in told["rules"].items()
    }
    rising = all(0.0 <= one.agrees <= one.asks for one in rules.values())
    if set(rules) != set(RULES) or not rising or set(told["score_steps"]) != set(OUTCOME_WORDS):
        raise BadData(path=path.name, what="rules, tolerances or steps of scores are not ours")
    if told["confidence"] not in CONFIDENCE or not set(told["grades"].values()) <= set("ABCD"):
        raise BadData(path=path.name, what="grades run from A to D, with a confidence of ours")
    return Policy(rules, told["grades"], told["score_steps"], told["source"], told["confidence"])


def with_footprint(quantity: Quantity, bill: Bill, measures: Measures) -> Quantity:
    """
    Return a quantity with what the footprint's own activities sum to among its statements.

    Raises
    ------
    NotOnSite
        It names an activity that is not on the bill.
    UnknownMeasure, DoesNotConvert
        An activity is in a unit of another kind.
    """
    if not quantity.activities or any(one.source == "footprint" for one in quantity.statements):
        return quantity
    of = {one.id: one for one in bill.activities}
    unit = quantity.statements[0].unit
    amounts = []
    for name in dict.fromkeys(quantity.activities):
        if name not in of:
            raise NotOnSite(field="activities", quantity=quantity.id, activity=name)
        amounts.append(of[name].amount * measures.ratio(of[name].unit, unit, "activities"))
    own = Statement(source="footprint", value=math.fsum(amounts), unit=unit)
    return quantity.model_copy(update={"statements": (*quantity.statements, own)})


def crosscheck(
    quantity: Quantity, counts: Mapping[str, Sequence[str]], policy: Policy, measures: Measures
) -> CrossCheck:
    """
    Compare every statement of a quantity with the best evidenced one.

    Parameters
    ----------
    quantity : Quantity
        The statements.
    counts : mapping
        What each set of rules counts: a report that does not count a kind
        cannot be asked for it.
    policy : Policy
        Tolerances, grades, steps.
    measures : Measures
        Units.

    Notes
    -----
    Two statements agree within the tolerance, or within the root of the sum of
    squares of their stated half-widths (independent errors).
    """
    findings: list[Finding] = []
    unit = quantity.statements[0].unit
    values = [
        _converted(one, n, quantity, unit, counts, measures, findings) for n, one in enumerate(quantity.statements)
    ]
    grades = [_grade(one, quantity.year, policy) for one in quantity.statements]
    tolerance = policy.tolerances[quantity.rule]
    known = [n for n, value in enumerate(values) if value is not None]
    reference = min(known, key=lambda n: (grades[n], quantity.statements[n].source == "footprint", n), default=0)
    apart = {n: _apart(values[n], values[reference]) for n in known if n != reference}
    outcome: Outcome = "not_comparable" if not known else "alone" if len(known) == 1 else "agrees"
    worst = max(apart, key=lambda n: apart[n], default=None)
    beyond = [n for n, far in apart.items() if far > max(tolerance.agrees, _together(quantity, n, reference))]
    if beyond:
        within = max(apart[n] for n in beyond) <= tolerance.asks
        # A reason settles what is within the wider tolerance; beyond it somebody has to look, whatever the reason.
        outcome = ("explained" if within else "asks") if quantity.explanation else "asks" if within else "fails"
    grade = grades[reference] if known else "D"
    if outcome in ("alone", "asks"):
        grade = max(grade, "C" if outcome == "asks" else "B")
    elif outcome == "fails":
        grade = "D"
    resolution = _resolution(quantity, outcome, reference, worst, apart)
    severity = _SEVERITY[outcome]
    code = f"crosscheck.{outcome}"
    findings.append(
        Finding(
            code, severity, _text(quantity, outcome, apart, worst, reference, tolerance), resolution, field=quantity.id
        )
    )
    return CrossCheck(
        quantity,
        unit,
        tuple(values),
        reference,
        apart[worst] if worst is not None else None,
        tolerance,
        outcome,
        severity,
        resolution,
        grade,
        policy.steps[outcome],
        tuple(findings),
    )


def _converted(
    one: Statement,
    at: int,
    quantity: Quantity,
    unit: str,
    counts: Mapping[str, Sequence[str]],
    measures: Measures,
    findings: list[Finding],
) -> float | None:
    word = SOURCE_WORDS[one.source]
    place = f"{quantity.id}.statements.{at}"
    if one.value is None:
        # Fuel and output are asked of every report; power and heat only where its rules count them.
        outside = (
            one.regime is not None
            and quantity.rule in ("electricity", "heat")
            and quantity.rule not in counts[one.regime]
        )
        text = (
            Text(
                f"{word.zh}不含“{quantity.id}”：其核算边界不计此项。",
                f"The {word.en} has no '{quantity.id}': its boundary does not count it.",
            )
            if outside
            else Text(f"{word.zh}没有“{quantity.id}”。", f"The {word.en} does not state '{quantity.id}'.")
        )
        code = "crosscheck.outside_boundary" if outside else "crosscheck.not_stated"
        findings.append(Finding(code, "info" if outside else "warning", text, field=place))
        return None
    try:
        return one.value * measures.ratio(one.unit, unit, f"{place}.unit")
    except YuetanError as error:
        findings.append(Finding.of(error, severity="warning"))
        return None


def _apart(value: float | None, reference: float | None) -> float:
    one, other = value or 0.0, reference or 0.0
    return abs(one - other) / other if other else (0.0 if one == 0.0 else math.inf)


def _together(quantity: Quantity, one: int, other: int) -> float:
    """Return the combined half-width of two statements, 0 where neither states one."""
    return math.hypot(*(_half_width(quantity.statements[n]) for n in (one, other)))


def _half_width(of: Statement) -> float:
    if of.uncertainty is not None:
        return of.uncertainty
    return of.accuracy_class / 100.0 if of.accuracy_class is not None else 0.0


def _grade(of: Statement, year: int, policy: Policy) -> str:
    name: str = of.source
    if of.source == "ets_report" and of.verified:
        name = "ets_report_verified"
    if of.source == "meter" and of.calibrated_until is not None and of.calibrated_until >= dt.date(year, 12, 31):
        name = "meter_calibrated"
    return policy.grades[name]


def _text(
    quantity: Quantity,
    outcome: Outcome,
    apart: Mapping[int, float],
    worst: int | None,
    reference: int,
    tolerance: Tolerance,
) -> Text:
    word = OUTCOME_WORDS[outcome]
    if worst is None:
        return Text(
            f"“{quantity.id}”{quantity.year} 年：{word.zh}。", f"'{quantity.id}' of {quantity.year}: {word.en}."
        )
    one, other = (SOURCE_WORDS[quantity.statements[n].source] for n in (worst, reference))
    far, limit = apart[worst] * 100.0, tolerance.agrees * 100.0
    return Text(
        f"“{quantity.id}”{quantity.year} 年：{word.zh}；{one.zh}与{other.zh}相差 {far:.2f} %（容差 {limit:g} %，本项目假定）。",
        f"'{quantity.id}' of {quantity.year}: {word.en}; {one.en} and {other.en} are {far:.2f} % apart (tolerance {limit:g} %, assumed).",
    )


def _resolution(
    quantity: Quantity, outcome: Outcome, reference: int, worst: int | None, apart: Mapping[int, float]
) -> Text:
    best = SOURCE_WORDS[quantity.statements[reference].source]
    if outcome == "agrees":
        return Text("无需处理。", "Nothing to do.")
    if outcome == "explained":
        return Text(f"已说明：{quantity.explanation}", f"Reason given: {quantity.explanation}")
    if outcome in ("alone", "not_comparable"):
        return Text("请补充另一个独立来源，单位须能换算。", "Add another independent source in a unit that converts.")
    said = (
        Text(f"（已有说明：{quantity.explanation}）", f" (reason given: {quantity.explanation})")
        if quantity.explanation
        else Text("", "")
    )
    return Text(
        f"以证据最好的{best.zh}为准核对其余来源，更正有误的一方或写明原因并附凭证{said.zh}。",
        f"The {best.en} is best evidenced: check the others against it, correct them or give reason and evidence{said.en}.",
    )
