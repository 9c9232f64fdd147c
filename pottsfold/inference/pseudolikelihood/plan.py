"""What a fit takes, in memory and time, known before it starts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from pottsfold.alignment.alignment import Alignment
from pottsfold.alignment.frequencies import Gaps, first_state
from pottsfold.inference.optimize.vectors import add_scaled
from pottsfold.inference.pseudolikelihood.masked_sites import sites_of
from pottsfold.inference.pseudolikelihood.patterns import TOGETHER
from pottsfold.inference.pseudolikelihood.sites import LANES, Sites
from pottsfold.inference.regularization import Regularization
from pottsfold.memory import FLOAT32, FLOAT64, MIB, check_memory, in_gib
from pottsfold.model.graph import PairGraph
from pottsfold.model.potts import SECONDS_PER_BYTE, model_bytes
from pottsfold.provenance import least_seconds
from pottsfold.threads import Workers

Form = Literal["symmetric", "asymmetric"]

# Steps and gradient changes that L-BFGS keeps. On five families 2, 3, 4, 6 and 12
# took 124, 118, 115, 112 and 117 evaluations.
MEMORY = 4
# What kernels take when they are loaded, and small arrays.
KERNELS = 12 * MIB
# Patterns a column, as found on real families.
NODES_PER_COLUMN = 400
# How often what is timed is done, the least counts; and couplings of one vector in it.
VISITS, TIMED_COUPLINGS = 3, 2**22
# Evaluations beyond a few, least and most, in units of (Neff / lambda_j)^0.4. At the
# default penalties 27 families of 40 to 256 columns took 15 to 56; ten families at 0.03
# to 10 times the default lambda_j took 10 to 213.
FEW_EVALUATIONS = 6
EVALUATIONS = 2.1, 5.0
# With few partners a site it takes this share of that: 0.3 to 0.7 of the least with 0.1
# to 1 partners on two families. Along contacts, some 11 partners, it takes all.
FEW_PARTNERS, SHARE_OF_FEW = 2, 0.5
# Visits of all sites, in units of timed ones, that a fit to choose penalties takes: the
# first of a fold, in units of (Neff / lambda_j)^0.4 beyond those of a later one, and a
# later one, which starts from one before. Fields far from their best take more passes.
# Of 27 families three fits of two folds took 30 to 66 evaluations.
EVALUATIONS_TO_BEGIN, EVALUATIONS_TO_GO_ON = 2.2, 4.4
# Seconds for patterns, the model and its checks.
SETTING_UP = 0.2
# Seconds until the operating system has found a byte.
SECONDS_TO_TOUCH = 0.8e-9


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
    alignment: Alignment,
    gaps: Gaps,
    form: Form | None,
    threads: int,
    available: int,
    graph: PairGraph | None = None,
) -> Plan:
    """Choose the form of a fit: the symmetric one unless memory is short.

    Of all pairs of sites, or those of a graph.

    Raises
    ------
    MemoryShort
        If the form asked for, or either, does not fit in memory.
    """
    sizes = {
        name: needed(alignment, gaps, threads, graph)
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


def symmetric_bytes(
    alignment: Alignment, gaps: Gaps, threads: int, graph: PairGraph | None = None
) -> int:
    """Return the peak bytes of a symmetric fit, beside the alignment.

    While fitting two points, two gradients, a direction and the L-BFGS memory, one
    float32 a coupling each; at the end the point beside the model.
    """
    states = alignment.alphabet.size - first_state(gaps)
    pairs = PairGraph.complete(alignment.length) if graph is None else graph
    parameters = pairs.n_pairs * states**2
    while_fitting = (2 * MEMORY + 5) * parameters * FLOAT32
    at_the_end = 3 * parameters * FLOAT32 + _model_bytes(alignment, graph)
    tables = 2 * threads * table_bytes(alignment, gaps, graph)
    common = _common(alignment, gaps, threads, graph)
    return common + tables + max(while_fitting, at_the_end)


def cross_validation_bytes(
    alignment: Alignment,
    gaps: Gaps,
    threads: int,
    n_folds: int,
    graph: PairGraph | None = None,
) -> int:
    """Return the peak bytes of symmetric fits to some sequences that predict others.

    Beside those of a fit, the sequences once more, in their parts; the patterns and
    scratch of the other folds; and where their fits ended.
    """
    n, length = alignment.n_sequences, alignment.length
    states = alignment.alphabet.size - first_state(gaps)
    pairs = PairGraph.complete(length) if graph is None else graph
    couplings = pairs.n_pairs * states**2 * FLOAT32
    others = (n_folds - 1) * (_common(alignment, gaps, threads, graph) - KERNELS)
    ends = (n_folds - 1) * couplings
    fit = symmetric_bytes(alignment, gaps, threads, graph)
    return fit + 2 * n * length + others + ends


def asymmetric_bytes(
    alignment: Alignment, gaps: Gaps, threads: int, graph: PairGraph | None = None
) -> int:
    """Return the peak bytes of an asymmetric fit: the model, and a site a thread.

    Beside the alignment.
    """
    a_site = (2 * MEMORY + 5) * table_bytes(alignment, gaps, graph)
    model = _model_bytes(alignment, graph)
    return _common(alignment, gaps, threads, graph) + model + threads * a_site


def table_bytes(
    alignment: Alignment, gaps: Gaps, graph: PairGraph | None = None
) -> int:
    """Return the bytes of one site's table."""
    states = alignment.alphabet.size - first_state(gaps)
    partners = alignment.length if graph is None else graph.most_partners
    return partners * (states + 1) * _row_bytes(states)


