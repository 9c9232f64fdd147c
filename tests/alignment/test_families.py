"""Real families, against the sizes and weights other programs found."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from pottsfold.alignment import identity_weights, read_alignment
from pottsfold.alphabet import PROTEIN

SMALL_ENOUGH = 8000


def test_every_family_has_its_known_size_and_neff(shared_data: Path):
    folders = sorted((shared_data / "families").iterdir())
    assert len(folders) == 27
    for folder in folders:
        facts = json.loads((folder / "family.json").read_text())
        family = read_alignment(folder / "match.fasta", focus=None)
        assert (family.n_sequences, family.length) == (facts["N"], facts["L"]), folder
        assert family.alphabet == PROTEIN
        assert not (family.codes == PROTEIN.unknown).any(), folder
        assert (family.codes == 0).mean() == pytest.approx(
            facts["gap_fraction"], abs=5.1e-5
        )
        if family.n_sequences <= SMALL_ENOUGH:
            neff = identity_weights(family.codes).sum()
            assert neff == pytest.approx(facts["Neff80"], abs=0.051), folder


@pytest.mark.slow
def test_the_large_family_has_its_known_neff(shared_data: Path):
    folder = shared_data / "families" / "PF00072"
    family = read_alignment(folder / "match.fasta", focus=None)
    facts = json.loads((folder / "family.json").read_text())
    assert identity_weights(family.codes).sum() == pytest.approx(
        facts["Neff80"], abs=0.051
    )


def test_weights_of_dhfr_are_those_of_plmc(shared_data: Path):
    folder = shared_data / "families" / "DHFR"
    family = read_alignment(folder / "DHFR.a2m", focus="DYR_ECOLI")
    theirs = np.loadtxt(folder / "DHFR_weights_raw.txt")
    known = (family.codes != PROTEIN.unknown).all(axis=1)
    assert family.length == 159
    assert np.array_equal(known, theirs > 0)
    assert (~known).sum() == 13
    ours = identity_weights(family.codes[known])
    assert np.abs(ours - theirs[known]).max() < 1e-12


def test_a_strict_threshold_would_not_give_the_weights_of_plmc(shared_data: Path):
    folder = shared_data / "families" / "DHFR"
    family = read_alignment(folder / "DHFR.a2m", focus="DYR_ECOLI")
    theirs = np.loadtxt(folder / "DHFR_weights_raw.txt")
    strict = identity_weights(
        family.codes[theirs > 0], (np.ceil(0.8 * 159) + 1) / family.length
    )
    assert np.abs(strict - theirs[theirs > 0]).max() > 0.1


def test_weights_of_pf00014_are_those_of_bmdca(shared_data: Path):
    folder = shared_data / "families" / "PF00014"
    family = read_alignment(folder / "PF00014_raw.fasta", focus=None)
    theirs = np.loadtxt(folder / "PF00014_weights.txt")
    assert family.codes.shape == (4914, 53)
    # That program takes unknown letters for gaps and writes six digits.
    codes = np.where(family.codes == PROTEIN.unknown, 0, family.codes)
    assert np.allclose(identity_weights(codes.astype(np.uint8)), theirs, rtol=1e-5)
