"""Good files with bytes changed at random: read or refused in words, never a crash, never long."""

from __future__ import annotations

import multiprocessing
import random
import resource
import time
from dataclasses import dataclass
from typing import Any

from service.workbook import child, guard
from service.workbook.problems import FileProblem
from service.workbook.raw import sheets_of
from service.workbook.read import read_submission
from tests.corpus.corpus import SHAPES
from tests.corpus.draft import good_draft
from tests.corpus.shaping import members, packed

SLOW_S = 5.0


@dataclass(frozen=True, slots=True)
class Mutants:
    """How many were tried, refused, slow; and the seeds of those that broke the reader."""

    tried: int
    refused: int
    slow: int
    longest_s: float
    broken: tuple[tuple[int, str], ...]


def seeds_of_files() -> list[bytes]:
    """Return the good files that are changed."""
    drafts = []
    for kind in ("xlsx", "csv"):
        drafts.append(good_draft(kind))
        for shape in SHAPES:
            if kind in shape.kinds and shape.name in (
                "hidden_row", "merged_mass", "formulas_with_results", "rich_text", "other_sheets", "encoding 'gb18030'", "german_throughout"
            ):  # fmt: skip
                draft = good_draft(kind)
                shape.change(draft)
                drafts.append(draft)
    return [draft.write() for draft in drafts]


def mutant(files: list[bytes], seed: int) -> bytes:
    """Return the mutant of a seed: bytes of a file, or of the XML in it, changed, dropped, doubled or swapped."""
    rng = random.Random(seed)
    data = rng.choice(files)
    if data.startswith(b"PK") and rng.random() < 0.8:
        parts = members(data)
        name = rng.choice([n for n in parts if n.endswith((".xml", ".rels"))])
        return packed(parts | {name: _changed(parts[name], rng)})
    return _changed(data, rng)


_TOKENS = (b"<", b">", b"&", b'"', b"\0", b"</c>", b"<row>", b"<f>1</f>", b"99999999999", b"-1", b'r="XFD9"', b't="e"', b"\xff", b"\xe4\xb8", b",", b"\n", b"1e999")  # fmt: skip


def _changed(data: bytes, rng: random.Random) -> bytes:
    made = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 4, 16))):
        if not made:
            break
        at, way = rng.randrange(len(made)), rng.randrange(5)
        span = rng.choice((1, 2, 8, 40))
        if way == 0:
            made[at] = rng.randrange(256)
        elif way == 1:
            del made[at : at + span]
        elif way == 2:
            made[at:at] = made[at : at + span]
        elif way == 3:
            made[at:at] = rng.choice(_TOKENS)
        else:
            other = rng.randrange(len(made))
            made[at : at + span], made[other : other + span] = made[other : other + span], made[at : at + span]
    return bytes(made)


def _here(data: bytes, **_: Any) -> list[guard.RawSheet]:
    """Read as the child does, without a process for each file; what kills this process is a crash."""
    return [guard.RawSheet(head, list(rows)) for head, rows in sheets_of(data, child.known_heading)]


def _try(first: int, last: int, at: Any = None) -> Mutants:
    from service.workbook import read as module

    module.read_sheets = _here  # this process does nothing else
    files, refused, slow, longest, broken = seeds_of_files(), 0, 0, 0.0, []
    for seed in range(first, last):
        if at is not None:
            at.value = seed
        data, begun = mutant(files, seed), time.process_time()
        try:
            read_submission(data, "a.xlsx")
        except FileProblem:
            refused += 1
        except BaseException as error:
            # A panic of the parser is told as damage by the child; ours has to be a refusal.
            if type(error).__name__ == "PanicException":
                refused += 1
            else:
                broken.append((seed, f"{type(error).__name__}: {error}"[:200]))
        took = time.process_time() - begun
        longest, slow = max(longest, took), slow + (took > SLOW_S)
    return Mutants(last - first, refused, slow, longest, tuple(broken))


def _report(first: int, last: int, at: Any, told: Any) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (child.MEMORY, child.MEMORY))
    told.send(_try(first, last, at))


def tried(count: int, *, first: int = 0, step: int = 1000) -> tuple[Mutants, list[int]]:
    """
    Try ``count`` mutants from a seed on; return what became of them, and the seeds of which the process died.

    A process has the memory of the child. Where it dies, what came before is tried again, and the rest after it.
    """
    context = multiprocessing.get_context("spawn")
    made, died = [], []
    spans = [(at, min(at + step, first + count)) for at in range(first, first + count, step)]
    while spans:
        start, stop = spans.pop(0)
        at, (mine, its) = context.Value("q", start), context.Pipe(duplex=False)
        process = context.Process(target=_report, args=(start, stop, at, its))
        process.start()
        its.close()
        try:
            made.append(mine.recv())
        except EOFError:
            died.append(at.value)
            spans[:0] = [span for span in ((start, at.value), (at.value + 1, stop)) if span[0] < span[1]]
        process.join()
    total = Mutants(
        sum(m.tried for m in made), sum(m.refused for m in made), sum(m.slow for m in made), max(m.longest_s for m in made),
        tuple(b for m in made for b in m.broken),
    )  # fmt: skip
    return total, died
