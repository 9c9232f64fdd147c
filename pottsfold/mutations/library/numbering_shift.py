"""A library numbered otherwise than the model: the constant between the two."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from pottsfold.mutations.mutants import Reference

MIN_SITES = 4
SHARE_AGREEING = 0.9


class NumberingShift(NamedTuple):
    """What would make a library's wild types agree with a model.

    Parameters
    ----------
    number : int
        To add to the library's positions.
    agreeing : int
        Wild-type letters of the library that then agree.
    named : int
        Wild-type letters that it names, one a position.
    """

    number: int
    agreeing: int
    named: int


def numbering_shift(
    model: Reference, wild_types: Iterable[tuple[int, str]]
) -> NumberingShift | None:
    """Return the shift that makes a library's wild types agree with a model.

    Parameters
    ----------
    model : PottsModel or EffectTables
        With a focus sequence.
    wild_types : iterable of (int, str)
        Positions and wild-type letters of the library, each once.

    Returns
    -------
    NumberingShift or None
        None when there is no such constant: at least 4 letters must agree, 9 in 10
        of those that fall on a site of the model, half of the library's or of the
        model's, and more than under any other shift.

    Raises
    ------
    UsageError
        If the model has no focus sequence.
    """
    named = list(wild_types)
    positions = model.numbering.positions.tolist()
    sites = defaultdict(list)
    for position, letter in zip(
        positions, model.alphabet.decode(model.require_focus()), strict=True
    ):
        sites[letter].append(position)
    agreeing = Counter(
        site - position for position, letter in named for site in sites[letter]
    )
    best = agreeing.most_common(2)
    if not best or (len(best) == 2 and best[0][1] == best[1][1]):
        return None
    number, count = best[0]
    covered = len(set(positions) & {position + number for position, _ in named})
    needed = max(MIN_SITES, min(len(named), model.length) / 2)
    if count < needed or count < SHARE_AGREEING * covered:
        return None
    return NumberingShift(number, count, len(named))
