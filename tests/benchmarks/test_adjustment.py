"""The training of adjusted effects finds what was planted, and nothing in noise."""

import numpy as np
import pytest

from pottsfold.mutations.adjustment.amino_acids import LETTERS
from pottsfold.mutations.adjustment.features import NAMES, Substitutions
from tests.benchmarks.adjustment import Protein, as_content, design, learn, left_out

N = 600


def made(seed, plant):
    rng = np.random.default_rng(seed)
    features = rng.uniform(-0.5, 0.5, (N, len(NAMES)))
    letters = rng.integers(0, 20, (2, N))
    found = Substitutions(np.arange(N), *letters, features)
    scores = rng.normal(0, 0.05, N)
    if plant:
        scores += features[:, 1] - 0.5 * (letters[1] == LETTERS.index("P"))
    return Protein(f"p{seed}", 100.0, found, features[:, 0], [scores], rng.random(N))


@pytest.mark.parametrize("structure", [False, True])
def test_a_planted_rule_is_found_and_noise_teaches_nothing(structure):
    for plant in (True, False):
        some = [made(seed, plant) for seed in range(5)]
        predicted = left_out("stability", some, structure)
        agreement = [p.agreement(predicted[p.name]) for p in some]
        if plant:
            assert min(agreement) > 0.9
        else:
            assert abs(np.mean(agreement)) < 0.1


def test_what_is_written_predicts_what_was_learnt():
    some = [made(seed, True) for seed in range(3)]
    found = learn("stability", some, True)
    content = as_content(found, True)
    size = len(NAMES) + 40
    assert content["features"]["shared_log_odds"] == pytest.approx(found[1], abs=1e-4)
    letters = content["substitution"]
    assert min(letters, key=letters.get) == "P"
    assert sum(letters.values()) == pytest.approx(0, abs=1e-3)
    one = some[0]
    centred = one.burial - 0.5

    def part(table):
        names = [list(LETTERS)[k] for k in range(20)]
        old = np.array([table["wild_type"][a] for a in names])
        new = np.array([table["substitution"][a] for a in names])
        weights = np.array([table["features"][name] for name in NAMES])
        of = one.substitutions
        return of.features @ weights + old[of.wild_types] + new[of.letters]

    written = part(content) + centred * part(content["times burial"])
    written += content["burial"] * centred + content["burial squared"] * centred**2
    learnt = design(one, True) @ found
    difference = written - learnt
    assert np.ptp(difference) < 2e-3
    assert len(found) == 2 * size + 2
