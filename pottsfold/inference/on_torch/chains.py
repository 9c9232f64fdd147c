"""Gibbs sweeps of many chains at once on a device.

A site reads one row of the table for each partner and adds them up: N K W numbers for
N chains and K partners. Products with one-hot letters would multiply q times as many
and be ten times slower on a CPU. Sites without couplings between them are drawn
together, which a graph of few pairs allows; in a dense model each is drawn by itself.

Random numbers are those of the Numba kernels, made on the CPU: the same chains take the
same letters, but where a draw lies within rounding of an edge.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from pottsfold.inference.on_torch.devices import Device, memory_told
from pottsfold.sampling import kernels
from pottsfold.sampling.moves import Move, Stepper
from pottsfold.sampling.table import CouplingTable
from pottsfold.sampling.target import Target
from pottsfold.simd.codegen import row_width

# Rows that are added up at once, and random numbers that are made at once, at most.
MOST_ROWS, MOST_NUMBERS = 1 << 26, 1 << 26


@dataclass(frozen=True, eq=False)
class SiteClass:
    """Sites that are drawn together.

    Parameters
    ----------
    sites : (m,) int64 tensor
        Which.
    bases : (m, K) int32 tensor
        Where the rows of a partner begin in the table.
    partners : (m, K) int64 tensor or None
        Columns of these partners; None where they are all columns, in order.
    """

    sites: torch.Tensor
    bases: torch.Tensor
    partners: torch.Tensor | None


@dataclass(frozen=True, eq=False)
class DeviceTable:
    """Couplings and fields as sweeps on a device read them.

    Parameters
    ----------
    rows : (R, W) float32 tensor
        J_ij(., b), for every place and letter b of it.
    fields : (L, W) float32 tensor
        Hugely negative where a letter may not be drawn.
    last : (L, W) int64 tensor
        The last letter up to each that may be drawn, zero where none.
    classes : sequence of SiteClass
        In the order in which they are visited.
    device : Device
        Where.
    """

    rows: torch.Tensor
    fields: torch.Tensor
    last: torch.Tensor
    classes: Sequence[SiteClass]
    device: Device

    @property
    def order(self) -> NDArray[np.int64]:
        """Sites in the order in which they are visited."""
        return np.concatenate([each.sites.cpu().numpy() for each in self.classes])


def device_table(
    rows: torch.Tensor,
    fields: NDArray[np.float32],
    classes: Sequence[SiteClass],
    device: Device,
) -> DeviceTable:
    """Return a table with fields (L, W) as the Numba kernels take them."""
    may = fields > kernels.FORBIDDEN / 2
    last = np.maximum.accumulate(np.where(may, np.arange(fields.shape[1]), 0), axis=1)
    return DeviceTable(
        rows,
        torch.from_numpy(fields.copy()).to(device.name),
        torch.from_numpy(last).to(device.name),
        classes,
        device,
    )


# Samplers ask for a stepper at every step: the table stays on the device meanwhile.
@functools.lru_cache(maxsize=1)
def table_of(target: Target, device: Device) -> DeviceTable:
    """Return the couplings and fields of a target on a device."""
    table = target.table
    width = row_width(table.size)
    # A place of zeros at the end is there for classes to fill up with.
    rows = np.zeros((len(table.rows) + 1, table.size, width), np.float32)
    rows[:-1] = table.rows[:, :, :width]
    if len(table.partners):
        classes = some_columns(table, target.sites, device)
    else:
        classes = all_columns(target.sites, table.columns, table.size, device)
    on_device = torch.from_numpy(rows.reshape(-1, width)).to(device.name)
    return device_table(on_device, target.fields, classes, device)


def all_columns(
    sites: NDArray[np.int64], columns: int, size: int, device: Device
) -> list[SiteClass]:
    """Return a class for each site of a table (L, J, q, W)."""
    bases = torch.arange(columns, dtype=torch.int32).to(device.name) * size
    return [
        SiteClass(
            torch.tensor([site]).to(device.name),
            (bases + site * columns * size).unsqueeze(0),
            None,
        )
        for site in sites.tolist()
    ]


def some_columns(
    table: CouplingTable, sites: NDArray[np.int64], device: Device
) -> list[SiteClass]:
    """Return classes of sites that are no partners of one another.

    Each site goes into the first class that has none of its partners. Where one has
    fewer partners than others of its class, the place of zeros beyond the
    table's last fills up.
    """
    offsets, partners = table.offsets, table.partners
    colours = np.full(len(offsets) - 1, -1)
    for site in sites.tolist():
        taken = set(colours[partners[offsets[site] : offsets[site + 1]]].tolist())
        colours[site] = next(k for k in range(len(taken) + 1) if k not in taken)
    classes = []
    for colour in range(int(colours.max()) + 1):
        members = np.flatnonzero(colours == colour)
        counts = offsets[members + 1] - offsets[members]
        steps = np.arange(counts.max())
        inside = steps < counts[:, np.newaxis]
        places = np.where(inside, offsets[members, np.newaxis] + steps, len(partners))
        columns = np.append(partners, 0)[places].astype(np.int64)
        bases = (places * table.size).astype(np.int32)
        arrays = (torch.from_numpy(each) for each in (members, bases, columns))
        classes.append(SiteClass(*(each.to(device.name) for each in arrays)))
    return classes


def sweep(
    table: DeviceTable,
    codes: torch.Tensor,
    energies: torch.Tensor,
    scales: torch.Tensor,
    uniforms: torch.Tensor,
) -> torch.Tensor:
    """Draw every site of the classes once from its conditional distribution.

    Parameters
    ----------
    table : DeviceTable
        Couplings and fields.
    codes : (N, J) uint8 tensor
        Chains, changed in place.
    energies : (N,) float64 tensor
        In the table's unit, changed in place.
    scales : (N,) float32 tensor
        That unit over the temperature of each chain.
    uniforms : (N, S) float32 tensor
        A number in [0, 1) for every visit, in the order of the classes.

    Returns
    -------
    () int64 tensor
        How many letters changed.
    """
    changed = torch.zeros((), dtype=torch.int64, device=codes.device)
    start = 0
    for each in table.classes:
        stop = start + len(each.sites)
        step = max(1, MOST_ROWS // each.bases.numel())
        for first in range(0, len(codes), step):
            part = slice(first, first + step)
            changed += _draw(
                table,
                each,
                codes[part],
                energies[part],
                scales[part],
                uniforms[part, start:stop],
            )
        start = stop
    return changed


def _draw(
    table: DeviceTable,
    each: SiteClass,
    codes: torch.Tensor,
    energies: torch.Tensor,
    scales: torch.Tensor,
    uniforms: torch.Tensor,
) -> torch.Tensor:
    """Draw the sites of a class anew; return how many letters changed."""
    near = codes.unsqueeze(1) if each.partners is None else codes[:, each.partners]
    places = (near.int() + each.bases).flatten(0, 1)
    sums = torch.nn.functional.embedding_bag(places, table.rows, mode="sum")
    logits = sums.view(len(codes), len(each.sites), -1) + table.fields[each.sites]
    x = logits * scales[:, None, None]
    shares = (x - x.amax(2, keepdim=True)).exp_().cumsum(2)
    below = shares <= uniforms.unsqueeze(2) * shares[:, :, -1:]
    drawn = below.sum(2, keepdim=True).clamp_max_(logits.shape[2] - 1)
    # Rounding may lead beyond the last letter that may be drawn.
    drawn = table.last[each.sites].expand_as(logits).gather(2, drawn)
    old = codes[:, each.sites].long().unsqueeze(2)
    gained = (logits.gather(2, drawn) - logits.gather(2, old)).squeeze(2)
    energies -= table.device.wide_sum(gained.t())
    codes[:, each.sites] = drawn.squeeze(2).to(torch.uint8)
    return (drawn != old).sum()


def run_sweeps(
    table: DeviceTable,
    codes: NDArray[np.uint8],
    energies: NDArray[np.float64],
    states: NDArray[np.uint64],
    scales: NDArray[np.float32],
    sweeps: int,
) -> int:
    """Move chains, arrays on the host, in place; see :class:`Stepper`."""
    device, visits = table.device, sum(len(each.sites) for each in table.classes)
    changed, step = 0, max(1, MOST_NUMBERS // visits)
    with memory_told(device), torch.inference_mode():
        for first in range(0, len(codes), step):
            part = slice(first, first + step)
            x = torch.from_numpy(codes[part]).to(device.name)
            e = torch.from_numpy(energies[part]).to(device.wide)
            beta = torch.from_numpy(scales[part]).to(device.name)
            numbers = np.empty((len(x), visits), np.float32)
            for _ in range(sweeps):
                kernels.draw_uniforms(states[part], numbers)
                u = torch.from_numpy(numbers).to(device.name)
                changed += int(sweep(table, x, e, beta, u))
            codes[part], energies[part] = x.cpu().numpy(), e.cpu().numpy()
    return changed


@dataclass(frozen=True)
class DeviceGibbs(Move):
    """Draw each site from its conditional distribution, on a device.

    Parameters
    ----------
    device : Device
        Where; sums are made in float32 whatever its precision.
    """

    device: Device

    def stepper(self, target: Target) -> Stepper:
        """Return the function that moves chains of a target."""
        with memory_told(self.device):
            table = table_of(target, self.device)
        return lambda codes, energies, states, scales, sweeps: run_sweeps(
            table, codes, energies, states, scales, sweeps
        )
