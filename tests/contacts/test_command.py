"""``pottsfold contacts`` from end to end on a small model."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from pottsfold.commands.main import main
from pottsfold.model import Fit, FitReport, save_fit
from tests.contacts.made_structures import chain_atoms, pdb_text
from tests.strategies import random_model

COLUMNS = ["i", "j", "aa_i", "aa_j", "score", "raw_score", "rank"]


@pytest.fixture
def folder(tmp_path):
    """Return a folder with a model of 12 sites and its structure."""
    model = random_model(7, length=12, first=50)
    save_fit(tmp_path / "m.potts", Fit(model, FitReport("made by hand")))
    no_focus = random_model(7, length=12, focus=False)
    save_fit(tmp_path / "nameless.potts", Fit(no_focus, FitReport("made by hand")))
    text = pdb_text(chain_atoms(model.focus_sequence[:11], first=1))
    (tmp_path / "s.pdb").write_text(text)
    return tmp_path


def run(*words: object) -> int:
    return main(["contacts", *map(str, words)])


def test_table_without_a_structure(folder, capsys):
    out = folder / "out.csv"
    assert run(folder / "m.potts", "-o", out) == 0
    table = pd.read_csv(out)
    assert list(table) == COLUMNS
    assert len(table) == 66
    told = capsys.readouterr()
    assert told.out == ""
    assert "strongest pairs (|i - j| >= 6)" in told.err
    assert "precision" not in told.err


def test_table_figure_and_precision_with_a_structure(folder, capsys):
    out, plot = folder / "out.parquet", folder / "map.png"
    words = ["--structure", folder / "s.pdb", "--separation", 3, "--plot", plot]
    assert run(folder / "m.potts", "-o", out, *words) == 0
    table = pd.read_parquet(out)
    assert list(table) == [*COLUMNS, "distance", "contact"]
    assert (table["j"] - table["i"]).min() == 3
    missing = table["j"] == 61
    assert table["contact"].isna().equals(missing)
    assert not table["contact"].any()
    assert np.allclose(
        table["distance"][~missing], 3.0 * (table["j"] - table["i"])[~missing]
    )
    assert plot.stat().st_size > 0
    told = capsys.readouterr().err
    assert "chain A of" in told
    assert "11 of 12 sites have a residue" in told
    assert "precision L/5 0.000 (0 of 2), L/2 0.000 (0 of 5), L 0.000 (0 of 11)" in told


def test_minus_is_standard_output(folder, capsys):
    assert run(folder / "m.potts", "-o", "-", "--separation", 10) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == ",".join(COLUMNS)
    assert len(lines) == 4


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["-o", "out.txt"], "end it in .csv, .tsv or .parquet"),
        (["-o", "out.csv", "--plot", "map.jpg"], "in .png, .pdf or .svg"),
        (["-o", "out.csv", "--chain", "A"], "--structure; give that too"),
        (["-o", "out.csv", "--separation", "0"], "1 or more is needed"),
        (["-o", "out.csv", "--structure", "none.pdb"], "none.pdb: no such file"),
        (["-o", "out.csv", "--structure", "s.pdb", "--chain", "Q"], "no chain Q"),
    ],
)
def test_bad_usage_is_one_line_and_writes_nothing(
    folder, monkeypatch, capsys, words, message
):
    monkeypatch.chdir(folder)
    before = sorted(folder.iterdir())
    assert run("m.potts", *words) == 2
    told = capsys.readouterr().err
    assert message in told
    assert told.count("\n") == 1
    assert sorted(folder.iterdir()) == before


def test_model_without_a_focus_ranks_but_takes_no_structure(folder, capsys):
    out = folder / "out.csv"
    words = [folder / "nameless.potts", "-o", out]
    assert run(*words, "--structure", folder / "s.pdb") == 2
    assert "no focus sequence" in capsys.readouterr().err
    assert not out.exists()
    assert run(*words) == 0
    assert set(pd.read_csv(out)["aa_i"]) == {"-"}


def test_model_without_couplings_is_refused(folder, capsys):
    model = random_model(7, length=4, scale=0.0)
    save_fit(folder / "flat.potts", Fit(model, FitReport("made by hand")))
    assert run(folder / "flat.potts", "-o", folder / "out.csv") == 2
    assert "no couplings" in capsys.readouterr().err
