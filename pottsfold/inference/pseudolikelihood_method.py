"""Pseudolikelihood as a method: its settings, and the fit they ask for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, get_args

from pottsfold.alignment.alignment import Alignment
from pottsfold.errors import UsageError
from pottsfold.files import Writes
from pottsfold.inference.method import Gaps, Method, Penalties, Precision, Work
from pottsfold.inference.regularization import Regularization
from pottsfold.inference.settings import (
    check_at_least_one,
    check_penalties,
    check_resume,
)
from pottsfold.model.fit import Fit
from pottsfold.model.graph import PairGraph


@dataclass(frozen=True)
class Pseudolikelihood(Method):
    """Each letter of a sequence given all its others: for contacts and mutations.

    Parameters
    ----------
    gaps
        missing: gaps are missing data. state: the gap is a letter. Default missing.
    form
        symmetric: one block of couplings per pair. asymmetric: a regression for each
        site, then symmetrized; needs memory for one site at a time. Default symmetric
        where memory allows.
    penalties
        default: the penalties below. plmc: those of plmc and EVcouplings, lambda-h
        0.01 and the default lambda-j. auto: the default lambda-h, and lambda-j by how
        well relatives left out are predicted; two to three times slower.
    lambda_h
        L2 penalty on fields. Default 10.
    lambda_j
        L2 penalty on couplings. Default 0.01 (q - 1)(L - 1); of some pairs of sites
        0.04 (q - 1) times the mean number of partners.
    tolerance
        Converged when a step gains less than this share of the objective. Default
        3e-6.
    max_iterations
        Maximum number of iterations; with batch, of passes over the sequences. Default
        1,000.
    batch
        Sequences at a time, on a device: for hundreds of thousands of sequences, or
        where the device cannot hold them. Ends when sequences left out are predicted
        no better. Default: all sequences at once.
    stream
        With batch, file to read the sequences from, in place of memory: written if it
        is not there.
    checkpoint
        File to save a fit on a device to, from time to time and when interrupted.
    resume
        Continue from the checkpoint, to the same model as an unbroken run.

    Examples
    --------
    >>> Pseudolikelihood(lambda_h=1.0).draws_random_numbers
    False
    """

    name: ClassVar[str] = "pseudolikelihood"
    takes_graph: ClassVar[bool] = True
    takes_device: ClassVar[bool] = True

    gaps: Gaps = "missing"
    form: Literal["symmetric", "asymmetric"] | None = None
    penalties: Penalties = "default"
    lambda_h: float | None = None
    lambda_j: float | None = None
    tolerance: float = 3e-6
    max_iterations: int = 1000
    batch: int | None = None
    stream: Annotated[Path, Writes()] | None = None
    checkpoint: Annotated[Path, Writes()] | None = None
    resume: bool = False

    def __post_init__(self) -> None:
        check_penalties(
            self.penalties, get_args(Penalties), self.lambda_h, self.lambda_j
        )
        if self.batch is not None:
            check_at_least_one("batch", self.batch)
            if self.form == "asymmetric":
                raise UsageError("`batch` fits the symmetric form; leave `form` out")
            if self.tolerance != type(self).tolerance:
                raise UsageError(
                    "batches end by the held-out loss; leave it out",
                    parameter="tolerance",
                    value=self.tolerance,
                )
        elif self.stream is not None:
            raise UsageError("it is of `batch`; give that too", parameter="stream")
        if not self.tolerance > 0:
            raise UsageError(
                "a number above 0 is needed",
                parameter="tolerance",
                value=self.tolerance,
            )
        check_at_least_one("max_iterations", self.max_iterations)
        check_resume(self.resume, self.checkpoint)

    @property
    def draws_random_numbers(self) -> bool:
        """Whether folds to choose penalties by, or batches, are drawn."""
        return self.penalties == "auto" or self.batch is not None

    def _fit(self, alignment: Alignment, work: Work) -> Fit:
        from pottsfold.inference.pseudolikelihood.fit import fit_pseudolikelihood

        if self.penalties == "auto":
            from pottsfold.inference.pseudolikelihood import penalty

            chosen = penalty.cross_validate_penalties(
                alignment,
                gaps=self.gaps,
                graph=work.graph,
                seed=work.seed,
                threads=work.threads,
                progress=lambda done, total: work.progress(
                    done, total, "choosing penalties"
                ),
                announce=work.announce,
            )
            strengths = chosen.penalty
            alignment = work.record(alignment, chosen.lines())
        else:
            strengths = self.regularization(alignment, work.graph)
        common: dict[str, Any] = {
            "gaps": self.gaps,
            "form": self.form,
            "regularization": strengths,
            "tolerance": self.tolerance,
            "max_iterations": self.max_iterations,
            "graph": work.graph,
            "threads": work.threads,
            "progress": lambda done, objective, gradient: work.progress(
                done, None, f"objective {objective:.2f}, gradient {gradient:.2g}"
            ),
            "announce": work.announce,
        }
        if work.device is None:
            return fit_pseudolikelihood(alignment, **common)
        from pottsfold.inference.on_torch import device_named
        from pottsfold.inference.on_torch.fit import fit_on_device

        device = device_named(work.device, work.precision)
        if self.batch is not None:
            from pottsfold.alignment.stream import streamed
            from pottsfold.inference.on_torch.stochastic import fit_in_batches

            if self.stream is not None:
                alignment = streamed(alignment, self.stream)
            return fit_in_batches(
                alignment,
                device,
                batch=self.batch,
                gaps=self.gaps,
                regularization=strengths,
                max_passes=self.max_iterations,
                graph=work.graph,
                seed=work.seed,
                threads=work.threads,
                checkpoint=self.checkpoint,
                resume=self.resume,
                progress=lambda done, text: work.progress(done, None, text),
                announce=work.announce,
            )
        return fit_on_device(
            alignment,
            device,
            checkpoint=self.checkpoint,
            resume=self.resume,
            **common,
        )

    def check_device(
        self, device: str | None = None, precision: Precision | None = None
    ) -> None:
        """Refuse a device that is not there, and what needs one without it."""
        super().check_device(device, precision)
        if device is None and self.checkpoint is not None:
            raise UsageError(
                "fits on a device have one; give `device` too", parameter="checkpoint"
            )
        if device is None and self.batch is not None:
            raise UsageError(
                "fits on a device take batches; give `device` too, which may be cpu",
                parameter="batch",
            )

    def regularization(
        self, alignment: Alignment, graph: PairGraph | None = None
    ) -> Regularization:
        """Return the penalties for an alignment, where they are not chosen."""
        from pottsfold.alignment.frequencies import first_state
        from pottsfold.inference.regularization import (
            default_regularization,
            plmc_regularization,
        )

        n_states = alignment.alphabet.size - first_state(self.gaps)
        if self.penalties == "plmc":
            return plmc_regularization(alignment.length, n_states)
        default = default_regularization(alignment.length, n_states, graph)
        return Regularization(
            default.fields if self.lambda_h is None else self.lambda_h,
            default.couplings if self.lambda_j is None else self.lambda_j,
        )
