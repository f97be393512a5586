"""
A run over a loan book: split it by borrower, work each partition out, merge the sums.

Every step can be done twice: a step whose file is there is not done again, and
a partition gives the same bytes whoever works it out.
"""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from finance.book_sums import METHOD, book_scores, merged, reasons_of, sums_of
from finance.errors import LoanTwice, NoBookRows, WrongTotal
from finance.financed import METHOD as FINANCED
from finance.financed import financed_emissions, load_quality
from finance.loan_book import TOTAL_ROUNDING, LoanBook, loan_book
from finance.policy import Scorecard
from finance.portfolio import METHOD as PORTFOLIO
from finance.portfolio import shocked
from finance.scenario import Today
from finance.score_columns import METHOD as SCORE
from finance.score_columns import ScoreColumns
from models.errors import Text, YuetanError
from models.findings import Finding
from models.market import Market
from models.provenance import fingerprint
from service.columns import dumps
from service.finance.use import NamedShock, Question, shocks_of, today_of
from service.library import Library
from service.portfolio.files import Told, batches
from service.portfolio.store import Store

FORMAT = "yuetan-portfolio/1"
#: Loans of a partition.
ROWS = 1_000_000
MOST_PARTS = 4_096
#: Columns of a borrower that make a market's price matter.
_MARKETS = {"home": ("emissions_t", "upstream_t", "held_t", "free_t"), "eu": ("cbam_t",)}
Tell = Callable[[str, int, int], None]


class PartMissing(YuetanError):
    code = "portfolio.part_missing"
    message = Text("第 {part} 个分区没有结果，不能汇总。", "Partition {part} has no result; the whole cannot be made.")
    hint = Text("请重新运行；已完成的分区不会重算。", "Run it again; partitions that are done are not computed again.")


