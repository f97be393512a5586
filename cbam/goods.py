"""Goods and origins: what is in scope, in which sector, and whose goods owe nothing."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cbam.errors import OutOfScope, UnknownCode
from models.law import LawAt, LawBook

SCOPE = "eu.cbam.scope"


@dataclass(frozen=True, slots=True)
class Good:
    """A good in scope. ``direct_only``: indirect emissions do not count (all but 2601 12 00)."""

    cn_code: str
    sector: str
    category: str
    direct_only: bool
    description: str


class Origin(StrEnum):
    """What the customs origin means for the duty to surrender."""

    LIABLE = "liable"
    EXEMPT = "exempt"
    EU = "eu"


def good(law: LawAt, cn_code: str) -> Good:
    """
    Return the good of an eight-digit code.

    Raises
    ------
    OutOfScope
        The code belongs to a heading that the law names as outside.
    UnknownCode
        The code is in no list of steel and aluminium goods.

    Notes
    -----
    Source ``eu-2023-956``, Annexes I and II.
    """
    read = law.row(SCOPE, cn_code)
    if read is not None and read.value == 1:
        return Good(
            cn_code=cn_code,
            sector=read.attr("sector"),
            category=read.attr("category"),
            direct_only=read.attr("direct_only") == "1",
            description=read.attr("description"),
        )
    for digits in range(7, 3, -1):
        outside = law.row(SCOPE, cn_code[:digits])
        if outside is not None and outside.value == 0:
            raise OutOfScope(field="cn_code", cn_code=cn_code, heading=cn_code[:digits])
    raise UnknownCode(field="cn_code", cn_code=cn_code)


def candidates(book: LawBook, prefix: str) -> list[str]:
    """Return the eight-digit codes in scope that start with ``prefix``, in order."""
    return sorted(code for (code,) in book.tables[SCOPE].rows if len(code) == 8 and code.startswith(prefix))


def origin_of(law: LawAt, origin: str) -> Origin:
    """
    Return whether goods of ``origin`` are liable, exempt (Annex III point 1) or of the Union.

    Source ``eu-2023-956`` Art. 2(4) with Annex III point 1.
    """
    if law.row("eu.cbam.exempt_origins", origin) is not None:
        return Origin.EXEMPT
    if law.row("eu.cbam.eu_members", origin) is not None:
        return Origin.EU
    return Origin.LIABLE
