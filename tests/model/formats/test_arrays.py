"""Models in NumPy's arrays: StructureDCA, PottsMPNN, caliby and dense tensors."""

import io
import struct
import zipfile

import numpy as np
import pytest

from pottsfold.alphabet import PROTEIN
from pottsfold.errors import ModelFormatError, UsageError
from pottsfold.model import Fit, FitReport, energy, load_fit
from pottsfold.model.formats import content as content_module
from pottsfold.model.formats import foreign_named, losses, write_foreign
from tests.model.formats import layouts
from tests.model.formats.test_layouts import FIELDS, LENGTH, LETTERS, expected_couplings
from tests.strategies import masked, random_codes, random_model, with_zeros

CONTACTS = [(0, 2), (1, 2), (2, 3)]
TARGET = "ACWY"
# Sites 0 and 2 list each other; 3 lists 1 alone.
NEIGHBOURS = np.array([[0, 2], [1, 0], [2, 0], [3, 1]])
LISTED = [(0, 1), (0, 2), (1, 3)]


def couplings_of(pairs, letters):
    whole = expected_couplings(letters)
    result = np.zeros_like(whole)
    for i, j in pairs:
        result[i, j], result[j, i] = whole[i, j], whole[j, i]
    return result


def read(tmp_path, data):
    path = tmp_path / "file"
    if isinstance(data, np.ndarray):
        with open(path, "wb") as handle:
            np.save(handle, data)
    else:
        path.write_bytes(data if isinstance(data, bytes) else layouts.archive(**data))
    return load_fit(path)


@pytest.mark.parametrize("exclude_gaps", [False, True])
def test_numbers_of_structuredca_are_in_their_places(tmp_path, exclude_gaps):
    arrays = layouts.structuredca_arrays(
        LENGTH, CONTACTS, TARGET, exclude_gaps=exclude_gaps
    )
    fit = read(tmp_path, arrays)
    model = fit.model
    assert fit.report.method == "read from StructureDCA .npz"
    letters = LETTERS[1:] if exclude_gaps else LETTERS
    fields = FIELDS * (np.arange(21) >= exclude_gaps)
    np.testing.assert_array_equal(model.fields, fields.astype(np.float32))
    np.testing.assert_array_equal(model.graph.pairs, CONTACTS)
    np.testing.assert_array_equal(
        with_zeros(model).couplings, couplings_of(CONTACTS, letters)
    )
    assert model.gaps == ("missing" if exclude_gaps else "state")
    assert (model.focus_sequence, model.focus_name) == (TARGET, "fam")
    assert (model.neff, fit.report.n_sequences) == (12.5, 40)
    assert fit.report.settings == {
        "gaps": model.gaps,
        "identity": 0.8,
        "max_iterations": 60,
    }
    assert "3 of 6 pairs have couplings" in fit.report.history


def test_structuredca_with_all_pairs_is_dense(tmp_path):
    arrays = layouts.structuredca_arrays(LENGTH, layouts.pairs(LENGTH), TARGET)
    model = read(tmp_path, arrays).model
    assert model.graph.is_complete
    np.testing.assert_array_equal(model.couplings, expected_couplings(LETTERS))
    arrays |= {"contacts": np.zeros((LENGTH, LENGTH), bool), "J": np.array([])}
    assert read(tmp_path, arrays).model.graph.n_pairs == 0


def test_a_long_protein_with_few_contacts_stays_small(tmp_path):
    length, q = 700, 21
    contacts = np.zeros((length, length), bool)
    contacts[3, 690] = contacts[690, 3] = True
    arrays = STRUCTUREDCA | {
        "contacts": contacts,
        "h": np.ones((length, q), np.float32),
        "J": np.ones((1, q, q), np.float32),
        "target_sequence": "A" * length,
    }
    model = read(tmp_path, arrays).model
    assert model.couplings.shape == (2, q, q)
    assert energy(model, model.focus[np.newaxis])[0] == -length - 1


