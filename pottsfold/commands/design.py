"""``pottsfold design``: sequences of the lowest energy under rules."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import numpy as np
from cyclopts import Parameter
from numpy.typing import NDArray

from pottsfold.commands.console import progress_bar, say
from pottsfold.commands.paths import FurtherSequences, InputFile, TableOutput
from pottsfold.design import (
    Designs,
    Problem,
    design_problem,
    design_sequences,
    design_table,
    write_designs,
)
from pottsfold.design.constraints import read_constraints
from pottsfold.design.designs import TIME_LIMIT
from pottsfold.design.exact import hindrance
from pottsfold.design.network import network_bytes
from pottsfold.design.problem import default_letters
from pottsfold.errors import UsageError
from pottsfold.memory import MIB, check_memory, in_gib, peak_memory
from pottsfold.model import PottsModel, load_fit
from pottsfold.sampling.conditions import allowed_letters, fixed_sites, read_sequences
from pottsfold.tables.writing import write_table

# Bytes of libraries and kernels when they are loaded.
LOADED = 160 * MIB

# A hyphen is a letter: the gap.
Forbidden = Annotated[str | None, Parameter(allow_leading_hyphen=True)]
Count = Annotated[int, Parameter(name=["--number", "-n"])]


def design(
    model: InputFile,
    *,
    output: TableOutput,
    number: Count = 1,
    max_mutations: int | None = None,
    min_mutations: int | None = None,
    min_distance: int = 1,
    away_from: InputFile | None = None,
    fix: str | None = None,
    forbid: Forbidden = None,
    constraints: InputFile | None = None,
    fasta: FurtherSequences | None = None,
    time_limit: float = TIME_LIMIT,
    seed: int = 0,
) -> None:
    """Find the sequences of lowest energy under rules, and prove that they are.

    Annealing finds a first answer, an exact solver improves or proves it; where time
    ends before, gap says how much lower a sequence could be, in nats. Columns: rank,
    sequence, mutations, n_mutations, energy, log_odds against the wild type, proven,
    gap. Gaps are not drawn unless constraints allow them.

    Parameters
    ----------
    model
        Model file.
    output
        Table to write, ending in .csv, .tsv or .parquet; - is standard output.
    number
        Number of sequences: the best one, the best that differs from it by
        --min-distance, and so on.
    max_mutations
        Most differences from the wild type.
    min_mutations
        Fewest differences from the wild type.
    min_distance
        Positions at which any two designs differ, at least.
    away_from
        FASTA file of sequences from which designs also differ by --min-distance.
    fix
        Positions that keep the letter of the wild type, like 12,15-20, whatever is
        forbidden there.
    forbid
        Letters not to use: everywhere (C), or at positions (12:P,15-20:DE).
    constraints
        Table with columns position and allowed, forbidden or both: the only letters
        that may stand there, and some that may not; - is the gap.
    fasta
        The sequences as FASTA too, ending in .fasta, .fa or either with .gz.
    time_limit
        Seconds for the exact searches, shared by the sequences.
    seed
        Random seed of annealing.
    """
    potts = load_fit(model).model
    letters = None
    if constraints is not None:
        letters = read_constraints(constraints, potts)
    if forbid is not None:
        letters = _without(potts, letters, forbid)
    problem = design_problem(
        potts,
        allowed=letters,
        fixed=None if fix is None else fixed_sites(potts, fix),
        max_mutations=max_mutations,
        min_mutations=min_mutations,
        away_from=None if away_from is None else _others(potts, away_from),
        min_distance=min_distance,
    )
    _plan(problem, number, time_limit)
    with progress_bar("designing", " designs") as progress:
        designs = design_sequences(
            problem,
            number,
            min_distance=min_distance,
            seed=seed,
            time_limit=time_limit,
            announce=say,
            progress=progress,
        )
    _tell(designs, number)
    if designs.found:
        write_table(design_table(potts, designs.found), output)
        if output != "-":
            say(f"wrote {output}")
        if fasta is not None:
            write_designs(fasta, potts, designs.found, model.stem)
            say(f"wrote {fasta}")
    if designs.interrupted:
        raise KeyboardInterrupt
    if not designs.found:
        raise UsageError(
            "no sequence that obeys all rules was found in time; relax one, or give it "
            "more time",
            parameter="time_limit",
            value=time_limit,
        )


def _without(
    model: PottsModel, letters: NDArray[np.bool_] | None, forbid: str
) -> NDArray[np.bool_]:
    """Return the letters, by default all but the gap, less those forbidden."""
    kept = default_letters(model) if letters is None else letters
    return np.asarray(kept & allowed_letters(model, forbid))


def _others(model: PottsModel, path: Path) -> NDArray[np.uint8]:
    """Return the sequences to keep away from, and say how they were read."""
    rows, notes = read_sequences(path, model)
    for note in notes:
        say(f"{path}: {note}")
    unknown = int((rows == model.alphabet.unknown).sum())
    if unknown:
        say(f"{path}: {unknown} unknown letters, different from every letter")
    return np.unique(rows, axis=0)


def _plan(problem: Problem, number: int, time_limit: float) -> None:
    """Say what designing takes, and refuse it where that is too much."""
    needed = LOADED + (0 if hindrance(problem) else network_bytes(problem))
    free = problem.allowed[problem.free].sum(axis=1)
    choices = f"{free.min()} to {free.max()} letters each" if len(free) else "none"
    say(
        f"plan: designs {number}; {len(problem.free)} of {problem.model.length} "
        f"positions free ({choices}); distances to keep {len(problem.distances)}; up "
        f"to {time_limit:g} s of proofs and {in_gib(peak_memory(needed))}"
    )
    check_memory(needed, "free fewer positions, or use a larger machine")


def _tell(designs: Designs, number: int) -> None:
    """Say how many there are, and whether their order is sure."""
    found = designs.found
    if designs.exhausted and len(found) < number:
        say(f"{len(found)} designs: the rules leave no further one")
    proven = sum(one.proven for one in found)
    if len(found) > 1:
        order = "proven in order" if proven == len(found) else "not proven in order"
        say(
            f"{len(found)} designs, energies {found[0].energy:.4f} to "
            f"{found[-1].energy:.4f} nats, {proven} proven; the list is {order}"
        )
