"""``pottsfold fit``: an alignment goes in, a model comes out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

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
from pottsfold.commands.console import progress_bar, say
from pottsfold.commands.method_options import MethodOptions, chosen_method
from pottsfold.commands.paths import InputFile, ModelOutput
from pottsfold.commands.processes import one_talks
from pottsfold.commands.structures import check_of_structure
from pottsfold.errors import UsageError
from pottsfold.inference.method import Precision
from pottsfold.inference.methods import METHODS
from pottsfold.inference.on_torch.ranks import launched
from pottsfold.model import PairGraph, save_fit
from pottsfold.provenance import Stopwatch

if TYPE_CHECKING:
    MethodName = str
else:
    # The choices are the methods there are.
    MethodName = Literal[tuple(METHODS)]


@one_talks
def fit(
    alignment: InputFile,
    *,
    output: ModelOutput,
    focus: str | None = None,
    no_focus: Annotated[bool, Parameter(negative=())] = False,
    first: int | None = None,
    columns: Columns | None = None,
    alphabet: str | None = None,
    method: MethodName = "pseudolikelihood",
    identity: float = 0.8,
    max_column_gaps: float | None = None,
    max_sequence_gaps: float | None = None,
    min_coverage: float | None = None,
    drop_duplicates: Annotated[bool, Parameter(negative=())] = False,
    structure: InputFile | None = None,
    chain: str | None = None,
    cutoff: float | None = None,
    pairs: InputFile | None = None,
    match_temperature: Annotated[bool, Parameter(negative=())] = False,
    threads: int | None = None,
    device: str | None = None,
    precision: Precision | None = None,
    seed: int | None = None,
    settings: MethodOptions | None = None,
) -> None:
    """Fit a Potts model to an alignment.

    Parameters
    ----------
    alignment
        FASTA, A2M, A3M, PIR, Stockholm, Clustal or PSICOV .aln; plain, gz, xz, zstd.
    output
        Model file to write, ending in .potts by convention.
    focus
        Name of the focus (wild-type) sequence, with or without /start-end. Its
        letters are the sites of the model. Default: the first sequence.
    no_focus
        No focus sequence: every match column is a site, numbered from 1.
    first
        Residue number of the focus sequence's first residue.
    columns
        Which letters of the focus sequence are sites: all, or upper-case ones only.
        Default: all where it has a letter in every column (lower case then marks
        columns of many gaps), else upper-case ones.
    alphabet
        protein, rna, dna, or the letters themselves. Default: guessed.
    method
        How to fit. boltzmann: learn by sampling, for sequences to be drawn from the
        model; the others are quicker.
    identity
        Sequences at least this identical share their weight.
    max_column_gaps
        Drop columns with a larger share of gaps.
    max_sequence_gaps
        Drop sequences with a larger share of gaps.
    min_coverage
        Drop fragments: sequences spanning a smaller share of the columns.
    drop_duplicates
        Keep one of identical sequences.
    structure
        PDB or mmCIF file, plain or packed: only residues in contact in it get
        couplings. Such a model ranks mutants better, and long proteins are fitted
        sooner.
    chain
        Name of the structure's chain, or of several alike, as A,B (default: the one
        that aligns best, and those like it).
    cutoff
        Distance below which side chains are in contact, in angstrom (default 8).
    pairs
        List of the pairs that get couplings: a table with columns i and j, as contacts
        writes, or two residue numbers a line.
    match_temperature
        Then find the temperature at which samples are most like the alignment, and
        keep it in the model for sample --temperature matched.
    threads
        Number of threads (default: all cores). The model does not depend on it.
    device
        Fit by torch on cpu, cuda, cuda:N, mps or auto, the quickest there is; needs
        pip install 'pottsfold[torch]'. Default: pottsfold's own code on the CPU.
    precision
        Of products on the device: tf32 and bf16 round to 11 and 8 bits, for speed on
        NVIDIA's. Default float32.
    seed
        Random seed for --method boltzmann, --lambda auto, --batch and
        --match-temperature (default 0). Other fits are deterministic.
    """
    if no_focus and (focus is not None or columns is not None):
        raise UsageError("`no_focus` excludes `focus` and `columns`")
    _check_mask(structure, chain, cutoff, pairs)
    # Before the alignment is read: wrong settings shall not wait for it.
    how = chosen_method(method, settings)
    how.check_device(device, precision)
    launched().check_shared(device)
    if seed is None and match_temperature:
        seed = 0
    row: str | int | None = None if no_focus else (0 if focus is None else focus)
    family = read_alignment(
        alignment,
        focus=row,
        first=first,
        columns=columns,
        alphabet=None if alphabet is None else alphabet_named(alphabet),
    )
    family = _filtered(
        family, drop_duplicates, max_sequence_gaps, min_coverage, max_column_gaps
    )
    family = reweight(family, identity, threads=threads)
    tell(family)
    family, graph = _masked(family, structure, chain, cutoff, pairs)
    clock = Stopwatch()
    with progress_bar("fitting", " steps") as progress:
        result = how.fit(
            family,
            threads=threads,
            seed=seed,
            graph=graph,
            device=device,
            precision=precision,
            progress=progress,
            announce=say,
        )
    if not launched().leads:
        return
    save_fit(output, result)
    say(
        f"{method}: {result.report.stopped_because}; {clock.seconds:.1f} s wall, "
        f"{clock.cpu_seconds:.1f} s CPU; wrote {output}"
    )
    if match_temperature:
        # Imported here: sampling is not needed for a fit alone.
        from pottsfold.commands.matching import matched

        # The model is safe by now, whatever becomes of the match.
        save_fit(output, matched(result, family, seed or 0, threads))


def _check_mask(
    structure: Path | None, chain: str | None, cutoff: float | None, pairs: Path | None
) -> None:
    """Refuse options of a structure without one, and two ways to choose pairs."""
    check_of_structure(structure, chain=chain, cutoff=cutoff)
    if structure is not None and pairs is not None:
        raise UsageError("`structure` excludes `pairs`: both say which pairs there are")


def _masked(
    family: Alignment,
    structure: Path | None,
    chain: str | None,
    cutoff: float | None,
    pairs: Path | None,
) -> tuple[Alignment, PairGraph | None]:
    """Return which pairs get couplings, and the alignment with that in its history."""
    if structure is None and pairs is None:
        return family, None
    from pottsfold import contacts
    from pottsfold.inference.preparation import uncoupled_model

    if pairs is not None:
        mask = contacts.read_pairs(pairs, family.numbering)
    else:
        assert structure is not None
        mask = contacts.contact_mask(
            uncoupled_model(family),
            structure,
            chain,
            cutoff=contacts.DEFAULT_CUTOFF if cutoff is None else cutoff,
        )
    for line in mask.lines:
        say(line)
    return replace(family, history=(*family.history, *mask.lines)), mask.graph


def _filtered(
    family: Alignment,
    without_duplicates: bool,
    max_sequence_gaps: float | None,
    min_coverage: float | None,
    max_column_gaps: float | None,
) -> Alignment:
    """Return the alignment without what was asked to be dropped."""
    if without_duplicates:
        family = drop_duplicates(family)
    if max_sequence_gaps is not None:
        family = drop_gapped_sequences(family, max_sequence_gaps)
    if min_coverage is not None:
        family = drop_fragments(family, min_coverage)
    if max_column_gaps is not None:
        family = drop_gapped_columns(family, max_column_gaps)
    return family


def tell(family: Alignment) -> None:
    """Say what an alignment holds and what was dropped on the way."""
    for sentence in family.history:
        say(sentence)
    for line in summarize(family).lines():
        say(line)
