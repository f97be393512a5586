"""Lines over time on paper: a small picture as SVG, readable in black and white; words and legend are set beside it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from models.errors import Text

Values = Sequence[float | None]
_WIDE, _TALL = 340.0, 170.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 44.0, 12.0, 6.0, 20.0
_INK, _SECOND, _BAND, _GRID = "#0b5d4b", "#b5651d", "#d5e5df", "#dfe5e2"
_TEXT = f'font-family="Noto Sans CJK SC" font-size="10" fill="{"#55635d"}"'


@dataclass(frozen=True, slots=True)
class Line:
    """One line; none where it has no value. The first of a chart is drawn strong, the others thin and dashed."""

    label: Text
    values: Values


@dataclass(frozen=True, slots=True)
class Band:
    """What lies between two lines; none where an end does not exist."""

    label: Text
    low: Values
    high: Values


@dataclass(frozen=True, slots=True)
class Chart:
    """Lines and a band over the same places; ``clipped`` lets early extremes leave the picture, not press it flat."""

    title: Text
    x_label: Text
    x: Sequence[str]
    lines: Sequence[Line]
    band: Band | None = None
    clipped: bool = False


def svg(chart: Chart) -> str:
    """Return the picture of a chart."""
    low, high, step = _scale(chart)
    inner_wide, inner_tall = _WIDE - _LEFT - _RIGHT, _TALL - _TOP - _BOTTOM

    def at(i: int, value: float) -> str:
        x = _LEFT + inner_wide * i / max(len(chart.x) - 1, 1)
        return f"{x:.2f},{_TOP + inner_tall * (high - value) / (high - low):.2f}"

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDE:g} {_TALL:g}">',
        f'<clipPath id="in"><rect x="{_LEFT}" y="{_TOP}" width="{inner_wide}" height="{inner_tall}"/></clipPath>',
    ]
    digits = max(0, -int(np.floor(np.log10(step) + 1e-9)))
    for value in np.arange(low, high + step / 2, step).tolist():
        y = at(0, value).partition(",")[2]
        shown = f"{value:,.{digits}f}" if abs(value) > step / 2 else "0"
        parts.append(f'<path d="M{_LEFT} {y}H{_WIDE - _RIGHT}" stroke="{_GRID}" stroke-width="0.8"/>')
        parts.append(f'<text x="{_LEFT - 5}" y="{float(y) + 3.5:.2f}" text-anchor="end" {_TEXT}>{shown}</text>')
    parts.append('<g clip-path="url(#in)" fill="none">')
    if chart.band is not None:
        ends = list(zip(chart.band.low, chart.band.high, strict=True))
        for run in _runs([a is not None and b is not None for a, b in ends]):
            around = [at(i, ends[i][1] or 0.0) for i in run] + [at(i, ends[i][0] or 0.0) for i in reversed(run)]
            parts.append(f'<polygon points="{" ".join(around)}" fill="{_BAND}" stroke="#9cc3b8" stroke-width="0.5"/>')
    for number, line in enumerate(chart.lines):
        look = (
            f'stroke="{_SECOND}" stroke-width="1" stroke-dasharray="3 2"'
            if number
            else f'stroke="{_INK}" stroke-width="1.6"'
        )
        for run in _runs([value is not None for value in line.values]):
            parts.append(f'<polyline points="{" ".join(at(i, line.values[i] or 0.0) for i in run)}" {look}/>')
    parts.append("</g>")
    last = len(chart.x) - 1
    for i, anchor in {0: "start", last // 2: "middle", last: "end"}.items():
        x = at(i, low).partition(",")[0]
        parts.append(f'<text x="{x}" y="{_TALL - 5:g}" text-anchor="{anchor}" {_TEXT}>{chart.x[i]}</text>')
    return "".join([*parts, "</svg>"])


def _runs(known: Sequence[bool]) -> Iterator[list[int]]:
    """Return the stretches without a hole."""
    for seen, places in groupby(range(len(known)), key=lambda i: known[i]):
        if seen:
            yield list(places)


def _scale(chart: Chart) -> tuple[float, float, float]:
    """Return the lower and upper end of the picture and the step of its lines, all round."""
    ends = [] if chart.band is None else [chart.band.low, chart.band.high]
    every = [
        value for column in (*ends, *(line.values for line in chart.lines)) for value in column if value is not None
    ]
    low, high = (0.0, 1.0) if not every else (min(every), max(every))
    if every and chart.clipped:
        first, last = (float(v) for v in np.quantile(every, (0.1, 0.9)))
        room = (last - first) / 2.0
        low, high = max(low, first - room), min(high, last + room)
    if high - low <= 1e-9 * max(abs(low), abs(high)):
        low, high = low - 0.5, high + 0.5
    power = 10.0 ** np.floor(np.log10((high - low) / 4.0))
    step = float(power * next(m for m in (1, 2, 5, 10) if (high - low) / (power * m) <= 5.0))
    return float(np.floor(low / step) * step), float(np.ceil(high / step) * step), step
