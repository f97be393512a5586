"""The old format: the same table, and what its parser would pass over in silence. The files were saved by LibreOffice."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from service.workbook import biff
from service.workbook.problems import Encrypted, FileProblem
from service.workbook.read import read_submission

HERE = Path(__file__).parent / "files"
GOODS, HIDDEN = (HERE / "goods.xls").read_bytes(), (HERE / "hidden.xls").read_bytes()


def test_an_old_workbook_is_read(files: Any) -> None:
    result = read_submission(GOODS, "goods.xls")
    assert [(g.cn_code, g.origin, g.net_mass_t, g.imported_on) for g in result.goods] == files.TRUTH
    assert not [f for f in result.findings if f.refuses]


def test_errors_and_hidden_rows_of_an_old_workbook_are_seen() -> None:
    (sheet,), epoch_1904 = biff.inspect(HIDDEN)
    assert (sheet.rows, sheet.errors, epoch_1904) == ({4}, {"D3", "F2"}, False)
    result = read_submission(HIDDEN, "hidden.xls")
    assert {(f.code, f.cell, f.row) for f in result.findings if f.refuses} >= {
        ("workbook.error_cell", "F2", 2),
        ("workbook.error_cell", "D3", 3),
        ("workbook.hidden_row", None, 4),
    }
    assert result.goods == ()


def test_a_password_of_an_old_workbook() -> None:
    codepage = b"\x42\x00\x02\x00"
    assert codepage in GOODS
    with pytest.raises(Encrypted):
        biff.inspect(GOODS.replace(codepage, b"\x2f\x00\x02\x00", 1))


def test_no_mutation_of_an_old_workbook_does_more_than_refuse_it() -> None:
    rng = random.Random(3)
    for _ in range(400):
        data = bytearray(HIDDEN)
        for _ in range(rng.randrange(1, 10)):
            data[rng.randrange(len(data))] = rng.randrange(256)
        try:
            sheets, _ = biff.inspect(bytes(data[: rng.randrange(600, len(data) + 1)]))
        except FileProblem:
            continue
        assert all(len(sheet.columns) <= 256 for sheet in sheets)
