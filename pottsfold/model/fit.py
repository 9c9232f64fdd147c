"""What every fitting function returns: a model and the report of its making."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pottsfold.model.potts import PottsModel
from pottsfold.provenance import Provenance, Run


@dataclass(frozen=True)
class FitReport:
    """How a model was fitted, and how well that went.

    Parameters
    ----------
    method : str
        ``independent``, ``mean-field``, ``pseudolikelihood`` ...
    settings : dict
        Strengths of regularization, gap treatment and the like, by name.
    converged : bool
        Whether the method's own test was met.
    stopped_because : str
        In words.
    objectives : tuple of float
        Objective at the start and after every iteration, in nats.
    gradient_norm : float
        Euclidean norm of the gradient at the end.
    n_evaluations : int
        Times objective and gradient were computed.
    n_sequences : int
        N.
    neff : float
        Effective number of sequences.
    quality : dict
        How well the model does by the method's own measure, by name: for Boltzmann
        learning what newly started chains show.
    verdict : str
        Whether the alignment is large enough, in words.
    history : tuple of str
        What reading and filtering of the alignment did.
    provenance : Provenance
        Versions, settings, input, seed.
    run : Run or None
        Threads, seconds, date; None when not known.
    """

    method: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    converged: bool = True
    stopped_because: str = ""
    objectives: tuple[float, ...] = ()
    gradient_norm: float = 0.0
    n_evaluations: int = 0
    n_sequences: int = 0
    neff: float = 0.0
    quality: Mapping[str, Any] = field(default_factory=dict)
    verdict: str = ""
    history: tuple[str, ...] = ()
    provenance: Provenance = field(default_factory=Provenance)
    run: Run | None = None

    @property
    def n_iterations(self) -> int:
        """Number of iterations."""
        return max(len(self.objectives) - 1, 0)


@dataclass(frozen=True)
class Fit:
    """A fitted model and its report."""

    model: PottsModel
    report: FitReport
