"""A bank's own credit file: weight of evidence in bins, a sign-constrained logistic, and what it is worth on unseen cases."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import Field, model_validator

from finance.credit_model import CreditModel, ModelCard, cross_validated, fit, load_card, unrepeated
from finance.indicator import broken
from finance.validation import Validation, rank_agreement, validated
from finance.woe import Direction, psi
from models.errors import Text, YuetanError
from models.files import DATA, read_yaml
from models.findings import Finding
from models.inputs import Input
from models.units import FloatArray
from service.library import Library
from service.portfolio.files import BLANK, MOST_FINDINGS, Unreadable, raw_tables

MOST_ROWS = 500_000
_YES, _NO = (
    frozenset({"1", "1.0", "true", "yes", "y", "是", "违约"}),
    frozenset({"0", "0.0", "false", "no", "n", "否", "正常"}),
)


class CreditColumn(YuetanError):
    code = "credit.column_missing"
    message = Text("文件没有“{name}”列。", "The file has no column '{name}'.")
    hint = Text("请在参数中写文件里的列名。", "Name the columns as they are in the file.")


class TooFewEvents(YuetanError):
    code = "credit.too_few_events"
    message = Text(
        "去重后只有 {bad} 个违约、{good} 个存续，各需 {needed} 个。",
        "Without repeats there are {bad} defaults and {good} survivors; {needed} of each are needed.",
    )
    hint = Text("请提供更多已知结果的样本。", "Give more cases whose outcome is known.")


class NotAnOutcome(YuetanError):
    code = "credit.not_an_outcome"
    message = Text("“{name}”应为 0/1、是/否；本行未采用。", "'{name}' must be 0 or 1, yes or no; the row is left out.")
    hint = Text("1 或“是”为违约。", "1 or yes is a default.")


class NotARatio(YuetanError):
    code = "credit.not_a_ratio"
    message = Text("“{name}”不是数字，按缺失处理。", "'{name}' holds no number here; it counts as missing.")
    hint = Text("缺失请留空。", "Leave blank what is missing.")


class TooGood(YuetanError):
    code = "credit.too_good"
    message = Text(
        "AUC {auc:.3f} 高得不寻常：某一列可能含有结果本身。",
        "An AUC of {auc:.3f} is unusual: a column may hold the outcome itself.",
    )
    hint = Text("请检查每一列在违约前是否已知。", "See whether every column was known before the default.")


class CreditAsk(Input):
    """
    Which column is the outcome, and what more of each ratio is expected to mean.

    ``grade`` is a column with the bank's own rank, higher for more risk;
    ``period`` one whose first and last values are compared for stability.
    """

    outcome: str = Field(min_length=1, max_length=100)
    ratios: dict[str, Direction] = Field(min_length=1, max_length=30)
    grade: str | None = Field(default=None, max_length=100)
    period: str | None = Field(default=None, max_length=100)
    seed: int = Field(ge=0, le=2**32 - 1)

    @model_validator(mode="after")
    def _apart(self) -> CreditAsk:
        if {self.outcome, self.grade, self.period} & set(self.ratios):
            raise broken("结果、等级、期间不能又是比率", "outcome, grade and period cannot be ratios too")
        return self


@dataclass(frozen=True, slots=True)
class Terms:
    """What a file must hold; data, each an assumption of the house."""

    least_events: int
    least_survivors: int
    folds: int
    bootstrap_draws: int
    psi_bins: int
    leakage_auc: float


@cache
def terms() -> Terms:
    """Return the terms, read once."""
    found = read_yaml(DATA / "finance" / "credit_file.yaml")
    return Terms(**{name: found[name] for name in Terms.__slots__})


@dataclass(frozen=True, slots=True)
class CreditReport:
    """
    What a file says.

    ``model`` is fitted on all cases; ``unseen`` is measured by models that had
    not seen the case. ``stability`` is the PSI of the PD between the first and
    the last period, ``tau`` the agreement with the bank's grades.
    """

    asked: CreditAsk
    rows: int
    repeated: int
    model: CreditModel
    unseen: Validation
    stability: float | None
    periods: tuple[str, str] | None
    tau: float | None
    card: ModelCard
    findings: tuple[Finding, ...]
    finding_count: int


def credit_report(source: Path | bytes, asked: CreditAsk, library: Library) -> CreditReport:
    """
    Fit and validate a model on a bank's file.

    Raises
    ------
    Unreadable, CreditColumn, TooFewEvents
        It cannot be read, lacks a column, or is too small to say anything.
    """
    found = _Findings()
    columns, outcome = _read(source, asked, found)
    kept = np.flatnonzero(np.isfinite(outcome))
    ratios = {name: columns[name][kept] for name in asked.ratios}
    first = unrepeated([*ratios.values(), outcome[kept]]) if kept.size else np.zeros(0, np.intp)
    rows = kept[first]
    ratios = {name: values[first] for name, values in ratios.items()}
    events = outcome[rows] > 0
    rule, bad = terms(), int(events.sum())
    if bad < rule.least_events or len(events) - bad < rule.least_survivors:
        needed = max(rule.least_events, rule.least_survivors)
        raise TooFewEvents(bad=bad, good=len(events) - bad, needed=needed, field="outcome")
    rng = np.random.default_rng(asked.seed)
    unseen = cross_validated(ratios, asked.ratios, events, rng, rule.folds)
    measured = validated(unseen, events, rng, in_sample=False, draws=rule.bootstrap_draws)
    if measured.auc.value > rule.leakage_auc:
        found.add(TooGood(auc=measured.auc.value, field="outcome"), None)
    tau = None
    if asked.grade is not None:
        grade = columns[asked.grade][rows]
        known = np.isfinite(grade)
        agreed = rank_agreement(unseen[known], grade[known]) if known.sum() > 1 else math.nan
        tau = agreed if math.isfinite(agreed) else None
    stability, periods = _stability(unseen, columns.get(asked.period or ""), rows, rule.psi_bins)
    return CreditReport(
        asked=asked,
        rows=len(outcome),
        repeated=len(kept) - len(rows),
        model=fit(ratios, asked.ratios, events),
        unseen=measured,
        stability=stability,
        periods=periods,
        tau=tau,
        card=load_card(library.data),
        findings=tuple(found.first),
        finding_count=found.count,
    )


class _Findings:
    def __init__(self) -> None:
        self.first, self.count = list[Finding](), 0

    def add(self, error: YuetanError, row: int | None, text: str | None = None) -> None:
        self.count += 1
        if len(self.first) < MOST_FINDINGS:
            self.first.append(Finding.of(error, severity="warning", row=row, found=text))


def _read(source: Path | bytes, asked: CreditAsk, found: _Findings) -> tuple[dict[str, Any], FloatArray]:
    """Return ratios, grade and period by column, and the outcome: 1 default, 0 survivor, NaN not known."""
    numbers = [*asked.ratios, *([asked.grade] if asked.grade else [])]
    texts = [asked.period] if asked.period else []
    parts: dict[str, list[Any]] = {name: [] for name in (*numbers, *texts)}
    outcomes: list[FloatArray] = []
    row = 2
    try:
        for table in raw_tables(source):
            for name in (asked.outcome, *numbers, *texts):
                if name not in table.column_names:
                    raise CreditColumn(name=name, field="outcome" if name == asked.outcome else "ratios")
            outcomes.append(_outcomes(table.column(asked.outcome), asked.outcome, row, found))
            for name in numbers:
                parts[name].append(_numbers(table.column(name), name, row, found))
            for name in texts:
                parts[name].append(np.array(["" if v is None else str(v) for v in table.column(name).to_pylist()]))
            row += table.num_rows
            if row > MOST_ROWS:
                break
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, UnicodeDecodeError) as error:
        raise Unreadable(field="file") from error
    if not outcomes:
        raise CreditColumn(name=asked.outcome, field="outcome")
    return {name: np.concatenate(part) for name, part in parts.items()}, np.concatenate(outcomes)


def _outcomes(column: pa.ChunkedArray, name: str, row: int, found: _Findings) -> FloatArray:
    made = np.full(len(column), np.nan)
    for i, value in enumerate(column.to_pylist()):
        text = "" if value is None else str(value).strip().lower()
        if text in _YES or text in _NO:
            made[i] = float(text in _YES)
        else:
            found.add(NotAnOutcome(name=name, field=name), row + i, text[:40])
    return made


def _numbers(column: pa.ChunkedArray, name: str, row: int, found: _Findings) -> FloatArray:
    texts = ["" if v is None else str(v).strip() for v in column.to_pylist()]
    made = pd.to_numeric(pd.Series([t.replace(",", "") for t in texts], dtype=object), errors="coerce").to_numpy(
        np.float64
    )
    made = np.where(np.isfinite(made), made, np.nan)
    for i in np.flatnonzero(np.isnan(made)):
        if texts[i].lower() not in BLANK:
            found.add(NotARatio(name=name, field=name), row + int(i), texts[i][:40])
    return made


def _stability(
    risk: FloatArray, period: Any | None, rows: NDArray[np.intp], bins: int
) -> tuple[float | None, tuple[str, str] | None]:
    if period is None:
        return None, None
    of = np.asarray(period)[rows]
    names = sorted({str(name) for name in of if str(name)})
    if len(names) < 2:
        return None, None
    old, new = risk[of == names[0]], risk[of == names[-1]]
    edges = np.unique(np.quantile(old, np.linspace(0, 1, bins + 1)[1:-1]))
    place = [np.searchsorted(edges, part, side="right") for part in (old, new)]
    return psi(place[0], place[1], len(edges) + 1), (names[0], names[-1])


def bins_of(made: CreditReport) -> list[dict[str, Any]]:
    """Return the ratios with their bins, weight of evidence, information value and coefficient."""
    return [
        {
            "name": b.name, "direction": made.asked.ratios[b.name], "edges": list(b.edges), "woe": list(b.woe),
            "iv": b.iv, "coefficient": c,
        }
        for b, c in zip(made.model.bins, made.model.coefficients, strict=True)
    ]  # fmt: skip


def limits(made: CreditReport) -> Sequence[Text]:
    """Return what must be said beside the report."""
    return (
        Text(
            "以下为交叉验证结果（模型没有见过的样本）；重复行已剔除；分箱单调、系数方向受约束。",
            "Measured on cases that the model had not seen; exact repeats are out; bins are monotone, signs constrained.",
        ),
        Text(
            "样本的违约率是抽样率时，PD 水平不能直接使用。",
            "Where the default rate of the sample is one of sampling, the level of the PDs is of no use as it stands.",
        ),
        *made.card.limits,
    )
