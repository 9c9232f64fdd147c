"""What a matched temperature is judged by: mean energies and mean identities.

Natural sequences count by weight, pairs of them by the product. Missing letters of
natural sequences (unknown ones; gaps too with ``gaps="missing"``) add nothing to an
energy, so samples are taken as if each had, in turn, those of every natural sequence.
The mean over these is exact: site i counts by the share of natural sequences that have
a letter there, a pair of sites by the share that has one at both.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from pottsfold.alignment import Alignment
from pottsfold.model import PottsModel, energy
from pottsfold.sampling.chains import Chains
from pottsfold.threads import Workers

Floats = NDArray[np.float64]
# Pairs of natural sequences from which the spread of identities is taken.
PAIRS = 20_000


@dataclass(frozen=True, eq=False)
class Natural:
    """The natural side.

    Parameters
    ----------
    energy, identity : float
        Weighted mean energy in nats; weighted mean over pairs of different sequences
        of the share of the L columns with equal codes, a gap matching a gap.
    energy_error, identity_error : float
        Their standard errors, as of Neff independent sequences.
    energy_spread, identity_spread : float
        Standard deviations of single sequences' energies, beside what the number of
        their missing letters explains, and of single pairs' identities.
    both : (L,) float64
        Share of the pairs in which both have a letter at the site.
    neither : float
        What pairs that both lack a letter at a site add to the mean identity.
    thinned : PottsModel
        Its energies are a sequence's mean ones over the patterns of missing letters.
    """

    energy: float
    energy_error: float
    energy_spread: float
    identity: float
    identity_error: float
    identity_spread: float
    both: Floats
    neither: float
    thinned: PottsModel = field(repr=False)


@dataclass(frozen=True, eq=False)
class Records:
    """What chains showed at one temperature.

    Parameters
    ----------
    temperature : float
        T.
    codes : (N, D, L) uint8
        D sequences of each of N chains.
    energies, thinned : (N, D) float64
        Of the model, and as natural sequences have it.
    chains : Chains
        Where the chains ended.
    """

    temperature: float
    codes: NDArray[np.uint8]
    energies: Floats
    thinned: Floats
    chains: Chains


@dataclass(frozen=True)
class Sampled:
    """The sampled side at a temperature.

    Parameters
    ----------
    temperature : float
        T.
    energy, identity : float
        Means; pairs are of different chains.
    energy_error, identity_error : float
        Standard errors, from the differences between chains.
    energy_slope, identity_slope : float
        Derivatives with respect to log T.
    share : float
        Share of the records that count after they were weighted anew for T, 1 at
        their own temperature.
    """

    temperature: float
    energy: float
    energy_error: float
    energy_slope: float
    identity: float
    identity_error: float
    identity_slope: float
    share: float


def natural_values(model: PottsModel, alignment: Alignment, seed: int) -> Natural:
    """Return the natural side of a match.

    Parameters
    ----------
    model : PottsModel
        Model of L sites.
    alignment : Alignment
        Its columns; its weights are used.
    seed : int
        Of the pairs whose identities give a spread.
    """
    codes, weights = alignment.codes, alignment.sequence_weights
    share = weights / weights.sum()
    missing = codes == model.alphabet.unknown
    if model.gaps == "missing":
        missing |= codes == 0
    present = (~missing).astype(np.float64)
    energies = energy(model, codes)
    mean = float(share @ energies)
    numbers = np.stack([np.ones(len(codes)), present.sum(axis=1)], axis=1)
    roots = np.sqrt(share)
    fitted, *_ = np.linalg.lstsq(numbers * roots[:, None], energies * roots)
    spread = float(np.sqrt(share @ (energies - numbers @ fitted) ** 2))
    frequencies = _frequencies(codes, share, model.alphabet.size + 1)
    likeness = frequencies[np.arange(codes.shape[1]), codes].mean(axis=1)
    neither = [
        _pairs_of((codes == code) & missing, share).mean()
        for code in (0, model.alphabet.unknown)
    ]
    return Natural(
        energy=mean,
        energy_error=spread / np.sqrt(alignment.neff),
        energy_spread=spread,
        identity=float((share @ likeness - share @ share) / (1 - share @ share)),
        identity_error=2 * _spread(likeness, share) / np.sqrt(alignment.neff),
        identity_spread=_identity_spread(codes, share, seed),
        both=_pairs_of(~missing, share),
        neither=float(sum(neither)),
        thinned=_thinned(model, present, share) if missing.any() else model,
    )


def _frequencies(codes: NDArray[np.uint8], share: Floats, size: int) -> Floats:
    """Return the share of every code at every site, (L, size)."""
    sites = range(codes.shape[1])
    return np.stack([np.bincount(codes[:, i], share, minlength=size) for i in sites])


def _pairs_of(which: NDArray[np.bool_], share: Floats) -> Floats:
    """Return the share of pairs of different sequences that both have it, (L,)."""
    pairs: Floats = (share @ which) ** 2 - share**2 @ which
    return pairs / (1 - share @ share)


def _spread(values: Floats, share: Floats) -> float:
    return float(np.sqrt(share @ (values - share @ values) ** 2))


def _identity_spread(codes: NDArray[np.uint8], share: Floats, seed: int) -> float:
    rng = np.random.default_rng(seed)
    one, other = rng.choice(len(share), (2, PAIRS), p=share)
    kept = one != other
    return float((codes[one[kept]] == codes[other[kept]]).mean(axis=1).std())


def _thinned(model: PottsModel, present: Floats, share: Floats) -> PottsModel:
    """Return the model whose parameters count by the shares that have letters."""
    shares = (present * share[:, np.newaxis]).T @ present
    # Rounding differs between the halves of a matrix product.
    pairs: NDArray[np.float32] = ((shares + shares.T) / 2).astype(np.float32)
    graph = model.graph
    fields = model.fields * np.diag(pairs)[:, np.newaxis]
    return replace(
        model,
        fields=fields,
        couplings=graph.couplings(
            model.blocks * pairs[graph.sites, graph.partners, np.newaxis, np.newaxis]
        ),
    )


def recorded(
    natural: Natural,
    temperature: float,
    codes: NDArray[np.uint8],
    energies: Floats,
    chains: Chains,
    workers: Workers,
) -> Records:
    """Return records with their energies as natural sequences have them."""
    thinned = np.stack(workers.map(lambda rows: energy(natural.thinned, rows), codes))
    return Records(temperature, codes, energies, thinned, chains)


def sampled_values(records: Records, natural: Natural, temperature: float) -> Sampled:
    """Return the sampled side at a temperature near that of the records.

    Records are weighted by exp(-E (1/T - 1/T_records)) (Ferrenberg and Swendsen 1988).

    Parameters
    ----------
    records : Records
        From chains at a temperature.
    natural : Natural
        Whose missing letters are taken.
    temperature : float
        T.
    """
    exponents = -records.energies * (1 / temperature - 1 / records.temperature)
    weights = np.exp(exponents - exponents.max())
    weights /= weights.sum()
    n_chains = len(weights)
    hotter = weights * (records.energies - (weights * records.energies).sum())
    mean = float((weights * records.thinned).sum())
    apart = weights * (records.thinned - mean)
    likeness = _likeness_to_others(records.codes, weights, natural)
    held = weights.sum(axis=1)
    # A record is compared with other chains' only, which have 1 - held of the weight.
    pairs = weights * (1 - held)[:, np.newaxis]
    identity = float((pairs * likeness).sum() / pairs.sum())
    unlike = weights * (likeness - identity)
    correction = n_chains / (n_chains - 1)
    return Sampled(
        temperature=temperature,
        energy=mean,
        energy_error=float(np.sqrt(correction * (apart.sum(axis=1) ** 2).sum())),
        energy_slope=float((hotter * records.thinned).sum() / temperature),
        identity=identity,
        identity_error=2 * float(np.sqrt(correction * (unlike.sum(axis=1) ** 2).sum())),
        identity_slope=2 * float((hotter * likeness).sum() / temperature),
        share=float(1 / (weights**2).sum() / weights.size),
    )


def _likeness_to_others(
    codes: NDArray[np.uint8], weights: Floats, natural: Natural
) -> Floats:
    """Return every record's mean identity to the records of other chains, (N, D)."""
    n_chains, _, length = codes.shape
    size = int(codes.max()) + 1
    own = np.zeros((n_chains, length, size))
    sites = np.arange(length)
    for chain, (rows, weight) in enumerate(zip(codes, weights, strict=True)):
        places = sites * size + rows
        heavy = np.broadcast_to(weight[:, np.newaxis], rows.shape)
        own[chain] = np.bincount(
            places.ravel(), heavy.ravel(), minlength=length * size
        ).reshape(length, size)
    total = own.sum(axis=0)
    likeness = np.empty(weights.shape)
    for chain, rows in enumerate(codes):
        others = (total - own[chain]) * natural.both[:, np.newaxis]
        left = 1 - weights[chain].sum()
        likeness[chain] = others[sites, rows].mean(axis=1) / left
    return likeness + natural.neither
