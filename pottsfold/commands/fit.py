"""``pottsfold fit``: an alignment goes in, a model comes out."""

from __future__ import annotations

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
from pottsfold.commands.boltzmann import BoltzmannOptions
from pottsfold.commands.console import say
from pottsfold.commands.matching import matched
from pottsfold.commands.methods import Asked, Method, Strengths, fitted
from pottsfold.commands.paths import InputFile, ModelOutput
from pottsfold.errors import UsageError
from pottsfold.inference.pseudolikelihood import Form
from pottsfold.model import save_fit
from pottsfold.provenance import Stopwatch


def fit(
    alignment: InputFile,
    *,
    output: ModelOutput,
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
    tolerance: float | None = None,
    max_iterations: int | None = None,
    match_temperature: Annotated[bool, Parameter(negative=())] = False,
    threads: int | None = None,
    seed: int | None = None,
    boltzmann: BoltzmannOptions | None = None,
) -> None:
    """Fit a Potts model to an alignment.

    Parameters
    ----------
    alignment
        FASTA, A2M, A3M, Stockholm, Clustal or PSICOV .aln; plain, gz, xz, zstd.
    output
        Model file to write, ending in .potts by default.
    focus
        Name of the focus (wild-type) sequence, with or without /start-end. Its
        letters are the sites of the model. By default the first sequence.
    no_focus
        No focus sequence: every match column is a site, numbered from 1.
    first
        Residue number of the focus sequence's first residue.
    columns
        Which letters of the focus sequence are sites: all of them, or upper-case
        ones. By default all where it has a letter in every column, since lower case
        then marks columns of many gaps; else upper-case ones.
    alphabet
        protein, rna, dna, or the letters themselves. By default guessed.
    method
        How to fit. boltzmann: learn by sampling, for sequences to be drawn from the
        model; the others are quicker.
    gaps
        missing: gaps are missing data. state: the gap is a letter. By default
        missing, for boltzmann state; mean-field knows state only.
    form
        symmetric: one block of couplings a pair. asymmetric: each site a regression
        of its own, then symmetrized; memory for one site at a time. By default
        symmetric where memory allows.
    identity
        Sequences at least this identical share their weight.
    lambda_h
        Penalty on fields. By default 0.01.
    lambda_j
        Penalty on couplings. By default 0.01 (q - 1)(L - 1); of boltzmann
        0.2 L / Neff, in nats a sequence, and at most 0.06.
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
        Converged when a step gains less than this share of the objective; by default
        3e-6.
    max_iterations
        Iterations at most; by default 1,000, of boltzmann 400 gradients.
    match_temperature
        Then find the temperature at which samples are most like the alignment, and
        keep it in the model for sample --temperature matched.
    threads
        By default every core; the model does not depend on it.
    seed
        Of the random numbers of boltzmann, --lambda auto and --match-temperature, 0 by
        default; nothing else here draws any.
    """
    if no_focus and (focus is not None or columns is not None):
        raise UsageError("--no-focus excludes --focus and --columns")
    if seed is None and (
        match_temperature or strengths == "auto" or method == "boltzmann"
    ):
        seed = 0
    asked = Asked(
        method,
        gaps,
        lambda_h,
        lambda_j,
        strengths,
        form,
        tolerance,
        max_iterations,
        threads,
        seed,
        boltzmann,
    )
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
    result = fitted(family, asked)
    save_fit(output, result)
    say(
        f"{method}: {result.report.stopped_because}; {clock.seconds:.1f} s wall, "
        f"{clock.cpu_seconds:.1f} s CPU; wrote {output}"
    )
    if match_temperature:
        # The model is safe by now, whatever becomes of the match.
        save_fit(output, matched(result, family, seed or 0, threads))


def tell(family: Alignment) -> None:
    """Say what an alignment holds and what was dropped on the way."""
    for sentence in family.history:
        say(sentence)
    for line in summarize(family).lines():
        say(line)
