"""Sequences out: Monte Carlo sampling of a model.

A :class:`Target` is a model with conditions: positions that keep their letters,
letters that are not drawn. :class:`Chains` are sequences under way, each with a random
state of its own; a :class:`Sampler` takes chains and returns chains, so that the same
seed gives the same sequences for any number of threads. How letters change is a
:class:`Move`: ``Gibbs()``, ``Metropolis()`` or ``Tempering()``. A *sweep* visits every
free site once, in their order.
"""

from pottsfold.sampling.chains import Chains, random_states, start_chains
from pottsfold.sampling.draw import Samples, draw_samples
from pottsfold.sampling.mixing import Diagnosis
from pottsfold.sampling.moves import MOVES, Gibbs, Metropolis, Move, Tempering
from pottsfold.sampling.output import Making, write_samples
from pottsfold.sampling.sampler import Sampler, StepInfo, anneal
from pottsfold.sampling.target import Target

__all__ = [
    "MOVES",
    "Chains",
    "Diagnosis",
    "Gibbs",
    "Making",
    "Metropolis",
    "Move",
    "Sampler",
    "Samples",
    "StepInfo",
    "Target",
    "Tempering",
    "anneal",
    "draw_samples",
    "random_states",
    "start_chains",
    "write_samples",
]
