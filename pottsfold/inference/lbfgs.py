"""Limited-memory BFGS over float32 vectors with float64 sums.

Nocedal & Wright, Numerical Optimization, 2nd ed., algorithms 7.4 and 3.5: the
two-loop recursion, and a line search that ends where the function has fallen
enough and its slope has flattened (the weak Wolfe conditions).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pottsfold.inference import kernels

Vector = NDArray[np.float32]
Objective = Callable[[Vector, Vector], float]
Progress = Callable[[int, float, float], None]

SUFFICIENT_DECREASE = 1e-4
CURVATURE = 0.9
MOST_TRIALS = 20
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
    *,
    tolerance: float,
    max_iterations: int,
    first_step: float,
    memory: int = 6,
    progress: Progress | None = None,
) -> Minimum:
    """Minimise a smooth function.

    Parameters
    ----------
    objective : callable
        ``objective(point, gradient)`` writes the gradient, (n,) float32, and
        returns the value.
    start : (n,) float32
        Where to begin; not changed.
    tolerance : float
        Converged when the last step gained, and the quadratic model promises the
        next, less than this share of the value. The distance to the minimum is then
        of that size too.
    max_iterations : int
        Iterations at most.
    first_step : float
        The first trial is ``start - first_step * gradient``.
    memory : int
        Pairs of steps and gradient changes kept, 2 n float32 each.
    progress : callable, optional
        Called as ``progress(iteration, value, gradient_norm)``.

    Returns
    -------
    Minimum
    """
    point = start.copy()
    gradient = np.empty_like(point)
    value = objective(point, gradient)
    evaluations = 1
    values = [value]
    history: deque[tuple[Vector, Vector, float]] = deque(maxlen=memory)
    converged, reason = False, f"{max_iterations} iterations were made"
    for iteration in range(max_iterations + 1):
        direction = _direction(gradient, history)
        slope = kernels.dot(direction, gradient)
        if slope > 0:
            # Rounding has spoilt the memory: begin anew, straight downhill.
            history.clear()
            direction = -gradient
            slope = -kernels.dot(gradient, gradient)
        ahead = -0.5 * slope / abs(value)
        behind = (values[-2] - value) / abs(value) if iteration else np.inf
        if slope == 0 or max(ahead, behind) < tolerance:
            converged = True
            reason = f"a step gains less than {tolerance:g} of the objective"
            break
        if iteration == max_iterations:
            break
        step_length = 1.0 if history else first_step
        found = _line_search(objective, point, value, gradient, direction, step_length)
        evaluations += found.evaluations
        if found.point is None or found.gradient is None:
            converged = ahead < ROUNDING
            reason = "no step lowers the objective in float32"
            break
        step = found.point - point
        change = found.gradient - gradient
        curvature = kernels.dot(step, change)
        if curvature > 1e-10 * kernels.dot(change, change):
            history.append((step, change, curvature))
        point, gradient, value = found.point, found.gradient, found.value
        values.append(value)
        if progress is not None:
            progress(iteration + 1, value, _norm(gradient))
    return Minimum(
        point, tuple(values), _norm(gradient), evaluations, converged, reason
    )


def _norm(x: Vector) -> float:
    return float(np.sqrt(kernels.dot(x, x)))


def _direction(
    gradient: Vector, history: deque[tuple[Vector, Vector, float]]
) -> Vector:
    """Return minus the approximate inverse Hessian times the gradient."""
    direction = -gradient
    factors = []
    for step, change, curvature in reversed(history):
        factor = kernels.dot(step, direction) / curvature
        factors.append(factor)
        kernels.add_scaled(-factor, change, direction)
    if history:
        _, change, curvature = history[-1]
        direction *= np.float32(curvature / kernels.dot(change, change))
    for (step, change, curvature), factor in zip(
        history, reversed(factors), strict=True
    ):
        back = kernels.dot(change, direction) / curvature
        kernels.add_scaled(factor - back, step, direction)
    return direction


@dataclass(frozen=True)
class _Found:
    """Result of a line search; ``point`` is None when no step was good."""

    point: Vector | None
    gradient: Vector | None
    value: float
    evaluations: int


def _line_search(
    objective: Objective,
    point: Vector,
    value: float,
    gradient: Vector,
    direction: Vector,
    step: float,
) -> _Found:
    """Return a point along ``direction`` that meets the weak Wolfe conditions."""
    slope = kernels.dot(direction, gradient)
    low, high = 0.0, np.inf
    low_value, low_slope = value, slope
    best: tuple[Vector, Vector, float] | None = None
    trials = 0
    while trials < MOST_TRIALS:
        trials += 1
        there = point.copy()
        kernels.add_scaled(step, direction, there)
        slopes = np.empty_like(gradient)
        new_value = objective(there, slopes)
        new_slope = kernels.dot(direction, slopes)
        enough = new_value <= value + SUFFICIENT_DECREASE * step * slope
        if not (np.isfinite(new_value) and enough):
            high = step
            ratio = _parabola(step - low, low_value, low_slope, new_value)
            step = low + ratio * (step - low)
            continue
        best = (there, slopes, new_value)
        if new_slope >= CURVATURE * slope:
            break
        low, low_value, low_slope = step, new_value, new_slope
        step = 2 * step if np.isinf(high) else (low + high) / 2
    if best is None:
        return _Found(None, None, value, trials)
    return _Found(*best, trials)


def _parabola(width: float, value: float, slope: float, far_value: float) -> float:
    """Return where, as a share of ``width``, the parabola through the ends is least.

    Kept between 0.1 and 0.5, so that a trial always shortens the step well.
    """
    bend = far_value - value - slope * width
    if not np.isfinite(bend) or bend <= 0:
        return 0.1
    return float(min(max(-slope * width / (2 * bend), 0.1), 0.5))
