"""Files made from the formats' descriptions are read, every number in its place."""

import numpy as np
import pytest

from pottsfold.alphabet import PROTEIN
from pottsfold.model import load_fit
from tests.model.formats import layouts

LENGTH = 4
LETTERS = PROTEIN.letters
FIELDS = np.array([[layouts.field(i, a) for a in LETTERS] for i in range(LENGTH)])
COLUMNS = [0, 1, 4, 9]


def expected_couplings(letters):
    size = len(PROTEIN.letters)
    result = np.zeros((LENGTH, LENGTH, size, size), np.float32)
    for i, j in layouts.pairs(LENGTH):
        for a in letters:
            for b in letters:
                cell = PROTEIN.letters.index(a), PROTEIN.letters.index(b)
                result[i, j, cell[0], cell[1]] = layouts.coupling(i, j, a, b)
                result[j, i, cell[1], cell[0]] = layouts.coupling(i, j, a, b)
    return result


FILES = {
    "CCMpred .raw": layouts.ccmpred_raw(LENGTH),
    "CCMpred .braw": layouts.ccmpred_braw(LENGTH),
    "CCMpred .braw: doubles": layouts.ccmpred_braw(LENGTH, double=True),
    "CCMpred .braw: shuffled": layouts.ccmpred_braw(LENGTH, shuffled=True),
    "GREMLIN .mrf": layouts.gremlin(LENGTH, COLUMNS),
    "adabmDCA params.dat": layouts.adabmdca(LENGTH),
    "bmDCA text": layouts.adabmdca(LENGTH, numbers=True),
    "plmc .model": layouts.plmc(LENGTH, "ACWY", [3, 4, 6, 9]),
    "plmc .model, version 1": layouts.plmc_v1(LENGTH, "ACWY", [3, 4, 6, 9]),
}


@pytest.mark.parametrize("ends", [b"\n", b"\r\n"])
@pytest.mark.parametrize("name", FILES)
def test_every_number_is_in_its_place(tmp_path, name, ends):
    data = FILES[name]
    if ends != b"\n" and b"\x00" not in data:
        data = data.replace(b"\n", ends)
    path = tmp_path / "file"
    path.write_bytes(data)
    fit = load_fit(path)
    assert fit.report.method == f"read from {name.partition(':')[0]}"
    fields = FIELDS.copy()
    if "CCMpred" in name:
        fields[:, 0] = 0
    np.testing.assert_array_equal(fit.model.fields, fields.astype(np.float32))
    np.testing.assert_array_equal(fit.model.couplings, expected_couplings(LETTERS))
    assert fit.model.gaps == "state"


@pytest.mark.parametrize("make", [layouts.plmc, layouts.plmc_v1])
def test_twenty_letters_of_plmc_are_gaps_missing(tmp_path, make):
    order = layouts.PLMC_ORDER[1:]
    path = tmp_path / "file"
    path.write_bytes(make(LENGTH, "ACWY", [3, 4, 6, 9], order))
    model = load_fit(path).model
    assert model.gaps == "missing"
    assert not model.fields[:, 0].any()
    np.testing.assert_array_equal(model.couplings, expected_couplings(LETTERS[1:]))
    assert model.focus_sequence == "ACWY"
    np.testing.assert_array_equal(model.numbering.positions, [3, 4, 6, 9])
    assert not model.frequencies[:, 0].any()
    np.testing.assert_allclose(model.frequencies[:, 1:], 1 / 20)
    # Without a focus plmc writes gaps, though they are not among the letters.
    path.write_bytes(make(LENGTH, "----", [1, 2, 3, 4], order))
    assert load_fit(path).model.focus is None


def test_what_plmc_says_of_its_fit_is_kept(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(FILES["plmc .model"])
    fit = load_fit(path)
    assert fit.report.n_sequences == 3
    assert fit.model.neff == 2.5
    assert fit.report.settings == {
        "gaps": "state",
        "identity": 0.8,
        "lambda_h": 0.01,
        "lambda_j": 5.0,
        "lambda_group": 0.0,
        "max_iterations": 100,
    }
    assert set(fit.report.provenance.source) == {"name", "sha256", "format"}


def test_gremlin_sites_are_columns_of_the_alignment(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(FILES["GREMLIN .mrf"])
    positions = load_fit(path).model.numbering.positions
    np.testing.assert_array_equal(positions, np.array(COLUMNS) + 1)


@pytest.mark.parametrize("kind", ["<f4", ">f4", "<f8"])
@pytest.mark.parametrize("layout", "CF")
def test_couplings_of_mi3_change_their_sign(tmp_path, kind, layout):
    table = [
        [layouts.coupling(i, j, a, b) for a in LETTERS for b in LETTERS]
        for i, j in layouts.pairs(LENGTH)
    ]
    path = tmp_path / "file"
    with open(path, "wb") as handle:
        np.save(handle, np.array(table, kind, order=layout))
    fit = load_fit(path)
    assert fit.report.method == "read from Mi3 .npy"
    assert not fit.model.fields.any()
    np.testing.assert_array_equal(fit.model.couplings, -expected_couplings(LETTERS))


def test_couplings_left_out_of_adabmdca_are_zero_and_told(tmp_path):
    lines = FILES["adabmDCA params.dat"].decode().splitlines()
    kept = [line for line in lines if line[0] == "h" or line.startswith("J 0 1 ")]
    kept.reverse()
    swapped = [
        "J {1} {0} {3} {2} {4}".format(*line.split()[1:]) if line[0] == "J" else line
        for line in kept
    ]
    path = tmp_path / "file"
    path.write_text("# a comment\n\n" + "\n".join(swapped))
    fit = load_fit(path)
    expected = expected_couplings(LETTERS)
    np.testing.assert_array_equal(fit.model.couplings[0, 1], expected[0, 1])
    assert not fit.model.couplings[0, 2].any()
    assert any("441 of 2646 couplings" in note for note in fit.report.history)


def test_a_gap_of_zeros_in_a_text_file_is_missing_data(tmp_path):
    lines = FILES["adabmDCA params.dat"].decode().splitlines()
    silent = [
        " ".join([*line.split()[:-1], "0"]) if " - " in line else line for line in lines
    ]
    path = tmp_path / "file"
    path.write_text("\n".join(silent))
    fit = load_fit(path)
    assert fit.model.gaps == "missing"
    assert "missing data" in fit.report.history[0]
