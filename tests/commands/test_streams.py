"""What becomes of the standard streams outside never costs a result."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from pottsfold.alphabet import PROTEIN
from pottsfold.model import Fit, FitReport, load_fit, save_fit
from tests.strategies import random_model

CLI = str(Path(__file__).parents[2] / "cli.py")
FAMILY = ">focus\nACDEF\n>b\nACDEW\n>c\nGCDEF\n>d\nAC-EF\n>e\nACDKF\n"
FIT = ["fit", "family.fasta", "-o", "m.potts", "--method", "independent"]
# Redirections of a shell, for messages that nobody gets: standard output stays in the
# first of them.
MESSAGES_GONE = ["2>&-", "<&-", "<&- 2>&-", "2>/dev/full"]
NOBODY = [*MESSAGES_GONE, "<&- >&- 2>&-", "2>&1 | true"]
ASCII_ONLY = {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
TABLES = {
    "scan": ["scan", "r.potts", "-o", "-"],
    "contacts": ["contacts", "r.potts", "-o", "-"],
    "matrix": ["contacts", "r.potts", "-o", "-", "--format", "matrix"],
    "score": ["score", "r.potts", "l.csv", "-o", "-"],
    "sample": ["sample", "r.potts", "-n", "3", "--sweeps", "2", "-o", "-"],
}
TO_OUTPUT = {**TABLES, "info": ["info", "r.potts"], "help": ["--help"]}
linux = pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full")


@pytest.fixture
def folder(tmp_path):
    model = random_model(0, 8, PROTEIN)
    save_fit(tmp_path / "r.potts", Fit(model, FitReport("x", history=("Größe",))))
    (tmp_path / "family.fasta").write_text(FAMILY)
    letters = model.alphabet.decode(model.focus)
    mutants = [f"{letters[0]}{model.numbering.positions[0]}{x}" for x in "CDEFGHIK"]
    (tmp_path / "l.csv").write_text("mutant\n" + "\n".join(mutants) + "\n")
    return tmp_path


def shell(folder, words, redirections="", **environment):
    """Return the status, output and messages of a command as a shell runs it."""
    # The program's own status, also where it stands before a pipe.
    text = f'({{ "$@"; echo $? > status; }} {redirections})'
    result = subprocess.run(
        ["sh", "-c", text, "sh", sys.executable, CLI, *words],
        cwd=folder,
        capture_output=True,
        check=False,
        env={**os.environ, **environment},
    )
    return int((folder / "status").read_text()), result.stdout, result.stderr


@linux
@pytest.mark.parametrize("redirections", NOBODY)
def test_messages_that_nobody_gets_cost_no_model(folder, redirections):
    assert shell(folder, FIT, redirections)[:2] == (0, b"")
    assert load_fit(folder / "m.potts").model.length == 5


@linux
@pytest.mark.parametrize("redirections", NOBODY)
def test_messages_get_into_no_file(folder, redirections):
    words = ["scan", "r.potts", "-o"]
    assert shell(folder, [*words, "right.csv"])[0] == 0
    assert shell(folder, [*words, "o.csv"], redirections)[:2] == (0, b"")
    right = (folder / "right.csv").read_bytes()
    assert (folder / "o.csv").read_bytes() == right
    if redirections in MESSAGES_GONE:
        assert shell(folder, [*words, "-"], redirections)[1] == right


@linux
@pytest.mark.parametrize("name", TO_OUTPUT)
@pytest.mark.parametrize(
    ("redirection", "why"),
    [(">&-", "it is closed"), (">/dev/full", "No space left on device")],
)
def test_results_that_cannot_be_written_are_told(folder, name, redirection, why):
    status, _, told = shell(folder, TO_OUTPUT[name], redirection)
    assert status == 2
    lines = told.decode().splitlines()
    assert lines[-1] == f"pottsfold: standard output cannot be written ({why})"
    assert not any("wrote" in line for line in lines)
    assert "Traceback" not in told.decode()


@pytest.mark.parametrize("name", TO_OUTPUT)
def test_a_reader_of_results_may_go_away(folder, name):
    status, _, told = shell(folder, TO_OUTPUT[name], "| true")
    assert (status, b"wrote" in told) == (0, False)


def test_a_file_is_written_though_the_reader_of_a_table_went_away(folder):
    words = [*TABLES["scan"], "--plot", "o.svg"]
    assert shell(folder, words, "| true")[0] == 0
    assert "</svg>" in (folder / "o.svg").read_text()


@pytest.mark.parametrize("name", TABLES)
def test_a_table_has_the_same_bytes_in_any_locale(folder, name):
    table = (folder / "l.csv").read_text()
    (folder / "l.csv").write_text(table.replace("\n", ",Größe\n"))
    status, out, _ = shell(folder, TABLES[name], **ASCII_ONLY)
    assert (status, out) == (0, shell(folder, TABLES[name])[1])
    assert ("Größe".encode() in out) == (name == "score")


def test_names_that_the_locale_cannot_show_are_escaped(folder):
    status, out, _ = shell(folder, ["info", "r.potts"], **ASCII_ONLY)
    assert (status, rb"history      Gr\xf6\xdfe" in out) == (0, True)


@pytest.mark.parametrize("columns", ["0", "-3", "", "x", "²", "1e3", "9" * 30])
def test_without_a_known_width_help_is_for_80_columns(folder, columns):
    status, out, _ = shell(folder, ["fit", "--help"], COLUMNS=columns, LINES=columns)
    assert (status, out) == shell(folder, ["fit", "--help"], COLUMNS="80")[:2]


@pytest.mark.parametrize("columns", ["1", "2", "10", "39"])
def test_help_is_no_narrower_than_can_be_read(folder, columns):
    status, out, _ = shell(folder, ["fit", "--help"], COLUMNS=columns)
    assert (status, out) == shell(folder, ["fit", "--help"], COLUMNS="40")[:2]


def test_a_reader_that_takes_its_time_gets_all(folder):
    # Ends of pipes that do not wait are what some programs hand down.
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    save_fit(folder / "r.potts", Fit(random_model(1, 60, PROTEIN), FitReport("x")))
    command = [sys.executable, CLI, *TABLES["scan"]]
    with subprocess.Popen(command, cwd=folder, stdout=writing) as process:
        os.close(writing)
        with os.fdopen(reading, "rb") as handle:
            lines = handle.read().splitlines()
    assert (process.returncode, len(lines)) == (0, 1 + 60 * 19)
    assert np.all([line.count(b",") == lines[0].count(b",") for line in lines])
