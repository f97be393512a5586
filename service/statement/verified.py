"""Whether the verifier that a statement names was accredited: asked of the register, on the day of the statement."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from models.errors import Text
from models.findings import Finding
from models.register_answers import AccreditationPolicy, StatementQuality, statement_quality
from models.registers import Accreditation
from service.auth import Who
from service.registers.use import records
from service.statement.document import Standing, StatementDocument

_WORDS: dict[str, Standing] = {"yes": "accredited", "no": "not_accredited", "not_known": "not_known"}
SAID: dict[Standing | None, Text] = {
    "accredited": Text("核查机构当日有有效认可", "its verifier was accredited on that day"),
    "not_accredited": Text("核查机构当日没有有效认可，不能视为经核查", "its verifier was not accredited on that day: not verified"),
    "not_known": Text(
        "登记簿没有核查机构的有效认可记录，不能视为经核查",
        "no valid accreditation of its verifier is on record: not verified",
    ),
    None: Text("未查询核查机构的认可，不能视为经核查", "the accreditation of its verifier was not looked up: not verified"),
}  # fmt: skip
_NO_REPORT = Finding(
    "statement.no_verification_report",
    "warning",
    Text("写了核查机构，没有写核查报告编号。", "A verifier is named without the number of its report."),
    Text("请填写核查报告编号，收到成本单的人才能核对。", "Give the number, so that whoever receives it can compare."),
    field="statement.verification_report",
)


@dataclass(frozen=True, slots=True)
class Verified:
    """What a register says of the verifier of a statement; ``quality`` is 1 best."""

    standing: Standing
    quality: StatementQuality
    findings: tuple[Finding, ...]

    @property
    def basis(self) -> tuple[Standing, str]:
        """The standing with its reasons, to be signed."""
        return self.standing, "; ".join(reason.en for reason in self.quality.accredited.reasons)[:1000]


def verified(
    db: Session,
    who: Who,
    policy: AccreditationPolicy,
    verifier: str | None,
    report: str | None,
    quality: int,
    day: dt.date,
) -> Verified | None:
    """Ask the register of ``who`` whether a verifier is accredited on a day, in a scope of the policy; none where none is named."""
    if verifier is None:
        return None
    found = statement_quality(quality, verifier, day, records(db, who, "accreditations", Accreditation), policy)
    told = [replace(one, field="statement.verified_by") for one in found.findings]
    return Verified(_WORDS[found.accredited.word], found, (*told, *(() if report else (_NO_REPORT,))))


def of_document(db: Session, who: Who, policy: AccreditationPolicy, said: StatementDocument) -> Verified | None:
    """Ask the register of whoever received a statement, on the day it was issued."""
    day = dt.date.fromisoformat(said.issued)
    return verified(db, who, policy, said.verified_by, said.verification_report, said.data_quality, day)
