"""Limited-memory BFGS over float32 vectors with float64 sums.

Nocedal & Wright, Numerical Optimization, 2nd ed., algorithm 7.4, the two-loop
recursion. The line search shortens a step until the function has fallen enough, and
lengthens it while it falls as steeply as at the start. For convex functions, as the
ones here, every step then has positive curvature.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pottsfold.inference.optimize import vectors
from pottsfold.inference.optimize.vectors import Vector
from pottsfold.threads import Workers

Objective = Callable[[Vector, Vector], float]
Progress = Callable[[int, float, float], None]

SUFFICIENT_DECREASE = 1e-4
CURVATURE = 0.9
MAX_TRIALS = 20
# Gains below this share of the value are not told from rounding in float32.
ROUNDING = 1e-6


@dataclass(frozen=True)
class Minimum:
    """Where a minimisation ended.

    Parameters
    ----------
    point : (n,) float32
        The best point.
    objectives : tuple of float
        At the start and after every iteration.
    gradient_norm : float
        At the end.
    n_evaluations : int
        Calls of the objective.
    converged : bool
        Whether the test was met.
    stopped_because : str
        In words.
    """

    point: Vector
    objectives: tuple[float, ...]
    gradient_norm: float
    n_evaluations: int
    converged: bool
    stopped_because: str


def minimize(
    objective: Objective,
    start: Vector,
    workers: Workers,
    *,
    tolerance: float,
    max_iterations: int,
    first_step: float,
    memory: int,
    progress: Progress | None = None,
) -> Minimum:
    """Minimise a smooth function.

    Parameters
    ----------
    objective : callable
        ``objective(point, gradient)`` writes the gradient, (n,) float32, and
        returns the value.
    start : (n,) float32
        Where to begin; used as working memory.
    workers : Workers
        Threads for sums over vectors; the result does not depend on them.
    tolerance : float
        Converged when the last step gained, and the quadratic model promises the
        next, less than this share of the value. The distance to the minimum is then
        of that size too.
    max_iterations : int
        Iterations at most.
    first_step : float
        The first trial is ``start - first_step * gradient``.
    memory : int
        Pairs of steps and gradient changes kept, 2 n float32 each. Five vectors
        more are taken.
    progress : callable, optional
        Called as ``progress(iteration, value, gradient_norm)``.

    Returns
    -------
    Minimum
    """
    here = _Place(start, np.empty_like(start))
    there = _Place(np.empty_like(start), np.empty_like(start))
    direction = np.empty_like(start)
    history = _History(workers, memory, len(start))
    here.value = objective(here.point, here.gradient)
    evaluations = 1
    values = [here.value]
    converged, reason = False, f"{max_iterations} iterations were made"
    for iteration in range(max_iterations + 1):
        slope = history.direct(here.gradient, direction)
        ahead = -0.5 * slope / abs(here.value)
        behind = (values[-2] - here.value) / abs(here.value) if iteration else np.inf
        if slope == 0 or max(ahead, behind) < tolerance:
            converged = True
            reason = f"a step gains less than {tolerance:g} of the objective"
            break
        if iteration == max_iterations:
            break
        step = 1.0 if history.pairs else first_step
        trials = _line_search(objective, workers, here, there, direction, slope, step)
        evaluations += abs(trials)
        if trials < 0:
            converged = ahead < ROUNDING
            reason = "no step lowers the objective in float32"
            break
        history.remember(here, there)
        here, there = there, here
        values.append(here.value)
        if progress is not None:
            progress(iteration + 1, here.value, _norm(workers, here.gradient))
    return Minimum(
        here.point,
        tuple(values),
        _norm(workers, here.gradient),
        evaluations,
        converged,
        reason,
    )


def _norm(workers: Workers, x: Vector) -> float:
    return float(np.sqrt(vectors.dot(workers, x, x)))


@dataclass
class _Place:
    """A point, its gradient and its value."""

    point: Vector
    gradient: Vector
    value: float = np.inf


class _History:
    """The last steps and gradient changes, oldest first."""

    def __init__(self, workers: Workers, memory: int, size: int) -> None:
        self.pairs: list[tuple[Vector, Vector, float]] = []
        self._workers = workers
        self._memory = memory
        self._size = size

    def remember(self, before: _Place, after: _Place) -> None:
        """Add the pair between two places, unless rounding has spoilt it."""
        if len(self.pairs) == self._memory:
            step, change, _ = self.pairs.pop(0)
        else:
            step = np.empty(self._size, np.float32)
            change = np.empty(self._size, np.float32)
        vectors.subtract(self._workers, after.point, before.point, step)
        vectors.subtract(self._workers, after.gradient, before.gradient, change)
        curvature = vectors.dot(self._workers, step, change)
        if curvature > 1e-10 * vectors.dot(self._workers, change, change):
            self.pairs.append((step, change, curvature))

    def direct(self, gradient: Vector, direction: Vector) -> float:
        """Write minus the approximate inverse Hessian times the gradient.

        Returns the slope along it, which is not above zero.
        """
        workers = self._workers
        np.negative(gradient, out=direction)
        factors = []
        for step, change, curvature in reversed(self.pairs):
            factor = vectors.dot(workers, step, direction) / curvature
            factors.append(factor)
            vectors.add_scaled(workers, -factor, change, direction)
        if self.pairs:
            _, change, curvature = self.pairs[-1]
            direction *= np.float32(curvature / vectors.dot(workers, change, change))
        for (step, change, curvature), factor in zip(
            self.pairs, reversed(factors), strict=True
        ):
            back = vectors.dot(workers, change, direction) / curvature
            vectors.add_scaled(workers, factor - back, step, direction)
        slope = vectors.dot(workers, direction, gradient)
        if slope > 0:
            # Rounding has spoilt the memory: begin anew, straight downhill.
            self.pairs.clear()
            return self.direct(gradient, direction)
        return slope


def _line_search(
    objective: Objective,
    workers: Workers,
    here: _Place,
    there: _Place,
    direction: Vector,
    slope: float,
    step: float,
) -> int:
    """Fill ``there`` with a point enough lower than ``here``.

    Returns the number of trials, negative when none was good.
    """
    low, high = 0.0, np.inf
    low_value, low_slope = here.value, slope
    good = False
    for trial in range(1, MAX_TRIALS + 1):
        vectors.move(workers, here.point, step, direction, there.point)
        there.value = objective(there.point, there.gradient)
        enough = there.value <= here.value + SUFFICIENT_DECREASE * step * slope
        if np.isfinite(there.value) and enough:
            new_slope = vectors.dot(workers, direction, there.gradient)
            # A longer step is worth looking for only while none was too long.
            if new_slope >= CURVATURE * slope or np.isfinite(high):
                return trial
            good = True
            low, low_value, low_slope = step, there.value, new_slope
            step *= 2
        elif good:
            # The shorter step was good already: go back to it.
            high, step = step, low
        else:
            high = step
            share = _parabola(step - low, low_value, low_slope, there.value)
            step = low + share * (step - low)
    return -MAX_TRIALS


def _parabola(width: float, value: float, slope: float, far_value: float) -> float:
    """Return where, as a share of ``width``, the parabola through the ends is least.

    Kept between 0.1 and 0.5, so that a trial always shortens the step well.
    """
    bend = far_value - value - slope * width
    if not np.isfinite(bend) or bend <= 0:
        return 0.1
    return float(min(max(-slope * width / (2 * bend), 0.1), 0.5))
