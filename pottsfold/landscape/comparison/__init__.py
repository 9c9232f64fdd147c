"""How good are the samples: sampled sequences beside natural ones.

:func:`compare` sets statistics of sampled sequences against those of an alignment, and
beside each the value that natural sequences reach in the samples' place. Natural
sequences count by weight: statistics of letters use the weights, and where single
sequences are looked at (energies, identities, principal components) each natural one
is taken with a probability in proportion to its weight.

A model with ``gaps="missing"`` draws no gaps. Statistics are then of letters alone,
over the sequences that have one at every site concerned; for the rest each sample gets
the gaps of a natural sequence, so that both sides add up as many terms.
"""

from pottsfold.landscape.comparison.agreement import Agreement
from pottsfold.landscape.comparison.comparing import Comparison, compare
from pottsfold.landscape.comparison.spreads import Spread
from pottsfold.landscape.comparison.summary import comparison_lines, comparison_table

__all__ = [
    "Agreement",
    "Comparison",
    "Spread",
    "compare",
    "comparison_lines",
    "comparison_table",
]
