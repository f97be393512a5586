"""Installations for the tests: documents as people would type them, and generated ones."""

from __future__ import annotations

import datetime as dt
from typing import Any

from hypothesis import strategies as st

from cbam.installation import InstallationResult, assess_installation
from cbam.plant import Installation
from models.factors import load_factors
from models.files import DATA
from models.law import LawAt
from tests.cbam.decisions import BOOK

FUELS = load_factors(DATA).fuels
LAW = BOOK.at(dt.date(2026, 12, 31))
#: Codes with one column A benchmark; sinter counts indirect emissions.
CODES = ("26011200", "72011011", "72083700", "72104900", "73089059", "76042100")


def assess(doc: dict[str, Any], law: LawAt = LAW) -> InstallationResult:
    """Assess a document under the law of 2026, or another."""
    return assess_installation(Installation.model_validate(doc), law, FUELS)


def codes_of(result: InstallationResult, severity: str | None = None) -> list[str]:
    """Return the codes of the findings, of one severity where it is given."""
    return [f.code for f in result.findings if severity is None or f.severity == severity]


#: Three-decimal numbers: what scales and meters give.
def amounts(most: int = 100_000) -> st.SearchStrategy[float]:
    return st.integers(1, most * 1000).map(lambda n: n / 1000)


factors = st.integers(1, 150_000).map(lambda n: n / 1000)
fractions = st.integers(1, 999).map(lambda n: n / 1000)


@st.composite
def shares(draw: st.DrawFn, ids: list[str]) -> dict[str, Any]:
    """Return shares of one to three processes, the rest outside, that add up to one in thousandths."""
    chosen = draw(st.lists(st.sampled_from(ids), min_size=1, max_size=min(3, len(ids)), unique=True))
    cuts = sorted(draw(st.lists(st.integers(0, 1000), min_size=len(chosen), max_size=len(chosen))))
    parts = [b - a for a, b in zip([0, *cuts], [*cuts, 1000], strict=True)]
    return {
        "shares": {key: part / 1000 for key, part in zip(chosen, parts[1:], strict=True)},
        "outside_share": parts[0] / 1000,
    }


@st.composite
def streams(draw: st.DrawFn, i: int, ids: list[str]) -> dict[str, Any]:
    """Return one source stream of any method, nothing that leaves a balance."""
    made: dict[str, Any] = {"id": f"s{i}", "amount": draw(amounts())} | draw(shares(ids))
    method = draw(st.sampled_from(["combustion", "energy", "fuel", "process", "mass_balance", "measured"]))
    made["method"] = "combustion" if method in ("energy", "fuel") else method
    if method == "combustion":
        made |= {"ncv_gj_per_unit": draw(factors), "ef_tco2_per_tj": draw(factors), "oxidation": draw(fractions)}
    elif method == "energy":
        made |= {"unit": draw(st.sampled_from(["GJ", "MWh", "TJ"])), "ef_tco2_per_tj": draw(factors)}
    elif method == "fuel":
        made |= draw(st.sampled_from([{"fuel": "bituminous_coal"}, {"fuel": "natural_gas", "unit": "Nm3"}]))
    elif method == "process":
        made |= {"ef_tco2_per_unit": draw(fractions), "conversion": draw(fractions)}
    elif method == "mass_balance":
        made |= {
            "carbon_share": draw(fractions),
            "biomass_share": draw(fractions),
            "biomass_proven": draw(st.booleans()),
        }
    return made


