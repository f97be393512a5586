"""The cost of a chain, from input or from a file with every finding at its cell."""

from __future__ import annotations

from models.errors import YuetanError
from models.findings import Finding
from models.roll_up import RollUp, roll_up
from models.roll_up_asked import ChainAsk
from models.roll_up_links import problems
from service.embedded.workbook import read_chain
from service.library import Library


def rolled_up(asked: ChainAsk, library: Library) -> RollUp:
    """
    Return the cost of every node of a chain.

    Raises
    ------
    YuetanError
        The first that stands against it.
    """
    return roll_up(asked, library.measures)


def from_file(data: bytes, library: Library, inputs: bytes | None = None) -> tuple[RollUp | None, tuple[Finding, ...]]:
    """
    Return what a file comes to, none where anything of it is refused, and every finding by cell.

    Raises
    ------
    FileProblem, NothingToRead
        The file cannot be read.
    """
    read = read_chain(data, inputs)
    if read.asked is None:
        return None, read.findings
    refused: list[YuetanError] = problems(read.asked, library.measures)
    found: RollUp | None = None
    if not refused:
        try:
            found = roll_up(read.asked, library.measures)
        except YuetanError as refusal:
            refused.append(refusal)
    told = (*(Finding.of(one) for one in refused), *(found.findings if found else ()))
    return found, (*read.findings, *map(read.lists.placed, told))
