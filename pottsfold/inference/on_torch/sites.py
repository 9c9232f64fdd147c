"""Blocks of sites given their couplings: what both forms share.

As in the Numba core, the fields are solved for at every visit: passes over logits that
are there already cost little beside the products, and L-BFGS then needs a third to a
tenth of the evaluations. All sites of a block take their Newton steps together.
"""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from pottsfold.alignment.alignment import Alignment
from pottsfold.alignment.frequencies import Gaps, first_state, site_frequencies
from pottsfold.inference.on_torch.devices import Device
from pottsfold.inference.on_torch.objective import (
    Batch,
    batch_of,
    modelled_letters,
    site_terms,
)
from pottsfold.inference.on_torch.pairs import AllPairs, Pairs
from pottsfold.inference.on_torch.ranks import DeviceFull, Ranks
from pottsfold.inference.pseudolikelihood.sites import FIELD_ACCURACY
from pottsfold.model.independent import independent_fields

# Newton steps at one visit, and halvings of steps that go uphill.
MAX_PASSES = 30
# Values that differ by a smaller share may only differ by rounding in float32.
VALUE_ROUNDING = 1e-7
# Of a Hessian's largest number: what rounding in float32 may have taken off it.
HESSIAN_ROUNDING = 1e-6


@dataclass(frozen=True)
class Blocks:
    """How much is worked on at a time.

    Parameters
    ----------
    sites : int
        Sites, all sequences' logits of which are held.
    rows : int
        Sequences, one-hot rows of which are made.
    """

    sites: int
    rows: int

    def halved(self) -> Blocks | None:
        """Return smaller blocks, None if there are none."""
        if self.rows > 256:
            return Blocks(self.sites, self.rows // 2)
        return Blocks(self.sites // 2, self.rows) if self.sites > 1 else None


class DeviceSites:
    """The L sites of an alignment on a device, with the fields that suit couplings.

    Parameters
    ----------
    alignment : Alignment
        Weighted alignment; a process takes its share of the sequences to its device.
    gaps : {"missing", "state"}
        Gap treatment.
    lambda_h : float
        Penalty on fields.
    pairs : Pairs
        Which sites are coupled, and the device.
    ranks : Ranks
        The processes.
    blocks : Blocks
        How much is worked on at a time.
    """

    def __init__(
        self,
        alignment: Alignment,
        gaps: Gaps,
        lambda_h: float,
        pairs: Pairs,
        ranks: Ranks,
        blocks: Blocks,
    ) -> None:
        self.pairs, self.ranks, self.blocks = pairs, ranks, blocks
        self.device: Device = pairs.device
        self.length, self.size = alignment.length, pairs.size
        self.first, self.full_size = first_state(gaps), alignment.alphabet.size
        self.neff = alignment.neff
        self._lambda_h = lambda_h
        share = ranks.share(alignment.n_sequences, self.device.most_rows)
        codes = modelled_letters(alignment.codes[share], self.full_size, gaps)
        self.batch = batch_of(codes, alignment.sequence_weights[share], self.device)
        frequencies = site_frequencies(alignment, gaps=gaps)[:, self.first :]
        fields = independent_fields(frequencies, alignment.neff, lambda_h)
        self.fields = torch.from_numpy(fields).to(self.device.wide)
        # One-hot rows of all sequences, where they are worked on at once.
        self._rows: torch.Tensor | None = None

    def full_fields(self) -> NDArray[np.float32]:
        """Return the fields over the whole alphabet, (L, q) float32."""
        fields = np.zeros((self.length, self.full_size), np.float32)
        fields[:, self.first :] = self.fields.cpu().numpy()
        return fields

    def part(self, rows: int) -> DeviceSites:
        """Return the same sites with some sequences alone, and fields of their own."""
        part = copy.copy(self)
        part.batch = Batch(self.batch.codes[:rows], self.batch.weights[:rows])
        part.fields = self.fields.clone()
        part._rows = None
        return part

    def with_room(self, work: Callable[[], float], *, sites_too: bool = True) -> float:
        """Return what work returns, done in smaller blocks where memory runs out.

        Parameters
        ----------
        work : callable
            It visits blocks of sites, and may be begun again.
        sites_too : bool
            Whether blocks of fewer sites help.

        Raises
        ------
        DeviceFull
            If the smallest blocks do not fit either.
        """
        while True:
            with contextlib.suppress(torch.OutOfMemoryError):
                return work()
            smaller = self.blocks.halved()
            # Other processes would wait for sums that do not come.
            alone = self.ranks.count == 1
            fewer = smaller is not None and smaller.sites < self.blocks.sites
            if smaller is None or not alone or (fewer and not sites_too):
                raise DeviceFull(
                    f"{self.device.title} ran out of memory; give one that has more, "
                    "or end what else it holds"
                )
            self.blocks, self._rows = smaller, None
            self.device.let_go()

    def visit(
        self, sites: range, strip: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Solve some sites' fields for their couplings.

        Parameters
        ----------
        sites : range
            A block of sites.
        strip : float32 tensor
            Their couplings: see :class:`Pairs`.

        Returns
        -------
        values : (I,) float64 tensor
            - sum_n w_n log P(x_ni | the others) + lambda_h sum_a h_i(a)^2 at the best
            fields, of all processes.
        slopes : float32 tensor
            Derivatives by the couplings, like a strip, likewise; they mean nothing
            where there is no pair. Summed in float64 over pieces and processes, so that
            it makes no difference how many these are.
        """
        operand = self.device.factor(strip)
        shape = (len(self.batch), len(sites), self.size)
        logits = torch.empty(shape, dtype=torch.float32, device=self.device.name)
        for part, piece in self.batch.pieces(self.blocks.rows):
            logits[part] = self.pairs.logits(self._seen(piece, sites), operand)
        del operand
        values, fields = self._solved(sites, logits)
        slopes = self.pairs.empty_strip(sites).to(self.device.sum_type)
        here = slice(sites.start, sites.stop)
        for part, piece in self.batch.pieces(self.blocks.rows):
            own = piece.codes[:, here]
            terms = site_terms(logits[part], fields, own, piece.weights, self.device)
            residuals = self.device.factor(terms.residuals)
            slopes += self.pairs.slopes(self._seen(piece, sites), residuals)
        return values, self.ranks.add_up(slopes).to(torch.float32)

    def _seen(self, piece: Batch, sites: range) -> torch.Tensor:
        """Return what sites see of a piece; one-hot rows of all are kept."""
        if self._rows is not None:
            return self._rows
        seen = self.pairs.seen(piece.codes, sites)
        if len(piece) == len(self.batch) and isinstance(self.pairs, AllPairs):
            self._rows = seen
        return seen

    def _solved(
        self, sites: range, logits: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the sites' least values, (I,), and the fields there, (I, s) float64.

        Newton steps, halved while they go uphill, until the step ahead would gain less
        than ``FIELD_ACCURACY`` of the value; that one is taken too, unseen.
        """
        here = slice(sites.start, sites.stop)
        fields = trial = self.fields[here]
        value = torch.full_like(fields[:, 0], torch.inf)
        step, scale = torch.zeros_like(fields), torch.ones_like(fields[:, :1])
        for _ in range(MAX_PASSES):
            there, slopes, hessians = self._weighed(sites, logits, trial)
            if not bool(torch.isfinite(there).all()):
                # Couplings have gone too far: the fields are kept for the next.
                return there, fields
            uphill = there > value + VALUE_ROUNDING * value.abs()
            fields = torch.where(uphill[:, None], fields, trial)
            value = torch.where(uphill, value, there)
            newton = _newton_step(hessians, slopes)
            gain = 0.5 * (slopes * newton).sum(1)
            step = torch.where(uphill[:, None], step, newton)
            scale = torch.where(uphill[:, None], 0.5 * scale, 1.0)
            done = ~uphill & (gain <= FIELD_ACCURACY * value)
            if bool(done.all()):
                # The last step is as good as free: residuals are still to be made.
                value, fields = value - gain, fields - newton
                break
            trial = fields - torch.where(done[:, None], 0.0, scale * step)
        self.fields[here] = fields
        return value, fields

    def _weighed(
        self, sites: range, logits: torch.Tensor, fields: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return values (I,), slopes (I, s) and Hessians (I, s, s) by the fields."""
        n, s = fields.shape
        sums = torch.zeros(
            (n, 1 + s + s * s), dtype=torch.float64, device=fields.device
        )
        values, slopes, hessians = sums[:, 0], sums[:, 1 : 1 + s], sums[:, 1 + s :]
        here = slice(sites.start, sites.stop)
        on_device = fields.to(self.device.name, torch.float32)
        for part, piece in self.batch.pieces(self.blocks.rows):
            terms = site_terms(
                logits[part],
                on_device,
                piece.codes[:, here],
                piece.weights,
                self.device,
                bends=True,
            )
            assert terms.hessians is not None
            values += terms.losses
            slopes += terms.slopes
            hessians += terms.hessians.flatten(1)
        self.ranks.add_up(sums)
        values += self._lambda_h * (fields * fields).sum(1)
        slopes += 2 * self._lambda_h * fields
        square = hessians.unflatten(1, (s, s))
        square.diagonal(dim1=1, dim2=2).add_(2 * self._lambda_h)
        return values, slopes, square


def _newton_step(hessians: torch.Tensor, slopes: torch.Tensor) -> torch.Tensor:
    """Return the Hessians' inverses times the slopes, (I, s) float64."""
    largest = hessians.diagonal(dim1=1, dim2=2).amax(1)
    eye = torch.eye(hessians.shape[1], dtype=hessians.dtype, device=hessians.device)
    safe = hessians + HESSIAN_ROUNDING * largest[:, None, None] * eye
    factors, _ = torch.linalg.cholesky_ex(safe)
    return torch.cholesky_solve(slopes[:, :, None], factors)[:, :, 0]
