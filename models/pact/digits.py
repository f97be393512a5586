"""Decimal strings: what PACT writes every fractional number as. Digits are kept, exponents are not written."""

from __future__ import annotations

import re
from decimal import Context, Decimal
from typing import Annotated

from pydantic import AfterValidator, Field

#: Longer texts and larger exponents are no measurement; written out they would fill a page.
MOST_CHARACTERS, MOST_EXPONENT = 60, 40
_TEXT = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE]([+-]?[0-9]{1,9}))?", re.ASCII)
#: Products of two decimals of the longest kind stay exact.
EXACT = Context(prec=400)


def decimal_of(text: str) -> Decimal:
    """
    Return the number that a decimal string writes, with all its digits.

    Raises
    ------
    ValueError
        The text is no decimal: ``1,5``, ``.5``, ``NaN``, ``Infinity``, digits of other scripts, or far too long.
    """
    found = _TEXT.fullmatch(text) if len(text) <= MOST_CHARACTERS else None
    if found is None or abs(int(found.group(1) or 0)) > MOST_EXPONENT:
        raise ValueError("not a decimal string such as 12.3456")
    return Decimal(text)


def plain(value: Decimal) -> str:
    """
    Return a decimal without exponent, its digits kept.

    Examples
    --------
    >>> plain(Decimal("-1.2e+3")), plain(Decimal("0.50")), plain(Decimal("1E-7"))
    ('-1200', '0.50', '0.0000001')
    """
    text = format(value, "f")
    return text.removeprefix("-") if value.is_zero() else text


def shortest(value: Decimal) -> str:
    """Return a decimal without exponent and without zeros behind its last digit: for products, whose zeros say nothing."""
    text = plain(value)
    return text.rstrip("0").rstrip(".") if "." in text else text


def times(value: Decimal, factor: Decimal) -> Decimal:
    """Return the exact product."""
    return EXACT.multiply(value, factor)


def half_last_digit(value: Decimal) -> Decimal:
    """Return half a unit of the last digit shown."""
    exponent = value.as_tuple().exponent
    return Decimal(5).scaleb((exponent if isinstance(exponent, int) else 0) - 1)


def _written(text: str) -> str:
    return plain(decimal_of(text))


def _at_least_zero(text: str) -> str:
    if Decimal(text) < 0:
        raise ValueError("must not be below 0")
    return text


def _above_zero(text: str) -> str:
    if Decimal(text) <= 0:
        raise ValueError("must be above 0")
    return text


def _at_most_zero(text: str) -> str:
    if Decimal(text) > 0:
        raise ValueError("must not be above 0")
    return text


def _percent(text: str) -> str:
    if not 0 <= Decimal(text) <= 100:
        raise ValueError("must be from 0 to 100")
    return text


def _rating(text: str) -> str:
    if not 1 <= Decimal(text) <= 5:
        raise ValueError("must be from 1 to 5")
    return text


#: A number of JSON is refused: a reader of floats has lost digits before we see it.
DecimalText = Annotated[str, Field(strict=True), AfterValidator(_written)]
NotNegativeText = Annotated[DecimalText, AfterValidator(_at_least_zero)]
PositiveText = Annotated[DecimalText, AfterValidator(_above_zero)]
NotPositiveText = Annotated[DecimalText, AfterValidator(_at_most_zero)]
PercentText = Annotated[DecimalText, AfterValidator(_percent)]
RatingText = Annotated[DecimalText, AfterValidator(_rating)]
