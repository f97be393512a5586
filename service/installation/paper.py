"""An installation's result as a paper: goods first, then own against default values, parts of the cost, and each step."""

from __future__ import annotations

import datetime as dt

from cbam.installation import METHOD
from models.errors import Text
from service.installation.use import Told
from service.press.document import Block, Column, Document, Figure, Figures, Steps, Table, Words

UNVERIFIED = Text(
    "本计算未经核查；只有经认可核查员核查的实际值才能申报。",
    "This is not verified; only actual values that an accredited verifier has verified may be declared.",
)


def installation_paper(made: Told, made_on: dt.date) -> Document:
    """Return the paper of an installation."""
    found = made.result
    first = found.goods[0] if found.goods else None
    blocks: list[Block] = []
    if first is not None:
        code = Text(first.cn_code, first.cn_code)
        blocks.append(
            Figures(
                [
                    Figure(
                        Text("单位隐含排放 SEE", "Specific embedded emissions"),
                        _n(first.see_tco2e_per_t, 4),
                        "tCO2e/t",
                        code,
                    ),
                    Figure(
                        Text("单位免费分配 SEFA", "Specific embedded free allocation"),
                        _n(first.sefa_tco2e_per_t, 4),
                        "tCO2e/t",
                        code,
                    ),
                    Figure(
                        Text("其中默认值占比", "Share of default values"), _n(first.share_default * 100, 1), "%", code
                    ),
                ]
            )
        )
    blocks += [Words([UNVERIFIED], plain=True), _goods(made)]
    for one in made.parts:
        blocks.append(
            Steps(
                one.rows(),
                Text(
                    f"{one.of.process.id}：每吨产品的费用从哪里来",
                    f"{one.of.process.id}: where the cost of one tonne comes from",
                ),
                frozenset({"cost", "cost_per_t"}),
            )
        )
    blocks += [
        Steps(process.rows(), Text(f"{key} · {process.good.cn_code}", f"{key} · {process.good.cn_code}"), frozenset({"see", "sefa"}))
        for key, process in found.processes.items()
    ]  # fmt: skip
    blocks.append(Steps(found.balance.rows(), Text("全厂核对", "Balance of the site")))
    open_points = [finding.text for finding in found.findings if finding.severity != "info"]
    if open_points:
        blocks.append(Words(open_points, Text("尚需处理", "Open points"), listed=True))
    of = " · ".join(part for part in (found.plant.name, str(found.plant.year)) if part)
    return Document(
        title=Text("装置实际排放", "Actual emissions of an installation"),
        subtitle=Text(of, of),
        made_on=made_on,
        key=f"{METHOD} {found.provenance.key}",
        blocks=blocks,
    )


def _goods(made: Told) -> Table:
    columns = [
        Column(Text("CN", "CN"), 1), Column(Text("自有 SEE", "Own SEE"), 1, number=True),
        Column(Text("自有 SEFA", "Own SEFA"), 1, number=True),
        Column(Text("默认 SEE", "Default SEE"), 1, number=True), Column(Text("默认 SEFA", "Default SEFA"), 1, number=True),
        Column(Text("应缴 自有", "Due, own"), 1, number=True), Column(Text("应缴 默认", "Due, default"), 1, number=True),
        Column(Text("核查可省 EUR/t", "Saved EUR/t"), 1, number=True),
    ]  # fmt: skip
    rows = [
        [
            one.good.cn_code, _n(one.good.see_tco2e_per_t, 4), _n(one.good.sefa_tco2e_per_t, 4), _n(one.default_see_tco2e_per_t, 4),
            _n(one.default_sefa_tco2e_per_t, 4), _n(one.own_due_tco2e_per_t, 4), _n(one.default_due_tco2e_per_t, 4),
            _n(one.gain_eur_per_t, 2),
        ]
        for one in made.against
    ]  # fmt: skip
    at = f"{made.price.eur_per_t:g} EUR/tCO2e" if made.price else "—"
    return Table(
        columns,
        rows,
        Text(
            f"自有值与默认值（原产地 {made.origin}，价格 {at}）",
            f"Own against default values (origin {made.origin}, price {at})",
        ),
    )


def _n(value: float | None, digits: int) -> str:
    return "—" if value is None else f"{value:,.{digits}f}"
