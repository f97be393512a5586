"""Do errands at partners: in jobs, with growing pauses, for 72 hours."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session, undefer

from models.errors import YuetanError
from models.findings import Finding
from service import jobs
from service.attempt import attempt, reason_of
from service.auth import Who, visible
from service.clock import now
from service.database import Database
from service.pact.asks import remind
from service.pact.book import one_for
from service.pact.client import PartnerClient, web
from service.pact.door import due, give_up, reminders_due
from service.pact.events import store_fetched
from service.pact.left import sent
from service.pact.partners import begin, partner, pause, reaches, their_secret
from service.pact.refusals import NoAddress, NoLongerReleased, Unanswered
from service.pact.tables import PactErrand, PactPartner
from service.settings import Settings
from service.tables import Job

log = logging.getLogger(__name__)

GIVE_UP_AFTER = dt.timedelta(hours=72)
_NOT_THERE = (403, 404, 410)
Connect = Callable[[PactPartner, Settings], PartnerClient]


def connect(to: PactPartner, settings: Settings) -> PartnerClient:
    """Return a client for a partner, of what its record says and nothing else."""
    secret = their_secret(to, settings)
    if not reaches(to) or secret is None or to.base_url is None or to.their_client_id is None:
        raise NoAddress
    return PartnerClient(
        to.name, to.base_url, to.auth_url or to.base_url, to.their_client_id, secret, to.may_be_private, web()
    )


def ask_for_due(db: Session) -> int:
    """Ask for the next attempt of each errand whose pause is over; give up those whose worker was lost for too long."""
    give_up(db, now() - GIVE_UP_AFTER - pause(20))
    found = due(db)
    for who, errand_id, attempts in found:
        begin(db, who, errand_id, attempts)
    return len(found)


def remind_due(db: Session, settings: Settings) -> int:
    """Remind each supplier whose answer is overdue, as often as the policy says; return how many are reminded."""
    return sum(remind(db, who, settings, ask_id) for who, ask_id in reminders_due(db))


def work(database: Database, settings: Settings, job_id: UUID, lease_s: float, connecting: Connect = connect) -> str:
    """
    Make one attempt at an errand.

    Safe to run twice, as ``service.attempt`` says: a partner takes an event of
    the same source and id once, and what was fetched is kept by its id.
    """
    return attempt(database, job_id, lease_s, lambda job, who, _: _work(database, settings, job, who, connecting))


def _work(database: Database, settings: Settings, job: Job, who: Who, connecting: Connect) -> str:
    with database.reading() as db:
        wanted = visible(PactErrand, who).where(PactErrand.id == UUID(job.payload["errand"]))
        errand = db.scalars(wanted.options(undefer(PactErrand.document))).one()
        to = partner(db, who, errand.partner_id)
    if errand.state != "waiting":
        with database.writing() as db:
            jobs.finish(db, job.id, job.attempt, "done")
        return "done before"
    try:
        client = connecting(to, settings)
        if errand.kind == "send":
            _let_go(database, who, errand)
        fetched = _do(client, errand)
    except YuetanError as refusal:
        return _failed(database, who, job, errand.id, refusal)
    except Exception as error:
        log.exception("errand %s failed in attempt %s", errand.id, errand.attempts)
        return _failed(database, who, job, errand.id, reason_of(error))
    return _done(database, who, job, errand, to, *fetched)


def _let_go(database: Database, who: Who, errand: PactErrand) -> None:
    """Ask once more whether a partner may have what is sent, and write down that it leaves."""
    with database.writing(who.organisation_id) as db:
        to = partner(db, who, errand.partner_id)
        if not to.active:
            raise NoAddress
        for document in errand.document["data"].get("pfs", ()):
            if not one_for(db, who, to, UUID(document["id"]))[1]:
                raise NoLongerReleased(pf_id=document["id"])
        sent(db, who, to, errand)


def _do(client: PartnerClient, errand: PactErrand) -> tuple[list[Mapping[str, Any]], list[Finding]]:
    """Return what was fetched, and what the partner does not have or does not show: asking again would not change that."""
    with client.http:
        if errand.kind == "send":
            client.send(errand.document)
            return [], []
        if "pfIds" not in errand.document:
            return list(client.footprints(errand.document.get("criteria"))), []
        found, told = list[Mapping[str, Any]](), list[Finding]()
        for pf_id in errand.document["pfIds"]:
            try:
                found.append(client.footprint(pf_id))
            except Unanswered as refusal:
                if refusal.params.get("status") not in _NOT_THERE:
                    raise
                told.append(Finding.of(refusal, severity="warning", field="pfIds", found=pf_id))
        return found, told


def _done(
    database: Database,
    who: Who,
    job: Job,
    errand: PactErrand,
    to: PactPartner,
    found: list[Mapping[str, Any]],
    missing: list[Finding],
) -> str:
    with database.writing() as db:
        if not jobs.finish(db, job.id, job.attempt, "done"):
            return "no longer ours"
        told = [*missing, *(store_fetched(db, who, to, found) if errand.kind == "fetch" else ())]
        row = db.scalars(visible(PactErrand, who).where(PactErrand.id == errand.id)).one()
        row.state, row.finished, row.attempts = "done", now(), row.attempts + 1
        row.reason = {"findings": [one.to_dict() for one in told[:100]]} if told else None
        if errand.kind == "fetch":
            row.note = f"{row.note}: {len(found)} fetched".lstrip(": ")
    return "done"


def _failed(database: Database, who: Who, job: Job, errand_id: UUID, why: YuetanError) -> str:
    with database.writing() as db:
        told = jobs.told(why)
        if not jobs.finish(db, job.id, job.attempt, "failed", reason=told):
            return "no longer ours"
        row = db.scalars(visible(PactErrand, who).where(PactErrand.id == errand_id)).one()
        row.attempts += 1
        row.reason = told
        row.next_try = now() + pause(row.attempts - 1)
        if row.next_try - row.created > GIVE_UP_AFTER or isinstance(why, NoLongerReleased):
            row.state, row.finished = "given_up", now()
        return row.state
