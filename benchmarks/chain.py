"""A bill of materials with recycling loops: a new price against one sparse product, ordering against a general solver."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping

import numpy as np
from scipy.sparse import csr_array, eye_array
from scipy.sparse.linalg import spsolve

from benchmarks.harness import Contender, Report, compare, peak_mib
from models.chain import Chain, ordered
from models.units import FloatArray

TOLERANCE = 1e-12
PRICE_CNY_PER_T = 87.5


def bill(n: int, reach: int = 100_000, seed: int = 20261125) -> csr_array:
    """
    Return a bill of ``n`` nodes in scrambled order, row = product.

    A product takes one to five others from up to ``reach`` places below; every
    fiftieth node closes a loop of two to six (a product returns to what it was
    made of), and one in fifty uses some of itself.
    """
    rng = np.random.default_rng(seed)
    takes = rng.integers(1, 6, n)
    takes[0] = 0
    product = np.repeat(np.arange(n), takes)
    used = product - 1 - (rng.random(product.size) * np.minimum(product, reach)).astype(np.int64)
    head = np.arange(10, n - 10, 50)
    length = rng.integers(1, 6, head.size)
    back = np.concatenate([np.arange(h + 1, h + s + 1) for h, s in zip(head, length, strict=True)])
    itself = np.arange(25, n, 50)
    rows = np.concatenate([product, back, head, itself])
    columns = np.concatenate([used, back - 1, head + length, itself])
    amounts = np.concatenate([
        rng.random(product.size) * 0.4, np.ones(back.size), rng.uniform(0.02, 0.25, head.size),
        rng.uniform(0.02, 0.2, itself.size),
    ])  # fmt: skip
    to = rng.permutation(n)
    return csr_array((amounts, (to[rows], to[columns])), shape=(n, n))


def _residual(chain: Chain, own: FloatArray, *found: FloatArray) -> None:
    for x in found:
        assert chain.residual(own, x) <= TOLERANCE


def repriced(n: int, repeat: int, goal: str) -> Report:
    """Return P6: a new price over a chain in order, the order kept, against one sparse product with the same matrix."""
    chain = ordered(bill(n))
    intensity = np.random.default_rng(7).uniform(0.0, 3.0, n)
    kept = intensity[chain.order]
    own = PRICE_CNY_PER_T * kept

    def agree(answers: Mapping[str, object]) -> None:
        in_order, anyhow = np.asarray(answers["new price"]), np.asarray(answers["new price, nodes in any order"])
        _residual(chain, PRICE_CNY_PER_T * intensity, in_order[chain.place], anyhow)

    report = compare(
        f"P6 new price, {n:,} nodes",
        "sparse product",
        [
            Contender("sparse product", lambda: chain.matrix @ own, n, repeat),
            Contender("new price", lambda: chain.reprice_in_order(PRICE_CNY_PER_T * kept), n, repeat),
            Contender("new price, nodes in any order", lambda: chain.reprice(PRICE_CNY_PER_T * intensity), n, repeat),
        ],
        agree,
        rounds=11,
        goal=goal,
    )
    report.extra |= {
        "entries": float(chain.matrix.nnz), "loops": float(len(chain.loops)),
        "largest_loop": float(max(loop.size for loop in chain.loops)),
    }  # fmt: skip
    return report


def solved(n: int, reach: int, rounds: int, goal: str) -> Report:
    """Return P7: ordering and solving against ``scipy.sparse.linalg.spsolve`` with its usual settings."""
    inputs = bill(n, reach)
    own = PRICE_CNY_PER_T * np.random.default_rng(7).uniform(0.0, 3.0, n)
    system = (eye_array(n) - inputs).tocsc()
    chain = ordered(inputs)

    def agree(answers: Mapping[str, object]) -> None:
        _residual(chain, own, *(np.asarray(answer) for answer in answers.values()))

    return compare(
        f"P7 ordering and solving, {n:,} nodes, inputs from {reach:,} below",
        "ordered",
        [
            Contender("ordered", lambda: ordered(inputs).reprice(own), n),
            Contender("spsolve", lambda: spsolve(system, own), n),
        ],
        agree,
        rounds=rounds,
        goal=goal,
    )


def alone(n: int) -> dict[str, float]:
    """Return what a chain of ``n`` nodes takes in a process of its own: seconds and the peak of memory."""
    inputs = bill(n)
    before, start = peak_mib(), time.process_time()
    chain = ordered(inputs)
    ordering = time.process_time() - start
    own = np.random.default_rng(7).uniform(0.0, 3.0, (n, 3))
    start = time.process_time()
    x = chain.reprice(own)
    three = time.process_time() - start
    _residual(chain, own, x)
    again, rounds = chain.iterated(own[:, 0].copy())
    assert np.abs(again - x[:, 0]).max() <= 1e-9 * x[:, 0].max()
    return {
        "bill_mib": before, "peak_mib": peak_mib(), "ordering_s": ordering, "three_views_s": three,
        "iteration_rounds": float(rounds), "loops": float(len(chain.loops)),
    }  # fmt: skip


def run() -> list[Report]:
    """P6 and P7 of the house's goals, and the memory of a million nodes in a process of its own."""
    told = subprocess.run(
        [sys.executable, "-m", "benchmarks.chain", "1000000"],
        check=True, capture_output=True, text=True, env=os.environ | {"OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    million = repriced(1_000_000, 3, "<= 3 x, stretch 1.5 x; under 2 GiB")
    million.extra |= {f"alone_{key}": value for key, value in json.loads(told.stdout).items()}
    return [
        repriced(10_000, 300, "<= 6 x, stretch 2.5 x"),
        million,
        solved(10_000, 10_000, 5, "spsolve >= 8 x, stretch 30 x"),
        solved(100_000, 1_000, 5, "spsolve >= 400 x, stretch 2,000 x"),
        solved(100_000, 2_000, 5, "spsolve >= 400 x, stretch 2,000 x"),
    ]


if __name__ == "__main__":
    print(json.dumps(alone(int(sys.argv[1]))))