def _model_bytes(alignment: Alignment, graph: PairGraph | None) -> int:
    n_pairs = None if graph is None else graph.n_pairs
    return model_bytes(alignment.length, alignment.alphabet.size, n_pairs)


def _row_bytes(states: int) -> int:
    return -(-states // LANES) * LANES * FLOAT32


def _common(
    alignment: Alignment, gaps: Gaps, threads: int, graph: PairGraph | None
) -> int:
    """Return the bytes of the sites, and of what threads work in."""
    n, length = alignment.n_sequences, alignment.length
    states = alignment.alphabet.size - first_state(gaps)
    hessians = length * (states + 1) * states * FLOAT64
    if graph is None:
        # Codes by column, and patterns of half as many groups in two bytes.
        sequences = 2 * n * length
        nodes = min(NODES_PER_COLUMN, n) * length
    else:
        # Codes by column, and every site's own patterns, of half as many groups as it
        # has partners, filled up to eights; a node is three numbers of four bytes.
        groups = TOGETHER * np.ceil(np.diff(graph.offsets) / (2 * TOGETHER)).sum()
        of_column = min(NODES_PER_COLUMN, n)
        sequences = n * length + int(2 * n * groups)
        sequences += 12 * of_column * len(graph.partners)
        nodes = of_column * graph.most_partners
    in_threads = threads * _row_bytes(states) * (2 * n + nodes)
    return KERNELS + sequences + hessians + in_threads


def expected_seconds(
    sites: Sites, regularization: Regularization, form: Form, workers: Workers
) -> tuple[float, float]:
    """Return the least and most seconds a fit will take, from timed visits of sites.

    The number of evaluations grows as (Neff / lambda_j)^0.4: see ``EVALUATIONS``.
    """
    scale = (sites.neff / regularization.couplings) ** 0.4
    each = _seconds_per_evaluation(sites, form, workers)
    n_pairs = None if sites.graph.is_complete else sites.graph.n_pairs
    model = model_bytes(sites.length, sites.full_size, n_pairs)
    once = SETTING_UP + SECONDS_PER_BYTE * model
    if form == "symmetric":
        once += SECONDS_TO_TOUCH * (2 * MEMORY + 5) * _couplings(sites) * FLOAT32
    partners = np.diff(sites.graph.offsets)
    if partners.mean() < FEW_PARTNERS:
        scale *= SHARE_OF_FEW
    least, most = (FEW_EVALUATIONS + k * scale for k in EVALUATIONS)
    if form == "asymmetric":
        # A site without partners ends its own regression at once.
        busy = float((partners > 0).mean())
        least, most = (busy * k + (1 - busy) for k in (least, most))
    return once + least * each, once + most * each


def cross_validation_seconds(
    sample: Alignment,
    gaps: Gaps,
    weakest: float,
    n_folds: int,
    n_fits: tuple[int, int],
    workers: Workers,
    graph: PairGraph | None = None,
) -> tuple[float, float]:
    """Return the least and most seconds of symmetric fits to choose penalties by.

    Parameters
    ----------
    sample : Alignment
        Parts of it are fitted.
    gaps : {"missing", "state"}
        Gap treatment.
    weakest : float
        Penalty on couplings that a fold begins with.
    n_folds : int
        Folds that are left out.
    n_fits : (int, int)
        Fits of a fold, least and most.
    workers : Workers
        Threads.
    graph : PairGraph, optional
        Which pairs have couplings; by default all.
    """
    sites = sites_of(sample, gaps, 1.0, graph)
    each = n_folds * _seconds_per_evaluation(sites, "symmetric", workers)
    to_begin = EVALUATIONS_TO_BEGIN * (sites.neff / weakest) ** 0.4
    least, most = (
        SETTING_UP + each * (to_begin + n * EVALUATIONS_TO_GO_ON) for n in n_fits
    )
    return least, most


def _seconds_per_evaluation(sites: Sites, form: Form, workers: Workers) -> float:
    """Return the seconds of an evaluation, and of what L-BFGS makes of it."""
    couplings = _couplings(sites)
    # Each iteration reads and writes every vector of the memory a few times; couplings
    # of pairs are brought to their sites and slopes back.
    often = float(6 * 2 * MEMORY + 12)
    often = often + 20 if form == "symmetric" else 2 * often * sites.width / sites.size
    moved = often * couplings * FLOAT32
    visits = sites.length * _seconds_per_visit(sites, workers)
    return visits + moved * _seconds_per_byte(couplings, workers)


def _couplings(sites: Sites) -> int:
    return sites.graph.n_pairs * sites.size**2


def _seconds_per_visit(sites: Sites, workers: Workers) -> float:
    """Return the wall seconds of one visit of many, all threads at work."""
    rng = np.random.default_rng(0)
    shape = (sites.table_shape[0], sites.size, sites.size)
    count = min(sites.length, 2 * max(workers.threads, 2))
    chosen = [(2 * k + 1) * sites.length // (2 * count) for k in range(count)]
    kept = sites.fields[chosen]
    tables = [
        (sites.empty_table(), sites.empty_table()) for _ in range(workers.threads)
    ]
    for table, _ in tables:
        table[:, : sites.size, : sites.size] = rng.normal(0, 0.01, shape)

    def visit_some(thread: int) -> None:
        for site in chosen[thread :: workers.threads]:
            sites.visit(site, *tables[thread])

    # The first time from fields far off.
    least = least_seconds(
        lambda: workers.map(visit_some, range(workers.threads)), VISITS
    )
    sites.fields[chosen] = kept
    for site in chosen:
        sites.forget(site)
    return least / count


def _seconds_per_byte(couplings: int, workers: Workers) -> float:
    """Return the wall seconds in which the vectors of L-BFGS move by one byte."""
    x, y = np.zeros((2, min(couplings, TIMED_COUPLINGS)), np.float32)
    least = least_seconds(lambda: add_scaled(workers, 0.5, x, y), VISITS)
    return least / (3 * max(x.nbytes, 1))
