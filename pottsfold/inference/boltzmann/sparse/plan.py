"""What sparse Boltzmann learning will take, checked and told before it starts."""

from __future__ import annotations

from pottsfold.alignment import Alignment
from pottsfold.alignment.frequencies import Gaps, first_state
from pottsfold.errors import UsageError
from pottsfold.inference.boltzmann.plan import (
    Settings,
    evaluation_seconds,
    seconds_per_gradient,
)
from pottsfold.inference.boltzmann.sparse.schedule import CYCLE, Schedule
from pottsfold.memory import in_gib, peak_memory


def n_elements(alignment: Alignment, gaps: Gaps) -> int:
    """Return the couplings J_ij(a, b), i < j, between modelled letters."""
    letters = alignment.alphabet.size - first_state(gaps)
    return alignment.length * (alignment.length - 1) // 2 * letters**2


def check_gradients(schedule: Schedule, most: int) -> None:
    """Raise :class:`UsageError` if decimation would not come to its end."""
    if schedule.form == "decimation" and schedule.end is not None:
        if most < schedule.end:
            raise UsageError(
                f"decimation to density {schedule.density:g} takes {schedule.end}",
                parameter="max_iterations",
                value=most,
            )


def sparse_plan(
    alignment: Alignment, settings: Settings, schedule: Schedule, threads: int
) -> str:
    """Return what will be done, its time and memory."""
    length, size = alignment.length, alignment.alphabet.size
    gradient = seconds_per_gradient(length, size, settings.chains)
    least, each, longest = evaluation_seconds(length, alignment.n_sequences)
    most = min(schedule.end or settings.max_iterations, settings.max_iterations)
    if schedule.form == "decimation":
        soonest, latest = most * gradient + least, most * gradient + longest
        what = (
            f"a dense model, of whose {schedule.total} couplings {schedule.limit} are "
            f"kept; {most} gradients"
        )
    else:
        cycles = -(-most // CYCLE)
        soonest = min(most, CYCLE) * gradient + least
        latest = most * gradient + cycles * each + longest
        what = (
            f"couplings switched on, {schedule.limit} at most, until newly started "
            f"chains reach Pearson {settings.target:g}; up to {most} gradients"
        )
    peak = peak_memory(settings.needed(alignment, threads, sparse=True))
    return (
        f"plan: sparse Boltzmann learning, gaps {settings.gaps}, lambda_j "
        f"{settings.lambda_j:g}, {settings.chains} chains; {what}, "
        f"{soonest / threads:.0f} to {latest / threads:.0f} s and {in_gib(peak)}"
    )
