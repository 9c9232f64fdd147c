"""The symmetric form on a device: one search, saved from time to time."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Iterator

import torch

from pottsfold.errors import UsageError
from pottsfold.inference.checkpoint import alignment_hash
from pottsfold.inference.interrupts import Interrupts
from pottsfold.inference.on_torch.checkpoint import SearchFile
from pottsfold.inference.on_torch.devices import ROUNDING
from pottsfold.inference.on_torch.forms import Symmetric
from pottsfold.inference.on_torch.ranks import Ranks
from pottsfold.inference.on_torch.sites import DeviceSites
from pottsfold.inference.on_torch.task import Task
from pottsfold.inference.on_torch.vectors import OnDevice
from pottsfold.inference.optimize.lbfgs import Place, Progress, Search, minimize
from pottsfold.inference.pseudolikelihood.fit import Outcome
from pottsfold.inference.pseudolikelihood.plan import MEMORY
from pottsfold.inference.pseudolikelihood.symmetric import first_step, full_couplings


def fit_pairs(
    task: Task,
    sites: DeviceSites,
    file: SearchFile | None,
    progress: Progress | None,
    say: Callable[[str], None],
) -> Outcome:
    """Fit the couplings of all pairs together.

    Parameters
    ----------
    task : Task
        What is fitted.
    sites : DeviceSites
        The sites; their fields are changed.
    file : SearchFile or None
        Where the search is saved.
    progress : callable or None
        As for :func:`.minimize`.
    say : callable
        Called with a sentence that says what was saved.

    Raises
    ------
    UsageError
        If the objective is not finite at the start.
    """
    objective = Symmetric(sites, task.penalties.couplings)
    start = objective.start()
    if file is not None and file.resume:
        # Blocks as large as then, so that sums are made in the same order.
        search, sites.blocks = file.load(start, sites.fields, MEMORY)
        objective.fields_are_of = search.here.point
    else:
        search = Search(Place(start, torch.empty_like(start)))
    with _saving(file, sites, task.ranks, say) as save:
        minimum = minimize(
            objective,
            search,
            OnDevice(task.device),
            tolerance=task.tolerance,
            max_iterations=task.max_iterations,
            first_step=first_step(task.all_pairs, sites.neff, task.penalties.couplings),
            memory=MEMORY,
            rounding=ROUNDING[task.device.precision],
            progress=progress,
            after_each=save,
        )
    reason = minimum.stopped_because
    if not minimum.is_finite:
        reason += "; give a `lambda_j` nearer to the default"
        if task.device.precision != "float32":
            reason += ", or `precision=float32`"
        if len(minimum.objectives) == 1:
            raise UsageError(reason)
    objective.solve_fields(minimum.point)
    if file is not None and task.ranks.leads and not minimum.converged:
        file.save(search, sites.fields, sites.blocks)
    point = minimum.point.cpu().numpy()
    return Outcome(
        sites.full_fields(),
        full_couplings(point, task.all_pairs, sites.size, sites.full_size),
        minimum.objectives,
        minimum.gradient_norm,
        minimum.n_evaluations,
        minimum.converged,
        reason,
    )


@contextlib.contextmanager
def _saving(
    file: SearchFile | None,
    sites: DeviceSites,
    ranks: Ranks,
    say: Callable[[str], None],
) -> Iterator[Callable[[Search[torch.Tensor]], None] | None]:
    """Give what saves a search from time to time, and where Ctrl-C ends it.

    Ctrl-C then waits for the iteration under way.
    """
    if file is None:
        yield None
        return
    interrupts = Interrupts()

    def save(search: Search[torch.Tensor]) -> None:
        if not ranks.leads or not (file.due() or interrupts.pressed):
            return
        file.save(search, sites.fields, sites.blocks)
        if interrupts.pressed:
            done = len(search.values) - 1
            say(f"saved {file.path} at iteration {done}; go on with `resume`")
            raise KeyboardInterrupt

    with interrupts.handled(), interrupts.held():
        yield save


def facts_of(task: Task) -> dict[str, str | float]:
    """Return what the numbers of a symmetric fit depend on."""
    pairs = "all"
    if task.graph is not None:
        listed = task.graph.pairs.astype("<i4").tobytes()
        pairs = f"{task.graph.n_pairs} ({hashlib.sha256(listed).hexdigest()})"
    return {
        "alignment": alignment_hash(task.alignment),
        "gaps": task.gaps,
        "pairs": pairs,
        "lambda_h": task.penalties.fields,
        "lambda_j": task.penalties.couplings,
        "precision": task.device.precision,
    }