@pytest.mark.parametrize("gaps", ["state", "missing"])
def test_a_masked_model_goes_to_structuredca_and_back(tmp_path, gaps):
    model = masked(random_model(1, 8, PROTEIN, gaps=gaps), [(0, 5), (1, 4), (6, 7)])
    path, foreign = tmp_path / "a.npz", foreign_named("structuredca")
    fit = Fit(model, FitReport("x"))
    write_foreign(path, fit, foreign)
    back = load_fit(path).model
    np.testing.assert_array_equal(back.couplings, model.couplings)
    np.testing.assert_array_equal(back.graph.pairs, model.graph.pairs)
    np.testing.assert_array_equal(back.fields, model.fields)
    assert not any("zeros" in sentence for sentence in losses(fit, foreign))
    # As NumPy reads it, without pickle.
    with np.load(path, allow_pickle=False) as arrays:
        assert arrays["J"].shape == (3, 21, 21)
        assert arrays["contacts"].sum() == 6
        assert str(arrays["target_sequence"]) == model.focus_sequence
        assert bool(arrays["exclude_gaps"]) == (gaps == "missing")
        at = PROTEIN.encode("AC")
        assert arrays["J"][1, 0, 1] == model.block(1, 4)[at[0], at[1]]


def test_what_structuredca_would_refuse_is_told(tmp_path):
    foreign = foreign_named("structuredca")
    bare = Fit(random_model(1, 4, PROTEIN, focus=False), FitReport("x"))
    assert any("no focus sequence" in each for each in losses(bare, foreign))
    write_foreign(tmp_path / "a.npz", bare, foreign)
    assert load_fit(tmp_path / "a.npz").model.focus is None


@pytest.mark.parametrize("kind", ["<f4", ">f4", "<f8"])
@pytest.mark.parametrize("interleaved", [False, True])
@pytest.mark.parametrize("order", [LETTERS, LETTERS[1:]])
def test_numbers_of_a_tensor_are_in_their_places(tmp_path, order, interleaved, kind):
    values = layouts.tensor(LENGTH, order, interleaved=interleaved).astype(kind)
    fit = read(tmp_path, values)
    assert fit.report.method == "read from dense .npy"
    np.testing.assert_array_equal(fit.model.couplings, expected_couplings(order))
    assert not fit.model.fields.any()
    assert fit.model.gaps == ("state" if len(order) == 21 else "missing")
    assert any("letter, site" in note for note in fit.report.history) == interleaved
    np.testing.assert_array_equal(
        read(tmp_path, values[np.newaxis]).model.couplings, fit.model.couplings
    )
    np.testing.assert_array_equal(
        read(tmp_path, np.asfortranarray(values)).model.couplings, fit.model.couplings
    )


def test_a_tensor_is_symmetrised_and_its_diagonal_left_out(tmp_path):
    values = np.random.default_rng(0).normal(size=(3, 3, 20, 20)).astype(np.float32)
    values[1, 1] = np.nan
    model = read(tmp_path, values).model
    expected = (values[0, 2, 4, 7] + values[2, 0, 7, 4]) / 2
    assert model.couplings[0, 2, 5, 8] == pytest.approx(expected, rel=1e-6)
    assert model.couplings[2, 0, 8, 5] == model.couplings[0, 2, 5, 8]


@pytest.mark.parametrize("turned", [False, True])
def test_one_triangle_of_a_tensor_is_taken_whole(tmp_path, turned):
    values = layouts.tensor(LENGTH, LETTERS)
    for i, j in layouts.pairs(LENGTH):
        values[(i, j) if turned else (j, i)] = 0
    fit = read(tmp_path, values)
    np.testing.assert_array_equal(fit.model.couplings, expected_couplings(LETTERS))
    assert any("one triangle is zero" in note for note in fit.report.history)


def test_pairs_of_a_tensor_that_are_zero_have_no_couplings(tmp_path):
    values = layouts.tensor(LENGTH, LETTERS)
    values[0, 1] = values[1, 0] = 0
    model = read(tmp_path, values).model
    assert model.graph.n_pairs == 5
    np.testing.assert_array_equal(
        with_zeros(model).couplings, couplings_of(layouts.pairs(4)[1:], LETTERS)
    )


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.ones((3, 4, 20, 20), "f4"), "shape .* is neither"),
        (np.ones((3, 3, 20, 21), "f4"), "shape .* is neither"),
        (np.ones((2, 3, 3, 20, 20), "f4"), "shape .* is neither"),
        (np.ones((3, 3, 400), "f4"), "shape .* is neither"),
        (np.ones((1, 3, 3, 22, 22), "f4"), r"PottsMPNN makes.*numpy\.savez"),
        (np.ones((3, 3, 23, 23), "f4"), "23 letters a site"),
        (np.ones((3, 3, 20, 20), "f2"), "save it as single or double"),
        (np.ones((3, 3, 20, 20), "i4"), "save it as single or double"),
        (np.full((3, 3, 20, 20), np.nan, "f4"), "not finite"),
        (np.full((3, 3, 20, 20), 1e300), "not finite"),
        (np.ones((0, 0, 20, 20), "f4"), "a model of one site"),
    ],
)
def test_other_tensors_are_refused(tmp_path, values, message):
    with pytest.raises(ModelFormatError, match=message) as error:
        read(tmp_path, values)
    assert "\n" not in str(error.value)


