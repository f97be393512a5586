"""What the API and the terminal say of an installation."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel, Field

from cbam.installation import METHOD, InstallationResult
from cbam.made import ProcessResult
from models.findings import Finding
from service.schemas import FindingRead, ReadRead, RowRead, TextRead, read_of, rows_of


class DeclaredRead(BaseModel):
    """The same figures by the rounding of the act: whole tonnes, at most five decimals."""

    attributed_t: float
    see_tco2e_per_t: float
    sefa_tco2e_per_t: float


class ProcessRead(BaseModel):
    """SEE and SEFA of the good of one process, with the steps that lead to them."""

    id: str
    cn_code: str
    attributed_t: float
    see_tco2e_per_t: float = Field(description="What the law counts, not rounded")
    see_direct_tco2e_per_t: float
    see_indirect_tco2e_per_t: float = Field(description="Indirect emissions that count, own and embedded")
    sefa_tco2e_per_t: float
    share_default: float = Field(description="Part of SEE that rests on default values, 0 to 1")
    route: str = Field(description="Route of the benchmark, empty where the code has one value")
    declared: DeclaredRead
    rows: list[RowRead]
    reads: list[ReadRead] = Field(description="What this process and what it bought rest on")
    assumed: list[str] = Field(description="Keys of values held beyond their last day: assumptions")


class GoodRead(BaseModel):
    """What one tonne of a code carries on leaving the site."""

    cn_code: str
    processes: list[str]
    mass_t: float
    see_tco2e_per_t: float
    see_indirect_tco2e_per_t: float
    sefa_tco2e_per_t: float
    share_default: float


class RefusedRead(BaseModel):
    """A process that could not be computed, and why."""

    id: str
    code: str
    text: TextRead
    hint: TextRead


class InstallationRead(BaseModel):
    """Every process that could be computed, precursors before what is made of them, and what stands against the rest."""

    method: str
    key: str = Field(description="Equal inputs under equal law give an equal key")
    processes: list[ProcessRead]
    goods: list[GoodRead]
    balance: list[RowRead] = Field(description="The site's direct emissions against what the processes are attributed")
    joint: dict[str, str] = Field(description="Members of joint processes, and the process each is computed in")
    refused: list[RefusedRead]
    findings: list[FindingRead]
    proof: list[str]


class FileRead(BaseModel):
    """What a workbook comes to; null where nothing could be computed, and then the findings say why."""

    installation: InstallationRead | None
    findings: list[FindingRead] = Field(description="Every finding, with sheet, row and cell")


def file_of(found: InstallationResult | None, findings: Sequence[Finding]) -> FileRead:
    """Return what a workbook comes to as the API shows it."""
    return FileRead(
        installation=installation_of(found) if found else None,
        findings=[FindingRead.model_validate(finding.to_dict()) for finding in findings],
    )


def installation_of(found: InstallationResult) -> InstallationRead:
    """Return the result as the API shows it."""
    return InstallationRead(
        method=METHOD,
        key=found.provenance.key,
        processes=[_process(key, one) for key, one in found.processes.items()],
        goods=[GoodRead.model_validate(line, from_attributes=True) for line in found.goods],
        balance=rows_of(found.balance),
        joint=dict(found.joint),
        refused=[
            RefusedRead(
                id=key,
                code=error.code,
                text=TextRead(zh=error.text("zh"), en=error.text("en")),
                hint=TextRead(zh=error.mend("zh"), en=error.mend("en")),
            )
            for key, error in found.refused.items()
        ],
        findings=[FindingRead.model_validate(finding.to_dict()) for finding in found.findings],
        proof=found.proof(),
    )


def _process(key: str, one: ProcessResult) -> ProcessRead:
    return ProcessRead(
        id=key,
        cn_code=one.good.cn_code,
        attributed_t=one.attributed_t,
        see_tco2e_per_t=one.see_tco2e_per_t,
        see_direct_tco2e_per_t=one.see_direct_tco2e_per_t,
        see_indirect_tco2e_per_t=one.see_indirect_tco2e_per_t,
        sefa_tco2e_per_t=one.sefa_tco2e_per_t,
        share_default=one.share_default,
        route=one.route,
        declared=DeclaredRead(
            attributed_t=one.declared_attributed_t,
            see_tco2e_per_t=one.declared_see_tco2e_per_t,
            sefa_tco2e_per_t=one.declared_sefa_tco2e_per_t,
        ),
        rows=rows_of(one),
        reads=[read_of(read) for read in one.own_reads],
        assumed=list(one.ground.held),
    )
