"""What a missing certificate or an import without authorisation costs, with what our sources leave open."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from models.errors import Text
from models.law import LawAt, Read
from models.table import Result, Row

_T = "eu.cbam.thresholds"


@dataclass(frozen=True, slots=True)
class Penalties(Result):
    """
    Penalties for what is missing at the deadline and for imports without authorisation.

    The amount per certificate is indexed from 2013 and the index is not in our
    sources: with the user's amount the money is told, without it the count and
    the amount of 2013, which is the least.
    """

    missing: int
    unauthorised: float
    per_certificate_2013_eur: float
    per_certificate_eur: Decimal | None
    low_multiple: float
    high_multiple: float
    may_be_reduced: bool
    reads: tuple[Read, ...]

    def _money(self, count: float, multiple: float = 1.0) -> float | None:
        return None if self.per_certificate_eur is None else float(self.per_certificate_eur) * count * multiple

    def rows(self) -> list[Row]:
        index = Text("2013 年价格，按指数上调；现行金额请填写", "of 2013, indexed since; enter the amount of today")
        stated = (
            index
            if self.per_certificate_eur is None
            else Text("用户填写的现行金额", "amount of today as stated by the user")
        )
        still = Text("罚款后证书仍须补交", "the certificates stay due")
        freed = Text("付清后不再上缴", "payment releases from the surrender")
        reduced = (
            Text("超门槛不超过一成，可减轻", "the threshold is passed by no more than a tenth: it may be lower")
            if self.may_be_reduced
            else freed
        )
        return [
            Row("per_certificate", Text("每缺一张证书", "Per missing certificate"),
                self.per_certificate_2013_eur if self.per_certificate_eur is None else float(self.per_certificate_eur), "EUR", stated),
            Row("missing", Text("到期缺证书", "Missing at the deadline"), float(self.missing), digits=0),
            Row("penalty", Text("罚款", "Penalty"), self._money(self.missing), "EUR", still),
            Row("unauthorised", Text("未经授权进口对应证书", "Certificates of imports without authorisation"), self.unauthorised, digits=3),
            Row("unauthorised_low", Text("未经授权进口罚款，最低", "Penalty without authorisation, lowest"),
                self._money(self.unauthorised, self.low_multiple), "EUR", reduced),
            Row("unauthorised_high", Text("未经授权进口罚款，最高", "Penalty without authorisation, highest"),
                self._money(self.unauthorised, self.high_multiple), "EUR", freed),
        ]  # fmt: skip

    def proof(self) -> list[str]:
        return [read.line() for read in self.reads]


def penalties(
    missing: int, unauthorised: float, total_t: float, law: LawAt, per_certificate_eur: Decimal | None = None
) -> Penalties:
    """
    Return what is at stake.

    Parameters
    ----------
    missing : int
        Certificates missing at the deadline of the declaration.
    unauthorised : float
        Certificates of imports without authorisation.
    total_t : float
        Net mass of the year, t: decides whether a reduction is possible.
    law : LawAt
        The law of the year.
    per_certificate_eur : Decimal, optional
        Indexed amount of today, as the user states it.

    Notes
    -----
    ``eu-2023-956`` Art. 26 as amended; the amount is that of Directive
    2003/87/EC Art. 16, in EUR of 2013.
    """
    threshold = law.number(f"{_T}.de_minimis_net_mass")
    over = law.number(f"{_T}.penalty_reduction_overshoot_max")
    return Penalties(
        missing=missing,
        unauthorised=unauthorised,
        per_certificate_2013_eur=law.number(f"{_T}.penalty_per_missing_certificate"),
        per_certificate_eur=per_certificate_eur,
        low_multiple=law.number(f"{_T}.penalty_unauthorised_min_multiple"),
        high_multiple=law.number(f"{_T}.penalty_unauthorised_max_multiple"),
        may_be_reduced=threshold < total_t <= threshold * (1.0 + over),
        reads=tuple(law.reads.values()),
    )
