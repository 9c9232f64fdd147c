"""Real files of other programs, held against what those programs print of them."""

import gzip

import numpy as np
import pytest

from pottsfold.alignment import read_alignment
from pottsfold.alphabet import PROTEIN
from pottsfold.model import Fit, energy, load_fit
from pottsfold.model.formats import (
    READ_FORMATS,
    WRITTEN_FORMATS,
    foreign_named,
    write_foreign,
)

FILES = {
    "ccmpred/1atzA.braw.gz": ("CCMpred .braw", "1atzA"),
    "ccmpred/PF00014.braw.gz": ("CCMpred .braw", "PF00014"),
    "gremlin/1atzA.mrf.gz": ("GREMLIN .mrf", "1atzA"),
    "plmc/1atzA.double.model.gz": ("plmc .model", "1atzA"),
    "plmc/PF00014.model.gz": ("plmc .model", "PF00014"),
}
EFFECTS = ("gb1_metlpub", "pabp", "rl401", "yap1")


@pytest.fixture(scope="module")
def reference(shared_data):
    return shared_data / "reference"


def corrected(norms, partners):
    """The average product correction, means over ``partners`` cells of a row."""
    length = len(norms)
    rows = norms.sum(axis=1) / partners
    return norms - np.outer(rows, rows) / (norms.sum() / (length * partners))


def norms_of(couplings):
    wide = couplings.astype(np.float64)
    return np.sqrt((wide**2).sum(axis=(2, 3)))


def family_codes(shared_data, family):
    path = shared_data / "families" / family / "match.fasta"
    return read_alignment(path, focus=None, alphabet=PROTEIN).codes


@pytest.mark.parametrize("name", FILES)
def test_real_files_are_read(reference, name):
    title, family = FILES[name]
    fit = load_fit(reference / name)
    assert fit.report.method == f"read from {title}"
    assert fit.model.length == {"1atzA": 75, "PF00014": 53}[family]
    assert fit.model.alphabet == PROTEIN
    assert fit.model.gaps == "state"


@pytest.mark.parametrize("name", EFFECTS)
def test_models_without_the_gap_take_it_as_missing(reference, name):
    model = load_fit(reference / "evmutation" / f"{name}.model.gz").model
    assert model.gaps == "missing"
    assert model.focus is not None
    assert model.neff > 1


@pytest.mark.parametrize("name", ["plmc/1atzA.double", "plmc/PF00014"])
def test_scores_of_plmc(reference, name):
    model = load_fit(reference / f"{name}.model.gz").model
    scores = corrected(norms_of(model.couplings), model.length - 1)
    table = np.loadtxt(
        reference / f"{name}.couplings.txt.gz", usecols=(0, 2, 5), dtype=np.float64
    )
    i, j = table[:, 0].astype(int) - 1, table[:, 1].astype(int) - 1
    np.testing.assert_allclose(scores[i, j], table[:, 2], atol=2e-5)


@pytest.mark.parametrize("name", ["1atzA", "PF00014"])
def test_scores_of_ccmpred(reference, name):
    model = load_fit(reference / "ccmpred" / f"{name}.braw.gz").model
    blocks = model.couplings.astype(np.float64)
    blocks -= blocks.mean(axis=(2, 3), keepdims=True)
    norms = norms_of(blocks[:, :, 1:, 1:])
    np.fill_diagonal(norms, 0)
    scores = corrected(norms, model.length)
    off = ~np.eye(model.length, dtype=bool)
    scores -= scores[off].min()
    with gzip.open(reference / "ccmpred" / f"{name}.mat.gz", "rt") as handle:
        printed = np.loadtxt(handle)
    np.testing.assert_allclose(scores[off], printed[off], atol=1e-4)


def test_scores_of_gremlin(reference):
    model = load_fit(reference / "gremlin" / "1atzA.mrf.gz").model
    norms = norms_of(model.couplings[:, :, 1:, 1:])
    table = np.loadtxt(
        reference / "gremlin" / "1atzA.mtx.gz", usecols=(0, 1, 2), skiprows=1
    )
    i, j = table[:, 0].astype(int), table[:, 1].astype(int)
    np.testing.assert_allclose(norms[i, j], table[:, 2], rtol=1e-4, atol=1e-5)


def test_three_programs_agree_on_the_family(shared_data, reference):
    # A letter or a sign in the wrong place would leave nothing of that.
    codes = family_codes(shared_data, "1atzA")[:500]
    names = [name for name, (_, family) in FILES.items() if family == "1atzA"]
    energies = [energy(load_fit(reference / name).model, codes) for name in names]
    assert np.corrcoef(energies).min() > 0.9


@pytest.mark.parametrize(
    "to", [each.name for each in WRITTEN_FORMATS if each in READ_FORMATS]
)
@pytest.mark.parametrize("name", ["plmc/PF00014.model.gz", "ccmpred/PF00014.braw.gz"])
def test_energies_of_the_family_stay_in_every_format(
    tmp_path, shared_data, reference, name, to
):
    fit = load_fit(reference / name)
    codes = family_codes(shared_data, "PF00014")[:100]
    path = tmp_path / "out"
    write_foreign(path, Fit(fit.model, fit.report), foreign_named(to))
    back = load_fit(path).model
    np.testing.assert_allclose(energy(back, codes), energy(fit.model, codes), atol=1e-5)
