"""Several processes at one fit, as ``torchrun`` starts them: each has some sequences.

They hold the same parameters. What is summed over sequences is summed over processes
too, so all of them see the same numbers and take the same steps. torch is imported when
they meet.
"""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from pottsfold import signals
from pottsfold.errors import PottsfoldError, UsageError

if TYPE_CHECKING:
    import torch

Value = TypeVar("Value")


class ProcessLost(PottsfoldError):
    """Another process of the fit has ended."""


class DeviceFull(PottsfoldError):
    """A device has run out of memory, although the plan said it would do."""


@dataclass(frozen=True)
class Ranks:
    """Which of how many processes this is.

    Parameters
    ----------
    rank : int
        From 0; the first one writes and talks.
    count : int
        Processes of the fit.
    local, here : int
        Likewise on this machine.
    """

    rank: int = 0
    count: int = 1
    local: int = 0
    here: int = 1

    @property
    def leads(self) -> bool:
        """Whether this process writes and talks."""
        return self.rank == 0

    def share(self, n: int, unit: int = 1) -> slice:
        """Return which of n sequences this process has: whole units, but at the end.

        Sums over a unit are then the same for any number of processes.
        """
        units = -(-n // unit)
        ends = (units * rank // self.count for rank in (self.rank, self.rank + 1))
        start, stop = (min(unit * end, n) for end in ends)
        return slice(start, stop)

    def check_shared(self, device: str | None) -> None:
        """Raise :class:`UsageError` if every process would do all of the work."""
        if self.count > 1 and device is None:
            raise UsageError(
                f"{self.count} processes share a fit on a device alone; give cpu or "
                "cuda",
                parameter="device",
            )

    def device_name(self, name: str) -> str:
        """Return the device of this process where all were given one name.

        Raises
        ------
        UsageError
            If all would take the same CUDA device.
        """
        if self.count == 1 or not name.startswith("cuda"):
            return name
        if ":" in name:
            raise UsageError(
                "each process takes a device of its own; give cuda",
                parameter="device",
                value=name,
            )
        return f"cuda:{self.local}"

    def threads(self, threads: int) -> int:
        """Return the threads of this process, of those for the machine."""
        return max(threads // self.here, 1)

    @contextlib.contextmanager
    def met(self, kind: str) -> Iterator[None]:
        """Have the processes meet, and part at the end.

        Parameters
        ----------
        kind : str
            Of their devices: ``cuda`` or another.

        Raises
        ------
        ProcessLost
            If another one ends meanwhile.
        """
        if self.count == 1:
            yield
            return
        from torch import distributed

        with self._lost_ones_told():
            distributed.init_process_group("nccl" if kind == "cuda" else "gloo")
            try:
                yield
                # No process ends while others wait for it.
                distributed.barrier()
            finally:
                distributed.destroy_process_group()

    def add_up(self, tensor: torch.Tensor) -> torch.Tensor:
        """Sum a tensor over all processes, in place, and return it."""
        if self.count > 1:
            from torch import distributed

            distributed.all_reduce(tensor)
        return tensor

    def agree(self, value: Value) -> Value:
        """Return the first process's value."""
        if self.count == 1:
            return value
        from torch import distributed

        held = [value]
        distributed.broadcast_object_list(held)
        return held[0]

    @contextlib.contextmanager
    def _lost_ones_told(self) -> Iterator[None]:
        try:
            yield
        except RuntimeError as error:
            if not _comes_of_a_lost_process(error):
                raise
            # torchrun is about to end this one too: it has something to say first.
            if signal.getsignal(signal.SIGTERM) is signals.interrupt:
                signal.signal(signal.SIGTERM, signal.SIG_IGN)
            raise ProcessLost(
                f"one of the {self.count} processes has ended, and the fit with it; "
                "start it again, with `resume` if it has a `checkpoint`"
            ) from error


def launched() -> Ranks:
    """Return what torchrun says of this process; the only one without torchrun."""
    names = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE")
    try:
        return Ranks(*(int(os.environ[name]) for name in names))
    except (KeyError, ValueError):
        return Ranks()


def _comes_of_a_lost_process(error: RuntimeError) -> bool:
    from torch import distributed

    told = ("Connection closed", "Connection reset", "Broken pipe", "Timed out")
    if isinstance(error, distributed.DistBackendError | distributed.DistNetworkError):
        return True
    return any(words in str(error) for words in told)
