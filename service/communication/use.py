"""Read a communication workbook, fill a copy of it, and make the operator's report."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import Field

from cbam.plant import Installation
from models.inputs import Input
from service.communication.fill import edits_of, left_out
from service.communication.reader import version_of
from service.communication.report import OperatorReport, Place, Verification, operator_report
from service.communication.surgical import OUTCOMES, Written, write_cells
from service.installation.use import worked_out
from service.library import Library
from service.workbook.guard import read_sheets
from service.workbook.paper import safe


class ReportAsk(Input):
    """An installation with its master data, for the operator's report."""

    installation: Installation
    place: Place = Field(default_factory=Place)
    verification: Verification = Field(default_factory=Verification)
    parameters: dict[str, dict[str, float | str]] = Field(default_factory=dict, max_length=2_000)


@dataclass(frozen=True, slots=True)
class Filled:
    """A filled copy, what became of each cell, and what had no room."""

    data: bytes
    version: str
    written: Sequence[Written]
    left_out: Sequence[str]

    def companion(self) -> bytes:
        """Return the list of every cell with value, origin and outcome as CSV, for Excel with a byte-order mark."""
        out = io.StringIO()
        writer = csv.writer(out)
        writer.writerow(["sheet", "cell", "value", "before", "outcome", "结果", "来源", "origin"])
        for one in self.written:
            edit, said = one.edit, OUTCOMES[one.outcome]
            texts = (
                edit.sheet,
                edit.cell,
                str(edit.value),
                one.before,
                said.en,
                said.zh,
                edit.origin.zh,
                edit.origin.en,
            )
            writer.writerow([safe(text) for text in texts])
        return out.getvalue().encode("utf-8-sig")


def filled(data: bytes, plant: Installation, library: Library, allowed: Sequence[str] = ()) -> Filled:
    """
    Write our results of an installation into a copy of the user's workbook.

    Raises
    ------
    UnknownVersion, NotTheTemplate
        The workbook is not one that we know: nothing is written.
    Signed, NotWritable, FileProblem
        It cannot be written safely.
    YuetanError
        Nothing of the installation could be computed.
    """
    version = version_of({sheet.name: sheet for sheet in read_sheets(data)})
    found = worked_out(plant, library, ())
    made, told = write_cells(data, edits_of(plant, found), allowed)
    return Filled(made, version, told, left_out(plant, found))


def reported(asked: ReportAsk, library: Library) -> OperatorReport:
    """Return the operator's report; raises as ``service.installation.use.worked_out``."""
    found = worked_out(asked.installation, library, ())
    return operator_report(asked.installation, found, asked.place, asked.verification, asked.parameters)
