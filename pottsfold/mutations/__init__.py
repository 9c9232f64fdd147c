"""What substitutions do to the focus sequence's energy.

A mutant is a tuple of :class:`Substitution`, written ``A23T:G56D`` in the focus
sequence's own residue numbers. Its effect is

    log_odds = E(wild type) - E(mutant) = additive + epistasis

in nats, negative = harmful: ``additive`` sums the substitutions' effects one by one,
``epistasis`` what pairs of them do beyond that, and ``independent`` is the same
under the site-independent model. Many mutants at once are :class:`Mutants`, flat
arrays of columns and codes, each with a status and a reason.
"""

from pottsfold.mutations.background import in_background
from pottsfold.mutations.effects import (
    Effects,
    EffectTables,
    effect_tables,
    independent_log_odds,
    mutant_effects,
    pair_epistasis,
    single_log_odds,
)
from pottsfold.mutations.library.files import mutant_column, read_library
from pottsfold.mutations.library.numbering_shift import NumberingShift, numbering_shift
from pottsfold.mutations.library.parse_one import place
from pottsfold.mutations.library.parsing import place_sequences, place_texts
from pottsfold.mutations.mutants import Mutants
from pottsfold.mutations.notation import Substitution, read_mutant, write_mutant
from pottsfold.mutations.scan import conservation, scan_table
from pottsfold.mutations.scoring import (
    effect_table,
    library_summary,
    place_library,
    score_table,
)
from pottsfold.mutations.streaming import score_library

__all__ = [
    "EffectTables",
    "Effects",
    "Mutants",
    "NumberingShift",
    "Substitution",
    "conservation",
    "effect_table",
    "effect_tables",
    "in_background",
    "independent_log_odds",
    "library_summary",
    "mutant_column",
    "mutant_effects",
    "numbering_shift",
    "pair_epistasis",
    "place",
    "place_library",
    "place_sequences",
    "place_texts",
    "read_library",
    "read_mutant",
    "scan_table",
    "score_library",
    "score_table",
    "single_log_odds",
    "write_mutant",
]
