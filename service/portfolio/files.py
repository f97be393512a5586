"""A loan book as files: CSV, xlsx or Parquet, read in batches, every cell that is no number told by row."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
from pyarrow import parquet as pq

from finance.loan_book import BorrowerRow, LoanRow
from finance.policy import Scorecard
from models.errors import Text, YuetanError
from models.findings import Finding
from models.inputs import Input
from service.finance.workbook import NAME
from service.workbook.guard import read_grid
from service.workbook.layout import default_layout

BATCH = 65_536
#: Findings that are told one by one of each file; the rest are counted.
MOST_FINDINGS = 1_000
BLANK = frozenset({"", "nan", "none", "null", "n/a", "na", "-", "—"})
_WORDS = {
    "loans": frozenset({"loan", "borrower", "currency", "asset_class"}),
    "borrowers": frozenset({"borrower", "sector", "city", "obtained", "obtained_scope3"}),
}
_ROWS: Mapping[str, type[Input]] = {"loans": LoanRow, "borrowers": BorrowerRow}


class NoSuchColumn(YuetanError):
    code = "portfolio.column_missing"
    message = Text("文件缺少“{name}”列。", "The file has no column '{name}'.")
    hint = Text("列名用接口字段名，或模板中的中英文列名。", "Name columns as the API or the template does.")


class NotTheNumber(YuetanError):
    code = "portfolio.not_a_number"
    message = Text("“{name}”列不是数字，按未知处理。", "Column '{name}' holds no number here; it counts as not known.")
    hint = Text(
        "一列只写一种单位和币种的数字，不带文字。", "Numbers only, of one unit and one currency, without words."
    )


class ColumnIgnored(YuetanError):
    code = "portfolio.column_ignored"
    message = Text("不认识的列，未使用：{name}。", "A column that is not known was not used: {name}.")
    hint = Text("列名用接口字段名，或模板中的中英文列名。", "Name columns as the API or the template does.")


class Unreadable(YuetanError):
    code = "portfolio.unreadable"
    message = Text(
        "无法读取：应为 CSV（UTF-8）、xlsx 或 Parquet。", "It cannot be read; CSV (UTF-8), xlsx or Parquet is expected."
    )
    hint = Text("请另存为这三种格式之一。", "Save it as one of the three.")


class Told:
    """Findings of one file: the first ones, and how many there were."""

    def __init__(self, sheet: str) -> None:
        self.sheet, self.count, self.first = sheet, 0, list[Finding]()

    def add(self, error: YuetanError, row: int | None, found: str | None = None) -> None:
        self.count += 1
        if len(self.first) < MOST_FINDINGS:
            self.first.append(Finding.of(error, severity="warning", sheet=self.sheet, row=row, found=found))


def known_columns(kind: str, card: Scorecard) -> dict[str, bool]:
    """Return the columns of a file, and whether each holds numbers; indicators of the policy may stand with borrowers."""
    made = {name: name not in _WORDS[kind] for name in _ROWS[kind].model_fields}
    if kind == "borrowers":
        for one in card.indicators:
            made |= {one.id: one.levels is None, f"{one.id}_quality": True, f"{one.id}_not_applicable": False}
    return made


def batches(source: Path | bytes, kind: str, card: Scorecard, told: Told) -> Iterator[pa.Table]:
    """
    Yield a file in tables of known columns and ``row``, the row as a spreadsheet counts it.

    Raises
    ------
    Unreadable, NoSuchColumn
        It is none of the formats; the column that names loan or borrower is not there.
    """
    columns = known_columns(kind, card)
    sheet = default_layout(NAME).sheets[kind]
    names: dict[str, str] | None = None
    row = 2
    try:
        for raw in raw_tables(source):
            if names is None:
                names = {}
                for name in raw.column_names:
                    heading = sheet.heading(name)
                    field = name if name in columns else heading.field if heading else None
                    if field is None or field not in columns or field in names.values():
                        told.add(ColumnIgnored(name=name[:60], field=name[:60]), None)
                    else:
                        names[name] = field
                for needed in ("loan", "borrower") if kind == "loans" else ("borrower",):
                    if needed not in names.values():
                        raise NoSuchColumn(name=needed, field=kind)
            yield _typed(raw, names, columns, row, told)
            row += raw.num_rows
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, UnicodeDecodeError) as error:
        raise Unreadable(field=kind) from error
    if names is None:
        raise NoSuchColumn(name="borrower", field=kind)


def raw_tables(source: Path | bytes) -> Iterator[pa.Table]:
    """Yield the file as it stands; CSV and xlsx as texts."""
    opened: BinaryIO = source.open("rb") if isinstance(source, Path) else io.BytesIO(source)
    with opened:
        head = opened.read(4)
        opened.seek(0)
        if head == b"PAR1":
            file = pq.ParquetFile(opened)
            for batch in file.iter_batches(BATCH):
                yield pa.Table.from_batches([batch])
        elif head[:2] == b"PK":
            rows = read_grid(opened.read(), "book.xlsx").rows
            at = next((i for i, line in enumerate(rows) if any(line)), 0)
            heads = [cell.strip() or f"#{i}" for i, cell in enumerate(rows[at])]
            body = [(*line[: len(heads)], *[""] * (len(heads) - len(line))) for line in rows[at + 1 :]]
            yield pa.table(
                {name: pa.array(cells, pa.string()) for name, cells in zip(heads, zip(*body, strict=True), strict=True)}
            )
        else:
            encoding = _encoding(opened.read(1 << 20))
            opened.seek(0)
            # Every column is read as text: what is a number is decided here, cell by cell.
            heads = next(csv.reader([opened.readline().decode(encoding).lstrip("\ufeff")]), [])
            opened.seek(0)
            options = pa_csv.ConvertOptions(column_types=dict.fromkeys(heads, pa.string()), strings_can_be_null=False)
            reading = pa_csv.ReadOptions(block_size=8 << 20, use_threads=False, encoding=encoding)
            with pa_csv.open_csv(opened, read_options=reading, convert_options=options) as reader:
                for batch in reader:
                    yield pa.Table.from_batches([batch])


def _encoding(start: bytes) -> str:
    """Return how a CSV is written: UTF-8, or what spreadsheets in China save."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(start)
    except UnicodeDecodeError:
        return "gb18030"
    return "utf-8"


