"""Every case of ``decisions.yaml``: default against own values, break-even emissions and the split of the cost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cbam.break_even import break_even
from cbam.consignment import Basis
from cbam.price_lines import known, load_grid, price_lines
from cbam.prices import PricePath
from cbam.scenarios import IN_FORCE, LawView, YearlyGood, outlook
from cbam.split import Deal, split
from cbam.value_of_data import ValueOfData, value_of_data
from models.errors import Text, YuetanError
from models.files import DATA, read_yaml
from models.law import LawBook, load_law

CASES = read_yaml(Path(__file__).parent / "decisions.yaml")
GRID = load_grid(DATA / "scenarios" / "certificate_price_grid.yaml")
FIELDS = {"name", "good", "law", "price", "year", "verification_eur", "stated_eur_per_t", "deal", "expect", "refuse"}


def figures(case: dict[str, Any], book: LawBook, paths: dict[str, PricePath]) -> dict[str, float | None]:
    """Return every figure of a case in its year; raises what is refused."""
    good, name = YearlyGood.model_validate(case["good"]), case.get("law", IN_FORCE)
    laws = [LawView(IN_FORCE, Text("现行法规", "in force"), book)]
    if name != IN_FORCE:
        laws.append(LawView(name, Text(name, name), load_law(DATA / "law", [DATA / "drafts" / name])))
    price, path = case["price"], "user"
    if isinstance(price, str):
        path = price
    else:
        paths = paths | {
            "user": PricePath(
                zh="-",
                en="-",
                kind="user",
                points={2026: price},
                after_last="hold",
                source="user",
                confidence="inferred",
            )
        }
    at, years = len(laws) - 1, [case["year"]]
    lines = price_lines(paths, GRID, book, years)
    value = value_of_data([good], [case.get("verification_eur")], laws, years, lines, path)[0]
    if not isinstance(value, ValueOfData):
        raise value
    default, own = (outlook([good], basis, laws, years, lines, path) for basis in Basis)
    even = break_even(default, own, stated_eur_per_t=case.get("stated_eur_per_t"))

    def chosen(values: Any) -> float | None:
        return None if values is None else known(values[at, value.at_chosen, 0])

    def of_law(values: Any) -> float | None:
        return None if values is None else known(values[at, 0])

    if "refuse" in case and value.asks and "see_tco2e_per_t" in case["good"]:
        raise value.asks[0]
    made = {
        "default_eur": chosen(value.default_eur),
        "default_eur_per_t": chosen(value.most_eur_per_t),
        "most_eur_per_t": chosen(value.most_eur_per_t),
        "own_eur": chosen(value.own_eur),
        "own_sefa": of_law(even.sefa),
        "gain_eur_per_t": chosen(value.gain_eur_per_t),
        "gain_eur": chosen(value.gain_eur),
        "net_eur": chosen(value.net_eur),
        "tonnes_to_pay": chosen(value.tonnes_to_pay),
        "see_zero": of_law(even.see(0.0 * even.default_due)),
        "see_as_default": of_law(even.see(even.default_due)),
        "see_as_default_net": of_law(even.default_due),
        "see_stated": of_law(even.see(even.stated_due)),
    }
    if made["gain_eur_per_t"] is not None:
        made["own_eur_per_t"] = made["default_eur_per_t"] - made["gain_eur_per_t"]
    if deal := case.get("deal"):
        cents = round(made["default_eur"] * 100)
        shared = split(
            case["year"], Deal.model_validate(deal), good.tonnes_per_year, cents, made["default_eur_per_t"], {}
        )
        assert shared.exporter_cents + shared.importer_cents == cents
        made |= {
            "exporter_eur": shared.exporter_cents / 100,
            "importer_eur": shared.importer_cents / 100,
            "net_price_eur_per_t": shared.net_price_eur_per_t,
        }
    return made


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_case(case: dict[str, Any], book: LawBook, paths: dict[str, PricePath]) -> None:
    assert set(case) <= FIELDS
    if code := case.get("refuse"):
        with pytest.raises(YuetanError) as refused:
            figures(case, book, paths)
        assert refused.value.code == code
        return
    made = figures(case, book, paths)
    for name, want in case["expect"].items():
        assert made[name] == (None if want is None else pytest.approx(want, rel=1e-12, abs=1e-9)), name


def test_there_are_cases() -> None:
    assert len(CASES) >= 8
    assert len({case["name"] for case in CASES}) == len(CASES)
