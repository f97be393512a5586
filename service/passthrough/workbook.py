"""The workbook of the estimator: the template, and the questions that a filled one, or a plain table, asks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.errors import Text
from models.files import DATA
from models.findings import Finding
from models.market import Market
from models.passthrough.denominators import Allocation
from models.passthrough.estimate import Choices
from models.passthrough.series import Raw
from models.passthrough.shipped import english_names, general_vat, steel_chain
from service.passthrough.runs import RunAsk
from service.passthrough.use import DatedRate, EstimateAsk, SeriesIn, carbon_in, vat_in
from service.workbook.layout import default_layout
from service.workbook.lists import Line, Lists, read_lists, write_lists
from service.workbook.parts import build
from service.workbook.problems import CellProblem

NAME = "passthrough_workbook"
TITLE = Text("粤碳 · 碳成本传导填报表", "Yuetan · pass-through of carbon cost")
NOTES = (
    Text(
        "“产品”一行一种产品及其选择，“数据”一行一个日期。可一次填多种产品，在后台逐个估计。",
        "Products: a row each with its choices. Data: a row per day. Many products may be handed in; each is estimated in turn.",
    ),
    Text(
        "价格为元/吨。没有成交的日子留空，不要沿用上期价格；两种牌号或两个地点分成两种产品。",
        "Prices in CNY per t. Leave days without trade blank, never repeat a price; two grades or places are two products.",
    ),
    Text(
        "主要投入成本（铁矿石、焦煤、废钢、电力等）请一并填写：遗漏会使传导率失真，等级降一级。",
        "Give the main input costs (ore, coking coal, scrap, power): what is left out distorts the rate and lowers the grade.",
    ),
)
#: An illustration of a blast-furnace route, as in the study of docs/passthrough_steel.md; no plant's figure.
EXAMPLE_TCO2_PER_T = 1.85
_CARBON = Text("碳成本", "carbon cost")
_COSTS = ("cost1", "cost2", "cost3", "cost4")
_ALLOCATION = ("benchmark_tco2_per_t", "free_tco2_per_t", "updating_share")


class NoSeries(CellProblem):
    """A product without prices."""

    code = "passthrough.no_series"
    message = Text("产品“{name}”在“数据”表中没有{what_zh}。", "The data sheet holds no {what_en} of '{name}'.")
    hint = Text("请核对两张表的产品名称，并填写该列。", "Check the name on both sheets and fill the column.")


class NeedsIntensity(CellProblem):
    """A market's price without an intensity."""

    code = "passthrough.needs_intensity"
    message = Text(
        "“{name}”选了碳市场价格，但没有排放强度。", "'{name}' takes a market's price and states no emission intensity."
    )
    hint = Text("请填写“排放强度”（tCO2/t）。", "State the emission intensity (tCO2/t).")


class UnknownProduct(CellProblem):
    """Rows of a product that the products sheet does not name."""

    code = "passthrough.unknown_product"
    message = Text(
        "“数据”表中的产品“{name}”不在“产品”表中。", "'{name}' of the data sheet is not on the products sheet."
    )
    hint = Text("请在“产品”表加一行，或更正名称。", "Add it to the products sheet, or correct the name.")


@dataclass(frozen=True, slots=True)
class ReadRun:
    """The run that a workbook asks for; none where nothing can be asked, and then the findings say why."""

    asked: RunAsk | None
    findings: tuple[Finding, ...]


def example(data: Path = DATA) -> Mapping[str, list[dict[str, Any]]]:
    """Return the rows of the example: rebar and hot-rolled coil with iron ore, as the project ships them."""
    chain = steel_chain(data)
    series = {name: dict(zip(raw.days, raw.values, strict=True)) for name, raw in chain.series.items()}
    ore = series["iron_ore"]
    products, rows = [], []
    for name, market in (("rebar", "CEA"), ("hot_rolled_coil", "GDEA")):
        label = chain.labels[name].zh
        products.append(
            {"product": label, "frequency": "weekly", "carbon": market, "emissions_tco2_per_t": EXAMPLE_TCO2_PER_T, "price_with_vat": True,
             "costs_with_vat": True, "cost1": chain.labels["iron_ore"].zh, "inputs_complete": False}
        )  # fmt: skip
        days = sorted(set(series[name]) & set(ore))
        rows += [{"product": label, "on": day, "price": series[name][day], "cost1": ore[day]} for day in days]
    return {"products": products, "data": rows}


