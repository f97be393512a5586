"""What a statement takes from the firm's position of the compliance year: the price paid, and whether it is final."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from models.errors import Text, YuetanError
from models.holdings import BOUGHT
from models.statement_asked import StatementInput
from service.auth import Who
from service.position.keep import one
from service.position.tables import KeptPosition
from service.position.use import PositionAsk

#: Field of a statement, and its name.
_NAMES: dict[str, Text] = {
    "installation": Text("装置", "installation"),
    "compliance_year": Text("履约年度", "compliance year"),
    "scheme": Text("碳市场", "scheme"),
    "average_paid_cny_per_tco2": Text("平均已付碳价", "average price paid"),
    "provisional": Text("最终配额未定", "provisional"),
    "paid_evidence": Text("付款凭证", "evidence of payment"),
}
_EVIDENCE_MOST = 300


class OtherThanPosition(YuetanError):
    code = "statement.other_than_position"
    message = Text(
        "“{name_zh}”填的是 {said}，头寸是 {found}。", "'{name_en}' is given as {said}; the position says {found}."
    )
    hint = Text(
        "请改为与头寸一致或留空；头寸有误请重新保存一份再出具。",
        "Give what the position says or leave it blank; where the position is wrong, keep a new one first.",
    )


class PositionUnpaid(YuetanError):
    code = "statement.position_unpaid"
    message = Text("该头寸的平均已付碳价未知。", "The average price paid of this position is not known.")
    hint = Text(
        "请在头寸中补填每笔交易的合同价格后重新保存。",
        "Enter the contract price of every deal in the position and keep it anew.",
    )


@dataclass(frozen=True, slots=True)
class FromPosition:
    """
    The statement with what the position says, and the position it rests on.

    ``paid_share`` is the part of the emissions that free allocation does not
    cover, net / E (``ets.md`` 4); negative for a surplus, ``None`` where the
    allocation is not known.
    """

    statement: StatementInput
    key: str
    on: str
    paid_share: float | None


def from_position(db: Session, who: Who, given: StatementInput, position_id: str) -> FromPosition:
    """
    Return a statement filled from a kept position; what is stated besides must agree with it.

    Raises
    ------
    NotFound
        There is no such position to see.
    PositionUnpaid, OtherThanPosition
        The position knows no price paid; or a field says otherwise than it does.
    """
    row = one(db, who, UUID(position_id))
    said = row.result
    average = said["average_paid_cny_per_t"]
    if average is None:
        raise PositionUnpaid(field="position")
    provisional = bool(said["provisional"]) or said["emissions_basis"] != "verified"
    told: dict[str, Any] = {
        "installation": row.installation,
        "compliance_year": row.compliance_year,
        "scheme": said["instrument"],
        "average_paid_cny_per_tco2": average,
        "provisional": provisional,
        "paid_evidence": _evidence(row),
    }
    for field, found in told.items():
        stated = getattr(given, field)
        blank = stated is None and field not in ("installation", "compliance_year", "scheme")
        if not blank and not _same(stated, found):
            name = _NAMES[field]
            raise OtherThanPosition(
                field=f"statement.{field}", name_zh=name.zh, name_en=name.en, said=_shown(stated), found=_shown(found)
            )
    net, emissions = said["net_t"], said["emissions_t"]
    share = net / emissions if net is not None and emissions else None
    return FromPosition(given.model_copy(update=told), row.key, row.as_of.isoformat(), share)


def _same(stated: Any, found: Any) -> bool:
    if isinstance(stated, float) and isinstance(found, float):
        return math.isclose(stated, found, rel_tol=1e-9, abs_tol=1e-12)
    return bool(stated == found)


def _shown(value: Any) -> str:
    return "—" if value is None else str(value)


def _evidence(row: KeptPosition) -> str:
    """Return the evidence of what was bought, each once; where none is stated, the record of the position."""
    asked = PositionAsk.model_validate_json(json.dumps(row.asked), strict=True)
    named = dict.fromkeys(e.evidence for e in asked.entries if e.kind in BOUGHT and e.evidence)
    whole = "; ".join(str(one) for one in named)
    return whole if 0 < len(whole) <= _EVIDENCE_MOST else f"position {row.id}"
