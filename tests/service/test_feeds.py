"""Price sources: layouts as they are documented, faults of the network, and what a source may never do."""

from __future__ import annotations

import datetime as dt
import io
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx2
import pytest
import xlsxwriter
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from models.market import Market
from service import clock
from service.auth import EMBEDDED
from service.clock import now
from service.feeds import layouts
from service.feeds.feed import Feed
from service.feeds.fetch import Fetcher, Refused, Unreachable
from service.feeds.layouts import LayoutChanged
from service.feeds.use import due, fetched_fx, fetched_market, statuses, visit
from service.library import Library
from service.parts import Parts
from service.prices.use import own_market
from service.tables import FeedPayload, FeedQuote, FeedRun

DAYS = [f"202608{day:02d}" for day in range(3, 8)]
NAMES = ("日期", "品种", "开盘价", "收盘价", "最高价", "最低价", "涨跌", "涨跌幅", "成交数量", "成交金额")
HEAD = "<tr>" + "".join(f"<td>{name}</td>" for name in NAMES) + "</tr>"


def gz_row(day: str, close: str, product: str = "GDEA", volume: str = "1,200", extra: str = "") -> str:
    cells = (day, product, close, close, close, close, "0.00", "0.00%", volume, "48,000.00")
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + extra + "</tr>"


def gz_page(*rows: str) -> bytes:
    return f"<html><table><tr><td>查询</td></tr></table><table>{HEAD}{''.join(rows)}</table></html>".encode()


GZ = gz_page(
    *(gz_row(day, f"{40 + i}.00") for i, day in enumerate(DAYS)),
    gz_row(DAYS[0], "22.50", "PHCER"),
    HEAD,
    gz_row(DAYS[0], "40.00"),
    gz_row("２０２６０８１０", "４５．５０", volume="２，５００"),
)


class Scripted:
    """Answers each address from a script; remembers what was asked."""

    def __init__(self, script: dict[str, list[httpx2.Response | Exception]]) -> None:
        self.script, self.asked = script, list[str]()

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.asked.append(str(request.url))
        answers = next(answers for part, answers in self.script.items() if part in str(request.url))
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, Exception):
            raise answer
        return httpx2.Response(answer.status_code, headers=answer.headers, content=answer.content)


def fetcher(scripted: Scripted, host: str, waits: list[float]) -> Fetcher:
    return Fetcher("quelle", host, httpx2.Client(transport=httpx2.MockTransport(scripted)), now, waits.append)


def ok(content: bytes) -> httpx2.Response:
    return httpx2.Response(200, content=content)


def made(scripted: Scripted, waits: list[float] | None = None) -> Callable[[str, Feed], Fetcher]:
    return lambda name, feed: fetcher(scripted, feed.url.split("/")[2], waits if waits is not None else [])


@pytest.fixture(autouse=True)
def august(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "today", lambda: dt.date(2026, 8, 12))


# Layouts


def test_the_guangdong_page_with_several_products_repeated_rows_and_full_width_digits(parts: Parts) -> None:
    run = visit(parts.database, parts.library, "ceex", make=made(Scripted({"cnemission": [ok(GZ)]})))
    with parts.database.reading() as db:
        kept = db.scalars(select(FeedQuote).order_by(FeedQuote.day)).all()
        assert [(q.day.isoformat(), float(q.value)) for q in kept] == [
            ("2026-08-03", 40.0), ("2026-08-04", 41.0), ("2026-08-05", 42.0), ("2026-08-06", 43.0), ("2026-08-07", 44.0),
            ("2026-08-10", 45.5),
        ]  # fmt: skip
        assert kept[-1].volume_t == 2500
        assert db.get_one(FeedRun, run).state == "ok"
        assert {f["code"] for f in db.get_one(FeedRun, run).findings} >= {"quotes.other_product", "quotes.duplicate"}


def test_a_row_with_a_column_too_many_is_refused_and_the_others_are_kept(parts: Parts) -> None:
    page = gz_page(gz_row(DAYS[0], "40.00"), gz_row(DAYS[1], "41.00", extra="<td>99</td>"))
    run = visit(parts.database, parts.library, "ceex", make=made(Scripted({"cnemission": [ok(page)]})))
    with parts.database.reading() as db:
        assert [q.day.isoformat() for q in db.scalars(select(FeedQuote))] == ["2026-08-03"]
        assert "quotes.too_wide" in {f["code"] for f in db.get_one(FeedRun, run).findings}


