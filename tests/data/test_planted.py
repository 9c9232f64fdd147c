"""The planted family is what its script makes, and a sample of what it says."""

from __future__ import annotations

import gzip
import importlib.util
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import gemmi
import numba
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from pottsfold.alignment import (
    Alignment,
    Numbering,
    read_alignment,
    reweight,
    site_frequencies,
)
from pottsfold.alphabet import PROTEIN
from pottsfold.inference import fit_pseudolikelihood
from pottsfold.model import (
    PottsModel,
    conditional_log_probabilities,
    independent_fields,
    zero_sum,
)
from tests.families import planted_truth

FOLDER = Path(__file__).parents[2] / "data" / "planted"
FILES = ("alignment.fasta.gz", "structure.pdb", "truth.npz")
N_ROWS = 600

compiled = pytest.mark.skipif(
    bool(numba.config.DISABLE_JIT), reason="takes minutes without machine code"
)


def _script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate", FOLDER / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # Its dataclass looks its own module up by name.
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "generate", module)
        spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def family() -> Alignment:
    return read_alignment(FOLDER / "alignment.fasta.gz")


@pytest.fixture(scope="module")
def contacts() -> set[tuple[int, int]]:
    with np.load(FOLDER / "truth.npz", allow_pickle=False) as truth:
        return {(int(i), int(j)) for i, j in truth["contacts"]}


@pytest.fixture(scope="module")
def truth() -> PottsModel:
    return planted_truth()


@pytest.fixture(scope="module")
def whole_rows(family: Alignment) -> NDArray[np.uint8]:
    known = (family.codes > 0) & (family.codes < PROTEIN.unknown)
    # The focus was chosen for its energy, so it is no draw from the model.
    known[0] = False
    return family.codes[known.all(axis=1)][:N_ROWS]


def at_temperature(model: PottsModel, temperature: float) -> PottsModel:
    scale = np.float32(1 / temperature)
    return replace(
        model, fields=model.fields * scale, couplings=model.couplings * scale
    )


def conditionals(model: PottsModel, rows: NDArray[np.uint8]) -> NDArray[np.float64]:
    """log P(x_i = a | the rest) over the 20 letters, shape (N, L, 20)."""
    return np.array([conditional_log_probabilities(model, row)[:, 1:] for row in rows])


def pseudo_log_likelihood(model: PottsModel, rows: NDArray[np.uint8]) -> float:
    """Mean of log P(x_i | the rest) over sites and sequences."""
    logs = conditionals(model, rows)
    chosen = np.take_along_axis(logs, rows[:, :, np.newaxis].astype(int) - 1, axis=2)
    return float(chosen.mean())


def least_p_value(model: PottsModel, rows: NDArray[np.uint8]) -> float:
    """Smallest over sites of the chi-square p-value of letter counts.

    At a site, the count of letter a less the sum of P(a | rest) over sequences has
    mean 0 and covariance sum (diag p - p p'), which makes a chi-square of 19 degrees
    of freedom; Bonferroni's bound over the sites.
    """
    p = np.exp(conditionals(model, rows))
    least = 1.0
    for i in range(rows.shape[1]):
        counts = np.bincount(rows[:, i] - 1, minlength=20)
        excess = counts - p[:, i].sum(axis=0)
        covariance = np.diag(p[:, i].sum(axis=0)) - p[:, i].T @ p[:, i]
        # Letters sum to N, so one row is redundant.
        statistic = excess[1:] @ np.linalg.solve(covariance[1:, 1:], excess[1:])
        least = min(least, float(stats.chi2.sf(statistic, 19)) * rows.shape[1])
    return least


