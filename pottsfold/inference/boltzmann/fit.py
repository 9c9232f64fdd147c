"""The fit: rounds of gradients, each twice as long, until new chains agree."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path

from pottsfold.alignment import Alignment
from pottsfold.alignment.frequencies import Gaps
from pottsfold.errors import NotConverged
from pottsfold.inference.boltzmann.checkpoint import Checkpoint
from pottsfold.inference.boltzmann.early_stopping import EarlyStopping, none_yet
from pottsfold.inference.boltzmann.interrupts import Interrupts, saved_when_interrupted
from pottsfold.inference.boltzmann.learner import (
    Learner,
    State,
    first_state_of,
    return_to_family,
)
from pottsfold.inference.boltzmann.likelihood import part
from pottsfold.inference.boltzmann.modes import leading_modes
from pottsfold.inference.boltzmann.plan import (
    CHAINS,
    MAX_GRADIENTS,
    TARGET,
    Settings,
    default_penalty,
    rounds,
    rounds_ahead,
)
from pottsfold.inference.boltzmann.report import (
    Announce,
    Progress,
    learned_fit,
    opened_checkpoint,
    quality_of,
    restore,
)
from pottsfold.inference.boltzmann.statistics import family_statistics
from pottsfold.inference.boltzmann.validation import SampleQuality, evaluate_samples
from pottsfold.inference.preparation import model_of
from pottsfold.memory import check_memory
from pottsfold.model import Fit, PottsModel
from pottsfold.provenance import Stopwatch
from pottsfold.threads import Workers, chosen_threads

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
    clock = Stopwatch()
    used = chosen_threads(threads)
    file = opened_checkpoint(checkpoint, resume, alignment, settings.facts)
    advice = "leave out gap-rich columns with `max_column_gaps`"
    check_memory(settings.needed(alignment), advice)
    announce(settings.plan(alignment, used))
    parted = None if held_out is None else part(alignment, held_out, gaps, seed, used)
    if parted is not None:
        announce(parted.sentence)
    family = alignment if parted is None else parted.fitted
    with Workers(used) as workers:
        statistics = family_statistics(family, gaps, workers)
        learner = Learner(statistics, leading_modes(statistics), lambda_j, workers)
        state = first_state_of(statistics, chains, seed)
        best = None if parted is None else none_yet(parted, state)
        if file is not None and resume:
            restore(file, state, max_iterations, announce, best)
        with saved_when_interrupted(file, state, best, announce) as interrupts:
            run = _Run(
                family,
                settings,
                learner,
                state,
                best,
                file,
                interrupts,
                progress,
                announce,
            )
            model, look, why = run.learned()
    converged, stopped = _verdict(look, target, why, best)
    if not converged:
        warnings.warn(f"not converged: {stopped}", NotConverged, 2)
    held = {} if best is None or best.gradients == 0 else best.quality
    return learned_fit(
        family,
        model,
        settings.reported,
        quality_of(look, held),
        threads=used,
        clock=clock,
        converged=converged,
        stopped_because=stopped,
        gradients=state.gradients,
    )


@dataclass(frozen=True, eq=False)
class _Run:
    """What the rounds of a fit need."""

    family: Alignment
    settings: Settings
    learner: Learner
    state: State
    best: EarlyStopping | None
    file: Checkpoint | None
    interrupts: Interrupts
    progress: Progress
    announce: Announce

    def learned(self) -> tuple[PottsModel, SampleQuality, str]:
        """Learn round by round; return a model, its last look, and why it is the end.

        Where chains that run until they mix fall short of what those of 200 sweeps
        showed, the learning goes on.
        """
        most, why = self.settings.max_iterations, ""
        for end in rounds_ahead(self.state.gradients, most):
            self._learn(end)
            model = self._model_of(self.state)
            enough, why = self._judged(model)
            if not (enough or why or end == most):
                continue
            if self.best is not None and self.best.gradients != self.state.gradients:
                model = self._model_of(self.best.state(self.state))
            self.progress(end, "testing whether chains mix")
            look = self._look(model, last=True)
            assert look.diagnosis is not None
            self.announce(
                f"chains that run until they mix: {look.sentence}; "
                f"{look.diagnosis.verdict}"
            )
            if why or (look.pearson >= self.settings.target and look.diagnosis.mixed):
                break
        return model, look, why

    def _learn(self, end: int) -> None:
        """Make gradients up to the end of a round, saving now and then."""
        state, starts = self.state, rounds(self.settings.max_iterations)
        if state.gradients == end:
            return
        while state.gradients < end:
            with self.interrupts.held():
                if state.gradients in starts:
                    state.start_round()
                    statistics, seed = self.learner.statistics, self.settings.seed
                    return_to_family(state, self.family, statistics, seed)
                self.learner.gradient(state)
            self.progress(state.gradients, "learning")
            if self.file is not None and self.file.due():
                self.file.save(state, self.best)
        if self.file is not None:
            self.file.save(state, self.best)

    def _model_of(self, state: State) -> PottsModel:
        means = self.learner.mean_parameters(state)
        return model_of(self.family, self.settings.gaps, *means)

    def _look(self, model: PottsModel, *, last: bool = False) -> SampleQuality:
        seed, workers = self.settings.seed, self.learner.workers
        return evaluate_samples(
            model, self.family, seed=seed, workers=workers, last=last
        )

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
        self.progress(state.gradients, "sampling newly started chains")
        look = self._look(model)
        self.announce(f"after {state.gradients} gradients: {look.sentence}")
        ends = [end for end in rounds(self.settings.max_iterations) if end < made]
        # A round that was cut short may gain little for want of gradients.
        whole = bool(ends) and made >= 2 * ends[-1]
        if self.best is None and whole and look.pearson - state.pearson < MIN_GAIN:
            why = f"the last round gained less than {MIN_GAIN:g}"
        state.pearson = look.pearson
        if self.best is not None:
            self.progress(state.gradients, "evaluating held-out sequences")
            held_out = self.best.held_out
            workers = self.learner.workers
            found = held_out.likelihood(model, seed=self.settings.seed, workers=workers)
            sentence = found.sentence + self.best.change(found)
            self.announce(f"after {state.gradients} gradients: {sentence}")
            if self.best.judge(state, found):
                why = (
                    "held-out sequences were most likely after "
                    f"{self.best.gradients} gradients"
                )
        return look.pearson >= self.settings.target, why


def _verdict(
    look: SampleQuality, target: float, why: str, best: EarlyStopping | None
) -> tuple[bool, str]:
    """Return whether the fit converged, and why it ended."""
    assert look.diagnosis is not None
    stopped = f"newly started chains reach Pearson {look.pearson:.3f}"
    enough = look.pearson >= target
    if not enough:
        stopped += f", below the target {target:g}"
    if why:
        stopped += f"; {why}"
        if best is None and not enough:
            stopped += ", a smaller `lambda_j` may allow more"
    if not look.diagnosis.mixed:
        stopped += f"; {look.diagnosis.finding}; fit with a larger `lambda_j`"
    left_out = best is not None and bool(why)
    return (enough or left_out) and look.diagnosis.mixed, stopped
