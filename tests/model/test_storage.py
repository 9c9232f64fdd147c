"""The model file: read(write(x)) == x, and nothing damaged is taken for a model."""

import hashlib
import json
import struct
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pottsfold.alphabet import PROTEIN, RNA
from pottsfold.errors import ModelFormatError, OutputError
from pottsfold.model import Fit, FitReport, load_fit, read_header, save_fit
from pottsfold.model import storage as storage_module
from pottsfold.provenance import Provenance, Run, run_path
from tests.strategies import random_model

REPORT = FitReport(
    method="pseudolikelihood",
    settings={"lambda_h": 0.01, "gaps": "missing"},
    objectives=(10.5, 9.25),
    history=("focus x",),
    provenance=Provenance(versions={"numpy": "2"}, seed=3),
    run=Run(threads=2, seconds=1.5, cpu_seconds=2.5, date="2026-01-01"),
)


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "a.potts"
    fit = Fit(random_model(0, 6, PROTEIN, gaps="state"), REPORT)
    save_fit(path, fit)
    return path, fit


@pytest.mark.parametrize("gaps", ["state", "missing"])
@pytest.mark.parametrize("alphabet", [PROTEIN, RNA])
def test_reading_gives_back_what_was_written(tmp_path, alphabet, gaps):
    path = tmp_path / "model.potts"
    fit = Fit(random_model(1, 5, alphabet, gaps=gaps), REPORT)
    save_fit(path, fit)
    back = load_fit(path)
    assert back.report == REPORT
    for name in ("fields", "couplings", "focus", "frequencies", "occupancy"):
        expected, found = getattr(fit.model, name), getattr(back.model, name)
        if expected is None:
            assert found is None
        else:
            np.testing.assert_array_equal(expected, found)
            assert expected.dtype == found.dtype
    assert back.model.numbering == fit.model.numbering
    assert back.model.alphabet == alphabet
    assert (back.model.gaps, back.model.gauge) == (gaps, fit.model.gauge)
    assert back.model.focus_name == fit.model.focus_name
    assert back.model.neff == fit.model.neff


@pytest.mark.parametrize("temperature", [0.9, None])
def test_the_matched_temperature_is_kept(tmp_path, temperature):
    path = tmp_path / "a.potts"
    model = replace(random_model(0, 4, RNA), temperature=temperature)
    save_fit(path, Fit(model, REPORT))
    assert load_fit(path).model.temperature == temperature
    assert read_header(path).temperature == temperature
    # A file without one is as files were before there was one.
    assert (b"temperature" in path.read_bytes()) == (temperature is not None)


@pytest.mark.parametrize("temperature", [0.0, -1.0, float("nan"), float("inf")])
def test_a_temperature_is_a_positive_number(temperature):
    with pytest.raises(ValueError, match="not a positive number"):
        replace(random_model(0, 4, RNA), temperature=temperature)


@pytest.mark.parametrize("neff", [-1.0, 1e300, float("nan"), float("inf")])
def test_an_effective_number_of_sequences_is_no_less_than_0_nor_huge(neff):
    with pytest.raises(ValueError, match="effective number of sequences"):
        replace(random_model(0, 4, RNA), neff=neff)


@pytest.mark.parametrize("name", ["frequencies", "occupancy"])
@pytest.mark.parametrize("share", [-1.0, 1.1, np.nan])
def test_shares_outside_0_to_1_are_refused_and_rounding_is_borne(name, share):
    model = random_model(0, 4, RNA)
    shares = np.full((4, RNA.size) if name == "frequencies" else 4, 0.2)
    shares[1] = share
    with pytest.raises(ValueError, match=name):
        replace(model, **{name: shares})
    shares[1] = 1 + 1e-9
    assert getattr(replace(model, **{name: shares}), name).max() > 1


def test_a_file_with_a_bad_temperature_is_damaged(tmp_path):
    path = tmp_path / "a.potts"
    save_fit(path, Fit(replace(random_model(0, 4, RNA), temperature=0.5), REPORT))
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    about = json.loads(header["__metadata__"]["model"])
    for value, words in ((-1.0, "not a positive"), ("x", "damaged header")):
        text = json.dumps({**about, "temperature": value})
        hashes = json.loads(header["__metadata__"]["sha256"])
        hashes["model"] = hashlib.sha256(text.encode()).hexdigest()
        header["__metadata__"] |= {"model": text, "sha256": json.dumps(hashes)}
        raw = json.dumps(header).encode()
        path.write_bytes(struct.pack("<Q", len(raw)) + raw + data[8 + length :])
        with pytest.raises(ModelFormatError, match=words):
            load_fit(path)


def test_header_tells_all_but_the_arrays(saved):
    path, fit = saved
    header = read_header(path)
    assert header.length == fit.model.length
    assert header.alphabet == fit.model.alphabet
    assert header.report == REPORT


