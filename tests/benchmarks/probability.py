"""Coefficients of the contact probability, and how it holds on families left out.

Run as ``python -m tests.benchmarks.probability`` with POTTSFOLD_DATA set. Each family
is predicted by coefficients fitted to all others, as it is and with every column
shuffled, which leaves its scores nothing to tell of the fold. A bin of the calibration
curve holds pairs of like probability; the expected calibration error is the mean gap
between a bin's mean probability and its share of contacts, pairs counting the same.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression

from pottsfold.alignment import Alignment, read_alignment, reweight
from pottsfold.contacts import coupling_map
from pottsfold.contacts.precision import CONTACT_DISTANCE
from pottsfold.contacts.probability import (
    BACKGROUND,
    COEFFICIENTS,
    MIN_APART,
    pair_terms,
)
from pottsfold.inference import Regularization, fit_mean_field, fit_pseudolikelihood
from pottsfold.inference.regularization import (
    DEFAULT_FIELD_PENALTY,
    default_regularization,
)
from pottsfold.model import PottsModel
from tests.families import known_distances

# Weak enough to matter only where two terms say the same.
PENALTY = 10.0


def alignments(folder: Path) -> Iterator[tuple[str, Alignment]]:
    """Give a family's alignment, and the same with every column shuffled."""
    published = read_alignment(folder / "match.fasta", focus=None)
    yield "as published", published
    shuffled = np.random.default_rng(0).permuted(published.codes, axis=0)
    yield "columns shuffled", replace(published, codes=shuffled)


def fitted(unweighted: Alignment, options: argparse.Namespace) -> PottsModel:
    alignment = reweight(unweighted)
    if options.method == "mean-field":
        return fit_mean_field(alignment).model
    default = default_regularization(
        alignment.length, 20 if options.gaps == "missing" else 21
    )
    strengths = Regularization(
        options.lambda_h, default.couplings * options.lambda_j_factor
    )
    return fit_pseudolikelihood(
        alignment, gaps=options.gaps, regularization=strengths
    ).model


def pairs_of(data: Path, options: argparse.Namespace) -> dict[tuple[str, str], tuple]:
    """Return terms, contact and separation of the known pairs by family and kind."""
    found = {}
    for folder in sorted((data / "families").iterdir()):
        distances = known_distances(data, folder.name)
        i, j = np.triu_indices(len(distances), MIN_APART)
        known = np.isfinite(distances[i, j])
        touching = (distances[i, j] < CONTACT_DISTANCE)[known]
        for kind, alignment in alignments(folder):
            model = fitted(alignment, options)
            terms = pair_terms(coupling_map(model).scores, model.neff)
            found[folder.name, kind] = (terms[known], touching, (j - i)[known])
        print(".", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return found


def coefficients(families: list[tuple]) -> np.ndarray:
    """Fit the regression, each alignment counting the same."""
    terms = np.concatenate([family[0] for family in families])
    touching = np.concatenate([family[1] for family in families])
    weights = np.concatenate([np.full(len(f[1]), 1 / len(f[1])) for f in families])
    # The penalty is blind to units, so terms are brought to one scale.
    middles, scales = terms[:, 1:].mean(axis=0), terms[:, 1:].std(axis=0)
    model = LogisticRegression(C=PENALTY, solver="newton-cholesky")
    model.fit(
        (terms[:, 1:] - middles) / scales,
        touching,
        sample_weight=weights * len(terms) / weights.sum(),
    )
    slopes = model.coef_[0] / scales
    return np.concatenate([model.intercept_ - slopes @ middles, slopes])


def curve(probabilities: np.ndarray, touching: np.ndarray) -> pd.DataFrame:
    """Return the calibration curve in ten bins."""
    bins = np.minimum((10 * probabilities).astype(int), 9)
    table = pd.DataFrame({"bin": bins, "predicted": probabilities, "seen": touching})
    grouped = table.groupby("bin")
    return grouped.mean().assign(pairs=grouped.size())


def expected_calibration_error(table: pd.DataFrame) -> float:
    gaps = (table["predicted"] - table["seen"]).abs()
    return float(np.average(gaps, weights=table["pairs"]))


def tell(predicted: list[np.ndarray], found: list[tuple]) -> None:
    """Print the loss, the highest probability and the calibration of some maps."""
    losses = [
        -np.log(np.where(touching, p, 1 - p)).mean()
        for p, (_, touching, _) in zip(predicted, found, strict=True)
    ]
    probabilities = np.concatenate(predicted)
    touching = np.concatenate([pairs[1] for pairs in found])
    far = np.concatenate([pairs[2] for pairs in found]) >= BACKGROUND
    highest = probabilities[far].max()
    print(f"log loss {np.mean(losses):.4f}, highest 6 or more apart {highest:.2f}")
    for label, kept in (
        ("all pairs", np.ones_like(far)),
        ("6 or more apart", far),
        ("6 or more apart, 0.2 or more", far & (probabilities > 0.2)),
    ):
        table = curve(probabilities[kept], touching[kept])
        print(label, f"error {expected_calibration_error(table):.4f}")
        print(table.round(3).to_string())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--method", default="pseudolikelihood")
    parser.add_argument("--gaps", default="missing")
    parser.add_argument("--lambda-h", type=float, default=DEFAULT_FIELD_PENALTY)
    parser.add_argument("--lambda-j-factor", type=float, default=1.0)
    parser.add_argument(
        "--with-coefficients", choices=["refitted", "ours"], default="refitted"
    )
    options = parser.parse_args()
    data = os.environ.get("POTTSFOLD_DATA")
    if not data:
        sys.exit("set POTTSFOLD_DATA to the folder that holds families/")
    found = pairs_of(Path(data), options)
    predicted = {}
    for left_out in dict.fromkeys(name for name, _ in found):
        slopes = np.array(COEFFICIENTS)
        if options.with_coefficients == "refitted":
            slopes = coefficients([found[key] for key in found if key[0] != left_out])
        for key in found:
            if key[0] == left_out:
                predicted[key] = 1 / (1 + np.exp(-found[key][0] @ slopes))
    for kind in dict.fromkeys(kind for _, kind in found):
        print(kind)
        tell(
            [predicted[key] for key in found if key[1] == kind],
            [found[key] for key in found if key[1] == kind],
        )
    print(np.array2string(coefficients(list(found.values())), precision=4))


if __name__ == "__main__":
    main()
