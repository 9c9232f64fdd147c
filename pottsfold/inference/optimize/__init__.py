"""Minimising smooth functions of very many float32 numbers: L-BFGS.

Vectors stay float32 and their sums are made in float64, in an order that does not
depend on the number of threads, so that the same fit gives the same bits.
"""

from pottsfold.inference.optimize.lbfgs import Minimum, Progress, minimize

__all__ = ["Minimum", "Progress", "minimize"]
