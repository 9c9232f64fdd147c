"""Agreement with the measured libraries under POTTSFOLD_DATA, beside other programs'.

Run as ``python -m tests.benchmarks.assays [MODEL_FOLDER]`` (``--help`` lists the
settings). Without a folder every family is fitted by pseudolikelihood with the
strengths given (``--lambda-h 0.01`` for those of plmc, as the references have them);
with one, ``MODEL_FOLDER/FAMILY.potts`` is read where it is there.
Rows that hold a stop or lie outside the alignment's upper-case columns are left out,
as they were for the reference values, whether or not the model covers them.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from pottsfold.alignment import Alignment, read_alignment, reweight
from pottsfold.alignment.read import Columns
from pottsfold.inference import Regularization, fit_pseudolikelihood
from pottsfold.inference.regularization import (
    DEFAULT_FIELD_PENALTY,
    default_regularization,
)
from pottsfold.model import PottsModel, load_fit
from pottsfold.mutations import mutant_effects, place_library, read_library
from pottsfold.mutations.assays import (
    depth_classes,
    epistasis_agreement_table,
    measurements,
    predicted_epistasis,
    spearman,
)
from pottsfold.mutations.assays.agreement import SCORES
from pottsfold.mutations.epistasis.measured_epistasis import measured_epistasis

NUMBER = re.compile("[0-9]+")
Fitter = Callable[[Alignment], PottsModel]


class Library(NamedTuple):
    """A measured library, its family, and plmc + EVcouplings on it.

    ``reference`` holds (epistatic, independent) Spearman correlations by class;
    ``epistasis`` the correlation of predicted and measured (raw) pair epistasis.
    Source: the table of ``dms/README.md`` under POTTSFOLD_DATA (plmc -g, lambda_j
    0.01 (q - 1)(L - 1), lambda_h 0.01, 100 iterations).
    """

    name: str
    family: str
    alignment: str
    table: str
    reference: dict[str, tuple[float, float]]
    epistasis: float = float("nan")


PABP = "pabp_yeast/pabp_focus_derived.a2m"
YAP1 = "yap1_ww/YAP1_HUMAN.a2m.gz"
UBE4B = "ube4b/UBE4B_MOUSE.a2m"
RL401 = "rl401/RL401_YEAST.a2m"
GAL4 = "gal4/GAL4_YEAST.a2m"
GB1 = "gb1/SPG1_STRSG_metlpub.a2m"
LIBRARIES = (
    Library(
        "pabp (nn4dms)",
        "pabp",
        PABP,
        "pabp_yeast/variants_pabp_nn4dms.csv.gz",
        {"1": (0.425, 0.377), "2": (0.482, 0.421)},
        -0.037,
    ),
    Library(
        "yap1 (Araya)",
        "yap1",
        YAP1,
        "yap1_ww/variants_yap1_araya.csv.gz",
        {"1": (0.579, 0.569), "2": (0.446, 0.469), "3+": (0.275, 0.296)},
        -0.006,
    ),
    Library(
        "yap1 (Fields)",
        "yap1",
        YAP1,
        "yap1_ww/variants_yap1_fields_singles.csv.gz",
        {"1": (0.566, 0.582)},
    ),
    Library(
        "ube4b (nn4dms)",
        "ube4b",
        UBE4B,
        "ube4b/variants_ube4b_nn4dms.csv.gz",
        {"1": (0.523, 0.491), "2": (0.377, 0.378), "3+": (0.348, 0.368)},
        0.011,
    ),
    Library(
        "rl401 (2013)",
        "rl401",
        RL401,
        "rl401/variants_rl401_bolon2013.csv.gz",
        {"1": (0.447, 0.404)},
    ),
    Library(
        "rl401 (2014)",
        "rl401",
        RL401,
        "rl401/variants_rl401_bolon2014.csv.gz",
        {"1": (0.399, 0.470)},
    ),
    Library("gal4", "gal4", GAL4, "gal4/variants_gal4.csv.gz", {"1": (0.594, 0.409)}),
    Library(
        "gb1 (Olson)",
        "gb1",
        GB1,
        "gb1/variants_gb1_olson.csv.gz",
        {"1": (0.332, 0.319), "2": (0.296, 0.282)},
        0.033,
    ),
    Library(
        "gb1 (Wu)",
        "gb1",
        GB1,
        "gb1/variants_gb1_wu4.csv.gz",
        {"1": (0.225, -0.276), "2": (0.221, -0.065), "3+": (0.221, 0.223)},
        0.609,
    ),
)


def pseudolikelihood(lambda_h: float, lambda_j_factor: float) -> Fitter:
    """Return a fitter with lambda_j that many times the default."""

    def fit(alignment: Alignment) -> PottsModel:
        # Gaps are missing data: 20 modelled letters.
        default = default_regularization(alignment.length, alignment.alphabet.size - 1)
        strengths = Regularization(lambda_h, default.couplings * lambda_j_factor)
        return fit_pseudolikelihood(alignment, regularization=strengths).model

    return fit


def fitted(path: Path, fit: Fitter, columns: Columns | None = None) -> PottsModel:
    return fit(reweight(read_alignment(path, columns=columns)))


def judgeable(table: Path, alignment: Path) -> pd.DataFrame:
    """Return a library's rows without stops and outside positions."""
    upper = read_alignment(alignment, columns="upper").numbering.positions
    inside = frozenset(map(str, upper.tolist()))
    rows = read_library(table)
    keep = [
        "*" not in mutant and inside.issuperset(NUMBER.findall(mutant))
        for mutant in rows["mutant"]
    ]
    return rows[keep].reset_index(drop=True)


