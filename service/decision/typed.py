"""Numbers as people write them, for the form and for tables: what could be read two ways is not read at all."""

from __future__ import annotations

import re

from service.workbook.layout import plain

#: Thousands with commas, decimals with a point.
_NUMBER = re.compile(r"(?:[0-9]{1,15}|[0-9]{1,3}(?:,[0-9]{3}){1,4})(?:\.[0-9]{1,17})?")


def number_of(text: str) -> float | None:
    """
    Return a number not below zero; ``None`` for anything that is none or could be two.

    Examples
    --------
    >>> number_of("1,250.5"), number_of("１０ 000"), number_of("1,5"), number_of("50 %")
    (1250.5, 10000.0, None, 50.0)
    """
    written = plain(text).replace(" ", "").removesuffix("%")
    return float(written.replace(",", "")) if _NUMBER.fullmatch(written) else None
