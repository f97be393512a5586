"""R10: a price source lies."""

from __future__ import annotations

import datetime as dt
import resource
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import httpx2
from sqlalchemy import func, select

from drills.outcome import Outcome, Scale
from drills.yard import Yard
from service.auth import EMBEDDED
from service.clock import now
from service.feeds import fetch
from service.feeds.feed import Feed
from service.feeds.fetch import Fetcher
from service.feeds.use import statuses, visit
from service.library import Library
from service.prices.use import own_market
from service.tables import FeedQuote, FeedRun

GOAL = "last good value with its date and a finding; never an unlabelled number"
_HEADS = ("日期", "品种", "开盘价", "收盘价", "最高价", "最低价", "涨跌", "涨跌幅", "成交数量", "成交金额")
_DAYS = ("20260803", "20260804", "20260805")


def _page(days: tuple[str, ...], price: float) -> bytes:
    rows = "".join(
        "<tr>"
        + "".join(f"<td>{cell}</td>" for cell in (day, "GDEA", *[f"{price + i:.2f}"] * 4, "0", "0%", "1200", "48000"))
        + "</tr>"
        for i, day in enumerate(days)
    )
    head = "".join(f"<td>{name}</td>" for name in _HEADS)
    return f"<html><table><tr>{head}</tr>{rows}</table></html>".encode()


class _Liar(BaseHTTPRequestHandler):
    mode: ClassVar[str] = "good"
    sent_mb: ClassVar[int] = 0

    def do_GET(self) -> None:
        if self.mode == "timeout":
            time.sleep(3)
            return
        status = 500 if self.mode == "status 500" else 200
        body = {
            "good": _page(_DAYS, 40.0),
            "wrong unit": _page(("20260806", "20260807"), 4300.0),
            "stale": _page(_DAYS[:1], 40.0),
            "not a page": b"<html>maintenance</html>",
        }.get(self.mode, b"")
        self.send_response(status)
        self.send_header("content-length", str(1 << 30 if self.mode == "1 GB" else len(body)))
        self.end_headers()
        try:
            if self.mode == "1 GB":
                for _ in range(1024):
                    self.wfile.write(bytes(1 << 20))
                    type(self).sent_mb += 1
            else:
                self.wfile.write(body)
        except OSError:
            self.close_connection = True

    def log_message(self, *_: Any) -> None:
        pass


class _Here(Fetcher):
    """Asks the liar, whatever the address."""

    def get(self, url: str) -> fetch.Answer:
        return super().get(f"http://127.0.0.1:{self.host_port}/")

    host_port: ClassVar[int] = 0


@contextmanager
def _liar() -> Iterator[None]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Liar)
    server.daemon_threads = True
    _Here.host_port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()


def _make(_: str, feed: Feed) -> Fetcher:
    client = httpx2.Client(timeout=httpx2.Timeout(0.5), trust_env=False)
    return _Here(feed.zh, "127.0.0.1", client, now, lambda _: None, plain=True)


def run(scale: Scale) -> Outcome:
    """Visit it once while it tells the truth, then while it lies in each way."""
    out, library = Outcome(), Library()
    expected = {
        "timeout": "feeds.unreachable", "status 500": "feeds.unreachable", "wrong unit": "feeds.implausible",
        "not a page": "feeds.", "1 GB": "feeds.refused",
    }  # fmt: skip
    with Yard() as yard, _liar():
        _Liar.mode = "good"
        visit(yard.database, library, "ceex", by_hand=True, make=_make)
        with yard.database.reading() as db:
            good = _held(db)
            price = own_market(db, EMBEDDED, library).of("GDEA").close[-1]
        out.must(good == (dt.date(2026, 8, 5), 42.0, 3), f"the good visit kept {good}")
        for mode in (*expected, "stale"):
            _Liar.mode, before = mode, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            run_id = visit(yard.database, library, "ceex", by_hand=True, make=_make)
            grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
            with yard.database.reading() as db:
                row = db.get_one(FeedRun, run_id)
                codes = [finding["code"] for finding in row.findings]
                out.must(_held(db) == good, f"{mode}: {_held(db)} is held now")
                out.must(own_market(db, EMBEDDED, library).of("GDEA").close[-1] == price, f"{mode}: the price moved")
                [status] = [one for one in statuses(db, library.feeds, ()) if one.name == "ceex"]
                out.must(status.last_day == good[0], f"{mode}: shown as of {status.last_day}")
                if mode in expected:
                    fits = row.state == "failed" and any(code.startswith(expected[mode]) for code in codes)
                    out.must(fits, f"{mode}: {row.state}, {codes}")
            out.must(grown < 100, f"{mode}: {grown:.0f} MiB of memory")
    out.must(_Liar.sent_mb < 100, f"{_Liar.sent_mb} MB of 1 GB were taken")
    out.tell(
        f"{len(expected) + 1} lies: the price of 5 August stays with its date, each failure a finding; {_Liar.sent_mb} MB of 1 GB taken"
    )
    return out


def _held(db: Any) -> tuple[dt.date, float, int]:
    last = db.scalars(select(FeedQuote).order_by(FeedQuote.day.desc()).limit(1)).one()
    return last.day, float(last.value), db.scalar(select(func.count()).select_from(FeedQuote))
