"""``pottsfold design`` as its users run it."""

import gzip

import numpy as np
import pandas as pd
import pytest
from Bio import SeqIO

from pottsfold.commands.main import main
from pottsfold.design import exact
from pottsfold.model import Fit, FitReport, energy, save_fit
from tests.design.test_exact import solved
from tests.strategies import random_model

COLUMNS = [
    "rank",
    "sequence",
    "mutations",
    "n_mutations",
    "energy",
    "log_odds",
    "proven",
    "gap",
]


@pytest.fixture(scope="module")
def model():
    return random_model(0, 8, first=101, gaps="missing", scale=0.3)


@pytest.fixture
def run(tmp_path, model, monkeypatch):
    monkeypatch.chdir(tmp_path)
    save_fit(tmp_path / "family.potts", Fit(model, FitReport("independent")))

    def go(*words, out="out.csv"):
        status = main(["design", "family.potts", "-o", out, *words])
        return status, tmp_path / out

    return go


@solved
def test_the_table_says_what_was_found(run, model, capsys):
    status, path = run("--max-mutations", "3", "-n", "3", "--min-distance", "2")
    assert status == 0
    table = pd.read_csv(path)
    assert list(table) == COLUMNS
    assert table["rank"].tolist() == [1, 2, 3]
    codes = np.stack([model.alphabet.encode(text) for text in table["sequence"]])
    assert table["energy"].to_numpy() == pytest.approx(energy(model, codes), abs=1e-5)
    log_odds = energy(model, model.focus)[0] - table["energy"]
    assert table["log_odds"].to_numpy() == pytest.approx(log_odds, abs=1e-5)
    assert ((codes != model.focus).sum(axis=1) == table["n_mutations"]).all()
    assert (table["n_mutations"] <= 3).all()
    assert table["proven"].all()
    assert (table["gap"] == 0).all()
    for text, row in zip(table["mutations"], codes, strict=True):
        for word in text.split(":"):
            site = int(word[1:-1]) - 101
            assert model.alphabet.decode(model.focus[[site]]) == word[0]
            assert model.alphabet.decode(row[[site]]) == word[-1]
    for k in range(3):
        assert ((codes[k] != codes[:k]).sum(axis=1) >= 2).all()
    told = capsys.readouterr().err
    assert "plan: designs 3; 8 of 8 positions free (20 to 20 letters each)" in told
    assert "3 proven; the list is proven in order" in told
    assert f"3 designs, energies {table['energy'][0]:.4f} to" in told


@solved
def test_the_wild_type_alone_is_told_as_such(run, model):
    status, path = run("--max-mutations", "0")
    assert status == 0
    (row,) = pd.read_csv(path).to_dict("records")
    assert row["sequence"] == model.focus_sequence
    assert (row["mutations"], row["n_mutations"], row["log_odds"]) == ("WT", 0, 0)
    assert row["proven"]


@pytest.mark.parametrize("ending", [".fasta", ".fa.gz"])
def test_the_sequences_are_written_as_fasta_too(run, tmp_path, ending):
    status, path = run("--fasta", f"s{ending}", "-n", "2", "--max-mutations", "1")
    assert status == 0
    opened = gzip.open if ending.endswith(".gz") else open
    with opened(tmp_path / f"s{ending}", "rt") as handle:
        records = list(SeqIO.parse(handle, "fasta"))
    assert [str(record.seq) for record in records] == list(
        pd.read_csv(path)["sequence"]
    )
    assert records[0].id == "design_1"


def test_rules_of_a_table_and_of_options_hold_together(run, model, tmp_path):
    (tmp_path / "c.csv").write_text(
        "position,allowed,forbidden\n101,ACD,\n102,,C\n\n103,K,\n101,CDE,\n"
    )
    status, path = run(
        *("--constraints", "c.csv", "--forbid", "W,101:D", "--fix", "104-105")
    )
    assert status == 0
    (text,) = pd.read_csv(path)["sequence"]
    assert text[0] == "C"
    assert text[1] not in "CW-"
    assert text[2] == "K"
    assert text[3:5] == model.focus_sequence[3:5]
    assert "W" not in text[:3] + text[5:]


