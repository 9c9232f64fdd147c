"""Pairs of substitutions against energy differences, and the laws of their kinds."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pottsfold.alphabet import PROTEIN, Alphabet
from pottsfold.errors import UsageError
from pottsfold.mutations.epistasis import (
    KINDS,
    MIN_EFFECT,
    epistasis_kinds,
    epistasis_table,
    kernels,
    most_epistatic_pairs,
    network_table,
    pairs_of,
    pairs_with,
    site_pair_table,
    site_pairs,
    substitution_effects,
)
from pottsfold.mutations.epistasis.best_first import best_first
from tests.naive import epistasis as naive
from tests.strategies import ALPHABETS, gap_treatments, random_model, seeds

effects = st.floats(-3, 3)


@st.composite
def focused_models(draw, max_length=5):
    return random_model(
        draw(seeds),
        draw(st.integers(2, max_length)),
        draw(st.sampled_from(ALPHABETS[:3])),
        gaps=draw(gap_treatments),
        first=draw(st.integers(-3, 300)),
    )


def naive_pairs(model):
    letters = range(model.states.start, model.alphabet.size)
    return naive.pairs(model.focus, model.fields, model.couplings, letters)


@given(focused_models(), st.integers(1, 200))
def test_the_strongest_pairs_are_those_of_the_naive_twin(model, count):
    expected = naive_pairs(model)
    found = most_epistatic_pairs(model, site_pairs(model, threads=1), count)
    assert len(found) == min(count, len(expected))
    by_place = {row[:4]: row[4:] for row in expected}
    for columns, letters, singles, e, together in zip(
        found.columns,
        found.letters,
        found.log_odds,
        found.epistasis,
        found.log_odds_12,
        strict=True,
    ):
        s_1, s_2, s_12 = by_place.pop((*columns.tolist(), *letters.tolist()))
        assert singles == pytest.approx([s_1, s_2], abs=1e-9)
        assert together == pytest.approx(s_12, abs=1e-9)
        assert e == pytest.approx(s_12 - s_1 - s_2, abs=1e-9)
    sizes = np.abs(found.epistasis)
    assert (np.diff(sizes) <= 0).all()
    left = [abs(s_12 - s_1 - s_2) for s_1, s_2, s_12 in by_place.values()]
    if len(found):
        assert max(left, default=0) <= sizes[-1] + 1e-9


@given(focused_models())
def test_pairs_of_sites_sum_up_the_naive_twin(model):
    pairs = site_pairs(model, threads=1)
    expected = naive_pairs(model)
    assert pairs.n_pairs == len(expected)
    for (i, j), mean, highest, letters, counts in zip(
        pairs.columns,
        pairs.mean,
        pairs.highest,
        pairs.letters,
        pairs.counts,
        strict=True,
    ):
        here = [row[2:] for row in expected if row[:2] == (i, j)]
        sizes = [abs(s_12 - s_1 - s_2) for _, _, s_1, s_2, s_12 in here]
        assert counts.sum() == len(here)
        if not here:
            assert np.isnan(mean)
            assert highest == -np.inf
            continue
        assert mean == pytest.approx(np.mean(sizes), abs=1e-9)
        assert highest == pytest.approx(max(sizes), abs=1e-9)
        assert here[int(np.argmax(sizes))][:2] == tuple(letters)
        kinds = [naive.kind(*row[2:], MIN_EFFECT) for row in here]
        assert counts.tolist() == np.bincount(kinds, minlength=4).tolist()


@given(effects, effects, effects)
def test_each_pair_has_one_kind_the_same_both_ways_round(s_1, s_2, e):
    s_12 = s_1 + s_2 + e
    kind = int(epistasis_kinds(*map(np.array, (s_1, s_2, s_12))))
    assert kind in range(len(KINDS))
    assert kind == epistasis_kinds(*map(np.array, (s_2, s_1, s_12)))
    if abs(abs(e) - MIN_EFFECT) > 1e-9:
        assert (kind == 0) == (abs(e) < MIN_EFFECT)


@given(effects, effects, effects)
def test_kinds_equal_the_naive_twin(s_1, s_2, s_12):
    kind = epistasis_kinds(*map(np.array, (s_1, s_2, s_12)))
    e = s_12 - s_1 - s_2
    edges = (abs(e), abs(s_1), abs(s_2), abs(s_1 + e), abs(s_2 + e))
    if all(abs(edge - MIN_EFFECT) > 1e-9 for edge in edges):
        assert kind == naive.kind(s_1, s_2, s_12, MIN_EFFECT)


@pytest.mark.parametrize(
    ("singles", "together", "kind"),
    [
        ((-1.0, -2.0), -3.1, "none"),
        ((-1.0, -2.0), -2.5, "magnitude"),
        ((-1.0, -2.0), -4.0, "magnitude"),
        # The second is harmful alone and good beside the first.
        ((0.5, -0.5), 1.0, "sign"),
        # Charges swapped: each alone breaks the bridge, both restore it.
        ((-2.0, -2.0), 0.0, "reciprocal_sign"),
        ((1.0, 1.0), -1.0, "reciprocal_sign"),
        # To the other side of zero, but not far enough to count.
        ((-2.0, -5.0), -4.9, "magnitude"),
    ],
)
def test_kinds_of_well_known_cases(singles, together, kind):
    values = (np.array(value) for value in (*singles, together))
    assert KINDS[int(epistasis_kinds(*values))] == kind


@given(
    st.lists(st.lists(st.integers(-3, 3), min_size=3, max_size=3), max_size=400),
    st.integers(1, 30),
    st.integers(0, 2),
)
def test_best_first_equals_sorting_everything(blocks, count, slack):
    values = np.array(blocks, float).reshape(len(blocks), 3)
    opened = []

    def open_blocks(chunk):
        opened.extend(chunk.tolist())
        return values[chunk]

    best = best_first(values.max(axis=1, initial=-9) + slack, open_blocks, count)
    flat = values.ravel()
    order = np.argsort(-flat, kind="stable")[:count]
    np.testing.assert_array_equal(best.values, flat[order])
    np.testing.assert_array_equal(best.blocks * 3 + best.places, order)
    assert len(opened) == best.n_opened == len(set(opened))


def test_best_first_leaves_most_blocks_shut():
    values = np.arange(10_000.0)[::-1].reshape(-1, 1)
    assert best_first(values[:, 0], lambda chunk: values[chunk], 10).n_opened <= 256


def test_ties_stand_in_order_of_sites_and_letters():
    model = random_model(3, 6, Alphabet("-ABC"))
    tied = replace(model, couplings=np.sign(np.round(model.couplings)))
    found = most_epistatic_pairs(tied, site_pairs(tied), 10**6)
    keys = [
        (-abs(e), *columns, *letters)
        for e, columns, letters in zip(
            found.epistasis.tolist(),
            found.columns.tolist(),
            found.letters.tolist(),
            strict=True,
        )
    ]
    assert keys == sorted(keys)
    assert len(set(np.abs(found.epistasis))) < len(found) / 10
    some = most_epistatic_pairs(tied, site_pairs(tied), 40)
    np.testing.assert_array_equal(some.columns, found.columns[:40])
    np.testing.assert_array_equal(some.letters, found.letters[:40])


def test_threads_do_not_change_a_bit():
    model = random_model(5, 20)
    one, two = (site_pairs(model, threads=threads) for threads in (1, 2))
    for name in ("mean", "highest", "letters", "counts"):
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name))


@given(focused_models(), seeds)
def test_pairs_with_one_substitution_are_those_of_all_pairs(model, seed):
    present = np.argwhere(np.isfinite(substitution_effects(model, model.focus)))
    column, letter = present[seed % len(present)].tolist()
    everything = most_epistatic_pairs(model, site_pairs(model), 10**6)
    here = (everything.columns == column) & (everything.letters == letter)
    expected = here.any(axis=1)
    found = pairs_with(model, column, letter, 10**6)
    np.testing.assert_array_equal(found.columns, everything.columns[expected])
    np.testing.assert_array_equal(found.letters, everything.letters[expected])
    np.testing.assert_array_equal(found.epistasis, everything.epistasis[expected])


def test_the_table_has_the_columns_of_the_contract():
    model = random_model(0, 5, gaps="missing", first=23)
    table = epistasis_table(model, most_epistatic_pairs(model, site_pairs(model), 7))
    assert list(table) == [
        *("mutant_1", "mutant_2", "position_1", "position_2"),
        *("log_odds_1", "log_odds_2", "log_odds_12", "epistasis", "type"),
    ]
    row = table.iloc[0]
    assert row["position_1"] < row["position_2"]
    assert str(row["position_1"]) == row["mutant_1"][1:-1]
    assert row["mutant_1"][0] == model.focus_sequence[row["position_1"] - 23]
    assert not table["mutant_1"].str.endswith("-").any()
    assert set(table["type"]) <= set(KINDS)


def test_sites_without_a_known_focus_letter_have_no_pairs():
    model = random_model(1, 4, gaps="missing")
    focus = model.focus.copy()
    focus[[1, 3]] = PROTEIN.unknown, 0
    model = replace(model, focus=focus)
    pairs = site_pairs(model)
    assert pairs.n_pairs == 19 * 19
    assert set(most_epistatic_pairs(model, pairs, 10**6).columns.ravel()) == {0, 2}
    assert len(site_pair_table(model, pairs)) == 1
    lost = pairs_of(model, np.array([[0, 1]]), np.array([[3, 4]]))
    assert np.isnan(lost.epistasis).all()


def test_a_model_without_a_focus_is_refused():
    with pytest.raises(UsageError, match="no focus sequence"):
        site_pairs(random_model(0, 3, focus=False))


def test_the_table_of_sites_names_the_strongest_pair():
    model = random_model(2, 5, first=10)
    pairs = site_pairs(model)
    table = site_pair_table(model, pairs)
    assert len(table) == 10
    assert table["mean_epistasis"].is_monotonic_decreasing
    strongest = epistasis_table(model, most_epistatic_pairs(model, pairs, 1)).iloc[0]
    row = table.loc[table["max_epistasis"].idxmax()]
    assert row["mutant_1"] == strongest["mutant_1"]
    assert row["mutant_2"] == strongest["mutant_2"]
    assert row["max_epistasis"] == abs(strongest["epistasis"])
    assert row["wild_type_1"] == row["mutant_1"][0]


def test_the_network_joins_sites_that_have_a_pair_in_the_table():
    model = random_model(4, 6, first=100)
    table = epistasis_table(model, most_epistatic_pairs(model, site_pairs(model), 50))
    edges = network_table(table)
    assert list(edges)[:3] == ["source", "target", "weight"]
    assert edges["n_pairs"].sum() == 50
    assert edges["weight"].is_monotonic_decreasing
    assert edges["n_sign"].sum() == table["type"].str.endswith("sign").sum()
    first = table.iloc[0]
    assert edges["source"][0] == first["mutant_1"][:-1]
    assert edges["target"][0] == first["mutant_2"][:-1]
    assert edges["weight"][0] == abs(first["epistasis"])
    assert not edges.duplicated(["source", "target"]).any()


@given(focused_models(max_length=4))
def test_the_kernel_is_the_same_compiled_and_as_python(model):
    effects = substitution_effects(model, model.focus)
    length = model.length
    results = []
    compiled = kernels.summarize_site
    for function in (compiled, getattr(compiled, "py_func", compiled)):
        sums = np.zeros((2, length))
        places, counts = np.zeros(length, int), np.zeros((4, length), int)
        function(0, model.couplings[0], model.focus, effects, 0.2, sums, places, counts)
        results.append((sums, places, counts))
    for fast, slow in zip(*results, strict=True):
        np.testing.assert_allclose(fast, slow, atol=1e-12)
