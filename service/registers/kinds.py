"""The registers there are: the form of their records, what tells two apart, and by what they are listed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from models.errors import Text, YuetanError
from models.grading import GradeScheme, SchemeInvalid, check_scheme
from models.inputs import Input
from models.provenance import fingerprint
from models.register_chain import REQUEST_STATES, ProductGroup, SupplierRequest, request_state
from models.registers import (
    STATES,
    Accreditation,
    CatalogueItem,
    Certificate,
    Credit,
    Dated,
    FirmStatus,
    Listing,
    Recognition,
    Record,
    Standard,
    problems,
    standing,
)


@dataclass(frozen=True, slots=True)
class Kind:
    """A register: the model of a record, the fields that tell two records apart, and the field it is listed by."""

    word: str
    text: Text
    model: type[Input]
    by: tuple[str, ...]
    name: str
    example: Mapping[str, Any]

    def identity(self, record: Input) -> str:
        """Return the fingerprint of what tells ``record`` from others of its register."""
        return fingerprint([getattr(record, field) for field in self.by])


_DAYS = {"valid_from": "2026-01-01", "valid_to": "2028-12-31"}
_SOURCE = {"source": "示例，非真实记录"}
_ALL = (
    Kind("certificates", Text("标签与证书", "Labels and certificates"), Certificate, ("scheme", "number"), "holder",
         {"number": "EX-001", "scheme": "示例标签", "holder": "示例企业", "product": "示例产品"} | _DAYS | _SOURCE),
    Kind("recognitions", Text("互认", "Recognition"), Recognition,
         ("scheme", "accepted_in", "method", "product_group", "valid_from", "accepted"), "scheme",
         {"scheme": "示例标签", "accepted_in": "HK", "valid_from": "2026-01-01"} | _SOURCE),
    Kind("accreditations", Text("核查机构与认可", "Verifiers and accreditation"), Accreditation, ("body", "number", "scope"), "verifier",
         {"verifier": "示例核查机构", "body": "示例认可机构", "number": "EX-C-01", "scope": "产品碳足迹"} | _DAYS | _SOURCE),
    Kind("schemes", Text("分级方案", "Grading schemes"), GradeScheme, ("id", "version"), "name",
         {"id": "example", "name": "示例分级", "product_group": "示例产品组", "version": "1", "unit": "kgCO2e/kg", "better": "lower",
          "classes": [{"name": "A", "limit": 1.0, "includes_limit": True}, {"name": "B"}],
          "status": "illustrative"} | _SOURCE),
    Kind("credits", Text("PHCER 与 CCER", "PHCER and CCER"), Credit, ("instrument", "serial"), "serial",
         {"instrument": "PHCER", "tonnes": 100.0, "serial": "EX-1", "acquired_on": "2026-01-01"} | _SOURCE),
    Kind("statuses", Text("绿色工厂等称号", "Green factory and the like"), FirmStatus, ("holder", "kind", "level", "valid_from"), "holder",
         {"holder": "示例企业", "kind": "green_factory", "level": "provincial", "valid_from": "2026-01-01"} | _SOURCE),
    Kind("standards", Text("标准", "Standards"), Standard, ("number",), "number",
         {"number": "EX/T 1-2026", "title": "示例标准", "kind": "group", "valid_from": "2026-01-01"} | _SOURCE),
    Kind("listings", Text("严重失信主体名单", "Seriously untrustworthy entities"), Listing, ("name", "authority", "listed_on"), "name",
         {"name": "示例企业", "authority": "示例部门", "listed_on": "2026-01-01"} | _SOURCE),
    Kind("catalogue", Text("认证目录", "Certification catalogues"), CatalogueItem, ("catalogue", "version", "product"), "product",
         {"catalogue": "示例目录", "version": "2026", "product": "示例产品", "valid_from": "2026-01-01"} | _SOURCE),
    Kind("groups", Text("产品组", "Product groups"), ProductGroup, ("code", "valid_from"), "code",
         {"code": "EX", "name": "示例产品组", "prefixes": ["7604", "7606"], "valid_from": "2026-01-01"} | _SOURCE),
    Kind("requests", Text("供应商数据请求", "Requests to suppliers"), SupplierRequest, ("supplier", "product", "asked_on"), "supplier",
         {"supplier": "示例供应商", "product": "铝锭", "asked_on": "2026-01-01", "due": "2026-12-31"} | _SOURCE),
)  # fmt: skip
KINDS: Mapping[str, Kind] = {kind.word: kind for kind in _ALL}


@dataclass(frozen=True, slots=True)
class Shown:
    """The state of a record of any register on a day: its word, in words, and why."""

    word: str
    text: Text
    why: Text
    open_end: bool = False


def faults(record: Input) -> Iterator[YuetanError]:
    """Yield what is wrong between the fields of a record of any register."""
    if isinstance(record, GradeScheme):
        try:
            check_scheme(record)
        except SchemeInvalid as error:
            yield error
    else:
        yield from problems(record)


def stands(record: Input, day: dt.date) -> Shown:
    """Return the state of a record of any register on a day."""
    if isinstance(record, SupplierRequest):
        state = request_state(record, day)
        return Shown(state, REQUEST_STATES[state], Text(f"截止 {record.due}", f"due {record.due}"))
    if isinstance(record, GradeScheme):
        record = Dated(source=record.source, valid_from=record.valid_from, valid_to=record.valid_to)
    found = standing(cast("Record", record), day)
    return Shown(found.state, STATES[found.state], found.why, found.open_end)
