"""Designs by the formulas: every sequence tried, and annealing without local fields."""

import itertools
import math

from tests.naive.model import energy
from tests.naive.sampling import next_word


def keeps(x, bounds):
    """Whether distances from (sequence, least, most) are within their bounds."""
    return broken(x, bounds) == 0


def broken(x, bounds):
    """By how much all distances together leave their bounds."""
    total = 0
    for reference, least, most in bounds:
        apart = sum(int(x[i]) != int(reference[i]) for i in range(len(x)))
        total += max(least - apart, apart - most, 0)
    return total


def sequences(letters, bounds):
    """All sequences of the letters of each site that keep the bounds."""
    return [x for x in itertools.product(*letters) if keeps(x, bounds)]


def lowest(letters, bounds, h, J):
    """The lowest energy among them, None if there is no sequence."""
    return min((energy(x, h, J) for x in sequences(letters, bounds)), default=None)


def diverse(letters, bounds, h, J, count, apart):
    """Energies of the best, the best at least ``apart`` from it, and so on."""
    found = []
    kept = list(bounds)
    while len(found) < count:
        left = sequences(letters, kept)
        if not left:
            break
        best = min(left, key=lambda x: energy(x, h, J))
        found.append(energy(best, h, J))
        kept.append((best, apart, len(best)))
    return found


def anneal(x, state, temperatures, letters, bounds, h, J):
    """The best sequence on a way of single changes and pairs with a reversion.

    Each proposal is judged by energies of whole sequences. Returns None if no sequence
    on the way kept the bounds.
    """
    x = [int(a) for a in x]
    sites = [i for i in range(len(x)) if len(letters[i]) > 1]
    proposals = sum(len(letters[i]) for i in sites)
    best = (energy(x, h, J), list(x)) if keeps(x, bounds) else None
    for temperature in temperatures:
        for _ in range(proposals):
            word = next_word(state)
            i = sites[((word >> 32) * len(sites)) >> 32]
            a = letters[i][((word & 0xFFFFFFFF) * len(letters[i])) >> 32]
            uniform = (next_word(state) >> 11) * 2.0**-53
            y = list(x)
            y[i] = a
            if bounds:
                word = next_word(state)
                if word & 1:
                    reference = bounds[((word >> 32) * len(bounds)) >> 32][0]
                    start = ((word & 0xFFFFFFFF) * len(sites)) >> 32
                    for j in sites[start:] + sites[:start]:
                        back = int(reference[j])
                        if j != i and x[j] != back and back in letters[j]:
                            y[j] = back
                            break
            change = broken(y, bounds) - broken(x, bounds)
            gained = energy(x, h, J) - energy(y, h, J)
            if change > 0:
                continue
            if change == 0 and gained < 0 and uniform >= math.exp(gained / temperature):
                continue
            x = y
            if keeps(x, bounds) and (best is None or energy(x, h, J) < best[0]):
                best = (energy(x, h, J), list(x))
    return None if best is None else best[1]
