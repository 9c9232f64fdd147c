"""Chains as a value, and where they start."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pottsfold.errors import UsageError
from pottsfold.model import PottsModel, energy
from pottsfold.sampling.target import Target

# Streams of random numbers drawn from one seed.
LETTERS, STEPS, REPLICAS = 0, 1, 2


@dataclass(frozen=True, eq=False)
class Chains:
    """N sequences under way, each with a random state of its own.

    Parameters
    ----------
    codes : (N, L) uint8
        Letters.
    energies : (N,) float64
        Their energies in nats. A step adds float32 differences to them; the sequences
        that are handed out have theirs summed anew.
    states : (N, 4) uint64
        States of xoshiro256++.
    """

    codes: NDArray[np.uint8]
    energies: NDArray[np.float64]
    states: NDArray[np.uint64]

    def __post_init__(self) -> None:
        n = len(self.codes)
        if self.codes.ndim != 2 or self.codes.dtype != np.uint8:
            raise ValueError(f"codes {self.codes.shape} are no rows of uint8 letters")
        if self.energies.shape != (n,) or self.states.shape != (n, 4):
            raise ValueError(f"energies and states of {n} chains are due")
        for array in (self.codes, self.energies, self.states):
            array.flags.writeable = False

    def __len__(self) -> int:
        return len(self.codes)


def random_states(seed: int, stream: int, n: int) -> NDArray[np.uint64]:
    """Return n random states of a stream of a seed, shape (n, 4) uint64.

    The first ones are the same however many are asked for.
    """
    sequence = np.random.SeedSequence(seed, spawn_key=(stream,))
    words = sequence.generate_state(4 * n, np.uint64)
    return words.astype(np.uint64).reshape(n, 4)


def letter_generator(seed: int) -> np.random.Generator:
    """Return what draws the first letters of chains from a seed."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(LETTERS,)))


def chain_states(seed: int, n: int) -> NDArray[np.uint64]:
    """Return the random states of n chains, shape (n, 4) uint64."""
    return random_states(seed, STEPS, n)


def start_chains(
    target: Target,
    n: int,
    seed: int,
    *,
    rungs: int = 1,
    sequences: NDArray[np.uint8] | None = None,
) -> Chains:
    """Return n chains at random sequences, or at given ones.

    Parameters
    ----------
    target : Target
        What is sampled.
    n : int
        Number of chains, or of ladders.
    seed : int
        Of all random numbers.
    rungs : int
        For parallel tempering: chains of one ladder, which start alike.
    sequences : (M, L) uint8, optional
        Sequences to start from, in their order and again from the first if M < n; a
        random choice of n if M > n. A free site takes a random letter where theirs
        may not be drawn. By default all free sites are random, and fixed ones have
        the letters of the model's focus sequence.

    Returns
    -------
    Chains
        n ladders of ``rungs`` neighbours each, with states of the seed.

    Raises
    ------
    UsageError
        If a letter at a fixed position is no letter of the model, or positions are
        fixed and there is neither a sequence nor a focus.
    ValueError
        If the sequences are not of the model's sites and letters.
    """
    model = target.model
    rng = letter_generator(seed)
    letters, counts = target.choices()
    picks = (rng.random((n, model.length)) * counts).astype(np.int64)
    codes = letters[np.arange(model.length), picks]
    fixed = np.setdiff1d(np.arange(model.length), target.sites)
    if sequences is None and len(fixed):
        sequences = np.asarray(model.require_focus())[np.newaxis]
        codes[:, fixed] = sequences[:, fixed]
    elif sequences is not None:
        _check_sequences(model, sequences)
        if len(sequences) > n:
            rows = np.sort(rng.permutation(len(sequences))[:n])
        else:
            rows = np.arange(n) % len(sequences)
        given = sequences[rows]
        known = np.zeros((model.length, model.alphabet.size + 1), bool)
        known[:, :-1] = target.letters
        known[fixed] = True
        keep = known[np.arange(model.length), given]
        codes[keep] = given[keep]
    _check_fixed(target, codes, fixed)
    codes = np.repeat(codes, rungs, axis=0)
    states = chain_states(seed, len(codes))
    return Chains(codes, energy(model, codes), states)


def _check_sequences(model: PottsModel, sequences: NDArray[np.uint8]) -> None:
    """Refuse sequences to start from that are none of the model's."""
    if sequences.ndim != 2 or sequences.shape[1] != model.length or not len(sequences):
        raise ValueError(
            f"sequences {sequences.shape} for a model of {model.length} sites"
        )
    if sequences.max() > model.alphabet.unknown:
        raise ValueError("a code of a sequence is outside the alphabet")


def _check_fixed(
    target: Target, codes: NDArray[np.uint8], fixed: NDArray[np.int64]
) -> None:
    """Refuse fixed letters that the model does not have."""
    states = target.model.states
    low, high = states.start, states.stop
    bad = (codes[:, fixed] < low) | (codes[:, fixed] >= high)
    if bad.any():
        column = fixed[np.flatnonzero(bad.any(axis=0))[0]]
        position = target.model.numbering.positions[column]
        raise UsageError(
            f"position {position} has a gap or an unknown letter, which is no letter "
            "of this model, in a sequence to start from; leave it free",
            parameter="fix",
        )
