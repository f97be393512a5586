"""What the API and the terminal say of a chain."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel, Field

from models.findings import Finding
from models.roll_up import METHOD, NodeCost, ProductCost, Three
from models.statement_asked import PaidBy
from service.embedded.supplies import Supplied
from service.embedded.use import Rolled
from service.schemas import FindingRead, RowRead, ViewsRead, rows_of


class NodeCostRead(BaseModel):
    """One node of the chain."""

    id: str
    unit: str
    level: str = Field(description="own, statement, sector_average or input_output")
    own: ViewsRead
    received: ViewsRead = Field(description="What its inputs bring")
    embedded: ViewsRead = Field(description="Own and received: the accounts")
    handed_on: ViewsRead = Field(description="What reaches the buyer where each tier hands on its share")
    kept: ViewsRead = Field(description="What the tier then carries itself")


class LevelRead(BaseModel):
    """What nodes of one level of data bring to a product."""

    level: str
    cost: ViewsRead
    share_of_full: float | None


class StreamRead(BaseModel):
    """Emissions of one stream in a product, own and upstream, tCO2 per unit."""

    stream: str
    covered_tco2_per_unit: float
    uncovered_tco2_per_unit: float


class LargestRead(BaseModel):
    """A node that brings much of the full cost of a product."""

    id: str
    full_cny_per_unit: float


class PaymentRead(BaseModel):
    """What a node adds to the paid cost of a product."""

    node: str
    payer: PaidBy | None = Field(description="Null where nobody is named: that part serves no deduction")
    cny_per_unit: float


class StatedPartRead(BaseModel):
    """What a supplier's statement brings to a product."""

    node: str
    source: str = Field(description="Number of the statement")
    amount: float = Field(description="Units of it per unit of the product")
    cost: ViewsRead
    named_cny_per_unit: float = Field(description="Of its paid cost, what names a payer")


class StatementUsedRead(BaseModel):
    """A signed statement that is a node of the chain."""

    node: str
    number: str
    issuer: str
    issuer_key: str = Field(description="own, here (issued on this installation) or trusted")
    key_id: str
    sha256: str
    product: str
    customer: str
    first: str
    last: str
    quantity_t: str
    provisional: bool


class ProductCostRead(BaseModel):
    """A product in full."""

    id: str
    rows: list[RowRead]
    levels: list[LevelRead]
    streams: list[StreamRead]
    overlap_tco2_per_unit: float = Field(description="Counted at generator and user, charged once")
    paid_by: list[PaidBy] = Field(description="Each obligation once; ``cny_per_t`` is per unit of the product")
    unnamed_cny_per_unit: float | None = Field(
        description="Of the paid cost, what names no payer; null where not known"
    )
    payments: list[PaymentRead] = Field(description="The paid cost by node, with what of it names nobody")
    statements: list[StatedPartRead]
    largest: list[LargestRead]


class LoopRead(BaseModel):
    """A loop of the chain."""

    members: list[str]
    radius: float = Field(description="Spectral radius of its amounts, below 1")


class CheckRead(BaseModel):
    """How well the figures hold."""

    residual: float = Field(description="Largest |x - (A'x + k)| over the largest |x|")
    iteration_difference: float = Field(description="Against fixed-point iteration, over the largest |x|")
    iteration_rounds: int


class ChainRead(BaseModel):
    """A chain rolled up."""

    method: str
    nodes: list[NodeCostRead]
    products: list[ProductCostRead]
    statements: list[StatementUsedRead]
    loops: list[LoopRead]
    check: CheckRead
    findings: list[FindingRead]


class ChainFileRead(BaseModel):
    """What a file comes to; null where anything of it is refused, and then the findings say why."""

    chain: ChainRead | None
    findings: list[FindingRead] = Field(description="Every finding, with sheet, row and cell")


def chain_read(rolled: Rolled) -> ChainRead:
    """Return the result as the API shows it."""
    found = rolled.found
    return ChainRead(
        method=METHOD,
        nodes=[_node(node) for node in found.nodes],
        products=[_product(one) for one in found.products],
        statements=[_used(one) for one in rolled.statements],
        loops=[LoopRead(members=list(loop.members), radius=loop.radius) for loop in found.loops],
        check=CheckRead.model_validate(found.check, from_attributes=True),
        findings=_findings(rolled.findings),
    )


def file_read(found: Rolled | None, findings: Sequence[Finding]) -> ChainFileRead:
    """Return what a file comes to as the API shows it."""
    return ChainFileRead(chain=chain_read(found) if found else None, findings=_findings(findings))


def _findings(findings: Sequence[Finding]) -> list[FindingRead]:
    return [FindingRead.model_validate(finding.to_dict()) for finding in findings]


def _views(three: Three) -> ViewsRead:
    return ViewsRead(full=three[0], paid=three[1], marginal=three[2])


def _node(node: NodeCost) -> NodeCostRead:
    return NodeCostRead(
        id=node.id,
        unit=node.unit,
        level=node.level,
        own=_views(node.own),
        received=_views(node.received),
        embedded=_views(node.embedded),
        handed_on=_views(node.handed_on),
        kept=_views(node.kept),
    )


def _product(one: ProductCost) -> ProductCostRead:
    return ProductCostRead(
        id=one.node.id,
        rows=rows_of(one),
        levels=[LevelRead(level=p.level, cost=_views(p.cost), share_of_full=p.share_of_full) for p in one.levels],
        streams=[StreamRead.model_validate(total, from_attributes=True) for total in one.streams],
        overlap_tco2_per_unit=one.overlap_tco2_per_unit,
        paid_by=list(one.paid_by),
        unnamed_cny_per_unit=one.unnamed_cny_per_unit,
        payments=[PaymentRead.model_validate(paid, from_attributes=True) for paid in one.payments],
        statements=[
            StatedPartRead(
                node=part.node,
                source=part.source,
                amount=part.amount,
                cost=_views(part.cost),
                named_cny_per_unit=part.named_cny_per_unit,
            )
            for part in one.statements
        ],
        largest=[LargestRead(id=of, full_cny_per_unit=cost) for of, cost in one.largest],
    )


def _used(one: Supplied) -> StatementUsedRead:
    said = one.said
    return StatementUsedRead(
        node=one.node,
        issuer_key=one.issuer,
        key_id=one.envelope.key_id,
        sha256=one.envelope.sha256,
        **said.model_dump(
            include={"number", "issuer", "product", "customer", "first", "last", "quantity_t", "provisional"}
        ),
    )
