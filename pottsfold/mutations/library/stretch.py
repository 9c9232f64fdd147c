"""Where a sequence longer than a model holds the model's sites.

Tags stand before and behind a domain, and a whole protein around it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pottsfold.lazy import lazy_module
from pottsfold.mutations.mutants import Reference

if TYPE_CHECKING:
    from pottsfold.mutations.library.parsing import kernels
else:
    kernels = lazy_module("pottsfold.mutations.library.parsing.kernels")

# Of the sites; below that a sequence is a relative, which an alignment must place.
MIN_AGREEING = 0.8
# Residues that an insertion or deletion is looked for with.
MAX_INDEL = 10


class Stretch(NamedTuple):
    """Where the sites are, or why that cannot be told.

    Parameters
    ----------
    first, last : int
        Letters of the first and last site, from 0 and inclusive.
    problem : str
        Empty if they can be told.
    """

    first: int
    last: int
    problem: str = ""


def stretch_of_sites(reference: Reference, letters: str) -> Stretch:
    """Find the one stretch of a sequence that agrees with a model's focus sequence.

    Letters stand as far apart as residue numbers. At least four in five sites must
    agree, in one stretch only, and fewer of them differ than if residues were
    inserted or deleted within it (which counts as one difference).

    Parameters
    ----------
    reference : PottsModel or EffectTables
        With a focus sequence.
    letters : str
        Longer than the model, without blanks.
    """
    focus = reference.require_focus()
    positions = reference.numbering.positions
    offsets = positions - positions[0]
    span = int(offsets[-1]) + 1
    needed = (
        f"one letter a site is needed, or one stretch of {span} letters that agrees "
        f"with the focus sequence in at least {MIN_AGREEING:.0%} of the sites"
    )
    gapped = "-" in letters or "." in letters
    if span > len(letters) or gapped or (focus < reference.states.start).any():
        return Stretch(0, 0, needed)
    codes = reference.alphabet.encode(letters)
    most = int((1 - MIN_AGREEING) * reference.length + 1e-9)
    starts = np.zeros(2, np.int64)
    count = kernels.agreeing_stretches(codes, focus, offsets, most, starts)
    if count == 0:
        return Stretch(0, 0, needed)
    if count > 1:
        one, other = (starts + 1).tolist()
        return Stretch(
            0, 0, f"stretches from letters {one} and {other} agree alike; cut it to one"
        )
    sites = offsets + starts[0]
    differences = int(np.count_nonzero(codes[sites] != focus))
    first, last = int(sites[0]), int(sites[-1])
    if kernels.differences_with_indel(codes, focus, sites, MAX_INDEL) < differences:
        return Stretch(
            0,
            0,
            f"residues seem to be inserted or deleted in letters {first + 1} to "
            f"{last + 1}; align it to the model's sites",
        )
    return Stretch(first, last)
