"""Effects against energy differences, and the laws that tie them together."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pottsfold.alignment import Numbering
from pottsfold.alphabet import PROTEIN
from pottsfold.errors import UsageError
from pottsfold.model import PottsModel, energy, zero_sum
from pottsfold.mutations import (
    Substitution,
    effect_tables,
    independent_log_odds,
    kernels,
    mutant_effects,
    pair_epistasis,
    place_sequences,
    place_texts,
    single_log_odds,
    write_mutant,
)
from tests.naive import mutations as naive
from tests.strategies import ALPHABETS, gap_treatments, random_model, seeds

# Pair epistasis is kept in float32.
ROUNDING = 1e-5


@st.composite
def models_and_changes(draw):
    """A model with a focus, and some mutants as {column: letter}."""
    seed = draw(seeds)
    model = random_model(
        seed,
        draw(st.integers(2, 6)),
        draw(st.sampled_from(ALPHABETS)),
        gaps=draw(gap_treatments),
        first=draw(st.integers(-3, 300)),
    )
    rng = np.random.default_rng(seed)
    mutants = []
    for _ in range(8):
        depth = rng.integers(0, model.length + 1)
        columns = rng.choice(model.length, depth, replace=False).tolist()
        letters = rng.integers(model.states.start, model.alphabet.size, depth)
        mutants.append(dict(zip(columns, letters.tolist(), strict=True)))
    return model, mutants


def text_of(model, changes):
    return write_mutant(
        Substitution(
            model.alphabet.letters[model.focus[column]],
            int(model.numbering.positions[column]),
            model.alphabet.letters[letter],
        )
        for column, letter in changes.items()
    )


def effects_of(model, mutants):
    placed = place_texts(model, [text_of(model, changes) for changes in mutants])
    assert not placed.statuses.any()
    return mutant_effects(model, placed)


@given(models_and_changes())
def test_effects_equal_the_naive_twin(case):
    model, mutants = case
    effects = effects_of(model, mutants)
    wild_type, h, J = model.focus, model.fields, model.couplings
    for n, changes in enumerate(mutants):
        expected = naive.log_odds(wild_type, changes, h, J)
        assert effects.log_odds[n] == pytest.approx(expected, abs=ROUNDING)
        expected = naive.additive(wild_type, changes, h, J)
        assert effects.additive[n] == pytest.approx(expected, abs=1e-9)
        expected = naive.epistasis(wild_type, changes, J)
        assert effects.epistasis[n] == pytest.approx(expected, abs=ROUNDING)


@given(models_and_changes())
def test_log_odds_are_the_wild_types_energy_less_the_mutants(case):
    model, mutants = case
    codes = np.tile(model.focus, (len(mutants), 1))
    for row, changes in zip(codes, mutants, strict=True):
        row[list(changes)] = list(changes.values())
    expected = energy(model, model.focus) - energy(model, codes)
    found = effects_of(model, mutants).log_odds
    np.testing.assert_allclose(found, expected, atol=ROUNDING)


@given(models_and_changes())
def test_whole_sequences_and_their_substitutions_have_the_same_effects(case):
    model, mutants = case
    codes = np.tile(model.focus, (len(mutants), 1))
    for row, changes in zip(codes, mutants, strict=True):
        row[list(changes)] = list(changes.values())
    placed = place_sequences(model, [model.alphabet.decode(row) for row in codes])
    by_sequence = mutant_effects(model, placed)
    by_text = effects_of(model, mutants)
    for name in ("log_odds", "additive", "epistasis", "independent"):
        np.testing.assert_allclose(
            getattr(by_sequence, name), getattr(by_text, name), atol=1e-9
        )


@given(seed=seeds, gaps=gap_treatments)
def test_a_double_is_its_singles_and_their_epistasis(seed, gaps):
    model = random_model(seed, 4, PROTEIN, gaps=gaps)
    i, j = np.random.default_rng(seed).choice(4, 2, replace=False).tolist()
    a, b = np.random.default_rng(seed).integers(1, 21, 2).tolist()
    double, first, second = effects_of(model, [{i: a, j: b}, {i: a}, {j: b}]).log_odds
    together = pair_epistasis(model, i, j)[a, b]
    assert double == pytest.approx(first + second + together, abs=ROUNDING)
    assert together == pytest.approx(
        naive.pair_epistasis(model.focus, i, a, j, b, model.couplings), abs=1e-9
    )
    assert together == pair_epistasis(model, j, i)[b, a]


def in_another_gauge(model, seed):
    """Move random functions of one letter from couplings to fields."""
    rng = np.random.default_rng(seed)
    fields, couplings = model.fields.copy(), model.couplings.copy()
    for i in range(model.length):
        for j in range(i + 1, model.length):
            of_a, of_b = rng.normal(size=(2, model.alphabet.size)).astype(np.float32)
            couplings[i, j] += of_a[:, np.newaxis] + of_b
            couplings[j, i] = couplings[i, j].T
            fields[i] -= of_a
            fields[j] -= of_b
    return replace(model, fields=fields, couplings=couplings)


@given(seed=seeds)
def test_effects_and_epistasis_are_the_same_in_every_gauge(seed):
    model = random_model(seed, 4, gaps="state")
    moved = in_another_gauge(model, seed)
    assert np.abs(moved.couplings - model.couplings).max() > 0.1
    np.testing.assert_allclose(
        single_log_odds(moved), single_log_odds(model), atol=1e-4
    )
    np.testing.assert_allclose(
        pair_epistasis(moved, 0, 2), pair_epistasis(model, 0, 2), atol=1e-5
    )
    mutants = [{0: 3, 2: 5, 3: 0}]
    np.testing.assert_allclose(
        effects_of(moved, mutants).log_odds,
        effects_of(model, mutants).log_odds,
        atol=1e-4,
    )


@given(seed=seeds)
def test_couplings_moved_without_their_fields_change_the_effects(seed):
    # The twin that must fail: not a gauge change.
    model = random_model(seed, 4, gaps="state")
    wrong = replace(in_another_gauge(model, seed), fields=model.fields)
    difference = single_log_odds(wrong) - single_log_odds(model)
    assert np.abs(difference).max() > 1e-2


@given(models_and_changes())
def test_the_order_of_substitutions_does_not_matter(case):
    model, mutants = case
    backwards = [dict(reversed(changes.items())) for changes in mutants]
    np.testing.assert_allclose(
        effects_of(model, mutants).log_odds,
        effects_of(model, backwards).log_odds,
        atol=1e-12,
    )


@given(models_and_changes())
def test_the_wild_type_has_no_effect(case):
    model, _ = case
    effects = mutant_effects(model, place_texts(model, ["WT", "p.="]))
    for values in (effects.log_odds, effects.additive, effects.epistasis):
        np.testing.assert_array_equal(values, 0)
    np.testing.assert_array_equal(effects.independent, 0)


@given(models_and_changes())
def test_single_log_odds_are_nan_where_the_model_has_no_letter(case):
    model, _ = case
    singles = single_log_odds(model)
    np.testing.assert_array_equal(
        np.isnan(singles).all(axis=0),
        np.arange(model.alphabet.size) < model.states.start,
    )
    np.testing.assert_array_equal(singles[np.arange(model.length), model.focus], 0)


def test_independent_effects_rank_letters_as_their_frequencies():
    model = random_model(3, 5, gaps="missing")
    independent = independent_log_odds(model)[:, 1:]
    order = np.argsort(model.frequencies[:, 1:], axis=1)
    assert (np.diff(np.take_along_axis(independent, order, axis=1)) > 0).all()


def test_without_frequencies_independent_is_missing_and_the_rest_is_there():
    model = replace(random_model(1, 3), frequencies=None, neff=0.0)
    effects = mutant_effects(model, place_texts(model, ["WT"]))
    assert np.isnan(effects.independent).all()
    assert effects.log_odds[0] == 0


def test_a_focus_letter_outside_the_alphabet_makes_no_number_up():
    model = random_model(2, 4, gaps="missing")
    focus = model.focus.copy()
    focus[1] = PROTEIN.unknown
    model = replace(model, focus=focus)
    assert np.isnan(single_log_odds(model)[1]).all()
    assert np.isfinite(single_log_odds(model)[0, 1:]).all()
    assert np.isnan(pair_epistasis(model, 0, 1)).all()
    placed = place_texts(model, ["X2A", f"{PROTEIN.letters[focus[0]]}1A:X2C"])
    assert placed.statuses.tolist() == [2, 2]
    assert np.isnan(mutant_effects(model, placed).log_odds).all()


def test_a_model_without_a_focus_is_refused():
    with pytest.raises(UsageError, match="no focus sequence"):
        single_log_odds(random_model(0, 3, focus=False))


@given(models_and_changes())
def test_kernels_are_the_same_compiled_and_as_python(case):
    model, mutants = case
    placed = place_texts(model, [text_of(model, changes) for changes in mutants])
    tables = effect_tables(model)
    pairs = np.empty(tables.pairs.shape, np.float32)
    modelled = np.ones(model.length, bool)
    graph = model.graph
    plain(kernels.fill_pairs)(
        *(model.blocks, graph.later, graph.starts, graph.pairs[:, 1]),
        *(model.focus, modelled, model.states.start, pairs),
    )
    np.testing.assert_allclose(pairs, tables.pairs, atol=1e-6)
    sums = np.empty((4, len(placed)))
    plain(kernels.sum_effects)(
        *(placed.offsets, placed.columns, placed.letters),
        *(tables.singles, tables.independent, tables.adjusted),
        *(tables.starts, tables.seconds, tables.pairs, sums),
    )
    effects = tables.effects(placed)
    found = (effects.additive, effects.epistasis, effects.independent)
    np.testing.assert_allclose(found, sums[:3], atol=1e-12)
    if not np.isnan(tables.adjusted).all():
        np.testing.assert_allclose(effects.adjusted, sums[3], atol=1e-12)
    else:
        assert np.isnan(effects.adjusted).all()


def test_the_adjusted_effect_is_that_of_adjusted_singles_and_the_epistasis():
    model = random_model(3, 6)
    tables = effect_tables(model)
    changes = {1: 4, 2: 7, 5: 9}
    changes = {i: a for i, a in changes.items() if a != model.focus[i]}
    effects = mutant_effects(model, place_texts(model, [text_of(model, changes)]))
    singles = sum(tables.adjusted[i, a] for i, a in changes.items())
    assert effects.adjusted[0] == pytest.approx(singles + effects.epistasis[0])
    assert effects.adjusted[0] != pytest.approx(effects.log_odds[0])


def accessibility_of(length, seed):
    """Some below 0 and some above 1, as no site should be."""
    return np.random.default_rng(seed).uniform(-0.2, 1.3, length)


@given(models_and_changes())
def test_buried_log_odds_equal_the_naive_twin(case):
    model, mutants = case
    accessibility = accessibility_of(model.length, len(mutants[0]))
    placed = place_texts(model, [text_of(model, changes) for changes in mutants])
    effects = mutant_effects(model, placed, accessibility=accessibility)
    for n, changes in enumerate(mutants):
        expected = naive.buried_log_odds(
            *(model.focus, changes, model.fields, model.couplings, accessibility)
        )
        assert effects.buried_log_odds[n] == pytest.approx(expected, abs=ROUNDING)
    assert mutant_effects(model, placed).buried_log_odds is None
    tables, sums = effect_tables(model, "function", accessibility), np.empty(8)
    plain(kernels.sum_buried)(
        *(placed.offsets, placed.columns, placed.letters),
        *(tables.singles, tables.starts, tables.seconds),
        *(tables.pairs, tables.burial, sums),
    )
    np.testing.assert_allclose(effects.buried_log_odds, sums, atol=1e-12)


def test_buried_log_odds_of_a_double_are_those_written_here():
    fields, couplings = np.zeros((3, 21)), np.zeros((3, 3, 21, 21))
    c, d = PROTEIN.encode("CD")
    fields[0, c], fields[2, d] = -1, -2
    couplings[0, 2, c, d] = couplings[2, 0, d, c] = 0.5
    numbering = Numbering.sequential(3)
    focus = PROTEIN.encode("AAA")
    model = PottsModel(PROTEIN, fields, couplings, numbering, focus=focus)
    placed = place_texts(model, ["A1C", "A3D", "A1C:A3D", "A3D:A1C", "WT"])
    effects = mutant_effects(model, placed, accessibility=np.array([0.2, 0, 0.6]))
    np.testing.assert_allclose(
        # 0.8 (-1), 0.4 (-2), and with (0.8 + 0.4) / 2 of 0.5
        effects.buried_log_odds,
        [-0.8, -0.8, -1.3, -1.3, 0],
    )


@given(seed=seeds)
def test_buried_log_odds_are_the_same_in_every_gauge(seed):
    model = random_model(seed, 5, gaps="state")
    accessibility = accessibility_of(5, seed)
    mutants = [{0: 3, 2: 5, 3: 0}, {1: 7, 4: 2}, {3: 9}]
    placed = place_texts(model, [text_of(model, changes) for changes in mutants])
    found = mutant_effects(model, placed, accessibility=accessibility)
    for moved in (in_another_gauge(model, seed), zero_sum(model)):
        assert np.abs(moved.couplings - model.couplings).max() > 1e-3
        again = mutant_effects(moved, placed, accessibility=accessibility)
        np.testing.assert_allclose(
            again.buried_log_odds, found.buried_log_odds, atol=1e-4
        )


def test_buried_log_odds_are_missing_where_a_mutated_site_is_not_known():
    model = replace(random_model(3, 4), focus=PROTEIN.encode("ACDE"))
    texts = ["A1W", "C2W", "A1W:C2W", "C2W:D3W", "C2W:D3W:E4W", "WT", "K1W", "A1A:C2W"]
    placed = place_texts(model, texts)
    accessibility = np.array([np.nan, 0.3, 0, 1])
    effects = mutant_effects(model, placed, accessibility=accessibility)
    assert np.isnan(effects.buried_log_odds).tolist() == [
        *(True, False, True, False, False, False, True, False)
    ]
    assert effects.buried_log_odds[5] == 0
    assert np.isfinite(effects.log_odds[:6]).all()


def test_burial_of_another_model_is_refused():
    model = random_model(0, 4)
    with pytest.raises(ValueError, match="burial of 3 sites, the model has 4"):
        replace(effect_tables(model), burial=np.zeros(3))


@given(seed=seeds, gaps=gap_treatments)
def test_the_table_of_pairs_holds_each_pair_once(seed, gaps):
    model = random_model(seed, 5, gaps=gaps)
    pairs = iter(effect_tables(model).pairs)
    for i in range(5):
        for j in range(i + 1, 5):
            np.testing.assert_allclose(
                next(pairs), pair_epistasis(model, i, j), atol=1e-6
            )
    assert next(pairs, None) is None


def plain(compiled):
    return getattr(compiled, "py_func", compiled)


def test_mutants_placed_in_a_larger_model_are_refused():
    large, small = random_model(0, 9), random_model(0, 4)
    changes = [{site: 1 + int(large.focus[site]) % 20} for site in (1, 8)]
    placed = place_texts(large, [text_of(large, change) for change in changes])
    with pytest.raises(ValueError, match="a site outside the 4"):
        mutant_effects(small, placed)
    with pytest.raises(ValueError, match="a letter outside"):
        mutant_effects(large, replace(placed, letters=placed.letters + np.uint8(21)))
    with pytest.raises(ValueError, match="do not increase"):
        mutant_effects(large, replace(placed, offsets=np.array([0, 9, 2])))
    mutant_effects(large, placed)