def of_library(model: PottsModel, rows: pd.DataFrame) -> dict[str, dict[str, float]]:
    """Return Spearman correlations by class and score, and those of epistasis."""
    mutants = place_library(model, rows)
    effects = mutant_effects(model, mutants)
    found = measurements(rows, mutants)
    result = {
        name: {
            "n": len(members),
            **{
                score: spearman(
                    found.scores[members],
                    getattr(effects, score)[found.rows[members]],
                )
                for score in SCORES
            },
        }
        for name, members in depth_classes(found).items()
        if name in ("1", "2", "3+")
    }
    pairs = measured_epistasis(model, mutants, found.row_scores)
    table = epistasis_agreement_table(predicted_epistasis(model, pairs), pairs)
    if len(table):
        values = table.set_index("quantity")["value"]
        result["epistasis"] = {"n": len(pairs), **values.to_dict()}
    return result


def measure(
    data: Path, models: Callable[[str, Path], PottsModel]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return one row a library and class, and one a library of doubles.

    Parameters
    ----------
    data : Path
        The folder that holds ``dms/``.
    models : callable
        Gives the model of a family from its name and alignment.
    """
    known: dict[str, PottsModel] = {}
    agreement, epistasis = [], []
    for library in LIBRARIES:
        folder = data / "dms"
        if library.family not in known:
            known[library.family] = models(library.family, folder / library.alignment)
        rows = judgeable(folder / library.table, folder / library.alignment)
        found = of_library(known[library.family], rows)
        pairs = found.pop("epistasis", None)
        if pairs is not None:
            epistasis.append(
                {"library": library.name, **pairs, "plmc_raw": library.epistasis}
            )
        for name, values in found.items():
            epistatic, independent = library.reference.get(name, (np.nan, np.nan))
            agreement.append(
                {
                    "library": library.name,
                    "class": name,
                    **values,
                    "plmc_epi": epistatic,
                    "plmc_ind": independent,
                }
            )
        print(".", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return pd.DataFrame(agreement), pd.DataFrame(epistasis)


def measure_stability(
    data: Path, models: Callable[[str, Path], PottsModel]
) -> pd.DataFrame:
    """Return one row a stability domain, beside its published predictions."""
    folder = data / "dms" / "stability"
    reference = pd.read_csv(folder / "reference.csv")
    rows = []
    for known in reference.to_dict("records"):
        domain = known["domain"]
        alignment = folder / f"{domain}.fasta.gz"
        model = models(domain, alignment)
        found = of_library(model, judgeable(folder / f"{domain}.csv.gz", alignment))
        others = ("evcouplings_epi", "evcouplings_ind", "gemme_ind")
        rows.append(
            {
                "domain": domain,
                **found["1"],
                **{name: known[name] for name in others},
            }
        )
        print(".", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return pd.DataFrame(rows)


def shown(table: pd.DataFrame, by: str | None = None) -> str:
    """Return a table as text, its means below."""
    numbers = table.select_dtypes("number").drop(columns="n")
    groups = [table.iloc[:, 0] == table.iloc[:, 0]]
    names = ["mean"]
    if by is not None:
        names = [f"mean of {name}" for name in table[by].unique()]
        groups = [table[by] == name for name in table[by].unique()]
    means = pd.DataFrame([numbers[group].mean() for group in groups])
    means.insert(0, table.columns[0], names)
    both = pd.concat([table, means]).round(3).astype({"n": "Int64"})
    return both.to_string(index=False, na_rep="")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", nargs="?", type=Path, metavar="MODEL_FOLDER")
    parser.add_argument("--lambda-h", type=float, default=DEFAULT_FIELD_PENALTY)
    parser.add_argument("--lambda-j-factor", type=float, default=1.0)
    parser.add_argument("--columns", choices=("all", "upper"))
    options = parser.parse_args()
    data = os.environ.get("POTTSFOLD_DATA")
    if not data:
        sys.exit("set POTTSFOLD_DATA to the folder that holds dms/")
    warnings.simplefilter("error")
    fit = pseudolikelihood(options.lambda_h, options.lambda_j_factor)

    def models(family: str, alignment: Path) -> PottsModel:
        if options.models is not None:
            ready = options.models / f"{family}.potts"
            if ready.is_file():
                return load_fit(ready).model
        return fitted(alignment, fit, options.columns)

    stability = measure_stability(Path(data), models)
    agreement, epistasis = measure(Path(data), models)
    print("Spearman with the measured score, beside plmc + EVcouplings")
    print(shown(agreement, "class"))
    print("\nPredicted against measured epistasis; means in SD of corrected epistasis")
    print(shown(epistasis))
    print("\nStability of small domains, beside published predictions")
    print(shown(stability))


if __name__ == "__main__":
    main()
