"""Alignments of any size for timings, with the repetition that real ones have."""

from __future__ import annotations

import numpy as np

from pottsfold.alignment import Alignment, Numbering, read_alignment
from pottsfold.alphabet import PROTEIN, Alphabet
from pottsfold.datasets import planted_family


def ancestors() -> np.ndarray:
    """Sequences of the embedded family, 2,000 x 48."""
    return read_alignment(planted_family().alignment).codes


def made_alignment(
    n_sequences: int,
    length: int,
    *,
    alphabet: Alphabet = PROTEIN,
    clades: int = 200,
    seed: int = 0,
) -> Alignment:
    """Return descendants of a number of clades, each of its own divergence.

    Columns come from an independent draw of the embedded family each, so that
    conservation varies from column to column; a descendant keeps 40 to 95 % of its
    ancestor's letters and draws the others by column.
    """
    rng = np.random.default_rng(seed)
    source = ancestors()
    source = source[:, rng.integers(0, source.shape[1], length)]
    letters = rng.permuted(
        np.tile(np.arange(PROTEIN.size + 1, dtype=np.uint8), (length, 1)), axis=1
    )
    letters = np.where(letters % alphabet.size == 0, 1, letters % alphabet.size)
    letters[:, 0] = 0
    rows = np.empty((n_sequences, length), np.uint8)
    founders = source[rng.integers(0, len(source), clades)]
    clade = rng.integers(0, clades, n_sequences)
    kept = rng.uniform(0.4, 0.95, n_sequences)
    for j in range(length):
        drawn = source[rng.integers(0, len(source), n_sequences), j]
        old = rng.random(n_sequences) < kept
        own = np.where(old, founders[clade, j], drawn)
        rows[:, j] = letters[j][own]
    return Alignment(
        alphabet=alphabet,
        codes=rows,
        names=tuple(f"made_{k}" for k in range(n_sequences)),
        numbering=Numbering.sequential(length),
    )
