"""CCMpred's matrix of scores, ``.mat``."""

from __future__ import annotations

from pottsfold.contacts.coupling_map import CouplingMap


def ccmpred_text(coupling: CouplingMap) -> str:
    """Return the scores as CCMpred writes them: L lines of L numbers.

    Every number has 21 digits and a tab after it, the last of a line too; the matrix
    is symmetric, its diagonal 0. Scores are those of the table: CCMpred moreover
    adds a constant to all pairs, so that its smallest is 0. Residue numbers are
    lost: row k is site k.

    Parameters
    ----------
    coupling : CouplingMap
        Of L sites.
    """
    return "".join(
        "".join(f"{value:.20e}\t" for value in row) + "\n"
        for row in coupling.scores.tolist()
    )