NOTICE = (
    "<html><h1>全国碳市场每日成交数据20260806</h1><p>今日全国碳市场综合价格行情为：开盘价８０．５０元/吨，最高价83.20元/吨，"
    "最低价80.10元/吨，收盘价82.40元/吨，收盘价较前一日上涨1.23%。</p><p>今日挂牌协议交易成交量100,000吨，成交额8,240,000.00元；"
    "大宗协议交易成交量500,000吨，成交额40,000,000.00元；今日无单向竞价。</p><p>今日全国碳排放配额总成交量60万吨，"
    "总成交额48,240,000.00元。</p><p>截至2026年8月6日，全国碳市场碳排放配额累计成交量900,000,000吨。</p></html>"
)


def test_a_national_notice_gives_composite_prices_and_totals() -> None:
    rows = layouts.notice(NOTICE.encode())
    assert rows[1] == ["2026-08-06", "80.50", "82.40", "83.20", "80.10", "600000", "48240000.00"]


def test_only_notices_on_the_hosts_own_pages_are_followed(parts: Parts) -> None:
    listed = (
        '<a href="/c/2026-08-06/1.shtml">全国碳市场每日成交数据20260806</a><a href="/about">关于我们</a>'
        '<a href="https://evil.example/2.shtml">全国碳市场每日成交数据20260805</a>'
    )
    scripted = Scripted({"mrgk": [ok(listed.encode())], "1.shtml": [ok(NOTICE.encode())]})
    run = visit(parts.database, parts.library, "cneeex", make=made(scripted))
    assert not any("evil" in url for url in scripted.asked)
    with parts.database.reading() as db:
        found = db.get_one(FeedRun, run)
        assert found.state == "failed"
        assert [f["code"] for f in found.findings] == ["feeds.refused"]


def test_the_history_line_in_another_order_is_refused_as_a_whole(parts: Parts) -> None:
    good = [["2026-08-03", "80", "82", "79", "83", "1000"], ["2026-08-04", "82", "81", "80", "83", "2000"]]
    visit(parts.database, parts.library, "cneeex-line", make=made(Scripted({"hisk": [ok(json.dumps(good).encode())]})))
    moved = [["2026-08-05", "80", "83", "82", "79", "1000"], ["2026-08-06", "82", "83", "81", "80", "2000"]]
    run = visit(
        parts.database, parts.library, "cneeex-line", by_hand=True,
        make=made(Scripted({"hisk": [ok(json.dumps(moved).encode())]})),
    )  # fmt: skip
    with parts.database.reading() as db:
        assert [q.day.isoformat() for q in db.scalars(select(FeedQuote).order_by(FeedQuote.day))] == [
            "2026-08-03",
            "2026-08-04",
        ]
        assert [f["code"] for f in db.get_one(FeedRun, run).findings] == ["feeds.layout"]


def eex_report() -> bytes:
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True})
    sheet = book.add_worksheet("Primary Market Auction")
    sheet.write(0, 0, "Emission Spot Primary Market Auction Report 2026")
    heads = [
        "Date",
        "Time",
        "Auction Name",
        "Contract",
        "Status",
        "Auction Price €/tCO2",
        "Minimum Bid €/tCO2",
        "Auction Volume tCO2",
    ]
    sheet.write_row(5, 0, heads)
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    rows: list[tuple[str, str, str, float]] = [
        ("EU CAP3 Auction", "T3PA", "successful", 78.11),
        ("Aviation", "EAA3", "successful", 70.0),
        ("EU CAP3 Auction", "T3PA", "unsuccessful", 1.0),
    ]
    for i, (name, contract, status, price) in enumerate(rows):
        sheet.write_datetime(6 + i, 0, dt.date(2026, 8, 3 + i), day)
        sheet.write_row(6 + i, 1, ["11:00", name, contract, status, price, 60.0, 3_245_500])
    book.close()
    return file.getvalue()


