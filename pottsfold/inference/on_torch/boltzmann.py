"""Gradients of Boltzmann learning on a device.

Couplings, their means and the family's correlations are matrices over sites and letters
(L q, L q) there; chains are moved by :mod:`pottsfold.inference.on_torch.chains`. Steps
are those of the Numba learner, in float32.
"""

from __future__ import annotations

import contextlib
import itertools
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from pottsfold.errors import MemoryShort, UsageError
from pottsfold.inference.boltzmann.learner import (
    SWEEPS,
    Learner,
    State,
    chain_frequencies,
    first_state_of,
    learning_rate,
)
from pottsfold.inference.boltzmann.modes import Modes
from pottsfold.inference.boltzmann.statistics import FamilyStatistics
from pottsfold.inference.on_torch.chains import (
    DeviceGibbs,
    DeviceTable,
    all_columns,
    device_table,
    run_sweeps,
)
from pottsfold.inference.on_torch.devices import Device, memory_told
from pottsfold.inference.on_torch.pairs import one_hot
from pottsfold.inference.on_torch.plan import PLANNED_SHARE
from pottsfold.memory import FLOAT32
from pottsfold.sampling.kernels import FORBIDDEN
from pottsfold.sampling.moves import Move
from pottsfold.simd.codegen import row_width
from pottsfold.threads import Workers

# Matrices (L q, L q) that are there at once, and numbers of one-hot rows.
MATRICES, MOST_NUMBERS = 8, 1 << 26


