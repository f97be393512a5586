"""Loan books in partitions over HTTP: files in, a run to look at, the whole, and the loans as Parquet."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeVar
from uuid import UUID

from fastapi import APIRouter, File, Form, Query, Response, UploadFile
from pydantic import BaseModel, Field, JsonValue, ValidationError

from models.errors import Text, YuetanError
from models.inputs import Input
from service.assessment.routes import WORKBOOK, XLSX
from service.assessment.use import keep_upload
from service.batch.routes import ReasonRead, content_of
from service.change.routes import PDF
from service.errors import MISSING, PROBLEMS
from service.finance.use import Question
from service.json_text import check_json
from service.portfolio import use
from service.portfolio.paper import portfolio_paper
from service.press.document import pdf
from service.press.sheet import xlsx
from service.provide import Caller, HereParts, Law, Limit, Reading, Today, Transaction
from service.refusals import WrongMedia
from service.safety import MULTIPART_LIMIT

router = APIRouter(prefix="/portfolios", tags=["finance"], responses=PROBLEMS)
ENDINGS = (".csv", ".xlsx", ".xlsm", ".parquet")
Asked = TypeVar("Asked", bound=Input)
PARQUET = "application/vnd.apache.parquet"


class BadQuestion(YuetanError):
    code = "portfolio.bad_question"
    message = Text("参数 {where} 有误：{why}", "The question is not right at {where}: {why}")
    hint = Text(
        "参数与 /finance/portfolio 相同，不含贷款和借款人。", "As for /finance/portfolio, without loans and borrowers."
    )


class RunRead(BaseModel):
    """A book being worked out. Ask again until `state` is done or failed."""

    id: UUID
    state: str = Field(description="queued, running, done, failed")
    done: int = Field(description="Partitions done")
    parts: int | None = Field(description="Partitions in all; null before the book is split")
    reason: ReasonRead | None
    links: dict[str, str]


@router.post("", summary="A loan book as files", status_code=202, response_model=RunRead, max_body_size=MULTIPART_LIMIT)
def create(
    loans: Annotated[UploadFile, File(description="CSV, xlsx or Parquet; columns as the fields of a loan")],
    borrowers: Annotated[
        UploadFile, File(description="The same of borrowers; indicators of the score may stand with them")
    ],
    response: Response,
    law: Law,
    who: Caller,
    db: Transaction,
    today: Today,
    here: HereParts,
    question: Annotated[
        str, Form(max_length=100_000, description="JSON: prices, scenarios, model, rating bounds")
    ] = "{}",
) -> RunRead:
    """
    Keep the files and ask for the book; the answer is a run to look at.

    The book is split by borrower; each partition is a job that any worker may take, and a last one merges them.
    """
    asked = question_of(question)
    kept = [keep_upload(db, who, content_of(file), file_name(file)) for file in (loans, borrowers)]
    job = use.ask(db, who, law, kept[0], kept[1], asked, today)
    response.headers["Location"] = f"/api/v1/portfolios/{job.id}"
    return run_read(use.run_of(db, who, job.id, here.settings))


@router.get("", summary="Books asked for", response_model=list[RunRead])
def listed(who: Caller, db: Reading, here: HereParts, limit: Limit = 20) -> list[RunRead]:
    """List books, newest first."""
    return [run_read(use.run_of(db, who, job.id, here.settings)) for job in use.runs(db, who, limit)]


@router.get("/{run}", summary="How far a book is", response_model=RunRead, responses=MISSING)
def shown(run: UUID, who: Caller, db: Reading, here: HereParts) -> RunRead:
    """Return the state of a book and where its results are."""
    return run_read(use.run_of(db, who, run, here.settings))


@router.get("/{run}/summary", summary="The whole of a book", response_model=dict[str, JsonValue], responses=MISSING)
def summary(run: UUID, who: Caller, db: Reading, here: HereParts) -> dict[str, Any]:
    """Return totals, cases, concentration, cells of the heat map, migration, movers, and what is left out and why."""
    return use.summary(db, who, run, here.settings)


@router.get("/{run}/report.xlsx", summary="Report", response_class=Response, responses=MISSING | WORKBOOK)
def workbook(run: UUID, who: Caller, db: Reading, here: HereParts, lang: Literal["zh", "en"] = "zh") -> Response:
    """Return the whole as a workbook."""
    return report(use.summary(db, who, run, here.settings), "xlsx", lang)


@router.get(
    "/{run}/report.pdf",
    summary="Report",
    response_class=Response,
    responses=MISSING | {200: {"content": {PDF: {}}, "description": "A PDF"}},
)
def paper(run: UUID, who: Caller, db: Reading, here: HereParts, lang: Literal["zh", "en"] = "zh") -> Response:
    """Return the whole on paper."""
    return report(use.summary(db, who, run, here.settings), "pdf", lang)


@router.get(
    "/{run}/loans.parquet",
    summary="Every loan of a partition",
    response_class=Response,
    responses=MISSING | {200: {"content": {PARQUET: {}}, "description": "A Parquet file"}},
)
def loans_file(
    run: UUID, who: Caller, db: Reading, here: HereParts, part: Annotated[int, Query(ge=0, le=4_095)] = 0
) -> Response:
    """Return the loans of a partition: score, financed emissions, PDs, change of expected loss, and why one is left out."""
    name = f'attachment; filename="loans-{part:05d}.parquet"'
    data = use.loans_file(db, who, run, part, here.settings)
    return Response(data, media_type=PARQUET, headers={"Content-Disposition": name})


def file_name(file: UploadFile | None) -> str:
    """Return the name of a file of a book; ``WrongMedia`` where its ending is none of ours."""
    name = "".join(
        c for c in ((file.filename if file else None) or "").replace("\\", "/").rpartition("/")[2] if c.isprintable()
    )[-120:]
    if not name.lower().endswith(ENDINGS):
        raise WrongMedia(field="file", expected=" / ".join(ENDINGS))
    return name


def question_of(text: str) -> Question:
    """Return the question of a form; a refusal names its place."""
    return typed(Question, text)


def typed(kind: type[Asked], text: str) -> Asked:
    """Return JSON that a person typed as an input; a refusal names its place."""
    check_json(text.encode())
    try:
        return kind.model_validate_json(text, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"])) or "-"
        raise BadQuestion(field=where, where=where, why=first["msg"]) from error


def report(made: dict[str, Any], kind: Literal["pdf", "xlsx"], lang: str) -> Response:
    """Return the whole of a book as a file."""
    document = portfolio_paper(made)
    content, media = (pdf(document, lang), PDF) if kind == "pdf" else (xlsx(document, lang), XLSX)
    headers = {"Content-Disposition": f'attachment; filename="portfolio.{kind}"'}
    return Response(content, media_type=media, headers=headers)


def run_read(found: use.Run) -> RunRead:
    """Return a run as the API shows it."""
    at = f"/api/v1/portfolios/{found.job.id}"
    links = {"self": at}
    if found.state == "done":
        links |= {name: f"{at}/{name}" for name in ("summary", "report.xlsx", "report.pdf", "loans.parquet")}
    reason = ReasonRead.model_validate(found.reason) if found.reason else None
    return RunRead(id=found.job.id, state=found.state, done=found.done, parts=found.parts, reason=reason, links=links)
