"""Damaged and hostile files: one line that says what and where, and little memory."""

import gzip
import struct
import tracemalloc

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pottsfold.errors import ModelFormatError
from pottsfold.model import Fit, FitReport, load_fit, save_fit
from pottsfold.model.formats import content as content_module
from pottsfold.model.formats import foreign_named, write_foreign
from tests.model.formats import layouts
from tests.strategies import random_model

LENGTH = 3


NEIGHBOURS = np.array([[0, 2], [1, 0], [2, 0]])


FILES = {
    "raw": layouts.ccmpred_raw(LENGTH),
    "braw": layouts.ccmpred_braw(LENGTH),
    "gremlin": layouts.gremlin(LENGTH, [0, 1, 4]),
    "adabmdca": layouts.adabmdca(LENGTH),
    "bmdca": layouts.adabmdca(LENGTH, numbers=True),
    "plmc": layouts.plmc(LENGTH, "ACW", [3, 4, 6]),
    "plmc_v1": layouts.plmc_v1(LENGTH, "ACW", [3, 4, 6]),
    "mi3": layouts.array(np.ones((3, 441), np.float32)),
    "tensor": layouts.array(np.ones((3, 3, 20, 20), np.float32)),
    "structuredca": layouts.archive(
        **layouts.structuredca_arrays(LENGTH, [(0, 2), (1, 2)], "ACW")
    ),
    "pottsmpnn": layouts.archive(**layouts.pottsmpnn_arrays(LENGTH, NEIGHBOURS, "ACW")),
    "caliby": layouts.archive(**layouts.caliby_arrays(LENGTH, NEIGHBOURS)),
}
TEXTS = ("raw", "gremlin", "adabmdca", "bmdca")
# Fields over couplings of a real file, and what the libraries keep for themselves.
MAX_TIMES, MAX_BESIDE = 40, 2 * 2**20
FUZZ = settings(
    max_examples=120,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@pytest.fixture(scope="module", autouse=True)
def imports_made(tmp_path_factory):
    """What is imported at the first reading is not counted."""
    for name, data in FILES.items():
        path = tmp_path_factory.mktemp("warm") / name
        path.write_bytes(gzip.compress(data))
        load_fit(path)


def judge(path, data, times=MAX_TIMES):
    """Read hostile bytes: a valid model or one line, and memory in proportion."""
    path.write_bytes(data)
    tracemalloc.start()
    try:
        fit = load_fit(path)
    except ModelFormatError as error:
        assert "\n" not in str(error)
        assert str(error).startswith(str(path))
        return None
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak <= times * len(data) + MAX_BESIDE
    assert np.isfinite(fit.model.couplings).all()
    assert np.isfinite(fit.model.fields).all()
    return fit


@pytest.mark.parametrize("name", FILES)
@FUZZ
@given(data=st.data())
def test_changed_bytes_make_an_error_or_a_model(tmp_path, name, data):
    changed = bytearray(FILES[name])
    head = st.integers(0, min(120, len(changed)) - 1)
    anywhere = st.integers(0, len(changed) - 1)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(head | anywhere)
        changed[at] = data.draw(st.integers(0, 255))
    judge(tmp_path / "file", bytes(changed))


@pytest.mark.parametrize("name", FILES)
@FUZZ
@given(data=st.data())
def test_every_cut_is_noticed(tmp_path, name, data):
    whole = FILES[name]
    # The last line of a .raw says nothing, and the last digits of text cannot be
    # known to lack.
    margin = {"raw": 60, "gremlin": 20, "adabmdca": 20, "bmdca": 20}.get(name, 1)
    cut = whole[: data.draw(st.integers(1, len(whole) - margin))]
    assert judge(tmp_path / "file", cut) is None


@pytest.mark.parametrize("name", FILES)
@FUZZ
@given(data=st.data())
def test_pieces_put_in_or_taken_out_make_an_error_or_a_model(tmp_path, name, data):
    whole = FILES[name]
    first, second = sorted(data.draw(st.tuples(*[st.integers(0, len(whole))] * 2)))
    piece = data.draw(
        st.binary(max_size=40)
        | st.sampled_from([b"\n", b" nan ", b"\n\n", b"#", b"1e999 ", b"\xff" * 8])
    )
    judge(tmp_path / "file", whole[:first] + piece + whole[second:])


@pytest.mark.parametrize("name", FILES)
@FUZZ
@given(data=st.data())
def test_huge_sizes_allocate_nothing(tmp_path, name, data):
    whole = bytearray(FILES[name])
    huge = data.draw(
        st.sampled_from(
            [b"\x7f\xff\xff\xff", b"\xff\xff\xff\x7f", b"\xff" * 4, b"9999"]
        )
    )
    at = data.draw(st.integers(0, 70))
    whole[at : at + 4] = huge
    judge(tmp_path / "file", bytes(whole))


@FUZZ
@given(noise=st.binary(min_size=1, max_size=400), name=st.sampled_from(sorted(FILES)))
def test_noise_after_a_true_beginning_is_refused(tmp_path, noise, name):
    judge(tmp_path / "file", FILES[name][:24] + noise)


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("word", ["nan", "inf", "-inf", "1e39", "x", "1_0", "0x1p3"])
def test_a_bad_number_is_named_with_its_line(tmp_path, name, word):
    lines = FILES[name].split(b"\n")
    line = len(lines) - 5
    values = lines[line].split()
    values[-1] = word.encode()
    lines[line] = b" ".join(values)
    path = tmp_path / "file"
    path.write_bytes(b"\n".join(lines))
    with pytest.raises(ModelFormatError, match=f"line {line + 1}: '{word}' is not"):
        load_fit(path)


@pytest.mark.parametrize("name", TEXTS)
def test_a_short_row_is_named_with_its_line(tmp_path, name):
    lines = FILES[name].split(b"\n")
    line = len(lines) - 5
    lines[line] = b" ".join(lines[line].split()[:-1])
    path = tmp_path / "file"
    path.write_bytes(b"\n".join(lines))
    with pytest.raises(ModelFormatError, match=rf"line {line + 1}: \d+ entries"):
        load_fit(path)


@pytest.mark.parametrize("name", ["plmc", "plmc_v1", "mi3", "tensor"])
def test_a_cut_binary_tells_expected_and_found_sizes(tmp_path, name):
    path = tmp_path / "file"
    path.write_bytes(FILES[name][:-7])
    size = len(FILES[name])
    with pytest.raises(ModelFormatError, match=f"cut off: {size - 7} bytes .*{size}"):
        load_fit(path)
    path.write_bytes(FILES[name] + b"1234567")
    with pytest.raises(ModelFormatError, match=f"damaged: {size + 7} bytes .*{size}"):
        load_fit(path)


def test_a_cut_braw_tells_how_many_bytes_there_are(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(FILES["braw"][:-7])
    with pytest.raises(ModelFormatError, match=r"cut off: .* bytes"):
        load_fit(path)


@pytest.mark.parametrize("name", ["plmc", "plmc_v1", "braw", "mi3"])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_binary_numbers_that_are_not_finite_are_refused(tmp_path, name, value):
    data = bytearray(FILES[name])
    data[-4:] = struct.pack(">f" if name == "braw" else "<f", value)
    path = tmp_path / "file"
    path.write_bytes(data)
    with pytest.raises(ModelFormatError, match="not finite"):
        load_fit(path)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", ["plmc", "plmc_v1"])
@pytest.mark.parametrize("bits", [0x7FA00000, 0x7FC00000, 0x7F800000])
def test_frequencies_of_any_nan_are_refused_without_a_warning(tmp_path, name, bits):
    frequency = struct.pack("<f", 1 / 21)
    path = tmp_path / "file"
    path.write_bytes(FILES[name].replace(frequency, struct.pack("<I", bits), 1))
    assert path.read_bytes() != FILES[name]
    with pytest.raises(ModelFormatError, match="do not sum to 1"):
        load_fit(path)


def test_a_pickle_in_a_numpy_file_is_not_opened(tmp_path):
    path = tmp_path / "file"
    with open(path, "wb") as handle:
        np.save(handle, np.array([[print, 1]], object), allow_pickle=True)
    with pytest.raises(ModelFormatError, match="not an array of single"):
        load_fit(path)


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        ("adabmdca", b"J 0 1 - - ", b"J 0 1 - A ", "twice"),
        ("adabmdca", b"J 0 1 - - ", b"J 1 1 - - ", "line 1: 'J 1 1"),
        ("adabmdca", b"J 0 1 - - ", b"J 0 9 - - ", "without a field"),
        ("adabmdca", b"J 0 1 - - ", b"J 0 1 - Z ", "without a field"),
        ("adabmdca", b"h 2 Y ", b"h 2 W ", "each once"),
        ("adabmdca", b"h 2 Y ", b"k 2 Y ", "not with J or h"),
        ("adabmdca", b"h 2 Y ", b"h 999999 Y ", "GiB"),
        ("bmdca", b"J 0 1 0 0 ", b"J 0 1 0 99 ", "line 1: 'J 0 1 0 99"),
        ("bmdca", b"h 2 20 ", b"h 2 21 ", "22 letters"),
        ("raw", b"# 0 2", b"# 0 1", "twice"),
        ("raw", b"# 0 2", b"# 2 0", "line 26: '# i j' with i < j < 3"),
        ("raw", b"# 0 2", b"0 2 1", "line 26: '# i j'"),
        ("raw", b"#>META> ", b"some more ", "line 70: more than"),
        ("gremlin", b"W[0][4]", b"W[0][1]", "twice"),
        ("gremlin", b"W[0][4]", b"W[0][3]", r"line 5: W\[0\]\[3\] is no pair"),
        ("gremlin", b"W[0][4]", b"V[0]", "line 5: begins with"),
        ("gremlin", b"V[4]", b"V[1]", "do not increase"),
        ("plmc", b"-ACDEFG", b"-CCDEFG", "not a pottsfold model"),
        ("plmc", struct.pack("<3i", 3, 4, 6), struct.pack("<3i", 3, 3, 6), "increase"),
        ("plmc_v1", struct.pack("<2i", 1, 3), struct.pack("<2i", 1, 2), "sites 1 and"),
        ("braw", b"0/1\x83\xa1i\x00", b"0/1\x83\xa1i\x01", "pair '0/1'"),
        ("braw", b"ccm-1", b"ccm-2", "'ccm-1' is read"),
        ("braw", b"\xd2\x00\x00\x00\x03", b"\xd2\x00\x00\x00\x04", "3 pairs of 4"),
        ("braw", b"\xa1x\xdc", b"\xa1y\xdc", "needs i, j and 441"),
    ],
)
def test_what_is_wrong_is_said(tmp_path, name, old, new, message):
    assert old in FILES[name]
    path = tmp_path / "file"
    path.write_bytes(FILES[name].replace(old, new, 1))
    with pytest.raises(ModelFormatError, match=message):
        load_fit(path)


