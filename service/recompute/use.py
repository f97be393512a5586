"""
Every kept result, worked out again from what was kept with it.

Equal figures are the proof. Where they differ, the values read then are held
against those of today; what moved is named, and the result is worked out once
more under the values that were read then, which must give the figures that
were kept. The kept result itself is never touched.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session, undefer

from cbam.consignment import Consignment
from finance.assessment import Options, assess_submission
from finance.submission import Submission
from models.errors import Text, YuetanError
from models.fx import FxTable
from models.law import LawBook
from models.series import Series
from service import store
from service.assessment.use import KEPT as SUBMISSION
from service.auth import EMBEDDED, Who, visible
from service.database import Database
from service.exposure import use as exposure
from service.feeds.use import fetched_fx
from service.footprint.keep import worked_out_again as footprint_again
from service.footprint.tables import KeptFootprint
from service.library import Library
from service.position.keep import worked_out_again as position_again
from service.position.tables import KeptPosition
from service.prices.use import every_series
from service.recompute.pinned import Moved, moved_between, pinned
from service.refusals import NotFound
from service.statement.tables import Statement
from service.statement.use import worked_out_again
from service.tables import Assessment, Organisation

Outcome = Literal["equal", "moved", "differs"]
_STATEMENT, _FOOTPRINT, _POSITION = "statement", "footprint", "position"
_SHORTEST_KEY = 8
#: Parts of a result that are words about it, or name what it rests on, which is compared apart.
_NOT_FIGURES = frozenset(
    {"zh", "en", "label", "note", "notes", "legend", "assumptions", "reads", "basis", "key", "method"}
)


@dataclass(frozen=True, slots=True)
class Again:
    """What came of one result: ``moved`` names the values that are others today."""

    kind: str
    id: UUID
    key: str
    outcome: Outcome
    moved: tuple[Moved, ...] = ()
    #: First places at which the figures differ; empty where they are equal.
    places: tuple[str, ...] = ()
    why: Text | None = None


def organisations(db: Session) -> Sequence[UUID]:
    """Return every organisation of the installation: for the operator."""
    return db.scalars(select(Organisation.id).order_by(Organisation.created, Organisation.id)).all()


def kept_results(db: Session, who: Who, most: int | None = None) -> list[tuple[str, UUID]]:
    """Return kind and id of what ``who`` may see; ``most`` of them by their key, which is a hash and so picks at random."""
    kept = db.execute(visible(Assessment, who).with_only_columns(Assessment.key, Assessment.kind, Assessment.id))
    signed = db.execute(visible(Statement, who).with_only_columns(Statement.key, Statement.id))
    found = [(row.key, row.kind, row.id) for row in kept]
    found += [(row.key, _STATEMENT, row.id) for row in signed]
    footprints = db.execute(visible(KeptFootprint, who).with_only_columns(KeptFootprint.key, KeptFootprint.id))
    found += [(row.key, _FOOTPRINT, row.id) for row in footprints]
    positions = db.execute(visible(KeptPosition, who).with_only_columns(KeptPosition.key, KeptPosition.id))
    found += [(row.key, _POSITION, row.id) for row in positions]
    found.sort(key=lambda one: (one[0], one[2]))
    return [(kind, id_) for _, kind, id_ in found[:most]]


def of_names(db: Session, who: Who, names: Sequence[str]) -> list[tuple[str, UUID]]:
    """Return the results of ``who`` that are named: by id, or by the first letters of a key (eight at least)."""
    found: list[tuple[str, UUID]] = []
    for name in names:
        by_id, by_key = _meant(name)
        kept = visible(Assessment, who).where(_is(Assessment, by_id, by_key))
        found += [(row.kind, row.id) for row in db.scalars(kept)]
        signed = visible(Statement, who).where(_is(Statement, by_id, by_key))
        found += [(_STATEMENT, row.id) for row in db.scalars(signed)]
        footprints = visible(KeptFootprint, who).where(_is(KeptFootprint, by_id, by_key))
        found += [(_FOOTPRINT, row.id) for row in db.scalars(footprints)]
        positions = visible(KeptPosition, who).where(_is(KeptPosition, by_id, by_key))
        found += [(_POSITION, row.id) for row in db.scalars(positions)]
    return found


def _is(
    table: type[Assessment] | type[Statement] | type[KeptFootprint] | type[KeptPosition],
    by_id: UUID | None,
    by_key: str,
) -> ColumnElement[bool]:
    return table.id == by_id if by_id is not None else table.key.startswith(by_key, autoescape=True)


def _meant(name: str) -> tuple[UUID | None, str]:
    try:
        return UUID(name), ""
    except ValueError:
        pass
    if len(name) < _SHORTEST_KEY or not set(name.lower()) <= set("0123456789abcdef"):
        raise NotFound(field="key")
    return None, name.lower()


def check_found(done: Sequence[Again], names: Sequence[str]) -> None:
    """Raise ``NotFound`` where a name stood for no result: a typing error is not a proof."""
    for name in names:
        by_id, by_key = _meant(name)
        if not any(one.id == by_id or (by_key and one.key.startswith(by_key)) for one in done):
            raise NotFound(field="key")


def recomputed(database: Database, library: Library, who: Who, results: Sequence[tuple[str, UUID]]) -> Iterator[Again]:
    """Work results of one organisation out again, one after the other, each in a transaction that only reads."""
    quotes: list[Series] | None = None
    fx: FxTable | None = None
    for kind, id_ in results:
        with database.reading(who.organisation_id) as db:
            if kind == _STATEMENT:
                yield _statement(db, who, id_)
                continue
            if kind == _FOOTPRINT:
                yield _footprint(db, who, library, id_)
                continue
            if kind == _POSITION:
                yield _position(db, who, library, id_)
                continue
            if quotes is None or fx is None:
                quotes, fx = every_series(db, who, library), fetched_fx(db, library)
            yield _assessment(store.one(db, who, id_), store.document(db, who, id_), library, quotes, fx)


def _assessment(
    row: Assessment, document: Mapping[str, Any], library: Library, quotes: Sequence[Series], fx: FxTable
) -> Again:
    work = _WORK.get(row.kind)
    if work is None:
        why = Text(f"不认识的结果类别 {row.kind}", f"a result of an unknown kind {row.kind}")
        return Again(row.kind, row.id, row.key, "differs", why=why)
    before = figures(document)
    try:
        options = Options.model_validate_json(json.dumps(row.options), strict=True)
        book = library.book(options.law_scenarios)
        now = work(row, options, library, book, quotes, fx)
        moved = moved_between(document, now)
        if figures(now) == before:
            return Again(row.kind, row.id, row.key, "equal", moved)
        if moved:
            then = work(row, options, library, pinned(book, document["reads"]), quotes, fx)
            left = moved_between(document, then)
            if figures(then) == before:
                return Again(row.kind, row.id, row.key, "moved", moved)
            # What no book of the law holds (a rate, a quote, a policy) cannot be put back: named, not proven.
            why = Text("不能按当时的值重算：", "cannot be worked out under the values of then: ")
            if left:
                names = ", ".join(one.name for one in left)
                said = Text(why.zh + names, why.en + names)
                return Again(row.kind, row.id, row.key, "moved", moved, _places(before, figures(then)), said)
            now = then
    except YuetanError as refusal:
        return Again(row.kind, row.id, row.key, "differs", why=Text(refusal.text("zh"), refusal.text("en")))
    why_not = None
    if now["method"] != row.method:
        why_not = Text(
            f"方法已从 {row.method} 变为 {now['method']}", f"the method was {row.method}, now {now['method']}"
        )
    return Again(row.kind, row.id, row.key, "differs", moved, _places(before, figures(now)), why_not)


_Work = Callable[[Assessment, Options, Library, LawBook, Sequence[Series], FxTable], dict[str, Any]]


def _submission(
    row: Assessment, options: Options, library: Library, book: LawBook, quotes: Sequence[Series], fx: FxTable
) -> dict[str, Any]:
    submission = Submission.model_validate_json(json.dumps(row.inputs), strict=True)
    context = replace(library.context(options.law_scenarios, row.as_of, quotes, fx), book=book)
    return assess_submission(submission, options, context).to_dict()


def _exposure(
    row: Assessment, options: Options, library: Library, book: LawBook, quotes: Sequence[Series], fx: FxTable
) -> dict[str, Any]:
    goods = Consignment.model_validate_json(json.dumps(row.inputs), strict=True)
    made, years = exposure.worked_out(goods, library, options, book)
    head, line = exposure.kept_form(made, years, library, options, row.as_of)
    return head | {"lines": [line]}


#: How a kept result is worked out, by its kind.
_WORK: Mapping[str, _Work] = {SUBMISSION: _submission, exposure.KIND: _exposure}


def _statement(db: Session, who: Who, id_: UUID) -> Again:
    whole = visible(Statement, who).where(Statement.id == id_)
    row = db.scalar(whole.options(undefer(Statement.content), undefer(Statement.inputs)))
    if row is None:
        raise NotFound(field="key")
    try:
        signed, now = worked_out_again(db, who, row)
    except YuetanError as refusal:
        why = Text(refusal.text("zh"), refusal.text("en"))
        return Again(_STATEMENT, row.id, row.key, "differs", why=why)
    places = _places(signed.model_dump(mode="json"), now.model_dump(mode="json"))
    return Again(_STATEMENT, row.id, row.key, "differs" if places else "equal", places=places)


def _footprint(db: Session, who: Who, library: Library, id_: UUID) -> Again:
    row, before, now = footprint_again(db, who, library, id_)
    if isinstance(now, YuetanError):
        return Again(_FOOTPRINT, row.id, row.key, "differs", why=Text(now.text("zh"), now.text("en")))
    places = _places(figures(before), figures(now))
    return Again(_FOOTPRINT, row.id, row.key, "differs" if places else "equal", places=places)


def _position(db: Session, who: Who, library: Library, id_: UUID) -> Again:
    row, now = position_again(db, who, library, id_)
    if isinstance(now, YuetanError):
        return Again(_POSITION, row.id, row.key, "differs", why=Text(now.text("zh"), now.text("en")))
    places = _places(figures(row.result), figures(now))
    return Again(_POSITION, row.id, row.key, "differs" if places else "equal", places=places)


def figures(value: Any) -> Any:
    """Return a result without its words, each number in the one form that is compared."""
    if isinstance(value, Mapping):
        return {
            str(name): figures([step[:2] for step in part] if _is_steps(part) else part)
            for name, part in value.items()
            if name not in _NOT_FIGURES
        }
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | float):
        return format(float(value), ".15g")
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [figures(one) for one in value]
    return str(value)


def _is_steps(value: Any) -> bool:
    """Return whether ``value`` is a list of steps: key, value and what is said of it in two languages."""
    return isinstance(value, list | tuple) and all(isinstance(step, list | tuple) and len(step) == 4 for step in value)


_MOST_PLACES = 5


def _places(before: Any, now: Any, at: str = "") -> tuple[str, ...]:
    """Return the first places at which two results differ."""
    if before == now:
        return ()
    pairs: list[tuple[Any, Any, Any]] = []
    if isinstance(before, Mapping) and isinstance(now, Mapping):
        pairs = [(name, before.get(name), now.get(name)) for name in sorted(before.keys() | now.keys())]
    elif isinstance(before, list) and isinstance(now, list) and len(before) == len(now):
        pairs = [(i, a, b) for i, (a, b) in enumerate(zip(before, now, strict=True))]
    if not pairs:
        return (at or ".",)
    found: list[str] = []
    for name, a, b in pairs:
        found += _places(a, b, f"{at}.{name}" if at else str(name))
        if len(found) >= _MOST_PLACES:
            break
    return tuple(found[:_MOST_PLACES])


def everyone(database: Database, organisation: UUID | None) -> list[Who]:
    """Return whom to work for: one organisation, or each of the installation."""
    with database.reading() as db:
        ids = [organisation] if organisation else organisations(db)
    return [Who(one, EMBEDDED.person_id) for one in ids]
