"""Boltzmann learning: a model whose own samples have the family's statistics."""

from pottsfold.inference.boltzmann.fit import fit_boltzmann
from pottsfold.inference.boltzmann.penalty import PenaltyChoice, choose_penalty
from pottsfold.inference.boltzmann.sparse.fit import fit_sparse

__all__ = ["PenaltyChoice", "choose_penalty", "fit_boltzmann", "fit_sparse"]
