"""T7: what is kept of a person, a copy for them, and its end."""

from __future__ import annotations

import json
from uuid import uuid4

import pytest
from sqlalchemy import String, text

from service.audit.use import proven
from service.identity import use
from service.identity.person import copy_of, forget, inventory
from service.identity.tables import IDENTITY_TABLES, Login
from service.parts import Parts
from service.refusals import NotFound
from service.tables import Person
from tests.service.test_identity import admin_of

#: Of programs, not of persons.
_PROGRAMS = {"client", "used_assertion"}


def test_the_inventory_names_every_text_of_the_tables_of_persons() -> None:
    for table in (Person, *IDENTITY_TABLES):
        name = table.__tablename__
        if name in _PROGRAMS:
            continue
        texts = {column.name for column in table.__table__.columns if isinstance(column.type, String)}
        left = texts - set(inventory()[name]["columns"]) - {"role", "stage"}
        assert left == set(), name


def test_a_person_gets_a_copy_and_is_forgotten_in_one_go(either: Parts) -> None:
    who, email, code = admin_of(either)
    with either.database.writing() as db:
        other = use.invite(db, who.organisation_id, "李四", f"li.{uuid4().hex[:6]}@example.com", "exporter_admin", who)
        use.add_key(db, who, "张三的密钥")
    with either.database.reading() as db:
        copied = json.dumps(copy_of(db, who, who.person_id), ensure_ascii=False)
        assert email in copied
        assert "张三" in copied
        assert code not in copied
        login = db.get_one(Login, who.person_id)
        assert str(login.invited) not in copied
    with either.database.writing() as db:
        assert forget(db, who, who.person_id) == f"#{who.person_id.hex[:8]}"
    with either.database.reading() as db:
        for table in db.execute(text("SELECT * FROM login")), db.execute(text("SELECT * FROM api_key")):
            assert email not in str(table.all())
        people = {row.id: (row.name, row.active) for row, _ in use.people(db, other_who(who, other.person.id))}
        assert people[who.person_id] == (f"#{who.person_id.hex[:8]}", False)
        found = proven(db, who)
        assert (found.broken, found.events > 2) == (None, True)
        trail = str(db.execute(text("SELECT detail, subject FROM audit_event")).all())
        assert email not in trail
        assert "张三" not in trail


def other_who(who: use.Who, person: object) -> use.Who:
    return use.Who(who.organisation_id, person)  # type: ignore[arg-type]


def test_the_last_admin_and_strangers_are_not_forgotten(parts: Parts) -> None:
    who, _, _ = admin_of(parts)
    for person, refusal in ((who.person_id, use.LastAdmin), (uuid4(), NotFound)):
        with pytest.raises(refusal), parts.database.writing() as db:
            forget(db, who, person)