class OtherRun(YuetanError):
    code = "portfolio.other_run"
    message = Text("这个文件夹里是另一次运行的结果。", "The folder holds another run.")
    hint = Text("请换一个文件夹。", "Choose another folder.")


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run is: the question with its prices, the policy, and how many partitions there are."""

    key: str
    asked: Question
    on: dt.date
    parts: int
    loans: int
    prices: tuple[dict[str, str], ...]
    today: Today
    markets: tuple[str, ...]
    policy: str
    findings: tuple[dict[str, Any], ...]
    finding_count: int


def planned(
    store: Store,
    folder: str,
    loans: Path | bytes,
    borrowers: Path | bytes,
    asked: Question,
    library: Library,
    market: Market,
    card: Scorecard,
    today: dt.date,
    rows: int = ROWS,
    tell: Tell | None = None,
) -> Plan:
    """
    Split a book by borrower into partitions and write what the run is.

    Raises
    ------
    Unreadable, NoSuchColumn, NoBookRows
        A file cannot be read or has no rows.
    YuetanError
        No price of today is known.
    """
    if store.has(f"{folder}/plan.json"):
        return plan_of(store, folder)
    on = asked.on or today
    prices, texts = today_of(asked.today, library, market, on)
    told = {kind: Told(kind) for kind in ("loans", "borrowers")}
    twice, count, total = _ids(loans, card, told["loans"], tell)
    if not count:
        raise NoBookRows(field="loans")
    parts = min(max(1, math.ceil(count / rows)), MOST_PARTS)
    # Findings of the loans were told in the first pass.
    _split(store, folder, "loans", loans, card, Told("loans"), parts, twice)
    markets = _split(store, folder, "borrowers", borrowers, card, told["borrowers"], parts, None)
    notes = list[Finding]()
    shocks_of(asked.scenarios, markets, prices, library, on, notes)
    store.write(f"{folder}/policy.json", card.model_dump_json().encode())
    findings = [one.to_dict() for one in (*notes, *told["loans"].first, *told["borrowers"].first)]
    if asked.total is not None and abs(total - asked.total) > TOTAL_ROUNDING * abs(asked.total) + 0.005 * count:
        wrong = WrongTotal(field="total", stated=f"{asked.total:,.2f}", found=f"{total:,.2f}")
        findings.insert(0, Finding.of(wrong, severity="warning").to_dict())
    made = {
        "format": FORMAT,
        "methods": [METHOD, PORTFOLIO, FINANCED, SCORE],
        "asked": asked.model_dump(mode="json"),
        "on": on.isoformat(),
        "parts": parts,
        "loans": count,
        "today": [prices.home_cny_per_t, prices.eu_eur_per_t, prices.cny_per_eur],
        "prices": [text._asdict() for text in texts],
        "markets": markets,
        "policy": f"{card.policy_id} {card.version} {card.policy_hash}",
        "data_edition": library.edition,
        "findings": findings,
        "finding_count": len(notes) + sum(one.count for one in told.values()),
    }
    made["key"] = fingerprint(made)
    store.write(f"{folder}/plan.json", dumps(made).encode())
    return plan_of(store, folder)


def plan_of(store: Store, folder: str) -> Plan:
    """Return what a run is."""
    node = json.loads(store.read(f"{folder}/plan.json"))
    if node.get("format") != FORMAT:
        raise OtherRun
    return Plan(
        key=node["key"],
        asked=Question.model_validate_json(dumps(node["asked"])),
        on=dt.date.fromisoformat(node["on"]),
        parts=node["parts"],
        loans=node["loans"],
        prices=tuple(node["prices"]),
        today=Today(*node["today"]),
        markets=tuple(node["markets"]),
        policy=node["policy"],
        findings=tuple(node["findings"]),
        finding_count=node["finding_count"],
    )


def _ids(source: Path | bytes, card: Scorecard, told: Told, tell: Tell | None) -> tuple[Any, int, float]:
    """Return the hashes of loan ids that occur more than once, the number of loans, and the sum of their money."""
    hashes, sums = [], []
    for table in batches(source, "loans", card, told):
        hashes.append(_hashed(table, "loan"))
        money = table.column("outstanding").to_numpy() if "outstanding" in table.column_names else np.zeros(0)
        sums.append(math.fsum(money[np.isfinite(money)]))
        if tell:
            tell("read", sum(len(one) for one in hashes), 0)
    every = np.sort(np.concatenate(hashes)) if hashes else np.zeros(0, np.uint64)
    return np.unique(every[1:][every[1:] == every[:-1]]), len(every), math.fsum(sums)


def _hashed(table: pa.Table, name: str) -> Any:
    return pd.util.hash_array(np.array(table.column(name).to_pylist(), dtype=object), categorize=False)


def _split(
    store: Store,
    folder: str,
    kind: str,
    source: Path | bytes,
    card: Scorecard,
    told: Told,
    parts: int,
    twice: Any | None,
) -> list[str]:
    """
    Write the rows of a file by the hash of their borrower, so that a borrower's loans lie together.

    Returns the markets whose prices matter to the rows.
    """
    writers: list[Any] = []
    markets: set[str] = set()
    for table in batches(source, kind, card, told):
        if twice is not None:
            table = table.append_column("twice", pa.array(np.isin(_hashed(table, "loan"), twice)))
        markets |= {
            name
            for name, columns in _MARKETS.items()
            if any((table.column(one).to_numpy() > 0).any() for one in columns if one in table.column_names)
        }
        at = (_hashed(table, "borrower") % np.uint64(parts)).astype(np.int64)
        if not writers:
            writers = [store.writer(_aside(folder, kind, i), table.schema) for i in range(parts)]
        for i, writer in enumerate(writers):
            mine = np.flatnonzero(at == i)
            if mine.size:
                writer.write_table(table.take(pa.array(mine)))
    if not writers:
        raise NoBookRows(field=kind)
    for i, writer in enumerate(writers):
        writer.close()
        store.rename(_aside(folder, kind, i), f"{folder}/in/{kind}-{i:05d}.parquet")
    return sorted(markets)


def _aside(folder: str, kind: str, part: int) -> str:
    return f"{folder}/in/{kind}-{part:05d}.writing"


def worked(store: Store, folder: str, plan: Plan, part: int, library: Library) -> bool:
    """
    Work one partition out: a row for every loan, and what it adds to the whole; false where that was there.

    Raises
    ------
    BorrowerTwice
        A borrower has two rows: which of them holds cannot be told.
    """
    sums = f"{folder}/sums/{part:05d}.json"
    if store.has(sums):
        return False
    rows, firms = (store.table(f"{folder}/in/{kind}-{part:05d}.parquet") for kind in ("loans", "borrowers"))
    if not rows.num_rows:
        store.write(sums, dumps({}).encode())
        return True
    loans, borrowers = (_columns(one) for one in (rows, firms))
    if not firms.num_rows:
        # Nobody of this partition is known: one row that is nobody's keeps its loans, each left out by name.
        borrowers = {"borrower": ["\0"]}
    book = _without(loan_book(loans, borrowers, load_quality(library.data)), np.asarray(loans["twice"], dtype=bool))
    shocks, at = shocks_of(plan.asked.scenarios, plan.markets, plan.today, library, plan.on, [])
    main = shocks[at][0]
    financed = financed_emissions(book.loans, plan.asked.basis, book.sieve())
    checked = book.borrowers.checked()
    outcomes = {
        name: (
            shocked(book, shock, plan.asked.model, checked),
            shocked(book, shock.conservative(), plan.asked.model, checked),
        )
        for name, _, _, shock in shocks
    }
    card = Scorecard.model_validate_json(store.read(f"{folder}/policy.json"))
    scores = book_scores(card, borrowers)
    grades = [grade.id for grade in card.grades]
    own = outcomes[main][0]
    numbers = [int(n) for n in loans["row"]]
    made = sums_of(book, numbers, financed, outcomes, main, plan.asked.rating_bounds, scores, grades)
    by = np.maximum(book.of_borrower, 0)
    known = book.of_borrower >= 0
    table = pa.table(
        {
            "row": pa.array(numbers, pa.int64()),
            "loan": pa.array(book.ids.tolist(), pa.string()),
            "borrower": rows.column("borrower"),
            "sector": pa.array(np.where(known, book.groups["sector"][by], "").tolist(), pa.string()),
            "city": pa.array(np.where(known, book.groups["city"][by], "").tolist(), pa.string()),
            "outstanding": _floats(book.loans.outstanding),
            "score": _floats(np.where(known, scores.total[by], np.nan) if scores else np.full(book.size, np.nan)),
            "grade": pa.array(_grades(scores, grades, by, known), pa.string()),
            "attribution": _floats(financed.attribution),
            "financed12_t": _floats(financed.financed12_t),
            "financed3_t": _floats(financed.financed3_t),
            "quality": _floats(book.loans.quality),
            "pd0": _floats(book.pd),
            "pd1": _floats(own.pd1),
            "expected_change": _floats(np.where(own.counts, own.expected.amount1 - own.expected.amount0, np.nan)),
            "left_out_financed": pa.array(reasons_of(financed.refused), pa.string()),
            "left_out_stress": pa.array(reasons_of(own.refused), pa.string()),
        }
    )  # fmt: skip
    store.write_table(f"{folder}/out/loans-{part:05d}.parquet", table)
    # Last: where the sums are, the loans are too.
    store.write(
        sums, dumps({"key": plan.key, "main": main, "cases": [_told(one) for one in shocks], "sums": made}).encode()
    )
    return True


def _grades(scores: ScoreColumns | None, grades: Sequence[str], by: Any, known: Any) -> list[str | None]:
    if scores is None:
        return [None] * len(by)
    return [grades[at] if there else None for at, there in zip(scores.grade[by], known, strict=True)]


def _columns(table: pa.Table) -> dict[str, Any]:
    """Return a table as columns: numbers as arrays, texts as lists."""
    return {
        name: column.to_pylist() if pa.types.is_string(column.type) else column.to_numpy()
        for name, column in zip(table.column_names, table.columns, strict=True)
    }


def _without(book: LoanBook, twice: Any) -> LoanBook:
    """Leave out loans whose id occurs in another partition too."""
    sieve = book.sieve()
    sieve.refuse(twice, LoanTwice, "loan")
    return replace(book, why=sieve.why, kinds=tuple(sieve.kinds))


def _floats(values: Any) -> pa.Array:
    return pa.array(values, pa.float64(), from_pandas=True)


def _told(one: NamedShock) -> dict[str, Any]:
    name, label, kind, shock = one
    return {"name": name, "label": label._asdict(), "kind": kind, "home_cny_per_t": shock.home1, "delta": shock.delta}


def whole(store: Store, folder: str, plan: Plan) -> dict[str, Any]:
    """
    Merge the partitions, once each of them is there, and write the whole.

    Raises
    ------
    PartMissing, OtherRun
        A partition has no sums, or those of another run.
    """
    if store.has(f"{folder}/summary.json"):
        return dict(json.loads(store.read(f"{folder}/summary.json")))
    parts = []
    for part in range(plan.parts):
        path = f"{folder}/sums/{part:05d}.json"
        if not store.has(path):
            raise PartMissing(part=part + 1)
        node = json.loads(store.read(path))
        if node and node["key"] != plan.key:
            raise OtherRun
        parts.append(node)
    there = [one for one in parts if one]
    made = {
        "format": FORMAT,
        "key": plan.key,
        "name": plan.asked.name,
        "on": plan.on.isoformat(),
        "parts": plan.parts,
        "policy": plan.policy,
        "prices": list(plan.prices),
        "main": there[0]["main"],
        "cases": there[0]["cases"],
        "rating_bounds": list(plan.asked.rating_bounds),
        "sums": merged([one["sums"] for one in there]),
        "findings": list(plan.findings),
        "finding_count": plan.finding_count,
    }
    store.write(f"{folder}/summary.json", dumps(made).encode())
    return made


def run_all(store: Store, folder: str, plan: Plan, library: Library, tell: Tell | None = None) -> Mapping[str, Any]:
    """Work all partitions out in this process and merge them; what is there already is not done again."""
    for part in range(plan.parts):
        worked(store, folder, plan, part, library)
        if tell:
            tell("assess", part + 1, plan.parts)
    return whole(store, folder, plan)
