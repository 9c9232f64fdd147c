"""Sequences of low energy under rules, with a proof where there is one.

A :class:`Problem` is a model with rules: the letters that each position may have, and
at how many positions a design may differ from the wild type or from other sequences.
:func:`design_problem` makes it of rules as they are written. :func:`design_sequences`
finds the best sequence, the best that is far enough from it, and so on: annealing gives
a first answer, and toulbar2, an exact solver for cost-function networks, improves it or
proves that nothing is better (Allouche and others, Artificial Intelligence 212, 2014).
Costs are whole numbers there, energies rounded to 2^-24 nat or as fine as they fit.
"""

from pottsfold.design.annealing import anneal
from pottsfold.design.designs import Design, Designs, design_sequences
from pottsfold.design.exact import Proof, can_prove, prove
from pottsfold.design.output import design_table, write_designs
from pottsfold.design.problem import Distance, Problem, design_problem

__all__ = [
    "Design",
    "Designs",
    "Distance",
    "Problem",
    "Proof",
    "anneal",
    "can_prove",
    "design_problem",
    "design_sequences",
    "design_table",
    "prove",
    "write_designs",
]
