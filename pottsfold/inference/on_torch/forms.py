"""The two forms of pseudolikelihood as functions that L-BFGS minimises on a device.

The same objectives as in :mod:`pottsfold.inference.pseudolikelihood`, with the fields
solved for at every evaluation.
"""

from __future__ import annotations

import torch

from pottsfold.inference.on_torch.objective import site_blocks
from pottsfold.inference.on_torch.sites import DeviceSites
from pottsfold.inference.on_torch.vectors import OnDevice


class Symmetric:
    """The symmetric form as a function of the couplings, (P s s,) float32.

    Parameters
    ----------
    sites : DeviceSites
        The sites, with the penalty on their fields.
    penalty : float
        Penalty on couplings.
    """

    def __init__(self, sites: DeviceSites, penalty: float) -> None:
        self.sites = sites
        self._pairs = sites.pairs
        self._penalty = penalty
        self._arithmetic = OnDevice(sites.device)
        # The vector that the sites' fields were last solved for.
        self.fields_are_of: torch.Tensor | None = None

    def start(self) -> torch.Tensor:
        """Return couplings of zero, where the fit begins."""
        kind, device = torch.float32, self.sites.device.name
        return torch.zeros(self._pairs.n_couplings, dtype=kind, device=device)

    def __call__(self, point: torch.Tensor, gradient: torch.Tensor) -> float:
        """Return the objective at ``point`` and write its gradient."""
        value = self.sites.with_room(lambda: self._evaluated(point, gradient))
        self.fields_are_of = point
        return value

    def solve_fields(self, point: torch.Tensor) -> None:
        """Leave in the sites the fields that are best for the couplings."""
        if self.fields_are_of is not point:
            self(point, torch.empty_like(point))

    def _evaluated(self, point: torch.Tensor, gradient: torch.Tensor) -> float:
        gradient.zero_()
        total = 0.0
        for block in site_blocks(self.sites.length, self.sites.blocks.sites):
            values, slopes = self.sites.visit(block, self._pairs.strip(point, block))
            self._pairs.add_slopes(slopes, block, gradient)
            total += float(values.sum())
        self._arithmetic.add_scaled(2 * self._penalty, point, gradient)
        return total + self._penalty * self._arithmetic.dot(point, point)


class Regressions:
    """The asymmetric form: some sites' own couplings, a strip laid flat.

    The regressions of a block share their steps, and the test that ends them.

    Parameters
    ----------
    sites : DeviceSites
        The sites, with the penalty on their fields.
    block : range
        Those that are fitted.
    penalty : float
        lambda_j, half of which counts for each of a pair's two sites.
    """

    def __init__(self, sites: DeviceSites, block: range, penalty: float) -> None:
        self.sites, self.block = sites, block
        self._penalty = penalty
        self._arithmetic = OnDevice(sites.device)
        self._shape = sites.pairs.empty_strip(block).shape

    def start(self) -> torch.Tensor:
        """Return couplings of zero."""
        return self.sites.pairs.empty_strip(self.block).flatten()

    def strip(self, point: torch.Tensor) -> torch.Tensor:
        """Return a vector as a strip."""
        return point.view(self._shape)

    def __call__(self, point: torch.Tensor, gradient: torch.Tensor) -> float:
        """Return the objective at ``point`` and write its gradient."""
        return self.sites.with_room(
            lambda: self._evaluated(point, gradient), sites_too=False
        )

    def _evaluated(self, point: torch.Tensor, gradient: torch.Tensor) -> float:
        pairs = self.sites.pairs
        values, slopes = self.sites.visit(self.block, self.strip(point))
        gradient.copy_(pairs.keep_pairs(slopes, self.block).flatten())
        del slopes
        self._arithmetic.add_scaled(self._penalty, point, gradient)
        squares = self._arithmetic.dot(point, point)
        return float(values.sum()) + self._penalty / 2 * squares
