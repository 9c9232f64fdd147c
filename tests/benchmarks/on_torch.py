"""Fits on torch beside the Numba core: ``python -m tests.benchmarks.on_torch``.

For each family: evaluations, CPU seconds, how far the objective (in float64, of the
stored parameters) lies above the Numba core's, and how contact scores correlate.
"""

from __future__ import annotations

import argparse
import os
import resource
import time
from pathlib import Path

import numpy as np

from pottsfold.alignment import read_alignment, reweight
from pottsfold.contacts import coupling_map
from pottsfold.inference import Pseudolikelihood

FAMILIES = ("1atzA", "PF00014", "DHFR")
PRECISIONS = ("float32", "tf32", "bf16")


def objective(alignment, fit):
    """The objective in float64, by matrix products, gaps missing."""
    model, settings = fit.model, fit.report.settings
    length, q = model.fields.shape
    couplings = model.couplings.astype(float).transpose(0, 2, 1, 3)
    flat = couplings.reshape(length * q, length * q)
    total = 0.0
    for start in range(0, alignment.n_sequences, 1024):
        codes = alignment.codes[start : start + 1024]
        weights = alignment.weights[start : start + 1024]
        one_hot = np.eye(q + 1)[codes][:, :, :q]
        logits = (one_hot.reshape(len(codes), -1) @ flat).reshape(one_hot.shape)
        logits = (logits + model.fields)[:, :, 1:]
        log_z = np.log(np.exp(logits).sum(axis=2))
        present = one_hot[:, :, 1:]
        log_p = (present * logits).sum(axis=2) - present.sum(axis=2) * log_z
        total -= (weights * log_p.sum(axis=1)).sum()
    squares = (couplings**2).sum() / 2
    fields = (model.fields.astype(float) ** 2).sum()
    return total + settings["lambda_h"] * fields + settings["lambda_j"] * squares


def contact_scores(fit):
    scores = coupling_map(fit.model).scores
    return scores[np.triu_indices(len(scores), 6)]


def fitted(alignment, **how):
    begun = time.process_time()
    fit = Pseudolikelihood().fit(alignment, threads=1, **how)
    return fit, time.process_time() - begun


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("families", nargs="*", default=FAMILIES)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--precisions", nargs="*", default=PRECISIONS)
    given = parser.parse_args()
    folder = Path(os.environ["POTTSFOLD_DATA"]) / "families"
    print("family core evaluations cpu_s above r")
    for family in given.families:
        path = folder / family / "match.fasta"
        alignment = reweight(read_alignment(path, focus=None))
        numba, seconds = fitted(alignment)
        best = objective(alignment, numba)
        expected = contact_scores(numba)
        shape = f"{alignment.n_sequences} x {alignment.length}"
        evaluations = numba.report.n_evaluations
        print(f"{family} ({shape}) numba {evaluations} {seconds:.1f} {best:.2f} -")
        for precision in given.precisions:
            fit, seconds = fitted(alignment, device=given.device, precision=precision)
            above = objective(alignment, fit) / best - 1
            r = np.corrcoef(contact_scores(fit), expected)[0, 1]
            report = fit.report
            print(
                f"{family} {given.device} {precision} {report.n_evaluations} "
                f"{seconds:.1f} {above:.1e} {r:.6f} {report.stopped_because}",
                flush=True,
            )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"peak memory {peak / 2**20:.2f} GiB")


if __name__ == "__main__":
    main()