class DeviceLearner(Learner):
    """Moves a state by gradients on a device.

    Couplings and their means stay there; the state's own arrays are brought up to date
    by its ``refresh``.

    Parameters
    ----------
    statistics, modes, penalty, workers
        As for :class:`Learner`.
    device : Device
        Where. Its precision is that of products with modes; those with one-hot letters
        are exact in any.

    Raises
    ------
    MemoryShort
        If the matrices do not fit there.
    """

    def __init__(
        self,
        statistics: FamilyStatistics,
        modes: Modes,
        penalty: float,
        workers: Workers,
        device: Device,
    ) -> None:
        super().__init__(statistics, modes, penalty, workers)
        self.device = device
        length, size = statistics.length, statistics.size
        self._n = n = length * size
        _check_room(n, device)
        profile = statistics.profile[:, :size].reshape(-1).astype(np.float32)
        self._profile = self._sent(profile)
        self._data = self._matrix()
        self._fill(self._data, statistics.correlations)
        vectors = modes.vectors[:, :, :size].transpose(0, 2, 1)
        self._vectors = self._sent(np.ascontiguousarray(vectors)).reshape(n, -1)
        spread = torch.outer(self._profile, self._profile)
        self._inverse_scale = spread.add_(self.damping).rsqrt_()
        self._couplings, self._means = self._matrix(), self._matrix()
        # Couplings as chains read them, rows padded.
        self._width = row_width(size)
        self._rows = torch.zeros(
            (length, length, size, self._width), device=device.name
        )
        sites = np.arange(length)
        self._classes = all_columns(sites, length, size, device)
        self._state: State | None = None

    @property
    def move(self) -> Move:
        """How chains that evaluate a model are moved."""
        return DeviceGibbs(self.device)

    def move_chains(self, state: State, sweeps: int) -> None:
        """Move the chains of a state at its own parameters."""
        self._load(state)
        n = len(state.codes)
        table = self._table(self.fields(state))
        codes = state.codes[:, : self.statistics.length]
        energies, scales = np.zeros(n), np.ones(n, np.float32)
        # The threads of a CPU share the chains; a card takes them all at once.
        parts = self.workers.threads if self.device.kind == "cpu" else 1
        edges = np.linspace(0, n, parts + 1).astype(np.int64)

        def advance(block: slice) -> int:
            x, e, s = codes[block], energies[block], state.states[block]
            return run_sweeps(table, x, e, s, scales[block], sweeps)

        self.workers.map(advance, [slice(a, b) for a, b in itertools.pairwise(edges)])

    def step(self, state: State, rate: float) -> None:
        """Move the model by one step, and its means.

        Raises
        ------
        UsageError
            If the step is not finite; the model stays as it was.
        """
        self._load(state)
        codes = state.codes[:, : self.statistics.length]
        found = chain_frequencies(codes, self.statistics)
        step = self._step(codes, found, rate)
        if not bool(torch.isfinite(step.sum())):
            raise UsageError(
                f"learning ran away after {state.gradients} gradients: a step is not "
                "finite; set a larger one, or more `chains`",
                parameter="lambda_j",
                value=self.penalty,
            )
        self._couplings.view(self._n, -1).add_(step)
        self._means.lerp_(self._couplings, 1 / (state.averaged + 1))
        self.step_fields(state, found, rate)

    def fields(self, state: State) -> NDArray[np.float32]:
        """Return the fields of a state as samplers read them, (L, W) float32."""
        self._load(state)
        influence = self._couplings.view(self._n, -1) @ self._profile
        shape = self.statistics.length, self.statistics.size
        fields = np.full(self.statistics.profile.shape, FORBIDDEN, np.float32)
        own = fields[:, : shape[1]]
        own[:] = state.centred[:, : shape[1]] - influence.cpu().numpy().reshape(shape)
        fields[self.statistics.profile == 0] = FORBIDDEN
        return fields

    def seconds_per_gradient(self, n_chains: int) -> float:
        """Return the seconds of a gradient, by one of a state that is let go."""
        state = first_state_of(self.statistics, n_chains, 0)
        self.move_chains(state, 1)
        self.device.wait()
        began = time.perf_counter()
        self.move_chains(state, SWEEPS)
        self.step(state, learning_rate(0))
        self.device.wait()
        self._state = None
        return time.perf_counter() - began

    def _matrix(self) -> torch.Tensor:
        """Return zeros (L, q, L, q)."""
        length, size = self.statistics.length, self.statistics.size
        return torch.zeros((length, size, length, size), device=self.device.name)

    def _fill(self, matrix: torch.Tensor, pairs: NDArray[np.float32]) -> None:
        """Write what is kept once a pair, (P, q, W), to both its places."""
        length, size = self.statistics.length, self.statistics.size
        start = 0
        for i in range(length - 1):
            later = self._sent(pairs[start : start + length - 1 - i, :, :size])
            start += len(later)
            matrix[i, :, i + 1 :] = later.permute(2, 0, 1)
            matrix[i + 1 :, :, i] = later

    def _sent(self, array: NDArray[Any]) -> torch.Tensor:
        # A tensor has its own memory, aligned alike each time: sums in products, and so
        # their last digits, may depend on where numbers lie.
        return torch.tensor(array, device=self.device.name)

    def _table(self, fields: NDArray[np.float32]) -> DeviceTable:
        """Return couplings and fields as chains read them."""
        size = self.statistics.size
        self._rows[..., :size] = self._couplings.permute(0, 2, 3, 1)
        rows = self._rows.view(-1, self._width)
        return device_table(rows, fields, self._classes, self.device)

    def _step(
        self, codes: NDArray[np.uint8], found: NDArray[np.float64], rate: float
    ) -> torch.Tensor:
        """Return what is added to the couplings, (L q, L q)."""
        size, vectors = self.statistics.size, self._vectors
        frequencies = self._sent(found[:, :size].reshape(-1).astype(np.float32))
        slopes = self._pair_counts(self._sent(codes))
        slopes.div_(-len(codes)).addr_(frequencies, frequencies)
        slopes.add_(self._data.view(self._n, -1))
        slopes.add_(self._couplings.view(self._n, -1), alpha=-self.penalty)
        slopes.mul_(self._inverse_scale)
        slopes.view_as(self._data).diagonal(dim1=0, dim2=2).zero_()
        images = (slopes @ vectors).view(len(found), size, -1).permute(0, 2, 1)
        padded = np.zeros(self.modes.vectors.shape, np.float32)
        padded[:, :, :size] = images.cpu().numpy()
        halved = self.modes.halved(padded)[:, :, :size].transpose(0, 2, 1)
        taken = self._sent(np.ascontiguousarray(halved)).reshape(self._n, -1)
        slopes.addmm_(vectors, taken.t(), alpha=-1).addmm_(taken, vectors.t(), alpha=-1)
        slopes.view_as(self._data).diagonal(dim1=0, dim2=2).zero_()
        return slopes.mul_(self._inverse_scale).mul_(rate)

    def _pair_counts(self, codes: torch.Tensor) -> torch.Tensor:
        """Return how often letters a at i and b at j come together, (L q, L q)."""
        if self.device.kind == "cpu":
            return counts_by_bins(codes, self.statistics.size)
        return counts_by_products(codes, self.statistics.size, self.device)

    def _load(self, state: State) -> None:
        """Bring a state to the device, where it is not there yet."""
        if state is self._state:
            return
        length, size = self.statistics.length, self.statistics.size
        table = self._sent(state.table[:, :length, :, :size])
        self._couplings.copy_(table.permute(0, 3, 1, 2))
        self._fill(self._means, state.mean_couplings)
        self._state = state
        state.refresh = lambda: self._bring_back(state)

    def _bring_back(self, state: State) -> None:
        """Write a state's couplings and means to its own arrays."""
        if state is not self._state:
            return
        length, size = self.statistics.length, self.statistics.size
        table = self._couplings.permute(0, 2, 3, 1)
        state.table[:, :length, :, :size] = table.cpu().numpy()
        start = 0
        for i in range(length - 1):
            later = self._means[i, :, i + 1 :].permute(1, 2, 0).cpu().numpy()
            state.mean_couplings[start : start + len(later), :, :size] = later
            start += len(later)


