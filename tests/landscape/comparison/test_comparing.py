"""Samples beside natural sequences, on cases whose answer is known."""

import itertools
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pottsfold.alignment import Alignment, Numbering
from pottsfold.alphabet import PROTEIN, RNA
from pottsfold.errors import UsageError
from pottsfold.landscape.comparison import compare, comparison_lines, comparison_table
from pottsfold.landscape.comparison.agreement import drawn_triples
from pottsfold.landscape.comparison.identities import (
    nearest_identities,
    pair_identities,
)
from pottsfold.landscape.comparison.principal import principal_plane, projected
from pottsfold.landscape.comparison.spreads import gapped_alike
from pottsfold.model import energy
from pottsfold.threads import Workers
from tests.naive import comparison as naive
from tests.naive.alignment import site_frequencies
from tests.strategies import SMALL, random_alignment, random_codes, random_model, seeds

AGREEMENTS = ("one_site", "two_sites", "three_sites")


def family(codes, alphabet, weights=None):
    return Alignment(
        alphabet=alphabet,
        codes=codes,
        names=tuple(f"s{k}" for k in range(len(codes))),
        numbering=Numbering.sequential(codes.shape[1]),
        weights=weights,
    )


def coupled_codes(seed, n, length=8):
    """Sequences whose letters hang together: each copies one of two parents."""
    rng = np.random.default_rng(seed)
    parents = np.array([[1, 2] * length, [3, 4] * length])[:, :length]
    codes = parents[rng.integers(0, 2, n)]
    changed = rng.random(codes.shape) < 0.4
    codes[changed] = rng.integers(1, 5, changed.sum())
    return codes.astype(np.uint8)


def shuffled_columns(codes, seed):
    """The same letters in every column, without correlation."""
    return np.random.default_rng(seed).permuted(codes, axis=0)


@settings(max_examples=10, deadline=None)
@given(seeds, st.sampled_from(["state", "missing"]), st.booleans())
def test_statistics_equal_the_naive_ones(seed, gaps, with_others):
    rng = np.random.default_rng(seed)
    q, first = SMALL.size, 0 if gaps == "state" else 1
    model = random_model(rng, 4, SMALL, gaps=gaps)
    natural = replace(
        random_alignment(rng, 30, 4, SMALL), weights=rng.uniform(0.2, 1, 30)
    )
    others = random_alignment(rng, 20, 4, SMALL) if with_others else None
    sampled = random_codes(rng, 25, 4, SMALL, gap=0.3)
    result = compare(model, natural, sampled, others, threads=1)
    for k, name in enumerate(AGREEMENTS, start=1):
        found = getattr(result, name)
        cases = itertools.product(
            itertools.combinations(range(4), k),
            itertools.product(range(first, q), repeat=k),
        )
        values = []
        for sites, letters in cases:
            sides = [
                (natural.codes, natural.sequence_weights),
                (sampled, np.ones(len(sampled))),
            ]
            if others is not None:
                sides.append((others.codes, others.sequence_weights))
            value = [
                naive.connected_correlation(codes, weights, sites, letters, q, first)
                for codes, weights in sides
            ]
            if k == 1:
                value = [
                    site_frequencies(codes, weights, q, first)[sites[0]][letters[0]]
                    for codes, weights in sides
                ]
            values.append(value)
        columns = np.array(values).T
        expected = naive.pearson_and_slope(columns[0], columns[1])
        assert (found.pearson, found.slope) == pytest.approx(expected, abs=1e-9)
        if with_others:
            reached = naive.pearson_and_slope(columns[0], columns[2])
            assert found.reachable_pearson == pytest.approx(reached[0], abs=1e-9)
            assert found.reachable_slope == pytest.approx(reached[1], abs=1e-9)
        np.testing.assert_allclose(
            np.sort(found.points, axis=0), np.sort(columns[:2].T, axis=0), atol=1e-6
        )


@settings(max_examples=20, deadline=None)
@given(seeds, st.sampled_from([1, 63, 64, 65, 130]), st.sampled_from([SMALL, PROTEIN]))
def test_nearest_identities_equal_the_naive_ones(seed, length, alphabet):
    rng = np.random.default_rng(seed)
    others = random_codes(rng, 40, length, alphabet, unknown=0.1)
    codes = random_codes(rng, 9, length, alphabet)
    itself = rng.choice(40, 9, replace=False)
    with Workers(2) as workers:
        found = nearest_identities(codes, others, workers)
        mine = nearest_identities(others[itself], others, workers, itself)
    assert found == pytest.approx(naive.nearest_identities(codes, others))
    expected = naive.nearest_identities(others[itself], others, itself)
    assert mine == pytest.approx(expected)


