"""An installation's own values against the default values of its goods: what verified data save, by good."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cbam.exposure import certificates, default_path
from cbam.installation import GoodLine
from cbam.value_of_data import gain_per_t
from models.errors import YuetanError
from models.law import LawAt


@dataclass(frozen=True, slots=True)
class AgainstDefault:
    """
    Own and default values of one code, tCO2e per t of goods, and what is due on each basis.

    ``refusal`` says why there is no default value to compare with; then the
    default figures are ``None``. ``gain_eur_per_t`` needs a price.
    """

    good: GoodLine
    own_due_tco2e_per_t: float
    default_see_tco2e_per_t: float | None
    default_sefa_tco2e_per_t: float | None
    default_due_tco2e_per_t: float | None
    gain_eur_per_t: float | None
    refusal: YuetanError | None = None


def against_default(
    goods: Sequence[GoodLine], origin: str, law: LawAt, price_eur_per_t: float | None
) -> tuple[AgainstDefault, ...]:
    """
    Compare goods of an installation with the default values of their code and origin.

    Parameters
    ----------
    goods : sequence of GoodLine
        What the installation makes, per code.
    origin : str
        Country of the installation.
    law : LawAt
        The law of the year.
    price_eur_per_t : float or None
        Certificate price, EUR per tCO2e.

    Notes
    -----
    Due is max(0, SEE - SEFA) on each basis; the gain is the difference at the
    price, before what verification costs (``value_of_data`` has that).
    """
    return tuple(_one(good, origin, law, price_eur_per_t) for good in goods)


def _one(good: GoodLine, origin: str, law: LawAt, price: float | None) -> AgainstDefault:
    own = float(certificates(1.0, good.see_tco2e_per_t, good.sefa_tco2e_per_t))
    try:
        path = default_path(law, origin, good.cn_code)
    except YuetanError as refusal:
        return AgainstDefault(good, own, None, None, None, None, refusal)
    due = float(certificates(1.0, path.see_tco2e_per_t, path.sefa_tco2e_per_t))
    gain = None if price is None else float(gain_per_t(due, own, price))
    return AgainstDefault(good, own, path.see_tco2e_per_t, path.sefa_tco2e_per_t, due, gain)