@st.composite
def lots(draw: st.DrawFn, i: int) -> dict[str, Any]:
    """Return one purchase: verified, by default, of the EU, or of unknown origin."""
    made: dict[str, Any] = {
        "id": f"l{i}", "material": f"m{i % 2}", "supplier": f"供{i}", "cn_code": "72083700",
        "bought_t": draw(amounts()), "opening_stock_t": draw(amounts(10)),
    }  # fmt: skip
    kind = draw(st.sampled_from(["verified", "no sefa", "default", "eu", "unknown"]))
    if kind != "unknown":
        made["origin"] = {"eu": "DE"}.get(kind, draw(st.sampled_from(["CN", "IN", "VN"])))
    else:
        made["route"] = "C"
    if kind in ("verified", "no sefa"):
        made |= {"verified": True, "see_direct_tco2e_per_t": draw(st.integers(0, 5000)) / 1000}
    if kind == "verified":
        made["sefa_tco2e_per_t"] = draw(st.integers(0, 2000)) / 1000
    return made


@st.composite
def plants(draw: st.DrawFn) -> dict[str, Any]:
    """Return an installation whose balances close: what is used of a material is what was bought of it."""
    n = draw(st.integers(1, 5))
    ids = [f"p{i}" for i in range(n)]
    processes = [
        {
            "id": key,
            "cn_code": draw(st.sampled_from(CODES)),
            "activity_t": draw(amounts()),
            "indirect_t": draw(amounts(100)),
        }
        for key in ids
    ]
    streamed = [draw(streams(i, ids)) for i in range(draw(st.integers(0, 4)))]
    named = {key for s in streamed for key in s["shares"]}
    for process in processes:
        if process["id"] not in named:
            process["direct_t"] = draw(amounts())
    uses: list[dict[str, Any]] = [
        {"process": ids[j], "from_process": ids[i], "mass_t": draw(amounts())}
        for j in range(n)
        for i in range(j)
        if draw(st.booleans())
    ]
    bought = [draw(lots(i)) for i in range(draw(st.integers(0, 4)))]
    for material in {p["material"] for p in bought}:
        there = sum(round((p["bought_t"] + p["opening_stock_t"]) * 1000) for p in bought if p["material"] == material)
        for key in draw(st.permutations(ids)):
            mass = there if key == ids[-1] else draw(st.integers(0, there))
            there -= mass
            uses.append({"process": key, "material": material, "mass_t": mass / 1000})
        uses.append({"process": ids[0], "material": material, "mass_t": there / 1000})
    transfers: list[dict[str, Any]] = []
    if draw(st.booleans()):
        transfers.append(
            {
                "id": "h",
                "kind": "heat",
                "to_process": ids[0],
                "amount": draw(amounts()),
                "unit": "GJ",
                "fuel": "anthracite",
            }
        )
    if draw(st.booleans()):
        transfers.append(
            {
                "id": "e",
                "kind": "electricity",
                "to_process": ids[-1],
                "amount": draw(amounts()),
                "unit": "MWh",
                "ef_tco2_per_mwh": draw(fractions),
            }
        )
    if draw(st.booleans()):
        gas = {"id": "g", "kind": "waste_gas", "amount": draw(amounts(100)), "unit": "1000Nm3", "ncv_gj_per_unit": 3.3}
        transfers.append(gas | {"to_process": ids[0]})
    return {
        "year": 2026,
        "processes": processes,
        "streams": streamed,
        "purchases": bought,
        "uses": uses,
        "transfers": transfers,
    }


@st.composite
def spoiled(draw: st.DrawFn) -> dict[str, Any]:
    """Return an installation as people get it wrong: figures gone, zero, huge or tiny, names that point nowhere, rows twice."""
    doc = draw(plants())
    for _ in range(draw(st.integers(1, 4))):
        table = draw(st.sampled_from(["processes", "streams", "purchases", "uses", "transfers"]))
        if not doc[table]:
            continue
        row = draw(st.sampled_from(doc[table]))
        key = draw(st.sampled_from(sorted(row)))
        if draw(st.booleans()):
            row[key] = draw(st.sampled_from([None, 0.0, 1e-300, 1e-9, 1e15, "无", "p0", {"p0": 1.0}, {}]))
        elif draw(st.booleans()):
            doc[table].append(dict(row))
        else:
            doc[table].remove(row)
    return doc
