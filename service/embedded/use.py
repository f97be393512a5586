"""The cost of a chain, from input or from a file with every finding at its cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from models.errors import YuetanError
from models.findings import Finding
from models.roll_up import RollUp, roll_up
from models.roll_up_links import problems
from service.auth import Who
from service.embedded.supplies import ChainQuestion, Supplied, supplied, with_files
from service.embedded.workbook import ReadChain
from service.library import Library


@dataclass(frozen=True, slots=True)
class Rolled:
    """A chain rolled up: what was asked, signed files included, what came of it, and the statements it rests on."""

    asked: ChainQuestion
    found: RollUp
    statements: tuple[Supplied, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Shelf:
    """Where signed statements are found: those brought in before, and files handed in with the chain."""

    db: Session
    who: Who
    files: Sequence[bytes] = ()


def rolled_up(asked: ChainQuestion, library: Library, shelf: Shelf | None) -> Rolled:
    """
    Return the cost of every node of a chain.

    Raises
    ------
    YuetanError
        The first that stands against it.
    """
    given, told, whole, statements, refused = _supplied(asked, shelf)
    if refused:
        raise refused[0]
    found = roll_up(whole, library.measures)
    return Rolled(given, found, statements, (*told, *found.findings))


def from_file(read: ReadChain, library: Library, shelf: Shelf | None) -> tuple[Rolled | None, tuple[Finding, ...]]:
    """Return what a file comes to, none where anything of it is refused, and every finding by cell."""
    if read.asked is None:
        return None, read.findings
    given, told, whole, statements, refused = _supplied(read.asked, shelf)
    found: RollUp | None = None
    refused = refused or problems(whole, library.measures)
    # A file that is refused counts even where no node names it: the user meant it to be in.
    if not refused and not any(one.refuses for one in told):
        try:
            found = roll_up(whole, library.measures)
        except YuetanError as refusal:
            refused.append(refusal)
    more = (*told, *(Finding.of(one) for one in refused), *(found.findings if found else ()))
    findings = (*read.findings, *map(read.lists.placed, more))
    return (Rolled(given, found, statements, findings) if found else None), findings


def _supplied(
    asked: ChainQuestion, shelf: Shelf | None
) -> tuple[ChainQuestion, list[Finding], ChainQuestion, tuple[Supplied, ...], list[YuetanError]]:
    """Return the chain with its files enclosed, what is said of them, the chain with its statements as nodes, and refusals."""
    if shelf is None:  # a chain that names none, where there is no database
        return asked, [], asked, (), []
    given, told = with_files(shelf.db, shelf.who, asked, shelf.files)
    whole, statements, notes, refused = supplied(shelf.db, shelf.who, given)
    return given, [*told, *notes], whole, statements, refused
