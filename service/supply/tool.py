"""A park and offers as tools of one kind: a question typed or in a workbook, a result, a paper."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from pydantic import BaseModel

from models.bids import BidAsk, Comparison
from models.errors import Text
from models.findings import Finding
from models.inputs import Input
from models.park import Park
from models.park_asked import ParkAsk
from service.library import Library
from service.press.document import Document
from service.supply import use
from service.supply.paper import bids_paper, park_paper
from service.supply.read import bids_file_read, park_file_read
from service.supply.verdict import bid_verdict, park_verdict
from service.supply.workbook import BID_ROWS, BIDS, PARK, PARK_ROWS, Rows

Asked = TypeVar("Asked", bound=Input)
Found = TypeVar("Found", Park, Comparison)


@dataclass(frozen=True, slots=True)
class Tool(Generic[Asked, Found]):
    """What page and terminal need of a topic; ``name`` is that of its address, template and files."""

    name: str
    text: Text
    workbook: str
    rows: Rows
    asks: type[Asked]
    work: Callable[[Asked, Library], Found]
    from_file: Callable[[bytes, Library], tuple[Found | None, tuple[Finding, ...]]]
    verdict: Callable[[Found], list[Text]]
    paper: Callable[[Found, dt.date], Document]
    read: Callable[[Found | None, Sequence[Finding]], BaseModel]


PARK_TOOL: Tool[ParkAsk, Park] = Tool(
    "park", Text("园区碳排放汇总", "roll-up of a park"), PARK, PARK_ROWS, ParkAsk, use.park_of, use.park_file, park_verdict,
    park_paper, park_file_read,
)  # fmt: skip
BIDS_TOOL: Tool[BidAsk, Comparison] = Tool(
    "bids", Text("报价含碳比较", "comparison of offers"), BIDS, BID_ROWS, BidAsk, use.bids_of, use.bids_file, bid_verdict,
    bids_paper, bids_file_read,
)  # fmt: skip
