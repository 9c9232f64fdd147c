"""Limited-memory BFGS over float32 vectors with float64 sums.

Nocedal & Wright, Numerical Optimization, 2nd ed., algorithm 7.4, the two-loop
recursion. The line search shortens a step until the function has fallen enough, and
lengthens it while it falls as steeply as at the start. For convex functions, as the
ones here, every step then has positive curvature.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

V = TypeVar("V")
Objective = Callable[[V, V], float]
Progress = Callable[[int, float, float], None]

SUFFICIENT_DECREASE = 1e-4
CURVATURE = 0.9
MAX_TRIALS = 20
# Gains below this share of the value are not told from rounding, of vectors and
# objectives made in float32.
ROUNDING = 1e-6


class Arithmetic(Protocol[V]):
    """What is done with float32 vectors of some kind: see :class:`.OnThreads`."""

    def empty_like(self, x: V) -> V:
        """Return a vector of the same length."""

    def negate(self, x: V, out: V) -> None:
        """Write -x to ``out``."""

    def scale(self, factor: float, x: V) -> None:
        """Multiply x by a number in place."""

    def dot(self, x: V, y: V) -> float:
        """Return the float64 sum of x * y."""

    def add_scaled(self, scale: float, x: V, y: V) -> None:
        """Add scale * x to y in place."""

    def move(self, x: V, scale: float, direction: V, out: V) -> None:
        """Write x + scale * direction to ``out``."""

    def subtract(self, x: V, y: V, out: V) -> None:
        """Write x - y to ``out``."""


@dataclass(frozen=True)
class Minimum(Generic[V]):
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
    is_finite : bool
        False where the search ended because the objective was not a finite number.
    """

    point: V
    objectives: tuple[float, ...]
    gradient_norm: float
    n_evaluations: int
    converged: bool
    stopped_because: str
    is_finite: bool = True


@dataclass
class Place(Generic[V]):
    """A point, its gradient and its value."""

    point: V
    gradient: V
    value: float = math.inf


@dataclass
class Search(Generic[V]):
    """How far a minimisation has come: all that the rest of it depends on.

    Parameters
    ----------
    here : Place
        The best place so far.
    pairs : list of (step, change of the gradient, their product)
        The last of them, oldest first.
    values : list of float
        At the start and after every iteration.
    evaluations : int
        Calls of the objective.
    """

    here: Place[V]
    pairs: list[tuple[V, V, float]] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    evaluations: int = 0


def minimize(
    objective: Objective[V],
    start: V | Search[V],
    arithmetic: Arithmetic[V],
    *,
    tolerance: float,
    max_iterations: int,
    first_step: float,
    memory: int,
    rounding: float = ROUNDING,
    progress: Progress | None = None,
    after_each: Callable[[Search[V]], None] | None = None,
) -> Minimum[V]:
    """Minimise a smooth function.

    Parameters
    ----------
    objective : callable
        ``objective(point, gradient)`` writes the gradient, (n,) float32, and
        returns the value.
    start : (n,) float32 or Search
        Where to begin; used as working memory. Or a search to go on with.
    arithmetic : Arithmetic
        What is done with vectors.
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
    rounding : float
        Share of the value below which gains may be rounding: where no step lowers it,
        and no more was promised, the search has converged.
    progress : callable, optional
        Called as ``progress(iteration, value, gradient_norm)``.
    after_each : callable, optional
        Called with the search after every iteration; it must not change it.

    Returns
    -------
    Minimum
    """
    empty = arithmetic.empty_like
    search = start if isinstance(start, Search) else Search(Place(start, empty(start)))
    here = search.here
    there = Place(empty(here.point), empty(here.point))
    direction = empty(here.point)
    history = _History(arithmetic, memory, search.pairs)
    values = search.values
    if not values:
        here.value = objective(here.point, here.gradient)
        search.evaluations = 1
        values.append(here.value)
    converged, finite = False, True
    reason = f"{max_iterations} iterations were made"
    for iteration in range(len(values) - 1, max_iterations + 1):
        if not math.isfinite(here.value):
            finite, reason = False, "the objective is not finite at the start"
            break
        slope = history.direct(here.gradient, direction)
        ahead = -0.5 * slope / abs(here.value)
        behind = (values[-2] - here.value) / abs(here.value) if iteration else math.inf
        if slope == 0 or max(ahead, behind) < tolerance:
            converged = True
            reason = f"a step gains less than {tolerance:g} of the objective"
            break
        if iteration == max_iterations:
            break
        step = 1.0 if history.pairs else first_step
        trials = _line_search(
            objective, arithmetic, here, there, direction, slope, step
        )
        search.evaluations += abs(trials)
        if trials < 0:
            finite = math.isfinite(there.value)
            converged = finite and ahead < rounding
            reason = (
                "no step lowers the objective by more than rounding"
                if finite
                else "the objective is not finite any step further"
            )
            break
        history.remember(here, there)
        here, there = there, here
        search.here = here
        values.append(here.value)
        if progress is not None:
            progress(iteration + 1, here.value, _norm(arithmetic, here.gradient))
        if after_each is not None:
            after_each(search)
    return Minimum(
        here.point,
        tuple(values),
        _norm(arithmetic, here.gradient),
        search.evaluations,
        converged,
        reason,
        finite,
    )


