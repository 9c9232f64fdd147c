"""The asymmetric form on a device: blocks of sites, one after another."""

from __future__ import annotations

import numpy as np
import torch

from pottsfold.inference.on_torch.devices import ROUNDING
from pottsfold.inference.on_torch.forms import Regressions
from pottsfold.inference.on_torch.objective import site_blocks
from pottsfold.inference.on_torch.sites import DeviceSites
from pottsfold.inference.on_torch.vectors import OnDevice
from pottsfold.inference.optimize.lbfgs import Minimum, Progress, minimize
from pottsfold.inference.pseudolikelihood.asymmetric import (
    AsymmetricResult,
    symmetrize,
)
from pottsfold.inference.pseudolikelihood.plan import MEMORY
from pottsfold.inference.pseudolikelihood.symmetric import first_step
from pottsfold.model.graph import PairGraph


def fit_blocks(
    sites: DeviceSites,
    graph: PairGraph,
    penalty: float,
    *,
    tolerance: float,
    max_iterations: int,
    progress: Progress | None = None,
) -> AsymmetricResult:
    """Fit blocks of sites, symmetrize, and solve the fields that go with it.

    Parameters
    ----------
    sites : DeviceSites
        The sites; their fields are changed.
    graph : PairGraph
        Which pairs have couplings.
    penalty, tolerance, max_iterations, progress
        As in :func:`.fit_sites`.
    """
    first, q = sites.first, sites.full_size
    couplings = np.zeros((len(graph.partners), q, q), np.float32)
    minima: list[tuple[range, Minimum[torch.Tensor]]] = []
    done = 0.0
    for block in site_blocks(sites.length, sites.blocks.sites):
        regressions = Regressions(sites, block, penalty)
        minimum = minimize(
            regressions,
            regressions.start(),
            OnDevice(sites.device),
            tolerance=tolerance,
            max_iterations=max_iterations,
            # Half the penalty, and one conditional of two.
            first_step=2 * first_step(graph, sites.neff, penalty),
            memory=MEMORY,
            rounding=ROUNDING[sites.device.precision],
        )
        blocks = sites.pairs.blocks(regressions.strip(minimum.point))
        own = blocks.transpose(2, 3).cpu().numpy()
        for site in block:
            places = graph.of_site(site)
            n_partners = places.stop - places.start
            couplings[places, first:, first:] = own[site - block.start, :n_partners] / 2
        done += minimum.objectives[-1]
        if progress is not None:
            progress(block.stop, done, minimum.gradient_norm)
        minima.append((block, minimum))
    symmetrize(couplings, graph)
    _solve_fields(sites, graph, couplings)
    return AsymmetricResult(
        couplings=graph.couplings(couplings),
        objectives=(
            sum(minimum.objectives[0] for _, minimum in minima),
            sum(minimum.objectives[-1] for _, minimum in minima),
        ),
        gradient_norm=max(minimum.gradient_norm for _, minimum in minima),
        n_evaluations=sum(len(b) * minimum.n_evaluations for b, minimum in minima),
        n_converged=sum(len(b) * minimum.converged for b, minimum in minima),
    )


def _solve_fields(sites: DeviceSites, graph: PairGraph, couplings: np.ndarray) -> None:
    """Leave in ``sites`` the fields that are best for the couplings."""
    for block in site_blocks(sites.length, sites.blocks.sites):
        strip = sites.pairs.empty_strip(block)
        blocks = sites.pairs.blocks(strip)
        for site in block:
            own = couplings[graph.of_site(site), sites.first :, sites.first :]
            turned = torch.from_numpy(np.ascontiguousarray(own.transpose(0, 2, 1)))
            blocks[site - block.start, : len(own)] = turned.to(strip.device)
        sites.visit(block, strip)
