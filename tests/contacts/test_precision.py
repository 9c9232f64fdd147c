"""Precision of the strongest pairs, and other programs' figures."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pottsfold.contacts import (
    contact_precision,
    precision_curve,
    strongest_pairs,
)
from tests.families import known_distances, reference_rows
from tests.naive import contacts as naive
from tests.strategies import seeds

SAID = ("L/5", "L/2", "L")


def symmetric(half: np.ndarray) -> np.ndarray:
    upper = np.triu(half, 1)
    return upper + upper.T


@given(seeds, st.integers(3, 25), st.integers(1, 8), st.floats(0, 0.5))
def test_precision_equals_its_formula(seed, length, separation, missing):
    rng = np.random.default_rng(seed)
    # Few different scores, so that many are equal.
    scores = symmetric(rng.integers(0, 6, (length, length)).astype(float))
    distances = symmetric(rng.uniform(2, 16, (length, length)))
    absent = rng.random(length) < missing
    distances[absent] = distances[:, absent] = np.nan
    positions = np.cumsum(rng.integers(1, 4, length))
    result = contact_precision(scores, distances, positions, separation=separation)
    known = [[None if d != d else d for d in row] for row in distances.tolist()]
    parts = ((1, 10), (1, 5), (1, 2), (1, 1), (2, 1))
    for top, (times, part) in zip(result.top, parts, strict=True):
        expected = naive.precision(
            scores.tolist(), known, positions.tolist(), separation, times, part
        )
        assert (top.n_contacts, top.n_pairs) == expected
    pairs = sum(
        positions[j] - positions[i] >= separation
        for i in range(length)
        for j in range(i + 1, length)
    )
    assert result.n_pairs + result.n_left_out == pairs


def made_case() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Ten sites; pairs (0, 9), (0, 8), (1, 9) are best; (1, 9) does not touch.

    A nearer pair, (0, 1), is better still, and must not be looked at.
    """
    scores, distances = np.zeros((10, 10)), np.full((10, 10), 20.0)
    for rank, (i, j) in enumerate([(0, 1), (0, 9), (0, 8), (1, 9), (0, 7)]):
        scores[i, j] = scores[j, i] = 9 - rank
    for i, j in [(0, 1), (0, 9), (0, 8), (0, 7)]:
        distances[i, j] = distances[j, i] = 7.9
    return scores, distances, np.arange(1, 11)


def test_precision_of_a_case_worked_by_hand():
    result = contact_precision(*made_case())
    assert [(top.n_contacts, top.n_pairs) for top in result.top] == [
        (1, 1),
        (2, 2),
        (3, 5),
        (3, 10),
        (3, 10),
    ]
    assert [top.precision for top in result.top] == [1.0, 1.0, 0.6, 0.3, 0.3]
    assert result.at("L/2").depth == "L/2"


def test_curve_holds_the_precision_at_every_depth():
    curve = precision_curve(*made_case())
    np.testing.assert_allclose(curve[:5], [1, 1, 2 / 3, 3 / 4, 3 / 5])
    assert len(curve) == 10
    result = contact_precision(*made_case())
    assert all(curve[top.n_pairs - 1] == top.precision for top in result.top)
    assert (result.n_pairs, result.n_contacts, result.n_left_out) == (10, 3, 0)


def test_wrong_definitions_would_give_other_figures():
    scores, distances, positions = made_case()
    hits = [
        [result.at(depth).n_contacts for depth in SAID]
        for result in (
            contact_precision(scores, distances, positions),
            contact_precision(scores, distances, positions, separation=1),
            contact_precision(scores, distances, positions, threshold=7.9),
            contact_precision(-scores, distances, positions),
            contact_precision(scores, distances, 2 * positions),
        )
    ]
    assert hits[0] == [2, 3, 3]
    assert hits[1] == [2, 4, 4]
    assert hits[2] == [0, 0, 0]
    assert hits[3] == [0, 0, 3]
    assert contact_precision(scores, distances, 2 * positions).n_pairs == 28


