"""Prices: what one allowance cost on a day, and quotes that a user brings in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from itertools import groupby

import numpy as np
from sqlalchemy.orm import Session

from models.allowance import ReferencePrice, reference_price
from models.market import Market
from models.quotes import QuoteTable, load_quote_words, parse_quotes
from models.series import Series, daily_series
from service.audit.use import record
from service.auth import Who, erasable, visible
from service.feeds.use import fetched_series
from service.library import Library
from service.tables import QuoteImport, UserQuote


def own_series(db: Session, who: Who, market: Market) -> list[Series]:
    """Return the quotes that ``who`` brought in, one series per instrument."""
    rows = db.scalars(visible(UserQuote, who).order_by(UserQuote.instrument, UserQuote.day)).all()
    made = []
    for instrument, group in groupby(rows, key=lambda row: row.instrument):
        quotes = list(group)
        made.append(
            daily_series(
                market.of(instrument),
                market.policy.instruments[instrument],
                [quote.day for quote in quotes],
                np.array([float(quote.close) for quote in quotes]),
                np.array([_float(quote.volume_t) for quote in quotes]),
                np.array([_float(quote.turnover) for quote in quotes]),
                source=", ".join(dict.fromkeys(quote.source for quote in quotes)),
                confidence="inferred",
            )
        )
    return made


def every_series(db: Session, who: Who, library: Library) -> list[Series]:
    """Return what is laid over our market for ``who``: what was fetched, and then their own quotes."""
    return [*fetched_series(db, library), *own_series(db, who, library.market)]


def own_market(db: Session, who: Who, library: Library) -> Market:
    """Return the market as ``who`` sees it."""
    market = library.market
    for series in every_series(db, who, library):
        market = market.with_quotes(series)
    return market


def reference(db: Session, who: Who, library: Library, instrument: str, on: dt.date) -> ReferencePrice:
    """Return the reference price of ``instrument`` on a day; raises as ``models.allowance.reference_price``."""
    market = own_market(db, who, library)
    return reference_price(market.of(instrument), on, market.policy)


def import_quotes(
    db: Session,
    who: Who,
    library: Library,
    rows: Iterable[Sequence[str]],
    *,
    instrument: str,
    source: str,
    filename: str,
    today: dt.date,
    sheet: str | None = None,
) -> tuple[QuoteImport, QuoteTable]:
    """
    Keep the daily quotes of a table; a day that was imported before is replaced.

    Raises
    ------
    UnknownInstrument
        The market has no such instrument.
    """
    table = parse_quotes(
        rows, instrument, library.market, load_quote_words(library.data), today=today, source=source, sheet=sheet
    )
    made = QuoteImport(
        organisation_id=who.organisation_id,
        person_id=who.person_id,
        instrument=instrument,
        source=source,
        filename=filename[:200],
        findings=[finding.to_dict() for finding in table.findings],
    )
    db.add(made)
    db.flush()
    if table.series is not None:
        series = table.series
        days: list[dt.date] = series.last.astype(object).tolist()
        same = erasable(UserQuote, who).where(UserQuote.instrument == instrument)
        db.execute(same.where(UserQuote.day.in_(days)))
        db.add_all(
            UserQuote(
                organisation_id=who.organisation_id,
                import_id=made.id,
                instrument=instrument,
                day=day,
                close=_exact(close, 6),
                volume_t=None if np.isnan(volume) else _exact(volume, 6),
                turnover=None if np.isnan(turnover) else _exact(turnover, 4),
                source=f"user: {source}",
            )
            for day, close, volume, turnover in zip(
                days, series.close.tolist(), series.volume_t.tolist(), series.turnover.tolist(), strict=True
            )
            if not np.isnan(close)
        )
    record(
        db,
        who,
        "quotes.imported",
        made.id,
        instrument=instrument,
        kept=0 if table.series is None else len(table.series.last),
    )
    return made, table


def _float(value: Decimal | None) -> float:
    return np.nan if value is None else float(value)


def _exact(value: float, places: int) -> Decimal:
    return Decimal(repr(value)).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
