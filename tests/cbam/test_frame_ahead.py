"""Lines by year and price path in columns give what one line at a time gives."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cbam.consignment import Basis, Consignment
from cbam.exposure import assess_import
from cbam.frame import STATUS, LineColumns
from cbam.frame_ahead import assess_ahead
from cbam.prices import PricePath, Pricing
from cbam.projection import project
from models.errors import OutOfRange, YuetanError
from models.law import LawBook
from tests.cbam.test_frame import lines


def test_every_year_and_path_equals_the_projection_of_the_line(book: LawBook, paths: dict[str, PricePath]) -> None:
    pricings = [Pricing(paths, name, True) for name in ("flat", "reuters-2026-01")]
    frame = lines(book, 400, seed=11).drop(columns=["production_year"])
    frame["imported_on"] = frame["imported_on"].clip(lower=pd.Timestamp("2026-01-01"))
    made = assess_ahead(LineColumns.of(frame), book, pricings)
    compared = 0
    for i, line in enumerate(frame.itertuples()):
        if made.status[i] != 0:
            assert np.isnan(made.certificates[:, i]).all()
            continue
        c = Consignment(
            cn_code=f"{line.cn_code:08d}",
            origin=line.origin,
            net_mass_t=line.net_mass_t,
            imported_on=line.imported_on.date(),
            basis=Basis.ACTUAL if line.actual else Basis.DEFAULT,
            see_tco2e_per_t=line.see_tco2e_per_t if line.actual else None,
            sefa_tco2e_per_t=line.sefa_tco2e_per_t if line.actual else None,
            route=None if pd.isna(line.route) else line.route,
        )
        for p, pricing in enumerate(pricings):
            try:
                years = project(assess_import(c, book, pricing), book, pricing)
            except YuetanError:  # one year of the line cannot be settled; the columns keep the others
                assert np.isnan(made.certificates[:, i]).any()
                continue
            want = [one.certificates for one in years]
            assert made.certificates[:, i] == pytest.approx(want, rel=1e-12, abs=1e-12)
            costs = [one.certificates * one.price.eur_per_t for one in years]
            assert made.cost_eur[p, :, i] == pytest.approx(costs, rel=1e-12, abs=1e-9)
            compared += 1
    assert compared > 300
    assert STATUS[0] == "ok"


def test_totals_leave_out_what_is_refused(book: LawBook, paths: dict[str, PricePath]) -> None:
    frame = pd.DataFrame(
        {"cn_code": [73089059, 1], "origin": ["CN", "CN"], "net_mass_t": [10.0, 10.0],
         "imported_on": pd.to_datetime(["2026-05-12"] * 2)}
    )  # fmt: skip
    made = assess_ahead(LineColumns.of(frame), book, [Pricing(paths, "flat", True)])
    assert [STATUS[s] for s in made.status] == ["ok", "cbam.unknown_code"]
    assert made.total_eur()[0, 0] == pytest.approx(51.84775 * 75.28)


def test_without_a_path_nothing_is_priced(book: LawBook, paths: dict[str, PricePath]) -> None:
    frame = lines(book, 3, seed=1)
    with pytest.raises(OutOfRange):
        assess_ahead(LineColumns.of(frame), book, [])
