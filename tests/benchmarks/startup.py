"""CPU seconds of whole commands on small inputs: what imports and compiling cost.

Run: ``python -m tests.benchmarks.startup [--program CLI.py] [--runs 7] [--first]``.
Each figure is the median over runs of a new process's user and system time. With
``--first`` every run begins with an empty cache of compiled kernels.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[2]
LETTERS = "ACDEFGHIKLMNPQRSTVWY"
N_SEQUENCES, LENGTH, N_MUTANTS = 400, 50, 1000


def write_inputs(folder: Path) -> None:
    """Write a made alignment of 400 x 50 and a library of 1,000 mutants."""
    rng = np.random.default_rng(0)
    founder = rng.integers(20, size=LENGTH)
    changed = rng.random((N_SEQUENCES, LENGTH)) < 0.4
    codes = np.where(changed, rng.integers(20, size=changed.shape), founder)
    codes[0] = founder
    rows = ["".join(LETTERS[code] for code in row) for row in codes]
    folder.joinpath("family.fasta").write_text(
        "".join(f">s{k}\n{row}\n" for k, row in enumerate(rows))
    )
    mutants = []
    for _ in range(N_MUTANTS):
        sites = np.sort(rng.choice(LENGTH, 2, replace=False))
        mutants.append(
            ":".join(f"{rows[0][s]}{s + 1}{LETTERS[rng.integers(20)]}" for s in sites)
        )
    folder.joinpath("library.csv").write_text("\n".join(["mutant", *mutants, ""]))


def commands() -> dict[str, list[str]]:
    """Return the commands that are timed, by name."""
    return {
        "--help": ["--help"],
        "fit": ["fit", "family.fasta", "-o", "family.potts", "--threads", "1"],
        "info": ["info", "family.potts"],
        "scan": ["scan", "family.potts", "-o", "scan.csv"],
        "score": ["score", "family.potts", "library.csv", "-o", "scored.csv"],
    }


def cpu_seconds(program: Path, words: list[str], folder: Path, cache: str) -> float:
    """Return the CPU seconds of one command in a new process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [sys.executable, str(program), *words],
        cwd=folder,
        env={
            **os.environ,
            "NUMBA_CACHE_DIR": cache,
            "PYTHONPATH": str(program.resolve().parent),
        },
        check=True,
        capture_output=True,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main(arguments: list[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", type=Path, default=ROOT / "cli.py")
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--first", action="store_true")
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder_name:
        folder = Path(folder_name)
        write_inputs(folder)
        warm = str(folder / "cache")
        for name, words in commands().items():
            times = []
            cpu_seconds(chosen.program, words, folder, warm)
            for run in range(chosen.runs):
                cache = str(folder / f"{name}{run}") if chosen.first else warm
                times.append(cpu_seconds(chosen.program, words, folder, cache))
            print(f"{name:<8} {statistics.median(times):6.2f} s CPU", flush=True)


if __name__ == "__main__":
    main()