def _norm(arithmetic: Arithmetic[V], x: V) -> float:
    return math.sqrt(arithmetic.dot(x, x))


class _History(Generic[V]):
    """The last steps and gradient changes, oldest first."""

    def __init__(
        self,
        arithmetic: Arithmetic[V],
        memory: int,
        pairs: list[tuple[V, V, float]],
    ) -> None:
        self.pairs = pairs
        self._arithmetic = arithmetic
        self._memory = memory

    def remember(self, before: Place[V], after: Place[V]) -> None:
        """Add the pair between two places, unless rounding has spoilt it."""
        if len(self.pairs) == self._memory:
            step, change, _ = self.pairs.pop(0)
        else:
            step = self._arithmetic.empty_like(before.point)
            change = self._arithmetic.empty_like(before.point)
        self._arithmetic.subtract(after.point, before.point, step)
        self._arithmetic.subtract(after.gradient, before.gradient, change)
        curvature = self._arithmetic.dot(step, change)
        if curvature > 1e-10 * self._arithmetic.dot(change, change):
            self.pairs.append((step, change, curvature))

    def direct(self, gradient: V, direction: V) -> float:
        """Write minus the approximate inverse Hessian times the gradient.

        Returns the slope along it, which is not above zero.
        """
        arithmetic = self._arithmetic
        arithmetic.negate(gradient, direction)
        factors = []
        for step, change, curvature in reversed(self.pairs):
            factor = arithmetic.dot(step, direction) / curvature
            factors.append(factor)
            arithmetic.add_scaled(-factor, change, direction)
        if self.pairs:
            _, change, curvature = self.pairs[-1]
            arithmetic.scale(curvature / arithmetic.dot(change, change), direction)
        for (step, change, curvature), factor in zip(
            self.pairs, reversed(factors), strict=True
        ):
            back = arithmetic.dot(change, direction) / curvature
            arithmetic.add_scaled(factor - back, step, direction)
        slope = arithmetic.dot(direction, gradient)
        if slope > 0:
            # Rounding has spoilt the memory: begin anew, straight downhill.
            self.pairs.clear()
            return self.direct(gradient, direction)
        return slope


def _line_search(
    objective: Objective[V],
    arithmetic: Arithmetic[V],
    here: Place[V],
    there: Place[V],
    direction: V,
    slope: float,
    step: float,
) -> int:
    """Fill ``there`` with a point enough lower than ``here``.

    Returns the number of trials, negative when none was good.
    """
    low, high = 0.0, math.inf
    low_value, low_slope = here.value, slope
    good = False
    for trial in range(1, MAX_TRIALS + 1):
        arithmetic.move(here.point, step, direction, there.point)
        there.value = objective(there.point, there.gradient)
        enough = there.value <= here.value + SUFFICIENT_DECREASE * step * slope
        if math.isfinite(there.value) and enough:
            new_slope = arithmetic.dot(direction, there.gradient)
            # A longer step is worth looking for only while none was too long.
            if new_slope >= CURVATURE * slope or math.isfinite(high):
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
    if not math.isfinite(bend) or bend <= 0:
        return 0.1
    return float(min(max(-slope * width / (2 * bend), 0.1), 0.5))
