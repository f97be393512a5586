"""A workbook of 50,000 rows: read in the guarded child, assessed, written as a report."""

from __future__ import annotations

import datetime as dt
import io
import time
from collections.abc import Callable
from typing import TypeVar

import numpy as np
import xlsxwriter
from python_calamine import CalamineWorkbook

from benchmarks.harness import Report, peak_mib
from cbam.goods import candidates
from finance.assessment import Options, assess_submission
from service.library import Library
from service.parts import calm_collector
from service.workbook.layout import default_layout
from service.workbook.read import read_submission
from service.workbook.report import STEPS_OF, write_report

ROWS = 50_000
T = TypeVar("T")


def workbook(rows: int) -> bytes:
    """Return a workbook of ``rows`` goods: codes of China, all quarters with a price, a third with own values."""
    library = Library()
    codes = candidates(library.book(), "")
    rng = np.random.default_rng(7)
    columns = ["product", "cn_code", "origin", "net_mass_t", "imported_on", "price_per_t", "currency", "basis"]
    columns += ["own_see_tco2e_per_t", "own_sefa_tco2e_per_t", "installation", "covered_tco2_per_t"]
    sheet_of = default_layout().sheets["goods"]
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"constant_memory": True}) as book:
        sheet = book.add_worksheet(sheet_of.title)
        for i, field in enumerate(columns):
            sheet.write_string(0, i, sheet_of.columns[field].heading)
        for row in range(1, rows + 1):
            actual = rng.random() < 0.33
            day = dt.date(2026, 1, 1) + dt.timedelta(days=int(rng.integers(0, 181)))
            cells = [
                f"产品 {row}",
                codes[int(rng.integers(len(codes)))],
                "中国",
                round(float(rng.uniform(0.1, 500)), 3),
            ]
            cells += [day.isoformat(), round(float(rng.uniform(500, 3000)), 2), "EUR", "实际值" if actual else "默认值"]
            cells += [2.1, 1.3] if actual else ["", ""]
            cells += ["一号装置", 1.9]
            for i, value in enumerate(cells):
                if value != "":
                    sheet.write(row, i, value)
        firm = book.add_worksheet("企业 Firm")
        firm.write_row(0, 0, ["企业名称", "基准测试"])
    return out.getvalue()


def run() -> list[Report]:
    """Return seconds of each stage, and reading against ``python-calamine`` alone."""
    data, library = workbook(ROWS), Library()
    calm_collector()  # as the terminal and the worker do
    book = library.book()

    def timed(work: Callable[[], T]) -> tuple[T, float]:
        start = time.perf_counter()
        made = work()
        return made, time.perf_counter() - start

    _, bare = timed(lambda: CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0).to_python())
    read, reading = timed(lambda: read_submission(data, "goods.xlsx", candidates=lambda p: candidates(book, p)))
    assert read.submission is not None
    assert read.rows_kept == ROWS, (read.rows_kept, read.findings[:3])
    submission = read.submission
    context = library.context((), dt.date(2026, 11, 25))
    result, assessing = timed(lambda: assess_submission(submission, Options(), context))
    assert result.totals["lines_ok"] == ROWS
    report, writing = timed(lambda: write_report(result.to_dict(STEPS_OF)))
    total = reading + assessing + writing
    return [
        Report(
            name=f"workbook of {ROWS:,} rows, wall time",
            reference="calamine alone",
            ns_per_unit={
                name: seconds / ROWS * 1e9
                for name, seconds in (
                    ("calamine alone", bare),
                    ("read", reading),
                    ("assess", assessing),
                    ("report", writing),
                )
            },
            ratio={
                name: seconds / bare
                for name, seconds in (
                    ("calamine alone", 1.0 * bare),
                    ("read", reading),
                    ("assess", assessing),
                    ("report", writing),
                )
            },
            rounds=1,
            goal="read, assess and report under 30 s",
            extra={
                "read_s": reading,
                "assess_s": assessing,
                "report_s": writing,
                "total_s": total,
                "file_mb": len(data) / 1e6,
                "report_mb": len(report) / 1e6,
                "peak_mib": peak_mib(),
            },
        )
    ]
