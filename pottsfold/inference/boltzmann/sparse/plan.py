"""What sparse Boltzmann learning will take, checked and told before it starts."""

from __future__ import annotations

from pottsfold.alignment import Alignment
from pottsfold.alignment.frequencies import Gaps, first_state
from pottsfold.errors import UsageError
from pottsfold.inference.boltzmann.plan import Settings, seconds_per_gradient
from pottsfold.inference.boltzmann.sparse.schedule import Schedule


def n_elements(alignment: Alignment, gaps: Gaps) -> int:
    """Return the couplings J_ij(a, b), i < j, between modelled letters."""
    letters = alignment.alphabet.size - first_state(gaps)
    return alignment.length * (alignment.length - 1) // 2 * letters**2


def sparse_bytes(alignment: Alignment, settings: Settings) -> int:
    """Return the peak bytes: of a dense fit, and masks, gains and a sorted copy."""
    size = alignment.alphabet.size
    pairs = alignment.length * (alignment.length - 1) // 2
    return settings.needed(alignment) + pairs * size * (size + 7) * 12


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
    seconds = seconds_per_gradient(length, size, settings.chains) / threads
    most = min(schedule.end or settings.max_iterations, settings.max_iterations)
    if schedule.form == "decimation":
        what = (
            f"a dense model, of whose {schedule.total} couplings {schedule.limit} are "
            f"kept; {most} gradients"
        )
    else:
        what = (
            f"couplings switched on, {schedule.limit} at most, until newly started "
            f"chains reach Pearson {settings.target:g}; up to {most} gradients"
        )
    needed = sparse_bytes(alignment, settings)
    return (
        f"plan: sparse Boltzmann learning, gaps {settings.gaps}, lambda_j "
        f"{settings.lambda_j:g}, {settings.chains} chains; {what}, "
        f"{most * seconds:.0f} s and {needed / 2**30:.2f} GiB, plus sampling to "
        "evaluate it"
    )
