"""A focus sequence and residue numbers for a model that came without them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pottsfold.alignment.letters import RowReader
from pottsfold.alignment.numbering import Numbering
from pottsfold.alignment.positions import RANGE, checked_first, with_counted_residues
from pottsfold.alignment.read import read_alignment
from pottsfold.alignment.sources import read_records
from pottsfold.alphabet import Alphabet, respelt
from pottsfold.errors import UsageError, shown
from pottsfold.model.potts import PottsModel

TYPED = "focus"


@dataclass(frozen=True)
class FocusRow:
    """A sequence as it stands in a file, or as typed.

    Parameters
    ----------
    name : str
        Its name.
    letters : str
        Residues and gaps; lower case and ``.`` mark inserts, as in A2M.
    first : int
        Number of its first residue.
    notes : tuple of str
        What was left out or read as something else, a sentence each.
    """

    name: str
    letters: str
    first: int = 1
    notes: tuple[str, ...] = ()


def with_focus(
    model: PottsModel, focus: str, first: int | None = None
) -> tuple[PottsModel, str]:
    """Return the model with a focus sequence and its residue numbers.

    As many as the model has sites must be its upper-case residues; or these and its
    gaps, which then count as numbers too; or all its residues.

    Parameters
    ----------
    model : PottsModel
        With a focus sequence or without.
    focus : str
        A file, whose first sequence is taken, or the sequence itself.
    first : int, optional
        Number of the first residue; by default from ``NAME/start-end``, else 1.

    Returns
    -------
    model : PottsModel
        With focus, its name and numbers.
    said : str
        What was taken, in a sentence.

    Raises
    ------
    UsageError
        If it does not fit the model.
    AlignmentError
        If the file cannot be read.
    """
    row = _row(focus, model.alphabet)
    letters, places = _sites(row, model.length)
    positions = (row.first if first is None else checked_first(first)) + places
    codes = model.alphabet.encode(letters)
    unknown = int((codes == model.alphabet.unknown).sum())
    if 2 * unknown > model.length:
        raise UsageError(
            f"{unknown} of {model.length} letters are outside the model's alphabet "
            f"{model.alphabet.letters}",
            parameter="focus",
            value=shown(row.name),
        )
    gaps = int((codes == 0).sum())
    counts = np.bincount(np.frombuffer(letters.encode(), np.uint8), minlength=256)
    notes = (*row.notes, *respelt(model.alphabet, counts))
    said = (
        "".join(f"{note}; " for note in notes)
        + f"focus {shown(row.name)}: {model.length - gaps} residues"
        + (f" and {gaps} gaps, which are numbered too," if gaps else ",")
        + f" numbered {positions[0]} to {positions[-1]}{_doubt(model, codes)}"
    )
    changed = replace(
        model, focus=codes, focus_name=row.name, numbering=Numbering(positions)
    )
    return changed, said


def _sites(row: FocusRow, length: int) -> tuple[str, NDArray[np.int64]]:
    """Return the letters at the sites, and their places from the first residue, 0."""
    residues = [letter for letter in row.letters if letter not in "-."]
    upper = [place for place, letter in enumerate(residues) if letter.isupper()]
    columns = [letter for letter in row.letters if letter.isupper() or letter == "-"]
    if len(upper) == length:
        return "".join(residues[place] for place in upper), np.array(upper)
    if upper and len(columns) == length:
        aligned = "".join(columns)
        return aligned, np.arange(length) - (length - len(aligned.lstrip("-")))
    if len(residues) == length:
        return "".join(residues), np.arange(length)
    given = shown(row.name, 40)
    if row.name == TYPED:
        given = f"{row.letters[:40]}: no such file, and read as a sequence"
    raise UsageError(
        f"{len(residues)} residues, {len(upper)} of them upper case, {len(columns)} "
        f"columns, and the model has {length} sites; give a sequence of the alignment "
        "it was fitted to",
        parameter="focus",
        value=given,
    )


def renumbered(model: PottsModel, first: int) -> PottsModel:
    """Return the model with its numbers shifted so that the first is ``first``."""
    positions = model.numbering.positions
    return replace(
        model, numbering=Numbering(positions - positions[0] + checked_first(first))
    )


def _doubt(model: PottsModel, codes: NDArray[np.uint8]) -> str:
    """Return a warning where a sequence looks unrelated to the model."""
    from pottsfold.model.energy import energy

    shuffled = np.random.default_rng(0).permuted(np.tile(codes, (100, 1)), axis=1)
    if energy(model, codes)[0] < np.quantile(energy(model, shuffled), 0.1):
        return ""
    return (
        "; the model finds it no more probable than its shuffled letters: is it the "
        "right sequence?"
    )


def _row(text: str, alphabet: Alphabet) -> FocusRow:
    path = Path(text)
    try:
        is_file = path.exists()
    except OSError:  # a long sequence is no file's name
        is_file = False
    if is_file:
        return _first_of(path, alphabet)
    reader = RowReader(alphabet)
    letters = reader.without_stops([reader.row(text)])[0].decode("ascii")
    residues = letters.replace("-", "").replace(".", "")
    codes = alphabet.encode(residues)
    mostly_unknown = (codes == alphabet.unknown).sum() * 2 > len(codes)
    # A mistyped path shall not be taken for chains parted by slashes.
    if "/" in text or not residues.isalpha() or mostly_unknown:
        raise UsageError(
            "neither a file that is there nor a sequence",
            parameter="focus",
            value=text[:40],
        )
    return FocusRow(TYPED, letters, notes=tuple(reader.notes()))


def _first_of(path: Path, alphabet: Alphabet) -> FocusRow:
    """Return the first sequence of a file, of FASTA with its inserts."""
    records = read_records(path, min_sequences=1, alphabet=alphabet)
    if records.format in ("fasta", "pir"):
        notes = list(records.notes)
        records = with_counted_residues(records, 0, alphabet, notes)
        name = records.names[0]
        found = RANGE.fullmatch(name)
        first = int(found["start"]) if found else 1
        letters = records.rows[0].decode("ascii")
        return FocusRow(name, letters, first, tuple(notes))
    family = read_alignment(path, focus=0, alphabet=alphabet)
    codes = family.focus_codes
    assert codes is not None  # asked for
    letters = family.alphabet.decode(codes)
    first = int(family.numbering.positions[0])
    return FocusRow(family.names[0], letters, first, records.notes)
