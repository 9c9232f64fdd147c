"""Contacts in the formats of other programs."""

from __future__ import annotations

import gzip
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pottsfold.alignment import Numbering
from pottsfold.contacts import CouplingMap, ranked_pairs
from pottsfold.contacts.formats import (
    casp_rr_text,
    ccmpred_text,
    evcouplings_table,
    plmc_text,
    restraints_table,
)
from pottsfold.errors import UsageError
from tests.strategies import seeds

LETTERS = "ACDEFGHIKLMNPQRSTVWY"


def made_map(seed: int = 0, length: int = 12, first: int = 1) -> CouplingMap:
    rng = np.random.default_rng(seed)
    upper = np.triu(rng.normal(size=(length, length)), 1)
    scores = upper + upper.T
    positions = first - 1 + np.cumsum(rng.integers(1, 3, length))
    letters = "".join(rng.choice(list(LETTERS), length))
    return CouplingMap(scores + 5, scores, Numbering(positions), letters, "A B/1-9")


def judge_rr(text: str) -> pd.DataFrame:
    """Check a prediction against the rules of the format, and return its pairs."""
    assert "\t" not in text
    lines = text.split("\n")
    assert lines[0] == "PFRMAT RR"
    assert re.fullmatch(r"TARGET \S+", lines[1])
    assert re.fullmatch(r"AUTHOR \S+", lines[2])
    keywords = [line.split()[0] for line in lines[3:] if line]
    assert set(keywords[: keywords.index("MODEL")]) == {"REMARK", "METHOD"}
    at = lines.index("MODEL 1") + 1
    sequence = ""
    while re.fullmatch("[A-Z]+", lines[at]) and lines[at] != "END":
        assert len(lines[at]) <= 50
        sequence += lines[at]
        at += 1
    assert lines[-2:] == ["END", ""]
    rows = [line.split(" ") for line in lines[at:-2]]
    assert all(row[2:4] == ["0", "8"] and len(row) == 5 for row in rows)
    table = pd.DataFrame(
        [(int(i), int(j), float(p)) for i, j, _, _, p in rows], columns=["i", "j", "p"]
    )
    assert (table["i"] < table["j"]).all()
    assert table["i"].ge(1).all()
    assert table["j"].le(len(sequence)).all()
    assert table["p"].between(0, 1).all()
    assert table["p"].is_monotonic_decreasing
    table.attrs["sequence"] = sequence
    return table


@given(seeds, st.integers(2, 60), st.integers(-5, 200))
def test_rr_keeps_the_rules_and_its_sequence_the_numbers(seed, length, first):
    coupling = made_map(seed, length, first)
    pairs = ranked_pairs(coupling)
    table = judge_rr(casp_rr_text(pairs, coupling))
    start = int(coupling.numbering.positions[0])
    assert len(table) == len(pairs)
    sequence = table.attrs["sequence"]
    for row, i, p in zip(pairs.itertuples(), table["i"], table["p"], strict=True):
        if row.score == pairs["score"].max():
            assert (i + start - 1, p) == (row.i, 1.0)
        assert sequence[row.i - start] == row.aa_i
        assert sequence[row.j - start] == row.aa_j


def test_rr_takes_probabilities_where_there_are_any():
    coupling = made_map()
    likely = np.abs(np.tanh(coupling.scores))
    likely[0] = likely[:, 0] = np.nan
    pairs = ranked_pairs(coupling, probabilities=likely)
    text = casp_rr_text(pairs, coupling)
    table = judge_rr(text)
    assert "REMARK p is the probability of contact" in text
    assert table["p"].iloc[0] == pytest.approx(np.nanmax(likely), abs=1e-6)
    assert (table["p"] == 0).sum() == 11


def test_rr_without_a_sequence_is_refused():
    made = made_map()
    nameless = CouplingMap(made.norms, made.scores, made.numbering, "-" * made.length)
    with pytest.raises(UsageError, match="fit with a focus"):
        casp_rr_text(ranked_pairs(nameless), nameless)
    far = Numbering(np.r_[made.numbering.positions[:-1], 10**9])
    spread = CouplingMap(made.norms, made.scores, far, made.letters)
    with pytest.raises(UsageError, match="take another format"):
        casp_rr_text(ranked_pairs(spread), spread)


def test_matrix_is_read_as_it_was(tmp_path):
    coupling = made_map()
    path = tmp_path / "made.mat"
    path.write_text(ccmpred_text(coupling))
    assert np.array_equal(np.loadtxt(path), coupling.scores)


def test_plmc_list_is_ordered_by_number():
    coupling = made_map(first=7)
    lines = plmc_text(ranked_pairs(coupling)).splitlines()
    rows = [line.split(" ") for line in lines]
    assert len(rows) == 66
    numbers = [(int(row[0]), int(row[2])) for row in rows]
    assert numbers == sorted(numbers)
    i, j = (coupling.numbering.column(number) for number in numbers[3])
    assert rows[3] == [
        str(numbers[3][0]),
        coupling.letters[i],
        str(numbers[3][1]),
        coupling.letters[j],
        "0",
        f"{coupling.scores[i, j]:.6f}",
    ]


def test_evcouplings_columns():
    coupling = made_map()
    table = evcouplings_table(ranked_pairs(coupling))
    assert list(table) == ["i", "A_i", "j", "A_j", "fn", "cn", "score"]
    assert table["cn"].is_monotonic_decreasing
    np.testing.assert_allclose(table["fn"] - table["cn"], 5)
    likely = evcouplings_table(ranked_pairs(coupling, probabilities=coupling.scores))
    assert "probability" in likely


def test_restraints_name_atoms_and_weigh_pairs():
    coupling = made_map()
    pairs = ranked_pairs(coupling).head(20)
    table = restraints_table(pairs)
    assert set(table["upper"]) == {10.0}
    weights = (pairs["score"] / pairs["score"].max()).clip(0, 1)
    np.testing.assert_allclose(table["weight"], weights)
    assert table["weight"].iloc[0] == 1.0
    glycine = table["aa_j"] == "G"
    assert (table["atom_j"][glycine] == "CA").all()
    assert (table["atom_j"][~glycine] == "CB").all()
    assert len(restraints_table(pairs.head(0))) == 0
    assert restraints_table(pairs.head(1))["weight"].tolist() == [1.0]


def tokens(text: str) -> str:
    """Return what kind of thing stands where: signs and blanks are kept."""
    text = re.sub(r"-?\d\.\d{20}e[+-]\d\d", "E", text)
    text = re.sub(r"-?\d+\.\d{6}(?!\d)", "F", text)
    return re.sub(r"\b[A-Z]\b|(?<= )-(?= )", "L", re.sub(r"\b\d+\b", "N", text))


def test_layouts_are_those_of_the_programs(shared_data):
    """Field for field: digits, separators, the tab at a line's end."""
    coupling = made_map(length=53)
    folder = shared_data / "reference"
    with gzip.open(folder / "ccmpred" / "PF00014.mat.gz", "rt") as handle:
        theirs = handle.read().partition("#>META>")[0]
    assert tokens(ccmpred_text(coupling)) == tokens(theirs)
    with gzip.open(folder / "plmc" / "PF00014.couplings.txt.gz", "rt") as handle:
        theirs = handle.read()
    ours = plmc_text(ranked_pairs(coupling))
    assert tokens(ours) == tokens(theirs)
