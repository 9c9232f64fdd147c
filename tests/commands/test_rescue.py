"""``pottsfold rescue`` as its users run it."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pottsfold.commands.main import main
from pottsfold.model import Fit, FitReport, save_fit
from pottsfold.mutations import scan_table
from tests.contacts.made_structures import chain_atoms, pdb_text
from tests.strategies import random_model

COLUMNS = [
    *("mutant", "rescue", "log_odds_mutant", "log_odds_rescue"),
    *("log_odds_together", "epistasis", "recovered", "type"),
]
MORE = ["compensation", "neutral_alone", "adjusted_rescue"]
SEEN = ["seen_mutant", "seen_rescue", "seen_both", "seen_expected"]


@pytest.fixture(scope="module")
def model():
    return random_model(0, 10, gaps="missing", first=101)


@pytest.fixture(scope="module")
def harmful(model):
    scan = scan_table(model)
    return scan["mutant"][int(scan["log_odds"].idxmin())]


@pytest.fixture
def folder(tmp_path: Path, model, monkeypatch):
    save_fit(tmp_path / "m.potts", Fit(model, FitReport("made by hand")))
    text = pdb_text(chain_atoms(model.focus_sequence[:9], first=101))
    (tmp_path / "s.pdb").write_text(text)
    rng = np.random.default_rng(0)
    rows = ["".join(rng.choice(list("ACDEFGHIKLMNPQRSTVWY"), 10)) for _ in range(30)]
    text = "".join(f">s{k}\n{row}\n" for k, row in enumerate(rows))
    (tmp_path / "family.fasta").write_text(f">FOCUS\n{model.focus_sequence}\n{text}")
    (tmp_path / "other.fasta").write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*words):
    return main(["rescue", *map(str, words)])


def test_single_rescues_come_first_then_pairs(folder, harmful, capsys):
    assert run("m.potts", harmful, "-o", "r.csv", "--top", 12) == 0
    table = pd.read_csv("r.csv")
    assert list(table) == [*COLUMNS, *MORE]
    pairs = table["rescue"].str.contains(":")
    assert pairs.tolist() == [False] * 12 + [True] * 12
    assert (table["mutant"] == harmful).all()
    for part in (table[~pairs], table[pairs]):
        assert part["compensation"].is_monotonic_decreasing
    told = capsys.readouterr()
    assert told.out == ""
    assert f"rescues of 1 substitution: all {9 * 19} examined" in told.err
    assert f"rescues of 2 substitutions: all {36 * 19 * 19} examined" in told.err
    assert "strongest positive epistasis with the mutant: " in told.err
    assert "warning" not in told.err


def test_order_and_ranking_can_be_chosen(folder, harmful):
    words = ["-o", "r.csv", "--order", 1, "--rank-by", "restored", "--top", 10**6]
    assert run("m.potts", harmful, *words) == 0
    table = pd.read_csv("r.csv")
    assert len(table) == 9 * 19
    assert table["log_odds_together"].is_monotonic_decreasing


def test_nature_and_distance_are_joined(folder, harmful):
    words = ["--alignment", "family.fasta", "--structure", "s.pdb", "--chain", "A"]
    assert run("m.potts", harmful, "-o", "r.parquet", *words) == 0
    table = pd.read_parquet("r.parquet")
    assert list(table) == [*COLUMNS, *MORE, *SEEN, "distance", "contact"]
    singles = table[~table["rescue"].str.contains(":")]
    positions = singles["rescue"].str[1:-1].astype(int)
    apart = 3.0 * (positions - int(harmful[1:-1])).abs()
    here = positions != 110
    np.testing.assert_allclose(singles["distance"][here], apart[here])
    assert singles["contact"].isna().equals(~here)
    assert (singles["contact"][here] == (apart[here] < 8)).all()


def test_of_a_pair_the_farther_one_counts(folder, harmful):
    words = ["--structure", "s.pdb", "--top", 2000]
    assert run("m.potts", harmful, "-o", "r.parquet", *words) == 0
    table = pd.read_parquet("r.parquet").dropna(subset="distance")
    pairs = table[table["rescue"].str.contains(":")]
    position = int(harmful[1:-1])
    for rescue, distance in zip(pairs["rescue"], pairs["distance"], strict=True):
        far = max(abs(int(one[1:-1]) - position) for one in rescue.split(":"))
        assert distance == pytest.approx(3.0 * far)


def test_several_substitutions_may_be_rescued_at_once(folder, model):
    scan = scan_table(model).sort_values("log_odds").drop_duplicates("position")
    mutant = ":".join(scan["mutant"].head(2))
    assert run("m.potts", mutant, "-o", "r.csv", "--order", 1) == 0
    table = pd.read_csv("r.csv")
    taken = scan["position"].head(2)
    assert not table["rescue"].str[1:-1].astype(int).isin(taken).any()


def test_a_mutant_that_is_not_harmful_is_warned_of(folder, model, capsys):
    scan = scan_table(model)
    good = scan["mutant"][int(scan["log_odds"].idxmax())]
    assert run("m.potts", good, "-o", "r.csv", "--order", 1) == 0
    told = capsys.readouterr().err
    assert told.count("warning: ") == 1
    assert f"{good} is not harmful" in told
    assert pd.read_csv("r.csv")["recovered"].isna().all()


def test_a_model_of_two_sites_has_no_pairs_to_offer(folder, capsys):
    model = random_model(0, 2, gaps="missing")
    save_fit(folder / "two.potts", Fit(model, FitReport("made by hand")))
    mutant = scan_table(model)["mutant"][0]
    assert run("two.potts", mutant, "-o", "r.csv") == 0
    assert len(pd.read_csv("r.csv")) == 19
    assert "no rescues of 2 substitutions" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["MUTANT", "-o", "r.xls"], "end it in .csv"),
        (["MUTANT", "-o", "r.csv", "--top", "0"], "1 or more is needed"),
        (["MUTANT", "-o", "r.csv", "--chain", "A"], "--structure; give that too"),
        (["MUTANT", "-o", "r.csv", "--structure", "no.pdb"], "no.pdb: no such file"),
        (["MUTANT", "-o", "r.csv", "--alignment", "no.fa"], "no.fa: no such file"),
        (["MUTANT", "-o", "r.csv", "--alignment", "other.fasta"], "not the model's"),
        (["WT", "-o", "r.csv"], "nothing is changed"),
        (["A999T", "-o", "r.csv"], "position 999 is not in the model"),
        (["what", "-o", "r.csv"], "cannot be read"),
    ],
)
def test_bad_usage_is_one_line_and_nothing_is_written(
    folder, harmful, capsys, words, complaint
):
    before = sorted(folder.iterdir())
    words = [harmful if word == "MUTANT" else word for word in words]
    assert run("m.potts", *words) == 2
    told = capsys.readouterr().err
    assert complaint in told
    assert told.count("\n") == 1
    assert sorted(folder.iterdir()) == before
