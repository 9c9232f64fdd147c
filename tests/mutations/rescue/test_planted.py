"""Planted compensations are found, and are not where nothing is planted."""

from dataclasses import replace
from pathlib import Path

import numba
import numpy as np
import pytest

from pottsfold.alignment import Alignment, Numbering, read_alignment, reweight
from pottsfold.alphabet import PROTEIN
from pottsfold.inference import fit_pseudolikelihood
from pottsfold.mutations import scan_table
from pottsfold.mutations.epistasis import MIN_EFFECT, substitution_effects
from pottsfold.mutations.rescue import place_mutant, rescue_table, single_rescues
from tests.families import planted_truth

FOLDER = Path(__file__).parents[3] / "data" / "planted"

compiled = pytest.mark.skipif(
    bool(numba.config.DISABLE_JIT), reason="takes minutes without machine code"
)


@pytest.fixture(scope="module")
def family():
    return reweight(read_alignment(FOLDER / "alignment.fasta.gz"))


@pytest.fixture(scope="module")
def truth(family):
    return planted_truth(family.focus_codes)


@pytest.fixture(scope="module")
def learned(family):
    return fit_pseudolikelihood(family).model


def without(model, i, j):
    """The model whose couplings of two sites are gone."""
    couplings = model.couplings.copy()
    couplings[i, j] = couplings[j, i] = 0
    return replace(model, couplings=couplings)


def first_rescue(model, mutant, count=1):
    name, columns, letters = place_mutant(model, mutant)
    found = single_rescues(model, columns, letters, count)
    return rescue_table(model, name, found).iloc[0]


def compensations(model):
    """(mutant, best rescue, its compensation, lead over the next) by trying all."""
    scan = scan_table(model)
    wild = substitution_effects(model, model.focus)
    names = dict(
        zip(
            zip(
                scan["position"].to_numpy() - 1,
                map(PROTEIN.letters.index, scan["substitution"]),
                strict=True,
            ),
            scan["mutant"],
            strict=True,
        )
    )
    found = []
    for (site, letter), mutant in names.items():
        if wild[site, letter] > -1.5:
            continue
        codes = model.focus.copy()
        codes[site] = letter
        beside = substitution_effects(model, codes)
        value = np.nan_to_num(beside - np.maximum(0, wild), nan=-np.inf)
        value[site] = -np.inf
        order = np.argsort(-value, axis=None)
        best, second = (np.unravel_index(k, value.shape) for k in order[:2])
        if value[best] >= 2.5:
            lead = value[best] - value[second]
            found.append((mutant, names[best], value[best], lead))
    return found


def test_what_is_best_in_the_true_model_comes_first_there(truth):
    known = compensations(truth)
    assert len(known) >= 20
    for mutant, rescue, compensation, _ in known:
        row = first_rescue(truth, mutant)
        assert row["rescue"] == rescue
        assert row["compensation"] == pytest.approx(compensation, abs=1e-9)
        assert row["log_odds_mutant"] < 0
        assert row["type"] in ("specific", "mixed")


def test_without_its_coupling_a_rescue_in_the_true_model_is_none(truth):
    for mutant, rescue, _, _ in compensations(truth):
        cut = without(truth, int(mutant[1:-1]) - 1, int(rescue[1:-1]) - 1)
        name, columns, letters = place_mutant(cut, mutant)
        table = rescue_table(cut, name, single_rescues(cut, columns, letters, 10**4))
        row = table[table["rescue"] == rescue].iloc[0]
        assert row["epistasis"] == pytest.approx(0, abs=1e-5)
        assert row["type"] in ("global", "none")
        assert table["rescue"][0] != rescue


@compiled
@pytest.mark.statistical
def test_clear_compensations_are_learned_from_sequences(truth, learned):
    clear = [case for case in compensations(truth) if case[3] >= 1.2]
    assert len(clear) >= 8
    right = [first_rescue(learned, case[0])["rescue"] == case[1] for case in clear]
    assert np.mean(right) >= 0.9
    for mutant, rescue, _, _ in clear:
        cut = without(learned, int(mutant[1:-1]) - 1, int(rescue[1:-1]) - 1)
        assert first_rescue(cut, mutant)["rescue"] != rescue


BRIDGE = 2, 9


def salt_bridge_family(*, broken=False):
    """Letters K and E that face each other in either order, among 12 sites.

    The focus has K at site 2 and E at site 9, like seven in ten of its relatives; the
    others have them the other way round. ``broken`` shuffles one of the two columns,
    so that frequencies stay and the pairing goes.
    """
    rng = np.random.default_rng(0)
    length, n_sequences = 12, 1500
    letters = rng.integers(1, 21, (n_sequences, length))
    common = rng.random(letters.shape) < 0.5
    letters = np.where(common, 1 + np.arange(length), letters)
    k, e = (PROTEIN.letters.index(letter) for letter in "KE")
    swapped = rng.random(n_sequences) < 0.3
    i, j = BRIDGE
    letters[:, i] = np.where(swapped, e, k)
    letters[:, j] = np.where(swapped, k, e)
    letters[0] = 1 + np.arange(length)
    letters[0, [i, j]] = k, e
    if broken:
        letters[1:, j] = rng.permutation(letters[1:, j])
    return Alignment(
        alphabet=PROTEIN,
        codes=letters.astype(np.uint8),
        names=tuple(f"s{n}" for n in range(n_sequences)),
        numbering=Numbering.sequential(length),
        focus=0,
    )


@compiled
@pytest.mark.statistical
@pytest.mark.parametrize(("mutant", "rescue"), [("K3E", "E10K"), ("E10K", "K3E")])
def test_a_broken_salt_bridge_is_mended_by_the_swap(mutant, rescue):
    row = first_rescue(fit_pseudolikelihood(salt_bridge_family()).model, mutant, 50)
    assert row["rescue"] == rescue
    assert row["type"] == "specific"
    assert row["log_odds_mutant"] < -3
    assert row["recovered"] > 0.7


@compiled
@pytest.mark.statistical
@pytest.mark.parametrize(("mutant", "rescue"), [("K3E", "E10K"), ("E10K", "K3E")])
def test_without_the_pairing_there_is_nothing_to_mend(mutant, rescue):
    family = salt_bridge_family(broken=True)
    row = first_rescue(fit_pseudolikelihood(family).model, mutant, 50)
    assert row["rescue"] != rescue or row["compensation"] < MIN_EFFECT
    assert row["recovered"] < 0.5
