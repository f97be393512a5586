"""R8: clocks: a day off, 29 February, the end of the year in UTC and in Shanghai."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from drills.client import GOODS
from drills.outcome import Missing, Outcome, Scale
from service.settings import TREE

GOAL = "same results; quarter follows the import date; tokens allow 60 s"
_LIBRARY = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
#: Moment in UTC, and the day it is in Shanghai.
_CLOCKS = {
    "2026-11-29 12:00:00": "2026-11-29",
    "2026-12-01 12:00:00": "2026-12-01",
    "2028-02-29 08:00:00": "2028-02-29",
    "2026-12-31 15:59:50": "2026-12-31",
    "2026-12-31 16:00:10": "2027-01-01",
    "2026-12-31 23:59:50": "2027-01-01",
}
_PROGRAM = """
import json, sys
from uuid import UUID
from cbam.consignment import Consignment
from finance.assessment import Options
from service.clock import now, today
from service.exposure import use
from service.identity import tokens
from service.library import Library
from service import jobs
asked = json.loads(sys.stdin.read())
library, options = Library(), Options()
out = {"now": now().isoformat(), "today": today().isoformat(), "made": []}
for goods in asked["goods"]:
    found = use.assess(Consignment(**goods), library, options)
    out["made"].append([found.provenance.key, found.cost_eur, found.price.eur_per_t])
who = tokens.Claims(*(UUID(int=1),) * 3)
out["token"] = tokens.issue(who, b"k" * 32)
out["taken"] = [tokens.read(token, b"k" * 32) is not None for token in asked["tokens"]]
print(json.dumps(out))
"""


def run(scale: Scale) -> Outcome:
    """Compute the same goods, and read the same tokens, under each clock."""
    if not _LIBRARY:
        raise Missing("libfaketime is not installed: apt-get install libfaketime")
    out = Outcome()
    days = ["2026-02-10", "2026-03-31", "2026-04-01", "2026-05-12"]
    goods = [GOODS | {"net_mass_t": 10.0, "imported_on": day} for day in days]
    first = _under("2026-11-30 12:00:00", goods, [])
    clocks = list(_CLOCKS.items())[:: scale.of(1, 2)]
    for moment, day in clocks:
        told = _under(moment, goods, [])
        out.must(told["made"] == first["made"], f"other results at {moment}")
        out.must(told["today"] == day, f"{told['today']} is today at {moment} UTC, not {day}")
    prices = [made[2] for made in first["made"]]
    out.must(prices[0] == prices[1] != prices[2] == prices[3], f"the quarter does not follow the import: {prices}")
    # A token of ten minutes made at noon, read by clocks around its end and before its beginning.
    token = first["token"]
    expected = {"11:58:50": False, "11:59:10": True, "12:10:50": True, "12:11:10": False}
    for hour, taken in expected.items():
        told = _under(f"2026-11-30 {hour}", [], [token])
        out.must(told["taken"] == [taken], f"a token of 12:00 is {'refused' if taken else 'taken'} at {hour}")
    out.tell(f"{len(clocks)} clocks, {len(days)} imports each: equal keys and cents; quarter by import date; "
             "a token of 12:00 is taken from 11:59:10 to 12:10:50, refused at 11:58:50 and 12:11:10")  # fmt: skip
    return out


def _under(moment: str, goods: list[dict[str, Any]], tokens: list[str]) -> dict[str, Any]:
    env = os.environ | {
        "LD_PRELOAD": str(_LIBRARY[-1]), "FAKETIME": f"@{moment}", "TZ": "UTC", "PYTHONPATH": str(TREE),
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }  # fmt: skip
    asked = json.dumps({"goods": goods, "tokens": tokens})
    made = subprocess.run(
        [sys.executable, "-c", _PROGRAM],
        input=asked,
        env=env,
        cwd=TREE,
        check=True,
        capture_output=True,
        text=True,
        timeout=120,
    )
    told: dict[str, Any] = json.loads(made.stdout)
    return told
