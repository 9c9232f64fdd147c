"""What dense and sparse learning share: how they begin, are saved, judged and end."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pottsfold.alignment import Alignment
from pottsfold.errors import NotConverged, UsageError
from pottsfold.inference.boltzmann.checkpoint import Checkpoint
from pottsfold.inference.boltzmann.early_stopping import EarlyStopping
from pottsfold.inference.boltzmann.interrupts import saved_when_interrupted
from pottsfold.inference.boltzmann.learner import Learner, State, first_state_of
from pottsfold.inference.boltzmann.modes import leading_modes
from pottsfold.inference.boltzmann.plan import Settings
from pottsfold.inference.boltzmann.report import Announce, Progress
from pottsfold.inference.boltzmann.statistics import family_statistics
from pottsfold.inference.boltzmann.validation import SampleQuality, evaluate_samples
from pottsfold.inference.checkpoint import alignment_hash
from pottsfold.inference.interrupts import Interrupts
from pottsfold.inference.preparation import finished_fit, model_of
from pottsfold.memory import check_memory
from pottsfold.model import Fit, PottsModel
from pottsfold.provenance import Stopwatch, about
from pottsfold.threads import Workers, chosen_threads

if TYPE_CHECKING:
    from pottsfold.inference.on_torch.devices import Device


@dataclass(frozen=True, eq=False)
class Job:
    """A fit to be made: its settings, where it is saved and who is told.

    Parameters
    ----------
    settings : Settings
        What was asked for.
    threads : int
        How many to use.
    file : Checkpoint or None
        Where the state is saved to.
    progress, announce : callable
        As for :func:`fit_boltzmann`.
    clock : Stopwatch
        Started when the fit was.
    device : Device or None
        Where gradients are made; None for the CPU, by Numba.
    """

    settings: Settings
    threads: int
    file: Checkpoint | None
    progress: Progress
    announce: Announce
    clock: Stopwatch
    device: Device | None = None

    @contextmanager
    def learner(self, family: Alignment) -> Iterator[tuple[Learner, State]]:
        """Give the learner of a family and its first state."""
        settings = self.settings
        with Workers(self.threads) as workers:
            statistics = family_statistics(family, settings.gaps, workers)
            modes = leading_modes(statistics)
            state = first_state_of(statistics, settings.chains, settings.seed)
            if self.device is None:
                yield Learner(statistics, modes, settings.lambda_j, workers), state
                return
            from pottsfold.inference.on_torch.boltzmann import learner_on

            with learner_on(
                self.device, statistics, modes, settings.lambda_j, workers
            ) as learner:
                seconds = learner.seconds_per_gradient(settings.chains)
                most = settings.max_iterations
                self.announce(
                    f"{self.device.title}, {self.device.precision}: "
                    f"{about(seconds * most)} for {most} gradients"
                )
                yield learner, state

    def restore(self, state: State, best: EarlyStopping | None = None) -> None:
        """Fill a state, and the best round, from the checkpoint, if asked to.

        Raises
        ------
        UsageError
            If it is damaged, of something else, or of more gradients than allowed.
        """
        if self.file is None or not self.file.resume:
            return
        self.file.load(state, best)
        if state.gradients > self.settings.max_iterations:
            raise UsageError(
                f"checkpoint {self.file.path} is of {state.gradients} gradients; allow "
                "at least as many",
                parameter="max_iterations",
                value=self.settings.max_iterations,
            )
        self.announce(f"resumed after {state.gradients} gradients")

    def interruptible(
        self, state: State, best: EarlyStopping | None = None
    ) -> AbstractContextManager[Interrupts]:
        """Save the state when Ctrl-C ends the block."""
        return saved_when_interrupted(self.file, state, best, self.announce)

    def finished(
        self,
        family: Alignment,
        model: PottsModel,
        gradients: int,
        verdict: tuple[bool, str],
        quality: Mapping[str, object],
        more_settings: Mapping[str, object] | None = None,
    ) -> Fit:
        """Return the learned model with the report of its making.

        Parameters
        ----------
        family : Alignment
            What it was learned from.
        model : PottsModel
            The model.
        gradients : int
            How many were made.
        verdict : tuple of bool and str
            Whether the fit converged, and why it ended.
        quality : dict
            What newly started chains showed.
        more_settings : dict, optional
            Of this form of learning.

        Warns
        -----
        NotConverged
            If it did not.
        """
        converged, stopped_because = verdict
        if not converged:
            warnings.warn(f"not converged: {stopped_because}", NotConverged, 3)
        fit = finished_fit(
            family,
            method="boltzmann",
            model=model,
            settings={
                **self.settings.reported,
                **(more_settings or {}),
                **({} if self.device is None else self.device.reported),
            },
            threads=self.threads,
            clock=self.clock,
            versions=None if self.device is None else self.device.versions,
            converged=converged,
            stopped_because=stopped_because,
            n_evaluations=gradients,
        )
        return replace(fit, report=replace(fit.report, quality=quality))


def begin(
    alignment: Alignment,
    settings: Settings,
    *,
    needed: Callable[[int], int],
    plan: Callable[[int], str],
    threads: int | None,
    checkpoint: Path | None,
    resume: bool,
    progress: Progress,
    announce: Announce,
    form: Mapping[str, object] | None = None,
    device: Device | None = None,
) -> Job:
    """Check what a fit needs before any work, and announce its plan.

    Parameters
    ----------
    alignment : Alignment
        The family.
    settings : Settings
        What was asked for.
    needed, plan : callable
        Return the peak bytes, beside the alignment, and the plan, a sentence, for a
        number of threads.
    threads, checkpoint, resume, progress, announce
        As for :func:`fit_boltzmann`.
    form : dict, optional
        More that the state depends on, by name.
    device : Device, optional
        Where gradients are made, if not on the CPU by Numba.

    Raises
    ------
    MemoryShort
        If the fit would not fit in memory.
    UsageError
        If the checkpoint is there and not to be resumed, or the other way round.
    """
    clock = Stopwatch()
    used = chosen_threads(threads)
    file = None
    if checkpoint is not None:
        facts = {"alignment": alignment_hash(alignment), **settings.facts}
        file = Checkpoint(checkpoint, resume, facts | dict(form or {}))
    elif resume:
        raise UsageError("give the `checkpoint` to go on from", parameter="resume")
    check_memory(needed(used), "leave out gap-rich columns with `max_column_gaps`")
    announce(plan(used))
    return Job(settings, used, file, progress, announce, clock, device)


@dataclass(frozen=True, eq=False)
class Run:
    """What the rounds of a fit need.

    Parameters
    ----------
    job : Job
        The fit.
    family : Alignment
        What is learned from.
    learner : Learner
        Makes the gradients.
    state : State
        Changed in place, while ``interrupts`` are held.
    interrupts : Interrupts
        What Ctrl-C does.
    """

    job: Job
    family: Alignment
    learner: Learner
    state: State
    interrupts: Interrupts

    def save(self, best: EarlyStopping | None = None, *, now: bool = False) -> None:
        """Save the state, if there is a checkpoint and it is time, or in any case."""
        file = self.job.file
        if file is not None and (now or file.due()):
            file.save(self.state, best)

    def model_of(self, state: State) -> PottsModel:
        """Return the mean model of the round that a state is in."""
        means = self.learner.mean_parameters(state)
        return model_of(self.family, self.job.settings.gaps, *means)

    def evaluate(self, model: PottsModel, *, last: bool = False) -> SampleQuality:
        """Evaluate a model by newly started chains; see :func:`evaluate_samples`."""
        doing = (
            "testing whether chains mix" if last else "sampling newly started chains"
        )
        self.job.progress(self.state.gradients, doing)
        return evaluate_samples(
            model,
            self.family,
            seed=self.job.settings.seed,
            workers=self.learner.workers,
            last=last,
            move=self.learner.move,
        )
