"""What is asked of a designed sequence."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pottsfold.errors import UsageError
from pottsfold.model import PottsModel

# Positions that a message names before it stops.
NAMED = 5


@dataclass(frozen=True, eq=False)
class Distance:
    """At how many positions a design may differ from a sequence.

    Parameters
    ----------
    reference : (L,) uint8
        The sequence; an unknown letter differs from every letter.
    least, most : int
        From 0 to L.
    rule : str
        The parameter that asks for it, for messages.
    """

    reference: NDArray[np.uint8]
    least: int
    most: int
    rule: str = "min_distance"


@dataclass(frozen=True, eq=False)
class Problem:
    """Find the sequence of lowest energy among those that obey every rule.

    Parameters
    ----------
    model : PottsModel
        Model of L sites and q letters.
    allowed : (L, q) bool
        Letters that each site may have. One letter alone fixes the site.
    distances : tuple of Distance
        Bounds on the distance from given sequences.
    free : (F,) int64
        Sites with more than one letter.

    Raises
    ------
    UsageError
        If a site has no letter left, or a distance is out of reach. Bounds that
        contradict one another alone are found out by the search.
    """

    model: PottsModel
    allowed: NDArray[np.bool_]
    distances: tuple[Distance, ...] = ()
    free: NDArray[np.int64] = field(init=False)

    def __post_init__(self) -> None:
        allowed = np.array(self.allowed, bool)
        if allowed.shape != self.model.fields.shape:
            raise ValueError(f"allowed letters {allowed.shape}: (L, q) is due")
        counts = allowed.sum(axis=1)
        if not counts.all():
            site = int(np.argmin(counts > 0))
            raise UsageError(
                f"position {self.model.numbering.positions[site]} has no letter left; "
                "allow one there"
            )
        allowed.flags.writeable = False
        object.__setattr__(self, "allowed", allowed)
        object.__setattr__(self, "free", np.flatnonzero(counts > 1))
        for distance in self.distances:
            self._check_reach(distance)

    def _check_reach(self, distance: Distance) -> None:
        """Refuse a distance that no allowed letters can have."""
        positions = self.model.numbering.positions
        same, other = reachable(self.allowed, distance.reference)
        forced = np.flatnonzero(~same)
        if len(forced) > distance.most:
            named = ", ".join(map(str, positions[forced[:NAMED]]))
            more = ", ..." if len(forced) > NAMED else ""
            raise UsageError(
                f"{len(forced)} positions cannot keep their letter ({named}{more}); "
                "allow more changes, or more letters",
                parameter=distance.rule,
                value=distance.most,
            )
        if other.sum() < distance.least:
            raise UsageError(
                f"only {other.sum()} positions may have another letter; ask for less, "
                "or allow more letters",
                parameter=distance.rule,
                value=distance.least,
            )

    def with_distances(self, *more: Distance) -> Problem:
        """Return the problem with further distances to keep."""
        return Problem(self.model, self.allowed, (*self.distances, *more))

    def broken(self, codes: NDArray[np.uint8]) -> str | None:
        """Return the first rule that a sequence (L,) uint8 breaks, None if it is good.

        Examples
        --------
        >>> from pottsfold.alignment import Numbering
        >>> from pottsfold.alphabet import RNA
        >>> sizes = (3, RNA.size), (3, 3, RNA.size, RNA.size)
        >>> model = PottsModel(RNA, *map(np.zeros, sizes), Numbering(np.arange(7, 10)))
        >>> letters = np.array([[False, True, True, False, False]] * 3)
        >>> Problem(model, letters).broken(RNA.encode("ACU"))
        'U at position 9 is not allowed'
        """
        model = self.model
        if codes.shape != (model.length,):
            return f"{len(codes)} letters where {model.length} are due"
        known = np.append(self.allowed, np.zeros((model.length, 1), bool), axis=1)
        inside = known[np.arange(model.length), np.minimum(codes, known.shape[1] - 1)]
        if not inside.all():
            site = int(np.argmin(inside))
            letter = model.alphabet.decode(codes[[site]])
            position = model.numbering.positions[site]
            return f"{letter} at position {position} is not allowed"
        for distance in self.distances:
            apart = int((codes != distance.reference).sum())
            if not distance.least <= apart <= distance.most:
                return (
                    f"{apart} differences where {distance.least} to {distance.most} "
                    f"are due by `{distance.rule}`"
                )
        return None


def reachable(
    allowed: NDArray[np.bool_], reference: NDArray[np.uint8]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return where a site may have the letter of a sequence, and where another.

    Parameters
    ----------
    allowed : (L, q) bool
        Letters that each site may have.
    reference : (L,) uint8
        The sequence.

    Returns
    -------
    same, other : (L,) bool
    """
    length, size = allowed.shape
    known = np.append(allowed, np.zeros((length, 1), bool), axis=1)
    same = known[np.arange(length), np.minimum(reference, size)]
    return same, allowed.sum(axis=1) > same