def test_l_counts_residues_of_the_structure_and_is_rounded_down():
    scores, distances, positions = made_case()
    distances[[3, 4, 5]] = distances[:, [3, 4, 5]] = np.nan
    result = contact_precision(scores, distances, positions)
    assert result.n_sites == 7
    assert [result.at(depth).n_pairs for depth in SAID] == [1, 3, 7]
    assert (result.n_pairs, result.n_left_out) == (9, 1)


def test_without_a_pair_precision_is_not_a_number():
    scores, distances, _ = made_case()
    result = contact_precision(scores[:3, :3], distances[:3, :3], np.arange(3))
    assert all(np.isnan(top.precision) for top in result.top)


def test_pairs_without_a_score_are_left_out():
    scores, distances, positions = made_case()
    scores[0, 9] = scores[9, 0] = np.nan
    result = contact_precision(scores, distances, positions)
    assert (result.n_pairs, result.n_left_out, result.at("L/5").n_contacts) == (9, 1, 1)


def test_shapes_that_disagree_are_refused():
    scores, distances, positions = made_case()
    with pytest.raises(ValueError, match=r"distances are \(9, 10\) for 10 positions"):
        contact_precision(scores, distances[:9], positions)


@given(seeds, st.integers(2, 15))
def test_every_far_pair_comes_once_in_falling_order(seed, length):
    rng = np.random.default_rng(seed)
    scores = symmetric(rng.random((length, length)))
    rows, columns = strongest_pairs(scores, np.arange(length), 2)
    assert (np.diff(scores[rows, columns]) <= 0).all()
    found = sorted(zip(rows.tolist(), columns.tolist(), strict=True))
    assert found == [(i, j) for i in range(length) for j in range(i + 2, length)]


def other_scores(
    shared_data: Path, family: str, length: int
) -> Iterator[tuple[str, np.ndarray]]:
    folder = shared_data / "reference"
    yield "ccmpred", np.loadtxt(folder / "ccmpred" / f"{family}.mat.gz")
    for program, name in (
        ("plmc", f"plmc/{family}.couplings.txt.gz"),
        ("freecontact_mfdca", f"freecontact/{family}.evfold.txt.gz"),
    ):
        scores = np.full((length, length), np.nan)
        with gzip.open(folder / name, "rt") as handle:
            for line in handle:
                i, _, j, *_, score = line.split()
                scores[int(i) - 1, int(j) - 1] = scores[int(j) - 1, int(i) - 1] = score
        yield program, scores


@pytest.mark.parametrize("family", ["1atzA", "PF00014", "DHFR"])
def test_other_programs_maps_get_their_known_precision(shared_data, family):
    distances = known_distances(shared_data, family)
    known = {
        row["program"]: row
        for row in reference_rows(shared_data)
        if row["family"] == family
    }
    judged = set()
    for program, scores in other_scores(shared_data, family, len(distances)):
        if program not in known:
            continue
        judged.add(program)
        result = contact_precision(scores, distances, np.arange(len(distances)))
        figures = [f"{result.at(depth).precision:.4f}" for depth in SAID]
        row = known[program]
        assert figures == [row["top_L5"], row["top_L2"], row["top_L"]], program
        assert result.n_pairs == int(row["n_pairs"])
    assert len(judged) >= 2


def test_families_have_their_known_numbers_of_contacts(shared_data):
    known = {
        row["family"]: int(row["n_contacts"])
        for row in reference_rows(shared_data)
        if row["program"] in ("ccmpred", "plmc")
    }
    assert len(known) >= 20
    for family, count in known.items():
        distances = known_distances(shared_data, family)
        positions = np.arange(len(distances))
        # The reference rounded distances to 0.001 before comparing: a pair at
        # 7.99998 in DHFR, and one in PF01833, are contacts here and were not there.
        # It took the first alternate location, not the fullest, which moves a pair
        # of PF00041.
        rounded = contact_precision(distances, distances.round(3), positions)
        assert rounded.n_contacts - count == (family == "PF00041"), family
        exact = contact_precision(distances, distances, positions)
        assert exact.n_contacts - count == (family in ("DHFR", "PF00041", "PF01833")), (
            family
        )
