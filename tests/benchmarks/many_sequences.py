"""A million sequences: their weights, a fit by batches, and one to some of them.

Run: ``python -m tests.benchmarks.many_sequences [--sequences N] [--full M] ...``.
Sequences are those of PF00072, drawn again and mutated by 2 to 40 %, where
``POTTSFOLD_DATA`` names a folder with it, else the embedded family's. The held-out loss
of a fit to M of them at once, by pottsfold's own code, stands beside.
"""

from __future__ import annotations

import argparse
import os
import resource
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax

from pottsfold.alignment import Alignment, Numbering, read_alignment, reweight
from pottsfold.alignment.stream import streamed
from pottsfold.alphabet import PROTEIN
from pottsfold.inference.pseudolikelihood import fit_pseudolikelihood
from pottsfold.model import PottsModel
from pottsfold.provenance import Stopwatch
from tests.benchmarks.made import ancestors

LEAST_MUTATED, MOST_MUTATED = 0.02, 0.4


def natural() -> NDArray[np.uint8]:
    """Return the codes of PF00072, or of the embedded family without it."""
    folder = os.environ.get("POTTSFOLD_DATA")
    if folder is None:
        return ancestors()
    path = Path(folder) / "families" / "PF00072" / "match.fasta"
    return read_alignment(path).codes


def grown(source: NDArray[np.uint8], n: int, seed: int = 0) -> Alignment:
    """Return n sequences of a family, each with letters of others in some columns."""
    rng = np.random.default_rng(seed)
    parents = rng.integers(0, len(source), n)
    mutated = rng.uniform(LEAST_MUTATED, MOST_MUTATED, n)
    codes = np.empty((n, source.shape[1]), np.uint8)
    for column, letters in zip(codes.T, source.T, strict=True):
        fresh = letters[rng.integers(0, len(source), n)]
        column[:] = np.where(rng.random(n) < mutated, fresh, letters[parents])
    names = tuple(f"made_{k}" for k in range(n))
    return Alignment(PROTEIN, codes, names, Numbering.sequential(codes.shape[1]))


def held_out_loss(model: PottsModel, codes: NDArray[np.uint8]) -> float:
    """Return the mean of - log P(letter | the others) in nats, gaps missing."""
    total, letters = 0.0, 0
    couplings = model.couplings.reshape(model.length, model.length, 21, 21)
    for i in range(model.length):
        logits = np.tile(model.fields[i, 1:].astype(np.float64), (len(codes), 1))
        for j in range(model.length):
            known = (codes[:, j] > 0) & (codes[:, j] < 21)
            logits[known] += couplings[i, j, 1:, codes[known, j]].reshape(-1, 20)
        own = codes[:, i]
        present = np.flatnonzero((own > 0) & (own < 21))
        log_p = log_softmax(logits[present], axis=1)
        total -= log_p[np.arange(len(present)), own[present] - 1].sum()
        letters += len(present)
    return total / letters


def peak() -> str:
    """Return the most memory the process has held."""
    return f"peak {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GiB"


def compare(
    n: int, columns: int, batch: int, full: int, device: str, threads: int | None
) -> None:
    """Print seconds, memory and held-out losses."""
    from pottsfold.inference.on_torch.batches import parted
    from pottsfold.inference.on_torch.devices import chosen_device
    from pottsfold.inference.on_torch.stochastic import fit_in_batches

    family = grown(natural()[:, :columns], n)
    clock = Stopwatch()
    family = reweight(family, threads=threads)
    print(f"{n} x {family.length}: Neff {family.neff:.0f}, weights ", end="")
    print(f"{clock.seconds:.1f} s wall, {clock.cpu_seconds:.1f} s CPU", flush=True)
    parts = parted(family, 0, threads or 1)
    judges = family.codes[parts.judges]
    with tempfile.TemporaryDirectory() as folder:
        family = streamed(family, Path(folder) / "sequences")
        clock = Stopwatch()
        by_batches = fit_in_batches(
            family,
            chosen_device(device),
            batch=batch,
            threads=threads,
            announce=lambda line: print("  " + line, flush=True),
        )
        print(f"  batches: {by_batches.report.stopped_because}")
        print(f"  {clock.seconds:.1f} s wall, {clock.cpu_seconds:.1f} s CPU, {peak()}")
        print(
            f"  held-out loss {held_out_loss(by_batches.model, judges):.4f}", flush=True
        )
        chosen = np.random.default_rng(0).permutation(np.flatnonzero(parts.fitted))
        rows = np.zeros(n, np.bool_)
        rows[chosen[:full]] = True
        some = reweight(family.select(sequences=rows, note=""), threads=threads)
    clock = Stopwatch()
    at_once = fit_pseudolikelihood(replace(some, history=()), threads=threads)
    evaluations = at_once.report.n_evaluations
    print(
        f"{some.n_sequences} at once: Neff {some.neff:.0f}, {evaluations} evaluations"
    )
    print(f"  {clock.seconds:.1f} s wall, {clock.cpu_seconds:.1f} s CPU, {peak()}")
    print(f"  held-out loss {held_out_loss(at_once.model, judges):.4f}", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sequences", type=int, default=1_000_000)
    parser.add_argument("--columns", type=int, default=100)
    parser.add_argument("--batch", type=int, default=1024)
    parser.add_argument("--full", type=int, default=50_000)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int)
    given = parser.parse_args()
    compare(
        given.sequences,
        given.columns,
        given.batch,
        given.full,
        given.device,
        given.threads,
    )