def test_other_files_are_told_apart(tmp_path):
    path = tmp_path / "file"
    cases = {
        b">seq/1-10\nACDEF\n": "not a pottsfold model, nor one of plmc",
        b"mutant,score\nA1C,2\n": "not a pottsfold model",
        b"0.0\t1.0\t2.0\n1.0\t0.0\t3.0\n": "no line '# i j'",
        b"": "empty",
        b"\x1f\x8b\x08\x00": "gz data .*; fetch it again",
    }
    for data, message in cases.items():
        path.write_bytes(data)
        with pytest.raises(ModelFormatError, match=message):
            load_fit(path)
    with pytest.raises(ModelFormatError, match="no such file"):
        load_fit(tmp_path / "none")
    with pytest.raises(ModelFormatError, match="not a plain file"):
        load_fit(tmp_path)


def test_a_compressed_native_model_is_named(tmp_path):
    native = tmp_path / "a.potts"
    save_fit(native, Fit(random_model(0, 3), FitReport("x")))
    packed = tmp_path / "a.potts.gz"
    packed.write_bytes(gzip.compress(native.read_bytes()))
    with pytest.raises(ModelFormatError, match="as it was written: compressed"):
        load_fit(packed)


def test_a_small_file_cannot_unpack_to_much(tmp_path, monkeypatch):
    monkeypatch.setattr(content_module, "SMALL", 4 * 2**20)
    bomb = tmp_path / "bomb"
    bomb.write_bytes(gzip.compress(bytes(64 * 2**20)))
    tracemalloc.start()
    with pytest.raises(ModelFormatError, match="unpacks to more than"):
        load_fit(bomb)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3 * 4 * 2**20


def test_fields_alone_cannot_ask_for_a_huge_model(tmp_path):
    path = tmp_path / "file"
    lines = [f"h {i} {a} 0.5" for i in range(3000) for a in layouts.PLMC_ORDER]
    assert judge(path, "\n".join(lines).encode()) is None


def test_a_line_without_end_is_refused(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"J 0 1 A C 0.5\n" + b"J " * 4 * 2**20)
    with pytest.raises(ModelFormatError, match="too long"):
        load_fit(path)


def test_blocks_of_lines_join_up(tmp_path, monkeypatch):
    # A file of many blocks reads as one.
    from pottsfold.model.formats import tokens

    model = random_model(3, 12)
    for name in ("ccmpred-raw", "gremlin", "adabmdca", "bmdca"):
        path = tmp_path / name
        write_foreign(path, Fit(model, FitReport("x")), foreign_named(name))
        whole = load_fit(path).model
        monkeypatch.setattr(tokens, "BLOCK", 20_000)
        pieces = load_fit(path).model
        monkeypatch.undo()
        np.testing.assert_array_equal(pieces.couplings, whole.couplings)
        np.testing.assert_array_equal(pieces.fields, whole.fields)
