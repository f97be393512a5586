"""Lines and pictures of an estimate: the last point is the estimate, a D draws no rate, axes are the caller's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from models.passthrough.checks import CUSUM_5PCT, cusum
from models.passthrough.estimate import Choices, estimate
from models.passthrough.picture import PANELS, NoPlotting, WrongPanel
from tests.models.passthrough.test_estimate import one


@pytest.fixture(scope="module")
def found() -> Any:
    return estimate(one(200), Choices(inputs_complete=True))


def test_the_sample_that_has_grown_to_its_end_gives_the_estimate(found: Any) -> None:
    lines = found.curves()
    assert lines.recursive.rates[-1] == pytest.approx(found.theta, rel=1e-12)
    assert str(lines.recursive.sets[-1]) == str(found.within)
    assert lines.recursive.ends[-1] == 199
    assert lines.price - lines.fitted == pytest.approx(found.model.fit.resid)
    share = np.max(np.abs(lines.cusum.path) / lines.cusum.boundary) * CUSUM_5PCT
    assert share == pytest.approx(cusum(found.model.fit).statistic)


def test_seasons_stay_in_the_growing_samples() -> None:
    from models.passthrough.prepare import prepare
    from models.passthrough.series import Raw

    sample = one(240)
    days = [f"{2000 + i // 12}-{i % 12 + 1:02d}" for i in range(240)]
    monthly = prepare(
        Raw("steel", days, sample.y.tolist()), Raw("c", days, sample.x[:, 0].tolist()), frequency="monthly"
    )
    seasonal = estimate(monthly, Choices(inputs_complete=True, seasonal=True))
    assert seasonal.model.fixed
    assert seasonal.curves().recursive.rates[-1] == pytest.approx(seasonal.rate.theta, rel=1e-12)


class Axis:
    """What the pictures ask of an axis, written down."""

    transAxes = None  # noqa: N815 - matplotlib's name

    def __init__(self) -> None:
        self.said: list[tuple[str, tuple[Any, ...]]] = []

    def __getattr__(self, name: str) -> Any:
        return lambda *a, **_: self.said.append((name, a))


def test_an_axis_given_gets_the_multipliers(found: Any) -> None:
    ax = Axis()
    assert found.plot(ax) is ax
    named = dict(ax.said)
    assert named["plot"][1] is found.path.path
    assert named["axhline"][0] == found.theta
    several = [Axis() for _ in PANELS]
    found.plot(several)
    assert dict(several[0].said)["set_title"] == ("Price and fit",)
    with pytest.raises(WrongPanel):
        found.plot(Axis(), ["nonsense"])
    with pytest.raises(WrongPanel):
        found.plot([Axis()])


def test_a_d_draws_bands_and_no_rate() -> None:
    weak = estimate(one(45, alpha=-0.1))
    assert weak.grade.letter == "D"
    for panel in ("multipliers", "recursive"):
        ax = Axis()
        weak.plot(ax, [panel])
        assert not [name for name, _ in ax.said if name in ("plot", "axhline")]


def test_pictures_of_matplotlib_or_a_refusal_that_names_it(found: Any) -> None:
    try:
        import matplotlib as mpl
    except ImportError:
        with pytest.raises(NoPlotting):
            found.plot()
        return
    mpl.use("Agg")
    from matplotlib import pyplot

    axes = found.plot()
    assert len(axes) == 4
    pyplot.close("all")
