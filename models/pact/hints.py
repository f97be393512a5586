"""
The soft layer: what the methodology expects of a footprint beside what the schema asks.

Nothing is refused by these when a footprint comes in, since published examples
break them too; what leaves us must keep the rules of its life cycle (``publishable``).

Source: PACT Technical Specifications 3.0; consistency of the sums from the
PACT Methodology, with half a unit of the last digit shown of every term as
tolerance.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from models.errors import Text
from models.findings import Finding, Severity
from models.pact.digits import half_last_digit, plain
from models.pact.footprint import CarbonFootprint, ProductFootprint
from models.pact.moments import instant
from models.pact.validity import latest_end, validity

_PARTS_EXCLUDING = (
    "fossilGhgEmissions", "landUseChangeGhgEmissions", "landManagementBiogenicCO2Emissions",
    "landManagementBiogenicCO2Removals", "technologicalCO2Removals", "ccsTechnologicalCO2Capture",
    "biogenicNonCO2Emissions",
)  # fmt: skip
_PLACES = ("geographyRegionOrSubregion", "geographyCountry", "geographyCountrySubdivision")
#: What a footprint is expected to say.
_EXPECTED = ("primaryDataShare", "packagingEmissionsIncluded", "ccsTechnologicalCO2CaptureIncluded")
_SUM_ZH, _SUM_EN = "与各分项之和相差 {off}", "differs from the sum of its parts by {off}"


def hints(footprint: ProductFootprint) -> list[Finding]:
    """Return what a person should look at, in the order of the fields; nothing here refuses a footprint."""
    return [*_sums(footprint.pcf), *_broken(footprint, "warning"), *_silent(footprint.pcf)]


def publishable(footprint: ProductFootprint) -> list[Finding]:
    """Return what keeps a footprint of ours from leaving: rules of validity and of the parts that exclude each other."""
    return list(_broken(footprint, "error"))


def _sums(pcf: CarbonFootprint) -> Iterator[Finding]:
    excluding = Decimal(pcf.pcfExcludingBiogenicUptake)
    parts = [Decimal(value) for name in _PARTS_EXCLUDING if (value := getattr(pcf, name)) is not None]
    yield from _off("pcfExcludingBiogenicUptake", excluding, parts)
    if pcf.biogenicCO2Uptake is not None:
        including = Decimal(pcf.pcfIncludingBiogenicUptake)
        yield from _off("pcfIncludingBiogenicUptake", including, [excluding, Decimal(pcf.biogenicCO2Uptake)])


def _off(name: str, total: Decimal, parts: list[Decimal]) -> Iterator[Finding]:
    off = total - sum(parts, Decimal(0))
    if abs(off) > sum((half_last_digit(one) for one in (total, *parts)), Decimal(0)):
        told = plain(off)
        yield _finding(
            "pact.sum", "warning", f"pcf.{name}", Text(_SUM_ZH.format(off=told), _SUM_EN.format(off=told)), plain(total)
        )


def _broken(footprint: ProductFootprint, severity: Severity) -> Iterator[Finding]:
    pcf = footprint.pcf
    begun, ended = instant(pcf.referencePeriodStart), instant(pcf.referencePeriodEnd)
    if ended <= begun:
        text = Text("基准期结束须晚于开始", "the reference period ends before it begins")
        yield _finding("pact.period", severity, "pcf.referencePeriodEnd", text)
    start, end = validity(footprint)
    if start < ended:
        text = Text("有效期不得早于基准期结束", "the validity starts before the reference period ends")
        yield _finding("pact.validity", severity, "validityPeriodStart", text)
    if end <= start:
        text = Text("有效期结束须晚于开始", "the validity ends before it starts")
        yield _finding("pact.validity", severity, "validityPeriodEnd", text)
    if end > latest_end(ended):
        text = Text(
            "有效期最长为基准期结束后三年", "the validity is longer than three years after the reference period"
        )
        yield _finding("pact.validity", severity, "validityPeriodEnd", text)
    if sum(getattr(pcf, name) is not None for name in _PLACES) > 1:
        text = Text("地区、国家、次级行政区至多填一个", "at most one of region, country and subdivision may be given")
        yield _finding("pact.geography", severity, "pcf.geographyCountry", text)
    if pcf.packagingEmissionsIncluded is False and pcf.packagingGhgEmissions is not None:
        text = Text(
            "未含包装排放时不得填写包装排放", "packaging emissions are given though they are said not to be included"
        )
        yield _finding("pact.packaging", severity, "pcf.packagingGhgEmissions", text)
    for i, rules in enumerate(pcf.productOrSectorSpecificRules or ()):
        if (rules.operator == "Other") != (rules.otherOperatorName is not None):
            text = Text("仅当 operator 为 Other 时填写 otherOperatorName", "otherOperatorName goes with operator Other")
            yield _finding("pact.rules", severity, f"pcf.productOrSectorSpecificRules.{i}", text)


def _silent(pcf: CarbonFootprint) -> Iterator[Finding]:
    for name in _EXPECTED:
        if getattr(pcf, name) is None:
            yield _finding("pact.expected", "info", f"pcf.{name}", Text("规范希望填写", "the methodology expects it"))
    if pcf.dqi is None:
        text = Text("自 2027 年起应填写数据质量评分", "data quality ratings are expected from 2027 on")
        yield _finding("pact.expected", "info", "pcf.dqi", text)


def _finding(code: str, severity: Severity, field: str, text: Text, found: str | None = None) -> Finding:
    return Finding(code=code, severity=severity, text=text, field=field, found=found)