def _typed(raw: pa.Table, names: Mapping[str, str], columns: Mapping[str, bool], row: int, told: Told) -> pa.Table:
    made: dict[str, pa.Array] = {"row": pa.array(np.arange(row, row + raw.num_rows, dtype=np.int64))}
    for name, field in names.items():
        column = raw.column(name)
        if columns[field]:
            made[field] = pa.array(_numbers(column, field, row, told))
        else:
            made[field] = pc.utf8_trim_whitespace(column.cast(pa.string()).fill_null("").combine_chunks())
    return pa.table(made)


def _numbers(column: pa.ChunkedArray, field: str, row: int, told: Told) -> Any:
    if pa.types.is_integer(column.type) or pa.types.is_floating(column.type) or pa.types.is_decimal(column.type):
        return column.cast(pa.float64()).to_numpy(zero_copy_only=False)
    texts = [("" if v is None else str(v)).strip() for v in column.to_pylist()]
    plain = pd.Series([text.replace(",", "").replace("，", "") for text in texts], dtype=object)
    values = pd.to_numeric(plain, errors="coerce").to_numpy(dtype=np.float64)
    values = np.where(np.isfinite(values), values, np.nan)
    for i in np.flatnonzero(np.isnan(values)):
        if texts[i].lower() not in BLANK:
            told.add(NotTheNumber(name=field, field=field), row + int(i), texts[i][:40])
    return values
