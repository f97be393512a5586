"""The guarded child: reads a file from standard input, writes grids as JSON; limited in memory, time and files."""

from __future__ import annotations

import json
import sys

MEMORY = 512 * 1024 * 1024
CPU_S = 20


def limit() -> None:
    """Take away memory, time, files and new processes, where the system can."""
    try:
        import resource
    except ImportError:  # a system without limits, where the time-out of the parent still holds
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main() -> int:
    """Read, answer, end."""
    from service.workbook.raw import read
    from service.workbook.refusals import BadFile, OutOfTime

    sys.dont_write_bytecode = True
    limit()
    try:
        answer = {"ok": read(sys.stdin.buffer.read())}
    except BadFile as refusal:
        answer = {"refused": {"code": refusal.code, "params": refusal.params}}
    except MemoryError:
        answer = {"refused": {"code": OutOfTime.code, "params": {}}}
    sys.stdout.write(json.dumps(answer, ensure_ascii=True, separators=(",", ":")))
    return 0


if __name__ == "__main__":
    sys.exit(main())
