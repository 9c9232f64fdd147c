"""Epistasis: what two substitutions do together beyond the sum of the two.

    e_ij(a, b) = J_ij(a, b) - J_ij(a, wt_j) - J_ij(wt_i, b) + J_ij(wt_i, wt_j)

in nats, the same in every gauge; positive = better together than apart. Pairs of
substitutions are ranked by its size and have a kind (none, magnitude, sign,
reciprocal_sign); pairs of sites sum it up over all their substitutions. Deletions are
left out. Since a substitution's effect depends on the letters elsewhere, it differs
between the natural sequences of the family: :class:`BackgroundEffects`.
"""

from pottsfold.mutations.epistasis.backgrounds import (
    BackgroundEffects,
    background_effects,
    background_summary,
    background_table,
)
from pottsfold.mutations.epistasis.classify import KINDS, MIN_EFFECT, epistasis_kinds
from pottsfold.mutations.epistasis.measured_epistasis import measured_table
from pottsfold.mutations.epistasis.network import network_table
from pottsfold.mutations.epistasis.ranking import (
    SubstitutionPairs,
    epistasis_table,
    most_epistatic_pairs,
    pair_differences,
    pairs_of,
    pairs_with,
)
from pottsfold.mutations.epistasis.site_pairs import (
    SitePairs,
    site_pair_table,
    site_pairs,
    substitution_effects,
    substitution_names,
)

__all__ = [
    "KINDS",
    "MIN_EFFECT",
    "BackgroundEffects",
    "SitePairs",
    "SubstitutionPairs",
    "background_effects",
    "background_summary",
    "background_table",
    "epistasis_kinds",
    "epistasis_table",
    "measured_table",
    "network_table",
    "pair_differences",
    "pairs_of",
    "pairs_with",
    "site_pair_table",
    "site_pairs",
    "most_epistatic_pairs",
    "substitution_effects",
    "substitution_names",
]
