"""Boltzmann learning of few couplings: activation and decimation."""

from pottsfold.inference.boltzmann.sparse.fit import fit_sparse

__all__ = ["fit_sparse"]
