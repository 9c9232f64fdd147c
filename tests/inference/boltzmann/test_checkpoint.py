"""What a checkpoint holds is checked before kernels get it."""

import io
import json
import zipfile

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pottsfold.errors import UsageError
from pottsfold.inference.boltzmann.checkpoint import Checkpoint
from pottsfold.inference.boltzmann.learner import State

LENGTH, COLUMNS, SIZE, WIDTH = 3, 8, 5, 8
PAIRS = LENGTH * (LENGTH - 1) // 2
FACTS = {"alignment": "0123", "lambda_j": 0.01}


def state(seed=0):
    rng = np.random.default_rng(seed)

    def normal(*shape):
        return rng.normal(size=shape)

    codes = np.zeros((6, COLUMNS), np.uint8)
    codes[:, :LENGTH] = rng.integers(0, SIZE, (6, LENGTH))
    return State(
        table=normal(LENGTH, COLUMNS, SIZE, WIDTH).astype(np.float32),
        centred=normal(LENGTH, WIDTH),
        mean_couplings=normal(PAIRS, SIZE, WIDTH).astype(np.float32),
        mean_centred=normal(LENGTH, WIDTH),
        codes=codes,
        states=rng.integers(1, 2**63, (6, 4)).astype(np.uint64),
        mask=rng.random((PAIRS, SIZE, WIDTH)) < 0.5,
        gradients=7,
        averaged=3,
    )


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "run.checkpoint"
    Checkpoint(path, False, FACTS).save(state())
    return path


def load(path):
    held = state(seed=1)
    Checkpoint(path, True, FACTS).load(held)
    return held


def rewritten(path, *, hashed=False, about=None, **changes):
    """Write a file anew with members changed: valid for zip, CRC-32 and all."""
    with np.load(path) as archive:
        arrays = dict(archive)
    text = json.loads(arrays["about"].tobytes()) | (about or {})
    if not hashed:
        del text["sha256"]
    arrays["about"] = np.frombuffer(json.dumps(text).encode(), np.uint8)
    for name, change in changes.items():
        array = arrays[name].copy()
        change(array)
        arrays[name] = array
    with open(path, "wb") as handle:
        np.savez(handle, **arrays)


def put(value, at=0):
    return lambda array: array.reshape(-1).__setitem__(at, value)


def refused(path, message="damaged, or no checkpoint"):
    before = state(seed=1)
    held = state(seed=1)
    with pytest.raises(UsageError, match=message) as caught:
        Checkpoint(path, True, FACTS).load(held)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    # Nothing is taken from a file that is refused.
    for name, value in vars(before).items():
        np.testing.assert_array_equal(getattr(held, name), value)


def test_a_state_comes_back_bit_by_bit(file):
    held = load(file)
    for name, value in vars(state()).items():
        np.testing.assert_array_equal(getattr(held, name), value)


def test_a_number_of_numpy_is_a_number(tmp_path):
    path, held = tmp_path / "run.checkpoint", state()
    held.pearson = np.float64(0.5)
    Checkpoint(path, False, FACTS).save(held)
    assert load(path).pearson == 0.5


def test_a_file_without_a_hash_is_read_if_it_is_valid(file):
    rewritten(file)
    np.testing.assert_array_equal(load(file).table, state().table)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("table", np.nan),
        ("table", np.inf),
        ("table", -1e13),
        ("centred", np.nan),
        ("mean_couplings", np.inf),
        ("mean_centred", -np.inf),
        ("codes", SIZE),
        ("codes", 255),
    ],
)
def test_numbers_and_letters_out_of_range_are_refused(file, name, value):
    rewritten(file, **{name: put(value)})
    refused(file)


def test_letters_beyond_the_last_site_are_refused(file):
    rewritten(file, codes=put(1, at=LENGTH))
    refused(file)


def test_a_random_state_that_stands_still_is_refused(file):
    rewritten(file, states=lambda states: states.__setitem__(2, 0))
    refused(file)


def test_a_mask_is_true_or_false(file):
    rewritten(file, mask=lambda mask: mask.view(np.uint8).__setitem__((0, 0, 0), 7))
    refused(file)


@pytest.mark.parametrize("name", ["table", "codes", "states", "mask", "mean_centred"])
def test_contents_that_were_changed_do_not_match_their_hash(file, name):
    rewritten(file, hashed=True)
    load(file)
    value = {"codes": 1, "mask": True}.get(name, 2)
    with np.load(file) as archive:
        value = value if archive[name].reshape(-1)[0] != value else 0
    rewritten(file, hashed=True, **{name: put(value)})
    refused(file)


@pytest.mark.parametrize(
    "about",
    [
        {"gradients": -1},
        {"gradients": 10**30},
        {"gradients": 1.5},
        {"gradients": "7"},
        {"gradients": True},
        {"averaged": -1},
        {"averaged": None},
        {"pearson": "x"},
        {"pearson": 10**400},
        {"facts": ["lambda_j"]},
        {"facts": None},
        {"format": 2},
    ],
)
def test_counts_and_facts_are_checked(file, about):
    rewritten(file, about=about)
    refused(file)


def test_facts_that_differ_are_told_in_few_words(file):
    rewritten(file, about={"facts": {**FACTS, "lambda_j": "x" * 10**5}})
    with pytest.raises(UsageError, match="resume with the settings") as caught:
        load(file)
    assert len(str(caught.value)) < 400


def member(file, name, data):
    """Put other bytes in the place of a member."""
    with zipfile.ZipFile(file) as archive:
        parts = {each: archive.read(each) for each in archive.namelist()}
    parts[name] = data
    with zipfile.ZipFile(file, "w") as archive:
        for each, content in parts.items():
            archive.writestr(each, content)


def npy(header):
    text = header.encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + bytes(64)


@pytest.mark.parametrize(
    "header",
    [
        "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 8",
        "{'descr': '|O', 'fortran_order': False, 'shape': (3, 8, 5, 8), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (9999999999999999999,), }",
        "{'descr': '<f4', 'fortran_order': True, 'shape': (3, 8, 5, 8), }",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (3, 8, 5, 8), }",
        "((((((",
        "'''",
        "[" * 3000,
        "\x00",
    ],
)
def test_headers_of_arrays_are_not_trusted(file, header):
    member(file, "table.npy", npy(header))
    refused(file)


def test_a_deep_text_is_refused(file):
    text = np.frombuffer(b'{"a":' * 60_000 + b"1" + b"}" * 60_000, np.uint8)
    raw = io.BytesIO()
    np.save(raw, text)
    member(file, "about.npy", raw.getvalue())
    refused(file)


def test_what_cannot_be_read_is_said(tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    refused(folder, "cannot be read")


FUZZ = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@FUZZ
@given(data=st.data())
def test_changed_bytes_are_refused_or_change_nothing(file, data):
    whole = file.read_bytes()
    changed = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(changed) - 1) | st.integers(0, 200))
        changed[at] = data.draw(st.integers(0, 255))
    spoilt = file.parent / "spoilt"
    spoilt.write_bytes(changed)
    try:
        held = load(spoilt)
    except UsageError as error:
        assert "\n" not in str(error)
    else:
        for name, value in vars(state()).items():
            np.testing.assert_array_equal(getattr(held, name), value)


@FUZZ
@given(data=st.data())
def test_every_cut_is_refused(file, data):
    whole = file.read_bytes()
    spoilt = file.parent / "spoilt"
    spoilt.write_bytes(whole[: data.draw(st.integers(0, len(whole) - 1))])
    with pytest.raises(UsageError, match="damaged"):
        load(spoilt)
