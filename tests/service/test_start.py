"""Starting: the next free port, and words where there is none."""

from __future__ import annotations

import socket

import pytest

from service import start
from service.start import NoPort, listen


def test_a_taken_port_gives_way_to_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with listen("127.0.0.1", port) as found:
            assert port < found.getsockname()[1] < port + 20
        monkeypatch.setattr(start, "_NEXT_PORTS", 1)
        with pytest.raises(NoPort) as refused:
            listen("127.0.0.1", port)
        assert str(port) in refused.value.text("zh")
