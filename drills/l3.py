"""L3: twenty uploads of 50,000 rows at once."""

from __future__ import annotations

import asyncio
import io
import threading
import time

import xlsxwriter

from drills.client import patiently, upload
from drills.load import Seen, opened
from drills.outcome import Outcome, Scale
from drills.r1 import _open
from drills.yard import Group, Yard, there, timed

GOAL = "<= 1.5 GiB in all; small requests p99 <= 3 x; each upload ends with a result"
_HEADS = ("产品名称", "CN编码", "原产地", "净重（吨）", "进口日期")
_RATE = 20.0


def run(scale: Scale) -> Outcome:
    """Hand them in together and ask small things meanwhile."""
    out, files, rows = Outcome(), scale.of(20, 3), scale.of(50_000, 300)
    data = [_workbook(rows, number) for number in range(files)]
    most = 0.0
    with Yard(there("YUETAN_TEST_DATABASE_URL"), there("YUETAN_TEST_BROKER_URL")) as yard:
        web = yard.web()
        group = yard.workers(yuetan_worker_processes=2)
        asyncio.run(opened(web.port, _RATE, 2))
        alone = asyncio.run(opened(web.port, _RATE, scale.of(15, 2)))
        over = threading.Event()
        peak = [0.0]
        watcher = threading.Thread(target=_watch, args=([web, group], over, peak))
        watcher.start()
        with timed() as since:
            seen, statuses = asyncio.run(_together(yard, web.port, data))
            took = since()
        over.set()
        watcher.join()
        most = peak[0]
        with yard.database.reading() as db:
            from sqlalchemy import select

            from service.tables import Job

            ended = [job for job in db.scalars(select(Job)) if job.state == "done" and job.assessment_id]
            whole = sum((job.summary or {}).get("rows_computed") == rows for job in ended)
    ratio = seen.p(0.99) / alone.p(0.99)
    out.must(statuses == [202] * files, f"answers {statuses}")
    out.must(whole == files, f"{whole} of {files} ended with every row")
    out.must(most <= 1536, f"{most:.0f} MiB in all")
    out.must(scale.short or ratio <= 3, f"p99 of small requests {ratio:.2f} x")
    out.tell(
        f"{files} x {rows:,} rows: all {whole} with their result after {took:.0f} s; at most {most:.0f} MiB in all (web, workers, their "
        f"children); small requests p99 {seen.p(0.99) * 1e3:.0f} ms against {alone.p(0.99) * 1e3:.0f} alone ({ratio:.2f} x)"
    )
    return out


def _workbook(rows: int, number: int) -> bytes:
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True})
    sheet = book.add_worksheet("货物")
    sheet.write_row(0, 0, _HEADS)
    for row in range(rows):
        sheet.write_row(row + 1, 0, ("钢结构件", "73089059", "CN", 1 + row / 100 + number, "2026-05-12"))
    book.close()
    return file.getvalue()


async def _together(yard: Yard, port: int, data: list[bytes]) -> tuple[Seen, list[int]]:
    asked = [asyncio.to_thread(_hand_in, port, file, number) for number, file in enumerate(data)]
    handing = asyncio.gather(*asked)
    seen = Seen()
    end = time.monotonic() + 1200
    while time.monotonic() < end:
        seen.done += (await opened(port, _RATE, 1.0)).done
        if handing.done() and await asyncio.to_thread(_open, yard) == 0:
            break
    return seen, await handing


def _hand_in(port: int, file: bytes, number: int) -> int:
    body, headers = upload(file, f"large-{number}.xlsx")
    return patiently(port, "/api/v1/uploads", body, headers, 300).status


def _watch(groups: list[Group], over: threading.Event, peak: list[float]) -> None:
    while not over.wait(0.25):
        peak[0] = max(peak[0], sum(group.memory_mib() for group in groups))
