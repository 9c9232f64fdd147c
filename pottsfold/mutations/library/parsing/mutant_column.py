"""Columns of texts such as ``A23T:G56D``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pottsfold.lazy import lazy_module
from pottsfold.mutations.library.parse_one import place_each
from pottsfold.mutations.library.parsing.arrow_buffers import (
    buffers_of,
    empty_read,
    finished,
    read_only,
    text_array,
)
from pottsfold.mutations.mutants import Mutants, Reference
from pottsfold.mutations.notation import STOP

if TYPE_CHECKING:
    import pyarrow as pa

    from pottsfold.mutations.library.parsing import kernels
else:
    kernels = lazy_module("pottsfold.mutations.library.parsing.kernels")

# Positions so far from the model's are read one text at a time.
MARGIN = 4096
MAX_SPAN_LENGTH = 1 << 22


class TextColumns:
    """Reads columns of texts such as ``A23T:G56D`` against one model.

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
        self._classes = _letter_classes(reference)
        positions = reference.numbering.positions
        near = positions[-1] - positions[0] < MAX_SPAN_LENGTH
        self._low = int(positions[0]) - MARGIN
        span = int(positions[-1]) + MARGIN + 1 - self._low if near else 0
        self._sites = np.full((span, 2), -1, np.int64)
        if near:
            rows = positions - self._low
            focus = reference.require_focus().astype(np.int64)
            focus[focus == reference.alphabet.unknown] = kernels.UNKNOWN
            focus[focus < reference.states.start] = kernels.GAP
            self._sites[rows, 0] = np.arange(len(rows))
            self._sites[rows, 1] = focus
        self._sites.flags.writeable = False

    def read(self, texts: pa.Array) -> Mutants:
        """Place a column of texts, null being bad notation.

        Parameters
        ----------
        texts : pyarrow StringArray or LargeStringArray
            One mutant each.
        """
        starts, data = buffers_of(texts)
        capacity = (len(data) + len(texts)) // 4 + 1
        read = empty_read(len(texts), capacity)
        named = np.zeros((len(self._sites), self._reference.alphabet.size), np.int32)
        kernels.read_mutants(
            *(starts, data, self._classes, self._sites, self._low),
            *(read.bounds, read.columns, read.letters, read.verdicts, named),
        )
        return finished(
            read._replace(
                columns=read.columns[: read.bounds[-1]],
                letters=read.letters[: read.bounds[-1]],
            ),
            texts,
            texts,
            lambda rows: place_each(self._reference, rows),
            self._wild_types(named),
        )

    def _wild_types(self, named: NDArray[np.int32]) -> Counter[tuple[int, str]]:
        letters = self._reference.alphabet.letters
        rows, codes = np.nonzero(named)
        return Counter(
            {
                (row + self._low, letters[code]): count
                for row, code, count in zip(
                    rows.tolist(),
                    codes.tolist(),
                    named[rows, codes].tolist(),
                    strict=True,
                )
            }
        )


def place_texts(reference: Reference, texts: Iterable[object]) -> Mutants:
    """Read mutants and place them in a model.

    Parameters
    ----------
    reference : PottsModel or EffectTables
        With a focus sequence.
    texts : iterable or pyarrow StringArray
        As :func:`pottsfold.mutations.read_mutant` reads them; what is not a text,
        such as an empty cell of a table, is bad notation.

    Returns
    -------
    Mutants
        One for every text, in their order.

    Raises
    ------
    UsageError
        If the model has no focus sequence.
    """
    return TextColumns(reference).read(text_array(texts))


def _letter_classes(reference: Reference) -> NDArray[np.uint8]:
    """Return the class of each byte as a letter of a substitution, shape (256,)."""
    alphabet = reference.alphabet
    classes = np.full(256, kernels.STRANGE, np.uint8)
    for byte, code in enumerate(alphabet.codes_of_bytes.tolist()):
        letter = chr(byte)
        if letter in ":,/;" or byte >= 128:
            continue
        if code < alphabet.size:
            classes[byte] = kernels.GAP if code < reference.states.start else code
        elif letter.isalpha():
            classes[byte] = kernels.UNKNOWN
        elif letter == STOP:
            classes[byte] = kernels.STOP
    return read_only(classes)
