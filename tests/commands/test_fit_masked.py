"""``fit`` of couplings along contacts or a list, as a person runs it."""

import os
import re

import numpy as np
import pytest

from pottsfold.model import load_fit
from tests.commands.test_fit import run
from tests.contacts.made_structures import chain_atoms, pdb_text
from tests.strategies import random_alignment

FOCUS = "ACDEFGHIKLMNPQRSTVWY"


@pytest.fixture
def family(tmp_path):
    drawn = random_alignment(1, 60, 20, focus=False)
    rows = [
        FOCUS,
        *(drawn.alphabet.decode(row).replace("X", "-") for row in drawn.codes),
    ]
    path = tmp_path / "a.fasta"
    path.write_text("".join(f">s{k}\n{row}\n" for k, row in enumerate(rows)))
    return path


@pytest.fixture
def structure(tmp_path):
    path = tmp_path / "s.pdb"
    path.write_text(pdb_text(chain_atoms(FOCUS)))
    return path


def test_contacts_of_a_structure_get_couplings(capsys, tmp_path, family, structure):
    model = tmp_path / "m.potts"
    status, out, err = run(
        capsys, "fit", family, "-o", model, "--structure", structure, "--cutoff", 7
    )
    assert (status, out) == (0, "")
    assert "37 pairs of 20 sites" in err
    assert "37 pairs, lambda_h 10, lambda_j 2.812" in err
    fit = load_fit(model)
    pairs = fit.model.graph.pairs
    assert set((pairs[:, 1] - pairs[:, 0]).tolist()) == {1, 2}
    assert any("within 7 angstrom in chain A of s.pdb" in h for h in fit.report.history)
    told = run(capsys, "info", model)[1]
    assert "pairs        37 of 190 have couplings, 3.7 partners a site" in told
    table = tmp_path / "c.csv"
    err = run(capsys, "contacts", model, "-o", table)[2]
    assert "37 pairs of sites alone have couplings: only these are ranked" in err
    lines = table.read_text().splitlines()
    assert lines[0] == "i,j,aa_i,aa_j,score,raw_score,rank"
    assert {tuple(map(int, line.split(",")[:2])) for line in lines[1:]} == {
        (i + 1, j + 1) for i, j in pairs.tolist()
    }
    matrix = tmp_path / "c.npy"
    assert run(capsys, "contacts", model, "-o", matrix, "--format", "npy")[0] == 0
    scores = np.load(matrix)
    assert np.isfinite(scores).all()
    assert scores.min() == scores[0, 19]
    figures = ["--structure", structure, "--plot", tmp_path]
    status, _, err = run(capsys, "contacts", model, "-o", table, "--top", 5, *figures)
    assert (status, err.count("pairs left out: no residue or no couplings")) == (0, 1)
    # Beside a model of all pairs too.
    dense = tmp_path / "d.potts"
    assert run(capsys, "fit", family, "-o", dense)[0] == 0
    words = ["contacts", dense, "-o", tmp_path / "both.csv", "--ensemble", model]
    assert "37 pairs of sites alone have couplings" in run(capsys, *words)[2]
    # What contacts wrote is a list for another fit.
    other = tmp_path / "other.potts"
    assert run(capsys, "fit", family, "-o", other, "--pairs", table)[0] == 0
    assert load_fit(other).model.graph.n_pairs == 5


def test_a_name_in_another_encoding_leaves_a_model_that_can_be_read(
    capsys, tmp_path, family, structure
):
    odd = os.fsdecode(b"caf\xe9")
    for option, content in (
        ("--structure", structure.read_text()),
        ("--pairs", "1 5\n"),
    ):
        path, model = tmp_path / f"{odd}{option}", tmp_path / "m.potts"
        path.write_text(content)
        assert run(capsys, "fit", family, "-o", model, option, path)[0] == 0
        status, told, _ = run(capsys, "info", model)
        assert status == 0
        assert f"caf\\xe9{option}, SHA-256" in told


def test_penalties_beyond_single_precision_are_told_in_one_line(
    capsys, tmp_path, family
):
    model = tmp_path / "m.potts"
    words = ["fit", family, "-o", model, "--lambda-h", "1e-320"]
    status, _, err = run(capsys, *words)
    assert status == 2
    assert re.search("--lambda-h '?(1|9.99989)e-32", err.splitlines()[-1])
    assert not model.exists()


def test_a_masked_fit_may_choose_its_penalties(capsys, tmp_path, family):
    pairs = tmp_path / "p.txt"
    pairs.write_text("1 5\n2 9\n")
    model = tmp_path / "m.potts"
    words = ["fit", family, "-o", model, "--pairs", pairs, "--lambda", "auto"]
    status, _, err = run(capsys, *words)
    assert status == 0
    assert "penalties by cross-validation" in err
    assert np.any(load_fit(model).model.couplings)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--cutoff", "8"], "--cutoff: it is of --structure; give that too"),
        (["--chain", "A"], "--chain: it is of --structure"),
        (["--structure", "S", "--pairs", "P"], "--structure excludes --pairs"),
        (["--structure", "S", "--cutoff", "-1"], "--cutoff '?-1.*above 0 is needed"),
        (["--pairs", "P", "--method", "mean-field"], "couples all pairs of sites"),
        (["--pairs", "P", "--method", "boltzmann"], "couples all pairs of sites"),
        (["--structure", "S", "--no-focus"], "no focus sequence"),
    ],
)
def test_what_does_not_fit_together_is_refused(
    capsys, tmp_path, family, structure, options, message
):
    pairs = tmp_path / "p.txt"
    pairs.write_text("1 5\n")
    places = {"S": structure, "P": pairs}
    words = [places.get(word, word) for word in options]
    status, _, err = run(capsys, "fit", family, "-o", tmp_path / "m.potts", *words)
    assert status == 2
    last = err.strip().splitlines()[-1]
    assert re.search(message, last), last
    assert not (tmp_path / "m.potts").exists()
