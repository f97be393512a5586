"""The law over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from models.law import Table
from service.errors import MISSING, PROBLEMS
from service.law import use
from service.provide import Law, LawScenarios, On, Today
from service.schemas import ReadRead, TextRead, read_of

router = APIRouter(tags=["law"], responses=PROBLEMS)

Key = Annotated[
    str, Path(pattern=r"^[a-z0-9_.\-]{1,120}$", description="Parameter or table", examples=["eu.cbam.cbam_factor"])
]


class ParameterRead(BaseModel):
    """A parameter or a table of the law, and its value on the day asked about."""

    key: str
    label: TextRead
    kind: str = Field(description="`parameter`, or `table` with its key columns")
    columns: list[str]
    rows: int = Field(description="Rows of a table; 1 for a parameter")
    in_force: ReadRead | None = Field(description="Null for a table, and where there is no value on that day")


class ValueRead(ReadRead):
    """A value of the law with what it is."""

    label: TextRead


class ScenarioRead(BaseModel):
    """A draft or a superseded edition that may be laid over the law."""

    name: str
    kind: str
    label: TextRead
    source: str


class PathRead(BaseModel):
    """A named path of the certificate price."""

    name: str
    kind: str
    label: TextRead
    points: dict[int, float]
    quarters: dict[str, float]
    after_last: str
    source: str
    confidence: str


class ScenariosRead(BaseModel):
    """What may be chosen."""

    law: list[ScenarioRead]
    price_paths: list[PathRead]


@router.get("/law", summary="List parameters", response_model=list[ParameterRead], responses=MISSING)
def listed(
    law: Law,
    today: Today,
    prefix: Annotated[str, Query(pattern=r"^[a-z0-9_.\-]{0,120}$", examples=["eu.cbam"])] = "",
    on: On | None = None,
    law_scenario: LawScenarios = [],  # noqa: B006 - FastAPI copies it
) -> list[ParameterRead]:
    """List the parameters and tables whose key begins with `prefix`, with the values in force on a day (today)."""
    book = law.book(law_scenario)
    made = []
    for found in use.under(book, prefix):
        is_table = isinstance(found, Table)
        read = None if isinstance(found, Table) else use.in_force(book, found, on or today)
        made.append(
            ParameterRead(
                key=found.key,
                label=TextRead(zh=found.label_zh, en=found.label),
                kind="table" if is_table else "parameter",
                columns=list(found.columns) if isinstance(found, Table) else [],
                rows=len(found.rows) if isinstance(found, Table) else 1,
                in_force=read_of(read) if read else None,
            )
        )
    return made


@router.get("/law/{key}", summary="One value on a day", response_model=ValueRead, responses=MISSING)
def shown(
    key: Key,
    on: On,
    law: Law,
    row: Annotated[
        list[Annotated[str, Query(max_length=60)]],
        Query(max_length=8, description="Key columns of a table, in order", examples=[["CN", "73089059"]]),
    ] = [],  # noqa: B006 - FastAPI copies it
    law_scenario: LawScenarios = [],  # noqa: B006
) -> ValueRead:
    """Return a value with unit, first day, source and confidence. Rows of tables are named by their key columns."""
    found = use.value(law.book(law_scenario), key, on, row)
    return ValueRead(**read_of(found.read).model_dump(), label=TextRead(**found.label._asdict()))


@router.get("/scenarios", summary="Scenarios and price paths", response_model=ScenariosRead)
def scenarios(law: Law) -> ScenariosRead:
    """List what may be laid over the law, and the named paths of the certificate price. None of them is law."""
    return ScenariosRead(
        law=[
            ScenarioRead(name=s.name, kind=s.kind, label=TextRead(**s.label._asdict()), source=s.source)
            for s in law.scenarios.values()
        ],
        price_paths=[
            PathRead(
                name=name,
                kind=path.kind,
                label=TextRead(zh=path.zh, en=path.en),
                points=path.points,
                quarters=path.quarters,
                after_last=path.after_last,
                source=path.source,
                confidence=path.confidence,
            )
            for name, path in law.paths.items()
        ],
    )