def example_run(market: Market, data: Path = DATA) -> RunAsk:
    """Return the question of the example without the way through a workbook."""
    chain = steel_chain(data)
    ore = chain.series["iron_ore"]
    vat = vat_in(general_vat(data))
    asked = []
    for name, instrument in (("rebar", "CEA"), ("hot_rolled_coil", "GDEA")):
        raw = chain.series[name]
        asked.append(
            EstimateAsk(
                price=_shipped(raw, vat),
                carbon=carbon_in(market, instrument, EXAMPLE_TCO2_PER_T),
                others=(_shipped(ore, vat),),
            )
        )
    return RunAsk(title="示例：螺纹钢与热轧卷板 / example: rebar and hot-rolled coil", products=tuple(asked))


def _shipped(raw: Raw, vat: tuple[DatedRate, ...]) -> SeriesIn:
    return SeriesIn.model_validate(
        {"name": raw.name, "name_en": raw.name_en, "days": raw.days, "values": raw.values, "vat": vat}
    )


def template_bytes(*, filled: bool = False) -> bytes:
    """Return the workbook, empty or with the example."""
    return write_lists(default_layout(NAME), TITLE, NOTES, example() if filled else None)


def read_run(data: bytes, market: Market, folder: Path = DATA) -> ReadRun:
    """
    Read a workbook of products and prices; a product that is refused is told and leaves the others.

    Raises
    ------
    FileProblem, NothingToRead
        The file cannot be read, or holds no products or no data.
    """
    lists = read_lists(data, default_layout(NAME), ("products", "data"))
    rows: dict[str, list[Line]] = {}
    for line in lists.of("data"):
        rows.setdefault(line.values["product"], []).append(line)
    made = [one for line in lists.of("products") if (one := _product(lists, line, rows, market, folder)) is not None]
    named = {line.values["product"] for line in lists.of("products")}
    for name, lines in rows.items():
        if name not in named:
            lists.refuse(lines[0], UnknownProduct(field="product", name=name))
    return ReadRun(RunAsk(products=tuple(made)) if made else None, lists.notes.close())


def _product(
    lists: Lists, line: Line, rows: Mapping[str, list[Line]], market: Market, folder: Path
) -> EstimateAsk | None:
    of, sheet = line.values, lists.layout.sheets["products"]
    name, mine = of["product"], rows.get(of["product"], [])
    if not any("price" in row.values for row in mine):
        lists.refuse(line, NoSeries(field="product", name=name, what_zh="价格", what_en="prices"))
        return None
    vat, english = vat_in(general_vat(folder)), english_names(folder)
    price = _series(name, "price", mine, vat if of.get("price_with_vat") else (), english)
    if any("volume_t" in row.values for row in mine):
        price["volumes"] = [row.values.get("volume_t") for row in mine]
    e = of.get("emissions_tco2_per_t")
    if (instrument := of.get("carbon")) is not None:
        if not e:
            lists.refuse(line, NeedsIntensity(field="emissions_tco2_per_t", name=name))
            return None
        carbon: Any = carbon_in(market, instrument, e)
    elif any("carbon_cost" in row.values for row in mine):
        carbon = _series(_CARBON.zh, "carbon_cost", mine, (), {_CARBON.zh: _CARBON.en})
    else:
        lists.refuse(
            line,
            NoSeries(
                field="carbon",
                name=name,
                what_zh="碳成本，也没有选碳市场",
                what_en="carbon cost, and no market is chosen",
            ),
        )
        return None
    costs = [
        _series(of.get(key) or key, key, mine, vat if of.get("costs_with_vat") else (), english)
        for key in _COSTS
        if any(key in row.values for row in mine)
    ]
    choices: dict[str, Any] = {
        "inputs_complete": bool(of.get("inputs_complete")),
        "against": of.get("against") or "full",
    }
    if e and any(key in of for key in _ALLOCATION):
        given = {"against": choices["against"], "emissions_tco2_per_t": e} | {k: of[k] for k in _ALLOCATION if k in of}
        allocation, problems = build(Allocation, given, sheet)
        for problem in problems:
            lists.refuse(line, problem)
        if allocation is None:
            return None
        choices["allocation"] = allocation
    given = {
        "price": price, "carbon": carbon, "others": costs, "frequency": of.get("frequency") or "weekly",
        "choices": Choices.model_validate(choices),
    }  # fmt: skip
    asked, problems = build(EstimateAsk, given, sheet)
    for problem in problems:
        lists.refuse(line, problem)
    return asked


def _series(name: str, key: str, rows: list[Line], vat: tuple[Any, ...], english: Mapping[str, str]) -> dict[str, Any]:
    """Return a column as a series; days on which it is blank are days without trade. A name that we carry gets its English."""
    return {
        "name": name[:80],
        "name_en": english.get(name, ""),
        "days": [row.values["on"].isoformat() for row in rows],
        "values": [row.values.get(key) for row in rows],
        "vat": vat,
    }
