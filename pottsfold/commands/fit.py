"""``pottsfold fit``: an alignment goes in, a model comes out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from pottsfold.alignment import (
    Alignment,
    drop_duplicates,
    drop_fragments,
    drop_gapped_columns,
    drop_gapped_sequences,
    read_alignment,
    reweight,
    summarize,
)
from pottsfold.alignment.read import Columns
from pottsfold.alphabet import alphabet_named
from pottsfold.commands.console import fits_progress, optimisation_progress, say
from pottsfold.errors import UsageError
from pottsfold.files import check_writable
from pottsfold.inference import (
    Choice,
    Regularization,
    choose_strengths,
    fit_independent,
    fit_mean_field,
    fit_pseudolikelihood,
)
from pottsfold.inference.pseudolikelihood import TOLERANCE, Form
from pottsfold.inference.regularization import customary
from pottsfold.model import Fit, save_fit
from pottsfold.model.independent import CUSTOMARY_PENALTY
from pottsfold.provenance import Stopwatch

Strengths = Literal["custom", "auto"]
Method = Literal["pseudolikelihood", "mean-field", "independent"]


def fit(
    alignment: Path,
    *,
    output: Annotated[Path, Parameter(name=["--output", "-o"])],
    focus: str | None = None,
    no_focus: Annotated[bool, Parameter(negative=())] = False,
    first: int | None = None,
    columns: Columns | None = None,
    alphabet: str | None = None,
    method: Method = "pseudolikelihood",
    gaps: Literal["missing", "state"] | None = None,
    form: Form | None = None,
    identity: float = 0.8,
    lambda_h: float | None = None,
    lambda_j: float | None = None,
    strengths: Annotated[Strengths, Parameter(name="--lambda")] = "custom",
    max_column_gaps: float | None = None,
    max_sequence_gaps: float | None = None,
    min_span: float | None = None,
    drop_duplicate: Annotated[bool, Parameter(negative=())] = False,
    tolerance: float = TOLERANCE,
    max_iterations: int = 1000,
    threads: int | None = None,
    seed: int | None = None,
) -> None:
    """Fit a Potts model to an alignment.

    Parameters
    ----------
    alignment
        FASTA, A2M, A3M, Stockholm, Clustal or PSICOV .aln; plain, gz, xz, zstd.
    output
        Model file to write, ending in .potts by custom.
    focus
        Name of the focus (wild-type) sequence, with or without /start-end. Its
        letters are the sites of the model. By custom the first sequence.
    no_focus
        No focus sequence: every match column is a site, numbered from 1.
    first
        Residue number of the focus sequence's first residue.
    columns
        Which letters of the focus sequence are sites: all of them, or upper-case
        ones. By custom all where it has a letter in every column, since lower case
        then marks columns of many gaps; else upper-case ones.
    alphabet
        protein, rna, dna, or the letters themselves. By custom guessed.
    method
        How to fit.
    gaps
        missing: gaps are missing data. state: the gap is a letter. By custom
        missing; mean-field knows state only.
    form
        symmetric: one block of couplings a pair. asymmetric: each site a regression
        of its own, then symmetrized; memory for one site at a time. By custom
        symmetric where memory allows.
    identity
        Sequences at least this identical share their weight.
    lambda_h
        Penalty on fields. By custom 0.01.
    lambda_j
        Penalty on couplings. By custom 0.01 (q - 1)(L - 1).
    strengths
        custom: penalties as above. auto: stronger ones, chosen by how well relatives
        left out are predicted, better for contacts and for the effects of mutations;
        takes some ten times as long.
    max_column_gaps
        Drop columns with a larger share of gaps.
    max_sequence_gaps
        Drop sequences with a larger share of gaps.
    min_span
        Drop fragments: sequences spanning a smaller share of the columns.
    drop_duplicate
        Keep one of identical sequences.
    tolerance
        Converged when a step gains less than this share of the objective.
    max_iterations
        Iterations at most.
    threads
        By custom every core; the model does not depend on it.
    seed
        Of the folds that --lambda auto leaves out, 0 by custom; nothing else here
        draws random numbers.
    """
    check_writable(output)
    if output.resolve() == alignment.resolve():
        raise UsageError(f"-o {output}: is the alignment; choose another name")
    if no_focus and (focus is not None or columns is not None):
        raise UsageError("--no-focus excludes --focus and --columns")
    row: str | int | None = None if no_focus else (0 if focus is None else focus)
    family = read_alignment(
        alignment,
        focus=row,
        first=first,
        columns=columns,
        alphabet=None if alphabet is None else alphabet_named(alphabet),
    )
    if drop_duplicate:
        family = drop_duplicates(family)
    if max_sequence_gaps is not None:
        family = drop_gapped_sequences(family, max_sequence_gaps)
    if min_span is not None:
        family = drop_fragments(family, min_span)
    if max_column_gaps is not None:
        family = drop_gapped_columns(family, max_column_gaps)
    family = reweight(family, identity, threads=threads)
    tell(family)
    clock = Stopwatch()
    if strengths == "auto":
        if method != "pseudolikelihood" or (lambda_h, lambda_j) != (None, None):
            raise UsageError(
                "--lambda auto chooses both penalties of pseudolikelihood; leave out "
                "--lambda-h, --lambda-j and other methods"
            )
        seed = 0 if seed is None else seed
        chosen = _choose(family, gaps or "missing", seed, threads)
        lambda_h, lambda_j = chosen.strengths.fields, chosen.strengths.couplings
        family = replace(family, history=(*family.history, *chosen.lines()))
    result = _fitted(
        family,
        method,
        gaps,
        lambda_h,
        lambda_j,
        form=form,
        tolerance=tolerance,
        max_iterations=max_iterations,
        threads=threads,
    )
    report = replace(
        result.report, provenance=replace(result.report.provenance, seed=seed)
    )
    save_fit(output, replace(result, report=report))
    say(
        f"{report.method}: {report.stopped_because}; {clock.seconds:.1f} s wall, "
        f"{clock.cpu_seconds:.1f} s CPU; wrote {output}"
    )


def tell(family: Alignment) -> None:
    """Say what an alignment holds and what was dropped on the way."""
    for sentence in family.history:
        say(sentence)
    for line in summarize(family).lines():
        say(line)


def _choose(
    family: Alignment, gaps: Literal["missing", "state"], seed: int, threads: int | None
) -> Choice:
    """Return strengths chosen by held-out loss, and say how they came about."""
    with fits_progress() as progress:
        chosen = choose_strengths(
            family,
            gaps=gaps,
            seed=seed,
            threads=threads,
            progress=progress,
            announce=say,
        )
    for line in chosen.lines():
        say(line)
    return chosen


def _fitted(
    family: Alignment,
    method: Method,
    gaps: Literal["missing", "state"] | None,
    lambda_h: float | None,
    lambda_j: float | None,
    *,
    form: Form | None,
    tolerance: float,
    max_iterations: int,
    threads: int | None,
) -> Fit:
    if method == "mean-field":
        if gaps == "missing" or lambda_h is not None or lambda_j is not None:
            raise UsageError(
                "mean-field takes the gap as a letter and no --lambda-h or --lambda-j; "
                "leave them out"
            )
        return fit_mean_field(family, threads=threads)
    gaps = gaps or "missing"
    if method == "independent":
        if lambda_j is not None:
            raise UsageError("an independent model has no couplings for --lambda-j")
        return fit_independent(
            family,
            gaps=gaps,
            lambda_h=CUSTOMARY_PENALTY if lambda_h is None else lambda_h,
        )
    n_states = family.alphabet.size - (gaps == "missing")
    custom = customary(family.length, n_states)
    strengths = Regularization(
        custom.fields if lambda_h is None else lambda_h,
        custom.couplings if lambda_j is None else lambda_j,
    )
    with optimisation_progress() as progress:
        return fit_pseudolikelihood(
            family,
            gaps=gaps,
            form=form,
            regularization=strengths,
            tolerance=tolerance,
            max_iterations=max_iterations,
            threads=threads,
            progress=progress,
            announce=say,
        )