def test_numbers_of_pottsmpnn_are_in_their_places(tmp_path):
    fit = read(tmp_path, layouts.pottsmpnn_arrays(LENGTH, NEIGHBOURS, TARGET))
    assert fit.report.method == "read from PottsMPNN .npz"
    check_neighbours(fit.model)
    assert fit.model.focus_sequence == TARGET


def test_numbers_of_caliby_are_in_their_places(tmp_path):
    # Sites are not their own neighbours there; those that are, are masked.
    fit = read(tmp_path, layouts.caliby_arrays(LENGTH, NEIGHBOURS))
    assert fit.report.method == "read from caliby .npz"
    check_neighbours(fit.model)


def check_neighbours(model):
    np.testing.assert_array_equal(model.graph.pairs, LISTED)
    fields = FIELDS * (np.arange(21) > 0)
    np.testing.assert_array_equal(model.fields, fields.astype(np.float32))
    np.testing.assert_array_equal(
        with_zeros(model).couplings, couplings_of(LISTED, LETTERS[1:])
    )
    assert model.gaps == "missing"


def test_the_energy_of_pottsmpnn_is_the_sum_of_its_tables(tmp_path):
    rng = np.random.default_rng(1)
    tables = np.zeros((1, 6, 3, 22, 22), np.float32)
    tables[..., :20, :20] = rng.normal(size=(1, 6, 3, 20, 20))
    neighbours = np.array(
        [[i, *rng.permutation(np.delete(np.arange(6), i))[:2]] for i in range(6)]
    )
    tables[:, :, 0] *= np.eye(22)
    model = read(tmp_path, {"etab": tables, "E_idx": neighbours[np.newaxis]}).model
    codes = random_codes(2, 5, 6, gap=0)
    for row, found in zip(codes.astype(int) - 1, energy(model, codes), strict=True):
        total = sum(
            tables[0, i, k, row[i], row[neighbours[i, k]]]
            for i in range(6)
            for k in range(3)
        )
        assert found == pytest.approx(total, abs=1e-5)


STRUCTUREDCA = layouts.structuredca_arrays(LENGTH, CONTACTS, TARGET)
POTTSMPNN = layouts.pottsmpnn_arrays(LENGTH, NEIGHBOURS, TARGET)
CALIBY = layouts.caliby_arrays(LENGTH, NEIGHBOURS)


def with_nan(array):
    changed = array.copy()
    changed.flat[0] = np.nan
    return changed


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        (STRUCTUREDCA | {"J": STRUCTUREDCA["J"][1:]}, "3 contacts make"),
        (STRUCTUREDCA | {"J": with_nan(STRUCTUREDCA["J"])}, "not finite"),
        (STRUCTUREDCA | {"h": with_nan(STRUCTUREDCA["h"])}, "not finite"),
        (STRUCTUREDCA | {"h": STRUCTUREDCA["h"][:, :20]}, "h: shape"),
        (
            STRUCTUREDCA | {"h": STRUCTUREDCA["h"].astype("f2")},
            "float16, where float32 or",
        ),
        (STRUCTUREDCA | {"contacts": np.eye(4, k=1, dtype=bool)}, "not symmetric"),
        (STRUCTUREDCA | {"contacts": np.eye(4, dtype=bool)}, "not symmetric"),
        (STRUCTUREDCA | {"contacts": np.ones((3, 3), bool)}, "contacts: shape"),
        (STRUCTUREDCA | {"target_sequence": "ACW"}, "3 letters for 4 sites"),
        (STRUCTUREDCA | {"target_sequence": ["A", "C"]}, "a list, where a text"),
        (STRUCTUREDCA | {"Neff": np.nan}, "effective number"),
        (STRUCTUREDCA | {"Neff": -1.0}, "effective number"),
        (STRUCTUREDCA | {"h": np.array([print])}, "not an array of single"),
        (POTTSMPNN | {"E_idx": NEIGHBOURS + 1}, "a neighbour that is none"),
        (POTTSMPNN | {"E_idx": NEIGHBOURS - 1}, "a neighbour that is none"),
        (POTTSMPNN | {"E_idx": NEIGHBOURS[:3]}, "do not fit"),
        (POTTSMPNN | {"E_idx": NEIGHBOURS.astype(float)}, "where int32 or int64"),
        (POTTSMPNN | {"etab": POTTSMPNN["etab"].repeat(2, 0)}, "one structure"),
        (POTTSMPNN | {"etab": with_nan(POTTSMPNN["etab"])}, "not finite"),
        (POTTSMPNN | {"wt_seq": "AC"}, "wt_seq has 2 letters"),
        (CALIBY | {"h": CALIBY["h"][:, :3]}, "h: shape|does not fit"),
        (CALIBY | {"mask_ij": np.ones((4, 3))}, "mask_ij: shape"),
        ({"a": np.ones(3)}, "an archive without the arrays of a model"),
    ],
)
@pytest.mark.filterwarnings("error")
def test_other_archives_are_refused(tmp_path, arrays, message):
    with pytest.raises(ModelFormatError, match=message) as error:
        read(tmp_path, arrays)
    assert "\n" not in str(error.value)


