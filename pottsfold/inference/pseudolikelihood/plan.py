"""What a fit takes, known before it starts."""

from __future__ import annotations

from pottsfold.alignment.frequencies import Gaps, first_state
from pottsfold.inference.memory import FLOAT32, model_bytes

# Steps and gradient changes that L-BFGS keeps. On five families 2, 3, 4, 6 and 12
# took 124, 118, 115, 112 and 117 evaluations.
MEMORY = 4


def pseudolikelihood_bytes(length: int, size: int, gaps: Gaps) -> int:
    """Return the peak bytes of a symmetric fit.

    Two points, two gradients, a direction and L-BFGS memory, one float32 a coupling
    each; at the end the point beside the model with both triangles.
    """
    states = size - first_state(gaps)
    parameters = length * (length - 1) // 2 * states**2
    while_fitting = (2 * MEMORY + 5) * parameters * FLOAT32
    at_the_end = 3 * parameters * FLOAT32 + 2 * model_bytes(length, size)
    return max(while_fitting, at_the_end)
