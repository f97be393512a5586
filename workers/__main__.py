"""Start a worker: ``python -m workers``; options are those of ``celery worker``."""

from __future__ import annotations

import os
import sys
import warnings

from service.child import end_with_parent

#: Set by a service that keeps this worker as its child.
PARENT = "YUETAN_PARENT"
#: Workers need not know of each other: the job rows are all they share.
QUIET = ("--without-gossip", "--without-mingle", "--without-heartbeat")

if __name__ == "__main__":
    parent = os.environ.get(PARENT)
    if parent:
        end_with_parent(int(parent))
        # The service that keeps us decides under whom we run; a worker started by hand still warns of root.
        warnings.filterwarnings("ignore", message="(?s).*superuser privileges")
    from workers.app import app

    app.worker_main(["--quiet", "worker", "--pool=prefork", "--loglevel=WARNING", *QUIET, *sys.argv[1:]])
