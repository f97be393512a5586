"""Pictures of an estimate in a notebook. matplotlib is the notebook's own: the service draws in the browser and does without."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from models.errors import Text, YuetanError
from models.passthrough.curves import Curves

if TYPE_CHECKING:
    from models.passthrough.report import PassThrough

PANELS = ("fit", "multipliers", "recursive", "cusum")
_INK, _BAND, _OTHER = "#0b5d4b", "#9cc3b8", "#b5651d"


class NoPlotting(YuetanError):
    """Nothing to draw with."""

    code = "passthrough.no_plotting"
    message = Text("没有安装 matplotlib，无法作图。", "matplotlib is not installed; there is nothing to draw with.")
    hint = Text(
        "请安装 matplotlib，或把自己的坐标轴传给 plot(ax)。",
        "Install matplotlib, or hand axes of your own to plot(ax).",
    )


class WrongPanel(YuetanError):
    """A panel that there is not, or axes that do not match the panels."""

    code = "passthrough.wrong_panel"
    message = Text("无法按所给面板作图：{why_zh}。", "The panels asked for cannot be drawn: {why_en}.")
    hint = Text("面板：{known}；每个面板一个坐标轴。", "Panels: {known}; one axis for each.")


def _axes(count: int) -> Sequence[Any]:
    try:
        from matplotlib import pyplot
    except ImportError:
        raise NoPlotting from None
    wide = 2 if count > 1 else 1
    _, made = pyplot.subplots(-(-count // wide), wide, figsize=(5.5 * wide, 3.4 * -(-count // wide)), squeeze=False)
    return list(made.ravel())


def plot(found: PassThrough, ax: Any = None, panels: Sequence[str] = PANELS) -> Any:
    """
    Draw an estimate.

    Parameters
    ----------
    found : PassThrough
    ax : matplotlib axes, or one for each panel, optional
        A single one draws the multipliers, unless ``panels`` names another.
    panels : sequence of str
        Of ``fit``, ``multipliers``, ``recursive``, ``cusum``.

    Returns
    -------
    The axes drawn on: one, or a list.
    """
    single = ax is not None and not isinstance(ax, Sequence | np.ndarray)
    wanted = ("multipliers",) if single and tuple(panels) == PANELS else tuple(panels)
    if unknown := set(wanted) - set(PANELS):
        raise WrongPanel(
            why_zh=f"没有“{min(unknown)}”", why_en=f"there is no '{min(unknown)}'", known=", ".join(PANELS)
        )
    axes = (
        [ax] if single else _axes(len(wanted)) if ax is None else list(ax.ravel() if isinstance(ax, np.ndarray) else ax)
    )
    if len(axes) < len(wanted):
        raise WrongPanel(
            why_zh=f"{len(wanted)} 个面板，{len(axes)} 个坐标轴", why_en=f"{len(wanted)} panels and {len(axes)} axes",
            known=", ".join(PANELS),
        )  # fmt: skip
    drawn = found.curves()
    for one, name in zip(axes, wanted, strict=False):
        _DRAW[name](found, drawn, one)
        one.set_title(_TITLES[name])
    return axes[0] if single else axes


def _fit(found: PassThrough, drawn: Curves, ax: Any) -> None:
    days = found.sample.periods[drawn.start :]
    ax.plot(days, drawn.price, color=_INK, linewidth=1.0, label=found.sample.said(found.sample.product).en)
    ax.plot(days, drawn.fitted, color=_OTHER, linewidth=0.8, label="fitted")
    ax.set_ylabel("CNY/t")
    ax.legend(frameon=False)


def _multipliers(found: PassThrough, _: Curves, ax: Any) -> None:
    at = np.arange(found.path.path.size)
    ax.fill_between(at, found.path.low, found.path.high, color=_BAND, alpha=0.5, linewidth=0, label="95 %")
    if found.theta is not None:
        ax.plot(at, found.path.path, color=_INK)
        ax.axhline(found.theta, color=_OTHER, linestyle="--", linewidth=0.8, label=f"long run {found.theta:.2f}")
    ax.set_xlabel(found.sample.frequency)
    ax.set_ylabel("CNY/CNY")
    ax.legend(frameon=False)


def _recursive(found: PassThrough, drawn: Curves, ax: Any) -> None:
    rec = drawn.recursive
    if rec is None:
        _nothing(ax)
        return
    days = [found.sample.periods[i] for i in rec.ends]
    low, high = (np.array([getattr(s, end) if s.bounded else np.nan for s in rec.sets]) for end in ("low", "high"))
    ax.fill_between(days, low, high, color=_BAND, alpha=0.5, linewidth=0, label="95 % Fieller")
    if found.theta is not None:
        ax.plot(days, rec.rates, color=_INK)
        # One early sample without a relation must not press the rest flat.
        ends = low[np.isfinite(low)], high[np.isfinite(high)]
        if ends[0].size:
            ax.set_ylim(np.quantile(ends[0], 0.1) - 0.5, np.quantile(ends[1], 0.9) + 0.5)
    ax.set_ylabel("CNY/CNY")
    ax.legend(frameon=False)


def _cusum(found: PassThrough, drawn: Curves, ax: Any) -> None:
    cus = drawn.cusum
    if cus is None:
        _nothing(ax)
        return
    days = found.sample.periods[cus.first : cus.first + cus.path.size]
    ax.plot(days, cus.path, color=_INK)
    for sign in (-1.0, 1.0):
        ax.plot(days, sign * cus.boundary, color=_OTHER, linestyle="--", linewidth=0.8)


def _nothing(ax: Any) -> None:
    ax.text(0.5, 0.5, "cannot be made", ha="center", va="center", transform=ax.transAxes)


_DRAW: dict[str, Callable[[PassThrough, Curves, Any], None]] = {
    "fit": _fit, "multipliers": _multipliers, "recursive": _recursive, "cusum": _cusum,
}  # fmt: skip
_TITLES = {
    "fit": "Price and fit", "multipliers": "Cumulative multipliers", "recursive": "Long-run rate, growing sample",
    "cusum": "CUSUM and 5 % boundary",
}  # fmt: skip
