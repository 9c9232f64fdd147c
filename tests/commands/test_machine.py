"""What the machine refuses is told in one line, with status 2."""

from __future__ import annotations

import errno
import os
import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from pottsfold.alphabet import PROTEIN
from pottsfold.commands.machine import refusal
from pottsfold.commands.main import main
from pottsfold.files import written_whole
from pottsfold.model import Fit, FitReport, save_fit
from tests.strategies import random_model

CLI = str(Path(__file__).parents[2] / "cli.py")
FAMILY = ">focus\nACDEF\n>b\nACDEW\n>c\nGCDEF\n>d\nAC-EF\n>e\nACDKF\n"
WRITING = {
    "fit": ["fit", "family.fasta", "-o", "o.potts", "--method", "independent"],
    "scan": ["scan", "m.potts", "-o", "o.csv"],
    "packed": ["scan", "m.potts", "-o", "o.csv.gz"],
    "parquet": ["scan", "m.potts", "-o", "o.parquet"],
    "score": ["score", "m.potts", "l.csv", "-o", "o.csv"],
    "contacts": ["contacts", "m.potts", "-o", "o.csv"],
    "matrix": ["contacts", "m.potts", "-o", "o.txt", "--format", "matrix"],
    "npy": ["contacts", "m.potts", "-o", "o.npy", "--format", "npy"],
    "convert": ["convert", "m.potts", "o.model"],
    "sample": ["sample", "m.potts", "-n", "300", "--sweeps", "2", "-o", "o.fasta"],
    "figure": ["scan", "m.potts", "-o", "-", "--plot", "o.png"],
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    model = random_model(0, 30, PROTEIN)
    save_fit(tmp_path / "m.potts", Fit(model, FitReport("x")))
    (tmp_path / "family.fasta").write_text(FAMILY)
    letters = model.alphabet.decode(model.focus)
    position = model.numbering.positions[0]
    rows = [f"{letters[0]}{position}{x}" for x in "CDEFGHIK"] * 40
    (tmp_path / "l.csv").write_text("mutant\n" + "\n".join(rows) + "\n")
    return tmp_path


@pytest.mark.parametrize("name", WRITING)
def test_a_file_that_may_not_grow_is_named_and_goes(folder, name):
    before = set(os.listdir(folder))

    def short_of_space() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))

    words = WRITING[name]
    result = subprocess.run(
        [sys.executable, CLI, *words],
        capture_output=True,
        text=True,
        check=False,
        # The compiler's files may not grow either: kernels are made in memory.
        preexec_fn=short_of_space,
    )
    told = result.stderr.splitlines()[-1]
    assert (result.returncode, "Traceback" in result.stderr) == (2, False), told
    assert told.startswith("pottsfold: o.")
    # NumPy does not say why it wrote less than it was to.
    why = "is the disk full?" if name == "npy" else "File too large"
    assert "cannot be written (" in told
    assert told.endswith(f"{why})")
    assert set(os.listdir(folder)) == before


@pytest.mark.parametrize(
    "number", ["ENOSPC", "EDQUOT", "EIO", "EROFS", "EACCES", "EFBIG", "ESTALE"]
)
def test_no_half_file_is_left_when_writing_fails(folder, monkeypatch, capsys, number):
    code = getattr(errno, number)
    (folder / "o.potts").write_text("what stood here before")
    before = set(os.listdir(folder))

    def fail(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr("pottsfold.files.Path.replace", fail)
    assert main(WRITING["fit"]) == 2
    told = f"pottsfold: o.potts: cannot be written ({os.strerror(code)})\n"
    assert capsys.readouterr().err.endswith(told)
    assert set(os.listdir(folder)) == before
    assert (folder / "o.potts").read_text() == "what stood here before"


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (MemoryError(), "memory ran out; use"),
        (np._core._exceptions._ArrayMemoryError((2**40,), np.dtype("f8")), "8.00 TiB)"),
        (ValueError("Maximum allowed dimension exceeded"), "memory ran out; use"),
        (RuntimeError("can't start new thread"), "give a smaller --threads"),
        (PermissionError(13, "Permission denied", "a.x"), "a.x: cannot be read or"),
        (PermissionError(13, "Permission denied", b"a.x"), "a.x: cannot be read or"),
        (OSError(28, "No space left on device"), "failed (No space left on device)"),
        (OSError(24, "Too many open files", "b"), "(Too many open files)"),
        (UnicodeEncodeError("utf-8", "x" * 99 + "\udcff", 99, 100, "no"), r"x\udcff'"),
    ],
)
def test_what_the_machine_refuses_is_no_fault(folder, monkeypatch, capsys, error, told):
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("pottsfold.commands.fit.read_alignment", fail)
    assert main(WRITING["fit"]) == 2
    err = capsys.readouterr().err
    assert told in err
    assert err.count("\n") == 1


def test_other_errors_are_faults():
    others = (OSError("no number"), RuntimeError("other"), ValueError("x"))
    assert [refusal(error) for error in others] == [None] * 3


def test_a_long_path_is_told_in_a_short_line(folder, capsys):
    for name in ("n" * 300, "/" + "d/" * 3000 + "x", "x" * 10**6):
        for words in (["info", name], ["scan", "m.potts", "-o", name + ".csv"]):
            assert main(words) == 2
            err = capsys.readouterr().err
            assert (err.count("\n"), len(err) < 1100) == (1, True)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["info", "a\0b"], "a NUL character stands in an option"),
        (["scan", "m.potts", "-o", "o.csv", "--plot", ""], "is empty (an unset var"),
        (["info", ""], "is empty (an unset variable?)"),
    ],
)
def test_words_that_name_nothing_are_refused(folder, capsys, words, told):
    before = set(os.listdir(folder))
    assert main(words) == 2
    err = capsys.readouterr().err
    assert (told in err, err.count("\n")) == (True, 1)
    assert set(os.listdir(folder)) == before


def test_two_writers_leave_one_whole_file(tmp_path):
    place = tmp_path / "o.txt"
    with written_whole(place) as first, written_whole(place) as second:
        assert first != second
        first.write_text("first " * 1000)
        second.write_text("second " * 1000)
    # Left in the order second, first.
    assert place.read_text() == "first " * 1000
    assert os.listdir(tmp_path) == ["o.txt"]
