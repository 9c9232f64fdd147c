"""What was learnt, written and read; files that are not to be trusted."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pottsfold.errors import ModelFormatError
from pottsfold.mutations.assays import Augmented, load_augmented, save_augmented
from pottsfold.provenance import Provenance
from tests.mutations.assays import made
from tests.strategies import random_model

MODEL = made.small_model(5)
SHA = "ab" * 32


def learnt():
    coefficients = np.random.default_rng(0).normal(size=MODEL.fields.shape)
    coefficients[:, 0] = 0  # a letter the model takes as missing
    coefficients[2] = 0  # a site never measured
    coefficients[np.arange(5), MODEL.focus] = 0
    return Augmented(
        coefficients, 0.5, 0.25, -3.0, 1.5, 0.4, 0.9, 1.0, 96, 0.6, SHA,
        Provenance(versions={"python": "3"}, settings={"score_column": "y"}, seed=1),
    )  # fmt: skip


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "augmented.json"
    save_augmented(path, learnt(), MODEL)
    return path


def test_what_is_read_is_what_was_written(path):
    found = load_augmented(path, MODEL, SHA)
    expected = learnt()
    np.testing.assert_array_equal(found.coefficients, expected.coefficients)
    for name in vars(expected):
        if name != "coefficients":
            assert getattr(found, name) == getattr(expected, name)
    content = json.loads(path.read_text())
    assert len(content["mutations"]) == 4 * 19
    assert path.read_text().endswith("}\n")


def change(path, **entries):
    content = json.loads(path.read_text())
    content.update(entries)
    path.write_text(json.dumps(content))


@pytest.mark.parametrize(
    ("entries", "complaint"),
    [
        ({"format": "other"}, "is no 'pottsfold augmented 2' file"),
        ({"mutations": {"\ud800": 1.0}}, "is no 'pottsfold augmented 2' file"),
        ({"n_training": -5}, "n_training is no count"),
        ({"n_training": 1e300}, "n_training is no count"),
        ({"provenance": {"versions": 3}}, "provenance is not what it should be"),
        ({"model_sha256": "cd" * 32}, "trained beside another model .SHA-256 cdcdcdcd"),
        ({"intercept": "1"}, "intercept is not a finite number"),
        ({"weight": None}, "weight is not a finite number"),
        ({"half_width": True}, "half_width is not a finite number"),
        ({"mean": 10**400}, "mean is not a finite number"),
        ({"mutations": []}, "mutations is not what it should be"),
        ({"mutations": {"A900W": 1.0}}, "a mutation that the model does not have"),
        ({"mutations": {"WT": 1.0}}, "a mutation that the model does not have"),
        ({"mutations": {"x" * 9: 1.0}}, "a mutation that the model does not have"),
        ({"mutations": {str(k): 1 for k in range(999)}}, "not what it should be"),
        ({"scale": 0}, "the scale must be above 0"),
        ({"scale": 1e-300}, "a number is above 1e.100"),
        ({"weight": -1e300}, "a number is above 1e.100"),
        ({"half_width": -1}, "the width not below"),
        ({"provenance": None}, "no provenance"),
        ({"provenance": {"other": 1}}, "unexpected keyword"),
    ],
)
def test_damaged_files_are_told_in_one_line(path, entries, complaint):
    change(path, **entries)
    with pytest.raises(ModelFormatError, match=complaint) as error:
        load_augmented(path, MODEL, SHA)
    assert str(error.value).startswith(str(path))
    assert "\n" not in str(error.value)


def test_a_coefficient_that_is_no_number_is_named(path):
    content = json.loads(path.read_text())
    name = next(iter(content["mutations"]))
    change(path, mutations={name: "high"})
    with pytest.raises(ModelFormatError, match=f"{name} is not a finite number"):
        load_augmented(path, MODEL, SHA)


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{", "[" * 100_000, '{"mean": NaN}', '{"mean": 1e999}', "\0\xff", "é"],
)
def test_other_content_is_refused(path, text):
    path.write_text(text, encoding="latin-1")
    with pytest.raises(ModelFormatError, match="augmented 2"):
        load_augmented(path, MODEL, SHA)


def test_absent_files_and_folders_are_told(tmp_path):
    with pytest.raises(ModelFormatError, match="no such file"):
        load_augmented(tmp_path / "absent.json", MODEL, SHA)
    with pytest.raises(ModelFormatError, match="cannot be read"):
        load_augmented(tmp_path, MODEL, SHA)


def test_a_huge_file_is_not_read(path, monkeypatch):
    monkeypatch.setattr("pottsfold.mutations.assays.storage.MAX_BYTES", 100)
    with pytest.raises(ModelFormatError, match="over 100 bytes"):
        load_augmented(path, MODEL, SHA)


@given(data=st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
def test_changed_bytes_are_read_or_refused_and_nothing_else(path, data):
    save_augmented(path, learnt(), MODEL)
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(
            st.integers(0, 255)
        )
    path.write_bytes(content)
    try:
        found = load_augmented(path, MODEL, SHA)
    except ModelFormatError as error:
        assert "\n" not in str(error)
    else:
        assert np.isfinite(found.coefficients).all()


def test_values_that_are_no_numbers_are_not_made():
    with pytest.raises(ValueError, match="finite"):
        replace(learnt(), intercept=float("nan"))
    with pytest.raises(ValueError, match="read-only"):
        learnt().coefficients[0] = 1


def test_a_model_with_a_gap_letter_keeps_deletions(tmp_path):
    model = random_model(1, 4, gaps="state")
    coefficients = np.zeros(model.fields.shape)
    coefficients[0] = 1.0
    coefficients[0, model.focus[0]] = 0
    augmented = replace(learnt(), coefficients=coefficients)
    save_augmented(tmp_path / "a.json", augmented, model)
    found = load_augmented(tmp_path / "a.json", model, SHA)
    np.testing.assert_array_equal(found.coefficients, coefficients)


def test_what_comes_twice_is_refused(path):
    content = json.loads(path.read_text())
    name, value = next(iter(content["mutations"].items()))
    change(path, mutations={name: value, f"p.{name}": value + 1})
    with pytest.raises(ModelFormatError, match="names a mutation twice"):
        load_augmented(path, MODEL, SHA)
    text = json.dumps({**content, "mutations": {}})
    path.write_text(text.replace('"weight"', '"weight": 9.0, "weight"'))
    with pytest.raises(ModelFormatError, match="a name comes twice"):
        load_augmented(path, MODEL, SHA)


def test_another_model_is_named_in_one_line(path):
    change(path, model_sha256="\ud800\n\x1b[2J")
    with pytest.raises(ModelFormatError) as caught:
        load_augmented(path, MODEL, SHA)
    assert str(caught.value).isprintable()
