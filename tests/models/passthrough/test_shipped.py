"""The series that are shipped: their sources are known, tax comes out by its day, weeks without news are missing."""

from __future__ import annotations

import numpy as np

from models.files import DATA, read_yaml
from models.law import CONFIDENCE
from models.market import load_prices
from models.passthrough.series import read
from models.passthrough.shipped import carbon_cost, general_vat, steel_chain


def test_each_shipped_figure_names_its_source() -> None:
    sources = read_yaml(DATA / "sources" / "markets.yaml")
    chain = steel_chain(DATA)
    assert (chain.source in sources, chain.confidence in CONFIDENCE) == (True, True)
    rates = read_yaml(DATA / "passthrough" / "vat.yaml")["rates"]
    assert all(entry["source"] in sources and entry["confidence"] in CONFIDENCE for entry in rates.values())


def test_tax_comes_out_at_the_rate_of_the_day() -> None:
    raw = steel_chain(DATA).series["rebar"]
    found = read(raw)
    assert [rate for _, rate in general_vat(DATA)] == [0.17, 0.16, 0.13]
    at = {day.isoformat(): i for i, day in enumerate(found.days)}
    quoted = dict(zip(raw.days, map(float, raw.values), strict=True))
    for day, rate in (("2018-04-29", 0.17), ("2018-05-06", 0.16), ("2019-03-31", 0.16), ("2019-04-07", 0.13)):
        assert np.isclose(found.values[at[day]], quoted[day] / (1 + rate))


def test_a_week_without_an_informative_session_is_missing() -> None:
    quotes = load_prices(DATA).of("GDEA")
    raw = carbon_cost(quotes, 2.0)
    quiet = quotes.informative == 0
    assert quiet.any()
    assert [value is None for value in raw.values] == (quiet | ~np.isfinite(quotes.close)).tolist()
    first = int(np.flatnonzero(~quiet)[0])
    assert raw.values[first] == 2.0 * quotes.mean_close[first]
