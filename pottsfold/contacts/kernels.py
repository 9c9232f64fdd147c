"""Distances between groups of atoms. Arrays only; callers check.

Residue k has the atoms starts[k] .. starts[k + 1] - 1.
"""

from pottsfold.jit import kernel


@kernel
def lower_to_nearest(atoms, starts, others, other_starts, squares):
    """Lower squares[k, l] to the smallest |x - y|^2, x an atom of k, y of l.

    atoms (n, 3) and others (m, 3) float64; starts (K + 1,) and other_starts (M + 1,)
    int64; squares (K, M) float64, changed in place.
    """
    for k in range(len(starts) - 1):
        for m in range(len(other_starts) - 1):
            nearest = squares[k, m]
            for a in range(starts[k], starts[k + 1]):
                for b in range(other_starts[m], other_starts[m + 1]):
                    x = atoms[a, 0] - others[b, 0]
                    y = atoms[a, 1] - others[b, 1]
                    z = atoms[a, 2] - others[b, 2]
                    nearest = min(nearest, x * x + y * y + z * z)
            squares[k, m] = nearest
