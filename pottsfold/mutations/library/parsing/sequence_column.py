"""Columns of whole sequences."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pottsfold.lazy import lazy_module
from pottsfold.mutations.library.parsing.arrow_buffers import (
    Read,
    bounds_of,
    buffers_of,
    empty_read,
    finished,
    read_only,
    text_array,
)
from pottsfold.mutations.library.sequences import (
    letter_fault,
    place_each_sequence,
    residue_columns,
)
from pottsfold.mutations.mutants import REASONS, Mutants, Reference
from pottsfold.mutations.notation import STOP

if TYPE_CHECKING:
    import pyarrow as pa

    from pottsfold.mutations.library.parsing import kernels
else:
    kernels = lazy_module("pottsfold.mutations.library.parsing.kernels")

# In no alphabet, which are of ASCII.
NO_LETTER = "\u00bf"


class SequenceColumns:
    """Reads columns of whole sequences against one model.

    Parameters
    ----------
    reference : PottsModel or EffectTables
        With a focus sequence.

    Raises
    ------
    UsageError
        If the model has no focus sequence.
    """

    def __init__(self, reference: Reference) -> None:
        self._reference = reference
        alphabet = reference.alphabet
        classes = alphabet.codes_of_bytes.copy()
        if STOP not in alphabet.letters:
            classes[ord(STOP)] = alphabet.size + 1
        classes[:33] = classes[127:] = kernels.STRANGE
        self._classes = read_only(classes)
        self._site_of = read_only(residue_columns(reference))
        self._faults = read_only(_faults(reference))
        wild_types = alphabet.decode(reference.require_focus())
        names = [
            f"{letter}{position}".encode()
            for letter, position in zip(
                wild_types, reference.numbering.positions.tolist(), strict=True
            )
        ]
        self._name_sizes = np.array([len(name) for name in names], np.int64)
        width = max(map(len, names))
        padded = b"".join(name.ljust(width) for name in names)
        self._names = np.frombuffer(padded, np.uint8).reshape(len(names), width)
        # The byte that each byte is written as, and its code.
        self._spelling = np.array(
            [
                ord(alphabet.letters[code])
                if code < alphabet.size
                else ord(chr(byte).upper())
                if byte < 128
                else byte
                for byte, code in enumerate(alphabet.codes_of_bytes.tolist())
            ],
            np.uint8,
        )

    def read(self, sequences: pa.Array) -> Mutants:
        """Place a column of sequences, null being bad notation.

        Parameters
        ----------
        sequences : pyarrow StringArray or LargeStringArray
            One sequence each.
        """
        starts, data = buffers_of(sequences)
        read = empty_read(len(sequences), len(data))
        kernels.compare_sequences(
            *(starts, data, self._classes, self._reference.require_focus()),
            *(self._site_of, self._faults),
            *(read.bounds, read.columns, read.letters, read.verdicts),
        )
        found = read.bounds[-1]
        columns, bytes_ = read.columns[:found], read.letters[:found]
        texts = self._texts(read.bounds, columns, self._spelling[bytes_])
        sizes = np.diff(read.bounds)
        scorable = read.verdicts[:, 1] == 0
        kept = np.repeat(scorable, sizes)
        read = Read(
            bounds_of(np.where(scorable, sizes, 0)),
            columns[kept],
            self._reference.alphabet.codes_of_bytes[bytes_[kept]],
            read.verdicts,
        )
        return finished(
            read,
            sequences,
            texts,
            lambda rows: place_each_sequence(self._reference, rows),
            {},
        )

    def _texts(
        self,
        bounds: NDArray[np.int64],
        columns: NDArray[np.int64],
        letters: NDArray[np.uint8],
    ) -> pa.Array:
        import pyarrow as pa

        ends = np.empty(len(bounds), np.int64)
        kernels.text_sizes(bounds, columns, self._name_sizes, ends)
        text = np.empty(ends[-1], np.uint8)
        kernels.write_texts(
            bounds, columns, letters, self._names, self._name_sizes, text
        )
        return pa.LargeStringArray.from_buffers(
            len(bounds) - 1, pa.py_buffer(ends), pa.py_buffer(text)
        )


def place_sequences(reference: Reference, sequences: Iterable[object]) -> Mutants:
    """Place whole sequences in a model by their differences from its focus.

    Parameters
    ----------
    reference : PottsModel or EffectTables
        With a focus sequence.
    sequences : iterable or pyarrow StringArray
        Texts of L aligned letters, ``-`` or ``.`` for a gap. One of another length
        loses its lower-case letters and dots, the inserts of A2M and A3M. Where
        that does not make L letters either, a text of one letter for every residue
        number from the first site's to the last's is read by these numbers. A
        ``*`` at the end may follow. A longer one is read at the one stretch that
        agrees with the focus sequence, see
        :func:`pottsfold.mutations.library.stretch.stretch_of_sites`. Any other is
        bad notation.

    Returns
    -------
    Mutants
        One for every sequence, in their order; the texts name the differences.

    Raises
    ------
    UsageError
        If the model has no focus sequence.
    """
    return SequenceColumns(reference).read(text_array(sequences))


def _faults(reference: Reference) -> NDArray[np.uint8]:
    """Return the reason that each letter cannot be scored at each site, 0 for none.

    Shape (L, q + 2): the codes, the unknown letter, the stop.
    """
    size = reference.alphabet.size
    faults = np.zeros((reference.length, size + 2), np.uint8)
    letters = [*reference.alphabet.letters, NO_LETTER, STOP]
    for column in range(reference.length):
        for code, letter in enumerate(letters):
            faults[column, code] = REASONS.index(
                letter_fault(reference, column, letter)
            )
    return faults
