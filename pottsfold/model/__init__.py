"""The pairwise Potts model as a value, its energy, its gauge and its file.

    E(x) = - sum_i h_i(x_i) - sum_{i<j} J_ij(x_i, x_j),   P(x) = exp(-E(x)) / Z

in nats: low energy is probable. Fields h are (L, q), couplings J (L, L, q, q) with
``J[i, j, a, b] == J[j, i, b, a]`` and ``J[i, i] == 0``, both float32; sums are made
in float64; of a model whose couplings are on a graph of some pairs, J is (M, q, q), a
block for each of a site's partners. Arrays always have a place for every letter of the
alphabet, the gap (code 0) among them; with ``gaps="missing"`` the gap's entries are
zero, so a gap, like an unknown letter, adds nothing to an energy.
"""

from pottsfold.model.energy import conditional_log_probabilities, energy, local_fields
from pottsfold.model.fit import Fit, FitReport
from pottsfold.model.gauge import zero_sum
from pottsfold.model.graph import PairGraph
from pottsfold.model.header import ModelHeader
from pottsfold.model.independent import independent_fields
from pottsfold.model.potts import PottsModel, model_bytes
from pottsfold.model.reading import load_fit, read_header
from pottsfold.model.storage import save_fit

__all__ = [
    "Fit",
    "FitReport",
    "ModelHeader",
    "PairGraph",
    "PottsModel",
    "conditional_log_probabilities",
    "energy",
    "independent_fields",
    "load_fit",
    "local_fields",
    "model_bytes",
    "read_header",
    "save_fit",
    "zero_sum",
]
