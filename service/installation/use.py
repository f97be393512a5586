"""An installation's processes, resolved under the law of their year."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from pydantic import Field

from cbam.chain import Process, ProcessResult, resolve
from models.inputs import Input
from service.library import Library


class InstallationYear(Input):
    """All production processes of one installation in one calendar year."""

    year: int = Field(ge=2026, le=2060, examples=[2026])
    processes: tuple[Process, ...] = Field(min_length=1, max_length=2000)


def resolved(asked: InstallationYear, library: Library, scenarios: Sequence[str]) -> dict[str, ProcessResult]:
    """Return SEE and SEFA of every process; raises as ``cbam.chain.resolve``."""
    return resolve(asked.processes, library.book(scenarios).at(dt.date(asked.year, 12, 31)))
