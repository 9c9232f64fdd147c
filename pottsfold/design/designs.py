"""Designs: the best sequence, the best that differs from it, and so on."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pottsfold.design import annealing, exact, few_changes
from pottsfold.design.problem import Distance, Problem, check_distance
from pottsfold.errors import UsageError
from pottsfold.model import energy

# Seconds for a list of designs.
TIME_LIMIT = 60.0


@dataclass(frozen=True, eq=False)
class Design:
    """A sequence, and how sure it is.

    Parameters
    ----------
    codes : (L,) uint8
        Letters.
    energy : float
        In nats.
    proven : bool
        Whether no sequence that obeys the rules, and keeps its distance from the
        designs before it, has less: to within the solver's rounding.
    gap : float
        Nats by which one could lie below; 0 if proven, infinity if nothing is known.
    rounding : float
        Nats by which the solver's whole costs may miss the difference of two energies.
    """

    codes: NDArray[np.uint8]
    energy: float
    proven: bool
    gap: float
    rounding: float = 0.0


@dataclass(frozen=True, eq=False)
class Designs:
    """Designs by rising energy.

    Parameters
    ----------
    found : tuple of Design
        Best first.
    exhausted : bool
        Whether it is proven that the rules leave no further one.
    interrupted : bool
        Whether Ctrl-C ended the search.
    """

    found: tuple[Design, ...]
    exhausted: bool = False
    interrupted: bool = False


def design_sequences(
    problem: Problem,
    number: int = 1,
    *,
    min_distance: int = 1,
    seed: int = 0,
    time_limit: float = TIME_LIMIT,
    announce: Callable[[str], None] = lambda _message: None,
    progress: Callable[[int, int, str], None] = lambda _done, _total, _doing: None,
) -> Designs:
    """Find the sequences of lowest energy that differ enough from each other.

    The first is the best of the problem, each further one the best of those that
    differ from all before it. Annealing finds a first answer; exact searches then
    improve it or prove it, and give a bound where their time ends: branch and bound
    within a budget of mutations, and toulbar2 (the extra ``design``), without which
    nothing else is proven.

    Parameters
    ----------
    problem : Problem
        The rules.
    number : int
        Number of sequences.
    min_distance : int
        Sites at which any two of them differ, at least.
    seed : int
        Of annealing. Where all is proven the result does not depend on it, but for
        sequences of equal energy.
    time_limit : float
        Wall seconds for the exact searches, shared by the sequences still to come.
    announce : callable
        Called with sentences for people.
    progress : callable
        Called after every design with how many there are, ``number``, and "".

    Returns
    -------
    Designs
        Fewer than ``number`` if there are no more, or Ctrl-C came.

    Raises
    ------
    UsageError
        If a number is out of range, or no sequence obeys all rules.
    """
    _check(problem, number, min_distance, seed, time_limit)
    hindrance = exact.hindrance(problem)
    if hindrance is not None:
        announce(f"{hindrance}; without it small mutation budgets alone are proven")
    provable = hindrance is None
    found: list[Design] = []
    exhausted = interrupted = False
    end = time.monotonic() + time_limit
    for rank in range(1, number + 1):
        try:
            further = _further(problem, found, min_distance)
        except UsageError:
            exhausted = True
            break
        try:
            best = annealing.anneal(further, seed + rank - 1)
        except KeyboardInterrupt:
            interrupted = True
            break
        share = (end - time.monotonic()) / (number - rank + 1)
        try:
            proof = _prove(further, best, max(share, 0.0), provable=provable)
        except KeyboardInterrupt:
            proof = exact.Proof(None, -np.inf, False, 0.0, interrupted=True)
        interrupted = proof.interrupted
        one = _judged(further, best, proof, after_proof=all(d.proven for d in found))
        if one is None:
            exhausted = proof.complete
            break
        found.append(one)
        progress(rank, number, "")
        if rank == 1:
            announce(_told(one))
        if interrupted:
            break
    if not found and exhausted:
        raise UsageError("no sequence obeys all rules together; relax one")
    found.sort(key=lambda one: one.energy)
    return Designs(tuple(found), exhausted, interrupted)


def _check(
    problem: Problem, number: int, min_distance: int, seed: int, time_limit: float
) -> None:
    for name, value, least in (("number", number, 1), ("seed", seed, 0)):
        if value < least:
            raise UsageError(f"at least {least} is needed", parameter=name, value=value)
    if not 0 < time_limit < np.inf:
        raise UsageError(
            "a number of seconds above 0 is needed",
            parameter="time_limit",
            value=time_limit,
        )
    check_distance(min_distance, problem.model.length)


def _further(problem: Problem, found: list[Design], min_distance: int) -> Problem:
    """Return the problem of the sequences that are apart from those found."""
    length = problem.model.length
    return problem.with_distances(
        *(Distance(one.codes, min_distance, length) for one in found)
    )


def _prove(
    problem: Problem,
    best: NDArray[np.uint8] | None,
    seconds: float,
    *,
    provable: bool,
) -> exact.Proof:
    """Improve or prove a first answer: by branch and bound if there is a budget.

    What that leaves open in half of the time goes to the solver.
    """
    end = time.monotonic() + seconds
    bound, better = -np.inf, None
    if few_changes.budget_of(problem) is not None:
        own = few_changes.search_few_changes(
            problem, best, seconds / 2 if provable else seconds
        )
        bound, better = own.bound, own.codes
        if own.complete or own.interrupted or not provable:
            return exact.Proof(better, bound, own.complete, 0.0, own.interrupted)
    left = end - time.monotonic()
    if not provable or left <= 0:
        return exact.Proof(better, bound, False, 0.0)
    proof = exact.prove(problem, best if better is None else better, left)
    codes = better if proof.codes is None else proof.codes
    return replace(proof, codes=codes, bound=max(bound, proof.bound))


def _judged(
    problem: Problem,
    best: NDArray[np.uint8] | None,
    proof: exact.Proof,
    *,
    after_proof: bool,
) -> Design | None:
    """Return the better of what both searches found, checked once more."""
    codes = best if proof.codes is None else proof.codes
    if codes is None:
        return None
    broken = problem.broken(codes)
    if broken is not None:
        raise AssertionError(f"the search left the rules: {broken}")
    value = float(energy(problem.model, codes)[0])
    if best is not None:
        # Within the rounding the solver may prefer a sequence that is no better.
        known = float(energy(problem.model, best)[0])
        if known < value:
            codes, value = best, known
    gap = 0.0 if proof.complete else max(0.0, value - proof.bound)
    return Design(codes, value, proof.complete and after_proof, gap, proof.rounding)


def _told(one: Design) -> str:
    """Say how sure the first design is."""
    if one.proven:
        sure = f"proven to be the best, to within {max(one.rounding, 1e-6):.1g} nats"
    elif np.isfinite(one.gap):
        sure = f"not proven: at most {one.gap:.2f} nats above the best"
    else:
        sure = "not proven"
    return f"lowest energy {one.energy:.4f} nats, {sure}"
