"""Import lines: the column path and the public function, against plain loops, a pandas merge and memory itself."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import pandas as pd

from benchmarks.harness import Contender, Report, compare, peak_mib
from cbam.consignment import Consignment
from cbam.exposure import assess_import, default_path
from cbam.frame import LineColumns, assess_columns, assess_frame
from cbam.frame_ahead import ahead_parts, assess_ahead
from cbam.prices import Pricing, load_paths, quarter_of
from cbam.projection import years_of
from cbam.stretches import codes_of
from models.errors import YuetanError
from models.files import DATA
from models.law import LawBook, load_law

ORIGINS = ("CN", "IN", "TR", "VN")
CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Case:
    """The same lines in the forms that the contenders read."""

    book: LawBook
    pricing: Pricing
    frame: pd.DataFrame
    defaults: dict[tuple[str, str], tuple[Decimal, Decimal, Decimal, Decimal, Decimal]]
    prices: dict[str, Decimal]


def make(n: int) -> Case:
    """Return ``n`` lines on the default path, codes and origins that resolve, every quarter of 2026."""
    book = load_law(DATA / "law")
    pricing = Pricing(load_paths(DATA / "scenarios" / "certificate_price_paths.yaml"), "flat", use_scenario=True)
    law = book.at(dt.date(2026, 6, 1))
    defaults = {}
    for origin in ORIGINS:
        for code in codes_of(book).codes:
            text = f"{code:08d}"
            try:
                p = default_path(law, origin, text)
            except YuetanError:
                continue
            five = (p.total_tco2e_per_t, p.markup, p.cbam_factor, p.cscf, p.benchmark_tco2e_per_t)
            a, b, c, d, e = (Decimal(repr(x)) for x in five)
            defaults[origin, text] = (a, b, c, d, e)
    rng = np.random.default_rng(20261125)
    keys = list(defaults)
    at = rng.integers(0, len(keys), n)
    frame = pd.DataFrame(
        {
            "cn_code": np.array([int(code) for _, code in keys])[at],
            "origin": pd.Categorical(np.array([origin for origin, _ in keys])[at]),
            "net_mass_t": rng.uniform(0.1, 500, n).round(3),
            "imported_on": np.datetime64("2026-01-01") + rng.integers(0, 365, n).astype("timedelta64[D]"),
        }
    )
    quarters = {quarter_of(dt.date(2026, m, 1)): dt.date(2026, m, 1) for m in (1, 4, 7, 10)}
    prices = {q: Decimal(repr(pricing.for_import(book.at(day)).eur_per_t)) for q, day in quarters.items()}
    return Case(book, pricing, frame, defaults, prices)


def decimal_loop(case: Case, n: int) -> Callable[[], int]:
    """
    Return the plain program: the tables as dictionaries of ``Decimal``, one line after the other, its total in cents.

    It does per line what the acts ask: scope, longest row of the origin or of
    other countries, mark-up of the year, route, benchmark, factor, price of the
    quarter, floor, cents.
    """
    rows = [
        (f"{code:08d}", origin, repr(mass), f"{day:%Y-%m-%d}")
        for code, origin, mass, day in case.frame.head(n).itertuples(index=False)
    ]
    on = dt.date(2026, 6, 1)
    scope: dict[str, str] = {}
    values: dict[str, dict[str, tuple[Decimal, str]]] = {}
    marks: dict[str, dict[str, Decimal]] = {}
    for (code,), entry in case.book.tables["eu.cbam.scope"].rows.items():
        scope[code] = entry.reads[0].attr("sector") if entry.reads[0].value == 1 else ""
    for (edition, origin, row), entry in case.book.tables["eu.cbam.default_values"].rows.items():
        if edition == "eu-2026-1740":
            read = entry.reads[0]
            values.setdefault(origin, {})[row] = (Decimal(repr(read.value)), read.attr("route"))
    for (code, column, route), entry in case.book.tables["eu.cbam.benchmarks"].rows.items():
        if column == "B" and (read_b := entry.on(on)) is not None:
            marks.setdefault(code, {})[route] = Decimal(repr(read_b.value))
    law = case.book.at(on)
    markup = {s: Decimal(repr(law.number(f"eu.cbam.default_markup.{s}"))) for s in ("iron_steel", "aluminium")}
    factor = Decimal(repr(law.number("eu.cbam.cbam_factor"))) * Decimal(repr(law.number("eu.cbam.cscf")))

    def run() -> int:
        total = 0
        for code, origin, mass, day in rows:
            sector = scope[code]
            found = None
            for table in (origin, "ZZ"):
                for digits in (8, 7, 6, 5, 4):
                    found = values.get(table, {}).get(code[:digits])
                    if found is not None:
                        break
                if found is not None:
                    break
            assert found is not None
            value, letters = found
            benchmarks = marks[code]
            kept = [letter for letter in letters.split("/") if letter in benchmarks]
            benchmark = benchmarks[kept[0]] if len(kept) == 1 else next(iter(benchmarks.values()))
            see = value * (1 + markup[sector])
            sefa = factor * benchmark
            date = dt.date.fromisoformat(day)
            price = case.prices[f"{date.year}Q{(date.month + 2) // 3}"]
            due = Decimal(mass) * max(Decimal(0), see - sefa)
            total += int((due * price).quantize(CENT, ROUND_HALF_UP).scaleb(2))
        return total

    return run


def merged(case: Case) -> Callable[[], int]:
    """Return the usual pandas way: merge the tables onto the lines, then arithmetic on columns."""
    table = pd.DataFrame(
        [(origin, int(code), *(float(x) for x in five)) for (origin, code), five in case.defaults.items()],
        columns=["origin", "cn_code", "value", "markup", "factor", "cscf", "benchmark"],
    )
    table["origin"] = table["origin"].astype(case.frame["origin"].dtype)
    prices = pd.DataFrame({"quarter": list(case.prices), "price": [float(p) for p in case.prices.values()]})
    prices["quarter"] = pd.PeriodIndex(prices["quarter"], freq="Q")

    def run() -> int:
        lines = case.frame.assign(quarter=case.frame["imported_on"].dt.to_period("Q"))
        lines = lines.merge(table, on=["origin", "cn_code"], how="left").merge(prices, on="quarter", how="left")
        due = (lines["value"] * (1 + lines["markup"]) - lines["factor"] * lines["cscf"] * lines["benchmark"]).clip(0)
        cost = lines["net_mass_t"] * due * lines["price"]
        return int(np.floor(cost * 100 + 0.5).sum())

    return run


def scalar_loop(case: Case, n: int, *, parsed: bool) -> Callable[[], int]:
    """Return a loop over the public function for one line, from a ``Consignment`` or from plain values."""
    rows = [
        {"cn_code": f"{code:08d}", "origin": origin, "net_mass_t": mass, "imported_on": day.date()}
        for code, origin, mass, day in case.frame.head(n).itertuples(index=False)
    ]
    ready = [Consignment(**row) for row in rows]

    def run() -> int:
        lines = ready if parsed else (Consignment(**row) for row in rows)
        return sum(round(assess_import(line, case.book, case.pricing).cost_eur * 100) for line in lines)

    return run


def _equal(answers: Mapping[str, object]) -> None:
    totals = {name: answer for name, answer in answers.items() if isinstance(answer, int)}
    assert len(set(totals.values())) == 1, totals


def run() -> list[Report]:
    """P1 to P5 of the house's goals, the comparison with memory bandwidth, and ten million lines in blocks."""
    million, n = make(1_000_000), 10_000
    small = Case(million.book, million.pricing, million.frame.head(n), million.defaults, million.prices)

    def columns_of(case: Case) -> Callable[[], int]:
        columns = LineColumns.of(case.frame)
        return lambda: int(assess_columns(columns, case.book, case.pricing).cost_cents.sum())

    def frame_of(case: Case) -> Callable[[], int]:
        return lambda: int(assess_frame(case.frame, case.book, case.pricing)["cost_cents"].sum())

    inputs = [million.frame[c].to_numpy() for c in ("cn_code", "net_mass_t")]
    inputs += [million.frame["imported_on"].to_numpy().astype("int64"), million.frame["origin"].cat.codes.to_numpy()]
    a, b, c = np.zeros(1_000_000), np.ones(1_000_000), np.full(1_000_000, 2.0)

    def read_once() -> float:
        return float(sum(column.sum() for column in inputs))

    def triad() -> float:
        np.multiply(c, 3.0, out=a)
        np.add(a, b, out=a)
        return float(a[0])

    big = Contender("assess_frame", frame_of(million), 1_000_000, 3)
    reports = [
        compare(
            "P1 one-year liability, 1e6 lines",
            "read inputs once",
            [
                big,
                Contender("read inputs once", read_once, 1_000_000, 50),
                Contender("memory triad", triad, 1_000_000, 50),
            ],
            _equal,
            goal="<= 14 x (stretch <= 3 x)",
        ),
        compare(
            "P2 1e4 lines against plain loops",
            "assess_columns",
            [
                Contender("assess_columns", columns_of(small), n, 50),
                Contender("assess_frame", frame_of(small), n, 20),
                Contender("Decimal loop", decimal_loop(small, n), n),
                Contender("loop over the public function", scalar_loop(small, n, parsed=True), n),
            ],
            _equal,
            goal="Decimal loop >= 150 x (stretch >= 500 x)",
        ),
        compare(
            "P3 1e6 lines against a pandas merge",
            "assess_frame",
            [big, Contender("pandas merge", merged(million), 1_000_000)],
            _equal,
            goal="pandas merge >= 2.5 x (stretch >= 8 x)",
        ),
        compare(
            "P5 one line through the public function",
            "Decimal loop",
            [
                Contender("public function", scalar_loop(small, n, parsed=True), n),
                Contender("with validation of the input", scalar_loop(small, n, parsed=False), n),
                Contender("Decimal loop", decimal_loop(small, n), n),
            ],
            _equal,
            goal="<= 3 x (stretch <= 1.5 x)",
        ),
    ]
    reports += [_blocks(million), _ahead(million, big)]
    reports[0].extra["lines_per_s"] = 1e9 / reports[0].ns_per_unit["assess_frame"]
    return reports


