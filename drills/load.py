"""A load that does not wait for answers before it asks again, and one that does; HTTP/1.1 over plain sockets."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import uuid4

from drills.client import STORE, goods

LIST, ASSESS = "/api/v1/assessments?limit=20", "/api/v1/exposures"
#: Of ten requests: seven read; a quarter assess; one in twenty is stored.
READ, COMPUTE = 0.70, 0.25


class Done(NamedTuple):
    """One request: when it was due, what it was, what came of it (0: nothing), after how long."""

    due: float
    kind: str
    status: int
    seconds: float
    retry_after: bool


@dataclass
class Seen:
    """All requests of a load."""

    done: list[Done] = field(default_factory=list)
    #: Due while every connection was taken: never sent.
    unsent: int = 0

    def p(self, quantile: float, holds: Callable[[Done], bool] = lambda one: 200 <= one.status < 300) -> float:
        """Return a quantile of the seconds of what was answered well; infinity where nothing was."""
        ordered = sorted(one.seconds for one in self.done if holds(one))
        return ordered[min(int(quantile * len(ordered)), len(ordered) - 1)] if ordered else float("inf")

    def statuses(self) -> Counter[int]:
        """Return how often each status came."""
        return Counter(one.status for one in self.done)

    def between(self, start: float, end: float) -> Seen:
        """Return the requests due in a part of the time."""
        return Seen([one for one in self.done if start <= one.due < end])


def request(method: str, path: str, body: object = None, headers: str = "") -> bytes:
    """Return a request as it is sent."""
    data = b"" if body is None else json.dumps(body).encode()
    media = "Content-Type: application/json\r\n" if data else ""
    head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(data)}\r\n{media}{headers}\r\n"
    return head.encode() + data


def mixed(rng: random.Random) -> tuple[str, bytes]:
    """Return one request of the mixture: 70 % read, 25 % assess, 5 % store under a key."""
    draw = rng.random()
    if draw < READ:
        return "read", request("GET", LIST)
    mass = round(rng.uniform(1, 5000), 3)
    if draw < READ + COMPUTE:
        return "assess", request("POST", ASSESS, goods(mass))
    return "store", request("POST", STORE, goods(mass), f"Idempotency-Key: {uuid4()}\r\n")


class Connection:
    """One connection that is kept, and made again where it broke."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, asked: bytes, timeout_s: float = 60.0) -> tuple[int, bool]:
        """Return the status and whether the answer says when to come again; 0 where the connection broke."""
        for fresh in (self._streams is None, True):
            try:
                return await asyncio.wait_for(self._once(asked), timeout_s)
            except (OSError, asyncio.IncompleteReadError, TimeoutError, ValueError):
                self.close()
                if fresh:  # an old one may have been closed while nobody used it: try a new one, once
                    break
        return 0, False

    async def _once(self, asked: bytes) -> tuple[int, bool]:
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port, limit=1 << 20)
        reader, writer = self._streams
        writer.write(asked)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0] or b"0")
        await reader.readexactly(length)
        if b"connection: close" in head:
            self.close()
        return int(head[9:12]), b"retry-after" in head

    def close(self) -> None:
        """Close it."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


async def closed(
    port: int, connections: int, seconds: float, ask: Callable[[random.Random], tuple[str, bytes]] = mixed
) -> Seen:
    """Let each of some connections ask again as soon as it is answered."""
    seen, end = Seen(), time.monotonic() + seconds

    async def one(seed: int) -> None:
        rng, line = random.Random(seed), Connection(port)
        while (due := time.monotonic()) < end:
            kind, asked = ask(rng)
            status, again = await line.ask(asked)
            seen.done.append(Done(due, kind, status, time.monotonic() - due, again))
        line.close()

    await asyncio.gather(*(one(seed) for seed in range(connections)))
    return seen


async def opened(
    port: int,
    rate: float,
    seconds: float,
    ask: Callable[[random.Random], tuple[str, bytes]] = mixed,
    *,
    connections: int = 128,
    seed: int = 0,
) -> Seen:
    """Ask at a rate, whatever is answered; the time of a request counts from when it was due."""
    seen, rng = Seen(), random.Random(seed)
    free = [Connection(port) for _ in range(connections)]
    every = list(free)
    running: set[asyncio.Task[None]] = set()

    async def one(line: Connection, due: float, kind: str, asked: bytes) -> None:
        status, again = await line.ask(asked)
        seen.done.append(Done(due, kind, status, time.monotonic() - due, again))
        free.append(line)

    begun = time.monotonic()
    for number in range(int(rate * seconds)):
        due = begun + number / rate
        wait = due - time.monotonic()
        if wait > 0:
            await asyncio.sleep(wait)
        elif number % 20 == 0:
            await asyncio.sleep(0)
        kind, asked = ask(rng)
        if not free:
            seen.unsent += 1
            continue
        task = asyncio.create_task(one(free.pop(), due, kind, asked))
        running.add(task)
        task.add_done_callback(running.discard)
    if running:
        await asyncio.wait(set(running), timeout=90)
    for line in every:
        line.close()
    return seen


def shown(statuses: Counter[int]) -> str:
    """Return counts by status."""
    return ", ".join(f"{count:,} x {status or 'no answer'}" for status, count in sorted(statuses.items()))


def ratios(parts: Sequence[float]) -> float:
    """Return the last over the first."""
    return parts[-1] / parts[0]