def test_the_auction_report_keeps_successful_auctions_of_general_allowances(parts: Parts) -> None:
    visit(parts.database, parts.library, "eex", make=made(Scripted({"eex": [ok(eex_report())]})))
    with parts.database.reading() as db:
        kept = [(q.name, q.day.isoformat(), float(q.value)) for q in db.scalars(select(FeedQuote))]
        assert kept == [("EUA-AUCTION", "2026-08-03", 78.11)]
        # An auction is no close of the front-December future: the series of EUA does not take it.
        assert fetched_market(db, parts.library).of("EUA").last[-1] < dt.date(2026, 8, 3)


def ecb(days: list[tuple[str, str, str, str]]) -> bytes:
    lines = ["Date,USD,JPY,CNY,HKD,"] + [f"{day},{usd},160.1,{cny},{hkd}," for day, usd, cny, hkd in days]
    return "\n".join(lines).encode()


def test_rates_complete_the_month_after_the_last_one_held(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    held = max(parts.library.fx.months["CNY"])
    year, month = held[0] + held[1] // 12, held[1] % 12 + 1
    from models.fx import _over

    last = _over(year, month)
    monkeypatch.setattr(
        "service.feeds.use.now", lambda: dt.datetime.combine(last + dt.timedelta(days=2), dt.time(), dt.UTC)
    )
    rows = [(f"{year}-{month:02d}-02", "1.10", "7.80", "8.60"), ("2026-13-01", "1", "1", "1"), (str(last), "1.12", "7.90", "8.70"),
            (f"{year}-{month:02d}-03", "N/A", "N/A", "N/A")]  # fmt: skip
    run = visit(parts.database, parts.library, "ecb", make=made(Scripted({"ecb": [ok(ecb(rows))]})))
    with parts.database.reading() as db:
        assert [f["code"] for f in db.get_one(FeedRun, run).findings] == ["feeds.rate"]
        made_fx = fetched_fx(db, parts.library)
    assert made_fx.months["CNY"][year, month] == (pytest.approx(7.85), 7.9)
    assert made_fx.rate("CNY", last).value == pytest.approx(7.9)
    assert parts.library.fx.months["CNY"].get((year, month)) is None


# Faults


@pytest.mark.parametrize(
    ("answers", "waited"),
    [
        ([httpx2.Response(503), ok(GZ)], [2.0]),
        ([httpx2.Response(429, headers={"retry-after": "7"}), ok(GZ)], [7.0]),
        ([httpx2.Response(429, headers={"retry-after": "99999"}), ok(GZ)], [60.0]),
        ([httpx2.ConnectError("no route"), httpx2.ReadTimeout("slow"), ok(GZ)], [2.0, 4.0]),
    ],
)
def test_a_passing_fault_is_waited_out(answers: list[Any], waited: list[float]) -> None:
    waits: list[float] = []
    answer = fetcher(Scripted({"ex": answers}), "ex.example", waits).get("https://ex.example/")
    assert answer.content == GZ
    assert waits == waited


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (httpx2.Response(503), Unreachable),
        (httpx2.ConnectError("no route"), Unreachable),
        (httpx2.Response(404), Refused),
        (httpx2.Response(302, headers={"location": "https://evil.example/"}), Refused),
        (ok(b"x" * 20_000_001), Refused),
    ],
)
def test_a_lasting_fault_is_refused_in_words(answer: Any, kind: type[Exception]) -> None:
    scripted = Scripted({"ex": [answer]})
    with pytest.raises(kind):
        fetcher(scripted, "ex.example", []).get("https://ex.example/")
    assert all("evil" not in url for url in scripted.asked)


@pytest.mark.parametrize(
    "url", ["http://ex.example/", "https://other.example/", "https://127.0.0.1/", "file:///etc/passwd"]
)
def test_no_other_address_is_ever_asked(url: str) -> None:
    scripted = Scripted({"": [ok(GZ)]})
    with pytest.raises(Refused):
        fetcher(scripted, "ex.example", []).get(url)
    assert scripted.asked == []


