"""A model beside a measured library: how well it ranks, and what it can learn.

Measured scores are in the assay's own unit, higher = fitter; predictions in nats,
negative = harmful. Only their order is compared (:mod:`.metrics`), by the number of
mutations (:mod:`.agreement`); for double mutants also the epistasis
(:mod:`.epistasis_agreement`). A few measurements make the model better:
:mod:`.augmented` learns what it misses, :mod:`.learning` says how much that is worth.
"""

from pottsfold.mutations.assays.agreement import agreement_table, depth_classes
from pottsfold.mutations.assays.assay_table import Measurements, measurements
from pottsfold.mutations.assays.augmented import (
    Augmented,
    AugmentedScores,
    augmented_scores,
    fit_augmented,
)
from pottsfold.mutations.assays.epistasis_agreement import (
    epistasis_agreement_table,
    predicted_epistasis,
)
from pottsfold.mutations.assays.learning import learning_curve, learning_lines
from pottsfold.mutations.assays.metrics import (
    area_under_curve,
    ndcg,
    spearman,
    top_recall,
)
from pottsfold.mutations.assays.storage import load_augmented, save_augmented
from pottsfold.mutations.assays.summary import agreement_lines, epistasis_lines

__all__ = [
    "Augmented",
    "AugmentedScores",
    "Measurements",
    "agreement_lines",
    "agreement_table",
    "area_under_curve",
    "augmented_scores",
    "depth_classes",
    "epistasis_agreement_table",
    "epistasis_lines",
    "fit_augmented",
    "learning_curve",
    "learning_lines",
    "load_augmented",
    "measurements",
    "ndcg",
    "predicted_epistasis",
    "save_augmented",
    "spearman",
    "top_recall",
]
