"""Single effects corrected by what is known of amino acids in general.

A family shows which letters it uses at a site, but few of its sequences show any one
of the others, and it does not tell a site that holds the protein together from one
that does its work. Two general facts help to rank substitutions as assays do:

1. Letters that replace one another in proteins do alike. A letter's effect becomes
   half its own and half the mean over all letters b, weighted by how often b stands
   for it in related proteins (BLOSUM62; Henikoff & Henikoff 1992, PNAS 89:10915).
2. Sites where the family is hydrophobic are mostly buried, and buried sites
   tolerate substitutions worst. Effects are multiplied by the site's mean hydropathy
   (Kyte & Doolittle 1982, J Mol Biol 157:105), scaled to 0 for arginine and 1 for
   isoleucine, to the power 1/5.

The result ranks; it is no difference of energies.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pottsfold.alphabet import PROTEIN
from pottsfold.model import PottsModel

# Share of a letter's effect that comes from letters like it.
SHARED = 0.5
BURIAL_POWER = 0.2
# Natural scale of BLOSUM62's entries (Karlin & Altschul's lambda, ungapped).
BLOSUM62_SCALE = 0.3176
# Composition of UniProtKB/Swiss-Prot, ACDEFGHIKLMNPQRSTVWY.
COMPOSITION = (
    *(0.0825, 0.0138, 0.0546, 0.0672, 0.0386, 0.0707, 0.0227, 0.0591, 0.0580, 0.0965),
    *(0.0241, 0.0406, 0.0474, 0.0393, 0.0553, 0.0663, 0.0535, 0.0686, 0.0110, 0.0292),
)


def adjusted_log_odds(
    model: PottsModel, log_odds: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the log-odds of single substitutions, adjusted as this module says.

    Parameters
    ----------
    model : PottsModel
        Of proteins, with a focus sequence and letter frequencies.
    log_odds : (L, q) float64
        From :func:`pottsfold.mutations.single_log_odds`.

    Returns
    -------
    (L, q) float64
        On the scale of nats, 0 at the wild type, negative = harmful; a deletion is
        only multiplied by its site's factor. NaN where the log-odds are; all NaN for
        another alphabet, or for a model that does not know its alignment's letter
        frequencies.

    Raises
    ------
    UsageError
        If the model has no focus sequence.
    """
    if model.alphabet != PROTEIN or model.frequencies is None:
        return np.full(log_odds.shape, np.nan)
    result = log_odds.copy()
    letters = log_odds[:, 1:]
    result[:, 1:] = (1 - SHARED) * letters + SHARED * letters @ replacements().T
    sites = np.flatnonzero(np.isfinite(letters).all(axis=1))
    result[sites, model.require_focus()[sites]] = 0
    burial: NDArray[np.float64] = hydropathy(model.frequencies) ** BURIAL_POWER
    return result * burial[:, np.newaxis]


def replacements() -> NDArray[np.float64]:
    """Return how often letter b stands for letter a in related proteins.

    Returns
    -------
    (20, 20) float64
        Row a, column b, over ``ACDEFGHIKLMNPQRSTVWY``; rows sum to 1.
    """
    from Bio.Align import substitution_matrices

    scores = substitution_matrices.load("BLOSUM62").select(PROTEIN.letters[1:])
    shares = np.array(COMPOSITION) * np.exp(BLOSUM62_SCALE * np.asarray(scores))
    result: NDArray[np.float64] = shares / shares.sum(axis=1, keepdims=True)
    return result


def hydropathy(frequencies: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean hydropathy of every site's letters, 0 (R) to 1 (I).

    Parameters
    ----------
    frequencies : (L, 21) float64
        Letter frequencies of a protein family, the gap first and left out.

    Returns
    -------
    (L,) float64
        The middle of the scale where there are gaps only.
    """
    from Bio.SeqUtils.ProtParamData import kd

    scale = np.array([kd[letter] for letter in PROTEIN.letters[1:]])
    scale = (scale - scale.min()) / (scale.max() - scale.min())
    letters = frequencies[:, 1:]
    total = letters.sum(axis=1)
    result = np.full(len(letters), 0.5)
    np.divide(letters @ scale, total, out=result, where=total > 0)
    return result
