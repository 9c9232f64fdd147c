"""Moves: how chains change their letters.

A move is a value that checks its own settings. To add one, write a file with a
frozen dataclass that inherits from :class:`Move` and defines ``stepper``, and add a
line to :data:`MOVES`: ``pottsfold sample --algorithm`` then offers it.
"""

from pottsfold.sampling.moves.base import Move, Stepper
from pottsfold.sampling.moves.gibbs import Gibbs
from pottsfold.sampling.moves.metropolis import Metropolis
from pottsfold.sampling.moves.tempering import Tempering

# By the name that users write.
MOVES: dict[str, type[Move]] = {
    "gibbs": Gibbs,
    "metropolis": Metropolis,
    "tempering": Tempering,
}

__all__ = ["MOVES", "Gibbs", "Metropolis", "Move", "Stepper", "Tempering"]
