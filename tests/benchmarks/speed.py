"""The tables of speed in the README, made by ``python -m tests.benchmarks.speed``.

Every figure of a fit is a process of its own, so that peak memory is its own too.
Ratios to the plain loop are taken in one run, since machines differ and are noisy.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from pottsfold.alignment import Alignment, identity_weights, read_alignment, reweight
from pottsfold.alphabet import Alphabet
from pottsfold.inference import (
    Regularization,
    fit_pseudolikelihood,
    plmc_regularization,
)
from pottsfold.inference.pseudolikelihood.sites import Sites
from pottsfold.inference.pseudolikelihood.symmetric import Pseudolikelihood
from pottsfold.threads import Workers
from tests.benchmarks import plain
from tests.benchmarks.made import made_alignment

FAMILIES = ("1atzA", "PF00014", "DHFR", "PF00072")
GROWTH = {
    "N": [(n, 100, 21) for n in (1000, 3000, 10000, 30000, 100000)],
    "L": [(3000, length, 21) for length in (50, 100, 200, 400, 800)],
    "q": [(3000, 100, q) for q in (5, 9, 13, 17, 21)],
}


def settings_of(alignment: Alignment) -> Regularization:
    """The penalties of plmc, whose figures stand beside: 0.01 and 0.2 (L - 1)."""
    return plmc_regularization(alignment.length, alignment.alphabet.size)


def ratio(n: int, length: int) -> dict[str, float]:
    """Additions a second of the plain loop and of an evaluation, one thread."""
    alignment = made_alignment(n, length)
    by_column = np.ascontiguousarray(alignment.codes.T)
    table, sums = plain.table_for(length), np.zeros((n, 24), np.float32)
    plain.add_rows(by_column[:, :10].copy(), table, sums[:10].copy())
    start = time.perf_counter()
    plain.add_rows(by_column, table, sums)
    loop = n * length * 21 / (time.perf_counter() - start)
    return {"plain": loop / 1e9, "ours": additions(alignment) / 1e9}


def additions(alignment: Alignment) -> float:
    """Additions a second that the plain loops would need to keep up, one thread."""
    with Workers(1) as workers:
        sites = Sites(alignment, "state", 0.01)
        objective = Pseudolikelihood(sites, settings_of(alignment).couplings, workers)
        point = objective.start()
        gradient = np.empty_like(point)
        objective(point, gradient)
        point -= objective.first_step() * gradient
        objective(point, gradient)
        point -= 0.2 * objective.first_step() * gradient
        start = time.perf_counter()
        objective(point, gradient)
        seconds = time.perf_counter() - start
    n, length = alignment.codes.shape
    return 2 * n * length**2 * alignment.alphabet.size / seconds


def fit_figures(alignment: Alignment, threads: int, tolerance: float) -> dict:
    """Wall and CPU seconds of a fit, and the peak memory of this process."""
    start, cpu = time.perf_counter(), time.process_time()
    fit = fit_pseudolikelihood(
        alignment,
        gaps="state",
        form="symmetric",
        regularization=settings_of(alignment),
        threads=threads,
        tolerance=tolerance,
    )
    return {
        "wall": time.perf_counter() - start,
        "cpu": time.process_time() - cpu,
        "evaluations": fit.report.n_evaluations,
        "objective": fit.report.objectives[-1],
        "mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def alignment_named(name: str) -> Alignment:
    """A reference family by name, or a made one as ``made:N,L,q``."""
    if name.startswith("made:"):
        n, length, q = map(int, name.removeprefix("made:").split(","))
        letters = "-ACDEFGHIKLMNPQRSTVWY"[:q]
        return reweight(made_alignment(n, length, alphabet=Alphabet(letters)))
    path = Path(os.environ["POTTSFOLD_DATA"]) / "families" / name / "match.fasta"
    return reweight(read_alignment(path, focus=None))


def in_own_process(name: str, threads: int, tolerance: float) -> dict:
    words = [sys.executable, "-m", "tests.benchmarks.speed", name]
    result = subprocess.run(
        [*words, str(threads), str(tolerance)], check=True, capture_output=True
    )
    return json.loads(result.stdout)


def compile_seconds() -> tuple[float, float]:
    """CPU seconds of a small fit with an empty kernel cache, and with a full one."""
    times = []
    with tempfile.TemporaryDirectory() as cache:
        environment = {**os.environ, "NUMBA_CACHE_DIR": cache}
        words = [sys.executable, "-m", "tests.benchmarks.speed", "made:50,10,21"]
        for _ in range(2):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run(
                [*words, "1", "1e-3"], check=True, capture_output=True, env=environment
            )
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            times.append(after.ru_utime - before.ru_utime)
    return times[0], times[1]


def print_ratio() -> None:
    print("| N x L | plain loop, G additions/s | evaluation, G/s | ratio |")
    print("|---|---|---|---|")
    for n, length in ((3000, 75), (3600, 160), (8403, 253)):
        figures = ratio(n, length)
        print(
            f"| {n} x {length} | {figures['plain']:.1f} | {figures['ours']:.1f} | "
            f"{figures['ours'] / figures['plain']:.1f} |"
        )


def print_fits(tolerance: float) -> None:
    print(
        f"| tolerance {tolerance:g} | N x L | evaluations | 1 thread, wall s | ", end=""
    )
    print("2 threads, wall s (CPU s) | objective | peak MiB |")
    print("|---|---|---|---|---|---|---|")
    names = FAMILIES if "POTTSFOLD_DATA" in os.environ else ()
    for name in (*names, "made:8400,253,21"):
        one, two = (in_own_process(name, threads, tolerance) for threads in (1, 2))
        shape = "x".join(map(str, alignment_named(name).codes.shape))
        print(
            f"| {name} | {shape} | {two['evaluations']} | {one['wall']:.2f} | "
            f"{two['wall']:.2f} ({two['cpu']:.2f}) | {two['objective']:.1f} | "
            f"{two['mib']:.0f} |",
            flush=True,
        )


def print_growth() -> None:
    for name, cases in GROWTH.items():
        varied = {"N": 0, "L": 1, "q": 2}[name]
        sizes, seconds = [], []
        for n, length, q in cases:
            alignment = alignment_named(f"made:{n},{length},{q}")
            rate = additions(alignment)
            seconds.append(2 * n * length**2 * q / rate)
            sizes.append((n, length, q)[varied])
        slope = np.polyfit(np.log(sizes), np.log(seconds), 1)[0]
        cells = ", ".join(
            f"{size}: {s:.3f}" for size, s in zip(sizes, seconds, strict=True)
        )
        print(f"| {name} | {cells} | {slope:.2f} |", flush=True)


def print_weights() -> None:
    for n, length in ((10000, 100), (100000, 100)):
        codes = made_alignment(n, length).codes
        start, cpu = time.perf_counter(), time.process_time()
        identity_weights(codes)
        wall, used = time.perf_counter() - start, time.process_time() - cpu
        print(f"| {n} x {length} | {wall:.2f} | {used:.2f} |", flush=True)


def main() -> None:
    print_ratio()
    print()
    print_fits(1e-4)
    print()
    print_fits(3e-6)
    print("\n| seconds an evaluation against | sizes | exponent |\n|---|---|---|")
    print_growth()
    print("\n| weights, N x L | wall s | CPU s |\n|---|---|---|")
    print_weights()
    cold, warm = compile_seconds()
    print(f"\nsmall fit, CPU seconds: {cold:.1f} compiling, {warm:.1f} from the cache")


if __name__ == "__main__":
    if len(sys.argv) == 4:
        family = alignment_named(sys.argv[1])
        print(json.dumps(fit_figures(family, int(sys.argv[2]), float(sys.argv[3]))))
    else:
        main()
