"""What every form of Boltzmann learning says of its model, and where it is saved."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from pathlib import Path

from pottsfold.alignment import Alignment
from pottsfold.errors import UsageError
from pottsfold.inference.boltzmann.checkpoint import Checkpoint, alignment_hash
from pottsfold.inference.boltzmann.early_stopping import EarlyStopping
from pottsfold.inference.boltzmann.learner import State
from pottsfold.inference.boltzmann.validation import SampleQuality
from pottsfold.inference.preparation import finished_fit
from pottsfold.model import Fit, PottsModel
from pottsfold.provenance import Stopwatch

# Called with the gradients made, and a word on what is under way.
Progress = Callable[[int, str], None]
# Called with a sentence.
Announce = Callable[[str], None]


def opened_checkpoint(
    path: Path | None, resume: bool, alignment: Alignment, facts: Mapping[str, object]
) -> Checkpoint | None:
    """Return the file that learning is saved to, if it is to be.

    Raises
    ------
    UsageError
        If the file is there and not to be taken up, or the other way round.
    """
    if path is None:
        if resume:
            raise UsageError("give the `checkpoint` to go on from", parameter="resume")
        return None
    return Checkpoint(path, resume, {"alignment": alignment_hash(alignment), **facts})


def restore(
    file: Checkpoint,
    state: State,
    most: int,
    announce: Announce,
    best: EarlyStopping | None = None,
) -> None:
    """Fill a state, and the best round, from a checkpoint, and say so.

    Raises
    ------
    UsageError
        If it is damaged or of something else, or of more gradients than ``most``.
    """
    file.load(state, best)
    if state.gradients > most:
        raise UsageError(
            f"checkpoint {file.path} is of {state.gradients} gradients; allow at least "
            "as many",
            parameter="max_iterations",
            value=most,
        )
    announce(f"resumed after {state.gradients} gradients")


def learned_fit(
    family: Alignment,
    model: PottsModel,
    settings: Mapping[str, object],
    quality: Mapping[str, object],
    *,
    threads: int,
    clock: Stopwatch,
    converged: bool,
    stopped_because: str,
    gradients: int,
) -> Fit:
    """Return a learned model with the report of its making."""
    fit = finished_fit(
        family,
        method="boltzmann",
        model=model,
        settings=settings,
        threads=threads,
        clock=clock,
        converged=converged,
        stopped_because=stopped_because,
        n_evaluations=gradients,
    )
    return replace(fit, report=replace(fit.report, quality=quality))


def quality_of(look: SampleQuality, more: Mapping[str, object]) -> dict[str, object]:
    """Return what newly started chains showed in the end, and more, by name."""
    diagnosis = look.diagnosis
    assert diagnosis is not None
    facts = asdict(look) | {
        "diagnosis": diagnosis.verdict,
        "mixing_time": diagnosis.mixing_time,
        "rhat": max(diagnosis.rhat.values()),
    }
    return {name: _plain(value) for name, value in (facts | dict(more)).items()}


def _plain(value: object) -> object:
    """Return a number to four digits, nothing where there is none."""
    if not isinstance(value, float):
        return value
    return float(f"{value:.4g}") if math.isfinite(value) else None
