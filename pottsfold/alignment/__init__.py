"""Sequences in: a family's alignment as codes, weights and numbering.

An :class:`Alignment` holds N sequences over L match columns as uint8 codes of its
alphabet (gap 0, unknown ``alphabet.unknown``), one weight a sequence, and the
residue number of every column. Its ``history`` says in sentences what reading and
filtering did, so nothing is dropped in silence.
"""

from pottsfold.alignment.alignment import Alignment, Source
from pottsfold.alignment.clusters import clustered_folds
from pottsfold.alignment.filters import (
    drop_duplicates,
    drop_fragments,
    drop_gapped_columns,
    drop_gapped_sequences,
)
from pottsfold.alignment.frequencies import (
    pair_frequencies,
    site_frequencies,
    site_occupancy,
)
from pottsfold.alignment.numbering import Numbering
from pottsfold.alignment.read import read_alignment
from pottsfold.alignment.summary import AlignmentSummary, summarize
from pottsfold.alignment.weights import identity_weights, reweight

__all__ = [
    "Alignment",
    "AlignmentSummary",
    "Numbering",
    "Source",
    "clustered_folds",
    "drop_duplicates",
    "drop_fragments",
    "drop_gapped_columns",
    "drop_gapped_sequences",
    "identity_weights",
    "pair_frequencies",
    "read_alignment",
    "reweight",
    "site_frequencies",
    "site_occupancy",
    "summarize",
]
