"""The way in: one consignment under the law of its day -> what it owes, step by step."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from cbam.consignment import Basis, Consignment
from cbam.emissions import default_row, default_with_markup
from cbam.errors import IncompleteActual, MixedBasis, TransitionalPeriod
from cbam.free_allocation import benchmark_b, free_allocation_default, route_of
from cbam.goods import Good, Origin, good, origin_of
from cbam.prices import CertificatePrice, Pricing
from models.errors import NOTHING, Text
from models.law import LawAt, LawBook, Read
from models.money import RELATIVE_ERROR, to_cents
from models.provenance import Provenance, fingerprint
from models.table import Result, Row
from models.units import Numbers

METHOD = "cbam.exposure/1"

REPORTING_YEAR = "eu.cbam.reporting_year_rule"


@dataclass(frozen=True, slots=True)
class DefaultPath:
    """The default basis of a good and origin in one state of the law: every number and where it was read."""

    total_tco2e_per_t: float
    markup: float
    see_tco2e_per_t: float
    benchmark_tco2e_per_t: float
    route: str
    cbam_factor: float
    cscf: float
    sefa_tco2e_per_t: float
    row: Read
    reads: tuple[Read, ...]
    #: Keys of values held beyond their last day; none once the factor is zero, since they change nothing then.
    held: tuple[str, ...]

    def exact(self) -> tuple[Decimal, Decimal]:
        """Return SEE and SEFA in exact decimals, for an amount that float64 leaves on the edge of a cent."""
        total, markup, b, f, cscf = (
            Decimal(repr(x))
            for x in (
                self.total_tco2e_per_t,
                self.markup,
                self.benchmark_tco2e_per_t,
                self.cbam_factor,
                self.cscf,
            )
        )
        return total * (1 + markup), f * cscf * b


def default_path(law: LawAt, origin: str, cn_code: str, stated_route: str | None = None) -> DefaultPath:
    """
    Resolve SEE and SEFA of a good on the default basis.

    Raises
    ------
    OutOfScope, UnknownCode, NoDefaultValue, RouteNeeded
        See the functions of ``goods``, ``emissions`` and ``free_allocation``.

    Notes
    -----
    Kept with the law book: it depends on nothing else, and a million lines ask
    for a few thousand of them.
    """
    kept: dict[object, DefaultPath] = law.book.derived.setdefault("cbam.default_path", {})
    key = (law.epoch, origin, cn_code, stated_route)
    found = kept.get(key)
    if found is None:
        inner = LawAt(law.book, law.day)
        item = good(inner, cn_code)
        row = default_row(inner, origin, cn_code)
        markup = inner.number(f"eu.cbam.default_markup.{item.sector}")
        benchmark = benchmark_b(inner, origin, cn_code, row, stated_route)
        factor, cscf = inner.number("eu.cbam.cbam_factor"), inner.number("eu.cbam.cscf")
        total, b = float(row.value or 0.0), float(benchmark.value or 0.0)
        found = kept[key] = DefaultPath(
            total_tco2e_per_t=total,
            markup=markup,
            see_tco2e_per_t=float(default_with_markup(total, markup)),
            benchmark_tco2e_per_t=b,
            route=route_of(benchmark),
            cbam_factor=factor,
            cscf=cscf,
            sefa_tco2e_per_t=float(free_allocation_default(factor, cscf, b)),
            row=row,
            reads=tuple(inner.reads.values()),
            held=tuple(read.key for read in inner.reads.values() if read.assumed) if factor > 0 else (),
        )
    return found


@dataclass(frozen=True, slots=True)
class Settled:
    """What holds for a code and an origin whatever the basis."""

    good: Good
    origin: Origin
    reads: tuple[Read, ...]


def settled(law: LawAt, origin: str, cn_code: str) -> Settled:
    """Return good and standing of the origin, kept with the law book; ``OutOfScope`` or ``UnknownCode`` as ``good``."""
    kept: dict[object, Settled] = law.book.derived.setdefault("cbam.settled", {})
    key = (law.epoch, origin, cn_code)
    found = kept.get(key)
    if found is None:
        inner = LawAt(law.book, law.day)
        inner.word("eu.cbam.period")
        item, standing = good(inner, cn_code), origin_of(inner, origin)
        found = kept[key] = Settled(item, standing, tuple(inner.reads.values()))
    return found


def is_definitive(law: LawAt) -> bool:
    """Return whether the day lies in the definitive period; before it nothing is surrendered (``eu-2023-956`` Art. 36)."""
    kept: dict[int, bool] = law.book.derived.setdefault("cbam.is_definitive", {})
    found = kept.get(law.epoch)
    if found is None:
        period = law.find("eu.cbam.period")
        found = kept[law.epoch] = period is not None and period.value == "definitive"
    return found


def certificates(net_mass_t: Numbers, see: Numbers, sefa: Numbers, secp: Numbers = 0.0) -> Numbers:
    """
    Certificates due before rounding; one certificate is one tonne of CO2e.

    Parameters
    ----------
    net_mass_t : float or array, shape (n,)
        Net mass imported, t.
    see, sefa, secp : float or array, shape (n,)
        Specific embedded emissions, specific embedded free allocation and
        specific emissions for which a carbon price was paid, tCO2e per t.

    Returns
    -------
    float or array, shape (n,)
        N = M * max(0, SEE - SEFA - SECP): the floor is per good, a surplus on
        one never helps another. ``eu-2023-956`` Art. 6, 22 and 31.

    Examples
    --------
    >>> round(certificates(10.0, 6.6385, 1.453725), 5)
    51.84775
    """
    if isinstance(see, float) and isinstance(sefa, float) and isinstance(secp, float):
        return net_mass_t * max(0.0, see - sefa - secp)
    return net_mass_t * np.maximum(0.0, np.asarray(see) - sefa - secp)


def exact_cost(net_mass_t: float, price_eur_per_t: float, secp: float, see: Decimal, sefa: Decimal) -> Decimal:
    """Return the cost of one line in EUR in exact decimals; the shortest decimal that names each double is meant."""
    due = max(Decimal(0), see - sefa - Decimal(repr(float(secp))))
    return Decimal(repr(float(net_mass_t))) * due * Decimal(repr(float(price_eur_per_t)))


def cost_cents(
    net_mass_t: float, see: float, sefa: float, secp: float, price_eur_per_t: float, default: DefaultPath | None = None
) -> int:
    """Return the cost of one line in whole euro cents, half up, as exact decimal arithmetic gives it."""

    def exact(_: int) -> Decimal:
        pair = default.exact() if default else (Decimal(repr(see)), Decimal(repr(sefa)))
        return exact_cost(net_mass_t, price_eur_per_t, secp, *pair)

    amount = float(certificates(net_mass_t, see, sefa, secp)) * price_eur_per_t
    bound = RELATIVE_ERROR * net_mass_t * (see + sefa + secp) * price_eur_per_t
    return int(to_cents(amount, bound, exact))


@dataclass(frozen=True, slots=True)
class Embedded:
    """Emissions and free allocation of one import line, before price and deduction."""

    consignment: Consignment
    settled: Settled
    see_tco2e_per_t: float
    sefa_tco2e_per_t: float
    default: DefaultPath | None

    @property
    def origin(self) -> Origin:
        """Standing of the customs origin."""
        return self.settled.origin

    @property
    def good(self) -> Good:
        """The good of the code."""
        return self.settled.good

    @property
    def reads(self) -> tuple[Read, ...]:
        """Every value of the law that SEE and SEFA rest on."""
        return self.settled.reads + (self.default.reads if self.default else ())


@dataclass(frozen=True, slots=True)
class Exposure(Result):
    """What a consignment owes under CBAM, and how the figure came about."""

    embedded: Embedded
    secp_tco2e_per_t: float
    certificates: float
    price: CertificatePrice
    cost_eur: float
    scenarios: tuple[str, ...]

    @property
    def consignment(self) -> Consignment:
        """The import line."""
        return self.embedded.consignment

    @property
    def default(self) -> DefaultPath | None:
        """The default basis as it was resolved; ``None`` on the actual basis and for origins that owe nothing."""
        return self.embedded.default

    @property
    def cost_eur_per_t(self) -> float:
        """Cost per tonne of goods, before the rounding of the line's amount."""
        return self.certificates * self.price.eur_per_t / self.consignment.net_mass_t

    @property
    def provenance(self) -> Provenance:
        """What the figure rests on; equal inputs and equal law give an equal key."""
        inputs = self.consignment.model_dump() | {
            "price_eur_per_t": self.price.eur_per_t,
            "price_status": self.price.status,
            "secp_tco2e_per_t": self.secp_tco2e_per_t,
        }
        reads = {read.key: read for read in (*self.embedded.reads, *self.price.reads)}
        return Provenance(METHOD, fingerprint(inputs), tuple(reads.values()), self.scenarios)

    def rows(self) -> list[Row]:
        c = self.consignment
        mass = Row("net_mass", Text("净重", "Net mass"), c.net_mass_t, "t", digits=3)
        if self.embedded.origin is not Origin.LIABLE:
            why = {
                Origin.EXEMPT: Text("原产地免于 CBAM（附件三）", "origin outside CBAM (Annex III)"),
                Origin.EU: Text("欧盟原产货物", "goods of EU origin"),
            }[self.embedded.origin]
            return [mass, Row("cost", Text("CBAM 费用", "CBAM cost"), 0.0, "EUR", why)]
        return [
            mass,
            *_basis_rows(self.default),
            Row("see", Text("单位隐含排放 SEE", "Specific embedded emissions SEE"), self.embedded.see_tco2e_per_t, "tCO2e/t",
                NOTHING if self.default else Text("经核查的实际值", "verified actual value"), 6),
            Row("sefa", Text("减：单位免费分配 SEFA", "- specific embedded free allocation SEFA"),
                self.embedded.sefa_tco2e_per_t, "tCO2e/t",
                NOTHING if self.default else Text("A 列链，按核查报告", "column A chain, as verified"), 6),
            Row("secp", Text("减：已付碳价对应排放 SECP", "- emissions with a carbon price paid SECP"),
                self.secp_tco2e_per_t, "tCO2e/t", digits=6),
            Row("certificates", Text("= 应交证书（取整前）", "= certificates (before rounding)"), self.certificates, "",
                Text("净重 ×（SEE − SEFA − SECP），不低于零", "net mass x (SEE - SEFA - SECP), not below zero"), 5),
            Row("price", Text("× 证书价格", "x certificate price"), self.price.eur_per_t, "EUR/t", self.price.label),
            Row("cost", Text("= CBAM 费用", "= CBAM cost"), self.cost_eur, "EUR"),
            Row("cost_per_t", Text("每吨产品", "per tonne of product"), self.cost_eur_per_t, "EUR/t"),
        ]  # fmt: skip

    def proof(self) -> list[str]:
        return self.provenance.lines()


