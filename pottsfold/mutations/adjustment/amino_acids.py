"""What is known of amino acids in general, as numbers.

Letters stand in the order ``ACDEFGHIKLMNPQRSTVWY``, one number each.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pottsfold.alphabet import PROTEIN

LETTERS = PROTEIN.letters[1:]
# Natural scale of BLOSUM62's entries (Karlin & Altschul's lambda, ungapped).
BLOSUM62_SCALE = 0.3176
# Composition of UniProtKB/Swiss-Prot.
COMPOSITION = (
    *(0.0825, 0.0138, 0.0546, 0.0672, 0.0386, 0.0707, 0.0227, 0.0591, 0.0580, 0.0965),
    *(0.0241, 0.0406, 0.0474, 0.0393, 0.0553, 0.0663, 0.0535, 0.0686, 0.0110, 0.0292),
)
# Cubic angstrom (Zamyatnin 1972, Prog Biophys Mol Biol 24:107).
VOLUME = np.array(
    [
        *(88.6, 108.5, 111.1, 138.4, 189.9, 60.1, 153.2, 166.7, 168.6, 166.7),
        *(162.9, 114.1, 112.7, 143.8, 173.4, 89.0, 116.1, 140.0, 227.8, 193.6),
    ]
)
# Elementary charges at pH 7; histidine counts as neutral.
CHARGE = np.array(
    [{"D": -1.0, "E": -1.0, "K": 1.0, "R": 1.0}.get(a, 0) for a in LETTERS]
)


def hydropathy() -> NDArray[np.float64]:
    """Return the hydropathy of every letter, -4.5 (R) to 4.5 (I), shape (20,).

    Kyte & Doolittle 1982, J Mol Biol 157:105.
    """
    from Bio.SeqUtils.ProtParamData import kd

    return np.array([kd[letter] for letter in LETTERS])


def blosum62() -> NDArray[np.float64]:
    """Return the scores of BLOSUM62, shape (20, 20).

    Henikoff & Henikoff 1992, PNAS 89:10915.
    """
    from Bio.Align import substitution_matrices

    return np.asarray(substitution_matrices.load("BLOSUM62").select(LETTERS))


def replacements() -> NDArray[np.float64]:
    """Return how often letter b stands for letter a in related proteins.

    Returns
    -------
    (20, 20) float64
        Row a, column b; rows sum to 1.
    """
    shares = np.array(COMPOSITION) * np.exp(BLOSUM62_SCALE * blosum62())
    result: NDArray[np.float64] = shares / shares.sum(axis=1, keepdims=True)
    return result
