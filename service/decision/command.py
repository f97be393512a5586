"""``yuetan cbam project``, ``value`` and ``sector``: one good, or many exporters, in the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from models.errors import Text
from service import terminal
from service.command import FAILED, UNREADABLE, AsJson, Lang, PricePath, people, print_json, read_bytes

if TYPE_CHECKING:
    from models.fx import FxRate

Code = Annotated[str, typer.Argument(help="CN 编码，八位，可带空格 / CN code of eight digits, blanks allowed")]
Tonnes = Annotated[float, typer.Option("--tonnes", min=0.001, max=1e8, help="每年吨数 / tonnes a year")]
Origin = Annotated[str, typer.Option("--origin", help="原产地，如 CN 或中国 / origin, such as CN or China")]
Route = Annotated[str | None, typer.Option("--route", help="工艺路线，仅在被询问时填写 / route, only where asked for")]
See = Annotated[float | None, typer.Option("--see", min=0, max=50, help="自有 SEE，tCO2e/t / own SEE")]
Sefa = Annotated[float | None, typer.Option("--sefa", min=0, max=50, help="自有 SEFA，tCO2e/t / own SEFA")]
DataYear = Annotated[
    int | None, typer.Option("--data-year", min=2026, max=2060, help="自有数据所属年份 / year of the own values")
]
OwnPriceOption = Annotated[
    float | None, typer.Option("--own-price", min=0.01, max=1e5, help="自填证书价格，欧元/吨 / own price, EUR per t")
]
Drafts = Annotated[
    list[str] | None, typer.Option("--draft", help="草案，可多次；不填为全部 / draft, repeatable; all where absent")
]
LastYear = Annotated[int | None, typer.Option("--last-year", min=2026, max=2045, help="最后一年 / last year shown")]
Fx = Annotated[float | None, typer.Option("--fx", min=0.01, max=1e6, help="自填汇率，元/欧元 / own rate, CNY per EUR")]
FxSource = Annotated[str | None, typer.Option("--fx-source", help="汇率来源 / source of the rate")]


def project(
    cn_code: Code,
    tonnes: Tonnes,
    origin: Origin = "CN",
    route: Route = None,
    see: See = None,
    sefa: Sefa = None,
    data_year: DataYear = None,
    price_path: PricePath = "flat",
    own_price: OwnPriceOption = None,
    draft: Drafts = None,
    last_year: LastYear = None,
    as_json: AsJson = False,
    lang: Lang = "zh",
) -> None:
    """各年、各法规情景、各价格的费用 / the cost of one good each year, under each law and price; own values if given."""
    from cbam.consignment import Basis
    from cbam.scenarios import YearlyGood
    from service import clock
    from service.decision import read, use
    from service.library import Library

    with people(lang):
        good = _good(cn_code, origin, tonnes, route, see, sefa, data_year)
        asked = use.ProjectionAsk(
            goods=(_typed(YearlyGood, good),),
            basis=Basis.DEFAULT if see is None and sefa is None else Basis.ACTUAL,
            **_ahead(price_path, own_price, draft, last_year),
        )
        worked = use.projected(asked, Library(), clock.today())
        made, rates = worked.found, worked.setting.rates
        if made.refused:
            raise made.refused[0]
    if as_json:
        print_json(read.projection_of(made, rates).model_dump(mode="json"))
        return
    title = Text("各年 CBAM 费用", "CBAM cost by year").get(lang)
    terminal.console().print(terminal.rows(made, f"{title} · {cn_code} {origin}", lang))
    _say_rate(rates)


def value(
    cn_code: Code,
    tonnes: Tonnes,
    origin: Origin = "CN",
    route: Route = None,
    see: See = None,
    sefa: Sefa = None,
    data_year: DataYear = None,
    verification: Annotated[
        float | None, typer.Option("--verification", min=0, max=1e15, help="每年核查成本 / cost of verification a year")
    ] = None,
    currency: Annotated[str, typer.Option("--currency", help="核查成本的币种 / its currency")] = "CNY",
    price_path: PricePath = "flat",
    own_price: OwnPriceOption = None,
    draft: Drafts = None,
    last_year: LastYear = None,
    fx: Fx = None,
    fx_source: FxSource = None,
    as_json: AsJson = False,
    lang: Lang = "zh",
) -> None:
    """核查数据值多少钱 / what verified data of one good are worth: default against own values, less verification."""
    from cbam.value_of_data import ValueOfData
    from service import clock
    from service.decision import read, use
    from service.library import Library

    with people(lang):
        good = _good(cn_code, origin, tonnes, route, see, sefa, data_year)
        if verification is not None:
            good["verification"] = {"amount": verification, "currency": currency}
        ahead = _ahead(price_path, own_price, draft, last_year) | {"fx_cny_per_eur": fx, "fx_source": fx_source}
        asked = use.ValueAsk(goods=(_typed(use.ValuedGood, good),), **ahead)
        worked = use.valued(asked, Library(), clock.today())
        made = worked.found[0]
        if not isinstance(made, ValueOfData):
            raise made
    if as_json:
        print_json(read.valued_of("", cn_code, made).model_dump(mode="json"))
        return
    title = Text("核查数据的价值", "What verified data are worth").get(lang)
    terminal.console().print(terminal.rows(made, f"{title} · {cn_code} {origin}", lang))
    _say_rate(worked.setting.rates)
    for ask in made.asks:
        terminal.console(err=True).print(terminal.said(ask, lang))


def sector(
    file: Annotated[Path, typer.Argument(help="出口商、CN 编码、原产地、每年吨数的表 / table of lines, xlsx or csv")],
    by: Annotated[
        Literal["exporter", "cn_code", "origin"], typer.Option("--by", help="汇总依据 / what to sum by")
    ] = "exporter",
    year: Annotated[int | None, typer.Option("--year", min=2026, max=2045, help="排名年份 / year that ranks")] = None,
    top: Annotated[int, typer.Option("--top", min=1, max=1000, help="列出多少个 / how many are listed")] = 20,
    price_path: PricePath = "flat",
    own_price: OwnPriceOption = None,
    draft: Drafts = None,
    last_year: LastYear = None,
    as_json: AsJson = False,
    lang: Lang = "zh",
) -> None:
    """一个行业：许多出口商的各年费用，按金额排名 / a sector at once: many exporters, summed and ranked."""
    from service import clock
    from service.decision import read_cost, use
    from service.decision.table import read_sector
    from service.library import Library
    from service.workbook.guard import read_grid

    data, library = read_bytes(file, lang), Library()
    with people(lang, UNREADABLE):
        found = read_sector(read_grid(data, file.name), library.book())
    told = terminal.console(err=True)
    if found.findings:
        told.print(terminal.findings([finding.to_dict() for finding in found.findings], lang))
    if found.lines is None:
        raise typer.Exit(FAILED)
    with people(lang):
        asked = use.SectorAsk(
            lines=found.lines, by=by, year=year, top=top, **_ahead(price_path, own_price, draft, last_year)
        )
        made = use.of_sector(asked, library, clock.today())
    if as_json:
        print_json(read_cost.sector_of(made.found, made.setting.rates).model_dump(mode="json"))
        return
    terminal.console().print(terminal.rows(made.found, f"{file.name} · {by}", lang))
    _say_rate(made.setting.rates)
    for code, count in made.found.refused.items():
        told.print(f"  {code}: {count}")


def _say_rate(rates: Mapping[str, FxRate]) -> None:
    """Print the rate to convert with, where there is one."""
    if rate := rates.get("CNY"):
        terminal.console().print(f"  1 EUR = {rate.value:.4f} CNY ({rate.period}, {rate.source})", style="dim")


def _good(
    cn_code: str,
    origin: str,
    tonnes: float,
    route: str | None,
    see: float | None,
    sefa: float | None,
    data_year: int | None,
) -> dict[str, Any]:
    from service.workbook.codes import cn_code_of, default_origins, origin_of

    return {
        "cn_code": cn_code_of(cn_code),
        "origin": origin_of(origin, default_origins()),
        "tonnes_per_year": tonnes,
        "route": route,
        "see_tco2e_per_t": see,
        "sefa_tco2e_per_t": sefa,
        "data_year": data_year,
    }


def _ahead(price_path: str, own_price: float | None, draft: list[str] | None, last_year: int | None) -> dict[str, Any]:
    return {
        "price_path": price_path,
        "own_price": None if own_price is None else {"per_t": own_price},
        "drafts": None if draft is None else tuple(draft),
        "last_year": last_year,
    }


def _typed(kind: Any, given: dict[str, Any]) -> Any:
    """Return an input; a field that is not valid is named and ends with exit code 2."""
    from pydantic import ValidationError

    try:
        return kind.model_validate(given)
    except ValidationError as error:
        for one in error.errors(include_url=False, include_input=False):
            typer.echo(f"{'.'.join(map(str, one['loc']))}: {one['msg']}", err=True)
        raise typer.Exit(2) from None