def _basis_rows(path: DefaultPath | None) -> Iterable[Row]:
    if path is None:
        return ()
    table = path.row.key_part(1)
    code = path.row.key_part(2)
    route = Text(f"B 列，路线 {path.route or '—'}", f"column B, route {path.route or '-'}")
    beyond = Text("2030 年后沿用（假设）", "held after 2030 (assumption)") if path.held else NOTHING
    return (
        Row("default_value", Text("默认值（未加成）", "Default value without mark-up"), path.total_tco2e_per_t, "tCO2e/t",
            Text(f"{table} 表，行 {code}", f"table {table}, row {code}"), 6),
        Row("markup", Text("加成", "Mark-up"), path.markup, "", digits=2),
        Row("benchmark", Text("CBAM 基准值", "CBAM benchmark"), path.benchmark_tco2e_per_t, "tCO2e/t", route, 6),
        Row("cbam_factor", Text("CBAM 系数 × CSCF", "CBAM factor x CSCF"), path.cbam_factor * path.cscf, "", beyond, 4),
    )  # fmt: skip


def reporting_year(imported_on: dt.date, production_year: int | None, law: LawAt) -> int:
    """
    Return the reporting period of goods: the year of their emissions, benchmark and factor.

    For imports of 2026 it is 2026. Later it is the year of production, presumed
    to be the year of import unless another is shown (``eu-2025-2620``; the word
    is ``eu.cbam.reporting_year_rule``, of the day of import).
    """
    stated = production_year not in (None, imported_on.year)
    if stated and law.word(REPORTING_YEAR) != "year_of_import":
        return int(production_year or imported_on.year)
    return imported_on.year


