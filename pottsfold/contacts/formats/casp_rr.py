"""CASP's format for residue-residue contacts, PFRMAT RR."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pottsfold.contacts.coupling_map import CouplingMap
from pottsfold.contacts.formats.checked_text import CheckedText, Dialect
from pottsfold.contacts.formats.contact_format import ContactFormat, as_text
from pottsfold.contacts.formats.restraints import likelihoods
from pottsfold.contacts.precision import CONTACT_DISTANCE
from pottsfold.contacts.ranking import DEFAULT_SEPARATION
from pottsfold.errors import UsageError, visible

if TYPE_CHECKING:
    import pandas as pd

RESIDUES_PER_LINE = 50
MAX_SEQUENCE_LENGTH = 100_000
NOT_KNOWN = "X"
RECORDS = Dialect("a CASP RR file", r"[^\s\x00-\x1f]+")


def casp_rr_text(pairs: pd.DataFrame, coupling: CouplingMap) -> CheckedText:
    """Return pairs as a CASP RR prediction [1]_.

    Records PFRMAT, TARGET, AUTHOR, REMARK, METHOD, MODEL, the sequence in lines of
    50, then ``i j 0 8 p`` with i < j, p from 0 to 1, the most likely first, and
    END; blanks alone separate. Numbers count from 1 along the sequence that is
    given, which runs from the first site to the last; a residue between them that is
    no site is X. A REMARK tells what residue 1 is, another what p is: the probability
    of contact where the table has one, else the score over the largest.

    Parameters
    ----------
    pairs : DataFrame
        From :func:`pottsfold.contacts.ranked_pairs`.
    coupling : CouplingMap
        The map they are from.

    Raises
    ------
    UsageError
        If there is no focus sequence, or its numbers span more than 100,000.

    References
    ----------
    .. [1] https://predictioncenter.org/casp12/index.cgi?page=format
    """
    positions = coupling.numbering.positions
    first, last = int(positions[0]), int(positions[-1])
    if not coupling.letters.strip("-"):
        raise UsageError(
            "an RR file begins with the sequence, and this model has no focus; "
            "fit with a focus sequence, or take another format"
        )
    if last - first >= MAX_SEQUENCE_LENGTH:
        raise UsageError(
            f"an RR file holds the whole sequence, and the sites' numbers run from "
            f"{first} to {last}; take another format"
        )
    sequence = np.full(last - first + 1, NOT_KNOWN)
    sequence[positions - first] = list(coupling.letters.replace("-", NOT_KNOWN))
    likely = likelihoods(pairs)
    known = "probability" in pairs and pairs["probability"].notna().any()
    fill = RECORDS.fill
    remark = (
        "REMARK p is the probability of contact"
        if known
        else "REMARK p is the coupling score over the largest, at least 0"
    )
    text = "".join(sequence)
    head = [
        fill("PFRMAT RR"),
        fill("TARGET {}", _one_word(coupling.name)),
        fill("AUTHOR pottsfold"),
        fill("REMARK residue 1 is number {} of the focus sequence", first),
        fill(remark),
        fill("METHOD pairwise Potts model of the family's alignment"),
        fill("MODEL 1"),
        *(
            fill("{}", text[start : start + RESIDUES_PER_LINE])
            for start in range(0, len(text), RESIDUES_PER_LINE)
        ),
    ]
    order = np.argsort(-likely, kind="stable")
    columns = [
        (pairs["i"].to_numpy() - first + 1)[order].tolist(),
        (pairs["j"].to_numpy() - first + 1)[order].tolist(),
        likely[order].tolist(),
    ]
    rows = RECORDS.rows(f"{{}} {{}} 0 {CONTACT_DISTANCE:g} {{:.6f}}", columns)
    return fill("{}{}END\n", RECORDS.lines(head), rows)


def _one_word(name: str) -> str:
    """Return a target's name: records are parted by blanks and ended by line ends."""
    return visible("_".join(name.split()), "_") or "unnamed"


CASP_RR = ContactFormat(
    "rr",
    "text",
    as_text(lambda given: casp_rr_text(given.pairs, given.coupling)),
    separation=DEFAULT_SEPARATION,
)