def design_problem(
    model: PottsModel,
    *,
    allowed: NDArray[np.bool_] | None = None,
    fixed: NDArray[np.bool_] | None = None,
    max_mutations: int | None = None,
    min_mutations: int | None = None,
    away_from: NDArray[np.uint8] | None = None,
    min_distance: int = 1,
) -> Problem:
    """Return a problem from rules as they are written.

    Parameters
    ----------
    model : PottsModel
        Model of L sites and q letters; the wild type is its focus sequence.
    allowed : (L, q) bool, optional
        Letters that each site may have; by default all of the model's but the gap.
    fixed : (L,) bool, optional
        Sites that keep the letter of the wild type, whatever ``allowed`` says.
    max_mutations, min_mutations : int, optional
        Most and fewest differences from the wild type.
    away_from : (M, L) uint8, optional
        Sequences from which a design differs by at least ``min_distance``.
    min_distance : int
        At least 1.

    Raises
    ------
    UsageError
        If a number is out of range, the wild type is needed and there is none, or
        rules contradict one another, as :class:`Problem` tells.
    """
    letters = default_letters(model) if allowed is None else np.array(allowed, bool)
    if fixed is not None and fixed.any():
        wild_type = model.require_focus()
        unknown = np.flatnonzero(fixed & (wild_type >= model.alphabet.size))
        if len(unknown):
            raise UsageError(
                f"position {model.numbering.positions[unknown[0]]} has an unknown "
                "letter in the wild type, which cannot be kept; leave it free",
                parameter="fix",
            )
        letters[fixed] = False
        letters[fixed, wild_type[fixed]] = True
    distances = _budget(model, max_mutations, min_mutations)
    check_distance(min_distance, model.length)
    for row in () if away_from is None else away_from:
        distances.append(Distance(row, min_distance, model.length))
    return Problem(model, letters, tuple(distances))


def default_letters(model: PottsModel) -> NDArray[np.bool_]:
    """Return all of a model's letters but the gap, (L, q) bool."""
    letters = np.zeros(model.fields.shape, bool)
    letters[:, max(1, model.states.start) :] = True
    return letters


def check_distance(distance: int, length: int) -> None:
    """Refuse a distance between sequences that is none.

    Raises
    ------
    UsageError
        If it is not from 1 to the number of sites.
    """
    if not 1 <= distance <= length:
        raise UsageError(
            f"a number from 1 to {length} is needed",
            parameter="min_distance",
            value=distance,
        )


def _budget(
    model: PottsModel, max_mutations: int | None, min_mutations: int | None
) -> list[Distance]:
    """Return the mutation budget as distances from the wild type."""
    given = {"max_mutations": max_mutations, "min_mutations": min_mutations}
    if max_mutations is None and min_mutations is None:
        return []
    wild_type = model.require_focus()
    for name, number in given.items():
        if number is not None and not 0 <= number <= model.length:
            raise UsageError(
                f"a number from 0 to {model.length} is needed",
                parameter=name,
                value=number,
            )
    most = model.length if max_mutations is None else max_mutations
    least = 0 if min_mutations is None else min_mutations
    if least > most:
        raise UsageError(
            f"at most {most} are allowed by `max_mutations`",
            parameter="min_mutations",
            value=least,
        )
    rule = "max_mutations" if min_mutations is None else "min_mutations"
    if max_mutations is None or min_mutations is None:
        return [Distance(wild_type, least, most, rule)]
    # Each in its own name, for messages.
    return [
        Distance(wild_type, 0, most, "max_mutations"),
        Distance(wild_type, least, model.length, "min_mutations"),
    ]
