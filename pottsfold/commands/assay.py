"""``pottsfold assay``: a model beside a measured library."""

from __future__ import annotations

from dataclasses import replace
from importlib import metadata
from pathlib import Path

from pottsfold.commands.adjusting import (
    For,
    accessibility_of,
    check_use,
    tell_adjusted,
)
from pottsfold.commands.console import say
from pottsfold.commands.paths import (
    FigureOutput,
    FurtherTable,
    InputFile,
    LearntFile,
    TableOutput,
)
from pottsfold.commands.switches import Switch
from pottsfold.errors import UsageError
from pottsfold.files import sha256_of
from pottsfold.model import PottsModel, load_fit
from pottsfold.mutations import (
    Effects,
    Mutants,
    mutant_column,
    mutant_effects,
    place_library,
    read_library,
)
from pottsfold.mutations.assays import (
    Augmented,
    Measurements,
    agreement_lines,
    agreement_table,
    epistasis_agreement_table,
    epistasis_lines,
    fit_augmented,
    learning_curve,
    learning_lines,
    measurements,
    predicted_epistasis,
    save_augmented,
)
from pottsfold.mutations.epistasis.measured_epistasis import measured_epistasis
from pottsfold.provenance import Provenance, software_versions, source_of
from pottsfold.report.figures import save_figure
from pottsfold.tables.writing import write_table


def assay(
    model: InputFile,
    measured: InputFile,
    *,
    output: TableOutput,
    column: str | None = None,
    score_column: str | None = None,
    lower_is_fitter: Switch = False,
    epistasis: FurtherTable | None = None,
    goal: For = "function",
    structure: InputFile | None = None,
    chain: str | None = None,
    train: Switch = False,
    augmented: LearntFile | None = None,
    plot: FigureOutput | None = None,
    seed: int = 0,
) -> None:
    """Compare with a measured library, or learn from it.

    Parameters
    ----------
    model
        Model file.
    measured
        Library with a column mutant (or mutated_sequence) and one of scores, higher =
        fitter. Replicates of a mutant are averaged; mutants that the model covers only
        in part form a class of their own.
    output
        Table to write, ending in .csv, .tsv or .parquet; - is standard output. One
        row for each class of mutants (1, 2, 3+ mutations, all, partial) and predictor
        (log_odds, additive, independent, adjusted): Spearman with its 95 % interval,
        AUC, NDCG and top recall as defined by ProteinGym. With --train the learning
        curve.
    column
        Name of the column of mutants (default: the first there is of mutant, mutants,
        hgvs_pro and mutated_sequence).
    score_column
        Name of the column of scores (default: score, else DMS_score).
    lower_is_fitter
        Lower scores are fitter: reverse their sign.
    epistasis
        Second table to write: predicted against measured epistasis of double mutants
        whose single mutants are measured too.
    goal
        What the column adjusted ranks by: mutants that keep their function, or their
        stability; learnt from measured libraries of other proteins.
    structure
        PDB or mmCIF file, plain or packed: with --for stability
        adjusted knows how buried each site is.
    chain
        Name of the structure's chain (default: the one that aligns best).
    train
        Learn from the library instead: ridge regression on its mutations and the
        model's log-odds, tested with 24, 96 and 240 training mutants.
    augmented
        With --train: JSON file to write, the regression on all measured mutants, for
        score --augmented.
    plot
        Figure to draw, ending in .png, .pdf or .svg.
    seed
        Random seed for bootstrap, permutations and training sets.
    """
    _check(epistasis, train, augmented, seed)
    if train and goal != "function":
        raise UsageError(
            "it learns beside effects adjusted for function; leave out `goal`",
            parameter="train",
        )
    check_use(goal, structure, chain)
    potts = load_fit(model).model
    accessibility = accessibility_of(potts, structure, chain)
    rows = read_library(measured, column, announce=say)
    mutants = place_library(potts, rows, mutant_column(rows, column))
    found = measurements(
        rows, mutants, score_column=score_column, lower_is_fitter=lower_is_fitter
    )
    for line in found.notes:
        say(line)
    effects = mutant_effects(potts, mutants, goal, accessibility)
    tell_adjusted(effects.adjusted, goal, structure)
    if train:
        learnt = _learn(potts, mutants, effects, found, output, plot, seed)
        if augmented is not None:
            made = Provenance(
                versions={
                    **software_versions(),
                    "scikit-learn": metadata.version("scikit-learn"),
                },
                settings={
                    "score_column": found.column,
                    "lower_is_fitter": lower_is_fitter,
                },
                source=source_of(measured, sha256_of(measured)),
                seed=seed,
            )
            learnt = replace(learnt, model_sha256=sha256_of(model), provenance=made)
            save_augmented(augmented, learnt, potts)
    else:
        _compare(potts, mutants, effects, found, output, epistasis, plot, seed)
    for path in (output, epistasis, augmented, plot):
        if path is not None and path != "-":
            say(f"wrote {path}")


def _check(
    epistasis: str | None, train: bool, augmented: Path | None, seed: int
) -> None:
    if augmented is not None:
        if not train:
            raise UsageError(
                "only with `train`, which learns it", parameter="augmented"
            )
    if epistasis is not None:
        if train:
            raise UsageError(
                "not together with `train`; run once for each", parameter="epistasis"
            )
    if seed < 0:
        raise UsageError("0 or more is needed", parameter="seed", value=seed)


def _compare(
    potts: PottsModel,
    mutants: Mutants,
    effects: Effects,
    found: Measurements,
    output: str,
    epistasis: str | None,
    plot: Path | None,
    seed: int,
) -> None:
    pairs = measured_epistasis(potts, mutants, found.row_scores)
    table = agreement_table(found, effects, pairs, seed=seed)
    predicted = predicted_epistasis(potts, pairs)
    of_pairs = epistasis_agreement_table(predicted, pairs, seed=seed)
    for line in (*agreement_lines(table), *epistasis_lines(of_pairs)):
        say(line)
    write_table(table, output)
    if epistasis is not None:
        write_table(of_pairs, epistasis)
    if plot is not None:
        # Matplotlib takes a while to import, so only for who wants a figure.
        from pottsfold.report.assay_figure import assay_figure

        save_figure(plot, assay_figure(potts, mutants, effects, found))


def _learn(
    potts: PottsModel,
    mutants: Mutants,
    effects: Effects,
    found: Measurements,
    output: str,
    plot: Path | None,
    seed: int,
) -> Augmented:
    whole = ~found.partial
    learnt = fit_augmented(
        potts, mutants, effects, found.rows[whole], found.scores[whole], seed=seed
    )
    curve = learning_curve(potts, mutants, effects, found, seed=seed)
    for line in learning_lines(curve, learnt):
        say(line)
    write_table(curve, output)
    if plot is not None:
        from pottsfold.report.learning_figure import learning_figure

        save_figure(plot, learning_figure(curve, potts.focus_name))
    return learnt
