"""``python -m benchmarks [topic ...]``: run the comparisons by hand and keep one JSON line for each topic."""

from __future__ import annotations

import sys

from benchmarks import (
    chain,
    costs,
    finance,
    installation,
    lines,
    pact,
    passthrough,
    portfolio,
    runs,
    service,
    workbook,
)
from benchmarks.harness import keep, machine

TOPICS = {
    "lines": lines.run, "installation": installation.run, "workbook": workbook.run, "service": service.run, "chain": chain.run,
    "finance": finance.run, "pact": pact.run, "passthrough": passthrough.run, "portfolio": portfolio.run,
    "runs": runs.run, "costs": costs.run,
}  # fmt: skip


def main(wanted: list[str]) -> int:
    if unknown := set(wanted) - set(TOPICS):
        print(f"no such topic: {', '.join(sorted(unknown))}; there are {', '.join(TOPICS)}", file=sys.stderr)
        return 2
    print(machine())
    for topic in wanted or list(TOPICS):
        reports = TOPICS[topic]()
        for report in reports:
            print(report.line())
        print(f"kept in {keep(topic, reports)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
