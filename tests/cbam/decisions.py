"""What the tests of the decisions share: both laws, prices at one point, the printed good."""

from __future__ import annotations

from collections.abc import Sequence

from cbam.price_lines import PriceLine, load_grid, price_lines
from cbam.prices import PricePath, load_paths
from cbam.scenarios import IN_FORCE, LawView, YearlyGood
from models.errors import Text
from models.files import DATA
from models.law import load_law

BOOK = load_law(DATA / "law")
DRAFT = load_law(DATA / "law", [DATA / "drafts" / "com-2026-616"])
LAWS = (LawView(IN_FORCE, Text("现行法规", "in force"), BOOK), LawView("com-2026-616", Text("草案", "draft"), DRAFT))
PATHS = load_paths(DATA / "scenarios" / "certificate_price_paths.yaml")
GRID = load_grid(DATA / "scenarios" / "certificate_price_grid.yaml")
YEARS = tuple(range(2026, 2035))


def own_prices(price: float, years: Sequence[int] = YEARS) -> tuple[PriceLine, ...]:
    """Return all paths with the user's own price, the same every year, among them as ``user``."""
    user = PricePath(
        zh="自定", en="own", kind="user", points={2026: price}, after_last="hold", source="user", confidence="inferred"
    )
    return price_lines(PATHS | {"user": user}, GRID, BOOK, years)


def good(**changes: object) -> YearlyGood:
    return YearlyGood.model_validate({"cn_code": "73089059", "origin": "CN", "tonnes_per_year": 10} | changes)


def own(**changes: object) -> YearlyGood:
    """Return the printed article on its own values."""
    values = {"see_tco2e_per_t": 2.225, "sefa_tco2e_per_t": 1.5597591555, "data_year": 2026}
    return good(**(values | changes))