def _ahead(case: Case, one_year: Contender) -> Report:
    """P4: nine years on three price paths for each of a million lines, against one year of the same lines."""
    columns = LineColumns.of(case.frame)
    pricings = [Pricing(case.pricing.paths, name, use_scenario=True) for name in list(case.pricing.paths)[:3]]
    of_one = assess_columns(columns, case.book, pricings[0])

    def kept() -> float:
        return float(assess_ahead(columns, case.book, pricings).certificates[0].sum())

    def by_parts() -> float:
        total = np.zeros(len(years_of(case.book)))
        for part in ahead_parts(columns, case.book, pricings)[1]:
            total += part.certificates.sum(axis=1)
        return float(total[0])

    def agree(answers: Mapping[str, object]) -> None:
        want = float(of_one.certificates.sum())
        for name in ("9 years x 3 paths", "every figure kept"):
            assert abs(float(str(answers[name])) / want - 1.0) < 1e-9, answers

    made = compare(
        "P4 nine years x three paths, 1e6 lines",
        one_year.name,
        [
            Contender("9 years x 3 paths", by_parts, 1_000_000),
            Contender("every figure kept", kept, 1_000_000),
            one_year,
        ],
        agree,
        goal="<= 8 x (stretch <= 3 x)",
    )
    made.extra["ns_per_cell"] = made.ns_per_unit["9 years x 3 paths"] / (len(years_of(case.book)) * len(pricings))
    return made


def _blocks(case: Case) -> Report:
    """Ten million lines in blocks of a million: the peak after ten blocks against the peak after one."""
    after: list[float] = []

    def blocks(count: int) -> Callable[[], int]:
        def run() -> int:
            total = 0
            for _ in range(count):
                total += int(assess_frame(case.frame.copy(), case.book, case.pricing)["cost_cents"].sum())
            after.append(peak_mib())
            return total

        return run

    def agree(answers: Mapping[str, object]) -> None:
        assert int(str(answers["ten blocks"])) == 10 * int(str(answers["one block"]))

    made = compare(
        "10 M lines in blocks of 1 M",
        "one block",
        [Contender("one block", blocks(1), 1_000_000), Contender("ten blocks", blocks(10), 10_000_000)],
        agree,
        rounds=5,
        goal="flat memory",
    )
    made.extra["peak_after_first_mib"], made.extra["peak_after_last_mib"] = after[0], after[-1]
    return made