def test_nearest_identities_over_several_blocks():
    codes = random_codes(3, 2500, 20, RNA)
    rows = np.arange(0, 2500, 7)
    with Workers(2) as workers:
        found = nearest_identities(codes[rows], codes, workers, rows)
    equal = (codes[rows][:, np.newaxis] == codes).mean(axis=2)
    equal[np.arange(len(rows)), rows] = 0
    np.testing.assert_allclose(found, equal.max(axis=1))


def test_pair_identities_are_of_different_rows():
    codes = np.array([[1, 2, 3, 4], [1, 2, 0, 0]], np.uint8)
    assert (pair_identities(codes, 100, 0) == 0.5).all()
    assert not len(pair_identities(codes[:1], 100, 0))


def test_samples_equal_to_the_family_agree_wholly():
    codes = coupled_codes(0, 300)
    result = compare(random_model(0, 8, RNA), family(codes, RNA), codes)
    for name in AGREEMENTS:
        found = getattr(result, name)
        assert (found.pearson, found.slope) == pytest.approx((1, 1), abs=1e-12)
    for spread in (result.energy, *result.principal):
        assert spread.distance == 0
    assert (result.nearest.sampled == 1).all()


@pytest.mark.statistical
def test_a_second_draw_agrees_and_shuffled_columns_do_not():
    model, natural = random_model(0, 8, RNA), family(coupled_codes(0, 2000), RNA)
    fresh = coupled_codes(1, 2000)
    good = compare(model, natural, fresh)
    bad = compare(model, natural, shuffled_columns(fresh, 2))
    assert good.two_sites.pearson > 0.97
    assert good.two_sites.slope == pytest.approx(1, abs=0.05)
    assert good.energy.distance < 0.06
    assert bad.one_site.pearson > 0.99
    assert bad.two_sites.pearson < 0.2
    assert bad.two_sites.ceiling < 0.4 < 0.97 < good.two_sites.ceiling
    assert abs(bad.two_sites.slope) < 0.1
    assert bad.principal[0].distance > 3 * good.principal[0].distance


@pytest.mark.statistical
def test_the_ceiling_is_what_few_samples_reach_against_many():
    model, natural = random_model(0, 8, RNA), family(coupled_codes(0, 20_000), RNA)
    for n in (100, 400):
        found = compare(model, natural, coupled_codes(n, n), natural).two_sites
        assert found.ceiling == pytest.approx(found.pearson, abs=0.03)
        assert found.reachable_pearson == pytest.approx(1)


@pytest.mark.parametrize("gaps", ["state", "missing"])
def test_the_order_of_rows_changes_nothing(gaps):
    rng = np.random.default_rng(5)
    model = random_model(1, 8, RNA, gaps=gaps)
    natural = random_alignment(rng, 60, 8, RNA, focus=False)
    natural = replace(natural, weights=rng.uniform(0.1, 1, 60))
    sampled = random_codes(rng, 40, 8, RNA, gap=0)
    rows, columns = rng.permutation(60), rng.permutation(40)
    mixed = family(natural.codes[rows], RNA, natural.sequence_weights[rows])
    before = compare(model, natural, sampled, seed=3, threads=1)
    after = compare(model, mixed, sampled[columns], seed=3, threads=2)
    # Means of samples are summed in the samples' order.
    pd.testing.assert_frame_equal(
        comparison_table(before), comparison_table(after), rtol=1e-12
    )
    np.testing.assert_array_equal(
        before.nearest.sampled[columns], after.nearest.sampled
    )
    np.testing.assert_array_equal(before.energy.natural, after.energy.natural)


def test_the_seed_decides_every_draw():
    model, natural = random_model(0, 8, RNA), family(coupled_codes(0, 200), RNA)
    sampled = coupled_codes(1, 100)
    tables = [
        comparison_table(compare(model, natural, sampled, seed=seed))
        for seed in (1, 1, 2)
    ]
    assert tables[0].equals(tables[1])
    assert not tables[0].equals(tables[2])