def reporting_day(consignment: Consignment, law: LawAt) -> dt.date:
    """Return the day whose law gives emissions, benchmark and factor; see ``reporting_year``."""
    day = consignment.imported_on
    year = reporting_year(day, consignment.production_year, law)
    return day if year == day.year else dt.date(year, 12, 31)


def embed(consignment: Consignment, law: LawAt) -> Embedded:
    """
    Return SEE and SEFA of a consignment under the law of its day of import.

    Raises
    ------
    TransitionalPeriod
        Imported before the definitive period.
    MixedBasis, IncompleteActual
        Values given for the other basis, or one of the two missing.
    OutOfScope, UnknownCode, NoDefaultValue, RouteNeeded
        The good or its row cannot be settled.
    """
    c = consignment
    if not is_definitive(law):
        raise TransitionalPeriod(field="imported_on", imported_on=c.imported_on)
    see, sefa = c.see_tco2e_per_t, c.sefa_tco2e_per_t
    if c.basis is Basis.DEFAULT and (see is not None or sefa is not None):
        raise MixedBasis(field="sefa_tco2e_per_t" if see is None else "see_tco2e_per_t")
    of = settled(law, c.origin, c.cn_code)
    if of.origin is not Origin.LIABLE:
        return Embedded(c, of, 0.0, 0.0, None)
    if c.basis is Basis.DEFAULT:
        day = reporting_day(c, law)
        default = default_path(law if day == law.day else law.book.at(day), c.origin, c.cn_code, c.route)
        return Embedded(c, of, default.see_tco2e_per_t, default.sefa_tco2e_per_t, default)
    if see is None or sefa is None:
        missing = [name for name, value in (("SEE", see), ("SEFA", sefa)) if value is None]
        raise IncompleteActual(
            field="see_tco2e_per_t" if see is None else "sefa_tco2e_per_t", missing="/".join(missing)
        )
    return Embedded(c, of, see, sefa, None)


