"""Random models and alignments: builders from a seed, and Hypothesis strategies.

The builders ``random_model``, ``random_codes`` and ``random_alignment`` take a seed
or a generator and give the same value for the same seed. The strategies ``models``
and ``alignments`` draw the sizes and a seed and call the builders, so that a failing
example is small and is repeated by its arguments.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from pottsfold.alignment import Alignment, Numbering
from pottsfold.alignment.frequencies import Gaps
from pottsfold.alphabet import DNA, PROTEIN, RNA, Alphabet
from pottsfold.model import PairGraph, PottsModel

SMALL = Alphabet("-AB")
ALPHABETS = (SMALL, RNA, DNA, PROTEIN)
Randomness = np.random.Generator | int

seeds = st.integers(0, 2**32 - 1)
alphabets = st.sampled_from(ALPHABETS)
gap_treatments: st.SearchStrategy[Gaps] = st.sampled_from(("state", "missing"))


def random_model(
    rng: Randomness,
    length: int = 5,
    alphabet: Alphabet = PROTEIN,
    *,
    gaps: Gaps = "state",
    focus: bool = True,
    scale: float = 0.5,
    first: int = 1,
) -> PottsModel:
    """Return a model with normal parameters, and frequencies that sum to 1.

    ``scale`` is the standard deviation of fields and couplings; the gap's entries
    are zero with ``gaps="missing"``. The focus holds letters only, no gap. Sites
    are numbered ``first, first + 1, ...``.
    """
    rng = np.random.default_rng(rng)
    q = alphabet.size
    fields = rng.normal(0, scale, (length, q)).astype(np.float32)
    couplings = np.zeros((length, length, q, q), np.float32)
    for i in range(length):
        for j in range(i + 1, length):
            block = rng.normal(0, scale, (q, q)).astype(np.float32)
            couplings[i, j], couplings[j, i] = block, block.T
    frequencies = rng.dirichlet(np.ones(q), length)
    if gaps == "missing":
        fields[:, 0] = 0
        couplings[:, :, 0, :] = 0
        couplings[:, :, :, 0] = 0
        frequencies[:, 0] = 0
        frequencies /= frequencies.sum(axis=1, keepdims=True)
    return PottsModel(
        alphabet=alphabet,
        fields=fields,
        couplings=couplings,
        numbering=Numbering.sequential(length, first),
        gaps=gaps,
        focus=rng.integers(1, q, length).astype(np.uint8) if focus else None,
        focus_name="FOCUS" if focus else "",
        frequencies=frequencies,
        neff=100.0,
        occupancy=rng.uniform(0.3, 1, length),
    )


def masked(model: PottsModel, pairs: Sequence[tuple[int, int]]) -> PottsModel:
    """Return a dense model with the couplings of some pairs of sites alone."""
    graph = PairGraph.of_pairs(model.length, np.array(pairs, int).reshape(-1, 2))
    return replace(
        model, couplings=model.couplings[graph.sites, graph.partners], graph=graph
    )


def with_zeros(model: PottsModel) -> PottsModel:
    """Return a masked model as a dense one, zeros where it has no couplings."""
    rows = np.stack([model.couplings_of(i) for i in range(model.length)])
    return replace(model, couplings=rows, graph=None)


@st.composite
def masked_models(draw: st.DrawFn, **settings: Any) -> PottsModel:
    """Draw a model of some pairs of sites, none and all of them possible."""
    length = draw(st.integers(2, 6))
    pairs = [(i, j) for i in range(length) for j in range(i)]
    chosen = draw(st.lists(st.sampled_from(pairs), unique=True))
    model = random_model(draw(seeds), length, gaps=draw(gap_treatments), **settings)
    return masked(model, chosen)


def random_codes(
    rng: Randomness,
    n_sequences: int,
    length: int,
    alphabet: Alphabet = PROTEIN,
    *,
    gap: float = 0.1,
    unknown: float = 0.0,
) -> NDArray[np.uint8]:
    """Return letters drawn alike, shape (n_sequences, length), some made missing.

    ``gap`` and ``unknown`` are the shares of gaps and of unknown letters.
    """
    rng = np.random.default_rng(rng)
    shape = (n_sequences, length)
    codes = rng.integers(1, alphabet.size, shape).astype(np.uint8)
    kind = rng.random(shape)
    codes[kind < gap] = 0
    codes[kind > 1 - unknown] = alphabet.unknown
    return codes


def random_alignment(
    rng: Randomness,
    n_sequences: int = 20,
    length: int = 8,
    alphabet: Alphabet = PROTEIN,
    *,
    gap: float = 0.1,
    unknown: float = 0.02,
    focus: bool = True,
) -> Alignment:
    """Return relatives of a few ancestors, so that some are alike; weights of one.

    The focus, where there is one, is row 0 and has neither gaps nor unknown
    letters.
    """
    rng = np.random.default_rng(rng)
    ancestors = random_codes(
        rng, 1 + n_sequences // 4, length, alphabet, gap=gap, unknown=unknown
    )
    codes = ancestors[rng.integers(0, len(ancestors), n_sequences)]
    changed = rng.random(codes.shape) < rng.random((n_sequences, 1)) * 0.5
    fresh = random_codes(rng, n_sequences, length, alphabet, gap=gap, unknown=unknown)
    codes[changed] = fresh[changed]
    if focus:
        codes[0] = rng.integers(1, alphabet.size, length)
    return Alignment(
        alphabet=alphabet,
        codes=codes,
        names=tuple(f"sequence_{k}" for k in range(1, n_sequences + 1)),
        numbering=Numbering.sequential(length),
        focus=0 if focus else None,
    )


@st.composite
def models(draw: st.DrawFn, *, min_length: int = 2, max_length: int = 6) -> PottsModel:
    """Draw a model of any alphabet and gap treatment, with or without a focus."""
    return random_model(
        draw(seeds),
        draw(st.integers(min_length, max_length)),
        draw(alphabets),
        gaps=draw(gap_treatments),
        focus=draw(st.booleans()),
    )


@st.composite
def alignments(
    draw: st.DrawFn,
    *,
    min_sequences: int = 2,
    max_sequences: int = 30,
    min_length: int = 2,
    max_length: int = 12,
) -> Alignment:
    """Draw an alignment of any alphabet, with gaps and unknown letters or without."""
    return random_alignment(
        draw(seeds),
        draw(st.integers(min_sequences, max_sequences)),
        draw(st.integers(min_length, max_length)),
        draw(alphabets),
        gap=draw(st.sampled_from((0.0, 0.1, 0.5))),
        unknown=draw(st.sampled_from((0.0, 0.1))),
        focus=draw(st.booleans()),
    )
