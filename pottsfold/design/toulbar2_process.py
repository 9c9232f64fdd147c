"""Solve a cost-function network with toulbar2: a program of its own.

    python -P toulbar2_process.py FOLDER SECONDS UPPER_BOUND

The solver takes Ctrl-C for itself, and its preparations end when they end, so it runs
in a process that its caller can end. SIGVTALRM makes it stop searching and tell what it
has found. It reads ``FOLDER/network.npz`` and writes
``FOLDER/found.npz``; numbers are whole costs.

network.npz: ``sizes`` (F,) numbers of values; ``unary`` all unary costs one after
another; ``pairs`` (P, 2) variables; ``costs`` all pair costs one after another;
``bounds`` (R, 2) and ``references`` (R, F) values, -1 where none is meant: at how many
variables, least and most, an assignment may differ from each.
found.npz: ``values`` (F,) of an assignment below the upper bound, empty if there is
none; ``lower_bound`` of all assignments below it; ``complete``, whether the search came
to its end.
"""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Messages of TRW-S come before the search, until they change by less than this share:
# they find better lower bounds than arc consistency.
TRWS_ACCURACY = 1e-4


def main(folder: Path, seconds: int, upper_bound: float) -> None:
    """Solve the network of a folder."""
    # An extra; who only reads this module need not have it.
    import pytoulbar2
    import pytoulbar2.pytb2 as library

    # Until the solver listens, the signal would end the process.
    signal.signal(signal.SIGVTALRM, signal.SIG_IGN)
    with np.load(folder / "network.npz") as given:
        network = dict(given)
    solver = pytoulbar2.CFN(ubinit=upper_bound, resolution=0, verbose=-1)
    library.option.trwsAccuracy = TRWS_ACCURACY
    add_costs(solver, network)
    for reference, (least, most) in zip(
        network["references"], network["bounds"], strict=True
    ):
        add_distance(solver, network["sizes"], reference, int(least), int(most))
    found = solver.Solve(timeLimit=seconds)
    complete = not library.option.limited
    values = [] if found is None else found[0]
    lower_bound = upper_bound
    if not complete:
        lower_bound = solver.GetDDualBound()
    elif found is not None:
        lower_bound = found[1]
    np.savez(
        folder / "found.npz",
        values=np.array(values, np.int64),
        lower_bound=float(lower_bound),
        complete=complete,
    )


def add_costs(solver: Any, network: dict[str, NDArray[Any]]) -> None:
    """Add variables and their costs, tables of one shape at once."""
    sizes, pairs = network["sizes"], network["pairs"]
    for variable, size in enumerate(sizes):
        solver.AddVariables(1, f"x{variable}_", 0, int(size) - 1)
    starts = np.concatenate([[0], np.cumsum(sizes)])
    for variable in range(len(sizes)):
        own = network["unary"][starts[variable] : starts[variable + 1]]
        solver.AddFunction([variable], own.tolist())
    shapes = sizes[pairs]
    starts = np.concatenate([[0], np.cumsum(shapes.prod(axis=1))])
    for shape in np.unique(shapes, axis=0):
        alike = np.flatnonzero((shapes == shape).all(axis=1))
        places = starts[alike, np.newaxis] + np.arange(shape.prod())
        costs = network["costs"][places].reshape(-1, *shape)
        solver.AddFunctions(pairs[alike].astype(np.int64), costs)


def add_distance(
    solver: Any,
    sizes: NDArray[np.int64],
    reference: NDArray[np.int64],
    least: int,
    most: int,
) -> None:
    """Hold the number of variables that differ from a reference within bounds.

    Variables without a value to differ from always do; the bounds leave them out.
    """
    kept = np.flatnonzero(reference >= 0)
    same = [(int(i), int(reference[i]), 1) for i in kept]
    if most < len(kept):
        solver.AddGeneralizedLinearConstraint(same, ">=", len(kept) - most)
    if least > 0:
        solver.AddGeneralizedLinearConstraint(same, "<=", len(kept) - least)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))