def test_samples_without_gaps_get_those_of_the_family():
    natural = random_alignment(0, 50, 8, RNA, gap=0.4, unknown=0.1, focus=False)
    sampled = random_codes(1, 30, 8, RNA, gap=0)
    gapped = gapped_alike(sampled, natural, 2)
    missing = (gapped == 0) | (gapped == RNA.unknown)
    np.testing.assert_array_equal(gapped[~missing], sampled[~missing])
    holes = {
        np.where((row == 0) | (row == RNA.unknown), row, 9).tobytes()
        for row in natural.codes
    }
    assert {row.tobytes() for row in np.where(missing, gapped, 9)} <= holes


def test_energies_and_distances_are_those_of_the_definition():
    model, natural = random_model(0, 8, RNA), family(coupled_codes(0, 60), RNA)
    sampled = coupled_codes(1, 40)
    result = compare(model, natural, sampled)
    np.testing.assert_array_equal(result.energy.sampled, energy(model, sampled))
    expected = naive.distance_between(result.energy.natural, result.energy.sampled)
    assert result.energy.distance == pytest.approx(expected)


@pytest.mark.parametrize("n", [30, 80])
def test_principal_components_are_those_of_the_covariance(n):
    codes = random_codes(0, n, 6, RNA, gap=0.2)
    plane, shares = principal_plane(codes, RNA.size, 0, 0)
    one_hot = (codes[:, :, np.newaxis] == np.arange(RNA.size)).reshape(n, -1)
    values = np.linalg.eigvalsh(np.cov(one_hot.T.astype(float)))[::-1]
    np.testing.assert_allclose(shares, values[:2] / values.sum(), rtol=1e-5)
    places = np.array([projected(along, codes) for along in plane])
    np.testing.assert_allclose(places.mean(axis=1), 0, atol=1e-6)
    np.testing.assert_allclose(np.cov(places), np.diag(values[:2]), atol=1e-5)


@pytest.mark.parametrize("kinds", [1, 2])
def test_few_kinds_of_sequences_span_no_plane(kinds):
    codes = coupled_codes(0, kinds)[np.arange(200) % kinds]
    plane, shares = principal_plane(codes, RNA.size, 0, 0)
    np.testing.assert_allclose(shares, [kinds - 1, 0], atol=1e-6)
    assert not plane[kinds - 1 :].any()


def test_triples_are_different_and_in_order():
    assert drawn_triples(2, 0).shape == (0, 3)
    assert len(drawn_triples(5, 0)) == 10
    many = drawn_triples(60, 0)
    assert len(np.unique(many, axis=0)) == 1000
    assert (np.diff(many, axis=1) > 0).all()


def test_the_table_and_the_lines_say_what_was_found():
    model, natural = random_model(0, 8, RNA), family(coupled_codes(0, 200), RNA)
    held_out = family(coupled_codes(2, 50), RNA)
    result = compare(model, natural, coupled_codes(1, 100), held_out)
    table = comparison_table(result)
    assert list(table.columns) == ["quantity", "value", "reachable"]
    row = table.set_index("quantity").loc["two-site Pearson"]
    assert row["value"] == result.two_sites.pearson
    assert row["reachable"] == result.two_sites.reachable_pearson
    lines = comparison_lines(result)
    assert lines[0].endswith("in brackets: 50 natural sequences held out")
    assert f"Pearson {result.two_sites.pearson:.3f}" in lines[2]


def test_a_family_of_one_sequence_is_borne():
    codes = np.ones((20, 2), np.uint8)
    result = compare(random_model(0, 2, RNA), family(codes, RNA), codes)
    assert np.isnan(result.two_sites.pearson)
    assert not result.three_sites.n_values
    assert np.isnan(result.energy.reachable)
    assert comparison_lines(result)


def test_what_does_not_fit_is_refused():
    model, codes = random_model(0, 8, RNA), coupled_codes(0, 20)
    natural = family(codes, RNA)
    for sampled, words in (
        (codes[:9], "9 sampled sequences: 10 are needed"),
        (codes[:, :7], "the model has 8 sites"),
        (codes + np.uint8(5), "outside the alphabet"),
    ):
        with pytest.raises(UsageError, match=words):
            compare(model, natural, sampled)
    with pytest.raises(UsageError, match="held-out sequences have another alphabet"):
        compare(model, natural, codes, family(codes, PROTEIN))
