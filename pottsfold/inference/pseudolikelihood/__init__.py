"""Symmetric pseudolikelihood: each letter of a sequence given all its others.

Minimised, over fields h and one coupling block a pair,

    - sum_n w_n sum_i log P(x_ni | x_n,-i) + lambda_h sum h^2
                                          + lambda_j sum_{i<j} ||J_ij||^2

(Ekeberg et al. 2013, Phys Rev E 87:012707; sums not divided by Neff, no 1/2, each
pair penalised once: the objective of plmc, CCMpred and GREMLIN).

The fields are not left to the optimiser. Given the couplings they are L separate
convex problems of q unknowns, which Newton steps solve at every evaluation for a
small share of its cost; L-BFGS then minimises over the couplings alone what is left
(variable projection; Golub & Pereyra 1973, SIAM J Numer Anal 10:413). The weakly
penalised fields are what makes the joint problem ill-conditioned: without them a
relative gap of 1e-5 takes 19 evaluations instead of 220 (1atzA, 3,000 x 75).
"""

from pottsfold.inference.pseudolikelihood.fit import (
    MAX_ITERATIONS,
    TOLERANCE,
    fit_pseudolikelihood,
)
from pottsfold.inference.pseudolikelihood.plan import Form

__all__ = ["MAX_ITERATIONS", "TOLERANCE", "Form", "fit_pseudolikelihood"]
