"""How long a client may be silent: a connection that says nothing while we wait for its request is ended."""

from __future__ import annotations

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

#: A request's head may take this many silences in all, however slowly it drips.
_HEAD_SILENCES = 2
_GONE = b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


def patient(silence_s: float) -> type[H11Protocol]:
    """Return the server's protocol with an end to its patience; while we compute, a client may be as silent as it likes."""

    class Patient(H11Protocol):
        _heard = 0.0
        #: When the head that is coming in began; none between requests.
        _head: float | None = None
        _look: asyncio.TimerHandle | None = None

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            self._heard = self._head = self.loop.time()
            self._look = self.loop.call_later(silence_s, self._looked)

        def connection_lost(self, exc: Exception | None) -> None:
            if self._look is not None:
                self._look.cancel()
            super().connection_lost(exc)

        def data_received(self, data: bytes) -> None:
            self._heard = self.loop.time()
            if self._head is None:
                self._head = self._heard
            super().data_received(data)
            if self.conn.their_state is not h11.IDLE:
                self._head = None

        def _looked(self) -> None:
            if self.transport.is_closing():
                return
            moment, theirs = self.loop.time(), self.conn.their_state
            # Between requests the server's own limit holds; where we do not read, the silence is ours.
            waits = (theirs is h11.IDLE and self._head is not None) or theirs is h11.SEND_BODY
            if waits and not self.flow.read_paused:
                dripping = self._head is not None and moment - self._head >= _HEAD_SILENCES * silence_s
                if moment - self._heard >= silence_s or dripping:
                    self._cut()
                    return
            heard: Any = self._heard if waits else moment
            self._look = self.loop.call_later(max(heard + silence_s - moment, silence_s / 10), self._looked)

        def _cut(self) -> None:
            if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
                self.transport.write(_GONE)
            self.transport.close()

    return Patient
