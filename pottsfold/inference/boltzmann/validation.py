"""How well a learned model does, judged by chains that learning never saw.

Persistent chains remember: the model was fitted to their noise too, and a correlation
taken over them is too high. Here chains start at random letters, and many of their
sequences are counted, so that noise of their own hides little: the ceiling says what
correlation it leaves possible.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pottsfold.alignment import Alignment
from pottsfold.landscape.comparison.agreement import (
    Parts,
    one_site,
    three_sites,
    two_sites,
)
from pottsfold.landscape.comparison.spreads import gapped_alike
from pottsfold.model import PottsModel, energy
from pottsfold.sampling import Diagnosis, Move, Sampler, Target, start_chains
from pottsfold.sampling.mixing import Progress, settle
from pottsfold.sampling.sampler import GIBBS
from pottsfold.threads import Workers

# Chains, and sweeps before the first sequence, of an evaluation between two rounds.
CHAINS, BURN_IN = 400, 200
# Chains of the last evaluation, which runs until they have mixed.
LAST_CHAINS = 100
# Sequences counted of every evaluation, and sweeps between two of a chain.
COUNTED, SPACING = 40_000, 4
# Streams of seeds, so that no chain of an evaluation runs as one of the learning.
BETWEEN, LAST = 100, 101


@dataclass(frozen=True)
class SampleQuality:
    """Newly sampled sequences of a model beside the family's.

    Parameters
    ----------
    pearson, slope : float
        Of connected two-site correlations, sampled on natural, over all pairs of sites
        and letters.
    ceiling : float
        What Pearson's could be at most, for the noise of so many sequences.
    one_site_slope : float
        Of letters' frequencies, sampled on natural.
    three_site_pearson : float
        The same of three sites, of 1,000 triples drawn at random.
    natural_energy, sampled_energy : float
        Mean energies in nats.
    diagnosis : Diagnosis or None
        Whether the chains mixed; None where that was not tested.
    """

    pearson: float
    slope: float
    ceiling: float
    one_site_slope: float
    three_site_pearson: float
    natural_energy: float
    sampled_energy: float
    diagnosis: Diagnosis | None

    @property
    def sentence(self) -> str:
        """What was found, in a line."""
        return (
            f"two-site Pearson {self.pearson:.3f} (noise allows {self.ceiling:.3f}), "
            f"slope {self.slope:.2f}; one-site slope {self.one_site_slope:.2f}"
        )


def evaluate_samples(
    model: PottsModel,
    alignment: Alignment,
    *,
    seed: int,
    workers: Workers,
    last: bool = False,
    move: Move = GIBBS,
    progress: Progress = lambda _sweeps: None,
) -> SampleQuality:
    """Sample a model with new chains and compare with the family it was learned from.

    Parameters
    ----------
    model : PottsModel
        The model.
    alignment : Alignment
        The family, weighted.
    seed : int
        Of all random numbers.
    workers : Workers
        The threads; results do not depend on them.
    last : bool
        Run chains until they have mixed, 12,700 sweeps at most, and say whether they
        have; else for 200 sweeps.
    move : Move
        How chains are moved.
    progress : callable
        Called with the sweeps just made.
    """
    sampler = Sampler(Target(model, compact=True), np.array([1.0]), move)
    stream = np.random.SeedSequence(seed, spawn_key=(LAST if last else BETWEEN,))
    seed = int(stream.generate_state(1)[0])
    chains = start_chains(sampler.target, LAST_CHAINS if last else CHAINS, seed)
    diagnosis = None
    if last:
        chains, diagnosis, _ = settle(
            sampler, chains, workers, seed=seed, sweeps=None, progress=progress
        )
    else:
        chains, _ = sampler.step(chains, BURN_IN, workers)
        progress(BURN_IN)
    codes = []
    for _ in range(COUNTED // len(chains)):
        chains, _ = sampler.step(chains, SPACING, workers)
        progress(SPACING)
        codes.append(chains.codes)
    half = len(chains) // 2
    parts = _parts(
        model,
        alignment,
        np.concatenate([each[:half] for each in codes]),
        np.concatenate([each[half:] for each in codes]),
    )
    two, three = two_sites(parts, seed, workers), three_sites(parts, seed, workers)
    natural = alignment.sequence_weights @ energy(model, alignment.codes)
    sampled = codes[-1]
    if model.gaps == "missing":
        sampled = gapped_alike(sampled, alignment, seed)
    return SampleQuality(
        two.pearson,
        two.slope,
        two.ceiling,
        one_site(parts, seed).slope,
        three.pearson,
        float(natural / alignment.neff),
        float(energy(model, sampled).mean()),
        diagnosis,
    )


def _parts(
    model: PottsModel, alignment: Alignment, one: np.ndarray, other: np.ndarray
) -> Parts:
    """Return the natural sequences and two halves of the sampled ones for counting."""
    none = np.empty((0, model.length), np.uint8)
    sides = [(alignment.codes, alignment.sequence_weights), (none, np.empty(0))]
    sides += [(codes, np.ones(len(codes))) for codes in (one, other)]
    for side in sides:
        for array in side:
            array.flags.writeable = False
    return Parts(tuple(sides), False, model.alphabet.size, model.states.start)
