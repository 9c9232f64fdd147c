"""What a fit takes, in memory and time, known before it starts."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Literal

import numpy as np

from pottsfold.alignment.alignment import Alignment
from pottsfold.alignment.frequencies import Gaps, first_state
from pottsfold.inference.pseudolikelihood.sites import LANES, Sites
from pottsfold.inference.regularization import Regularization
from pottsfold.memory import FLOAT32, FLOAT64, MIB, check_memory, in_gib
from pottsfold.model.potts import model_bytes

Form = Literal["symmetric", "asymmetric"]

# Steps and gradient changes that L-BFGS keeps. On five families 2, 3, 4, 6 and 12
# took 124, 118, 115, 112 and 117 evaluations.
MEMORY = 4
# What kernels take when they are loaded, and small arrays.
KERNELS = 12 * MIB
# Patterns a column, as found on real families.
NODES_PER_COLUMN = 400
# Bytes a second that a thread's vector operations move, and the threads that can.
BANDWIDTH = 20e9
MOVING_THREADS = 4
# Evaluations, of all sequences, that one of the fits to choose penalties takes: it has
# four fifths of them, starts from the fit before, and stops sooner.
EVALUATIONS_TO_CHOOSE = 6.5
# Seconds for patterns, the model and its checks.
SETTING_UP = 0.2


@dataclass(frozen=True)
class Plan:
    """How a fit will be made.

    Parameters
    ----------
    form : {"symmetric", "asymmetric"}
        One block of couplings a pair, or one a site and pair.
    bytes_needed : int
        Peak memory beside what the process holds already.
    reason : str
        Why this form, when it was not asked for.
    """

    form: Form
    bytes_needed: int
    reason: str = ""


def plan_fit(
    alignment: Alignment, gaps: Gaps, form: Form | None, threads: int, available: int
) -> Plan:
    """Choose the form of a fit: the symmetric one unless memory is short.

    Raises
    ------
    MemoryShort
        If the form asked for, or either, does not fit in memory.
    """
    sizes = {
        name: needed(alignment, gaps, threads)
        for name, needed in (
            ("symmetric", symmetric_bytes),
            ("asymmetric", asymmetric_bytes),
        )
    }
    columns = "leave out gap-rich columns with `max_column_gaps`"
    if form is not None:
        other = "asymmetric" if form == "symmetric" else "symmetric"
        way_out = columns
        if sizes[other] < sizes[form]:
            way_out += f", or take `form={other}` ({in_gib(sizes[other])})"
        check_memory(sizes[form], way_out)
        return Plan(form, sizes[form])
    if sizes["symmetric"] <= available:
        return Plan("symmetric", sizes["symmetric"])
    check_memory(sizes["asymmetric"], columns)
    return Plan(
        "asymmetric",
        sizes["asymmetric"],
        f"the symmetric form would take {in_gib(sizes['symmetric'])}",
    )


def symmetric_bytes(alignment: Alignment, gaps: Gaps, threads: int) -> int:
    """Return the peak bytes of a symmetric fit, beside the alignment.

    While fitting two points, two gradients, a direction and the L-BFGS memory, one
    float32 a coupling each; at the end the point beside the model.
    """
    length, size = alignment.length, alignment.alphabet.size
    states = size - first_state(gaps)
    parameters = length * (length - 1) // 2 * states**2
    while_fitting = (2 * MEMORY + 5) * parameters * FLOAT32
    at_the_end = 3 * parameters * FLOAT32 + model_bytes(length, size)
    tables = 2 * threads * table_bytes(alignment, gaps)
    return _common(alignment, gaps, threads) + tables + max(while_fitting, at_the_end)


def cross_validation_bytes(alignment: Alignment, gaps: Gaps, threads: int) -> int:
    """Return the peak bytes of symmetric fits to some sequences that predict others.

    Beside those of a fit, the sequences once more, in their parts, and logits.
    """
    n, length = alignment.n_sequences, alignment.length
    return symmetric_bytes(alignment, gaps, threads) + 2 * n * length


def asymmetric_bytes(alignment: Alignment, gaps: Gaps, threads: int) -> int:
    """Return the peak bytes of an asymmetric fit: the model, and a site a thread.

    Beside the alignment.
    """
    a_site = (2 * MEMORY + 5) * table_bytes(alignment, gaps)
    model = model_bytes(alignment.length, alignment.alphabet.size)
    return _common(alignment, gaps, threads) + model + threads * a_site


def table_bytes(alignment: Alignment, gaps: Gaps) -> int:
    """Return the bytes of one site's table."""
    states = alignment.alphabet.size - first_state(gaps)
    return alignment.length * (states + 1) * _row_bytes(states)


def _row_bytes(states: int) -> int:
    return -(-states // LANES) * LANES * FLOAT32


def _common(alignment: Alignment, gaps: Gaps, threads: int) -> int:
    """Return the bytes of the sites, and of what threads work in."""
    n, length = alignment.n_sequences, alignment.length
    states = alignment.alphabet.size - first_state(gaps)
    row = _row_bytes(states)
    # Codes by column, and patterns of half as many groups in two bytes.
    sequences = 2 * n * length
    hessians = length * (states + 1) * states * FLOAT64
    nodes = min(NODES_PER_COLUMN, n) * length
    in_threads = threads * row * (2 * n + nodes)
    return KERNELS + sequences + hessians + in_threads


def expected_seconds(
    sites: Sites, regularization: Regularization, form: Form, threads: int
) -> float:
    """Return the seconds a fit will take, from timed visits of three sites.

    The number of evaluations was 14 + 0.052 Neff / lambda_j + 0.012 L, within 30 %, on
    eight families of 40 to 256 columns and made ones of 500 and 1,500.
    """
    evaluations = (
        14 + 0.052 * sites.neff / regularization.couplings + 0.012 * sites.length
    )
    return SETTING_UP + evaluations * _seconds_per_evaluation(sites, form, threads)


def cross_validation_seconds(
    sample: Alignment, gaps: Gaps, n_fits: int, threads: int
) -> float:
    """Return the seconds of symmetric fits to choose penalties by."""
    sites = Sites(sample, gaps, 1.0)
    each = EVALUATIONS_TO_CHOOSE * _seconds_per_evaluation(sites, "symmetric", threads)
    return SETTING_UP + n_fits * each


def _seconds_per_evaluation(sites: Sites, form: Form, threads: int) -> float:
    """Return the seconds of an evaluation, and of what L-BFGS makes of it."""
    table, slopes = sites.empty_table(), sites.empty_table()
    rng = np.random.default_rng(0)
    chosen = sorted({0, sites.length // 2, sites.length - 1})
    spent = 0.0
    for site in chosen:
        kept = sites.fields[site].copy()
        sites.visit(site, table, slopes)
        noise = rng.normal(0, 0.01, (sites.length, sites.size, sites.size))
        table[:, : sites.size, : sites.size] = noise
        start = time.thread_time()
        sites.visit(site, table, slopes)
        spent += time.thread_time() - start
        table[:] = 0
        sites.fields[site] = kept
        sites.forget(site)
    visits = spent / len(chosen) * sites.length
    # Each iteration reads and writes every vector of the memory a few times.
    couplings = sites.length**2 * sites.size**2 / 2
    moved = (6 * 2 * MEMORY + 12) * couplings * FLOAT32
    if form == "asymmetric":
        moved *= 2 * (sites.width / sites.size)
    bandwidth = BANDWIDTH * min(threads, MOVING_THREADS)
    return visits / threads + moved / bandwidth
