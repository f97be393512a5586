"""Visit a source, keep what it sent, read it, and lay its quotes over ours: a source that fails is shown, never replaced."""

from __future__ import annotations

import datetime as dt
import hashlib
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import numpy as np
from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from models.errors import Text, YuetanError
from models.findings import Finding
from models.fx import FxTable
from models.market import Market
from models.quotes import load_quote_words, parse_quotes
from models.series import Series, daily_series
from service.clock import now
from service.database import Database
from service.feeds.feed import Feed, feed_named
from service.feeds.fetch import Answer, Fetcher, client
from service.feeds.layouts import LAYOUTS, Implausible, LayoutChanged, Rows, joined, links
from service.library import Library
from service.tables import FeedPayload, FeedQuote, FeedRun

log = logging.getLogger(__name__)

#: After a failure, or a visit that never ended, a source is asked again this much later.
RETRY = dt.timedelta(hours=1)
#: Daily notices read in one visit.
MOST_NOTICES = 10
#: A line whose closes lie outside low and high this often is read in the wrong order.
MOST_OUTSIDE = 0.05
#: A general allowance of the EU is quoted under this name when its price is that of an auction, which is no close.
AUCTION = {"EUA-AUCTION": "EUA"}


@dataclass(frozen=True, slots=True)
class Status:
    """How a source stands: its last visit, and its last quote."""

    name: str
    feed: Feed
    switched_on: bool
    run: FeedRun | None
    last_good: FeedRun | None
    last_day: dt.date | None

    @property
    def word(self) -> str:
        """``never``, ``running``, ``ok`` or ``failed``."""
        return self.run.state if self.run else "never"


def statuses(db: Session, feeds: Mapping[str, Feed], switched_on: Sequence[str]) -> list[Status]:
    """Return every source with its last visit, the failing ones as they are."""
    found = []
    for name, feed in feeds.items():
        of_feed = select(FeedRun).where(FeedRun.feed == name).order_by(FeedRun.started.desc()).limit(1)
        day = db.scalar(select(FeedQuote.day).where(FeedQuote.feed == name).order_by(FeedQuote.day.desc()).limit(1))
        good = db.scalar(of_feed.where(FeedRun.state == "ok"))
        found.append(Status(name, feed, name in switched_on, db.scalar(of_feed), good, day))
    return found


def due(db: Session, feeds: Mapping[str, Feed], switched_on: Sequence[str]) -> list[str]:
    """Return the sources that are on and whose last visit is long enough ago."""
    moment = now()
    waiting = []
    for one in statuses(db, feeds, switched_on):
        run = one.run
        rest = dt.timedelta(hours=one.feed.every_hours) if run is not None and run.state == "ok" else RETRY
        if one.switched_on and (run is None or moment - run.started >= rest):
            waiting.append(one.name)
    return waiting


def visit(
    database: Database,
    library: Library,
    name: str,
    *,
    by_hand: bool = False,
    make: Callable[[str, Feed], Fetcher] | None = None,
) -> UUID | None:
    """
    Visit one source and return the visit's id; ``None`` where another worker is at it.

    The visit is written before anything is asked, what came is kept before it
    is read, and the quotes are written with the end of the visit: whatever
    breaks in between is a visit that failed, with its reason.
    """
    feed = feed_named(library.feeds, name)
    slot = str(uuid4()) if by_hand else f"{int(now().timestamp() // RETRY.total_seconds())}"
    run_id = uuid4()
    try:
        with database.writing() as db:
            db.add(FeedRun(id=run_id, feed=name, slot=slot))
    except IntegrityError:
        return None
    try:
        fetcher = (make or _fetcher)(name, feed)
        answers = _answers(fetcher, feed, now().date())
        with database.writing() as db:
            payload_id = _keep(db, name, answers)
        rows = _rows(name, feed, answers)
        with database.writing() as db:
            kept, last, findings = _import(db, library, name, feed, rows, payload_id)
            _end(db, run_id, "ok" if kept else "failed", kept, last, findings)
    except YuetanError as refusal:
        refusal.params["feed"] = feed.zh
        with database.writing() as db:
            _end(db, run_id, "failed", 0, None, [Finding.of(refusal)])
    except Exception:
        log.exception("a price source failed: %s", name)
        with database.writing() as db:
            _end(db, run_id, "failed", 0, None, [_broken()])
    return run_id


def _fetcher(name: str, feed: Feed) -> Fetcher:
    return Fetcher(name, str(urlsplit(feed.url).hostname), client(), now)


