"""Findings as they are met while an installation is worked out."""

from __future__ import annotations

from models.errors import YuetanError
from models.findings import Finding, Severity


class Said:
    """Findings, each with the place in the input that it is about."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self._said: dict[int, YuetanError] = {}

    def add(self, error: YuetanError, where: str, severity: Severity = "error") -> None:
        """Keep ``error`` as a finding about ``where``, such as ``streams.3``; one error is said once, where it was met first."""
        if id(error) in self._said:
            return
        self._said[id(error)] = error
        place = ".".join(name for name in (where, error.field) if name)
        self.findings.append(Finding.of(error, severity=severity, field=place))