def test_a_failing_source_is_shown_and_what_was_held_stays(parts: Parts) -> None:
    visit(parts.database, parts.library, "ceex", make=made(Scripted({"cnemission": [ok(GZ)]})))
    run = visit(
        parts.database, parts.library, "ceex", by_hand=True, make=made(Scripted({"cnemission": [httpx2.Response(503)]}))
    )
    with parts.database.reading() as db:
        one = next(s for s in statuses(db, parts.library.feeds, ()) if s.name == "ceex")
        assert (one.word, one.last_day) == ("failed", dt.date(2026, 8, 10))
        assert one.last_good is not None
        told = db.get_one(FeedRun, run).findings[0]
        assert "广州碳排放权交易中心" in told["text"]["zh"]
        assert own_market(db, EMBEDDED, parts.library).of("GDEA").close[-1] == 45.5


def test_a_page_that_is_no_price_page_imports_nothing_and_is_kept(parts: Parts) -> None:
    run = visit(parts.database, parts.library, "ceex", make=made(Scripted({"cnemission": [ok("维护中".encode())]})))
    with parts.database.reading() as db:
        assert [f["code"] for f in db.get_one(FeedRun, run).findings] == ["feeds.layout"]
        assert db.scalar(select(func.count()).select_from(FeedQuote)) == 0
        assert db.scalars(select(FeedPayload.content)).one() == "维护中".encode()


def test_a_revision_replaces_the_day_and_both_pages_are_kept(parts: Parts) -> None:
    for page in (gz_page(gz_row(DAYS[0], "40.00")), gz_page(gz_row(DAYS[0], "40.20"))):
        visit(parts.database, parts.library, "ceex", by_hand=True, make=made(Scripted({"cnemission": [ok(page)]})))
    with parts.database.reading() as db:
        assert [float(q.value) for q in db.scalars(select(FeedQuote))] == [40.2]
        assert db.scalar(select(func.count()).select_from(FeedPayload)) == 2


def test_two_workers_make_one_visit_and_a_source_rests_between_visits(
    either: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    feeds = either.library.feeds
    with either.database.reading() as db:
        assert due(db, feeds, ["ceex"]) == ["ceex"]
    first = visit(either.database, either.library, "ceex", make=made(Scripted({"cnemission": [ok(GZ)]})))
    assert first is not None
    assert visit(either.database, either.library, "ceex", make=made(Scripted({"cnemission": [ok(GZ)]}))) is None
    with either.database.reading() as db:
        assert due(db, feeds, ["ceex"]) == []
        monkeypatch.setattr("service.feeds.use.now", lambda: now() + dt.timedelta(hours=13))
        assert due(db, feeds, ["ceex"]) == ["ceex"]
        assert due(db, feeds, []) == []


# A real server on this machine


@pytest.fixture
def server() -> Iterator[tuple[str, list[int]]]:
    codes: list[int] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            code = codes.pop(0) if codes else 200
            self.send_response(code)
            self.send_header("Content-Length", str(len(GZ) if code == 200 else 0))
            self.end_headers()
            if code == 200:
                self.wfile.write(GZ)

        def log_message(self, *_: Any) -> None:
            pass

    made_server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=made_server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{made_server.server_address[1]}/", codes
    made_server.shutdown()
    made_server.server_close()


def test_a_real_server_that_fails_twice_and_then_answers(server: tuple[str, list[int]]) -> None:
    url, codes = server
    codes += [500, 503]
    with httpx2.Client() as real:
        waits: list[float] = []
        assert Fetcher("x", "127.0.0.1", real, now, waits.append, plain=True).get(url).content == GZ
    assert len(waits) == 2


# Over HTTP and in the terminal


def test_sources_over_http(client: TestClient) -> None:
    found = client.get("/api/v1/price-sources").json()
    assert [one["name"] for one in found] == ["ceex", "cneeex", "cneeex-line", "eex", "ecb"]
    assert {one["state"] for one in found} == {"never"}
    assert client.post("/api/v1/price-sources/nosuch/visit").status_code == 404


def test_the_series_of_our_market_is_not_touched(parts: Parts, library: Library) -> None:
    before: Market = library.market
    visit(parts.database, parts.library, "ceex", make=made(Scripted({"cnemission": [ok(GZ)]})))
    assert library.market is before
    with pytest.raises(LayoutChanged):
        layouts.k_line(b"[]")
