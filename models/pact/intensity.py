"""
From a footprint to tonnes per tonne.

``tCO2e per t = kgCO2e per declared unit / kg of product per declared unit``.
Amount, mass and emissions times the same factor leave it as it is. Where the
mass is zero (electricity, transport, services) there is none: a mass is never guessed.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal

from models.errors import Text
from models.pact.footprint import ProductFootprint

_PLACES = Context(prec=28, rounding=ROUND_HALF_EVEN)
#: A footprint beside a result of the EU border: shown, never used in its place.
NOT_CBAM = Text(
    "非 CBAM 口径，核算边界不同：仅供参考，不得作为隐含排放（SEE）使用，除非用户明确选择并标为估算。",
    "Not CBAM-conformant, the boundary differs: shown beside it, never used as embedded emissions (SEE) "
    "unless the user says so, and then marked an estimate.",
)


@dataclass(frozen=True, slots=True)
class Intensity:
    """A footprint per tonne of product, or per declared unit where the product has no mass."""

    value: Decimal
    unit: str

    @property
    def per_tonne(self) -> bool:
        """Whether it is per tonne of product."""
        return self.unit == "tCO2e/t"


def intensity(footprint: ProductFootprint, *, including_uptake: bool = False) -> Intensity:
    """
    Return the footprint per tonne of product, tCO2e per t; the native unit, kgCO2e per one unit, where the mass is 0.

    The boundary stays that of the footprint (cradle to gate, all gases); see ``NOT_CBAM``.
    """
    pcf = footprint.pcf
    kg = Decimal(pcf.pcfIncludingBiogenicUptake if including_uptake else pcf.pcfExcludingBiogenicUptake)
    mass_kg = Decimal(pcf.productMassPerDeclaredUnit)
    if mass_kg > 0:
        return Intensity(_PLACES.divide(kg, mass_kg), "tCO2e/t")
    amount = Decimal(pcf.declaredUnitAmount)
    return Intensity(_PLACES.divide(kg, amount), f"kgCO2e/{pcf.declaredUnitOfMeasurement}")
