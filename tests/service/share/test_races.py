"""A4 to A6: pooled connections, revoking against reading, and identifiers that are not one's own."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import pytest

from service.auth import Who
from service.refusals import NotFound
from service.share import use
from tests.service.share.world import BANK, BUYER, MILL, STRANGER, World

#: ``YUETAN_LONG=1``: the counts that are asked of a release.
LONG = os.environ.get("YUETAN_LONG") == "1"


def test_many_organisations_over_few_connections_see_their_own_shares_alone(world: World) -> None:
    """A4: interleaved readers over one pool; each sees what is shared with it and no row of another."""
    names = [BANK, BUYER, STRANGER]
    assessment = world.assessment()
    mine = {name: {world.shared(name, subject=assessment) for _ in range(2)} for name in names}
    every = set().union(*mine.values())
    wrong: list[tuple[str, set[UUID]]] = []

    def ask(seed: int) -> None:
        name = names[seed % len(names)]
        with world.parts.database.reading(world.who[name].organisation_id) as db:
            seen = {row.id for row in use.received(db, world.who[name], None, 500).rows} & every
        if seen != mine[name]:
            wrong.append((name, seen))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(ask, range(10_000 if LONG else 300)))
    assert wrong == []


def test_nothing_is_given_after_a_revocation(world: World) -> None:
    """A5: readers run while the owner revokes; in the trail, which is one order, no release follows the revocation."""
    assessment = world.assessment()
    for _ in range(50 if LONG else 4):
        share = world.shared(subject=assessment)
        over, late, given = threading.Event(), list[int](), list[int]()

        def read(
            share: UUID = share, over: threading.Event = over, late: list[int] = late, given: list[int] = given
        ) -> None:
            for n in range(40):
                begun_after = over.is_set()
                try:
                    use.hand_out(world.parts.database, world.who[BANK], share, "share.json", lambda _: b"x")
                except NotFound:
                    return
                given.append(n)
                if begun_after:
                    late.append(n)

        threads = [threading.Thread(target=read) for _ in range(3)]
        for thread in threads:
            thread.start()
        while not given:
            threading.Event().wait(0.01)
        with world.parts.database.writing(world.who[MILL].organisation_id) as db:
            use.revoke(db, world.who[MILL], share)
        over.set()
        for thread in threads:
            thread.join()
        assert late == []
        rows = world.get(MILL, f"releases?share={share}&limit=500").json()["items"]
        assert len(rows) == len(given) > 0
        left = {row["id"] for row in rows}
        events, after = list[dict[str, object]](), 0
        while page := world.get(MILL, f"audit/events?after={after}&limit=500").json()["items"]:
            events, after = events + page, page[-1]["number"]
        end = next(e["number"] for e in events if e["action"] == "share.revoked" and e["subject"] == str(share))
        assert [e for e in events if e["subject"] in left and int(str(e["number"])) > int(str(end))] == []
    assert world.get(MILL, "audit/proof").json()["holds"] is True


def test_what_was_read_before_a_revocation_is_not_given_after_it(world: World) -> None:
    """A5, the narrow case: the paper is being written when the owner revokes."""
    share = world.shared()

    def revoked_meanwhile(_: use.Opened) -> bytes:
        with world.parts.database.writing(world.who[MILL].organisation_id) as db:
            use.revoke(db, world.who[MILL], share)
        return b"paper"

    with pytest.raises(NotFound):
        use.hand_out(world.parts.database, world.who[BANK], share, "share.pdf", revoked_meanwhile)
    assert world.get(MILL, f"releases?share={share}").json()["items"] == []


def test_two_who_revoke_at_once_are_one_revocation(world: World) -> None:
    share = world.shared()

    def revoke(_: int) -> object:
        with world.parts.database.writing(world.who[MILL].organisation_id) as db:
            return use.revoke(db, world.who[MILL], share).revoked

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(revoke, range(4)))) == 1


def test_identifiers_swapped_guessed_and_nested_open_nothing(world: World) -> None:
    """A6: ids of others, ids that are none, and ids of another kind, in every place of a share and a review."""
    assessment = world.assessment()
    share = world.shared(subject=assessment)
    hits = 0
    for guess in [uuid4() for _ in range(10_000 if LONG else 200)] + [share, UUID(assessment)]:
        stranger: Who = world.who[STRANGER]
        with world.parts.database.reading(stranger.organisation_id) as db:
            for look in (use.seen, use.one_given):
                try:
                    look(db, stranger, guess)
                    hits += 1
                except NotFound:
                    pass
            hits += len(use.fields_given(db, stranger, guess))
    assert hits == 0
    for path in (
        f"shares/received/{assessment}", f"shares/{assessment}", f"assessments/{share}", f"statements/{share}.json",
        f"score-records/{share}", f"shares/received/{share}%00", f"shares/received/{share}/../{share}",
    ):  # fmt: skip
        assert world.get(STRANGER, path).status_code in (404, 422), path
    assert (
        world.get(BANK, f"shares/received/{share}?organisation_id={world.who[MILL].organisation_id}").status_code == 200
    )
