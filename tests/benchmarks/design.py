"""How soon designs are proven: ``python -m tests.benchmarks.design MODEL [MODEL ...]``.

Each line is one problem: so many random sites free and the others as in the wild type,
or all sites free within a budget of mutations. CPU seconds of annealing, and of the
whole with the solver's process.
"""

from __future__ import annotations

import argparse
import resource
import time
from pathlib import Path

import numpy as np

from pottsfold.design import anneal, design_problem
from pottsfold.design.designs import design_sequences
from pottsfold.design.problem import Problem
from pottsfold.model import PottsModel, load_fit

FREE = (10, 30, 60, 100)
BUDGETS = (3, 5, 8, 10, 15)


def problems(model: PottsModel) -> list[tuple[str, Problem]]:
    """Return the problems of a model, each with what it is called."""
    order = np.random.default_rng(0).permutation(model.length)
    found = []
    for free in (*(n for n in FREE if n < model.length), model.length):
        fixed = ~np.isin(np.arange(model.length), order[:free])
        found.append((f"{free} free", design_problem(model, fixed=fixed)))
    for budget in BUDGETS:
        found.append(
            (f"{budget} mutations", design_problem(model, max_mutations=budget))
        )
    return found


def children() -> float:
    """Return the CPU seconds of processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", nargs="+", type=Path)
    parser.add_argument("--time-limit", type=float, default=60.0)
    given = parser.parse_args()
    for path in given.models:
        model = load_fit(path).model
        kind = "dense" if model.graph.is_complete else "masked"
        # Compiled before anything is timed.
        design_sequences(design_problem(model, max_mutations=1), time_limit=1.0)
        for name, problem in problems(model):
            start = time.process_time()
            anneal(problem)
            annealing = time.process_time() - start
            start = time.process_time() + children()
            (one,) = design_sequences(problem, time_limit=given.time_limit).found
            whole = time.process_time() + children() - start
            sure = "proven" if one.proven else f"gap {one.gap:.2f}"
            print(
                f"{path.stem:20} {kind:6} {model.length:4} sites {name:13} "
                f"annealing {annealing:6.2f} s, whole {whole:6.2f} s, {sure}",
                flush=True,
            )


if __name__ == "__main__":
    main()
