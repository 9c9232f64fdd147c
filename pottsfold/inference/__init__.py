"""A model from an alignment.

A method is a value that holds its settings, and fits:
``Pseudolikelihood(lambda_h=1).fit(alignment)`` returns a
:class:`~pottsfold.model.Fit`, a model and the report of its making.

====================  =====================  ===================================
``Independent``       ``fit_independent``    sites by themselves: conservation
``MeanField``         ``fit_mean_field``     inverse covariance: fast, contacts
``Pseudolikelihood``  ``fit_pseudolikelihood``  each letter given the others
``Boltzmann``         ``fit_boltzmann``      samples have the family's statistics
====================  =====================  ===================================

The functions are what the methods call. ``fit_sparse`` is Boltzmann learning of few
couplings. Penalties are chosen by leaving relatives out: ``cross_validate_penalties``
for pseudolikelihood, ``cross_validate_boltzmann_penalty`` for Boltzmann learning.
"""

from typing import TYPE_CHECKING

from pottsfold.inference.method import Method
from pottsfold.inference.methods import (
    METHODS,
    Boltzmann,
    Independent,
    MeanField,
    Pseudolikelihood,
    method_named,
)
from pottsfold.inference.regularization import (
    Regularization,
    default_regularization,
    plmc_regularization,
)
from pottsfold.lazy import lazy_names

if TYPE_CHECKING:
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

# Each of these needs libraries that the others do without.
__getattr__ = lazy_names(
    __name__,
    {
        "BoltzmannPenaltySelection": "pottsfold.inference.boltzmann",
        "RegularizationSelection": "pottsfold.inference.pseudolikelihood.penalty",
        "cross_validate_boltzmann_penalty": "pottsfold.inference.boltzmann",
        "cross_validate_penalties": "pottsfold.inference.pseudolikelihood.penalty",
        "fit_boltzmann": "pottsfold.inference.boltzmann",
        "fit_independent": "pottsfold.inference.independent",
        "fit_mean_field": "pottsfold.inference.mean_field",
        "fit_pseudolikelihood": "pottsfold.inference.pseudolikelihood",
        "fit_sparse": "pottsfold.inference.boltzmann",
    },
)

__all__ = [
    "METHODS",
    "Boltzmann",
    "Independent",
    "MeanField",
    "Method",
    "BoltzmannPenaltySelection",
    "RegularizationSelection",
    "Pseudolikelihood",
    "Regularization",
    "cross_validate_boltzmann_penalty",
    "cross_validate_penalties",
    "default_regularization",
    "fit_boltzmann",
    "fit_independent",
    "fit_mean_field",
    "fit_pseudolikelihood",
    "fit_sparse",
    "method_named",
    "plmc_regularization",
]
