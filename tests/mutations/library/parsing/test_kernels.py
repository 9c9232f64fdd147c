"""Hashes of mutants."""

import numpy as np
from hypothesis import given

from pottsfold.alphabet import PROTEIN
from pottsfold.mutations import (
    place_texts,
)
from pottsfold.mutations.library.parsing import kernels
from tests.naive import mutations as naive
from tests.strategies import random_model, seeds


@given(seed=seeds)
def test_a_mutants_hash_depends_on_what_it_is_not_on_its_order(seed):
    rng = np.random.default_rng(seed)
    model = random_model(seed, 9)
    text = [f"{PROTEIN.letters[model.focus[i]]}{i + 1}" for i in range(9)]
    rows = []
    for _ in range(30):
        chosen = rng.choice(9, rng.integers(0, 4), replace=False)
        rows.append([text[i] + str(rng.choice(list("AC"))) for i in chosen])
    mutants = place_texts(model, [":".join(row) or "WT" for row in rows])
    hashes = np.empty(len(mutants), np.uint64)
    kernels.hash_mutants(mutants.offsets, mutants.columns, mutants.letters, hashes)
    keys = naive.substitution_sets(
        mutants.offsets.tolist(), mutants.columns.tolist(), mutants.letters.tolist()
    )
    assert len(set(hashes.tolist())) == len(set(keys))
    assert len(set(zip(hashes.tolist(), keys, strict=True))) == len(set(keys))
    slots = np.zeros(64, np.uint64)
    repeats, known = kernels.count_repeats(hashes, slots, 0, 60)
    assert (repeats, known) == (len(keys) - len(set(keys)), len(set(keys)))
