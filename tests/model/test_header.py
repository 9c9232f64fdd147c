"""Headers that were signed by a stranger: one line for each, and no fault of ours."""

import hashlib
import json
import struct

import pytest

from pottsfold.alphabet import RNA
from pottsfold.commands.main import main
from pottsfold.errors import ModelFormatError
from pottsfold.model import Fit, FitReport, load_fit, read_header, save_fit
from pottsfold.provenance import run_path
from tests.strategies import random_model

DEEP = '{"a":' * 40_000 + "1" + "}" * 40_000
TWICE = '{"length": 4, "length": 4}'


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "a.potts"
    save_fit(path, Fit(random_model(0, 4, RNA), FitReport("x", objectives=(2.0, 1.0))))
    return path


def signed(path, change, text=None):
    """Write a file anew with its header changed, every hash put right."""
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    metadata = header["__metadata__"]
    parts = {name: json.loads(metadata[name]) for name in ("model", "report", "sha256")}
    change(header, parts)
    for name in ("model", "report"):
        metadata[name] = json.dumps(parts[name])
        if text is not None and name in text:
            metadata[name] = text[name]
        digest = hashlib.sha256(metadata[name].encode()).hexdigest()
        if isinstance(parts["sha256"], dict):
            parts["sha256"][name] = digest
    metadata["sha256"] = json.dumps(parts["sha256"])
    raw = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(raw)) + raw + data[8 + length :])


def nothing(_header, _parts):
    pass


def put(part, **values):
    def change(_header, parts):
        parts[part] |= values

    return change


def place(name, **values):
    def change(header, _parts):
        header[name] |= values

    return change


CHANGES = {
    "length as text": put("model", length="4"),
    "length below zero": put("model", length=-4),
    "huge length": put("model", length=10**4000),
    "infinite length": put("model", length=1e400),
    "length with a fraction": put("model", length=4.0),
    "length as truth": put("model", length=True),
    "no alphabet": put("model", alphabet=None),
    "letters in a list": put("model", alphabet={"letters": ["-", "A"], "name": "x"}),
    "name of letters": put("model", alphabet={"letters": "-AC", "name": 3}),
    "gauge in a list": put("model", gauge=[]),
    "nameless focus": put("model", focus_name=None),
    "half a character": put("model", focus_name="\ud800"),
    "neff as text": put("model", neff="many"),
    "neff not a number": put("model", neff=float("nan")),
    "huge neff": put("model", neff=10**400),
    "temperature as text": put("model", temperature="1"),
    "settings in a list": put("report", settings=[1]),
    "quality as text": put("report", quality="good"),
    "objectives as texts": put("report", objectives=["1.0"]),
    "objectives as number": put("report", objectives=3),
    "history of numbers": put("report", history=[1]),
    "no method": put("report", method=None),
    "gradient as text": put("report", gradient_norm="x"),
    "no provenance": put("report", provenance=None),
    "versions in a list": put("report", provenance={"versions": ["1"]}),
    "something new": put("report", surprise=1),
    "hashes in a list": lambda _header, parts: parts.update(sha256=[]),
    "offsets with a fraction": place("fields", data_offsets=[0.0, 80.0]),
    "offsets below zero": place("fields", data_offsets=[-80, 0]),
    "offsets near the end of integers": place("fields", data_offsets=[2**63, 2**63]),
    "one offset": place("fields", data_offsets=[0]),
    "shape without end": place("fields", shape=[2**62, 2**62]),
    "an entry in a list": lambda header, _: header.update(fields=[]),
}
TEXTS = {
    "deep model": {"model": DEEP},
    "deep report": {"report": DEEP},
    "deep lists": {"model": "[" * 60_000 + "]" * 60_000},
    "a name twice": {"model": TWICE},
    "no object": {"model": "3"},
    "thousands of digits": {"model": '{"length": ' + "9" * 6000 + "}"},
}


def refused(path, capsys):
    for read in (read_header, load_fit):
        with pytest.raises(ModelFormatError) as caught:
            read(path)
        assert str(caught.value).startswith(f"{path}: ")
        assert "\n" not in str(caught.value)
        assert len(str(caught.value)) < 250 + len(str(path))
    assert main(["info", str(path)]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_header_that_is_signed_anew_is_read(saved):
    signed(saved, nothing)
    assert load_fit(saved).report.objectives == (2.0, 1.0)


def test_a_truth_that_was_written_as_a_number_is_read(saved):
    # So are those of NumPy.
    signed(saved, put("report", converged=1.0))
    assert load_fit(saved).report.converged


@pytest.mark.parametrize("name", CHANGES)
def test_values_of_another_kind_are_refused(saved, capsys, name):
    signed(saved, CHANGES[name])
    refused(saved, capsys)


@pytest.mark.parametrize("name", TEXTS)
def test_texts_of_another_kind_are_refused(saved, capsys, name):
    signed(saved, nothing, TEXTS[name])
    refused(saved, capsys)


@pytest.mark.parametrize(
    "raw", [b"[" * 100_000, b'{"a":' * 60_000, b'{"\xff": 1}', b"{}", b"{" + b" " * 90]
)
def test_what_is_no_header_is_refused(tmp_path, capsys, raw):
    path = tmp_path / "a.potts"
    path.write_bytes(struct.pack("<Q", len(raw)) + raw + bytes(64))
    refused(path, capsys)


@pytest.mark.parametrize("version", ["²", "0", "9" * 9, "", "x", 2])
def test_versions_are_numbers(saved, capsys, version):
    def change(header, _parts):
        header["__metadata__"]["version"] = version

    signed(saved, change)
    refused(saved, capsys)


@pytest.mark.parametrize(
    "run",
    [
        '{"threads": 1, "seconds": "x", "cpu_seconds": 1, "date": "d"}',
        '{"threads": 1, "seconds": 1, "cpu_seconds": 1, "date": 5}',
        '{"threads": 1, "seconds": 1e999, "cpu_seconds": NaN, "date": "d"}',
        "[" * 60_000,
    ],
)
def test_a_record_of_a_run_that_is_none_is_left_out(saved, capsys, run):
    hashes = json.dumps(dict(read_header(saved).hashes))
    run_path(saved).write_text('{"model": ' + hashes + ', "run": ' + run + "}")
    assert main(["info", str(saved)]) == 0
    assert "\nrun " not in capsys.readouterr().out


def test_control_characters_do_not_reach_the_screen(saved, capsys):
    signed(saved, put("model", focus_name="a\x1b[2Jb\nversions none"))
    assert main(["info", str(saved)]) == 0
    out = capsys.readouterr().out
    assert "focus        a?[2Jb?versions none\n" in out
