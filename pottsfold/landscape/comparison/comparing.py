"""The comparison of sampled with natural sequences, as a value."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from pottsfold.alignment import Alignment, clustered_folds
from pottsfold.errors import UsageError
from pottsfold.landscape.comparison.agreement import (
    Agreement,
    Parts,
    one_site,
    three_sites,
    two_sites,
)
from pottsfold.landscape.comparison.identities import (
    nearest_identities,
    pair_identities,
)
from pottsfold.landscape.comparison.principal import principal_plane, projected
from pottsfold.landscape.comparison.spreads import (
    Rows,
    Sides,
    Spread,
    gapped_alike,
    in_given_order,
    taken_by_weight,
)
from pottsfold.model import PottsModel, energy
from pottsfold.threads import Workers, chosen_threads

Codes = NDArray[np.uint8]
Floats = NDArray[np.float64]
# Fewer sequences on either side say nothing.
MIN_SEQUENCES = 10
# Pairs whose identity is taken.
N_PAIRS = 50_000


@dataclass(frozen=True, eq=False)
class Comparison:
    """Sampled beside natural sequences.

    Parameters
    ----------
    n_natural, n_sampled : int
        Sequences on either side.
    neff : float
        Sum of the natural weights.
    length : int
        Number of sites L.
    yardstick : str
        What stands in the samples' place for the reachable values: other natural
        sequences, or one half of them compared with the other.
    one_site, two_sites, three_sites : Agreement
        Of letter frequencies and of connected correlations.
    energy : Spread
        In nats.
    identity : Spread
        Of pairs within either side, drawn at random: share of equal columns.
    nearest : Spread
        Identity of samples to the nearest natural sequence, of natural ones to the
        nearest other.
    principal : tuple of 2 Spread
        Places along the two leading principal components of the natural sequences.
    shares : (2,) float64
        Share of the natural variance along each.
    seed : int
        Of every draw.
    """

    n_natural: int
    n_sampled: int
    neff: float
    length: int
    yardstick: str
    one_site: Agreement
    two_sites: Agreement
    three_sites: Agreement
    energy: Spread
    identity: Spread
    nearest: Spread
    principal: tuple[Spread, Spread]
    shares: Floats
    seed: int


def compare(
    model: PottsModel,
    natural: Alignment,
    sampled_codes: Codes,
    held_out: Alignment | None = None,
    *,
    seed: int = 0,
    threads: int | None = None,
) -> Comparison:
    """Compare sampled with natural sequences.

    Results depend on the sequences and not on their order, but for the order of the
    values of the samples.

    Parameters
    ----------
    model : PottsModel
        What energies are of, and whether the gap is a letter.
    natural : Alignment
        Of the model's columns; its weights are used.
    sampled_codes : (n, L) uint8
        Sequences drawn from the model; a weight of one each.
    held_out : Alignment, optional
        Natural sequences that ``natural`` has not, the yardstick of what is reachable.
        Without them the natural ones are parted in two, relatives kept together, and
        one half compared with the other: fewer sequences, so more noise.
    seed : int
        Of all draws.
    threads : int, optional
        Number of threads, all cores by default; the result does not depend on it.

    Raises
    ------
    UsageError
        If there are fewer than ten sequences on a side, or columns or alphabets do
        not fit the model.
    """
    _check(model, natural, sampled_codes, held_out)
    seeds = [int(each) for each in np.random.SeedSequence(seed).generate_state(7)]
    natural = _sorted(natural)
    order = np.lexsort(sampled_codes.T)
    sampled = np.ascontiguousarray(sampled_codes[order])
    yardstick = _yardstick(natural, held_out, seeds[0])
    parts = _parts(model, natural, sampled, yardstick, seeds[1])
    sides = _sides(model, natural, sampled, yardstick, seeds[2])
    plane, shares = principal_plane(
        sides.natural.codes, model.alphabet.size, model.states.start, seeds[3]
    )
    with Workers(chosen_threads(threads)) as workers:
        agreements = (
            one_site(parts, seeds[4]),
            two_sites(parts, seeds[4], workers),
            three_sites(parts, seeds[5], workers),
        )
        nearest = sides.spread(
            lambda rows: nearest_identities(
                rows.codes, natural.codes, workers, rows.places
            )
        )
    principal = [
        in_given_order(sides.spread(partial(_places, along)), order) for along in plane
    ]
    return Comparison(
        natural.n_sequences,
        len(sampled),
        natural.neff,
        natural.length,
        yardstick.name,
        *agreements,
        energy=in_given_order(
            sides.spread(lambda rows: energy(model, rows.codes)), order
        ),
        identity=sides.spread(
            lambda rows: pair_identities(rows.codes, N_PAIRS, seeds[6])
        ),
        nearest=in_given_order(nearest, order),
        principal=(principal[0], principal[1]),
        shares=shares,
        seed=seed,
    )


def _places(direction: Floats, rows: Rows) -> Floats:
    return projected(direction, rows.codes)


@dataclass(frozen=True, eq=False)
class _Yardstick:
    """Other natural sequences or, without them, the half (N,) each natural one is in.

    Halves are 0 and 1.
    """

    name: str
    others: Alignment | None
    halves: NDArray[np.int64]


def _yardstick(natural: Alignment, held_out: Alignment | None, seed: int) -> _Yardstick:
    if held_out is not None:
        name = f"{held_out.n_sequences} natural sequences held out"
        return _Yardstick(name, _sorted(held_out), np.empty(0, np.int64))
    halves, identity = clustered_folds(natural, 2, seed)
    name = (
        "one half of the natural sequences against the other, clusters of "
        f"{identity:.0%} identity kept whole"
    )
    return _Yardstick(name, None, halves)


def _check(
    model: PottsModel, natural: Alignment, sampled: Codes, held_out: Alignment | None
) -> None:
    given = {"natural": natural, "held-out": held_out}
    for side, alignment in given.items():
        if alignment is None:
            continue
        if alignment.alphabet != model.alphabet:
            raise UsageError(f"the {side} sequences have another alphabet")
        _check_shape(model, side, alignment.codes)
    _check_shape(model, "sampled", sampled)
    if sampled.max() > model.alphabet.unknown:
        raise UsageError("a code of the sampled sequences is outside the alphabet")


def _check_shape(model: PottsModel, side: str, codes: Codes) -> None:
    if codes.ndim != 2 or codes.shape[1] != model.length:
        raise UsageError(
            f"{side} sequences {codes.shape}: the model has {model.length} sites"
        )
    if len(codes) < MIN_SEQUENCES:
        raise UsageError(f"{len(codes)} {side} sequences: {MIN_SEQUENCES} are needed")


def _sorted(alignment: Alignment) -> Alignment:
    """Return the sequences in an order of their own, so that draws meet the same."""
    order = np.lexsort((alignment.sequence_weights, *alignment.codes.T))
    return replace(
        alignment,
        codes=alignment.codes[order],
        names=tuple(alignment.names[n] for n in order),
        weights=alignment.sequence_weights[order],
        focus=None,
    )


def _parts(
    model: PottsModel,
    natural: Alignment,
    sampled: Codes,
    yardstick: _Yardstick,
    seed: int,
) -> Parts:
    """Return the sequences as statistics of letters take them."""
    half = np.zeros(len(sampled), np.bool_)
    half[np.random.default_rng(seed).permutation(len(sampled))[: len(sampled) // 2]] = 1
    codes, weights = natural.codes, natural.sequence_weights
    if yardstick.others is not None:
        others = yardstick.others
        both = [(codes, weights), (others.codes, others.sequence_weights)]
    else:
        both = [
            (codes[yardstick.halves == k], weights[yardstick.halves == k])
            for k in (0, 1)
        ]
    samples = [(sampled[rows], np.ones(rows.sum())) for rows in (half, ~half)]
    for arrays in itertools.chain(both, samples):
        for array in arrays:
            # One type for the compiler, as alignments have it.
            array.flags.writeable = False
    return Parts(
        (*both, *samples),
        yardstick.others is None,
        model.alphabet.size,
        model.states.start,
    )


def _sides(
    model: PottsModel,
    natural: Alignment,
    sampled: Codes,
    yardstick: _Yardstick,
    seed: int,
) -> Sides:
    """Return the sequences as they are looked at singly."""
    if model.gaps == "missing":
        sampled = gapped_alike(sampled, natural, seed)
    taken = taken_by_weight(natural, seed)
    rows = Rows(natural.codes[taken], taken)
    if yardstick.others is not None:
        others = yardstick.others
        return Sides(
            rows, Rows(sampled), rows, Rows(others.codes[taken_by_weight(others, seed)])
        )
    one, other = (taken[yardstick.halves[taken] == k] for k in (0, 1))
    return Sides(
        rows,
        Rows(sampled),
        Rows(natural.codes[one], one),
        Rows(natural.codes[other], other),
    )
