"""Coefficients of the contact probability, and how it holds on families left out.

Run as ``python -m tests.benchmarks.probability`` with POTTSFOLD_DATA set. Each family
is predicted by coefficients fitted to all others. A bin of the calibration curve
holds pairs of like probability; the expected calibration error is the mean gap
between a bin's mean probability and its share of contacts, pairs counting the same.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression

from pottsfold.alignment import read_alignment, reweight
from pottsfold.contacts import coupling_map
from pottsfold.contacts.precision import CONTACT_DISTANCE
from pottsfold.contacts.probability import BACKGROUND, MIN_APART, pair_terms
from pottsfold.inference import Regularization, fit_mean_field, fit_pseudolikelihood
from pottsfold.inference.regularization import default_regularization
from pottsfold.model import PottsModel
from tests.families import known_distances

# Weak enough to matter only where two terms say the same.
PENALTY = 10.0


def fitted(folder: Path, options: argparse.Namespace) -> PottsModel:
    alignment = reweight(read_alignment(folder / "match.fasta", focus=None))
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


def pairs_of(data: Path, options: argparse.Namespace) -> dict[str, tuple]:
    """Return terms, contact and separation of every family's known pairs."""
    found = {}
    for folder in sorted((data / "families").iterdir()):
        model = fitted(folder, options)
        distances = known_distances(data, folder.name)
        terms = pair_terms(coupling_map(model).scores, model.neff)
        i, j = np.triu_indices(len(distances), MIN_APART)
        known = np.isfinite(distances[i, j])
        touching = distances[i, j] < CONTACT_DISTANCE
        found[folder.name] = (terms[known], touching[known], (j - i)[known])
        print(".", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return found


def coefficients(families: list[tuple]) -> np.ndarray:
    """Fit the regression, each family counting the same."""
    terms = np.concatenate([family[0] for family in families])
    touching = np.concatenate([family[1] for family in families])
    weights = np.concatenate([np.full(len(f[1]), 1 / len(f[1])) for f in families])
    # The penalty is blind to units, so terms are brought to one scale.
    middles, scales = terms[:, 1:].mean(axis=0), terms[:, 1:].std(axis=0)
    model = LogisticRegression(C=PENALTY, max_iter=5000, tol=1e-8)
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--method", default="pseudolikelihood")
    parser.add_argument("--gaps", default="missing")
    parser.add_argument("--lambda-h", type=float, default=0.01)
    parser.add_argument("--lambda-j-factor", type=float, default=1.0)
    parser.add_argument(
        "--with-coefficients", choices=["refitted", "ours"], default="refitted"
    )
    options = parser.parse_args()
    data = os.environ.get("POTTSFOLD_DATA")
    if not data:
        sys.exit("set POTTSFOLD_DATA to the folder that holds families/")
    found = pairs_of(Path(data), options)
    predicted = []
    for name, (terms, _, _) in found.items():
        others = [pairs for other, pairs in found.items() if other != name]
        if options.with_coefficients == "ours":
            from pottsfold.contacts.probability import COEFFICIENTS

            slopes = np.array(COEFFICIENTS)
        else:
            slopes = coefficients(others)
        predicted.append(1 / (1 + np.exp(-terms @ slopes)))
    probabilities = np.concatenate(predicted)
    touching = np.concatenate([pairs[1] for pairs in found.values()])
    apart = np.concatenate([pairs[2] for pairs in found.values()])
    for label, kept in (
        ("all pairs", apart >= MIN_APART),
        ("6 or more apart", apart >= BACKGROUND),
        ("6 or more apart, 0.2 or more", (apart >= BACKGROUND) & (probabilities > 0.2)),
    ):
        table = curve(probabilities[kept], touching[kept])
        print(label, f"error {expected_calibration_error(table):.4f}")
        print(table.round(3).to_string())
    print(np.array2string(coefficients(list(found.values())), precision=4))


if __name__ == "__main__":
    main()
