"""What is wrong with which cell or field, and what to do: the form every refusal takes on its way to people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from models.errors import NOTHING, Text, YuetanError

#: ``error`` refuses the row, ``question`` refuses it until the user answers, ``warning`` and ``info`` keep it.
Severity = Literal["error", "question", "warning", "info"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding; ``row`` counts as the spreadsheet does, from 1, and ``cell`` is like ``C7``."""

    code: str
    severity: Severity
    text: Text
    hint: Text = NOTHING
    sheet: str | None = None
    row: int | None = None
    cell: str | None = None
    field: str | None = None
    found: str | None = None

    @property
    def refuses(self) -> bool:
        """Whether the row cannot be computed as it stands."""
        return self.severity in ("error", "question")

    @classmethod
    def of(
        cls,
        error: YuetanError,
        *,
        severity: Severity = "error",
        sheet: str | None = None,
        row: int | None = None,
        cell: str | None = None,
        found: str | None = None,
        field: str | None = None,
    ) -> Finding:
        """Return ``error`` as a finding at a place; ``field`` where it stands deeper in the input than the error knows."""
        return cls(
            code=error.code,
            severity=severity,
            text=Text(error.text("zh"), error.text("en")),
            hint=Text(error.mend("zh"), error.mend("en")),
            sheet=sheet,
            row=row,
            cell=cell,
            field=field if field is not None else error.field,
            found=found,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the finding as plain data."""
        return {
            "code": self.code,
            "severity": self.severity,
            "text": self.text._asdict(),
            "hint": self.hint._asdict(),
            "sheet": self.sheet,
            "row": self.row,
            "cell": self.cell,
            "field": self.field,
            "found": self.found,
        }