def _answers(fetcher: Fetcher, feed: Feed, today: dt.date) -> list[Answer]:
    first = today - dt.timedelta(days=180)
    url = feed.url.format(first=first, last=today, year=today.year)
    with fetcher.client:
        answer = fetcher.get(url)
        if feed.layout != "notices":
            return [answer]
        return [fetcher.get(link) for link in links(answer.content, url, MOST_NOTICES)]


def _keep(db: Session, name: str, answers: Sequence[Answer]) -> UUID:
    """Keep what was sent and return the id of the last of it."""
    kept: UUID | None = None
    for answer in answers:
        digest = hashlib.sha256(answer.content).hexdigest()
        kept = db.scalar(select(FeedPayload.id).where(FeedPayload.feed == name, FeedPayload.sha256 == digest))
        if kept is None:
            kept = uuid4()
            row = FeedPayload(id=kept, feed=name, url=answer.url, sha256=digest, content=answer.content)
            row.fetched = answer.fetched
            db.add(row)
            db.flush()
    if kept is None:
        raise LayoutChanged(feed=name, why_zh="没有内容", why_en="nothing was sent")
    return kept


def _rows(name: str, feed: Feed, answers: Sequence[Answer]) -> Rows:
    read = LAYOUTS[feed.layout]
    return joined([read(answer.content) for answer in answers])


_Imported = tuple[int, "dt.date | None", Sequence[Finding]]


def _import(db: Session, library: Library, name: str, feed: Feed, rows: Rows, payload_id: UUID) -> _Imported:
    if feed.currencies:
        return _import_rates(db, library, name, feed, rows, payload_id)
    market, instrument = library.market, str(feed.instrument)
    as_read = AUCTION.get(instrument, instrument)
    table = parse_quotes(
        rows, as_read, market, load_quote_words(library.data), today=now().date(), source=feed.source, sheet=feed.zh
    )
    outside = sum(f.code == "quotes.outside_range" for f in table.findings)
    if outside > MOST_OUTSIDE * max(table.rows_kept, 1):
        raise LayoutChanged(feed=name, why_zh="收盘价多次落在最高最低价之外", why_en="closes lie outside low and high")
    if table.series is None:
        return 0, None, table.findings
    days = [day.astype(dt.date) for day in table.series.last]
    _must_fit(db, library, feed, instrument, list(zip(days, map(float, table.series.close), strict=True)))
    for i, day in enumerate(table.series.last):
        close = table.series.close[i]
        if np.isfinite(close):
            values = (close, table.series.volume_t[i], table.series.turnover[i])
            _put(db, name, instrument, day.astype(dt.date), [_exact(value) for value in values], payload_id)
    return table.rows_kept, table.series.last[-1].astype(dt.date), table.findings


def _import_rates(db: Session, library: Library, name: str, feed: Feed, rows: Rows, payload_id: UUID) -> _Imported:
    """Read rates of the last two years; what is older is in our own data."""
    heads, since = rows[0], now().date() - dt.timedelta(days=730)
    missing = [code for code in feed.currencies if code not in heads]
    if missing:
        told = ", ".join(missing)
        raise LayoutChanged(feed=name, why_zh=f"缺少币种 {told}", why_en=f"no column for {told}")
    findings, days, read = list[Finding](), list[dt.date](), dict[str, list[tuple[dt.date, float]]]()
    for number, row in enumerate(rows[1:], 2):
        if not any(row):
            continue
        try:
            day = dt.date.fromisoformat(row[0])
            values = {code: row[heads.index(code)] for code in feed.currencies}
            rates = {code: Decimal(text) for code, text in values.items() if text not in ("N/A", "")}
            if any(not rate.is_finite() or rate <= 0 for rate in rates.values()):
                raise ValueError(row[0])
        except (ValueError, ArithmeticError, IndexError):
            findings.append(_bad_rate(number, row))
            continue
        if since <= day <= now().date():
            days.append(day)
            for code, rate in rates.items():
                read.setdefault(code, []).append((day, float(rate)))
                _put(db, name, code, day, [rate, None, None], payload_id)
    for code, series in read.items():
        _must_fit(db, library, feed, code, series)
    return len(days), max(days, default=None), findings


def _must_fit(db: Session, library: Library, feed: Feed, name: str, series: Sequence[tuple[dt.date, float]]) -> None:
    """Refuse a series whose values are another unit than those before them; raises ``Implausible``."""
    series = sorted(one for one in series if np.isfinite(one[1]))
    held = _held(db, library, name, series[0][0]) if series else None
    for day, value in series:
        if held is not None and not held / feed.most_factor <= value <= held * feed.most_factor:
            raise Implausible(
                feed=feed.zh, day=day, value=f"{value:g}", held=f"{held:g}", factor=f"{feed.most_factor:g}"
            )
        held = value


