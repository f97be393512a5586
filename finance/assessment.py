"""
The main job: an exporter's submission in; border cost, home carbon cost, deduction and score out, with their grounds.

Pure: the clock, the disk and the database stay with the caller. Each line
stands on its own; a line that is refused keeps its place with the reason, and
every other line is computed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import Field

from cbam.errors import PricesNotChosen
from cbam.prices import Paths, PricePath, Pricing, path_named
from finance.domestic import Home, Site, line_home, site_of
from finance.line import Border, border, border_numbers, grounds_of, reads_of
from finance.metrics import indicators
from finance.scorecard import Score, Scorecard, score_what_can_be
from finance.submission import GoodsLine, IndicatorValue, Submission
from finance.totals import assumptions_of, firm_totals, totals_of
from models.errors import Text, YuetanError
from models.findings import Finding
from models.fx import FxRate, FxTable, user_rate
from models.inputs import Input, Positive
from models.law import LawBook, Read
from models.market import Market
from models.provenance import Provenance, fingerprint
from models.table import Row

METHOD = "finance.assessment/2"
Progress = Callable[[int, int], None]


class Options(Input):
    """What the user chooses; every choice is shown in the result."""

    #: Name of a path in ``data/scenarios``, or ``user`` with ``user_prices``.
    price_path: str = "flat"
    #: Whether an import without an official price may take the path's price, labelled as scenario.
    use_scenario_price: bool = False
    #: Drafts and editions laid over the law, by name.
    law_scenarios: tuple[str, ...] = ()
    #: Certificate prices by year that the user enters, EUR per tCO2e.
    user_prices: dict[int, Positive] = Field(default_factory=dict)
    #: CNY per EUR that the user enters, with its day and source.
    fx_cny_per_eur: Positive | None = None
    fx_on: dt.date | None = None
    fx_source: str | None = Field(default=None, max_length=300)


@dataclass(frozen=True, slots=True)
class Context:
    """What an assessment reads besides the submission, loaded once by the caller."""

    book: LawBook
    market: Market
    fx: FxTable
    paths: Paths
    scorecard: Scorecard
    as_of: dt.date


@dataclass(frozen=True, slots=True)
class LineResult:
    """One row of goods: its figures or the reason it has none."""

    line: GoodsLine
    border: Border | None
    home: Home | None
    findings: tuple[Finding, ...]
    cny_per_eur: float | None

    @property
    def ok(self) -> bool:
        """Whether the row has a figure."""
        return self.border is not None

    def sections(self) -> dict[str, list[Row]]:
        """Return the steps of the line by part: ``exposure``, ``what_if``, ``home``, ``deduction``."""
        made: dict[str, list[Row]] = {}
        if self.border:
            made["exposure"] = self.border.exposure.rows()
            if self.border.what_if:
                made["what_if"] = self.border.what_if.rows()
        if self.home:
            made["home"] = self.home.rows()
            made["deduction"] = self.home.deduction.rows()
        return made

    def numbers(self) -> dict[str, Any]:
        """Return the figures of the line, the same on page, sheet, terminal and API."""
        line = self.line
        own: dict[str, Any] = {
            "line": line.line,
            "product": line.product,
            "cn_code": line.cn_code,
            "origin": line.origin,
            "net_mass_t": line.net_mass_t,
            "imported_on": line.imported_on.isoformat(),
            "basis": str(line.basis),
            "status": "ok" if self.border else "refused",
        }
        if self.border is not None:
            own |= border_numbers(self.border, self.cny_per_eur)
            own["home"] = self.home.numbers() if self.home else None
        return own

    def record(self, *, steps: bool = True) -> dict[str, Any]:
        """Return the line as plain data: figures, findings, and each step as ``[key, value, note_zh, note_en]``."""
        made = self.numbers() | {"findings": [f.to_dict() for f in self.findings]}
        if steps:
            made["steps"] = {
                part: [[row.key, row.value, row.note.zh, row.note.en] for row in rows]
                for part, rows in self.sections().items()
            }
            made["reads"] = list(dict.fromkeys(read.key for read in reads_of(self.border))) if self.border else []
        return made


@dataclass(frozen=True, slots=True)
class Assessment:
    """The whole result; ``to_dict`` is what is stored and what the API answers."""

    submission: Submission
    options: Options
    as_of: dt.date
    lines: tuple[LineResult, ...]
    totals: Mapping[str, Any]
    installations: tuple[Site, ...]
    score: Score | None
    findings: tuple[Finding, ...]
    reads: tuple[Read, ...]
    assumptions: tuple[Text, ...]
    scenarios: tuple[str, ...]
    #: Fingerprints of the policy and the price path that were used: they hold values too.
    basis: Mapping[str, str]
    legend: Mapping[str, Mapping[str, Any]] = field(repr=False)
    #: What the score was made from.
    indicators: Mapping[str, IndicatorValue] = field(repr=False)

    @property
    def key(self) -> str:
        """Provenance key: equal method, inputs, options and values read give the same key, whatever the day."""
        return self.provenance.key

    @property
    def provenance(self) -> Provenance:
        """What the result rests on."""
        inputs = fingerprint(
            [self.submission.model_dump(mode="json"), self.options.model_dump(mode="json"), self.basis]
        )
        return Provenance(METHOD, inputs, self.reads, self.scenarios)

    def head(self) -> dict[str, Any]:
        """Return everything but the lines as plain data."""
        return {
            "key": self.key,
            "method": METHOD,
            "as_of": self.as_of.isoformat(),
            "options": self.options.model_dump(mode="json"),
            "scenarios": list(self.scenarios),
            "basis": dict(self.basis),
            "firm": self.submission.firm.model_dump(mode="json"),
            "totals": dict(self.totals),
            "installations": [site.to_dict() for site in self.installations],
            "score": self.score.to_record() if self.score else None,
            "findings": [f.to_dict() for f in self.findings],
            "reads": [read_dict(read) for read in self.reads],
            "assumptions": [a._asdict() for a in self.assumptions],
            "legend": dict(self.legend),
        }

    def to_dict(self, steps_of: int | None = None) -> dict[str, Any]:
        """Return the whole as plain data; the steps of all lines, or of the first ``steps_of`` that have figures."""
        left = len(self.lines) if steps_of is None else steps_of
        records = []
        for line in self.lines:
            records.append(line.record(steps=left > 0))
            left -= line.ok
        return self.head() | {"lines": records}


def read_dict(read: Read) -> dict[str, Any]:
    """Return a value read as plain data."""
    return {
        "key": read.key,
        "value": read.value,
        "since": read.since.isoformat(),
        "until": read.until.isoformat() if read.until else None,
        "unit": read.unit,
        "source": read.source,
        "confidence": read.confidence,
        "note": read.note,
        "scenario": read.scenario,
        "assumed": read.assumed,
        "attrs": dict(read.attrs),
    }


def assess_submission(
    submission: Submission, options: Options, context: Context, *, progress: Progress | None = None
) -> Assessment:
    """
    Run the main job.

    Parameters
    ----------
    submission : Submission
        Firm, installations, goods, footprints, indicators.
    options : Options
        The user's choices; ``law_scenarios`` must already be laid over
        ``context.book``.
    context : Context
        Law, prices, rates, paths, scorecard and the day of the question.
    progress : callable or None
        Called with lines done and lines in all, about every thousand lines.

    Returns
    -------
    Assessment
        Every line with its figures or its refusal, totals, score, and every
        value read.

    Raises
    ------
    YuetanError
        An option names a path that does not exist. Nothing in a row raises.
    """
    pricing = pricing_of(options, context.paths)
    fx, findings = _fx(options, context)
    rates = _Rates(context, fx)
    sites = tuple(
        site_of(year, context.book, context.market, context.fx, context.as_of) for year in submission.installations
    )
    reads = Grounds()
    for site in sites:
        reads.add(site.reads())
    if fx is not None:
        reads.add((fx.read(),))
    legend: dict[str, Mapping[str, Any]] = {}
    shapes: set[tuple[object, ...]] = set()
    lines = []
    count = len(submission.goods)
    for done, line in enumerate(submission.goods):
        made = _line(line, context, pricing, rates, fx, sites)
        if made.border is not None:
            for group in grounds_of(made.border):
                reads.add(group)
            if made.home is not None:
                reads.add((made.home.deduction.read,))
            _remember(legend, shapes, made)
        lines.append(made)
        if progress is not None and (done + 1) % 1000 == 0:
            progress(done + 1, count)
    for rate in rates.used.values():
        reads.add((rate.read(),))
    totals = totals_of(lines, fx, context.book, pricing)
    metrics = indicators(submission, firm_totals(submission, lines, sites, fx, context.as_of))
    made_score, unscored = score_what_can_be(context.scorecard, metrics.values, submission.gates, notes=metrics.notes)
    if progress is not None:
        progress(count, count)
    return Assessment(
        submission=submission,
        options=options,
        as_of=context.as_of,
        lines=tuple(lines),
        totals=totals,
        installations=sites,
        score=made_score,
        findings=(*findings, *unscored, *(f for site in sites for f in site.findings)),
        reads=reads.found,
        assumptions=assumptions_of(lines, pricing, context.book, fx),
        scenarios=context.book.scenarios,
        basis={
            "scorecard": fingerprint(context.scorecard.model_dump(mode="json")),
            "price_path": fingerprint(pricing.paths[options.price_path].model_dump(mode="json")),
        },
        legend=legend,
        indicators=metrics.values,
    )


def pricing_of(options: Options, named: Paths) -> Pricing:
    """Return where certificate prices come from; an unknown path, and own prices left unused, are refused at once."""
    paths = dict(named)
    if options.user_prices:
        if options.price_path != "user":
            raise PricesNotChosen(field="price_path")
        paths["user"] = PricePath(
            zh="用户自定价格",
            en="prices entered by the user",
            kind="user",
            points=dict(options.user_prices),
            after_last="hold",
            source="user",
            confidence="inferred",
        )
    path_named(paths, options.price_path)
    return Pricing(paths, options.price_path, options.use_scenario_price)


class Grounds:
    """
    Values read, each once: the same parameter in force from another day is another value.

    Lines share groups of reads that are kept with the law book, so a group that
    was added before costs nothing.
    """

    def __init__(self) -> None:
        self._seen: dict[int, tuple[Read, ...]] = {}
        self._found: dict[tuple[str, dt.date, bool], Read] = {}

    def add(self, group: tuple[Read, ...]) -> None:
        """Add the values of a group."""
        if id(group) in self._seen:
            return
        self._seen[id(group)] = group  # kept, so that its id is nobody else's
        for read in group:
            self._found.setdefault((read.key, read.since, read.assumed), read)

    @property
    def found(self) -> tuple[Read, ...]:
        """Every value, in the order of the first reading."""
        return tuple(self._found.values())


class _Rates:
    """Euro per unit of each currency on the day of the question; what is refused is ``None``."""

    def __init__(self, context: Context, cny: FxRate | None) -> None:
        self.context = context
        self.used: dict[str, FxRate] = {} if cny is None else {"CNY": cny}

    def to_eur(self, currency: str) -> float | None:
        if currency == "EUR":
            return 1.0
        if currency not in self.used:
            try:
                self.used[currency] = self.context.fx.rate(currency, self.context.as_of)
            except YuetanError:
                return None
        return 1.0 / self.used[currency].value


def _fx(options: Options, context: Context) -> tuple[FxRate | None, list[Finding]]:
    if options.fx_cny_per_eur is not None:
        on = options.fx_on or context.as_of
        return user_rate("CNY", options.fx_cny_per_eur, on, options.fx_source or "-"), []
    try:
        return context.fx.rate("CNY", context.as_of), []
    except YuetanError as refusal:
        return None, [Finding.of(refusal, severity="warning")]


def _line(
    line: GoodsLine, context: Context, pricing: Pricing, rates: _Rates, fx: FxRate | None, sites: Sequence[Site]
) -> LineResult:
    try:
        made = border(line, context.book, pricing, rates.to_eur)
    except YuetanError as refusal:
        return LineResult(line, None, None, (Finding.of(refusal),), None)
    home, findings = line_home(line, made, sites, context.book, context.scorecard.data_quality)
    return LineResult(line, made, home, (*made.findings, *findings), fx.value if fx else None)


def _remember(legend: dict[str, Mapping[str, Any]], shapes: set[tuple[object, ...]], made: LineResult) -> None:
    """Keep label, unit and digits of each kind of step once; lines of one shape have the same steps."""
    e = made.border.exposure.embedded if made.border else None
    shape = (e and e.origin, e and e.default is None, made.border and made.border.what_if is None, made.home is None)
    if shape in shapes:
        return
    shapes.add(shape)
    for part, rows in made.sections().items():
        for row in rows:
            legend.setdefault(
                f"{part}.{row.key}", {"zh": row.label.zh, "en": row.label.en, "unit": row.unit, "digits": row.digits}
            )
