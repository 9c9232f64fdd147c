"""Mean-field inference from families with unknown letters, and from tiny ones."""

from __future__ import annotations

import numpy as np
import pytest

from pottsfold.alignment import Alignment, Numbering, pair_frequencies, site_frequencies
from pottsfold.alphabet import PROTEIN, RNA
from pottsfold.errors import PottsfoldError
from pottsfold.inference import fit_mean_field
from pottsfold.model import energy

FAMILIES = {
    "one X": ["MKXYIAKQ", "MKAYVAKQ", "MRAYIAKE"],
    "X, B, Z": ["MKXYIAKQ", "MBAYVAKQ", "MRAYIAZE", "MKAXXXXQ"],
    "a site unknown": ["MKXYIAKQ", "MKXYVAKQ", "MRXYIAKE"],
    "a row unknown": ["MKAYIAKQ", "XXXXXXXX", "MRAYIAKE"],
    "each site in some row": ["XXAYIAKQ", "MKXXIAKQ", "MKAYXXKQ", "MKAYIAXX"],
    "two sequences": ["MKXXXXKQ", "MKAYVAKQ"],
    "one sequence": ["MKXYIAKQ"],
    "nothing known": ["XXXX", "XXXX"],
}


def family_of(rows: list[str], alphabet=PROTEIN) -> Alignment:
    codes = np.array([alphabet.encode(row) for row in rows])
    names = tuple(f"s{n}" for n in range(len(rows)))
    return Alignment(alphabet, codes, names, Numbering.sequential(codes.shape[1]))


@pytest.mark.parametrize("rows", FAMILIES.values(), ids=FAMILIES)
@pytest.mark.parametrize("pseudocount", [0.5, 0.01])
def test_families_with_unknown_letters_are_fitted(rows, pseudocount):
    family = family_of(rows)
    model = fit_mean_field(family, pseudocount=pseudocount, threads=1).model
    assert np.isfinite(model.fields).all()
    assert np.isfinite(model.couplings).all()
    known = np.where(family.codes == PROTEIN.unknown, 0, family.codes)
    assert np.isfinite(energy(model, known)).all()


@pytest.mark.parametrize("rows", FAMILIES.values(), ids=FAMILIES)
def test_pair_frequencies_with_expected_letters_agree_with_those_of_sites(rows):
    family = family_of(rows)
    pairs = pair_frequencies(family, unknown="expected", threads=1)
    sites = site_frequencies(family)
    for i in range(family.length):
        for j in range(family.length):
            np.testing.assert_allclose(pairs[i, j].sum(axis=1), sites[i], atol=1e-12)
            np.testing.assert_allclose(pairs[i, j].sum(axis=0), sites[j], atol=1e-12)


def test_left_out_letters_break_that_agreement():
    pairs = pair_frequencies(family_of(FAMILIES["one X"]), threads=1)
    sites = site_frequencies(family_of(FAMILIES["one X"]))
    assert np.abs(pairs[1, 2].sum(axis=1) - sites[1]).max() > 0.1


def test_an_unknown_letter_counts_as_its_sites_frequencies():
    unknown = family_of(["AC", "AG", "GX", "XU"], RNA)
    pairs = pair_frequencies(unknown, unknown="expected", threads=1)[0, 1]
    # Site 1: A 2/3, G 1/3; site 2: C, G, U 1/3 each.
    expected = np.zeros((5, 5))
    a, c, g, u = RNA.encode("ACGU")
    expected[a, c] += 1
    expected[a, g] += 1
    for letter in (c, g, u):
        expected[g, letter] += 1 / 3
    expected[a, u] += 2 / 3
    expected[g, u] += 1 / 3
    np.testing.assert_allclose(pairs, expected / 4, atol=1e-15)


def test_without_unknown_letters_both_ways_are_the_same():
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 5, (20, 4)).astype(np.uint8)
    family = Alignment(RNA, codes, ("s",) * 20, Numbering.sequential(4))
    left_out = pair_frequencies(family, threads=1)
    assert np.array_equal(left_out, pair_frequencies(family, unknown="expected"))


def test_a_pseudocount_too_small_to_invert_is_told():
    with pytest.raises(PottsfoldError, match="raise the `pseudocount`"):
        fit_mean_field(family_of(["AC", "AC"], RNA), pseudocount=1e-18, threads=1)
