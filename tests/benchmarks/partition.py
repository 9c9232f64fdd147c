"""Partition functions of real families: ``python -m tests.benchmarks.partition``.

Models are fitted by pseudolikelihood at the default penalties to the families under
POTTSFOLD_DATA. Times are processor seconds of one thread, the best of several runs.
The floor is the time that the same number of site updates takes in Gibbs sweeps of
1,000 chains and nothing else.
"""

from __future__ import annotations

import os
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from pottsfold.alignment import Alignment, clustered_folds, read_alignment, reweight
from pottsfold.inference import Regularization, fit_pseudolikelihood
from pottsfold.inference.regularization import default_regularization
from pottsfold.landscape.partition import (
    estimate_log_partition,
    independent_log_likelihoods,
    integrate_log_partition,
    mean_log_likelihood,
    weighted_mean,
)
from pottsfold.landscape.partition.annealing import (
    COOLED,
    FEW_CHAINS,
    FEW_STEPS,
    MIN_SWEEPS,
    RECORDED,
    SWEEPS_PER_STEP,
)
from pottsfold.model import PottsModel
from pottsfold.sampling import Sampler, Target
from pottsfold.threads import Workers
from tests.benchmarks.sampling import updates_per_second

FAMILIES = ("PF00014", "PF00550", "DHFR")
STEPS, SEEDS, RUNS = (10, 25, 50, 100, 200, 400, 1600), 8, 3
FOLDS = 5


def family(name: str) -> Alignment:
    path = Path(os.environ["POTTSFOLD_DATA"]) / "families" / name / "match.fasta"
    return reweight(read_alignment(path, focus=None))


def updates(trials: tuple) -> int:
    """Site updates a site of all runs."""
    made = COOLED * (FEW_STEPS + RECORDED) + FEW_CHAINS * FEW_STEPS
    for trial in trials[1:]:
        sweeps = max(MIN_SWEEPS, round(SWEEPS_PER_STEP * trial.steps))
        made += trial.chains * (trial.steps + sweeps)
    return made


def figures(name: str, gaps: str, workers: Workers) -> str:
    model = fit_pseudolikelihood(family(name), gaps=gaps, threads=1).model
    estimate_log_partition(model, chains=100, steps=1, workers=workers)
    best = np.inf
    for _ in range(RUNS):
        start = time.process_time()
        found = estimate_log_partition(model, workers=workers)
        best = min(best, time.process_time() - start)
    target = Target(model, compact=True)
    rate = updates_per_second(Sampler(target, np.array([1.0])), 1000)
    floor = updates(found.trials) * model.length / rate
    start = time.process_time()
    other = integrate_log_partition(model, workers=workers)
    seconds = time.process_time() - start
    return (
        f"| {name}, gaps {gaps} | {model.length} | {found.value:.3f} +- "
        f"{found.error:.3f} | {found.steps} | {found.effective_size:.0f} | "
        f"{found.entropy:.2f} +- {found.entropy_error:.2f} | "
        f"{found.entropy_per_site:.3f} | 10^{found.log10_sequences:.1f} | "
        f"{best:.2f} | {floor:.2f} | {other.value:.3f} +- {other.error:.3f} | "
        f"{seconds:.2f} |"
    )


def print_steps(name: str, workers: Workers) -> None:
    """How log Z moves with steps: mean over seeds beside the longest run's."""
    model = fit_pseudolikelihood(family(name), threads=1).model
    target = Target(model, compact=True)
    rows = []
    for steps in STEPS:
        start = time.process_time()
        runs = [
            estimate_log_partition(target, steps=steps, seed=seed, workers=workers)
            for seed in range(SEEDS)
        ]
        seconds = (time.process_time() - start) / SEEDS
        values = np.array([run.value for run in runs])
        claimed = np.sqrt(np.mean([run.error**2 for run in runs]))
        size = np.mean([run.effective_size for run in runs])
        spread = np.mean([run.log_weights.var() for run in runs])
        rows.append((steps, values, claimed, size, spread, seconds))
    reference = rows[-1][1].mean()
    print(
        f"\n{name}, gaps missing, 1,000 chains, {SEEDS} seeds; log Z {reference:.3f}:"
    )
    print("| steps | from it | sd of seeds | error said | ESS | variance | CPU s |")
    print("|---|---|---|---|---|---|---|")
    for steps, values, claimed, size, spread, seconds in rows:
        print(
            f"| {steps} | {values.mean() - reference:+.3f} | {values.std(ddof=1):.3f} "
            f"| {claimed:.3f} | {size:.0f} | {spread:.2f} | {seconds:.2f} |"
        )


def print_held_out(name: str, gaps: str, workers: Workers) -> None:
    """Mean log-likelihood of a fifth left out, clusters whole."""
    whole = family(name)
    folds, identity = clustered_folds(whole, FOLDS, 0)
    parts = [
        reweight(whole.select(sequences=rows, note="one part"))
        for rows in (folds != 0, folds == 0)
    ]
    default = default_regularization(
        whole.length, whole.alphabet.size - (gaps == "missing")
    )
    print(f"\n{name}, gaps {gaps}, a fifth left out at {identity:.0%} identity:")
    print("| penalties | fitted | held out | profile, held out |")
    print("|---|---|---|---|")
    for lambda_h, factor in ((0.01, 1), (default.fields, 1), (1, 3), (1, 10)):
        strengths = Regularization(lambda_h, factor * default.couplings)
        model = fit_pseudolikelihood(
            parts[0], gaps=gaps, regularization=strengths, threads=1
        ).model
        found = estimate_log_partition(model, workers=workers)
        means = [mean_log_likelihood(model, part, found) for part in parts]
        profile = weighted_mean(
            independent_log_likelihoods(with_pseudocount(model), parts[1].codes),
            parts[1].sequence_weights,
        )
        print(
            f"| lambda_h {strengths.fields:g}, lambda_j {strengths.couplings:g} | "
            + " | ".join(f"{m.value:.2f} +- {m.error:.2f}" for m in (*means, profile))
            + " |"
        )


def with_pseudocount(model: PottsModel) -> PottsModel:
    """A profile that has seen each letter 1/q times more, so that none is absurd."""
    assert model.frequencies is not None
    letters = model.states
    frequencies = model.frequencies.copy()
    share = 1 / (1 + model.neff)
    frequencies[:, letters] = (1 - share) * frequencies[:, letters] + (
        share / model.n_states
    )
    return replace(model, frequencies=frequencies)


def main() -> None:
    names = sys.argv[1:] or FAMILIES
    with Workers(1) as workers:
        print(
            "| model | L | log Z | steps | ESS of 1,000 | S, nats | S / L | exp S | "
            "CPU s | floor | integrated | CPU s |"
        )
        print("|---|" + "---|" * 11)
        for name in names:
            for gaps in ("state", "missing"):
                print(figures(name, gaps, workers), flush=True)
        for name in names:
            if name != "DHFR":
                print_steps(name, workers)
        print_held_out(names[0], "state", workers)


if __name__ == "__main__":
    main()
