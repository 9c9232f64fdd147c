"""What an alignment holds, and whether that is enough."""

from __future__ import annotations

from dataclasses import dataclass

from pottsfold.alignment.alignment import Alignment


@dataclass(frozen=True)
class AlignmentSummary:
    """Sizes of an alignment in numbers and in words.

    Parameters
    ----------
    n_sequences, length : int
        N and L.
    neff : float
        Effective number of sequences.
    neff_per_column : float
        Neff / L, which decides how much can be learned.
    gap_fraction, unknown_fraction : float
        Shares of the N x L letters.
    verdict : str
        Whether it is enough, in a plain sentence.
    """

    n_sequences: int
    length: int
    neff: float
    neff_per_column: float
    gap_fraction: float
    unknown_fraction: float
    verdict: str

    def lines(self) -> list[str]:
        """Return the summary as lines to print."""
        return [
            f"{self.n_sequences} sequences, {self.length} columns, "
            f"{self.gap_fraction:.1%} gaps, {self.unknown_fraction:.2%} unknown",
            f"Neff {self.neff:.1f}, Neff/L {self.neff_per_column:.2f}: {self.verdict}",
        ]


def summarize(alignment: Alignment) -> AlignmentSummary:
    """Return the summary of an alignment, with the weights it has."""
    per_column = alignment.neff / alignment.length
    return AlignmentSummary(
        n_sequences=alignment.n_sequences,
        length=alignment.length,
        neff=alignment.neff,
        neff_per_column=per_column,
        gap_fraction=float((alignment.codes == 0).mean()),
        unknown_fraction=float((alignment.codes == alignment.alphabet.unknown).mean()),
        verdict=verdict(per_column),
    )


def verdict(neff_per_column: float) -> str:
    """Return in words whether Neff/L is enough.

    The bounds are the field's: about 5 effective sequences a column for reliable
    contacts (Kamisetty et al. 2013, PNAS 110:15674), below 1 the couplings are
    mostly regularization.
    """
    if neff_per_column < 1:
        return "too few for couplings; expect little beyond single-site conservation"
    if neff_per_column < 5:
        return "enough for the strongest couplings; add sequences if you can"
    return "enough for contacts and couplings"
