"""From an alignment and what was asked to a fit, method by method."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from pottsfold.alignment import Alignment
from pottsfold.commands.boltzmann import BoltzmannOptions, chosen_penalty, learned
from pottsfold.commands.console import fits_progress, optimisation_progress, say
from pottsfold.errors import UsageError
from pottsfold.inference import (
    Regularization,
    cross_validate_penalties,
    fit_independent,
    fit_mean_field,
    fit_pseudolikelihood,
)
from pottsfold.inference.pseudolikelihood import MAX_ITERATIONS, TOLERANCE, Form
from pottsfold.inference.regularization import default_regularization
from pottsfold.model import Fit
from pottsfold.model.independent import DEFAULT_PENALTY

Method = Literal["pseudolikelihood", "mean-field", "independent", "boltzmann"]
Strengths = Literal["custom", "auto"]


@dataclass(frozen=True)
class Asked:
    """What a user asked of a fit; None where the default is to decide.

    Raises
    ------
    UsageError
        If something is asked that the method does not have.
    """

    method: Method
    gaps: Literal["missing", "state"] | None
    lambda_h: float | None
    lambda_j: float | None
    strengths: Strengths
    form: Form | None
    tolerance: float | None
    max_iterations: int | None
    threads: int | None
    seed: int | None
    boltzmann: BoltzmannOptions | None

    def __post_init__(self) -> None:
        auto = self.strengths == "auto"
        if auto and (self.lambda_h, self.lambda_j) != (None, None):
            raise UsageError(
                "--lambda auto chooses penalties; leave out --lambda-h and --lambda-j"
            )
        if auto and self.method not in ("pseudolikelihood", "boltzmann"):
            raise UsageError(
                f"--lambda auto is of pseudolikelihood and boltzmann, not {self.method}"
            )
        if self.boltzmann is not None and self.method != "boltzmann":
            raise UsageError(
                "--chains, --target, --held-out, --sparse, --density, --checkpoint and "
                "--resume are of --method boltzmann"
            )
        if self.method != "pseudolikelihood" and (self.form, self.tolerance) != (
            None,
            None,
        ):
            raise UsageError("--form and --tolerance are of --method pseudolikelihood")
        if self.boltzmann is not None:
            self.boltzmann.check()
        closed = self.method in ("mean-field", "independent")
        if self.method == "boltzmann" and self.lambda_h is not None:
            raise UsageError("boltzmann has no penalty on fields; leave out --lambda-h")
        if closed and self.max_iterations is not None:
            raise UsageError(f"--max-iterations: {self.method} is solved in one step")


def fitted(family: Alignment, asked: Asked) -> Fit:
    """Fit by the method asked for.

    Parameters
    ----------
    family : Alignment
        Weighted alignment.
    asked : Asked
        The method and its settings.
    """
    fits = {
        "pseudolikelihood": _pseudolikelihood,
        "mean-field": _mean_field,
        "independent": _independent,
        "boltzmann": _boltzmann,
    }
    fit = fits[asked.method](family, asked)
    made = replace(fit.report.provenance, seed=asked.seed)
    return replace(fit, report=replace(fit.report, provenance=made))


def _mean_field(family: Alignment, asked: Asked) -> Fit:
    if asked.gaps == "missing" or (asked.lambda_h, asked.lambda_j) != (None, None):
        raise UsageError(
            "mean-field takes the gap as a letter and no --lambda-h or --lambda-j; "
            "leave them out"
        )
    return fit_mean_field(family, threads=asked.threads)


def _independent(family: Alignment, asked: Asked) -> Fit:
    if asked.lambda_j is not None:
        raise UsageError("an independent model has no couplings for --lambda-j")
    penalty = DEFAULT_PENALTY if asked.lambda_h is None else asked.lambda_h
    return fit_independent(family, gaps=asked.gaps or "missing", lambda_h=penalty)


def _pseudolikelihood(family: Alignment, asked: Asked) -> Fit:
    gaps = asked.gaps or "missing"
    n_states = family.alphabet.size - (gaps == "missing")
    default = default_regularization(family.length, n_states)
    strengths = Regularization(
        default.fields if asked.lambda_h is None else asked.lambda_h,
        default.couplings if asked.lambda_j is None else asked.lambda_j,
    )
    if asked.strengths == "auto":
        with fits_progress() as show:
            choice = cross_validate_penalties(
                family,
                gaps=gaps,
                seed=asked.seed or 0,
                threads=asked.threads,
                progress=show,
                announce=say,
            )
        strengths = choice.penalty
        family = told(family, choice.lines())
    with optimisation_progress() as progress:
        return fit_pseudolikelihood(
            family,
            gaps=gaps,
            form=asked.form,
            regularization=strengths,
            tolerance=TOLERANCE if asked.tolerance is None else asked.tolerance,
            max_iterations=(
                MAX_ITERATIONS if asked.max_iterations is None else asked.max_iterations
            ),
            threads=asked.threads,
            progress=progress,
            announce=say,
        )


def _boltzmann(family: Alignment, asked: Asked) -> Fit:
    gaps, seed = asked.gaps or "state", asked.seed or 0
    penalty = asked.lambda_j
    if asked.strengths == "auto":
        choice = chosen_penalty(family, gaps, seed, asked.threads)
        penalty = choice.penalty
        family = told(family, choice.lines())
    settings = {
        "gaps": gaps,
        "lambda_j": penalty,
        "max_iterations": asked.max_iterations,
        "seed": seed,
        "threads": asked.threads,
    }
    return learned(family, asked.boltzmann or BoltzmannOptions(), settings)


def told(family: Alignment, lines: list[str]) -> Alignment:
    """Say how penalties were chosen, and keep it in the alignment's history."""
    for line in lines:
        say(line)
    return replace(family, history=(*family.history, *lines))