def test_files_are_what_the_script_makes(tmp_path: Path):
    _script().generate(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == set(FILES)
    for name in FILES:
        made, kept = (tmp_path / name).read_bytes(), (FOLDER / name).read_bytes()
        if name.endswith(".gz"):
            # No time stamp in the header; the deflate stream may differ between zlibs.
            assert made[4:8] == kept[4:8] == bytes(4)
            made, kept = gzip.decompress(made), gzip.decompress(kept)
        assert made == kept, name


def test_files_are_small():
    assert sum(path.stat().st_size for path in FOLDER.glob("*.*")) < 300_000


def test_alignment_is_read_with_its_focus_first(family: Alignment):
    assert (family.n_sequences, family.length) == (2000, 48)
    assert family.focus == 0
    assert family.names[0] == "PLANTED/1-48"
    assert family.numbering == Numbering.sequential(48)
    assert family.alphabet == PROTEIN
    focus = family.focus_codes
    assert focus is not None
    assert ((focus > 0) & (focus < PROTEIN.unknown)).all()


@compiled
def test_alignment_is_large_enough_to_learn_from(family: Alignment):
    assert reweight(family).neff > 10 * family.length


def test_alignment_has_gaps_at_ends_only_and_a_few_unknown_letters(family: Alignment):
    gaps = family.codes == 0
    assert 0.01 < gaps.mean() < 0.05
    assert not gaps[:, 10:-10].any()
    assert 5 <= (family.codes == PROTEIN.unknown).sum() <= 40


def test_structure_has_the_focus_sequence_and_the_contacts(
    family: Alignment, contacts: set[tuple[int, int]]
):
    structure = gemmi.read_structure(str(FOLDER / "structure.pdb"))
    (chain,) = structure[0]
    assert chain.name == "A"
    residues = list(chain)
    assert [residue.seqid.num for residue in residues] == list(range(1, 49))
    letters = "".join(
        gemmi.find_tabulated_residue(residue.name).one_letter_code
        for residue in residues
    )
    assert np.array_equal(PROTEIN.encode(letters), family.codes[0])
    places = np.array([residue[0].pos.tolist() for residue in residues])
    distance = np.linalg.norm(places[:, np.newaxis] - places, axis=2)
    i, j = np.nonzero(np.triu(distance < 8, 2))
    assert set(zip(i.tolist(), j.tolist(), strict=True)) == contacts
    assert np.allclose(np.diagonal(distance, 1), 6)


def test_couplings_of_contacts_are_not_zero_and_gauge_is_zero_sum(
    truth: PottsModel, contacts: set[tuple[int, int]]
):
    norms = np.linalg.norm(truth.couplings, axis=(2, 3))
    i, j = np.nonzero(np.triu(norms > 1))
    assert set(zip(i.tolist(), j.tolist(), strict=True)) == contacts
    assert np.abs(truth.couplings.sum(axis=3)).max() < 1e-5
    assert np.abs(truth.fields.sum(axis=1)).max() < 1e-5


@compiled
@pytest.mark.statistical
def test_truth_explains_its_sample_better_than_independent_sites(
    truth: PottsModel, whole_rows: NDArray[np.uint8], family: Alignment
):
    frequencies = site_frequencies(family, gaps="missing")[:, 1:]
    fields = np.zeros_like(truth.fields)
    fields[:, 1:] = independent_fields(frequencies, family.neff)
    alone = replace(truth, fields=fields, couplings=np.zeros_like(truth.couplings))
    gain = pseudo_log_likelihood(truth, whole_rows) - pseudo_log_likelihood(
        alone, whole_rows
    )
    assert gain > 0.15


@compiled
@pytest.mark.statistical
@pytest.mark.parametrize("temperature", [0.9, 1.1])
def test_truth_explains_its_sample_better_than_another_temperature(
    truth: PottsModel, whole_rows: NDArray[np.uint8], temperature: float
):
    other = at_temperature(truth, temperature)
    assert pseudo_log_likelihood(truth, whole_rows) > pseudo_log_likelihood(
        other, whole_rows
    )


@compiled
@pytest.mark.statistical
def test_letters_follow_the_conditional_probabilities(
    truth: PottsModel, whole_rows: NDArray[np.uint8]
):
    assert least_p_value(truth, whole_rows) > 0.01


@compiled
@pytest.mark.statistical
@pytest.mark.parametrize("temperature", [0.8, 1.25])
def test_letters_do_not_follow_those_of_another_temperature(
    truth: PottsModel, whole_rows: NDArray[np.uint8], temperature: float
):
    assert least_p_value(at_temperature(truth, temperature), whole_rows) < 1e-6


@compiled
@pytest.mark.statistical
def test_contacts_can_be_learned_from_the_sample(
    family: Alignment, contacts: set[tuple[int, int]]
):
    model = zero_sum(fit_pseudolikelihood(reweight(family)).model)
    norms = np.linalg.norm(model.couplings[:, :, 1:, 1:], axis=(2, 3))
    partners = family.length - 1
    means = norms.sum(axis=1) / partners
    scores = norms - np.outer(means, means) / means.mean()
    i, j = np.triu_indices(family.length, 6)
    best = np.argsort(-scores[i, j])[: family.length // 2]
    right = [(int(i[k]), int(j[k])) in contacts for k in best]
    assert np.mean(right) >= 0.9
