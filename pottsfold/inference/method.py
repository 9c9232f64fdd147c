"""What every method of fitting is: a frozen value of settings that can fit."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

from pottsfold.alignment.alignment import Alignment
from pottsfold.errors import UsageError
from pottsfold.model.fit import Fit
from pottsfold.model.graph import PairGraph

Gaps = Literal["missing", "state"]
Penalties = Literal["default", "plmc", "auto"]
# Of products on a device: see pottsfold.inference.on_torch.
Precision = Literal["float32", "tf32", "bf16"]
# Called with how much is done, of how much (None where that is not known), and what.
Progress = Callable[[int, int | None, str], None]
# Called with a sentence.
Announce = Callable[[str], None]


def _no_progress(_done: int, _total: int | None, _doing: str) -> None:
    """Show nothing."""


def _silent(_line: str) -> None:
    """Say nothing."""


@dataclass(frozen=True)
class Work:
    """How a fit is carried out, which its settings do not depend on.

    Parameters
    ----------
    threads : int or None
        None for all cores.
    seed : int
        Random seed.
    progress, announce : callable
        As for :meth:`Method.fit`.
    graph : PairGraph, optional
        Likewise.
    device, precision : str or None
        Likewise.
    """

    threads: int | None
    seed: int
    progress: Progress
    announce: Announce
    graph: PairGraph | None = None
    device: str | None = None
    precision: Precision | None = None

    def record(self, alignment: Alignment, lines: list[str]) -> Alignment:
        """Say lines, and return the alignment with them in its history."""
        for line in lines:
            self.announce(line)
        return replace(alignment, history=(*alignment.history, *lines))


@dataclass(frozen=True)
class Method(ABC):
    """A way to fit a model: a frozen dataclass of settings, checked when made.

    Each has a ``name``, defines ``_fit``, and describes its fields in its docstring:
    these are the options that ``fit`` shows.
    """

    name: ClassVar[str]
    # Whether couplings may be on a graph of some pairs.
    takes_graph: ClassVar[bool] = False
    # Whether it may be carried out on a device, by torch.
    takes_device: ClassVar[bool] = False

    @property
    def draws_random_numbers(self) -> bool:
        """Whether the fit depends on the seed."""
        return False

    def fit(
        self,
        alignment: Alignment,
        *,
        threads: int | None = None,
        seed: int | None = None,
        graph: PairGraph | None = None,
        device: str | None = None,
        precision: Precision | None = None,
        progress: Progress = _no_progress,
        announce: Announce = _silent,
    ) -> Fit:
        """Fit a model to a weighted alignment.

        Parameters
        ----------
        alignment : Alignment
            Weighted alignment.
        threads : int, optional
            By default all cores; the model does not depend on it.
        seed : int, optional
            Random seed, by default 0 where random numbers are drawn.
        graph : PairGraph, optional
            Which pairs of sites have couplings; by default all.
        device : str, optional
            ``cpu``, ``cuda``, ``cuda:N``, ``mps`` or ``auto``: fit there, by torch. By
            default the methods' own core fits, on the CPU.
        precision : {"float32", "tf32", "bf16"}, optional
            Of products on the device, by default float32.
        progress : callable
            Called as ``progress(done, total or None, what is being done)``.
        announce : callable
            Called with sentences: the plan before the work, and how it went.

        Returns
        -------
        Fit
            A model and the report of its making.

        Raises
        ------
        MemoryShort
            If the fit would not fit in memory.
        UsageError
            If a setting does not suit the alignment.
        """
        if graph is not None and not self.takes_graph:
            raise UsageError(
                f"{self.name} couples all pairs of sites; pseudolikelihood fits some",
                parameter="method",
            )
        self.check_device(device, precision)
        work = Work(threads, seed or 0, progress, announce, graph, device, precision)
        fit = self._fit(alignment, work)
        if seed is None and self.draws_random_numbers:
            seed = 0
        made = replace(fit.report.provenance, seed=seed)
        return replace(fit, report=replace(fit.report, provenance=made))

    def check_device(
        self, device: str | None = None, precision: Precision | None = None
    ) -> None:
        """Refuse a device that this method cannot use, or that is not there.

        Parameters
        ----------
        device, precision : str, optional
            As for :meth:`fit`.

        Raises
        ------
        UsageError
            If the fit could not be carried out there.
        """
        if device is None:
            if precision is not None:
                raise UsageError(
                    "it is of `device`; give that too", parameter="precision"
                )
            return
        if not self.takes_device:
            raise UsageError(
                f"{self.name} runs on the CPU alone; leave it out",
                parameter="device",
                value=device,
            )
        from pottsfold.inference.on_torch import device_named

        device_named(device, precision)

    @abstractmethod
    def _fit(self, alignment: Alignment, work: Work) -> Fit:
        """Fit a model; what it computes with is imported here."""
