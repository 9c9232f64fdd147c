"""Rescue: substitutions at other sites that restore a harmful mutant.

All single substitutions are examined, and all pairs of them. A rescue is judged by
what it restores and by how much of that is owed to the mutant, so that a real
compensation is told from a stabilizer that would improve any protein; see
:mod:`pottsfold.mutations.rescue.search`.
"""

from pottsfold.mutations.rescue.classify import KINDS, NEUTRAL, rescue_kinds
from pottsfold.mutations.rescue.cooccurrence import Seen, seen_in_family
from pottsfold.mutations.rescue.search import (
    RankedBy,
    Rescues,
    double_rescues,
    single_rescues,
)
from pottsfold.mutations.rescue.table import (
    harmless_warning,
    partner_line,
    place_mutant,
    rescue_summary,
    rescue_table,
)

__all__ = [
    "KINDS",
    "NEUTRAL",
    "RankedBy",
    "Rescues",
    "Seen",
    "double_rescues",
    "harmless_warning",
    "partner_line",
    "place_mutant",
    "rescue_kinds",
    "rescue_summary",
    "rescue_table",
    "seen_in_family",
    "single_rescues",
]
