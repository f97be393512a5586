"""Servers of our own: PostgreSQL, RabbitMQ and Redis on loopback, on free ports, in folders that are removed at the end."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType

from drills.outcome import Missing

HOW = {
    "PostgreSQL": "apt-get install postgresql   (dnf install postgresql-server; brew install postgresql@15)",
    "RabbitMQ": "apt-get install rabbitmq-server   (dnf install rabbitmq-server; brew install rabbitmq)",
    "Redis": "apt-get install redis-server   (dnf install redis; brew install redis)",
}


def free_port() -> int:
    """Return a port that nobody listens on now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def answers(port: int) -> bool:
    """Return whether someone listens on a port of this machine."""
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def until(holds: object, seconds: float, what: str, pause: float = 0.05) -> None:
    """Wait until ``holds()``; ``TimeoutError`` after ``seconds``."""
    end = time.monotonic() + seconds
    while not holds():  # type: ignore[operator]
        if time.monotonic() > end:
            raise TimeoutError(f"{what}: not within {seconds} s")
        time.sleep(pause)


def _folder(owner: str | None) -> Path:
    made = Path(tempfile.mkdtemp(prefix="yt-drill-"))
    made.chmod(0o755)
    if owner is not None and os.getuid() == 0:
        shutil.chown(made, owner)
    return made


def _as(owner: str, command: Sequence[str]) -> list[str]:
    """These servers refuse to run as root: run them as their own user then."""
    return ["runuser", "-u", owner, "--", *command] if os.getuid() == 0 else list(command)


