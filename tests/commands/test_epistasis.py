"""``pottsfold epistasis`` as its users run it."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from pottsfold.commands.main import main
from pottsfold.contacts import coupling_map
from pottsfold.model import Fit, FitReport, save_fit
from pottsfold.mutations import scan_table
from tests.strategies import random_model

COLUMNS = [
    *("mutant_1", "mutant_2", "position_1", "position_2"),
    *("log_odds_1", "log_odds_2", "log_odds_12", "epistasis", "type"),
    *("adjusted_1", "adjusted_2"),
]


@pytest.fixture(scope="module")
def model():
    return random_model(0, 8, gaps="missing", first=101)


@pytest.fixture
def folder(tmp_path, model, monkeypatch):
    save_fit(tmp_path / "m.potts", Fit(model, FitReport("made by hand")))
    flat = replace(model, couplings=np.zeros_like(model.couplings))
    save_fit(tmp_path / "flat.potts", Fit(flat, FitReport("made by hand")))
    rng = np.random.default_rng(0)
    rows = ["".join(rng.choice(list("ACDEFGHIKLMNPQRSTVWY"), 8)) for _ in range(30)]
    named = [
        ("FOCUS", model.focus_sequence),
        *((f"s{k}", r) for k, r in enumerate(rows)),
    ]
    text = "".join(f">{name}\n{row}\n" for name, row in named)
    (tmp_path / "family.fasta").write_text(text)
    (tmp_path / "other.fasta").write_text(text.replace(">FOCUS\n", ">FOCUS\nAA"))
    singles = scan_table(model)["mutant"].iloc[::15].tolist()
    doubles = [f"{singles[0]}:{m}" for m in singles if m[1:-1] != singles[0][1:-1]]
    lines = [f"{m},{len(m) / 7 + k % 3}" for k, m in enumerate(singles + doubles)]
    (tmp_path / "library.csv").write_text("\n".join(["mutant,score", *lines]) + "\n")
    few = [
        "mutant,score",
        *(f"{m},{k}" for k, m in enumerate(scan_table(model)["mutant"][:12])),
    ]
    (tmp_path / "singles.csv").write_text("\n".join(few) + "\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*words):
    return main(["epistasis", *map(str, words)])


def test_pairs_sites_and_network_are_written(folder, model, capsys):
    files = ["-o", "e.csv", "--sites", "s.parquet", "--network", "n.tsv"]
    assert run("m.potts", *files, "--top", 60) == 0
    told = capsys.readouterr()
    assert told.out == ""
    assert f"{28 * 19 * 19} pairs of substitutions at 28 pairs of positions" in told.err
    table = pd.read_csv("e.csv")
    assert list(table) == COLUMNS
    assert len(table) == 60
    sites = pd.read_parquet("s.parquet")
    assert len(sites) == 28
    scores = coupling_map(model).scores
    row = sites.iloc[5]
    expected = scores[row["position_1"] - 101, row["position_2"] - 101]
    assert row["coupling_score"] == pytest.approx(expected)
    network = pd.read_csv("n.tsv", sep="\t")
    assert network["n_pairs"].sum() == 60


def test_results_go_to_standard_output(folder, capsys):
    assert run("m.potts", "-o", "-", "--top", 3) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == ",".join(COLUMNS)
    assert len(lines) == 4


def test_one_mutation_and_its_backgrounds(folder, model, capsys):
    mutation = scan_table(model)["mutant"][40]
    words = ["--mutation", mutation, "--alignment", "family.fasta"]
    assert run("m.potts", "-o", "e.csv", *words, "--backgrounds", "b.csv") == 0
    table = pd.read_csv("e.csv")
    assert (table[["mutant_1", "mutant_2"]] == mutation).any(axis=1).all()
    assert len(table) == 7 * 19
    backgrounds = pd.read_csv("b.csv")
    assert len(backgrounds) == 31
    alone = scan_table(model)["log_odds"][40]
    assert backgrounds["log_odds"][0] == pytest.approx(alone, abs=1e-5)
    assert "contingency: " in capsys.readouterr().err


def test_the_column_of_measured_mutants_can_be_named(folder, capsys):
    library = pd.read_csv("library.csv").rename(columns={"mutant": "variant"})
    library["variant"] = "B:" + library["variant"].str.replace(":", ",B:")
    library["score"] = library["score"].map("{:.9f}".format).str.replace(".", ",")
    library.to_csv("other.csv", index=False, sep=";")
    assert run("m.potts", "-o", "a.csv", "--measured", "library.csv") == 0
    capsys.readouterr()
    words = ("--measured", "other.csv")
    assert run("m.potts", "-o", "b.csv", *words) == 2
    assert "holds the mutants with --column" in capsys.readouterr().err
    assert run("m.potts", "-o", "b.csv", *words, "--column", "variant") == 0
    said = capsys.readouterr().err
    assert "commas are decimal points" in said
    assert "mutants name chain B" in said
    pd.testing.assert_frame_equal(pd.read_csv("a.csv"), pd.read_csv("b.csv"), atol=1e-5)


def test_measured_doubles_are_joined(folder, capsys):
    assert run("m.potts", "-o", "e.csv", "--measured", "library.csv") == 0
    table = pd.read_csv("e.csv")
    measured = ["measured_1", "measured_2", "measured_12"]
    assert list(table) == [
        *(*COLUMNS, *measured, "measured_epistasis", "corrected_epistasis")
    ]
    assert table.notna().all(axis=None)
    assert f"{len(table)} measured double mutants" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["-o", "e.xls"], "end it in .csv"),
        (["-o", "e.csv", "--sites", "s.txt"], "end it in .csv"),
        (["-o", "e.csv", "--top", "0"], "1 or more is needed"),
        (["-o", "e.csv", "--mutation", "Q1"], "cannot be read"),
        (["-o", "e.csv", "--mutation", "A999T"], "position 999 is not in the model"),
        (["-o", "e.csv", "--mutation", "WT"], "one substitution is needed"),
        (["-o", "e.csv", "--backgrounds", "b.csv"], "needs all of --mutation"),
        (["-o", "e.csv", "--score-column", "x"], "give that too"),
        (["-o", "e.csv", "--column", "x"], "--column: it names a column of --measured"),
        (["-o", "e.csv", "--measured", "absent.csv"], "absent.csv: no such file"),
        (["-o", "e.csv", "--measured", "singles.csv"], "no double mutant is measured"),
        (["-o", "e.csv", "--measured", "x.csv", "--mutation", "A1C"], "give one"),
    ],
)
def test_bad_usage_is_one_line_and_nothing_is_written(folder, capsys, words, complaint):
    before = sorted(folder.iterdir())
    assert run("m.potts", *words) == 2
    told = capsys.readouterr().err
    assert complaint in told
    assert told.count("\n") == 1
    assert sorted(folder.iterdir()) == before


def test_another_family_is_refused_before_anything_is_written(folder, model, capsys):
    words = ["--mutation", scan_table(model)["mutant"][0], "--backgrounds", "b.csv"]
    assert run("m.potts", "-o", "e.csv", *words, "--alignment", "other.fasta") == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert not (folder / "e.csv").exists()


def test_a_model_without_couplings_is_refused(folder, capsys):
    assert run("flat.potts", "-o", "e.csv") == 2
    assert "no couplings" in capsys.readouterr().err
