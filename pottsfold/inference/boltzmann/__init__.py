"""Boltzmann learning: a model whose own samples have the family's statistics."""

from pottsfold.inference.boltzmann.fit import fit_boltzmann
from pottsfold.inference.boltzmann.penalty import (
    BoltzmannPenaltySelection,
    cross_validate_boltzmann_penalty,
)
from pottsfold.inference.boltzmann.sparse.fit import fit_sparse

__all__ = [
    "BoltzmannPenaltySelection",
    "cross_validate_boltzmann_penalty",
    "fit_boltzmann",
    "fit_sparse",
]
