"""The best sequence with a proof, or a bound on how far it can be."""

from __future__ import annotations

import contextlib
import importlib.util
import math
import os
import signal
import subprocess
import sys
import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pottsfold.design.network import Network, network_bytes, network_of
from pottsfold.design.problem import Problem
from pottsfold.memory import available_memory, in_gib
from pottsfold.model import energy

PROGRAM = Path(__file__).with_name("toulbar2_process.py")
INSTALL = "proofs need toulbar2: pip install 'pottsfold[design]'"
# Seconds in which the solver shall end when it was told to, and after Ctrl-C; it is
# told so often, as it hears nothing before its search begins.
GRACE, HURRY, AGAIN = 10.0, 2.0, 0.2
# Seconds that clocks can count.
LONGEST = 1e6
# Tells toulbar2 to stop; the signal of its own clock.
STOP = getattr(signal, "SIGVTALRM", signal.SIGTERM)


@dataclass(frozen=True, eq=False)
class Proof:
    """What an exact search found out.

    Parameters
    ----------
    codes : (L,) uint8 or None
        A sequence better than the one it began with, None if there is none or none
        was found.
    bound : float
        Energy in nats below which no sequence of the problem is; minus infinity if
        the search ended before it had one.
    complete : bool
        Whether there is nothing better, to within ``rounding``.
    rounding : float
        Nats by which the solver's whole costs may miss the difference of two energies.
    interrupted : bool
        Whether Ctrl-C ended it.
    """

    codes: NDArray[np.uint8] | None
    bound: float
    complete: bool
    rounding: float
    interrupted: bool = False


def can_prove() -> bool:
    """Return whether the solver is installed."""
    return importlib.util.find_spec("pytoulbar2") is not None


def hindrance(problem: Problem) -> str | None:
    """Return what stands in the way of the solver, None if nothing does."""
    if not can_prove():
        return INSTALL
    needed, available = network_bytes(problem), available_memory()
    if needed > available:
        return (
            f"proofs by toulbar2 would need {in_gib(needed)} of memory and "
            f"{in_gib(available)} are available: free fewer positions"
        )
    return None


def prove(problem: Problem, best: NDArray[np.uint8] | None, seconds: float) -> Proof:
    """Look for a sequence below the best known one, or prove that there is none.

    Parameters
    ----------
    problem : Problem
        The rules.
    best : (L,) uint8 or None
        A sequence that obeys them.
    seconds : float
        Wall time after which it stops.

    Raises
    ------
    ModuleNotFoundError
        If toulbar2 is not installed.
    """
    if not can_prove():
        raise ModuleNotFoundError(INSTALL)
    known = None if best is None else float(energy(problem.model, best)[0])
    if not len(problem.free):
        only = problem.allowed.argmax(axis=1).astype(np.uint8)
        bound = float(energy(problem.model, only)[0])
        good = problem.broken(only) is None
        return Proof(only if good and best is None else None, bound, True, 0.0)
    network = network_of(problem, known)
    highest = network.highest()
    if best is not None:
        highest = min(highest, network.cost(network.values(best)))
    with tempfile.TemporaryDirectory(prefix="pottsfold-design-") as name:
        folder = Path(name)
        _write(network, highest, folder / "network.npz")
        interrupted = _run(folder, seconds, highest)
        found = _read(folder / "found.npz")
    if found is None:
        return Proof(None, -math.inf, False, 2 * network.rounding, interrupted)
    values = found["values"].astype(np.int64)
    codes = network.codes(values) if len(values) else None
    cost = min(float(found["lower_bound"]), highest)
    bound = network.base + cost / network.steps - network.rounding
    complete = bool(found["complete"])
    return Proof(codes, bound, complete, 2 * network.rounding, interrupted)


def _write(network: Network, highest: float, path: Path) -> None:
    """Write a network as the solver's process reads it, costs cut at the highest."""
    references, bounds = network.bounds()
    costs = [table.ravel() for table in network.costs]
    np.savez(
        path,
        sizes=np.array([len(letters) for letters in network.letters], np.int64),
        unary=np.minimum(np.concatenate(network.unary), highest),
        pairs=network.pairs,
        costs=np.minimum(np.concatenate(costs or [np.zeros(0)]), highest),
        references=references,
        bounds=bounds,
    )


def _run(folder: Path, seconds: float, highest: float) -> bool:
    """Run the solver until it ends or has to; return whether Ctrl-C ended it."""
    seconds = min(seconds, LONGEST)
    limit = max(1, math.ceil(seconds))
    command = [sys.executable, "-P", str(PROGRAM), str(folder), str(limit)]
    process = subprocess.Popen(
        [*command, repr(highest)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        # What was put on the path of this process holds there too.
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        # Ctrl-C comes to us alone.
        start_new_session=True,
    )
    try:
        if process.wait(seconds):
            warnings.warn(
                f"toulbar2 ended with status {process.returncode}, for want of memory "
                "perhaps; nothing is proven",
                stacklevel=2,
            )
        return False
    except subprocess.TimeoutExpired:
        _stop(process, GRACE)
        return False
    except KeyboardInterrupt:
        _stop(process, HURRY)
        return True
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def _stop(process: subprocess.Popen[bytes], grace: float) -> None:
    """Tell the solver to stop; it is ended later if it does not."""
    for _ in range(round(grace / AGAIN)):
        process.send_signal(STOP)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(AGAIN)
            return


def _read(path: Path) -> dict[str, NDArray[np.generic]] | None:
    """Return what the solver wrote, None if it wrote nothing."""
    if not path.exists():
        return None
    with np.load(path, allow_pickle=False) as found:
        return dict(found)