def _held(db: Session, library: Library, name: str, day: dt.date) -> float | None:
    """Return the last value before a day: of a visit, else of our own data."""
    fetched = select(FeedQuote.value).where(FeedQuote.name == name, FeedQuote.day < day)
    value = db.scalar(fetched.order_by(FeedQuote.day.desc()).limit(1))
    if value is not None:
        return float(value)
    if name in library.fx.months:
        return next((last for at, (_, last) in sorted(library.fx.months[name].items(), reverse=True)), None)
    if name not in library.market.series:
        return None
    ours = library.market.of(name)
    known = ours.close[np.isfinite(ours.close) & (ours.last < np.datetime64(day))]
    return float(known[-1]) if known.size else None


def _put(db: Session, feed: str, name: str, day: dt.date, values: Sequence[Decimal | None], payload_id: UUID) -> None:
    """Write a day; a figure that the source has revised takes the place of the earlier one, both payloads are kept."""
    db.execute(delete(FeedQuote).where(FeedQuote.feed == feed, FeedQuote.name == name, FeedQuote.day == day))
    value, volume, turnover = values
    db.add(
        FeedQuote(feed=feed, name=name, day=day, value=value, volume_t=volume, turnover=turnover, payload_id=payload_id)
    )


def _exact(value: float) -> Decimal | None:
    return Decimal(repr(float(value))) if np.isfinite(value) else None


def _end(db: Session, run_id: UUID, state: str, kept: int, last: dt.date | None, findings: Sequence[Finding]) -> None:
    run = db.get_one(FeedRun, run_id)
    run.state, run.rows_kept, run.last_day, run.finished = state, kept, last, now()
    run.findings = [finding.to_dict() for finding in findings]


def _bad_rate(number: int, row: Sequence[str]) -> Finding:
    return Finding(
        code="feeds.rate",
        severity="error",
        text=Text("该行的日期或汇率无法识别，未采用", "the day or a rate of the row cannot be read; it is left out"),
        row=number,
        found=" | ".join(row)[:80],
    )


def _broken() -> Finding:
    return Finding(
        code="feeds.broken",
        severity="error",
        text=Text("读取该来源时程序出错，未导入任何数据。", "The program failed on this source; nothing was imported."),
        hint=Text("详情在日志中；已有行情不变。", "The log has the details; the quotes held are unchanged."),
    )


def fetched_series(db: Session, library: Library) -> list[Series]:
    """Return the quotes fetched for instruments of our market; of two sources of one the more certain speaks for a day."""
    market, feeds = library.market, library.feeds
    rank = {"official": 0, "two_secondary": 1, "one_secondary": 2}
    quotes = [q for q in db.scalars(select(FeedQuote)) if q.feed in feeds and q.name in market.series]
    quotes.sort(key=lambda q: (q.name, q.day, rank.get(feeds[q.feed].confidence, 3)))
    made = []
    for name, of_name in groupby(quotes, key=lambda q: q.name):
        days = [next(of_day) for _, of_day in groupby(of_name, key=lambda q: q.day)]
        for feed, mine in groupby(sorted(days, key=lambda q: (q.feed, q.day)), key=lambda q: q.feed):
            held = list(mine)
            made.append(
                daily_series(
                    market.of(name), market.policy.instruments[name], [q.day for q in held],
                    np.array([float(q.value) for q in held]), np.array([_nan(q.volume_t) for q in held]),
                    np.array([_nan(q.turnover) for q in held]),
                    source=feeds[feed].source, confidence=feeds[feed].confidence,
                )
            )  # fmt: skip
    return made


def fetched_market(db: Session, library: Library) -> Market:
    """Return our market with what was fetched laid over it."""
    market = library.market
    for series in fetched_series(db, library):
        market = market.with_quotes(series)
    return market


def fetched_fx(db: Session, library: Library) -> FxTable:
    """Return our rates with the months and years that were fetched whole laid behind them."""
    rows = db.scalars(
        select(FeedQuote).where(FeedQuote.feed.in_([n for n, f in library.feeds.items() if f.currencies]))
    )
    daily: dict[str, dict[dt.date, float]] = {}
    for row in rows:
        daily.setdefault(row.name, {})[row.day] = float(row.value)
    return library.fx.with_days(daily)


def _nan(value: Decimal | None) -> float:
    return np.nan if value is None else float(value)
