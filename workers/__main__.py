"""Start a worker: ``python -m workers``; options are those of ``celery worker``."""

from __future__ import annotations

import os
import sys
import warnings

from service.child import end_with_parent
from service.settings import Settings

#: Set by a service that keeps this worker as its child.
PARENT = "YUETAN_PARENT"
#: Workers need not know of each other: the job rows are all they share.
QUIET = ("--without-gossip", "--without-mingle", "--without-heartbeat")


def check(settings: Settings) -> None:
    """Do not start with settings that a deployment must not have."""
    from service.database import Database
    from service.deployment import Unsafe, refuse_unsafe

    database = Database(settings.database, settings.database_role)
    try:
        for concern in refuse_unsafe(settings, database):
            print(f"! {concern.line(settings.lang)}", file=sys.stderr)  # noqa: T201 - before there is a log
    except Unsafe as refusal:
        sys.exit(f"{refusal.text(settings.lang)}\n{refusal.mend(settings.lang)}")
    finally:
        database.dispose()


if __name__ == "__main__":
    # Each worker process is meant for one core; numpy's own threads would fight for them.
    for threads in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(threads, "1")
    parent = os.environ.get(PARENT)
    if parent:
        end_with_parent(int(parent))
        # The service that keeps us decides under whom we run; a worker started by hand still warns of root.
        warnings.filterwarnings("ignore", message="(?s).*superuser privileges")
    from workers.app import app, settings

    if not parent:
        check(settings)

    app.worker_main(["--quiet", "worker", "--pool=prefork", "--loglevel=WARNING", *QUIET, *sys.argv[1:]])