def expose(embedded: Embedded, law: LawAt, price: CertificatePrice, secp_tco2e_per_t: float = 0.0) -> Exposure:
    """Return what an import line owes at ``price``, less ``secp_tco2e_per_t`` of carbon price paid abroad that counts."""
    e = embedded
    secp = secp_tco2e_per_t if e.settled.origin is Origin.LIABLE else 0.0
    mass, see, sefa = e.consignment.net_mass_t, e.see_tco2e_per_t, e.sefa_tco2e_per_t
    due = float(certificates(mass, see, sefa, secp))
    cost = cost_cents(mass, see, sefa, secp, price.eur_per_t, e.default) / 100.0
    return Exposure(e, secp, due, price, cost, law.book.scenarios)


def assess(consignment: Consignment, law: LawAt, price: CertificatePrice, secp_tco2e_per_t: float = 0.0) -> Exposure:
    """
    Assess one consignment at a given price.

    Parameters
    ----------
    consignment : Consignment
        The import line.
    law : LawAt
        The law of the day of import, opened for this calculation.
    price : CertificatePrice
        Certificate price, EUR per tCO2e, with its standing.
    secp_tco2e_per_t : float
        Specific emissions for which a carbon price paid abroad counts, tCO2e
        per t; zero unless the deduction of ``cbam.deduction`` counts.

    Returns
    -------
    Exposure
        Rows in the order a lawyer would check them.

    Raises
    ------
    YuetanError
        As ``embed``.

    Notes
    -----
    N = M * max(0, SEE - SEFA - SECP), cost = N * P; ``eu-2023-956`` with
    ``eu-2025-2620``. Default emissions force the default adjustment.
    """
    return expose(embed(consignment, law), law, price, secp_tco2e_per_t)


def assess_import(consignment: Consignment, book: LawBook, pricing: Pricing) -> Exposure:
    """Assess one consignment under the law and at the price of its day of import; raises as ``embed`` and the price do."""
    law = book.at(consignment.imported_on)
    embedded = embed(consignment, law)
    return expose(embedded, law, pricing.for_import(law))
