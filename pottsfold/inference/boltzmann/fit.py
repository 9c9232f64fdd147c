"""The fit: rounds of gradients, each twice as long, until new chains agree."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pottsfold.alignment import Alignment
from pottsfold.alignment.frequencies import Gaps
from pottsfold.inference.boltzmann.early_stopping import EarlyStopping, none_yet
from pottsfold.inference.boltzmann.learner import return_to_family
from pottsfold.inference.boltzmann.learning import Run, begin
from pottsfold.inference.boltzmann.likelihood import part
from pottsfold.inference.boltzmann.plan import (
    CHAINS,
    MAX_GRADIENTS,
    TARGET,
    Settings,
    default_penalty,
    rounds,
    rounds_ahead,
)
from pottsfold.inference.boltzmann.report import Announce, Progress, quality_of
from pottsfold.inference.boltzmann.validation import SampleQuality
from pottsfold.model import Fit, PottsModel

if TYPE_CHECKING:
    from pottsfold.inference.on_torch.devices import Device

# Pearson's gain of a round below which more gradients are of no use: the penalty keeps
# the model from the family's correlations then.
MIN_GAIN = 0.005


def fit_boltzmann(
    alignment: Alignment,
    *,
    gaps: Gaps = "state",
    lambda_j: float | None = None,
    chains: int = CHAINS,
    target: float = TARGET,
    max_iterations: int = MAX_GRADIENTS,
    held_out: float | None = None,
    seed: int = 0,
    threads: int | None = None,
    device: Device | None = None,
    checkpoint: Path | None = None,
    resume: bool = False,
    progress: Progress = lambda _gradients, _doing: None,
    announce: Announce = lambda _line: None,
) -> Fit:
    """Fit a Potts model whose samples have the family's statistics.

    Persistent chains give the model's correlations; every step is the natural gradient
    of the mean log-likelihood less (lambda_j / 2) sum_{i<j} ||J_ij||^2, with sites
    taken as independent but for the family's collective modes. The model is the mean
    over the last round, the second half of the steps where they are 50, 100, 200 or
    400, which takes out the chains' noise. Correlations are each side's own, about its
    own frequencies: the gradient's to second order in how these differ.

    Parameters
    ----------
    alignment : Alignment
        Weighted alignment.
    gaps : {"state", "missing"}
        ``missing``: statistics of pairs of sites are of the sequences that have a
        letter at both, and samples have no gaps.
    lambda_j : float, optional
        L2 penalty on couplings, in nats per sequence. By default 0.2 L / Neff, at most
        0.06.
    chains : int
        Number of persistent chains.
    target : float
        Learning ends when the two-site correlations of newly started chains have this
        Pearson correlation with the family's, or, where no sequences are held out,
        twice the gradients gain less than 0.005.
    max_iterations : int
        Maximum number of gradients.
    held_out : float, optional
        Share of the sequences, from 0.05 to 0.5, clusters of relatives whole, that the
        learning does without and is judged by: it also ends when their log-likelihood
        falls below that of the best round by more than its error, and the model is
        that round's. Weights and statistics are of the others.
    seed : int
        Random seed.
    threads : int, optional
        Number of threads, by default all cores. The result does not depend on it.
    device : Device, optional
        Where chains are moved and gradients made; by default the CPU, by Numba.
    checkpoint : Path, optional
        File that the state is saved to, from time to time and when interrupted.
    resume : bool
        Go on from the checkpoint: the model is that of an unbroken run, on the same
        kind of processor.
    progress : callable
        Called with the number of gradients made and what is being done.
    announce : callable
        Called with the plan and what every round came to, sentences.

    Returns
    -------
    Fit
        Its report's ``quality`` holds what newly started chains showed, and the best
        round's log-likelihood of held-out sequences.

    Raises
    ------
    MemoryShort
        If the fit would not fit in memory.
    UsageError
        If a setting is out of its range, too few sequences can be held out, or the
        checkpoint is of something else.

    Warns
    -----
    NotConverged
        If the target is not met, without held-out sequences getting less likely, or
        the last chains did not mix.
    """
    if lambda_j is None:
        lambda_j = default_penalty(alignment)
    settings = Settings(gaps, lambda_j, chains, target, max_iterations, held_out, seed)
    job = begin(
        alignment,
        settings,
        needed=lambda used: settings.needed(alignment, used),
        plan=lambda used: settings.plan(alignment, used, timed=device is None),
        threads=threads,
        checkpoint=checkpoint,
        resume=resume,
        progress=progress,
        announce=announce,
        device=device,
    )
    family, held = alignment, None
    if held_out is not None:
        held = part(alignment, held_out, gaps, seed, job.threads)
        family = held.fitted
        announce(held.sentence)
    with job.learner(family) as (learner, state):
        best = None if held is None else none_yet(held, state)
        job.restore(state, best)
        with job.interruptible(state, best) as interrupts:
            run = _DenseRun(job, family, learner, state, interrupts, best)
            model, found, why = run.learned()
    of_best = {} if best is None or best.gradients == 0 else best.quality
    return job.finished(
        family,
        model,
        state.gradients,
        _verdict(found, target, why, best),
        quality_of(found, of_best),
    )


@dataclass(frozen=True, eq=False)
class _DenseRun(Run):
    """Rounds, each twice as long as the one before."""

    best: EarlyStopping | None

    def learned(self) -> tuple[PottsModel, SampleQuality, str]:
        """Learn round by round; return a model, what it showed, and why it is the end.

        Where chains that run until they mix fall short of what those of 200 sweeps
        showed, the learning goes on.
        """
        end_of_all, why = self.job.settings.max_iterations, ""
        for end in rounds_ahead(self.state.gradients, end_of_all):
            self._learn(end)
            model = self.model_of(self.state)
            enough, why = self._judged(model)
            if not (enough or why or end == end_of_all):
                continue
            if self.best is not None and self.best.gradients != self.state.gradients:
                model = self.model_of(self.best.state(self.state))
            found = self.evaluate(model, last=True)
            assert found.diagnosis is not None
            self.job.announce(
                f"chains that run until they mix: {found.sentence}; "
                f"{found.diagnosis.verdict}"
            )
            enough = found.pearson >= self.job.settings.target
            if why or (enough and found.diagnosis.mixed):
                break
        return model, found, why

    def _learn(self, end: int) -> None:
        """Make gradients up to the end of a round, saving now and then."""
        state, settings = self.state, self.job.settings
        if state.gradients == end:
            return
        while state.gradients < end:
            with self.interrupts.held():
                if state.gradients in rounds(settings.max_iterations):
                    state.start_round()
                    statistics = self.learner.statistics
                    return_to_family(state, self.family, statistics, settings.seed)
                self.learner.gradient(state)
            self.job.progress(state.gradients, "learning")
            self.save(self.best)
        self.save(self.best, now=True)

    def _judged(self, model: PottsModel) -> tuple[bool, str]:
        """Say how a round's model does.

        Returns
        -------
        enough : bool
            Whether the target is met.
        why : str
            Why more gradients are of no use, or nothing.
        """
        state, why, made = self.state, "", self.state.gradients
        settings = self.job.settings
        found = self.evaluate(model)
        self.job.announce(f"after {made} gradients: {found.sentence}")
        ends = [end for end in rounds(settings.max_iterations) if end < made]
        # A round that was cut short may gain little for want of gradients.
        whole = bool(ends) and made >= 2 * ends[-1]
        if self.best is None and whole and found.pearson - state.pearson < MIN_GAIN:
            why = f"the last round gained less than {MIN_GAIN:g}"
        state.pearson = found.pearson
        if self.best is not None:
            self.job.progress(made, "evaluating held-out sequences")
            likelihood = self.best.held_out.likelihood(
                model, seed=settings.seed, workers=self.learner.workers
            )
            sentence = likelihood.sentence + self.best.change(likelihood)
            self.job.announce(f"after {made} gradients: {sentence}")
            if self.best.judge(state, likelihood):
                why = (
                    "held-out sequences were most likely after "
                    f"{self.best.gradients} gradients"
                )
        return found.pearson >= settings.target, why


def _verdict(
    found: SampleQuality, target: float, why: str, best: EarlyStopping | None
) -> tuple[bool, str]:
    """Return whether the fit converged, and why it ended."""
    assert found.diagnosis is not None
    stopped = f"newly started chains reach Pearson {found.pearson:.3f}"
    enough = found.pearson >= target
    if not enough:
        stopped += f", below the target {target:g}"
    if why:
        stopped += f"; {why}"
        if best is None and not enough:
            stopped += ", a smaller `lambda_j` may allow more"
    if not found.diagnosis.mixed:
        stopped += f"; {found.diagnosis.finding}; fit with a larger `lambda_j`"
    left_out = best is not None and bool(why)
    return (enough or left_out) and found.diagnosis.mixed, stopped
