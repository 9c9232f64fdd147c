"""Penalties chosen by how well relatives left out are predicted.

Sequences are divided into folds with relatives together, and folds are left out of a
fit one at a time. The *held-out loss*, the mean of - log P over what was left out, is
followed along a path of penalties. Its curve is flat near the least and its
values are noisy: of the penalties whose loss is within one standard error of the least,
the strongest is taken (Breiman et al. 1984, Classification and Regression Trees,
section 3.4.3). The error is that of the difference between two penalties over the same
sequences, much less than that of either loss.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

# A number, or penalties on fields and couplings.
Penalty = TypeVar("Penalty")

N_FOLDS = 5


@dataclass(frozen=True)
class PenaltyPoint(Generic[Penalty]):
    """The held-out loss at one penalty.

    Parameters
    ----------
    penalty : float or Regularization
        What was tried.
    loss : float
        Mean of - log P over what was left out, in nats.
    excess_error : float
        Standard error of the loss's excess over the least of its path.
    reliable : bool
        Whether the loss can be trusted; if not it may be far too low.
    """

    penalty: Penalty
    loss: float
    excess_error: float
    reliable: bool = True


@dataclass(frozen=True)
class PenaltySelection(Generic[Penalty]):
    """A penalty chosen, and why.

    Parameters
    ----------
    penalty : float or Regularization
        The choice.
    curve : tuple of PenaltyPoint
        Every penalty tried, strongest first along each path.
    n_sequences : int
        Sequences that were left out, each once.
    identity : float
        At which sequences count as relatives and share a fold.
    left_out : int
        Folds that were left out, each once.
    """

    penalty: Penalty
    curve: tuple[PenaltyPoint[Penalty], ...]
    n_sequences: int
    identity: float
    left_out: int = field(default=N_FOLDS, kw_only=True)

    def table(
        self,
        header: str,
        row: Callable[[PenaltyPoint[Penalty]], str],
        remark: str = "",
    ) -> list[str]:
        """Return the curve in lines.

        Parameters
        ----------
        header : str
            Names of the columns.
        row : callable
            Returns the columns of a point.
        remark : str
            Follows the count of sequences.
        """
        of = "" if self.left_out == N_FOLDS else f"{self.left_out} of "
        lines = [
            f"penalties by cross-validation: {self.n_sequences} sequences in "
            f"{of}{N_FOLDS} folds, relatives of {self.identity:.0%} identity "
            f"together{remark}",
            "  +- are errors of differences from the best; the strongest penalty "
            "within one standard error is taken",
            header,
        ]
        for point in self.curve:
            mark = "  chosen" if point.penalty == self.penalty else ""
            mark += "" if point.reliable else "  log Z not reliable"
            lines.append(row(point) + mark)
        return lines


def strongest_within_error(points: Sequence[PenaltyPoint[Penalty]]) -> Penalty:
    """Return the first penalty, strongest first, within an error of the least loss.

    Parameters
    ----------
    points : sequence of PenaltyPoint
        A path from strong to weak. Those not reliable are passed over; if none is
        reliable the strongest is taken.
    """
    trusted = [point for point in points if point.reliable] or [points[0]]
    least = min(point.loss for point in trusted)
    return next(
        point.penalty
        for point in trusted
        if point.loss - least <= point.excess_error or point.loss == least
    )
