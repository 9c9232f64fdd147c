"""The alignment as a value."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pottsfold.alignment.numbering import Numbering
from pottsfold.alphabet import Alphabet


@dataclass(frozen=True)
class Source:
    """Where an alignment came from.

    Parameters
    ----------
    path : str
        File, as given.
    sha256 : str
        SHA-256 of the file's bytes as stored, compressed ones included.
    format : str
        ``fasta``, ``a2m``, ``a3m``, ``pir``, ``stockholm``, ``clustal`` or ``psicov``.
    """

    path: str = ""
    sha256: str = ""
    format: str = ""


@dataclass(frozen=True, eq=False)
class Alignment:
    """N aligned sequences over L match columns.

    Parameters
    ----------
    alphabet : Alphabet
        Letters the codes stand for.
    codes : (N, L) uint8
        ``alphabet.unknown`` marks missing data.
    names : tuple of str
        Name of every sequence, N of them.
    numbering : Numbering
        Residue number of every column.
    focus : int or None
        Row of the focus (reference, wild-type) sequence.
    weights : (N,) float64, optional
        Weight of every sequence; ones by default.
    identity : float or None
        Threshold the weights were made with; None for weights of one.
    source : Source
        The file.
    history : tuple of str
        What reading and filtering did, one sentence each.

    Raises
    ------
    ValueError
        If shapes disagree, a code is out of range or a weight is not positive.
    """

    alphabet: Alphabet
    codes: NDArray[np.uint8]
    names: tuple[str, ...]
    numbering: Numbering
    focus: int | None = None
    weights: NDArray[np.float64] | None = None
    identity: float | None = None
    source: Source = Source()
    history: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        codes = np.ascontiguousarray(self.codes, dtype=np.uint8)
        if codes.ndim != 2 or codes.shape[1] != len(self.numbering):
            raise ValueError(f"codes {codes.shape}: {len(self.numbering)} columns due")
        if len(self.names) != len(codes):
            raise ValueError(f"{len(self.names)} names for {len(codes)} sequences")
        if codes.size and codes.max() > self.alphabet.unknown:
            raise ValueError("a code is outside the alphabet")
        if self.focus is not None and not 0 <= self.focus < len(codes):
            raise ValueError(f"focus row {self.focus} of {len(codes)} sequences")
        weights = (
            np.ones(len(codes))
            if self.weights is None
            else np.array(self.weights, dtype=np.float64)
        )
        if weights.shape != (len(codes),) or not (weights > 0).all():
            raise ValueError("one positive weight for every sequence is needed")
        for name, array in (("codes", codes), ("weights", weights)):
            view = array.view()
            view.flags.writeable = False
            object.__setattr__(self, name, view)

    @property
    def n_sequences(self) -> int:
        """Number of sequences N."""
        return len(self.codes)

    @property
    def length(self) -> int:
        """Number of columns L."""
        return int(self.codes.shape[1])

    @property
    def sequence_weights(self) -> NDArray[np.float64]:
        """Weights, shape (N,)."""
        assert self.weights is not None  # set in __post_init__
        return self.weights

    @property
    def neff(self) -> float:
        """Effective number of sequences: the sum of the weights."""
        return float(self.sequence_weights.sum())

    @property
    def focus_codes(self) -> NDArray[np.uint8] | None:
        """Codes of the focus sequence, shape (L,), or None."""
        return None if self.focus is None else self.codes[self.focus]

    def select(
        self,
        *,
        sequences: NDArray[np.bool_] | None = None,
        columns: NDArray[np.bool_] | None = None,
        note: str,
    ) -> Alignment:
        """Return the alignment with some sequences or columns only.

        Weights go back to ones, since they depend on every sequence and column.

        Parameters
        ----------
        sequences : (N,) bool, optional
            Sequences to keep; the focus must be among them.
        columns : (L,) bool, optional
            Columns to keep.
        note : str
            Sentence for the history.
        """
        rows = np.ones(self.n_sequences, bool) if sequences is None else sequences
        kept = np.ones(self.length, bool) if columns is None else columns
        focus = self.focus
        if focus is not None:
            if not rows[focus]:
                raise ValueError("the focus sequence cannot be dropped")
            focus = int(rows[:focus].sum())
        return replace(
            self,
            codes=self.codes[np.ix_(rows, kept)],
            names=tuple(n for n, keep in zip(self.names, rows, strict=True) if keep),
            numbering=self.numbering.select(kept),
            focus=focus,
            weights=None,
            identity=None,
            history=(*self.history, note),
        )