def test_designs_keep_away_from_given_sequences(run, tmp_path, model, capsys):
    status, path = run()
    best = pd.read_csv(path)["sequence"][0]
    text = f">best\n{best}\n>longer\n{best[:4]}aa{best[4:]}\n"
    (tmp_path / "known.fasta").write_text(text)
    capsys.readouterr()
    status, path = run("--away-from", "known.fasta", "--min-distance", "3")
    assert status == 0
    assert "known.fasta: left out 2 lower-case letters\n" in capsys.readouterr().err
    (text,) = pd.read_csv(path)["sequence"]
    assert sum(a != b for a, b in zip(text, best, strict=True)) >= 3


@solved
def test_fewer_designs_than_asked_for_are_told(run, capsys):
    status, path = run("--fix", "101-107", "--forbid", "108:DEFGHIKLMNPQRSTVWY")
    assert status == 0
    status, path = run(
        "-n", "5", "--fix", "101-107", "--forbid", "108:FGHIKLMNPQRSTVWY"
    )
    assert status == 0
    assert len(pd.read_csv(path)) == 4
    assert "4 designs: the rules leave no further one" in capsys.readouterr().err


def test_an_interrupt_writes_the_best_so_far(run, monkeypatch, capsys):
    def stopped(problem, best, seconds):
        return exact.Proof(None, -500.0, False, 0.0, interrupted=True)

    monkeypatch.setattr(exact, "can_prove", lambda: True)
    monkeypatch.setattr(exact, "prove", stopped)
    status, path = run("-n", "3")
    assert status == 130
    (row,) = pd.read_csv(path).to_dict("records")
    assert not row["proven"]
    assert row["gap"] == pytest.approx(row["energy"] + 500, abs=1e-4)
    assert "interrupted; written before:" in capsys.readouterr().err


def test_without_the_solver_one_line_says_what_to_install(run, monkeypatch, capsys):
    monkeypatch.setattr(exact, "can_prove", lambda: False)
    status, path = run()
    assert status == 0
    told = capsys.readouterr().err
    assert "proofs need toulbar2: pip install 'pottsfold[design]'" in told
    (row,) = pd.read_csv(path).to_dict("records")
    assert not row["proven"]
    assert np.isnan(row["gap"])
    # A few mutations are proven all the same.
    status, path = run("--max-mutations", "2")
    assert status == 0
    assert pd.read_csv(path)["proven"].all()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "c.csv: columns position and allowed, forbidden or both are needed"),
        ("position,letters\n101,A\n", "columns position and allowed"),
        ("position,allowed\nx,A\n", "c.csv: line 2: 'x' is no residue number"),
        ("position,allowed\n\n99,A\n", "line 3: the model has no position 99; its 8"),
        ("position,allowed\n101,A1\n", "line 2: 'A1' has a letter that is none of"),
        ("position,allowed\n101,-\n", "line 2: '-' has a letter that is none of AC"),
        (
            "position;allowed;forbidden\n101;A;A\n",
            "line 2: position 101 has no letter left; allow one there",
        ),
    ],
)
def test_wrong_tables_are_refused(run, tmp_path, capsys, text, said):
    (tmp_path / "c.csv").write_text(text)
    status, path = run("--constraints", "c.csv")
    assert status == 2
    assert said in capsys.readouterr().err
    assert not path.exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--forbid", "101:ACDEFGHIKLMNPQRSTVWY"], "position 101 has no letter left"),
        (["-n", "0"], "-n 0: at least 1 is needed"),
        (["--time-limit", "0"], "--time-limit 0.0: a number of seconds above 0"),
        (["--max-mutations", "9"], "--max-mutations 9: a number from 0 to 8"),
        (
            ["--min-mutations", "3", "--fix", "101-106"],
            "--min-mutations 3: only 2 positions may have another letter",
        ),
        (["--min-distance", "9"], "--min-distance 9: a number from 1 to 8"),
        (["--constraints", "none.csv"], "none.csv: no such file"),
    ],
)
def test_contradictions_are_refused_before_any_work(run, capsys, words, said):
    status, path = run(*words)
    assert status == 2
    told = capsys.readouterr().err
    assert said in told
    assert not path.exists()
