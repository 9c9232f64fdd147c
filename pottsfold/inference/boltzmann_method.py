"""Boltzmann learning as a method: its settings, and the fit they ask for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pottsfold.alignment.alignment import Alignment
from pottsfold.errors import UsageError
from pottsfold.files import Writes
from pottsfold.inference.method import Gaps, Method, Penalties, Precision, Work
from pottsfold.inference.settings import (
    check_at_least_one,
    check_penalties,
    check_resume,
)
from pottsfold.model.fit import Fit


@dataclass(frozen=True)
class Boltzmann(Method):
    """Learn by sampling until samples have the family's statistics: for sampling.

    Parameters
    ----------
    gaps
        missing: statistics are of letters alone, samples have no gaps. state: the gap
        is a letter. Default state.
    penalties
        default: the penalty below. auto: choose it by the likelihood of relatives
        left out of the fit.
    lambda_j
        L2 penalty on couplings, in nats per sequence. Default 0.2 L / Neff, at most
        0.06.
    chains
        Number of persistent chains. Default 10,000.
    target
        Stop when pair correlations of newly started chains reach this Pearson r with
        the alignment's, or stop improving. Default 0.95.
    max_iterations
        Maximum number of gradients. Default 400.
    held_out
        Share of the sequences, relatives together, to leave out of the fit: learning
        also stops when they get less likely, and the best model is kept.
    sparse
        activation: couplings start at zero and are switched on one after another.
        decimation: learn a dense model, then take the weakest couplings out.
    density
        Share of couplings that a sparse model may have.
    checkpoint
        File to save the learning to, from time to time and when interrupted.
    resume
        Continue from the checkpoint, to the same model as an unbroken run.
    """

    name: ClassVar[str] = "boltzmann"
    takes_device: ClassVar[bool] = True

    gaps: Gaps = "state"
    penalties: Penalties = "default"
    lambda_j: float | None = None
    chains: int = 10_000
    target: float = 0.95
    max_iterations: int = 400
    held_out: float | None = None
    sparse: Literal["activation", "decimation"] | None = None
    density: float | None = None
    checkpoint: Annotated[Path, Writes()] | None = None
    resume: bool = False

    def __post_init__(self) -> None:
        # plmc's are for pseudolikelihood.
        check_penalties(self.penalties, ("default", "auto"), None, self.lambda_j)
        if not 0 < self.target < 1:
            raise UsageError(
                "a number between 0 and 1 is needed",
                parameter="target",
                value=f"{self.target:g}",
            )
        check_at_least_one("chains", self.chains)
        check_at_least_one("max_iterations", self.max_iterations)
        if self.sparse is None and self.density is not None:
            raise UsageError("`density` is of sparse models; give `sparse` too")
        if self.sparse is not None and self.held_out is not None:
            raise UsageError("`sparse` excludes `held_out`")
        check_resume(self.resume, self.checkpoint)

    @property
    def draws_random_numbers(self) -> bool:
        """Chains are random."""
        return True

    def _fit(self, alignment: Alignment, work: Work) -> Fit:
        from pottsfold.inference import boltzmann

        def show(gradients: int, doing: str) -> None:
            work.progress(gradients, None, doing)

        lambda_j = self.lambda_j
        common: dict[str, Any] = {
            "gaps": self.gaps,
            "seed": work.seed,
            "threads": work.threads,
            "progress": show,
            "announce": work.announce,
        }
        if self.penalties == "auto":
            chosen = boltzmann.cross_validate_boltzmann_penalty(alignment, **common)
            lambda_j = chosen.penalty
            alignment = work.record(alignment, chosen.lines())
        common |= {
            "chains": self.chains,
            "target": self.target,
            "max_iterations": self.max_iterations,
            "checkpoint": self.checkpoint,
            "resume": self.resume,
        }
        if self.sparse is None:
            device = None
            if work.device is not None:
                from pottsfold.inference.on_torch import device_named

                device = device_named(work.device, work.precision)
            return boltzmann.fit_boltzmann(
                alignment,
                lambda_j=lambda_j,
                held_out=self.held_out,
                device=device,
                **common,
            )
        if lambda_j is not None:
            common["lambda_j"] = lambda_j
        return boltzmann.fit_sparse(
            alignment, form=self.sparse, density=self.density, **common
        )

    def check_device(
        self, device: str | None = None, precision: Precision | None = None
    ) -> None:
        """Refuse a device that is not there, and any for sparse models."""
        if device is not None and self.sparse is not None:
            raise UsageError(
                "sparse models are learned on the CPU alone; leave it out",
                parameter="device",
                value=device,
            )
        super().check_device(device, precision)
        from pottsfold.inference.on_torch.ranks import launched

        if launched().count > 1:
            raise UsageError(
                "it learns in one process; start it without torchrun",
                parameter="method",
            )
