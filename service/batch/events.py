"""How a job goes on, told as it happens (server-sent events)."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse

from service.auth import Who
from service.batch import use
from service.batch.routes import JobId, JobRead, job_read
from service.errors import MISSING, PROBLEMS, Problem
from service.provide import Caller, HereParts, Reading, still_allowed
from service.refusals import NotFound, TooMany

router = APIRouter(tags=["uploads"], responses=PROBLEMS)

EVERY_S = 0.5
#: Something is sent at least so often, so that nobody between us takes the connection for dead.
QUIET_S = 15.0
#: A stream ends after so long; a browser opens it again by itself.
LONGEST_S = 600.0
MOST_STREAMS = 6
OVER = frozenset({"done", "failed", "parked", "cancelled"})
_EVENTS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "`progress` with the job whenever it changed, then `end`; each `data` is the job as in /jobs/{job_id}",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    },
    429: {"model": Problem, "description": "Too many streams are open"},
}


@router.get(
    "/jobs/{job_id}/events", summary="Progress of a job as it happens", response_class=StreamingResponse,
    responses=MISSING | _EVENTS,
)  # fmt: skip
def events(job_id: JobId, who: Caller, db: Reading, here: HereParts, request: Request) -> StreamingResponse:
    """
    Tell of a job until it ends, or until the caller may not see it any more.

    A stream of `text/event-stream` of at most ten minutes; six at a time for one person or program.
    """
    use.seen(db, who, job_id)  # a job of others is not found before anything is sent
    streams: Counter[UUID] = request.app.state.streams
    if streams[who.person_id] >= MOST_STREAMS:
        raise TooMany(what_zh="同时查看的任务进度", what_en="streams open at a time", seconds=5)

    def looked() -> JobRead | None:
        if not still_allowed(request):
            return None
        try:
            with here.database.reading(who.organisation_id) as session:
                return job_read(use.seen(session, who, job_id))
        except NotFound:
            return None

    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(_told(looked, who, streams), media_type="text/event-stream", headers=headers)


async def _told(looked: Callable[[], JobRead | None], who: Who, streams: Counter[UUID]) -> AsyncIterator[str]:
    streams[who.person_id] += 1
    try:
        before, begun, last = "", time.monotonic(), time.monotonic()
        while time.monotonic() - begun < LONGEST_S:
            job = await run_in_threadpool(looked)
            if job is None:
                yield "event: end\ndata: {}\n\n"
                return
            now = job.model_dump_json()
            if job.state in OVER:
                yield f"event: end\ndata: {now}\n\n"
                return
            if now != before:
                yield f"event: progress\ndata: {now}\n\n"
                before, last = now, time.monotonic()
            elif time.monotonic() - last > QUIET_S:
                yield ": still here\n\n"
                last = time.monotonic()
            await asyncio.sleep(EVERY_S)
    finally:
        streams[who.person_id] -= 1
        if streams[who.person_id] <= 0:
            del streams[who.person_id]
