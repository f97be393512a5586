"""``yuetan portfolio``: a loan book of any size, partition by partition in this process; a run that was broken off goes on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from models.errors import Text
from service import terminal
from service.command import AsJson, Lang, people, print_json, progress, read_input, settings_of, write

app = typer.Typer(no_args_is_help=True, help="分区计算的贷款簿 / loan books in partitions")


@app.command()
def run(
    loans: Annotated[Path, typer.Argument(help="贷款 CSV、xlsx、Parquet / loans")],
    borrowers: Annotated[Path, typer.Argument(help="借款人 CSV、xlsx、Parquet / borrowers")],
    question: Annotated[Path, typer.Option("--ask", help="价格、情景、模型 JSON 或 YAML / prices, scenarios, model")],
    store: Annotated[str, typer.Option("--store", help="文件夹，或 s3://桶/前缀 / folder or s3://bucket/prefix")],
    rows: Annotated[int, typer.Option("--rows", min=1, help="每个分区的贷款数 / loans of a partition")] = 1_000_000,
    out: Annotated[Path | None, typer.Option("-o", "--out", help="写成 .pdf 或 .xlsx / write .pdf or .xlsx")] = None,
    as_json: AsJson = False,
    lang: Lang = "zh",
) -> None:
    """拆分、逐分区计算、汇总；中断后重新运行会接着算 / split, work out, merge; run it again to go on."""
    from service import clock
    from service.finance.use import Question
    from service.library import Library
    from service.portfolio.paper import portfolio_paper
    from service.portfolio.run import planned, run_all
    from service.portfolio.store import Store
    from service.press.document import pdf
    from service.press.sheet import xlsx

    settings_of()
    asked, library = read_input(question, Question, lang), Library()
    for file in (loans, borrowers):
        if not file.is_file():
            raise typer.BadParameter(str(file))
    with progress(lang) as tell, people(lang):
        where = Store(store)
        plan = planned(
            where, "run", loans, borrowers, asked, library, library.market, library.card, clock.today(), rows,
            lambda stage, done, total: tell(stage, done, total or None),
        )  # fmt: skip
        made = run_all(where, "run", plan, library, tell)
    paper = portfolio_paper(made)
    if out:
        write(out, xlsx(paper, lang) if out.suffix.lower() == ".xlsx" else pdf(paper, lang), lang)
    if as_json:
        print_json(made)
        return
    sums = made["sums"]
    case = sums["cases"][made["main"]]["own"]
    table = terminal.grid(paper.title.get(lang))
    for label, value in (
        (Text("贷款", "Loans"), f"{sums['loans']:,}"),
        (Text("余额 元", "Outstanding CNY"), f"{sums['outstanding']:,.0f}"),
        (Text("融资排放 1+2 tCO2e", "Financed 1+2 tCO2e"), f"{sums['financed']['scope12_t']:,.0f}"),
        (Text("计入预期损失的贷款", "Loans with an expected loss"), f"{case['loans']:,}"),
        (Text("预期损失增加 元", "Expected loss rises CNY"), f"{case['expected1'] - case['expected0']:,.0f}"),
        (Text("文件中的问题", "Found in the files"), f"{made['finding_count']:,}"),
    ):
        table.add_row(label.get(lang), value)
    terminal.console().print(table)