@contextlib.contextmanager
def learner_on(
    device: Device,
    statistics: FamilyStatistics,
    modes: Modes,
    penalty: float,
    workers: Workers,
) -> Iterator[DeviceLearner]:
    """Give a learner on a device at work; see :class:`DeviceLearner`."""
    # The workers are threads enough: torch's own would be in their way.
    with memory_told(device), device.at_work(1):
        yield DeviceLearner(statistics, modes, penalty, workers, device)


def counts_by_bins(codes: torch.Tensor, size: int) -> torch.Tensor:
    """Return counts of letters that come together, (L q, L q) float32.

    Parameters
    ----------
    codes : (N, L) uint8 tensor
        Letters from 0 to q - 1.
    size : int
        q.
    """
    length = codes.shape[1]
    result = torch.zeros((length, size, length, size), device=codes.device)
    steps = torch.arange(length, device=codes.device) * size
    for i in range(length - 1):
        own = codes[:, i].long() * (length - 1 - i) * size
        keys = codes[:, i + 1 :] + steps[: length - 1 - i] + own.unsqueeze(1)
        counts = torch.bincount(
            keys.flatten(), minlength=size * (length - 1 - i) * size
        )
        later = counts.view(size, length - 1 - i, size).float()
        result[i, :, i + 1 :] = later
        result[i + 1 :, :, i] = later.permute(1, 2, 0)
    return result.view(length * size, -1)


def counts_by_products(codes: torch.Tensor, size: int, device: Device) -> torch.Tensor:
    """Return what :func:`counts_by_bins` does, by products of one-hot rows.

    Exact in every precision: ones and zeros are, and sums are of float32. It multiplies
    N (L q)^2 numbers where that looks at N L^2 / 2, and wins where products are cheap.
    Sites' own blocks are counted too.
    """
    n = codes.shape[1] * size
    result = torch.zeros((n, n), device=codes.device)
    for some in codes.split(max(1, MOST_NUMBERS // n)):
        rows = one_hot(some, size, device.factor_type).flatten(1)
        result += device.product(rows.t(), rows)
    return result


def _check_room(n: int, device: Device) -> None:
    """Refuse matrices (n, n) that do not fit on a device."""
    needed, free = MATRICES * n * n * FLOAT32, device.free_memory()
    if needed > PLANNED_SHARE * free:
        raise MemoryShort(
            needed,
            free,
            "leave out gap-rich columns with `max_column_gaps`, or leave out `device`",
        )
