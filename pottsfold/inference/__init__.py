"""A model from an alignment.

Every ``fit_*`` function takes a weighted :class:`~pottsfold.alignment.Alignment`
and returns a :class:`~pottsfold.model.Fit`, a model and the report of its making.

==========================  =================================================
``fit_independent``         sites by themselves: conservation
``fit_mean_field``          inverse covariance: fast, good for contacts
``fit_pseudolikelihood``    each letter given the others: the default
``fit_boltzmann``           samples have the family's statistics
==========================  =================================================

``fit_sparse`` is Boltzmann learning of few couplings. Penalties are chosen by
leaving relatives out: ``cross_validate_penalties`` for pseudolikelihood,
``cross_validate_boltzmann_penalty`` for Boltzmann learning.
"""

from pottsfold.inference.boltzmann import (
    BoltzmannPenaltySelection,
    cross_validate_boltzmann_penalty,
    fit_boltzmann,
    fit_sparse,
)
from pottsfold.inference.independent import fit_independent
from pottsfold.inference.mean_field import fit_mean_field
from pottsfold.inference.pseudolikelihood import fit_pseudolikelihood
from pottsfold.inference.pseudolikelihood.penalty import (
    RegularizationSelection,
    cross_validate_penalties,
)
from pottsfold.inference.regularization import Regularization

__all__ = [
    "RegularizationSelection",
    "BoltzmannPenaltySelection",
    "Regularization",
    "cross_validate_boltzmann_penalty",
    "cross_validate_penalties",
    "fit_boltzmann",
    "fit_independent",
    "fit_mean_field",
    "fit_pseudolikelihood",
    "fit_sparse",
]
