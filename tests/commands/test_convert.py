"""The command convert, and foreign models in the commands that read a model."""

import gzip
import json

import numpy as np
import pytest

from pottsfold.alphabet import PROTEIN
from pottsfold.commands.convert import NATIVE, FormatName
from pottsfold.commands.main import main
from pottsfold.model import Fit, FitReport, load_fit, save_fit
from pottsfold.model.energy import conditional_log_probabilities
from pottsfold.model.formats import WRITTEN_FORMATS
from tests.strategies import random_model


@pytest.fixture
def native(tmp_path):
    path = tmp_path / "a.potts"
    save_fit(path, Fit(random_model(0, 6, PROTEIN, first=11), FitReport("mean-field")))
    return path


def test_every_format_can_be_asked_for():
    assert FormatName.__args__ == (NATIVE, *(f.name for f in WRITTEN_FORMATS))


@pytest.mark.parametrize(
    ("ending", "title"),
    [(f.ending, f.title) for f in WRITTEN_FORMATS if f.ending]
    + [(".braw.gz", "CCMpred .braw"), (".model.gz", "plmc .model")],
)
def test_the_ending_chooses_the_format(tmp_path, native, capsys, ending, title):
    out = tmp_path / f"b{ending}"
    assert main(["convert", str(native), str(out)]) == 0
    assert load_fit(out).report.method == f"read from {title}"
    told = capsys.readouterr().err
    assert f"wrote {out}: {title}" in told
    assert "Lost in this format: " in told


def test_to_chooses_where_the_ending_does_not(tmp_path, native, capsys):
    out = tmp_path / "b.txt"
    assert main(["convert", str(native), str(out)]) == 2
    assert "its ending names no format (.potts" in capsys.readouterr().err
    assert main(["convert", str(native), str(out), "--to", "bmdca"]) == 0
    assert load_fit(out).report.method == "read from bmDCA text"


def test_biases_are_written_for_a_chain(tmp_path, native, capsys):
    out = tmp_path / "b.json"
    words = ["convert", str(native), str(out), "--to", "ligandmpnn-bias"]
    assert main([*words, "--chain", "B"]) == 0
    told = capsys.readouterr().err
    assert "for residues B11 to B16" in told
    assert "Lost" not in told
    biases = json.loads(out.read_text())
    model = load_fit(native).model
    logs = conditional_log_probabilities(model, model.focus)[2]
    found = biases["B13"]["W"] - biases["B13"]["A"]
    expected = np.diff(logs[PROTEIN.encode("AW")])[0]
    assert found == pytest.approx(expected, abs=2e-5)
    # And they are no model.
    assert main(["info", str(out)]) == 2
    assert "not a pottsfold model" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["b.potts"], ["b.npz"], ["b", "--to", "mi3"]])
def test_models_are_not_of_a_chain(tmp_path, native, capsys, words):
    out = tmp_path / words[0]
    assert main(["convert", str(native), str(out), *words[1:], "--chain", "B"]) == 2
    assert "--chain B: only biases are for a chain" in capsys.readouterr().err
    assert not out.exists()


def test_what_is_only_read_is_not_offered(tmp_path, native, capsys):
    out = tmp_path / "b"
    assert main(["convert", str(native), str(out), "--to", "tensor"]) == 2
    assert "ligandmpnn-bias" in capsys.readouterr().err


@pytest.mark.parametrize("words", [[], ["--to", "potts"]])
def test_a_native_model_is_not_said_to_be_compressed(tmp_path, native, capsys, words):
    out = tmp_path / "b.potts.gz"
    assert main(["convert", str(native), str(out), *words]) == 2
    assert "leave out .gz" in capsys.readouterr().err
    assert not out.exists()


def test_a_focus_file_that_is_not_there_is_told(tmp_path, native, capsys):
    words = ["--focus", "lacking.fa"]
    assert main(["convert", str(native), str(tmp_path / "b.potts"), *words]) == 2
    assert "lacking.fa: no such file" in capsys.readouterr().err


def test_what_is_lost_and_how_a_file_was_understood_is_said(tmp_path, native, capsys):
    raw, back = tmp_path / "b.raw", tmp_path / "c.potts"
    assert main(["convert", str(native), str(raw)]) == 0
    told = capsys.readouterr().err
    assert (
        "Lost in this format: focus sequence and name, numbering, letter frequencies, "
        "Neff, occupancy of sites, report of the fit" in told
    )
    assert main(["convert", str(raw), str(back)]) == 0
    told = capsys.readouterr().err
    assert "letters ARNDCQEGHILKMFPSTWYV-; the gap is a letter" in told
    assert "numbered from 1" in told


def test_a_focus_is_added_where_a_command_needs_one(tmp_path, native, capsys):
    raw, back = tmp_path / "b.raw", tmp_path / "c.potts"
    scan = tmp_path / "scan.csv"
    main(["convert", str(native), str(raw)])
    capsys.readouterr()
    assert main(["scan", str(raw), "-o", str(scan)]) == 2
    assert "add one with pottsfold convert" in capsys.readouterr().err
    arguments = ["convert", str(raw), str(back), "--focus", "ACDEFG", "--first", "40"]
    assert main(arguments) == 0
    assert "focus: 6 residues, numbered 40 to 45" in capsys.readouterr().err
    assert main(["scan", str(back), "-o", str(scan)]) == 0
    assert scan.read_text().splitlines()[1].startswith("A40")
    # The report says where numbers and letters came from.
    assert any("numbered 40 to 45" in line for line in load_fit(back).report.history)


def test_first_alone_renumbers(tmp_path, native):
    back = tmp_path / "b.potts"
    assert main(["convert", str(native), str(back), "--first", "-2"]) == 0
    model = load_fit(back).model
    np.testing.assert_array_equal(model.numbering.positions, np.arange(-2, 4))
    assert model.focus_name == "FOCUS"


def test_info_tells_a_foreign_model(tmp_path, native, capsys):
    raw = tmp_path / "b.raw"
    main(["convert", str(native), str(raw)])
    capsys.readouterr()
    assert main(["info", str(raw)]) == 0
    told = capsys.readouterr().out
    assert "method       read from CCMpred .raw\n" in told
    assert "sequences    not known, Neff not known\n" in told
    assert "focus        none" in told
    assert "history      letters ARND" in told
    assert "sha256       file " in told


@pytest.mark.parametrize("packed", [False, True])
def test_contacts_reads_foreign_models(tmp_path, native, packed):
    out, table = tmp_path / "b.braw", tmp_path / "c.csv"
    main(["convert", str(native), str(out)])
    if packed:
        out.write_bytes(gzip.compress(out.read_bytes()))
    assert main(["contacts", str(out), "-o", str(table)]) == 0
    assert len(table.read_text().splitlines()) == 1 + 15


def test_a_file_may_be_converted_onto_itself(tmp_path, native):
    before = load_fit(native).model
    assert main(["convert", str(native), str(native), "--first", "5"]) == 0
    after = load_fit(native).model
    np.testing.assert_array_equal(before.couplings, after.couplings)
    assert after.numbering.positions[0] == 5


def test_a_bad_model_leaves_no_file(tmp_path, capsys):
    bad, out = tmp_path / "bad.raw", tmp_path / "out.potts"
    bad.write_text("1 2 3\n")
    assert main(["convert", str(bad), str(out)]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert not out.exists()
