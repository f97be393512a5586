"""The ground of a drill: a database and a queue of its own, and processes of the service that it may kill."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import OperationalError

from drills.outcome import Missing
from drills.servers import HOW, answers, free_port, until
from service import migrate
from service.broker import Sender
from service.database import Database
from service.settings import TREE, Settings

_FREE = {
    "YUETAN_TEST_DATABASE_URL": "postgresql+psycopg://postgres@127.0.0.1:5432/postgres",
    "YUETAN_TEST_BROKER_URL": "amqp://guest:guest@127.0.0.1:5672//",
}
_NAMES = dict(zip(_FREE, HOW, strict=False))
PATIENCE_S = 120.0


def there(variable: str) -> str:
    """Return the URL of a server that answers; ``Missing`` where none does."""
    url = os.environ.get(variable) or _FREE[variable]
    port = make_url(url.replace("//", "//", 1)).port if "@" in url or "redis" in url else None
    if port is None or not answers(port):
        name = _NAMES[variable]
        raise Missing(f"{name} does not answer; start it, set {variable}, or install it: {HOW[name]}")
    return url


class Group:
    """A process of ours with its children, in a process group of its own."""

    def __init__(self, command: list[str], env: dict[str, str], log: Path) -> None:
        self._log = log
        with log.open("ab") as out:
            self.process = subprocess.Popen(
                command, cwd=TREE, env=os.environ | env, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                start_new_session=True,
            )  # fmt: skip
        self.pid = self.process.pid

    def kill(self) -> None:
        """SIGKILL to the group."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self.process.wait()

    def end(self, grace_s: float = 5.0) -> None:
        """Ask it to stop, then kill what is left."""
        self.process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(grace_s)
        self.kill()

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self.process.poll() is None

    def memory_mib(self) -> float:
        """Return the proportional memory of the group, MiB (Linux)."""
        total = 0.0
        for pid in self.members():
            with contextlib.suppress(OSError):
                rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
                total += sum(float(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
        return total / 1024

    def members(self) -> list[int]:
        """Return the processes of the group (Linux)."""
        found = []
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError, ValueError):
                fields = stat.read_text().rpartition(")")[2].split()
                if int(fields[3]) == self.pid:  # the session: what a child starts belongs to it too
                    found.append(int(stat.parent.name))
        return found


class Yard:
    """
    A place for one drill.

    ``database_url`` is the administration database of a PostgreSQL: a database
    of our own is made there, and dropped at the end. Without it SQLite is used.
    """

    def __init__(self, database_url: str | None = None, broker_url: str | None = None, **env: object) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="yt-drill-"))
        self.folder.chmod(0o755)
        self.name = f"yt_drill_{secrets.token_hex(4)}"
        self._admin, self.broker_url = database_url, broker_url
        self.url = f"sqlite:///{self.folder / 'yuetan.sqlite'}"
        self.env = {name.upper(): str(value) for name, value in env.items()}
        self.groups: list[Group] = []
        self.place = ""

    def __enter__(self) -> Yard:
        if self._admin is not None:
            self._administer(f"CREATE DATABASE {self.name}" + (f" TABLESPACE {self.place}" if self.place else ""))
            self.url = make_url(self._admin).set(database=self.name).render_as_string(hide_password=False)
        self.settings = Settings(
            _env_file=None,
            data_dir=self.folder,
            database_url=self.url,
            broker_url=self.broker_url,
            queue=self.name,
            worker="none",
        )
        self.database = Database(self.url)
        migrate.upgrade(self.database)
        self.sender = Sender(self.settings)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for group in self.groups:
            group.kill()
        self.sender.close()
        self.database.dispose()
        with contextlib.suppress(Exception):
            self._forget_queue()
        if self._admin is not None:
            with contextlib.suppress(OperationalError):
                self._administer(f"DROP DATABASE IF EXISTS {self.name} WITH (FORCE)")
        if kind is not None:
            sys.stderr.write(self.logs())
        shutil.rmtree(self.folder, ignore_errors=True)

    def logs(self, most: int = 4000) -> str:
        """Return the end of what the processes wrote."""
        told = ((one.name, one.read_text(errors="replace")[-most:]) for one in sorted(self.folder.glob("*.log")))
        return "".join(f"--- {name}\n{said}\n" for name, said in told if said)

    def _administer(self, command: str) -> None:
        engine = create_engine(str(self._admin), isolation_level="AUTOCOMMIT", connect_args={"connect_timeout": 5})
        with engine.connect() as connection:
            connection.execute(text(command))
        engine.dispose()

    def _forget_queue(self) -> None:
        if self.broker_url is None:
            return
        from kombu import Connection

        with Connection(self.broker_url, connect_timeout=2) as connection, connection.channel() as channel:
            channel.queue_delete(self.name)  # type: ignore[attr-defined]
            if self.broker_url.startswith("amqp"):
                channel.exchange_delete(self.name)  # type: ignore[attr-defined]

    def _env(self, more: dict[str, Any]) -> dict[str, str]:
        # ``PYTHONPATH``: this tree and no other, wherever the drill was started.
        # No limits of rates: they have tests of their own, and here all requests come from one address.
        free = {
            f"YUETAN_LIMIT_{what}": "1000000" for what in ("ADDRESS", "CLIENT", "ORGANISATION", "UPLOADS", "SIGN_IN")
        }
        own = free | {
            "PYTHONPATH": str(TREE), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "C_FORCE_ROOT": "1",
            "PYTHONWARNINGS": "ignore", "YUETAN_DATA_DIR": str(self.folder), "YUETAN_DATABASE_URL": self.url,
            "YUETAN_BROKER_URL": self.broker_url or "", "YUETAN_QUEUE": self.name, "YUETAN_WORKER": "none",
        }  # fmt: skip
        return own | self.env | {name.upper(): str(value) for name, value in more.items()}

    def workers(self, **env: Any) -> Group:
        """Start a group of workers that know the jobs of drills."""
        # Kept alive as a service manager does.
        keep = [
            shutil.which("sh") or "/bin/sh",
            "-c",
            'while :; do "$0" -m drills.tasks; sleep 0.2; done',
            sys.executable,
        ]
        made = Group(keep, self._env(env), self.folder / "workers.log")
        self.groups.append(made)
        return made

    def web(self, *, ready: bool = True, port: int | None = None, **env: Any) -> Web:
        """Start a web process; ``ready`` waits until it answers."""
        made = Web(port or free_port(), self._env(env), self.folder / "web.log")
        self.groups.append(made)
        if ready:
            until(made.ready, PATIENCE_S, "the web")
        return made


class Web(Group):
    """A web process on a port."""

    def __init__(self, port: int, env: dict[str, str], log: Path) -> None:
        self.port = port
        self.base = f"http://127.0.0.1:{port}"
        super().__init__([sys.executable, "-m", "drills.web"], env | {"YUETAN_PORT": str(port)}, log)

    def ready(self) -> bool:
        """Return whether it is ready to work."""
        if not self.alive:
            raise RuntimeError(f"the web ended: {self._log.read_text(errors='replace')[-2000:]}")
        try:
            with urllib.request.urlopen(f"{self.base}/api/v1/ready", timeout=5) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False


@contextlib.contextmanager
def timed() -> Iterator[Callable[[], float]]:
    """Give seconds since the block began."""
    begun = time.monotonic()
    yield lambda: time.monotonic() - begun
