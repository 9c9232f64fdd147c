"""What ``pottsfold fit --method boltzmann`` asks and tells."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from pottsfold.alignment import Alignment
from pottsfold.alignment.frequencies import Gaps
from pottsfold.commands.console import learning_progress, say
from pottsfold.commands.paths import CheckpointFile
from pottsfold.errors import UsageError
from pottsfold.inference import (
    BoltzmannPenaltySelection,
    cross_validate_boltzmann_penalty,
    fit_boltzmann,
    fit_sparse,
)
from pottsfold.model import Fit


@Parameter(name="*", group="Boltzmann learning")
@dataclass(frozen=True)
class BoltzmannOptions:
    """Options of Boltzmann learning alone.

    Parameters
    ----------
    chains
        Persistent chains that the model's statistics are taken from; by default 10,000.
    target
        Learning ends when fresh chains' two-site correlations have this Pearson
        correlation with the alignment's, by default 0.95, or when more of it gains
        nothing.
    held_out
        Share of the sequences, relatives together, to leave out of the fit; learning
        also ends when they get less likely, and the best model is kept.
    sparse
        activation: couplings of no effect stay zero, others are switched on one after
        the other. decimation: the weakest are taken away again.
    density
        Share of couplings that a sparse model may have.
    checkpoint
        File to save the learning to, now and then.
    resume
        Go on from the checkpoint, to the same model as an unbroken run.
    """

    chains: int | None = None
    target: float | None = None
    held_out: float | None = None
    sparse: Literal["activation", "decimation"] | None = None
    density: float | None = None
    checkpoint: CheckpointFile | None = None
    resume: Annotated[bool, Parameter(negative=())] = False

    def check(self) -> None:
        """Refuse options that exclude one another, before any work.

        Raises
        ------
        UsageError
            If some do.
        """
        if self.sparse is None and self.density is not None:
            raise UsageError("--density is of sparse models; give --sparse too")
        if self.sparse is not None and self.held_out is not None:
            raise UsageError("--sparse excludes --held-out")
        if self.resume and self.checkpoint is None:
            raise UsageError("--resume: give the --checkpoint to go on from")


def learned(
    family: Alignment, options: BoltzmannOptions, settings: dict[str, Any]
) -> Fit:
    """Fit by Boltzmann learning and say how it went.

    Parameters
    ----------
    family : Alignment
        Weighted alignment.
    options : BoltzmannOptions
        What the user asked of this method.
    settings : dict
        Settings that other methods have too, None where the user gave none.
    """
    given = {**settings, **asdict(options)}
    given = {name: value for name, value in given.items() if value is not None}
    sparse = given.pop("sparse", None)
    with learning_progress() as progress:
        given |= {"progress": progress, "announce": say}
        if sparse is None:
            return fit_boltzmann(family, **given)
        return fit_sparse(family, form=sparse, **given)


def chosen_penalty(
    family: Alignment, gaps: Gaps, seed: int, threads: int | None
) -> BoltzmannPenaltySelection:
    """Return the couplings' penalty that serves held-out sequences best."""
    with learning_progress() as progress:
        return cross_validate_boltzmann_penalty(
            family,
            gaps=gaps,
            seed=seed,
            threads=threads,
            progress=progress,
            announce=say,
        )