def test_a_header_is_read_without_its_arrays(saved):
    path, _ = saved
    size = path.stat().st_size
    with open(path, "r+b") as handle:
        handle.seek(size - 4)
        handle.write(b"\xff\xff\xff\x7f")
    read_header(path)
    with pytest.raises(ModelFormatError, match="SHA-256"):
        load_fit(path)


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_no_changed_byte_goes_unnoticed(saved, data):
    path, fit = saved
    original = path.read_bytes()
    at = data.draw(st.integers(0, len(original) - 1))
    new = data.draw(st.integers(0, 255).filter(lambda b: b != original[at]))
    damaged = path.parent / "damaged.potts"
    damaged.write_bytes(original[:at] + bytes([new]) + original[at + 1 :])
    try:
        back = load_fit(damaged)
    except ModelFormatError as error:
        assert "\n" not in str(error)
    else:
        # Blanks in the header's padding, and nothing else, may change.
        np.testing.assert_array_equal(back.model.couplings, fit.model.couplings)
        assert replace(back.report, run=REPORT.run) == fit.report


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_every_cut_is_noticed(saved, data):
    path, _ = saved
    original = path.read_bytes()
    cut = path.parent / "cut.potts"
    cut.write_bytes(original[: data.draw(st.integers(0, len(original) - 1))])
    with pytest.raises(ModelFormatError):
        load_fit(cut)


@given(content=st.binary(max_size=300))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_other_files_are_not_models(tmp_path, content):
    path = tmp_path / "other"
    path.write_bytes(content)
    with pytest.raises(ModelFormatError):
        load_fit(path)


def test_a_header_that_promises_more_than_the_file_allocates_nothing(tmp_path, saved):
    path, _ = saved
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    header["couplings"]["shape"] = [2**40, 21, 21]
    text = json.dumps(header).encode()
    hostile = tmp_path / "hostile.potts"
    hostile.write_bytes(struct.pack("<Q", len(text)) + text + data[8 + length :])
    with pytest.raises(ModelFormatError, match="wrong shape"):
        load_fit(hostile)
    hostile.write_bytes(struct.pack("<Q", 2**62) + text)
    with pytest.raises(ModelFormatError, match="not a pottsfold model"):
        load_fit(hostile)


def test_a_missing_file_and_a_missing_folder_are_named(tmp_path):
    with pytest.raises(ModelFormatError, match="no such file"):
        load_fit(tmp_path / "none.potts")
    fit = Fit(random_model(0, 3, RNA, gaps="state"), REPORT)
    with pytest.raises(OutputError, match="does not exist"):
        save_fit(tmp_path / "nowhere" / "a.potts", fit)


def test_a_model_of_a_later_version_asks_for_an_update(saved):
    path, _ = saved
    data = path.read_bytes().replace(b'"version":"1"', b'"version":"9"')
    path.write_bytes(data)
    with pytest.raises(
        ModelFormatError,
        match=r"newer pottsfold \(format 9; this program reads 1 and 2\): update",
    ):
        load_fit(path)


@pytest.mark.parametrize("focus", [True, False])
def test_the_file_is_what_safetensors_reads(tmp_path, focus):
    from safetensors import safe_open

    model = random_model(3, 5, PROTEIN, focus=focus)
    path = tmp_path / "a.potts"
    save_fit(path, Fit(model, REPORT))
    with safe_open(path, "numpy") as file:
        names = {"fields", "couplings", "positions", "frequencies", "occupancy"}
        assert set(file.keys()) == names | ({"focus"} if focus else set())
        np.testing.assert_array_equal(file.get_tensor("fields"), model.fields)
        upper = np.triu_indices(5, 1)
        np.testing.assert_array_equal(
            file.get_tensor("couplings"), model.couplings[upper]
        )
        assert file.metadata()["format"] == "pottsfold-model"


def test_the_file_does_not_depend_on_the_run(tmp_path, saved):
    path, fit = saved
    other = tmp_path / "other.potts"
    run = Run(threads=9, seconds=7.0, cpu_seconds=8.0, date="2027-01-01")
    save_fit(other, replace(fit, report=replace(REPORT, run=run)))
    assert other.read_bytes() == path.read_bytes()
    assert load_fit(other).report.run == run


@pytest.mark.parametrize("record", [None, "", "{}", '{"model": {}, "run": {}}'])
def test_a_model_is_read_without_the_record_of_its_run(saved, record):
    path, _ = saved
    beside = run_path(path)
    if record is None:
        beside.unlink()
    else:
        beside.write_text(record)
    assert load_fit(path).report == replace(REPORT, run=None)


@pytest.mark.parametrize("change", ["cut", "rewritten"])
def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path, monkeypatch, change):
    path = tmp_path / "a.potts"
    save_fit(path, Fit(random_model(7, 6), FitReport("x")))
    size, parse = path.stat().st_size, storage_module.read_header_of

    def changed(handle, name):
        found = parse(handle, name)
        with open(path, "r+b") as other:
            if change == "cut":
                other.truncate(size // 2)
            else:
                other.seek(size // 2)
                other.write(bytes(64))
        return found

    monkeypatch.setattr(storage_module, "read_header_of", changed)
    with pytest.raises(ModelFormatError, match="while it was read"):
        load_fit(path)


def test_a_model_that_was_read_does_not_change_with_its_file(tmp_path):
    path = tmp_path / "a.potts"
    save_fit(path, Fit(random_model(7, 6), FitReport("x")))
    model = load_fit(path).model
    before = model.couplings.copy(), model.fields.copy(), model.numbering.positions
    path.write_bytes(b"")
    np.testing.assert_array_equal(model.couplings, before[0])
    np.testing.assert_array_equal(model.fields, before[1])
    np.testing.assert_array_equal(model.numbering.positions, before[2])
