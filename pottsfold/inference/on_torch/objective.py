"""The pseudolikelihood of sequences at given parameters, and its gradient.

    - sum_n w_n sum_i log P(x_ni | x_n,-i)

without penalties; derivatives are written out, not tracked. Losses are made in float32
a letter and summed in float64, derivatives summed in float32 over a piece of the
sequences.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from pottsfold.alignment.frequencies import Gaps, first_state
from pottsfold.inference.on_torch.devices import Device
from pottsfold.inference.on_torch.pairs import Pairs


@dataclass(frozen=True, eq=False)
class Batch:
    """Sequences on a device.

    Parameters
    ----------
    codes : (B, L) uint8 tensor
        Modelled letters from 0; s or more where a letter is absent.
    weights : (B,) float32 tensor
        Their weights.
    """

    codes: torch.Tensor
    weights: torch.Tensor

    def __len__(self) -> int:
        return len(self.codes)

    def pieces(self, rows: int) -> Iterator[tuple[slice, Batch]]:
        """Yield the sequences some at a time, with where they are."""
        for start in range(0, len(self), rows):
            part = slice(start, min(start + rows, len(self)))
            yield part, Batch(self.codes[part], self.weights[part])


@dataclass(frozen=True, eq=False)
class Terms:
    """What sequences add to a block of I sites.

    Parameters
    ----------
    losses : (I,) float64 tensor
        - sum_n w_n log P(x_ni | x_n,-i).
    slopes : (I, s) float64 tensor
        Derivatives by the fields.
    residuals : (B, I, s) float32 tensor
        Derivatives by the logits, w_n (P(a) - [a = x_ni]).
    hessians : (I, s, s) float64 tensor or None
        Second derivatives by the fields.
    """

    losses: torch.Tensor
    slopes: torch.Tensor
    residuals: torch.Tensor
    hessians: torch.Tensor | None = None


def modelled_letters(
    codes: NDArray[np.uint8], full_size: int, gaps: Gaps
) -> NDArray[np.uint8]:
    """Return codes as :class:`Batch` has them: 0..s-1, absent letters s.

    Parameters
    ----------
    codes : uint8 array
        Of an alphabet of ``full_size`` letters; that number where unknown.
    full_size : int
        q.
    gaps : {"missing", "state"}
        Gap treatment.
    """
    first = first_state(gaps)
    letter_of_code = np.full(full_size + 1, full_size - first, np.uint8)
    letter_of_code[first:full_size] = np.arange(full_size - first)
    return letter_of_code[codes]


def batch_of(
    codes: NDArray[np.uint8], weights: NDArray[np.float64], device: Device
) -> Batch:
    """Return sequences on a device.

    Parameters
    ----------
    codes : (B, L) uint8
        From :func:`modelled_letters`.
    weights : (B,) float64
        Their weights.
    device : Device
        Where.
    """
    return Batch(
        torch.from_numpy(codes).to(device.name),
        torch.from_numpy(weights.astype(np.float32)).to(device.name),
    )


def site_terms(
    logits: torch.Tensor,
    fields: torch.Tensor,
    own: torch.Tensor,
    weights: torch.Tensor,
    device: Device,
    *,
    bends: bool = False,
) -> Terms:
    """Return what sequences add to a block of sites whose logits are known.

    Parameters
    ----------
    logits : (B, I, s) float32 tensor
        sum_j J_ij(a, x_nj); kept.
    fields : (I, s) tensor
        Of these sites.
    own : (B, I) uint8 tensor
        Letters at these sites, s where absent: such a term counts nothing.
    weights : (B,) float32 tensor
        Of the sequences.
    device : Device
        Where sums in float64 are made.
    bends : bool
        Whether second derivatives are wanted.
    """

    def wide(sums: torch.Tensor) -> torch.Tensor:
        return sums.to(device.wide, torch.float64)

    size = logits.shape[2]
    counted = weights[:, None] * (own < size)
    letters = own.clamp_max(size - 1).long().unsqueeze(2)
    log_p = torch.log_softmax(logits + fields.to(logits), dim=2)
    losses = -(counted * log_p.gather(2, letters).squeeze(2))
    shares = log_p.exp_()
    hessians = None
    if bends:
        roots = counted.sqrt().unsqueeze(2)
        halves = shares.mul_(roots).transpose(0, 1)
        outer = torch.bmm(halves.transpose(1, 2), halves)
        residuals = shares.mul_(roots)
        hessians = wide(residuals.sum(0)).diag_embed() - wide(outer)
    else:
        residuals = shares.mul_(counted.unsqueeze(2))
    residuals.scatter_add_(2, letters, -counted.unsqueeze(2))
    slopes = wide(residuals.sum(0))
    return Terms(device.wide_sum(losses), slopes, residuals, hessians)


def site_blocks(length: int, width: int) -> Iterator[range]:
    """Yield blocks of adjacent sites, ``width`` of them at most."""
    for start in range(0, length, width):
        yield range(start, min(start + width, length))


def loss_and_gradient(
    pairs: Pairs,
    batch: Batch,
    fields: torch.Tensor,
    couplings: torch.Tensor,
    by_fields: torch.Tensor,
    by_couplings: torch.Tensor,
    width: int | None = None,
) -> torch.Tensor:
    """Return the loss of sequences at given parameters, and write its gradient.

    Parameters
    ----------
    pairs : Pairs
        Which sites are coupled.
    batch : Batch
        Sequences.
    fields : (L, s) float32 tensor
        h_i(a).
    couplings : (P s s,) float32 tensor
        Blocks J_ij(a, b) of the pairs i < j, i outer.
    by_fields, by_couplings : float32 tensors
        Where the derivatives are written, shaped like the parameters.
    width : int, optional
        Sites at a time, by default all; memory is in proportion.

    Returns
    -------
    () float64 tensor
        The loss in nats, without penalties.
    """
    device = pairs.device
    by_couplings.zero_()
    total = torch.zeros((), dtype=torch.float64, device=device.wide)
    for sites in site_blocks(pairs.length, width or pairs.length):
        here = slice(sites.start, sites.stop)
        seen = pairs.seen(batch.codes, sites)
        logits = pairs.logits(seen, device.factor(pairs.strip(couplings, sites)))
        own = batch.codes[:, here]
        terms = site_terms(logits, fields[here], own, batch.weights, device)
        by_fields[here] = terms.slopes.to(by_fields)
        slopes = pairs.slopes(seen, device.factor(terms.residuals))
        pairs.add_slopes(slopes, sites, by_couplings)
        total += terms.losses.sum()
    return total
