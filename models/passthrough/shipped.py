"""Series that the project carries for pass-through: the steel chain by week, carbon costs of our markets, dated VAT."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from models.errors import Text
from models.files import day, read_csv, read_yaml
from models.passthrough.series import Raw
from models.series import Series

_COLUMNS = ("week_ending", "instrument", "sessions", "mean_price", "last_price", "unit")


@dataclass(frozen=True, slots=True)
class SteelChain:
    """Weekly prices by name (``rebar``, ``hot_rolled_coil``, ``iron_ore``), as quoted: with VAT, rolls not taken out."""

    series: dict[str, Raw]
    labels: dict[str, Text]
    source: str
    confidence: str


def general_vat(data: Path) -> tuple[tuple[dt.date, float], ...]:
    """Return the general rate of VAT by its first day."""
    path = data / "passthrough" / "vat.yaml"
    rates = read_yaml(path)["rates"]
    return tuple((day(since, path), float(entry["value"])) for since, entry in sorted(rates.items()))


def english_names(data: Path) -> dict[str, str]:
    """Return the English names of the series that the project carries, by their Chinese ones."""
    return {of["zh"]: of["en"] for of in read_yaml(data / "passthrough" / "steel_chain.yaml")["series"].values()}


def steel_chain(data: Path) -> SteelChain:
    """Return the weekly prices of the steel chain, with the VAT rates that take the tax out."""
    folder = data / "passthrough"
    said = read_yaml(folder / "steel_chain.yaml")
    rows = list(read_csv(folder / "steel_chain_weekly.csv", _COLUMNS))
    vat = general_vat(data)
    made, labels = {}, {}
    for name, of in said["series"].items():
        own = [row for row in rows if row["instrument"] == of["instrument"]]
        labels[name] = Text(of["zh"], of["en"])
        made[name] = Raw(
            of["zh"],
            [row["week_ending"] for row in own],
            [float(row["mean_price"]) for row in own],
            said["unit"],
            vat=vat,
            name_en=of["en"],
        )
    return SteelChain(made, labels, said["source"], said["confidence"])


def carbon_cost(quotes: Series, emissions_tco2_per_t: float, name: str = "") -> Raw:
    """
    Return the carbon cost of a tonne of product as a series.

    Parameters
    ----------
    quotes : Series
        Of an allowance in CNY per t; a week without an informative session is missing, never a repeated price.
    emissions_tco2_per_t : float
        Emissions that the cost counts, fixed within the sample.
    name : str
        Of the series; instrument and intensity where none is given.
    """
    price = np.where(np.isfinite(quotes.mean_close), quotes.mean_close, quotes.close)
    told = (quotes.informative > 0) & np.isfinite(price)
    return Raw(
        name or f"{quotes.instrument} × {emissions_tco2_per_t:g} tCO2/t",
        quotes.last.astype(object).tolist(),
        [float(p) * emissions_tco2_per_t if seen else None for p, seen in zip(price, told, strict=True)],
    )
