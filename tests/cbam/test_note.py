"""The lawyer's note: the printed example step by step, and the auditor's questions answered."""

from __future__ import annotations

import datetime as dt
import re

import pytest

from cbam.consignment import Basis, Consignment
from cbam.exposure import assess_import
from cbam.note import Note, note
from cbam.prices import PricePath, Pricing
from models.files import DATA
from models.law import LawBook, load_law

DRAFT = load_law(DATA / "law", [DATA / "drafts" / "com-2026-616"])
CHINESE = re.compile(r"[\u4e00-\u9fff]")
STRUCTURE = Consignment(cn_code="73089059", origin="CN", net_mass_t=10, imported_on=dt.date(2026, 5, 12))


def of(line: Consignment, book: LawBook, paths: dict[str, PricePath], *, scenario: bool = False) -> Note:
    pricing = Pricing(paths, "flat", scenario)
    return note(assess_import(line, book, pricing), pricing, {"com-2026-616": DRAFT})


def test_the_printed_example_step_by_step(book: LawBook, paths: dict[str, PricePath]) -> None:
    made = of(STRUCTURE, book, paths)
    told = [(step.formula.en, step.value) for step in made.steps[3:]]
    assert told == [
        ("row of CN 7308, longest prefix", 6.035),
        ("sector iron_steel", 0.1),
        ("6.035 × (1 + 0.1), not rounded", pytest.approx(6.6385)),
        ("column B, route C", 1.491),
        ("0.975 × 1", 0.975),
        ("0.975 × 1 × 1.491", pytest.approx(1.453725)),
        ("default basis: only a published default carbon price counts; none is", 0.0),
        ("10 t × max(0, 6.6385 − 1.453725 − 0)", pytest.approx(51.84775)),
        ("official price of 2026Q2", 75.28),
        ("51.84775 × 75.28, half up to the cent", 3903.1),
    ]
    assert [step.number for step in made.steps] == list(range(1, 14))


def test_every_number_of_the_law_has_its_source(book: LawBook, paths: dict[str, PricePath]) -> None:
    made = of(STRUCTURE, book, paths)
    shown = {read.key for step in made.steps for read in step.reads}
    assert shown == {read.key for read in made.exposure.provenance.reads}


def test_the_auditors_questions(book: LawBook, paths: dict[str, PricePath]) -> None:
    answers = {one.question.en: one.answer.en for one in of(STRUCTURE, book, paths).answers}
    assert answers["Which route and why"] == "C, from eu.cbam.default_values[eu-2026-1740,CN,7308]"
    assert answers["Floored at zero"] == "no"
    # COM(2026) 616 leaves the factor of 2026 as it is or slows it; by its table 2026 is not touched.
    assert answers["If the draft com-2026-616 becomes law"].startswith("3,903.10 EUR (+0.00)")


def test_actual_values_name_their_chain_and_a_surplus_is_floored(book: LawBook, paths: dict[str, PricePath]) -> None:
    line = STRUCTURE.model_copy(update={"basis": Basis.ACTUAL, "see_tco2e_per_t": 0.5, "sefa_tco2e_per_t": 1.5})
    made = of(line, book, paths)
    assert made.exposure.cost_eur == 0
    due = next(step for step in made.steps if step.title.en.startswith("Certificates due"))
    assert "negative, so zero" in due.formula.en
    assert {one.question.en: one.answer.en for one in made.answers}["Floored at zero"] == "yes"


def test_an_exempt_origin_needs_no_arithmetic(book: LawBook, paths: dict[str, PricePath]) -> None:
    made = of(STRUCTURE.model_copy(update={"origin": "NO"}), book, paths)
    assert [step.title.en for step in made.steps] == ["Is the good in scope", "Origin", "Reporting year", "Cost"]


def test_values_held_beyond_their_last_day_are_named(book: LawBook, paths: dict[str, PricePath]) -> None:
    line = STRUCTURE.model_copy(update={"imported_on": dt.date(2032, 5, 12)})
    made = of(line, book, paths, scenario=True)
    held = next(one.answer.en for one in made.answers if one.question.en.startswith("Which values are held"))
    assert "eu.cbam.cscf" in held


def test_english_is_english(book: LawBook, paths: dict[str, PricePath]) -> None:
    made = of(STRUCTURE, book, paths)
    for text in [t for s in made.steps for t in (s.title, s.formula, s.rule)] + [
        t for a in made.answers for t in (a.question, a.answer)
    ]:
        assert not CHINESE.search(text.en), text.en
        assert text.zh