class Server:
    """A server in a process group of its own."""

    name = ""

    def __init__(self) -> None:
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None
        self.folder = Path()

    @property
    def url(self) -> str:
        """Where it is reached."""
        raise NotImplementedError

    def start(self) -> None:
        """Start, and return once it answers."""
        raise NotImplementedError

    def _spawn(self, command: Sequence[str], env: dict[str, str] | None = None) -> None:
        self.process = subprocess.Popen(
            command,
            env=None if env is None else os.environ | env,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def kill(self) -> None:
        """SIGKILL to the whole group, and nobody else."""
        process = self.process
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            self.process = None

    def remove(self) -> None:
        """End it and remove what it kept."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> Server:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.remove()


class Postgres(Server):
    """A cluster with checksums; ``options`` are settings of the server."""

    name = "PostgreSQL"

    def __init__(self, *options: str) -> None:
        super().__init__()
        self.options = options
        self.bin = postgres_bin()
        self.folder = _folder("postgres")
        self.data = self.folder / "data"

    @property
    def url(self) -> str:
        """URL of the administration database."""
        return f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/postgres"

    def run(self, *command: str) -> None:
        """Run one of PostgreSQL's own programs as the owner of the cluster."""
        subprocess.run(_as("postgres", command), check=True, cwd="/", capture_output=True, timeout=600)

    def start(self) -> None:
        if not self.data.exists():
            self.run(
                f"{self.bin}/initdb", "-D", str(self.data), "-A", "trust", "-U", "postgres",
                "-E", "UTF8", "--locale=C.UTF-8", "--data-checksums", "--no-sync",
            )  # fmt: skip
        told = [f"-c{one}" for one in ("listen_addresses=127.0.0.1", "unix_socket_directories=", *self.options)]
        command = _as("postgres", [f"{self.bin}/postgres", "-D", str(self.data), "-p", str(self.port), *told])

        def up() -> bool:
            # After a SIGKILL it refuses to start until the last of the old processes has noticed.
            if self.process is None or self.process.poll() is not None:
                self._spawn(command)
            return self.ready()

        until(up, 60, "PostgreSQL")

    def ready(self) -> bool:
        """Return whether it takes connections."""
        asked = [f"{self.bin}/pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        return subprocess.run(asked, check=False).returncode == 0

    def stop(self, mode: str) -> None:
        """Stop ``fast`` or ``immediate``, in PostgreSQL's words."""
        self.run(f"{self.bin}/pg_ctl", "-D", str(self.data), "-s", "-m", mode, "stop")
        if self.process is not None:
            self.process.wait(30)
            self.process = None


class Rabbit(Server):
    """A RabbitMQ node with its own name, ports and folder."""

    name = "RabbitMQ"

    def __init__(self) -> None:
        super().__init__()
        found = [Path("/usr/lib/rabbitmq/bin/rabbitmq-server"), *map(Path, filter(None, [shutil.which(self._program)]))]
        there = [one for one in found if one.exists()]
        if not there:
            raise Missing(f"RabbitMQ is not installed: {HOW[self.name]}")
        self.program = there[0]
        self.folder = _folder("rabbitmq")
        self.dist, self.epmd = free_port(), free_port()

    _program = "rabbitmq-server"

    @property
    def url(self) -> str:
        """URL as Celery takes it."""
        return f"amqp://guest:guest@127.0.0.1:{self.port}//"

    def start(self) -> None:
        name = f"yt{self.port}@localhost"
        env = {
            "HOME": str(self.folder), "RABBITMQ_NODENAME": name, "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1", "RABBITMQ_DIST_PORT": str(self.dist), "ERL_EPMD_PORT": str(self.epmd),
            "ERL_EPMD_ADDRESS": "127.0.0.1", "RABBITMQ_MNESIA_BASE": str(self.folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(self.folder / "log"), "RABBITMQ_PID_FILE": str(self.folder / "pid"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "plugins"),
            "RABBITMQ_CONF_ENV_FILE": str(self.folder / "no-env"), "RABBITMQ_CONFIG_FILE": str(self.folder / "no-conf"),
        }  # fmt: skip
        self._spawn(_as("rabbitmq", [str(self.program)]), env)
        until(lambda: answers(self.port), 90, "RabbitMQ", 0.2)

    def remove(self) -> None:
        super().remove()
        # Its port mapper is a process of its own; it has no more nodes and goes when told to.
        epmd = shutil.which("epmd")
        if epmd:
            told = {"ERL_EPMD_PORT": str(self.epmd), "ERL_EPMD_ADDRESS": "127.0.0.1"}
            subprocess.run([epmd, "-kill"], env=os.environ | told, check=False, capture_output=True, timeout=10)


class Redis(Server):
    """A Redis that keeps nothing on disk."""

    name = "Redis"

    def __init__(self) -> None:
        super().__init__()
        if shutil.which("redis-server") is None:
            raise Missing(f"Redis is not installed: {HOW[self.name]}")
        self.folder = _folder(None)

    @property
    def url(self) -> str:
        """URL as Celery takes it."""
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        self._spawn(
            ["redis-server", "--bind", "127.0.0.1", "--port", str(self.port), "--save", "", "--appendonly", "no",
             "--dir", str(self.folder)]
        )  # fmt: skip
        until(lambda: answers(self.port), 20, "Redis")


def postgres_bin() -> str:
    """Return the folder of PostgreSQL's own programs; ``Missing`` where there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda one: int(one.parts[-3].split(".")[0]))
    if found:
        return str(found[-1].parent)
    named = shutil.which("initdb")
    if named is None:
        raise Missing(f"PostgreSQL is not installed: {HOW['PostgreSQL']}")
    return str(Path(named).parent)


@contextlib.contextmanager
def all_servers() -> Iterator[dict[str, str]]:
    """Start those that are shared, and give the environment under which tests and drills use them."""
    with contextlib.ExitStack() as stack:
        postgres, rabbit = Postgres("max_connections=200"), Rabbit()
        Redis()  # drills start theirs: here it only has to be installed
        for one in (postgres, rabbit):
            stack.enter_context(one)
        yield {
            "YUETAN_TEST_DATABASE_URL": postgres.url,
            "YUETAN_TEST_BROKER_URL": rabbit.url,
            "YUETAN_REQUIRE_SERVICES": "1",
        }
