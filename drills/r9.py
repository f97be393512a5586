"""R9: slow clients: heads that drip, uploads that crawl, and some that fall silent."""

from __future__ import annotations

import asyncio
import contextlib
import time

from drills.client import upload
from drills.load import Seen, opened, shown
from drills.outcome import Outcome, Scale
from drills.yard import Yard, there

GOAL = "others' p99 <= 2 x; slow ones cut after 30 s of silence"
_RATE = 40.0


def run(scale: Scale) -> Outcome:
    """200 at 1 byte a second and 20 uploads at 10 kB/s beside a steady load; 20 more that fall silent."""
    out = Outcome()
    silence = scale.of(30, 2)
    with Yard(there("YUETAN_TEST_DATABASE_URL"), yuetan_silence_s=silence) as yard:
        web = yard.web()
        before, during, cut, idle, left = asyncio.run(_all(web.port, scale, silence))
    ratio = during.p(0.99) / before.p(0.99)
    out.must(during.statuses().keys() == {200, 201}, f"answers {shown(during.statuses())}")
    out.must(left == 0, f"{left} silent clients were not cut")
    out.must(not cut or min(cut) >= silence * 0.9, "a client was cut in a request before it was silent for long")
    out.must(scale.short or ratio <= 2, f"p99 of the others {ratio:.2f} x")
    out.tell(
        f"others: p99 {before.p(0.99) * 1e3:.0f} ms alone, {during.p(0.99) * 1e3:.0f} ms beside them ({ratio:.2f} x); "
        f"silent ones cut after {min(cut, default=0):.1f} to {max(cut, default=0):.1f} s, those without "
        f"a request after {max(idle, default=0):.1f} s at most"
    )
    return out


async def _all(port: int, scale: Scale, silence: float) -> tuple[Seen, Seen, list[float], list[float], int]:
    seconds = scale.of(40, 4)
    await opened(port, _RATE, 2)
    before = await opened(port, _RATE, seconds / 2)
    slow = [asyncio.create_task(_drip(port)) for _ in range(scale.of(200, 40))]
    slow += [asyncio.create_task(_crawl(port)) for _ in range(scale.of(20, 5))]
    silent = [asyncio.create_task(_silent(port, half)) for half in range(20)]
    during = await opened(port, _RATE, seconds)
    ended, running = await asyncio.wait(silent, timeout=silence * 2)
    for one in (*slow, *running):
        one.cancel()
    await asyncio.gather(*slow, *running, return_exceptions=True)
    # A connection that asked nothing yet may be let go sooner: nothing of it is lost.
    cut, idle = ([one.result() for one in silent[half::2] if one in ended] for half in (1, 0))
    return before, during, cut, idle, len(running)


async def _drip(port: int) -> None:
    """Send a head, one byte a second, again and again."""
    while True:
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            for byte in b"GET /api/v1/assessments HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Long: " + b"x" * 1000:
                writer.write(bytes([byte]))
                await writer.drain()
                await asyncio.sleep(1)
        await asyncio.sleep(0.1)


async def _crawl(port: int) -> None:
    """Upload 2 MB at 10 kB a second."""
    body, headers = upload(bytes(2_000_000), "slow.xlsx")
    told = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    with contextlib.suppress(OSError):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(
            f"POST /api/v1/uploads HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n{told}\r\n".encode()
        )
        for begin in range(0, len(body), 2000):
            writer.write(body[begin : begin + 2000])
            await writer.drain()
            await asyncio.sleep(0.2)


async def _silent(port: int, half: int) -> float:
    """Send a part of a request and no more; return after how many seconds the other end let go."""
    head = (
        b"POST /api/v1/exposures HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 100"
    )
    parts = (b"", head + b"\r\n\r\n{")
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    begun = time.monotonic()
    writer.write(parts[half % 2])
    with contextlib.suppress(OSError):
        await reader.read()
    writer.close()
    return time.monotonic() - begun
