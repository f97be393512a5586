"""What the look-through of an xlsx sees, however its XML is written."""

from __future__ import annotations

from typing import Any

import pytest

from service.workbook import package
from service.workbook.problems import FarCell

NS = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
PLAIN = (
    f'<worksheet {NS}><cols><col min="2" max="3" hidden="1"/></cols><sheetData>'
    '<row r="1"><c r="A1"><v>1</v></c></row>'
    '<row r="2" hidden="1"><c r="A2" t="e"><v>#REF!</v></c><c r="B2"><f>A1+1</f></c><c r="C2"><f>A1</f><v>3</v></c></row>'
    '<row r="3"><c r="A3"><f>A1</f><v/></c><c r="B3" t="str"><f>A1</f><v></v></c></row>'
    "</sheetData></worksheet>"
)
PREFIXED = PLAIN.replace("<", "<q:").replace("<q:/", "</q:").replace("xmlns=", "xmlns:q=")


@pytest.mark.parametrize("xml", [PLAIN, PLAIN.replace('"', "'"), PREFIXED, PLAIN.replace("<c r", "<c\n r")])
def test_hidden_rows_errors_and_formulas_without_a_value(files: Any, xml: str) -> None:
    (found,) = package.inspect(files.with_sheet(xml.encode())).hidden.values()
    assert found.rows == {2}
    assert found.columns == {2, 3}
    assert found.errors == {"A2"}
    assert {"B2", "A3", "B3"} >= found.without_value >= {"B2", "A3"}
    assert "C2" not in found.without_value


@pytest.mark.parametrize("quote", ['"', "'"])
def test_a_far_cell_is_named(files: Any, quote: str) -> None:
    xml = PLAIN.replace('"A3"', '"XFD1048576"').replace('r="3"', 'r="1048576"').replace('"', quote)
    with pytest.raises(FarCell) as refused:
        package.inspect(files.with_sheet(xml.encode()))
    assert refused.value.params["cell"] == "XFD1048576"


def test_columns_have_letters() -> None:
    for number in (1, 26, 27, 52, 702, 703, 16384):
        assert package.column_number(package.column_letters(number)) == number
    assert package.column_letters(16384) == "XFD"
