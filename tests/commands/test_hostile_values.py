"""Whatever an option is given, a command works or is refused in one line."""

from __future__ import annotations

import os

import numpy as np
import pytest

from pottsfold.alphabet import PROTEIN
from pottsfold.commands.main import VERBS, app, main
from pottsfold.model import Fit, FitReport, save_fit
from tests.strategies import random_model

FAMILY = ">focus\nACDEF\n>b\nACDEW\n>c\nGCDEF\n>d\nAC-EF\n>e\nACDKF\n"
GOOD = {
    "fit": ["family.fasta", "-o", "o.potts", "--method", "independent"],
    "info": ["m.potts"],
    "score": ["m.potts", "l.csv", "-o", "o.csv"],
    "scan": ["m.potts", "-o", "o.csv"],
    "epistasis": ["m.potts", "-o", "o.csv"],
    "rescue": ["m.potts", "MUTANT", "-o", "o.csv"],
    "assay": ["m.potts", "l.csv", "-o", "o.csv"],
    "contacts": ["m.potts", "-o", "o.csv"],
    "convert": ["m.potts", "o.model"],
    "sample": ["m.potts", "-n", "2", "-o", "o.fasta", "--sweeps", "2"],
    "design": ["m.potts", "-o", "o.csv", "--max-mutations", "1"],
    "partition": ["m.potts", "--steps", "5", "--chains", "2"],
}
VALUES = [
    *("nan", "-inf", "-0", "1e400", "1e-320", "-1", "9223372036854775808", "9" * 30),
    *("9" * 5000, "x" * 10**5, "/dev/null", "folder", "/" + "d/" * 3000),
]
# Work for minutes, and rightly so.
SLOW = {("fit", "--tolerance", "1e-320"), ("contacts", "--plot", "folder")}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    model = random_model(0, 5, PROTEIN)
    save_fit(tmp_path / "m.potts", Fit(model, FitReport("x")))
    (tmp_path / "family.fasta").write_text(FAMILY)
    letters = model.alphabet.decode(model.focus)
    position = model.numbering.positions[0]
    mutants = [f"{letters[0]}{position}{x}" for x in "CDEFGHIK" if x != letters[0]]
    scores = np.random.default_rng(0).normal(size=len(mutants))
    rows = [f"{m},{s:.3f}" for m, s in zip(mutants, scores, strict=True)]
    (tmp_path / "l.csv").write_text("mutant,score\n" + "\n".join(rows) + "\n")
    (tmp_path / "folder").mkdir()
    (tmp_path / "mutant").write_text(mutants[0])
    return tmp_path


def commands(verb: str, value: str, mutant: str) -> list[list[str]]:
    """Return a command for every parameter of a verb, that one with the value."""
    found = []
    good = [mutant if word == "MUTANT" else word for word in GOOD[verb]]
    for argument in app[verb].assemble_argument_collection():
        option = argument.names[0]
        if argument.index is not None:
            words = [*good]
            words[argument.index] = value
        elif option == "--output" and "-o" in good:
            words = [*good]
            words[words.index("-o") + 1] = value
        elif argument.hint is bool or (verb, option, value) in SLOW:
            continue
        else:
            words = [*good, f"{option}={value}"]
        found.append([verb, *words])
    return found


def test_every_verb_is_tried():
    # The demo takes a family of its own, and no numbers.
    assert set(GOOD) == set(VERBS) - {"demo"}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("value", VALUES, ids=lambda value: value[:20])
@pytest.mark.parametrize("verb", GOOD)
def test_a_command_works_or_is_refused_in_one_line(folder, capsys, verb, value):
    mutant = (folder / "mutant").read_text()
    for words in commands(verb, value, mutant):
        status = main(words)
        err = capsys.readouterr().err
        shown = [word[:40] for word in words]
        assert status in (0, 2), (shown, err[-300:])
        assert len(err) < 5000, shown
        refused = [line for line in err.splitlines() if line.startswith("pottsfold: ")]
        errors = [line for line in refused if "warning" not in line]
        assert len(errors) == (status == 2), (shown, err[-300:])
        left = [name for name in os.listdir(folder) if name.startswith(".")]
        assert left == [], shown
