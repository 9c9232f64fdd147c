"""Models of few couplings: switched on one after another, or the weak ones taken out.

Activation (Calvanese et al. 2024, eaDCA) begins with the profile model and switches on
what gains most; decimation (Barrat-Charlaix et al. 2021, edDCA) begins with a dense
model and takes out what gives least. Which elements these are is in
:mod:`~pottsfold.inference.boltzmann.sparse.selection`, when it is done in
:mod:`~pottsfold.inference.boltzmann.sparse.schedule`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pottsfold.alignment import Alignment
from pottsfold.alignment.frequencies import Gaps
from pottsfold.inference.boltzmann.learner import SWEEPS
from pottsfold.inference.boltzmann.learning import Run, begin
from pottsfold.inference.boltzmann.plan import (
    CHAINS,
    MAX_GRADIENTS,
    TARGET,
    Settings,
)
from pottsfold.inference.boltzmann.report import Announce, Progress, quality_of
from pottsfold.inference.boltzmann.sparse.plan import (
    check_gradients,
    n_elements,
    sparse_plan,
)
from pottsfold.inference.boltzmann.sparse.schedule import EXCHANGED, Form, Schedule
from pottsfold.inference.boltzmann.sparse.selection import (
    gains_of,
    modelled_elements,
    strengths_of,
    strongest,
)
from pottsfold.inference.boltzmann.validation import SampleQuality
from pottsfold.model import Fit, PottsModel

# L2 penalty by default: less than of a dense model, having few couplings binds too.
PENALTY = 0.001
# New chains are started where persistent ones come so near to the target; and must
# exceed it by so much, since other chains in the end differ by about that.
MARGIN, EXCESS = 0.005, 0.004


def fit_sparse(
    alignment: Alignment,
    *,
    form: Form = "activation",
    density: float | None = None,
    target: float = TARGET,
    gaps: Gaps = "state",
    lambda_j: float = PENALTY,
    chains: int = CHAINS,
    max_iterations: int = MAX_GRADIENTS,
    seed: int = 0,
    threads: int | None = None,
    checkpoint: Path | None = None,
    resume: bool = False,
    progress: Progress = lambda _gradients, _doing: None,
    announce: Announce = lambda _line: None,
) -> Fit:
    """Fit a Potts model most of whose couplings J_ij(a, b) are exactly zero.

    Parameters
    ----------
    alignment : Alignment
        Weighted alignment.
    form : {"activation", "decimation"}
        Switch couplings on until newly started chains reach the target; or learn a
        dense model and take them out until few are left.
    density : float, optional
        Share of the couplings between modelled letters: what activation may switch on,
        at most; what decimation, which needs it, leaves.
    target : float
        Pearson correlation of newly started chains' two-site correlations with the
        family's, at which activation ends.
    gaps, lambda_j, chains, max_iterations, seed, threads, checkpoint, resume
        As for :func:`fit_boltzmann`.
    progress, announce : callable
        Likewise.

    Returns
    -------
    Fit
        Its report's ``quality`` holds what newly started chains showed, and
        ``couplings`` and ``density``: how many are not fixed at zero, and their share.

    Raises
    ------
    MemoryShort
        If the fit would not fit in memory.
    UsageError
        If a setting is out of its range, or the checkpoint is of something else.

    Warns
    -----
    NotConverged
        If the target is not met, or the last chains did not mix.
    """
    settings = Settings(gaps, lambda_j, chains, target, max_iterations, None, seed)
    schedule = Schedule(form, n_elements(alignment, gaps), density)
    check_gradients(schedule, max_iterations)
    of_form = {"sparse": form, "density": density}
    job = begin(
        alignment,
        settings,
        needed=lambda used: settings.needed(alignment, used, sparse=True),
        plan=lambda used: sparse_plan(alignment, settings, schedule, used),
        threads=threads,
        checkpoint=checkpoint,
        resume=resume,
        progress=progress,
        announce=announce,
        form=of_form,
    )
    with job.learner(alignment) as (learner, state):
        state.mask = modelled_elements(learner.statistics)
        if form == "activation":
            state.mask[...] = False
        job.restore(state)
        with job.interruptible(state) as interrupts:
            run = _SparseRun(job, alignment, learner, state, interrupts, schedule)
            model = run.model_at_end()
            found = run.evaluate(model, last=True)
    assert found.diagnosis is not None
    announce(f"in the end: {found.sentence}; {found.diagnosis.verdict}")
    kept = int(np.count_nonzero(state.mask))
    return job.finished(
        alignment,
        model,
        state.gradients,
        _verdict(found, target, kept, schedule),
        quality_of(found, {"couplings": kept, "density": kept / schedule.total}),
        {name: value for name, value in of_form.items() if value},
    )


@dataclass(frozen=True, eq=False)
class _SparseRun(Run):
    """Gradients, with elements chosen between them."""

    schedule: Schedule

    def model_at_end(self) -> PottsModel:
        """Learn to the end, and return the last round's mean model.

        All that is done next follows from the state, so that one taken up from a file
        goes on as if it had never been left.
        """
        state, schedule = self.state, self.schedule
        while state.gradients < self.job.settings.max_iterations:
            if schedule.may_end(state.gradients) and self._ends():
                break
            with self.interrupts.held():
                if schedule.chooses(state.gradients):
                    self._choose()
                if schedule.starts_means(state.gradients):
                    state.start_round()
                self.learner.move_chains(state, SWEEPS)
                self.learner.step(state, schedule.rate(state.gradients))
            self.job.progress(state.gradients, "learning")
            self.save()
        self.save(now=True)
        return self.model_of(state)

    def _ends(self) -> bool:
        """Whether the model is as sparse as asked for, or good enough."""
        if self.state.gradients == self.schedule.end:
            return True
        pearson = self._gains()[1]
        return pearson >= self.job.settings.target - MARGIN and self._reached()

    def _choose(self) -> None:
        """Choose the elements of the next gradients."""
        mask, wanted = self.state.mask, self.schedule.wanted(self.state.gradients)
        if self.schedule.form == "decimation":
            self._take_out(wanted)
            return
        gains, _ = self._gains()
        # The weakest are exchanged for others that gain more.
        self._take_out(int((1 - EXCHANGED) * np.count_nonzero(mask)))
        mask |= strongest(gains, wanted - int(np.count_nonzero(mask)))

    def _gains(self) -> tuple[NDArray[np.float32], float]:
        return gains_of(self.state, self.learner.statistics, self.learner.workers)

    def _take_out(self, wanted: int) -> None:
        """Keep the strongest elements."""
        if wanted < np.count_nonzero(self.state.mask):
            strengths = strengths_of(self.state, self.learner.statistics)
            self.state.mask[...] = strongest(strengths, wanted)

    def _reached(self) -> bool:
        """Say how newly started chains do, and whether they reach the target."""
        state = self.state
        found = self.evaluate(self.model_of(state))
        self.job.announce(
            f"after {state.gradients} gradients, {np.count_nonzero(state.mask)} "
            f"couplings: {found.sentence}"
        )
        return found.pearson >= self.job.settings.target + EXCESS


def _verdict(
    found: SampleQuality, target: float, kept: int, schedule: Schedule
) -> tuple[bool, str]:
    """Return whether the fit converged, and why it ended."""
    assert found.diagnosis is not None
    enough, mixed = found.pearson >= target, found.diagnosis.mixed
    stopped = (
        f"with {kept} couplings, {kept / schedule.total:.2%} of all, newly started "
        f"chains reach Pearson {found.pearson:.3f}; the target is {target:g}"
    )
    if not mixed:
        stopped += f"; {found.diagnosis.finding}; fit with a larger `lambda_j`"
    return enough and mixed, stopped
