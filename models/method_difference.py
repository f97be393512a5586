"""One bill by one method: what is counted; and by two: what differs, with the difference in parts that add up."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from models.bill import Bill
from models.errors import NOTHING, MissingInput, Text, YuetanError
from models.factor_records import LEVELS
from models.findings import Finding
from models.footprint import SiteFootprint, footprint
from models.footprint_lines import Basis
from models.method_profile import Counting, Profile, completeness, counted, not_allowed
from models.table import Result, Row

COUNTING_WORDS: Mapping[str, Text] = {
    "counted": Text("计入", "counted"),
    "information": Text("只报告", "for information"),
    "excluded": Text("不计入", "excluded"),
    "zero": Text("按零计", "zero by rule"),
    "open": Text("未见规定", "open"),
}


@dataclass(frozen=True, slots=True)
class ByProfile:
    """A site by one method; ``counting`` tells of each activity how it is counted."""

    profile: Profile
    site: SiteFootprint
    counting: Mapping[str, Counting]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class MethodPart:
    """Part of the difference: activities of one kind that only one method counts, or another factor; kgCO2e per declared unit."""

    activity: str
    one: str
    other: str
    kgco2e: float


@dataclass(frozen=True, slots=True)
class MethodDifference(Result):
    """
    A product by two methods, kgCO2e per declared unit.

    ``kgco2e[1] - kgco2e[0]`` is the sum of ``parts``. A value that a method
    cannot give is none, and ``refusals`` says why.
    """

    product: str
    profiles: tuple[Profile, Profile]
    kgco2e: tuple[float | None, float | None]
    refusals: tuple[YuetanError | None, YuetanError | None]
    parts: tuple[MethodPart, ...]

    @property
    def difference(self) -> float | None:
        one, other = self.kgco2e
        return None if one is None or other is None else other - one

    def rows(self) -> list[Row]:
        rows = []
        for n, (profile, value, why) in enumerate(zip(self.profiles, self.kgco2e, self.refusals, strict=True)):
            said = Text(why.text("zh"), why.text("en")) if why else NOTHING
            rows.append(Row(f"value.{n}", profile.name, value, "kgCO2e", said, 4))
        rows.append(Row("difference", Text("相差", "Difference"), self.difference, "kgCO2e", NOTHING, 4))
        rows += [
            Row(
                f"part.{part.activity}", Text(f"其中 {part.activity}", f"of it {part.activity}"), part.kgco2e, "kgCO2e",
                Text(f"{part.one} → {part.other}", f"{part.one} → {part.other}"), 4,
            )
            for part in self.parts
        ]  # fmt: skip
        return rows + self._rules()

    def _rules(self) -> list[Row]:
        one, other = self.profiles
        return [
            Row(f"rule.{key}", label, f"{a.said.zh} / {b.said.zh}", "", Text(f"{a.said.zh} / {b.said.zh}", f"{a.said.en} / {b.said.en}"))
            for key, label, a, b in (
                ("boundary", Text("系统边界", "Boundary"), one.boundary, other.boundary),
                ("cut_off", Text("取舍准则", "Cut-off"), one.cut_off, other.cut_off),
                ("allocation", Text("分配", "Allocation"), one.allocation, other.allocation),
                ("factor_order", Text("因子次序", "Order of factors"), one.factor_order, other.factor_order),
            )
        ]  # fmt: skip


def by_profile(bill: Bill, profile: Profile, basis: Basis) -> ByProfile:
    """
    Work a bill out by a method: what it counts, in its order of factors.

    Raises
    ------
    ProfileOpen, KindNotTold
        What is counted cannot be told.
    MissingInput
        Nothing on the bill is counted.
    """
    counting = counted(bill, profile)
    kept = tuple(one for one in bill.activities if counting[one.id] == "counted")
    if not kept:
        raise MissingInput(
            field="activities", name_zh=f"“{profile.name.zh}”计入的活动", name_en=f"an activity that '{profile.name.en}' counts",
            what_zh="碳足迹", what_en="a footprint",
        )  # fmt: skip
    of = bill if len(kept) == len(bill.activities) else bill.model_copy(update={"activities": kept})
    findings = completeness(bill, profile)
    for at, one in enumerate(bill.activities):
        if counting[one.id] != "counted":
            how = COUNTING_WORDS[counting[one.id]]
            text = Text(f"“{one.id}”{how.zh}（{profile.name.zh}）。", f"'{one.id}' is {how.en} ({profile.name.en}).")
            findings.append(Finding("profile.not_counted", "info", text, field=f"activities.{at}"))
    site = _allowed(footprint(of, replace(basis, order=profile.order or LEVELS)), profile)
    places = {one.id: at for at, one in enumerate(bill.activities)}
    moved = [_placed(finding, of, places) for finding in site.findings]
    return ByProfile(profile, site, counting, (*findings, *moved))


def _allowed(site: SiteFootprint, profile: Profile) -> SiteFootprint:
    """Return a site without the products that are divided by a rule that the method does not allow."""
    used = {one.process for one in site.bill.activities}
    refused = dict(site.refused)
    for joint in site.bill.joint:
        if joint.process in used and (error := not_allowed(joint, profile)) is not None:
            refused |= dict.fromkeys(joint.quantities, error)
    left = {name: one for name, one in site.products.items() if name not in refused}
    return replace(site, products=left, refused=refused)


def _placed(finding: Finding, of: Bill, places: Mapping[str, int]) -> Finding:
    """Return a finding with the place of its activity on the whole bill."""
    head, _, rest = (finding.field or "").partition(".")
    if head != "activities" or not rest:
        return finding
    at, _, field = rest.partition(".")
    return replace(finding, field=f"activities.{places[of.activities[int(at)].id]}.{field}")


def method_difference(bill: Bill, one: Profile, other: Profile, basis: Basis) -> dict[str, MethodDifference]:
    """
    Compare two methods on one bill.

    Returns
    -------
    dict
        By product. The parts are, of each activity, what the second method
        counts of it less what the first does, so they add up to the difference.
    """
    made = [_tried(bill, profile, basis) for profile in (one, other)]
    found: dict[str, MethodDifference] = {}
    for product in bill.products:
        values, refusals, by_activity = [], [], []
        for result, error in made:
            at = result.site.products.get(product.id) if result else None
            values.append(at.kgco2e if at else None)
            refusals.append(error if result is None else result.site.refused.get(product.id))
            by_activity.append(
                {line.activity.id: part for line, part in zip(result.site.lines, at.parts.tolist(), strict=True)} if result and at else {}
            )  # fmt: skip
        parts = []
        if None not in values:
            first, second = (result for result, _ in made)
            for activity in bill.activities:
                change = by_activity[1].get(activity.id, 0.0) - by_activity[0].get(activity.id, 0.0)
                if change != 0.0 and first and second:
                    how = (_how(first, activity.id), _how(second, activity.id))
                    parts.append(MethodPart(activity.id, *how, change))
        found[product.id] = MethodDifference(
            product.id, (one, other), (values[0], values[1]), (refusals[0], refusals[1]), tuple(parts)
        )
    return found


def _how(of: ByProfile, activity: str) -> str:
    """Return how a method counts an activity: its factor, or that it does not."""
    line = next((line for line in of.site.lines if line.activity.id == activity), None)
    return line.taken if line else of.counting[activity]


def _tried(bill: Bill, profile: Profile, basis: Basis) -> tuple[ByProfile | None, YuetanError | None]:
    try:
        return by_profile(bill, profile, basis), None
    except YuetanError as error:
        return None, error


def adds_up(of: MethodDifference) -> bool:
    """Return whether the parts are the difference, to 1e-9 of the larger value."""
    if of.difference is None:
        return True
    scale = max(abs(value) for value in of.kgco2e if value is not None)
    return abs(math.fsum(part.kgco2e for part in of.parts) - of.difference) <= 1e-9 * max(scale, 1e-300)
