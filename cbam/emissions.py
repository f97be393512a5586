"""Specific embedded emissions (SEE) by default value, with mark-up."""

from __future__ import annotations

from cbam.errors import NoDefaultValue
from models.law import LawAt, Read
from models.units import Numbers

DEFAULT_VALUES = "eu.cbam.default_values"
#: "Other countries and territories" in the tables of the act.
OTHER = "ZZ"


def default_row(law: LawAt, origin: str, cn_code: str) -> Read:
    """
    Return the row of the default value table that governs a good.

    In the table of the origin the longest code that is a prefix of the CN8; if
    that origin gives no number, the row of "other countries and territories",
    value and route together.

    Raises
    ------
    NoDefaultValue
        Neither table has a row.

    Notes
    -----
    Source ``eu-2025-2621`` Annex I as replaced by ``eu-2026-1740``; which
    edition is read is the word ``eu.cbam.default_value_edition``.
    """
    edition = law.word("eu.cbam.default_value_edition")
    for table in (origin, OTHER):
        for digits in (8, 7, 6, 5, 4):
            if law.peek(DEFAULT_VALUES, edition, table, cn_code[:digits]) is not None:
                read = law.row(DEFAULT_VALUES, edition, table, cn_code[:digits])
                assert read is not None  # noqa: S101 - peeked one line above
                return read
    raise NoDefaultValue(field="origin", origin=origin, cn_code=cn_code)


def default_with_markup(default_tco2e_per_t: Numbers, markup: float) -> Numbers:
    """
    Specific embedded emissions to use when no verified value is declared.

    Parameters
    ----------
    default_tco2e_per_t : float or array, shape (n,)
        Published default value without mark-up, tCO2e per t of goods.
    markup : float
        Fraction added to it, from ``eu.cbam.default_markup.<sector>``.

    Returns
    -------
    float or array, shape (n,)
        tCO2e per t of goods, not rounded: the act gives no rounding for it.

    Notes
    -----
    Source ``eu-2025-2621`` Annex I, kept by ``eu-2026-1740``. The published
    yearly columns hold the mark-up already; give the column without it.

    Examples
    --------
    >>> round(default_with_markup(6.035, 0.10), 6)
    6.6385
    """
    return default_tco2e_per_t * (1.0 + markup)
