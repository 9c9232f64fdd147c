"""Contact precision on the real families under POTTSFOLD_DATA, beside other programs'.

Run as ``python -m tests.benchmarks.precision`` (``--help`` lists the settings). The
columns, pairs and distances are those of ``reference/contacts.csv`` there; means
beside another program are over the families it has a row for. Other programs have
their own penalties: ``--lambda-h 0.01`` takes plmc's.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

from pottsfold.alignment import read_alignment, reweight
from pottsfold.contacts import average_maps, contact_precision, coupling_map
from pottsfold.inference import Regularization, fit_mean_field, fit_pseudolikelihood
from pottsfold.inference.pseudolikelihood import TOLERANCE
from pottsfold.inference.regularization import (
    DEFAULT_FIELD_PENALTY,
    default_regularization,
)
from pottsfold.model import Fit
from tests.families import known_distances, reference_rows

DEPTHS = {"top_L5": "L/5", "top_L2": "L/2", "top_L": "L"}


# What --ensemble averages: gaps, lambda_h, lambda_j beside the default one.
ENSEMBLE = [(gaps, 10.0, factor) for gaps in ("missing", "state") for factor in (1, 3)]


def fits(folder: Path, options: argparse.Namespace) -> list[Fit]:
    """Return the fits whose maps are averaged, one but for an ensemble."""
    alignment = reweight(read_alignment(folder / "match.fasta", focus=None))
    if options.method == "mean-field":
        return [fit_mean_field(alignment)]
    one = [(options.gaps, options.lambda_h, options.lambda_j_factor)]
    return [
        fit_pseudolikelihood(
            alignment,
            gaps=gaps,
            regularization=Regularization(
                lambda_h,
                factor
                * default_regularization(
                    alignment.length, alignment.alphabet.size - (gaps == "missing")
                ).couplings,
            ),
            tolerance=options.tolerance,
        )
        for gaps, lambda_h, factor in (ENSEMBLE if options.ensemble else one)
    ]


def measure(data: Path, options: argparse.Namespace) -> pd.DataFrame:
    """Return one row a family: sizes, seconds and precision at three depths."""
    rows = []
    for folder in sorted((data / "families").iterdir()):
        start = time.process_time()
        made = fits(folder, options)
        fit = made[0]
        seconds = time.process_time() - start
        distances = known_distances(data, folder.name)
        result = contact_precision(
            average_maps([coupling_map(each.model) for each in made]).scores,
            distances,
            np.arange(len(distances)),
        )
        rows.append(
            {
                "family": folder.name,
                "N": fit.report.n_sequences,
                "L": fit.model.length,
                "neff": round(fit.report.neff, 1),
                "evaluations": fit.report.n_evaluations,
                "cpu_seconds": round(seconds, 2),
                **{
                    name: round(result.at(depth).precision, 4)
                    for name, depth in DEPTHS.items()
                },
            }
        )
        print(".", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return pd.DataFrame(rows)


def beside_others(ours: pd.DataFrame, data: Path) -> pd.DataFrame:
    """Return mean precisions, ours and each other program's on the same families."""
    others = pd.DataFrame(reference_rows(data))
    others[[*DEPTHS]] = others[[*DEPTHS]].astype(float)
    means = []
    for program, rows in others.groupby("program"):
        both = rows.merge(ours, on="family", suffixes=("", "_ours"))
        means.append(
            {
                "program": program,
                "families": len(both),
                **{f"{d}": both[d].mean() for d in DEPTHS},
                **{f"{d}_ours": both[f"{d}_ours"].mean() for d in DEPTHS},
            }
        )
    return pd.DataFrame(means).round(4)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--method", default="pseudolikelihood")
    parser.add_argument("--gaps", default="missing")
    parser.add_argument("--lambda-h", type=float, default=DEFAULT_FIELD_PENALTY)
    parser.add_argument("--lambda-j-factor", type=float, default=1.0)
    parser.add_argument("--ensemble", action="store_true")
    parser.add_argument("--tolerance", type=float, default=TOLERANCE)
    options = parser.parse_args()
    data = os.environ.get("POTTSFOLD_DATA")
    if not data:
        sys.exit("set POTTSFOLD_DATA to the folder that holds families/ and reference/")
    warnings.simplefilter("error")
    ours = measure(Path(data), options)
    print(ours.to_string(index=False))
    means = ours[["evaluations", "cpu_seconds", *DEPTHS]].mean().round(4)
    print("mean", means.to_dict())
    print(beside_others(ours, Path(data)).to_string(index=False))


if __name__ == "__main__":
    main()
