"""One substitution's effect in every natural sequence of the family.

In background x the substitution of letter A by T at site i has the log-odds
H_i(T | x) - H_i(A | x), where H_i(a | x) = h_i(a) + sum_j J_ij(a, x_j) is the local
field: the letters of all other sites decide. It is defined whatever letter x itself
has at i. Two things make it differ between backgrounds:

contingency
    Whether the substitution can be taken depends on substitutions that came before:
    its effect varies between backgrounds (Harms & Thornton 2014, Nature 512, 203;
    Starr & Thornton 2016, Protein Sci 25, 1204).
entrenchment
    Once taken, later substitutions make it hard to undo: among sequences that have T
    the reversion is worse than the substitution was good at first (Pollock et al.
    2012, PNAS 109, E1352; Shah et al. 2015, PNAS 112, E3226).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pottsfold.alignment import Alignment
from pottsfold.lazy import lazy_module
from pottsfold.model import PottsModel
from pottsfold.mutations.epistasis.classify import MIN_EFFECT
from pottsfold.threads import Workers, chosen_threads

if TYPE_CHECKING:
    import pandas as pd

    from pottsfold.mutations.epistasis import kernels
else:
    kernels = lazy_module("pottsfold.mutations.epistasis.kernels")

BLOCK = 4096
MIN_COVERED = 0.7
MIN_SEQUENCES = 3


@dataclass(frozen=True, eq=False)
class BackgroundEffects:
    """What one substitution does in N natural sequences, in nats; negative = harmful.

    Parameters
    ----------
    mutant : str
        The substitution, ``A23T``.
    old, new : int
        Codes of A and T.
    letters : (N,) uint8
        Code of every sequence's own letter there.
    log_odds : (N,) float64
        Of T in the place of A, in the background of the sequence's other letters.
    log_odds_own_letter : (N,) float64
        Of T in the place of the letter that is there; 0 where that is T, NaN where
        it is a gap or unknown.
    identity : (N,) float64
        Share of the focus sequence's letters that the sequence has, among sites where
        it has a letter at all.
    covered : (N,) float64
        Share of the sites at which it has a letter. What is missing adds nothing to
        local fields, so effects in a fragment are less certain.
    in_focus : float
        Log-odds in the focus sequence.
    """

    mutant: str
    old: int
    new: int
    letters: NDArray[np.uint8]
    log_odds: NDArray[np.float64]
    log_odds_own_letter: NDArray[np.float64]
    identity: NDArray[np.float64]
    covered: NDArray[np.float64]
    in_focus: float


def background_effects(
    model: PottsModel,
    family: Alignment,
    column: int,
    letter: int,
    *,
    threads: int | None = None,
) -> BackgroundEffects:
    """Return what a substitution of the focus sequence does in natural sequences.

    Parameters
    ----------
    model : PottsModel
        With a focus sequence that has a letter there.
    family : Alignment
        N sequences over the model's sites, as
        :func:`pottsfold.model.sites.read_family` reads them.
    column, letter : int
        The substitution's site, from 0, and new code.
    threads : int, optional
        Number of threads (default: all cores). Results do not depend on it.

    Raises
    ------
    ValueError
        If there is no such site or letter, or the focus sequence has none there.
    """
    focus = model.require_focus()
    if not 0 <= column < model.length:
        raise ValueError(f"site {column} of {model.length}")
    old = int(focus[column])
    if not (0 <= letter < model.alphabet.size and old < model.alphabet.size):
        raise ValueError(f"letters {old} and {letter} of {model.alphabet.size}")
    codes = np.concatenate([family.codes, focus[np.newaxis]])
    local = np.empty((3, len(codes)))

    def sum_up(start: int) -> None:
        rows = slice(start, start + BLOCK)
        part = np.empty((3, len(codes[rows])))
        kernels.sum_site_fields(
            codes[rows],
            column,
            model.fields[column],
            model.couplings_of(column),
            old,
            letter,
            part,
        )
        local[:, rows] = part

    with Workers(chosen_threads(threads)) as workers:
        workers.map(sum_up, range(0, len(codes), BLOCK))
    of_old, of_new, of_here = local
    letters = family.codes[:, column]
    present = (family.codes > 0) & (family.codes < model.alphabet.size)
    n_present = present.sum(axis=1)
    same = (present & (family.codes == focus)).sum(axis=1)
    here = (of_new - of_here)[:-1]
    here[(letters == 0) | (letters >= model.alphabet.size)] = np.nan
    return BackgroundEffects(
        mutant=(
            f"{model.alphabet.letters[old]}{model.numbering.positions[column]}"
            f"{model.alphabet.letters[letter]}"
        ),
        old=old,
        new=letter,
        letters=letters,
        log_odds=(of_new - of_old)[:-1],
        log_odds_own_letter=here,
        identity=same / np.maximum(n_present, 1),
        covered=n_present / model.length,
        in_focus=float(of_new[-1] - of_old[-1]),
    )


def background_table(
    model: PottsModel, family: Alignment, effects: BackgroundEffects
) -> pd.DataFrame:
    """Return one row for every natural sequence, in the order of the alignment.

    Returns
    -------
    DataFrame
        Columns ``name, mutant, letter`` (the sequence's own there), ``log_odds``,
        ``log_odds_own_letter, identity, covered``; see :class:`BackgroundEffects`.
    """
    import pandas as pd

    letters = np.array([*model.alphabet.letters, "X"], object)
    return pd.DataFrame(
        {
            "name": pd.Series(family.names, dtype="str"),
            "mutant": pd.Series([effects.mutant] * len(family.names), dtype="str"),
            "letter": pd.Series(letters[effects.letters], dtype="str"),
            "log_odds": effects.log_odds,
            "log_odds_own_letter": effects.log_odds_own_letter,
            "identity": effects.identity,
            "covered": effects.covered,
        }
    )


def background_summary(model: PottsModel, effects: BackgroundEffects) -> list[str]:
    """Return contingency and entrenchment in sentences, one a line.

    Sequences with letters at 70 % of the sites or more count, each as one.
    """
    from scipy.stats import spearmanr

    counted = effects.covered >= MIN_COVERED
    values, identity = effects.log_odds[counted], effects.identity[counted]
    letters = effects.letters[counted]
    lines = [
        f"{effects.mutant}: {effects.in_focus:+.2f} nats in the focus sequence; "
        f"{counted.sum()} of {len(counted)} sequences cover {MIN_COVERED:.0%} of the "
        "sites"
    ]
    if counted.sum() < MIN_SEQUENCES:
        return lines
    low, high = np.quantile(values, [0.05, 0.95])
    turned = values * np.sign(effects.in_focus) <= -MIN_EFFECT
    lines.append(
        f"contingency: mean effect in them {values.mean():+.2f} nats, "
        f"SD {values.std():.2f}, 90 % from {low:+.2f} to {high:+.2f}; of opposite "
        f"sign to that in the focus sequence in {turned.mean():.0%}"
    )
    if np.ptp(identity) > 0 and np.ptp(values) > 0:
        rho = float(spearmanr(1 - identity, values).statistic)
        lines.append(
            f"Spearman of effect and distance from the focus sequence: {rho:+.2f}"
        )
    old, new = (model.alphabet.letters[code] for code in (effects.old, effects.new))
    have, lack = values[letters == effects.new], values[letters == effects.old]
    if len(have) and len(lack):
        lines.append(
            f"entrenchment: {len(have)} sequences have {new}, where reversion to "
            f"{old} has a mean effect of {-have.mean():+.2f} nats; {len(lack)} have "
            f"{old}, where {new} has one of {lack.mean():+.2f}"
        )
    else:
        lines.append(
            f"entrenchment: {len(have)} sequences have {new}, {len(lack)} have {old}: "
            "nothing to compare"
        )
    return lines
