"""Site updates a core-second, made by ``python -m tests.benchmarks.sampling``.

Processor time of one thread, the best of several runs, since machines are shared.
The floor is the time to bring the rows of one update, two cache lines each in float32
and one in the compact form, from the second-level cache at ``LINE`` seconds a line,
and to draw a letter, ``DRAW``: what either takes alone.

``python -m tests.benchmarks.sampling family.potts`` tells instead what the compact
form's rounding does to a model: 20,000 sequences of either form, their mean energies
and the frequencies of letters and of pairs, as differences in standard errors. With
``--speed`` before the model it tells how fast that one is sampled, masked or dense.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from pottsfold.inference.on_torch.chains import DeviceGibbs
from pottsfold.inference.on_torch.devices import Device
from pottsfold.model import PottsModel, energy, load_fit
from pottsfold.sampling import (
    Gibbs,
    Metropolis,
    Move,
    Sampler,
    Target,
    start_chains,
)
from pottsfold.threads import Workers
from tests.benchmarks.plain import numba_sweep, numpy_sweep
from tests.sampling.test_compact import coarse
from tests.strategies import random_model

LENGTHS = (53, 100, 253)
CHAINS = (100, 200, 1000, 10_000)
# Site updates of a run, about.
UPDATES, RUNS = 1_000_000, 5
LINE, DRAW = 0.25e-9, 16e-9


def best_seconds(task: Callable[[], object], threads: int = 1) -> float:
    """Processor seconds of the best run, wall seconds with more than one thread."""
    clock = time.process_time if threads == 1 else time.perf_counter
    task()
    best = np.inf
    for _ in range(RUNS):
        start = clock()
        task()
        best = min(best, clock() - start)
    return best


def updates_per_second(sampler: Sampler, n_chains: int, threads: int = 1) -> float:
    """Site updates a second of processor time, and of wall time with more threads."""
    chains = start_chains(sampler.target, n_chains * sampler.rungs, seed=0)
    visits = len(chains) * len(sampler.target.sites)
    sweeps = max(2, UPDATES // visits)
    with Workers(threads) as workers:
        seconds = best_seconds(lambda: sampler.step(chains, sweeps, workers), threads)
    return sweeps * visits / seconds


def plain_updates_per_second(target: Target) -> tuple[float, float]:
    """Site updates a second of the plain NumPy and the plain Numba sweep."""
    model = target.model
    few, many = (start_chains(target, n, seed=0).codes.copy() for n in (200, 1000))
    table = np.ascontiguousarray(model.couplings.transpose(0, 1, 3, 2))
    rng = np.random.default_rng(0)
    return (
        few.size / best_seconds(lambda: numpy_sweep(few, model.fields, table, rng)),
        many.size / best_seconds(lambda: numba_sweep(many, model.fields, table)),
    )


def row(first: object, *rates: float) -> str:
    return f"| {first} | " + " | ".join(f"{rate / 1e6:.2f}" for rate in rates) + " |"


def frequencies(codes: NDArray[np.uint8], size: int) -> list[NDArray[np.float64]]:
    """Frequencies of letters, and of pairs of letters at two sites, flat."""
    n, length = codes.shape
    one = np.eye(size, dtype=np.float32)[codes].reshape(n, -1)
    site = np.arange(length * size) // size
    pairs = (one.T @ one)[site[:, np.newaxis] < site]
    return [one.mean(axis=0, dtype=np.float64), pairs / n]


def bias(model: PottsModel, n: int = 20_000, sweeps: int = 300) -> None:
    """Print differences between float32 and other forms, in standard errors."""
    compact = Target(model, compact=True)
    forms = {
        "float32": Target(model),
        "float32, another seed": Target(model),
        f"compact, 1/{1 / compact.table.unit:g}": compact,
        "too coarse, 1/16": coarse(model, 16.0),
    }
    print(
        "| form | z of mean energy | sites: rms z | largest | pairs: rms z | largest |"
    )
    print("|---" * 6 + "|")
    first = None
    for seed, (name, target) in enumerate(forms.items()):
        with Workers(1) as workers:
            chains = start_chains(target, n, seed)
            sampler = Sampler(target, np.array([1.0]))
            codes = sampler.step(chains, sweeps, workers)[0].codes
        found = energy(model, codes), frequencies(codes, model.alphabet.size)
        if first is None:
            first = found
            continue
        error = np.sqrt((found[0].var() + first[0].var()) / n)
        cells = [(found[0].mean() - first[0].mean()) / error]
        for x, y in zip(found[1], first[1], strict=True):
            some = (x + y) * n > 40
            x, y = x[some], y[some]
            z = (x - y) / np.sqrt((x * (1 - x) + y * (1 - y)) / n)
            cells += [np.sqrt((z**2).mean()), np.abs(z).max()]
        print(f"| {name} | " + " | ".join(f"{cell:.2f}" for cell in cells) + " |")


def speed(model: PottsModel) -> None:
    """Print site updates a second of each move, and of Gibbs sweeps by torch."""
    cpu = Device("cpu")
    moves: dict[str, Move] = {
        "Gibbs": Gibbs(),
        "Metropolis": Metropolis(),
        "Gibbs on cpu by torch": DeviceGibbs(cpu),
    }
    print(f"{model.length} sites, {model.graph.n_pairs} pairs; millions a second:")
    print("| move | float32 | compact |\n|---|---|---|")
    targets = [Target(model, compact=compact) for compact in (False, True)]
    for name, move in moves.items():
        samplers = (Sampler(target, np.array([1.0]), move) for target in targets)
        with cpu.at_work(1):
            rates = [updates_per_second(sampler, 1000) for sampler in samplers]
        print(row(name, *rates), flush=True)


def main() -> None:
    if sys.argv[1:2] == ["--speed"]:
        speed(load_fit(sys.argv[2]).model)
        return
    if len(sys.argv) > 1:
        bias(load_fit(sys.argv[1]).model)
        return
    samplers = {}
    print("Millions a second, 1,000 chains (NumPy 200):")
    print(
        "| L | floor | Gibbs | 2 threads, wall | compact: floor | Gibbs "
        "| 2 threads, wall | Metropolis | compact | plain NumPy | plain Numba |"
    )
    print("|---" * 11 + "|")
    for length in LENGTHS:
        model = random_model(0, length, scale=0.1)
        rates = []
        targets = [Target(model, compact=compact) for compact in (False, True)]
        for lines, target in zip((2, 1), targets, strict=True):
            sampler = Sampler(target, np.array([1.0]))
            samplers[length, lines] = sampler
            rates.append(1 / (lines * LINE * length + DRAW))
            rates += [updates_per_second(sampler, 1000, threads) for threads in (1, 2)]
        for target in targets:
            sampler = Sampler(target, np.array([1.0]), Metropolis())
            rates.append(updates_per_second(sampler, 1000))
        rates += plain_updates_per_second(targets[0])
        print(row(length, *rates), flush=True)
    print("\nMillions a second by number of chains, float32 and compact:")
    print("| L | " + " | ".join(f"{n:,} | compact" for n in CHAINS) + " |")
    print("|---" * (1 + 2 * len(CHAINS)) + "|")
    for length in LENGTHS:
        rates = [
            updates_per_second(samplers[length, lines], n)
            for n in CHAINS
            for lines in (2, 1)
        ]
        print(row(length, *rates), flush=True)


if __name__ == "__main__":
    main()
