"""Site updates a core-second, made by ``python -m tests.benchmarks.sampling``.

Processor time of one thread, the best of several runs, since machines are shared.
The floor is the time to bring the rows of one update, two cache lines each, from the
second-level cache at ``LINE`` seconds a line, what ``sum_rows`` takes alone (0.28 to
0.35 ns at L = 56 to 256), were there nothing else to do.
"""

from __future__ import annotations

import time

import numpy as np

from pottsfold.sampling import Sampler, Target, start_chains
from pottsfold.threads import Workers
from tests.strategies import random_model

LENGTHS = (53, 100, 253)
CHAINS, SWEEPS, RUNS = 1000, 2, 3
LINE = 0.3e-9


def updates_per_second(sampler: Sampler, n_chains: int, threads: int = 1) -> float:
    """Site updates a second of processor time, and of wall time with more threads."""
    clock = time.process_time if threads == 1 else time.perf_counter
    best = np.inf
    with Workers(threads) as workers:
        chains = start_chains(sampler.target, n_chains * sampler.rungs, seed=0)
        chains, _ = sampler.step(chains, 1, workers)
        for _ in range(RUNS):
            start = clock()
            chains, _ = sampler.step(chains, SWEEPS, workers)
            best = min(best, clock() - start)
    return SWEEPS * len(chains) * len(sampler.target.sites) / best


def main() -> None:
    print("Millions a second:")
    print("| L | floor | Gibbs | 2 threads, wall | Metropolis |")
    print("|---|---|---|---|---|")
    for length in LENGTHS:
        target = Target(random_model(0, length, scale=0.1))
        gibbs = Sampler(target, np.array([1.0]))
        metropolis = Sampler(target, np.array([1.0]), "metropolis")
        rates = (
            1 / (2 * LINE * length),
            updates_per_second(gibbs, CHAINS),
            updates_per_second(gibbs, CHAINS, threads=2),
            updates_per_second(metropolis, CHAINS),
        )
        print(f"| {length} | " + " | ".join(f"{r / 1e6:.1f}" for r in rates) + " |")


if __name__ == "__main__":
    main()
