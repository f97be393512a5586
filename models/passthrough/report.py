"""The result of an estimate: everything that is always reported, with its grade; a D shows no point value."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import numpy as np

from models.errors import NOTHING, Text
from models.findings import Finding
from models.passthrough.ardl import Ardl, Order
from models.passthrough.bounds import Bounds, Verdict
from models.passthrough.breaks import Breaks
from models.passthrough.checks import Check
from models.passthrough.companions import Companions
from models.passthrough.curves import Curves, curves, curves_data
from models.passthrough.denominators import SAID, Against, AgainstCost
from models.passthrough.grade import COVERAGE, Grade
from models.passthrough.integration import SAID as ROOTS
from models.passthrough.integration import Integration
from models.passthrough.longrun import FiellerSet, LongRun
from models.passthrough.multipliers import Multipliers, half_life
from models.passthrough.picture import PANELS, plot
from models.passthrough.prepare import Sample
from models.provenance import fingerprint
from models.table import Result, Row

METHOD = "models.passthrough.estimate/1"
VERDICTS: dict[Verdict, Text] = {
    "level_relation": Text("存在长期关系", "there is a level relation"),
    "inconclusive": Text("介于两界之间，无定论", "between the bounds: inconclusive"),
    "no_level_relation": Text("未发现长期关系", "no level relation found"),
}
CONDITIONAL = Text(
    "没有有效工具变量，传导率是条件相关，不是因果效应",
    "without a valid instrument the rate is a conditional correlation",
)
PERIOD = {"weekly": Text("周", "weeks"), "monthly": Text("月", "months"), "quarterly": Text("季", "quarters")}


@dataclass(frozen=True, slots=True)
class PassThrough(Result):
    """
    Estimated long-run pass-through of one product.

    ``theta`` is ``None`` for grade D; the set is there whatever the grade and
    whether or not the bounds test passes.
    """

    sample: Sample
    model: Ardl
    searched: Order
    rate: LongRun
    bounds: Bounds
    beside: Companions
    roots: tuple[Integration, ...]
    checks: tuple[Check, ...]
    path: Multipliers
    breaks: Breaks
    breaks_from: int
    against: tuple[AgainstCost, ...]
    denominator_warning: Text
    grade: Grade
    findings: tuple[Finding, ...]
    seed: int
    draws: int
    choices_text: str

    @property
    def theta(self) -> float | None:
        """Long-run rate, CNY per CNY of the cost in the regression; ``None`` for grade D."""
        return self.rate.theta if self.grade.has_point else None

    @property
    def within(self) -> FiellerSet:
        """The 95 % Fieller set of the rate."""
        return self.rate.within

    @property
    def alpha(self) -> float:
        """Speed of error correction per period."""
        return self.model.alpha

    @property
    def half_life(self) -> float | None:
        """Periods until half of a gap is closed."""
        return half_life(self.model.alpha)

    @property
    def inputs_hash(self) -> str:
        """SHA-256 of sample and choices."""
        return fingerprint([self.sample.inputs_hash, self.choices_text])

    @property
    def break_days(self) -> tuple[str, ...]:
        """Last period before each break of the partition."""
        return tuple(self.sample.periods[self.breaks_from + at].isoformat() for at in self.breaks.last)

    def rate_against(self, against: Against) -> tuple[float | None, tuple[float, float] | None, Text]:
        """Return rate, interval and note against one carbon cost; the interval is ``None`` where the set is unbounded."""
        for one in self.against:
            if one.against == against:
                if one.factor is None:
                    return None, None, one.note
                ends = sorted((self.within.low * one.factor, self.within.high * one.factor))
                point = None if self.theta is None else self.theta * one.factor
                return point, (ends[0], ends[1]) if self.within.bounded else None, one.note
        raise KeyError(against)

    @property
    def repeated(self) -> int:
        """Number of prices that repeat the one before."""
        return round(self.sample.repeated_share * (len(self.sample.y) - 1))

    def curves(self) -> Curves:
        """Return the lines of a picture: fit, rate of growing samples, CUSUM."""
        return curves(self.sample, self.model)

    def plot(self, ax: Any = None, panels: Sequence[str] = PANELS) -> Any:
        """Draw fit, multipliers with band, recursive coefficient and CUSUM; on one axis given, the multipliers."""
        return plot(self, ax, panels)

    def rows(self) -> list[Row]:
        no_point = Text("等级 D：只报区间", "grade D: the interval only")
        at: Against = next((one.against for one in self.against if one.factor == 1.0), "full")
        unit = PERIOD[self.sample.frequency]
        rows = [
            Row("grade", Text("等级", "Grade"), self.grade.letter, "", self._grade_note()),
            Row("theta", Text("长期传导率", "Long-run rate"), self.theta, "CNY/CNY",
                no_point if self.theta is None else SAID[at], 4),
            Row("fieller", Text("95% Fieller 区间", "95 % Fieller set"), str(self.within), "", self._set_note()),
        ]  # fmt: skip
        if self.theta is not None:
            rows.append(
                Row(
                    "se_delta",
                    Text("Delta 法标准误（次要）", "Delta-method error (secondary)"),
                    self.rate.se_delta,
                    "",
                    digits=4,
                )
            )
        for one in self.against:
            point, ends, note = self.rate_against(one.against)
            shown = (
                NOTHING
                if ends is None
                else Text(f"区间 {ends[0]:.3f} 至 {ends[1]:.3f}", f"{ends[0]:.3f} to {ends[1]:.3f}")
            )
            label = Text(f"相对{SAID[one.against].zh}", f"Against {SAID[one.against].en}")
            rows.append(Row(f"rate_{one.against}", label, point, "", note if note.zh else shown, 4))
        rows += [
            Row("alpha", Text("误差修正速度", "Error-correction speed"), self.alpha, f"1/{unit.en[:-1]}", digits=4),
            Row("half_life", Text("半衰期", "Half-life"), self.half_life, unit.en, digits=2),
            Row("bounds", Text("边界检验结论", "Bounds test"), self.bounds.verdict, "", VERDICTS[self.bounds.verdict]),
            Row("bounds_f", Text("边界检验 F", "Bounds F"), self.bounds.f, "", self._bound_note(self.bounds.f_bounds), 3),
            Row("bounds_t", Text("边界检验 t", "Bounds t"), self.bounds.t, "", self._bound_note(self.bounds.t_bounds), 3),
            Row("order", Text("ARDL 阶数", "ARDL order"), str(self.model.order), "",
                Text(f"BIC 选 {self.searched}", f"BIC chose {self.searched}")),
            Row("nobs", Text("可用观测", "Usable observations"), float(self.model.fit.nobs), "", self._span(), 0),
            Row("repeated", Text("重复价格占比", "Share of repeated prices"), self.sample.repeated_share, "",
                Text(f"{self.repeated} 期与上期相同", f"{self.repeated} repeat the one before"), 3),
            Row("untraded", Text("无成交日占比", "Share of untraded days"), self.sample.untraded_share, "", digits=3),
            Row("breaks", Text("断点（断点前最后一期）", "Breaks (last period before)"), "; ".join(self.break_days) or "—", "",
                self._break_note()),
            Row("p_zero", Text("检验 θ = 0 的 p 值", "p of theta = 0"), self.rate.p_of(0.0), "", digits=4),
            Row("p_one", Text("检验 θ = 1 的 p 值", "p of theta = 1"), self.rate.p_of(1.0), "", digits=4),
            Row("causal", Text("解释", "Reading"), "conditional", "", CONDITIONAL),
        ]  # fmt: skip
        rows += [Row(f"check.{one.key}", one.label, one.statistic, "", _outcome(one), 3) for one in self.checks]
        rows += [
            Row(
                f"root.{one.name}",
                Text(f"单整阶数：{one.name}", f"Order of {self.sample.said(one.name).en}"),
                one.order,
                "",
                self._root_note(one),
            )
            for one in self.roots
        ]
        rows += self.beside.rows(with_points=self.grade.has_point)
        if self.denominator_warning.zh:
            rows.append(Row("denominator", Text("分母提示", "On the denominator"), "!", "", self.denominator_warning))
        return rows

    def _grade_note(self) -> Text:
        g = self.grade
        zh = f"T·|α| = {g.adjustment_times:.1f}；此等级模拟覆盖率 {COVERAGE[g.letter]}"
        en = f"T |alpha| = {g.adjustment_times:.1f}; coverage at this grade {COVERAGE[g.letter]} in simulation"
        for reason in g.reasons:
            zh, en = f"{zh}；降级：{reason.zh}", f"{en}; lowered: {reason.en}"
        return Text(zh, en)

    def _set_note(self) -> Text:
        if self.within.bounded:
            return Text("不论边界检验是否通过都报告", "reported whether or not the bounds test passes")
        return Text("无界：数据不能确定长期传导率", "unbounded: the data do not tell the long-run rate")

    def _bound_note(self, at: tuple[float, float]) -> Text:
        how = (
            Text("按实际 T 模拟", "simulated with the actual T")
            if self.bounds.simulated
            else Text("渐近", "asymptotic")
        )
        span = f"{at[0]:.2f} – {at[1]:.2f}"
        return Text(f"5% 界 {span}（k={self.bounds.k}，{how.zh}）", f"5 % bounds {span} (k={self.bounds.k}, {how.en})")

    def _break_note(self) -> Text:
        p = self.breaks.sup_f_p
        shown = "—" if p is None else f"{p:.3f}"
        zh = f"sup-F = {self.breaks.sup_f:.1f}，自助法 p = {shown}"
        en = f"sup-F = {self.breaks.sup_f:.1f}, bootstrap p = {shown}"
        if (count := self.breaks.by_sequence) is not None:
            zh, en = f"{zh}；逐次 F 检验得 {count} 个断点", f"{en}; sequential F finds {count}"
        if self.breaks.last and self.grade.has_point:
            each = [segment.coefficients[1] for segment in self.breaks.segments]
            slopes = ", ".join("—" if np.isnan(slope) else f"{slope:.3f}" for slope in each)
            zh, en = f"{zh}；各段静态斜率 {slopes}", f"{en}; static slope by segment {slopes}"
        return Text(zh, en)

    def _root_note(self, one: Integration) -> Text:
        said, za = ROOTS[one.order], one.why_no_break_test
        zh = f"{said.zh}；ADF p = {one.adf_p:.3f}，KPSS p = {one.kpss_p:.2f}"
        en = f"{said.en}; ADF p = {one.adf_p:.3f}, KPSS p = {one.kpss_p:.2f}"
        if one.zivot_andrews_p is not None and one.break_at is not None:
            day = self.sample.periods[min(one.break_at, len(self.sample.periods) - 1)]
            return Text(
                f"{zh}；Zivot–Andrews p = {one.zivot_andrews_p:.3f}（断点 {day}）",
                f"{en}; Zivot-Andrews p = {one.zivot_andrews_p:.3f} (break {day})",
            )
        return Text(f"{zh}；Zivot–Andrews：{za.zh}", f"{en}; Zivot-Andrews: {za.en}") if za else Text(zh, en)

    def _span(self) -> Text:
        first, last = self.sample.periods[self.model.start], self.sample.periods[-1]
        return Text(f"{first} 至 {last}", f"{first} to {last}")

    def proof(self) -> list[str]:
        tools = ", ".join(f"{name} {version(name)}" for name in ("numpy", "scipy", "statsmodels"))
        return [
            f"{METHOD}; Python {platform.python_version()}, {tools}; seed {self.seed}, {self.draws} draws; {self.inputs_hash[:16]}"
        ]

    def verdict(self) -> Text:
        """Return in plain words what the data say."""
        name, zh_unit, en_unit = self.sample.said(self.sample.product), *PERIOD[self.sample.frequency]
        if not self.within.bounded:
            return Text(
                f"数据不能确定{name.zh}的碳成本传导率：区间无界。",
                f"The data do not tell how much of the carbon cost reaches the price of {name.en}: the set is unbounded.",
            )
        low, high = self.within.low, self.within.high
        zh = f"碳成本每变动 1 元，{name.zh}的价格长期变动在 {low:.2f} 至 {high:.2f} 元之间（95%）"
        en = f"For 1 CNY of carbon cost the price of {name.en} moves by {low:.2f} to {high:.2f} CNY in the long run (95 %)"
        if self.theta is not None:
            zh, en = f"{zh}，估计值 {self.theta:.2f} 元", f"{en}, estimated {self.theta:.2f}"
            if self.half_life is not None:
                zh, en = (
                    f"{zh}，{self.half_life:.1f} {zh_unit}走完一半",
                    f"{en}, half of it within {self.half_life:.1f} {en_unit}",
                )
        else:
            zh, en = f"{zh}；等级 D，不给出点值", f"{en}; grade D, no point value is given"
        if low <= 0.0 <= high:
            zh, en = f"{zh}；不能排除没有传导", f"{en}; no pass-through at all is not excluded"
        return Text(f"{zh}。", f"{en}.")

    def _rate_data(self, one: AgainstCost) -> dict[str, Any] | None:
        """Return a rate as others take it (``models.passthrough.handed_on``); ``None`` where there is no interval."""
        rate, ends, _ = self.rate_against(one.against)
        if ends is None or one.factor is None:
            return None
        return {
            "against": one.against,
            "rate": rate,
            "se": None if rate is None else _plain(abs(one.factor) * self.rate.se_delta),
            "low": ends[0],
            "high": ends[1],
            "grade": self.grade.letter,
            "key": self.inputs_hash,
        }

    def data(self) -> dict[str, Any]:
        """Return everything as plain data; what is not known is ``None``, and a D has no point value anywhere."""
        return {
            "method": METHOD,
            "product": self.sample.product,
            "product_en": self.sample.said(self.sample.product).en,
            "grade": self.grade.letter,
            "adjustment_times": self.grade.adjustment_times,
            "theta": self.theta,
            "se_delta": None if self.theta is None else _plain(self.rate.se_delta),
            "set": {
                "shape": self.within.shape,
                "low": _plain(self.within.low),
                "high": _plain(self.within.high),
                "level": self.within.level,
            },
            "verdict": self.verdict()._asdict(),
            "rates": {one.against: self._rate_data(one) for one in self.against},
            "rows": [told | {"digits": row.digits} for told, row in zip(self.to_dict(), self.rows(), strict=True)],
            "multipliers": {
                "horizon": list(range(self.path.path.size)),
                "value": self.path.path.tolist() if self.grade.has_point else None,
                "low": self.path.low.tolist(),
                "high": self.path.high.tolist(),
                "unstable_share": self.path.unstable,
            },
            "coefficients": dict(zip(self.model.fit.names, self.model.fit.beta.tolist(), strict=True))
            if self.grade.has_point
            else None,
            "breaks": list(self.break_days),
            "segments": [
                {
                    "first": self.sample.periods[self.breaks_from + one.first].isoformat(),
                    "last": self.sample.periods[self.breaks_from + one.last].isoformat(),
                    "static_slope": _plain(one.coefficients[1]) if self.grade.has_point else None,
                }
                for one in self.breaks.segments
            ],
            "curves": curves_data(self.curves(), self.sample.periods, with_points=self.grade.has_point),
            "beside": self.beside.data(with_points=self.grade.has_point),
            "findings": [finding.to_dict() for finding in self.findings],
            "inputs_hash": self.inputs_hash,
            "seed": self.seed,
            "draws": self.draws,
            "proof": self.proof(),
        }


def _plain(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _outcome(one: Check) -> Text:
    if one.statistic is None:
        return Text(f"无法检验：{one.why.zh}", f"cannot be made: {one.why.en}")
    p = "" if one.p is None else f"p = {one.p:.3f}; "
    word = Text("拒绝", "rejected") if one.rejects else Text("未拒绝", "not rejected")
    return Text(f"原假设“{one.null.zh}”：{p}{word.zh}", f"null '{one.null.en}': {p}{word.en}")
