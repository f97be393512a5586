"""An installation of 2,000 processes: the public functions against a plain program in exact fractions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from benchmarks.harness import Contender, Report, compare
from cbam.chain import resolve
from cbam.installation import assess_installation
from cbam.plant import Installation
from cbam.process import Precursor, Process
from models.factors import load_factors
from models.files import DATA
from models.law import LawAt, load_law
from service.parts import calm_collector

N = 2_000
CODES = ("72011011", "72083700", "72104900", "73089059", "73181595", "26011200")
VERIFIED = (2.1, 1.3)


def document() -> dict[str, Any]:
    """Return 2,000 processes with a fuel each, two inputs made on site, one bought of two suppliers, balances closed."""
    rng = np.random.default_rng(20261125)

    def drawn(low: float, high: float) -> float:
        return round(float(rng.uniform(low, high)), 3)

    processes = [{"id": f"p{i}", "cn_code": CODES[i % len(CODES)], "activity_t": drawn(900, 1000)} for i in range(N)]
    streams = [
        {"id": f"s{i}", "method": "combustion", "amount": drawn(1, 100), "ncv_gj_per_unit": 26.7,
         "ef_tco2_per_tj": 94.6, "shares": {f"p{i}": 1.0}} for i in range(N)
    ]  # fmt: skip
    uses: list[dict[str, Any]] = [
        {"process": f"p{i}", "from_process": f"p{int(j)}", "mass_t": drawn(0.1, 1)}
        for i in range(1, N)
        for j in rng.integers(0, i, 2)
    ]
    uses += [{"process": f"p{i}", "material": f"m{i % 100}", "mass_t": 1000.0} for i in range(N)]
    known = {"see_direct_tco2e_per_t": VERIFIED[0], "sefa_tco2e_per_t": VERIFIED[1], "verified": True}
    purchases = [
        {"id": f"l{i}", "material": f"m{i // 2}", "cn_code": "72085120", "origin": "CN", "bought_t": 10_000.0}
        | (known if i % 2 else {})
        for i in range(200)
    ]
    return {"year": 2026, "processes": processes, "streams": streams, "purchases": purchases, "uses": uses}


def in_fractions(doc: dict[str, Any], law: LawAt) -> Callable[[], float]:
    """Return the plain program: dictionaries of ``Fraction``, one process after the other, the sum of SEE + SEFA."""

    def exact(value: object) -> Fraction:
        return Fraction(repr(value))

    share = exact(law.number("eu.cbam.cbam_factor")) * exact(law.number("eu.cbam.cscf"))
    a = {code: read.value for code in CODES if (read := law.peek("eu.cbam.benchmarks", code, "A", "")) is not None}
    default = law.peek("eu.cbam.default_values", law.word("eu.cbam.default_value_edition"), "CN", "7208")
    b = law.peek("eu.cbam.benchmarks", "72085120", "B", "C")
    assert default is not None
    assert b is not None
    markup = exact(law.number("eu.cbam.default_markup.iron_steel"))
    per_lot = (exact(default.value) * (1 + markup) + exact(VERIFIED[0]), share * exact(b.value) + exact(VERIFIED[1]))

    def run() -> float:
        emitted = {
            next(iter(s["shares"])): exact(s["amount"])
            * exact(s["ncv_gj_per_unit"])
            / 1000
            * exact(s["ef_tco2_per_tj"])
            for s in doc["streams"]
        }
        enters: dict[str, list[tuple[str, Fraction]]] = {}
        bought: dict[str, Fraction] = {}
        for use in doc["uses"]:
            if "from_process" in use:
                enters.setdefault(use["process"], []).append((use["from_process"], exact(use["mass_t"])))
            else:
                bought[use["process"]] = exact(use["mass_t"])
        made: dict[str, tuple[Fraction, Fraction]] = {}
        for process in doc["processes"]:
            key, activity = process["id"], exact(process["activity_t"])
            see, sefa = emitted[key] / activity, share * exact(a[process["cn_code"]])
            for giver, mass in enters.get(key, ()):
                see, sefa = see + mass / activity * made[giver][0], sefa + mass / activity * made[giver][1]
            m = bought[key] / activity / 2
            see, sefa = see + m * per_lot[0], sefa + m * per_lot[1]
            # Without a limit the denominators of two thousand links grow beyond any machine.
            made[key] = see.limit_denominator(10**24), sefa.limit_denominator(10**24)
        return float(sum(x + y for x, y in made.values()))

    return run


def _equal(answers: Mapping[str, object]) -> None:
    values = [float(str(answer)) for answer in answers.values()]
    assert all(abs(value / values[0] - 1.0) < 1e-12 for value in values), values


def run() -> list[Report]:
    """SEE and SEFA of 2,000 processes with their links; the goal is 50 ms."""
    doc = document()
    law = load_law(DATA / "law").at(dt.date(2026, 12, 31))
    fuels = load_factors(DATA).fuels
    plant = Installation.model_validate(doc)
    chain = _chain(doc)
    calm_collector()

    def whole() -> float:
        made = assess_installation(plant, law, fuels).processes.values()
        return sum(one.see_tco2e_per_t + one.sefa_tco2e_per_t for one in made)

    def read_and_whole() -> float:
        made = assess_installation(Installation.model_validate(doc), law, fuels).processes.values()
        return sum(one.see_tco2e_per_t + one.sefa_tco2e_per_t for one in made)

    def links() -> float:
        return sum(one.see_tco2e_per_t + one.sefa_tco2e_per_t for one in resolve(chain, law).values())

    reports = [
        compare(
            "I1 2,000 processes and their precursor links",
            "chain",
            [
                Contender("chain", links, N, 5),
                Contender("whole installation", whole, N, 5),
                Contender("with validation of the input", read_and_whole, N, 5),
                Contender("Fraction loop", in_fractions(doc, law), N),
            ],
            _equal,
            goal="chain <= 50 ms",
        )
    ]
    for name in ("chain", "whole installation"):
        reports[0].extra[f"{name.replace(' ', '_')}_ms"] = reports[0].ns_per_unit[name] * N / 1e6
    return reports


def _chain(doc: dict[str, Any]) -> list[Process]:
    """Return the same installation in the older form: emissions stated, precursors nested in their process."""
    by: dict[str, list[Precursor]] = {}
    for use in doc["uses"]:
        mass = use["mass_t"]
        if "from_process" in use:
            own = Precursor(name=use["from_process"], mass_t=mass, known="own", process=use["from_process"])
            by.setdefault(use["process"], []).append(own)
        else:
            by.setdefault(use["process"], []).extend(
                (
                    Precursor(name="a", mass_t=mass / 2, known="default", cn_code="72085120", origin="CN"),
                    Precursor(name="b", mass_t=mass / 2, known="verified", see_tco2e_per_t=VERIFIED[0], sefa_tco2e_per_t=VERIFIED[1]),
                )
            )  # fmt: skip
    emitted = {next(iter(s["shares"])): s["amount"] * 26.7 * 94.6 / 1000 for s in doc["streams"]}
    return [
        Process(
            id=p["id"], cn_code=p["cn_code"], activity_t=p["activity_t"], direct_t=emitted[p["id"]],
            precursors=tuple(by.get(p["id"], ())),
        )
        for p in doc["processes"]
    ]  # fmt: skip
