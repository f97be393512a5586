"""What was bought and used: lots of several suppliers to what one tonne of a material brings, with its balance."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from cbam.chain import bought, counts_direct_only, is_exempt
from cbam.errors import IncompleteActual, OutOfScope
from cbam.installation_errors import (
    DefaultUsed,
    LessUsedThanBought,
    LotBelowZero,
    LotsWithoutEvidence,
    MoreUsedThanBought,
    NoPrecursor,
    NoSupplierSefa,
    NotVerified,
    OriginUnknown,
    ReportOfAnotherYear,
    SeePartsDiffer,
    TotalGiven,
    UnknownMaterial,
)
from cbam.made import Brought
from cbam.plant import Purchase, Use
from cbam.process import Known, Precursor
from cbam.said import Said
from cbam.stream_errors import SameId
from models.errors import YuetanError
from models.findings import Severity
from models.law import LawAt

#: Masses that agree to this share are equal: what is left of decimal fractions in binary, no weighing tolerance.
EQUAL = 1e-9
#: Three figures of a report, each rounded to the five decimals of the act, may differ by this much.
_ROUNDED = 2e-5


@dataclass(frozen=True, slots=True)
class Lot:
    """One purchase with what a tonne of it brings, ``None`` where it is no precursor."""

    purchase: Purchase
    brought: Brought | None


@dataclass(frozen=True, slots=True)
class Portion:
    """A mass of one lot that entered a process."""

    lot: Lot
    mass_t: float


def settle_lot(p: Purchase, law: LawAt) -> tuple[Lot, list[tuple[Severity, YuetanError]]]:
    """
    Return what a lot brings, and what people should know about it.

    Raises
    ------
    LotBelowZero, TotalGiven, SeePartsDiffer, IncompleteActual
        Its masses or its stated emissions do not fit.
    UnknownCode, NoDefaultValue, RouteNeeded
        Its code or its default value cannot be settled.

    Notes
    -----
    EU and exempt countries bring zero on both sides; a verified report counts;
    anything else takes the default value, which is always said. ``eu-2025-2547``
    Annex III, B; ``eu-2025-2620`` Annex, 3.3.
    """
    if p.used_t < -EQUAL * (p.bought_t + p.opening_stock_t):
        raise LotBelowZero(field="closing_stock_t", id=p.id, used_t=p.used_t)
    try:
        direct_only = counts_direct_only(law, p.cn_code)
    except OutOfScope as out:
        heading = out.params["heading"]
        return Lot(p, None), [("info", NoPrecursor(field="cn_code", id=p.id, cn_code=p.cn_code, heading=heading))]
    name = f"{p.material} · {p.supplier}" if p.supplier else p.material
    if is_exempt(law, p.origin):
        return Lot(p, Brought(name, "exempt", 0.0, 0.0, 0.0)), []
    said: list[tuple[Severity, YuetanError]] = []
    stated = (p.see_direct_tco2e_per_t, p.see_indirect_tco2e_per_t, p.see_total_tco2e_per_t)
    see = indirect = None
    known: Known = "default" if p.origin is not None else "unknown_origin"
    if any(value is not None for value in stated):
        if p.verified:
            known, (see, indirect) = "verified", _counted(p, direct_only)
        else:
            said.append(("warning", NotVerified(field="verified", id=p.id)))
    if known == "verified" and p.sefa_tco2e_per_t is None:
        said.append(("info", NoSupplierSefa(field="sefa_tco2e_per_t", id=p.id)))
    elif known == "default" and not said:
        said.append(("info", DefaultUsed(field="see_direct_tco2e_per_t", id=p.id, origin=p.origin)))
    elif known == "unknown_origin":
        said.append(("warning", OriginUnknown(field="origin", id=p.id)))
    asked = Precursor.model_construct(
        name=name, mass_t=1.0, known=known, process=None, cn_code=p.cn_code, origin=p.origin, route=p.route,
        see_tco2e_per_t=see, sefa_tco2e_per_t=p.sefa_tco2e_per_t if known == "verified" else None,
    )  # fmt: skip
    found = bought(asked, law)
    if known == "verified":
        undivided = float(see or 0.0) if not direct_only and indirect is None else 0.0
        found = replace(found, indirect_tco2e_per_t=indirect or 0.0, undivided_tco2e_per_t=undivided)
        if p.report_year is not None and p.report_year != law.day.year:
            wrong = ReportOfAnotherYear(field="report_year", id=p.id, report_year=p.report_year, year=law.day.year)
            said.append(("warning", wrong))
    return Lot(p, found), said


def _counted(p: Purchase, direct_only: bool) -> tuple[float, float | None]:
    """Return the verified SEE that counts, and what of it is indirect (``None``: not divided)."""
    direct, indirect, total = p.see_direct_tco2e_per_t, p.see_indirect_tco2e_per_t, p.see_total_tco2e_per_t
    if direct is not None and indirect is not None and total is not None:
        if not math.isclose(direct + indirect, total, rel_tol=0.0, abs_tol=_ROUNDED):
            raise SeePartsDiffer(field="see_total_tco2e_per_t", id=p.id)
    elif direct is not None and total is not None and total < direct - _ROUNDED:
        raise SeePartsDiffer(field="see_total_tco2e_per_t", id=p.id)
    if direct_only:
        if direct is None:
            raise TotalGiven(field="see_direct_tco2e_per_t", id=p.id, cn_code=p.cn_code)
        return direct, 0.0
    if direct is not None and indirect is not None:
        return direct + indirect, indirect
    if total is not None:
        return total, None if direct is None else total - direct
    raise IncompleteActual(field="see_indirect_tco2e_per_t", missing=f"{p.id}: SEE (indirect)")


class Materials:
    """The lots of each material and how much of them is left for the average."""

    def __init__(self, lots: Sequence[Lot], broken: Mapping[str, YuetanError]) -> None:
        self._lots: dict[str, list[Lot]] = {}
        for lot in lots:
            self._lots.setdefault(lot.purchase.material, []).append(lot)
        #: Materials with a lot that could not be settled, and why.
        self.broken = broken
        self._left = {lot.purchase.id: lot.purchase.used_t for lot in lots}
        self._used: dict[str, float] = {}
        self._over: set[str] = set()

    @classmethod
    def of(cls, purchases: Sequence[Purchase], law: LawAt, said: Said) -> Materials:
        """Settle the lots; one that cannot be settled breaks its material."""
        times = Counter(purchase.id for purchase in purchases)
        lots: list[Lot] = []
        broken: dict[str, YuetanError] = {}
        for i, purchase in enumerate(purchases):
            try:
                if times[purchase.id] > 1:
                    raise SameId(field="id", id=purchase.id)
                lot, remarks = settle_lot(purchase, law)
            except YuetanError as error:
                said.add(error, f"purchases.{i}")
                broken.setdefault(purchase.material, error)
                continue
            lots.append(lot)
            for severity, remark in remarks:
                said.add(remark, f"purchases.{i}", severity)
        return cls(lots, broken)

    def take(self, use: Use) -> list[Portion]:
        """
        Return the lots behind one use, by the mass used of each in the year.

        Uses of named lots with evidence must be taken before the others.

        Raises
        ------
        UnknownMaterial
            There is no such material, or no such lot of it.
        """
        material = str(use.material)
        if use.mass_t == 0.0:
            return []
        if material in self.broken:
            raise self.broken[material]
        lots = self._lots.get(material)
        if lots is None:
            raise UnknownMaterial(field="material", process=use.process, material=material)
        named = is_subset(use)
        if named:
            unknown = set(use.lots) - {lot.purchase.id for lot in lots}
            if unknown:
                raise UnknownMaterial(field="lots", process=use.process, material=min(unknown))
            lots = [lot for lot in lots if lot.purchase.id in use.lots]
        self._used[material] = self._used.get(material, 0.0) + use.mass_t
        weights = [max(0.0, lot.purchase.used_t if named else self._left[lot.purchase.id]) for lot in lots]
        total = math.fsum(weights)
        if total <= 0.0:
            self._over.add(material)
            return []
        portions = [Portion(lot, use.mass_t * (w / total)) for lot, w in zip(lots, weights, strict=True) if w > 0.0]
        if named:
            for portion in portions:
                left = self._left[portion.lot.purchase.id] - portion.mass_t
                self._left[portion.lot.purchase.id] = left
                if left < -EQUAL * portion.lot.purchase.used_t:
                    self._over.add(material)
        return portions

    def balance(self) -> Iterator[tuple[str, Severity, YuetanError]]:
        """Yield each material whose uses are not its lots: more used is refused, less is remarked."""
        for material, lots in self._lots.items():
            there, used = math.fsum(lot.purchase.used_t for lot in lots), self._used.get(material, 0.0)
            if used > there * (1.0 + EQUAL) or material in self._over:
                wrong = MoreUsedThanBought(field="uses", material=material, used_t=used, there_t=there)
                yield material, "error", wrong
            elif used < there * (1.0 - EQUAL):
                left = LessUsedThanBought(field="uses", material=material, left_t=there - used)
                yield material, "warning", left


def is_subset(use: Use) -> bool:
    """Return whether a use is of certain lots only, which needs evidence."""
    return bool(use.lots and use.evidence)


def without_evidence(use: Use) -> YuetanError | None:
    """Return the remark on a use that names lots and shows no evidence."""
    if use.lots and not use.evidence:
        return LotsWithoutEvidence(field="evidence", process=use.process, material=use.material)
    return None