def test_packed_archives_are_read_within_bounds(tmp_path, monkeypatch):
    handle = io.BytesIO()
    np.savez_compressed(handle, **STRUCTUREDCA)
    found = read(tmp_path, handle.getvalue()).model
    expected = read(tmp_path, STRUCTUREDCA).model
    np.testing.assert_array_equal(found.couplings, expected.couplings)
    monkeypatch.setattr(content_module, "SMALL", 2**16)
    handle = io.BytesIO()
    np.savez_compressed(handle, **STRUCTUREDCA | {"h": np.zeros((2**22, 21), "f4")})
    with pytest.raises(ModelFormatError, match="too many for a file of"):
        read(tmp_path, handle.getvalue())


def test_a_member_that_unpacks_to_more_than_it_says_is_refused(tmp_path):
    handle = io.BytesIO()
    np.savez_compressed(handle, **STRUCTUREDCA | {"h": np.zeros((2**20, 21), "f4")})
    with zipfile.ZipFile(handle) as archive:
        size = archive.getinfo("h.npy").file_size
    data = handle.getvalue().replace(struct.pack("<I", size), struct.pack("<I", 500))
    with pytest.raises(ModelFormatError, match="cut off or damaged"):
        read(tmp_path, data)


def test_one_changed_number_is_noticed(tmp_path):
    data = bytearray(layouts.archive(**STRUCTUREDCA))
    at = bytes(data).index(STRUCTUREDCA["J"].tobytes())
    data[at + 7] ^= 1
    with pytest.raises(ModelFormatError, match="damaged"):
        read(tmp_path, bytes(data))


@pytest.mark.parametrize("compression", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_packings_that_numpy_does_not_use_are_refused(tmp_path, compression):
    handle = io.BytesIO()
    with zipfile.ZipFile(handle, "w", compression) as archive:
        for name, array in STRUCTUREDCA.items():
            member = io.BytesIO()
            np.save(member, array)
            archive.writestr(f"{name}.npy", member.getvalue())
    with pytest.raises(ModelFormatError, match="NumPy does not use"):
        read(tmp_path, handle.getvalue())


def torch_archive():
    handle = io.BytesIO()
    with zipfile.ZipFile(handle, "w") as archive:
        archive.writestr("etab/data.pkl", b"\x80\x02}q\x00.")
        archive.writestr("etab/data/0", bytes(40))
    return handle.getvalue()


@pytest.mark.parametrize("data", [torch_archive(), b"\x80\x02}q\x00.", b"\x80\x04N."])
def test_pickles_are_not_opened(tmp_path, data):
    with pytest.raises(ModelFormatError, match=r"a pickle.*numpy\.savez"):
        read(tmp_path, data)


def test_a_damaged_file_of_640_sites_is_no_pickle(tmp_path):
    with pytest.raises(ModelFormatError, match="not a pottsfold model"):
        read(tmp_path, struct.pack("<2i", 640, 21) + bytes(40))


@pytest.mark.parametrize("name", ["tensor", "pottsmpnn", "caliby"])
def test_what_is_only_read_is_not_written(tmp_path, name):
    path = tmp_path / "a"
    with pytest.raises(UsageError, match="read, not written"):
        write_foreign(
            path, Fit(random_model(1, 4), FitReport("x")), foreign_named(name)
        )
    assert not path.exists()
