"""The yearly declaration in sums: by CN code, origin, installation and basis, adding up to the lines."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import Field

from cbam.consignment import Basis, Consignment
from cbam.exposure import Embedded, certificates, embed
from cbam.goods import Origin
from models.errors import YuetanError
from models.findings import Finding
from models.law import LawBook, Read

METHOD = "cbam.declaration/1"


class DeclaredLine(Consignment):
    """An import line with the installation that made the good; absent on default values, or where it is not stated."""

    installation: str | None = Field(default=None, max_length=100)


@dataclass(frozen=True, slots=True)
class Group:
    """
    One line of the declaration.

    ``emissions_t`` is M SEE, ``free_t`` M SEFA, ``certificates`` the sum of the
    lines with the floor at zero for each good; ``installation`` is empty where
    the line names none: default values, or not stated.
    """

    cn_code: str
    origin: str
    installation: str
    basis: Basis
    lines: int
    net_mass_t: float
    emissions_t: float
    free_t: float
    certificates: float


@dataclass(frozen=True, slots=True)
class Declaration:
    """The groups in order, the lines that were refused, and what the sums rest on."""

    groups: tuple[Group, ...]
    findings: tuple[Finding, ...]
    reads: tuple[Read, ...]

    @property
    def certificates(self) -> float:
        """Certificates due, decimals summed."""
        return math.fsum(group.certificates for group in self.groups)

    @property
    def net_mass_t(self) -> float:
        """Net mass of the lines that were computed, t."""
        return math.fsum(group.net_mass_t for group in self.groups)


def declaration(imports: Sequence[DeclaredLine], book: LawBook) -> Declaration:
    """
    Return the sums of imports; a line that cannot be settled is a finding by its place and leaves the others.

    Notes
    -----
    N = sum of M max(0, SEE - SEFA) per good (``eu-2023-956`` Art. 6 and 22); no
    price enters, so that a year without published prices can be declared.
    """
    groups: dict[tuple[str, str, str, Basis], list[tuple[DeclaredLine, Embedded, float]]] = {}
    findings: list[Finding] = []
    reads: dict[str, Read] = {}
    for i, line in enumerate(imports):
        try:
            made = embed(line, book.at(line.imported_on))
        except YuetanError as refusal:
            findings.append(Finding.of(refusal, row=i + 1, field=f"imports.{i}.{refusal.field}"))
            continue
        due = 0.0
        if made.origin is Origin.LIABLE:
            due = float(certificates(line.net_mass_t, made.see_tco2e_per_t, made.sefa_tco2e_per_t))
        reads |= {read.key: read for read in made.reads}
        key = (line.cn_code, line.origin, line.installation or "", line.basis)
        groups.setdefault(key, []).append((line, made, due))
    return Declaration(
        groups=tuple(_group(key, groups[key]) for key in sorted(groups)),
        findings=tuple(findings),
        reads=tuple(reads.values()),
    )


def _group(key: tuple[str, str, str, Basis], lines: Sequence[tuple[DeclaredLine, Embedded, float]]) -> Group:
    code, origin, installation, basis = key
    return Group(
        cn_code=code,
        origin=origin,
        installation=installation,
        basis=basis,
        lines=len(lines),
        net_mass_t=math.fsum(line.net_mass_t for line, _, _ in lines),
        emissions_t=math.fsum(line.net_mass_t * made.see_tco2e_per_t for line, made, _ in lines),
        free_t=math.fsum(line.net_mass_t * made.sefa_tco2e_per_t for line, made, _ in lines),
        certificates=math.fsum(due for _, _, due in lines),
    )
