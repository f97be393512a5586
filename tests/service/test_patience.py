"""A client that falls silent is cut off, one that waits for us is not; a crowd is told to come again."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI, Request

from service.crowd import Crowd
from service.patience import patient
from service.start import listen

SILENCE_S = 0.3


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    app = FastAPI()

    @app.get("/slow")
    def slow() -> str:
        time.sleep(4 * SILENCE_S)
        return "done"

    @app.post("/body")
    async def body(request: Request) -> int:
        return len(await request.body())

    with listen("127.0.0.1", 8500) as bound:
        server = uvicorn.Server(uvicorn.Config(app, http=patient(SILENCE_S), log_level="critical"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]})
        thread.start()
        yield bound.getsockname()[1]
        server.should_exit = True
        thread.join()


def said(port: int, *parts: bytes, pause_s: float = 0.0) -> tuple[bytes, float]:
    """Return what came back until the end of the connection or the answer, and after how long."""
    with socket.create_connection(("127.0.0.1", port), 10) as one:
        begun, got = time.monotonic(), b""
        one.settimeout(10)
        for part in parts:
            one.sendall(part)
            time.sleep(pause_s)
        while chunk := one.recv(4096):
            got += chunk
            if got.startswith(b"HTTP/1.1 200") and got.endswith((b'"done"', b"\r\n\r\n4")):
                break
        return got, time.monotonic() - begun


@pytest.mark.parametrize(
    "parts",
    [(), (b"GET /slow HTT",), (b"POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nab",)],
    ids=["nothing", "half a head", "half a body"],
)
def test_who_falls_silent_is_cut_off(port: int, parts: tuple[bytes, ...]) -> None:
    got, took = said(port, *parts)
    assert got.startswith(b"HTTP/1.1 408")
    assert SILENCE_S <= took < 5


def test_a_head_that_drips_is_cut_off_too(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), 10) as one:
        begun = time.monotonic()
        one.settimeout(SILENCE_S / 6)
        got = b""
        while not got and time.monotonic() - begun < 8:
            one.sendall(b"x")
            with contextlib.suppress(TimeoutError):
                got = one.recv(100)
        assert got.startswith(b"HTTP/1.1 408")
        assert time.monotonic() - begun >= 2 * SILENCE_S


def test_who_waits_for_us_or_is_slow_but_not_silent_is_served(port: int) -> None:
    assert b'"done"' in said(port, b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")[0]
    head = b"POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n"
    assert said(port, head, b"a", b"b", b"c", b"d", pause_s=SILENCE_S / 2)[0].startswith(b"HTTP/1.1 200")


def test_a_crowd_is_told_to_come_again_and_neither_uploads_nor_streams_fill_the_house() -> None:
    async def run() -> None:
        go, inside = asyncio.Event(), 0

        async def app(scope: Any, receive: Any, send: Any) -> None:
            nonlocal inside
            while (await receive()).get("more_body"):
                pass
            inside += 1
            if scope["path"] != "/stream":
                await go.wait()
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await go.wait()
            await send({"type": "http.response.body", "body": b""})

        crowd = Crowd(app, most=2)

        async def ask(path: str, body: asyncio.Event | None = None) -> dict[str, Any]:
            told: list[dict[str, Any]] = []

            async def receive() -> dict[str, Any]:
                if body is not None:
                    await body.wait()
                return {"type": "http.request", "body": b"", "more_body": False}

            async def send(message: Any) -> None:
                told.append(message)

            headers = [(b"content-length", b"0" if body is None else b"5")]
            await crowd({"type": "http", "path": path, "method": "POST", "headers": headers}, receive, send)
            return told[0]

        never = asyncio.Event()
        uploads = [asyncio.create_task(ask("/", never)) for _ in range(5)]
        streams = [asyncio.create_task(ask("/stream")) for _ in range(5)]
        await asyncio.sleep(0.02)
        working = [asyncio.create_task(ask("/")) for _ in range(2)]
        await asyncio.sleep(0.02)
        refused = await ask("/")
        assert refused["status"] == 503
        assert (b"retry-after", b"5") in refused["headers"]
        assert inside == 7
        health = asyncio.create_task(ask("/api/v1/health"))
        await asyncio.sleep(0.02)
        go.set()
        answers = await asyncio.gather(*streams, *working, health)
        assert {one["status"] for one in answers} == {200}
        assert (await ask("/"))["status"] == 200
        for one in uploads:
            one.cancel()
        await asyncio.gather(*uploads, return_exceptions=True)
        assert (await ask("/"))["status"] == 200

    asyncio.run(run())
