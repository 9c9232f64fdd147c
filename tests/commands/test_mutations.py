"""``pottsfold score`` and ``pottsfold scan`` as their users run them."""

import pandas as pd
import pytest

from pottsfold.commands.main import main
from pottsfold.model import Fit, FitReport, save_fit
from pottsfold.mutations import scan_table
from tests.strategies import random_model


@pytest.fixture(scope="module")
def model():
    return random_model(0, 12, gaps="missing", first=101)


@pytest.fixture
def model_file(tmp_path, model):
    path = tmp_path / "family.potts"
    save_fit(path, Fit(model, FitReport("independent")))
    return path


@pytest.fixture
def library(tmp_path, model):
    path = tmp_path / "library.csv"
    text = f"mutant,p_value\n{scan_table(model)['mutant'][0]},1e-12\nbad,0.10\n"
    path.write_text(text)
    return path


@pytest.mark.parametrize("ending", ["csv", "tsv", "parquet", "csv.gz"])
def test_score_writes_a_row_for_every_mutant(ending, tmp_path, model_file, library):
    out = tmp_path / f"out.{ending}"
    assert main(["score", str(model_file), str(library), "-o", str(out)]) == 0
    if ending == "parquet":
        table = pd.read_parquet(out)
    else:
        table = pd.read_csv(out, sep="\t" if ending == "tsv" else ",")
    assert table["status"].tolist() == ["ok", "unscorable"]
    assert table["p_value"].tolist() == [1e-12, 0.1]


def test_results_go_to_standard_output_and_messages_beside(model_file, library, capsys):
    assert main(["score", str(model_file), str(library), "-o", "-"]) == 0
    printed = capsys.readouterr()
    assert printed.out.startswith("mutant,n_mutations,log_odds,")
    assert "bad,,,,,,unscorable,bad_notation,,0.10" in printed.out
    assert "2 mutants: 1 ok, 0 partial, 1 unscorable" in printed.err


def test_fasta_is_scored_by_its_differences(tmp_path, model_file, model):
    library = tmp_path / "designs.fasta"
    library.write_text(f">wild type\n{model.focus_sequence}\n>short\nACD\n")
    out = tmp_path / "out.csv"
    assert main(["score", str(model_file), str(library), "-o", str(out)]) == 0
    table = pd.read_csv(out)
    assert table["mutant"].tolist()[0] == "WT"
    assert table["log_odds"][0] == 0
    assert table["name"].tolist() == ["wild type", "short"]
    assert table["reason"][1] == "bad_notation"


def test_scan_writes_the_table_and_the_figure(tmp_path, model_file, model):
    out, plot = tmp_path / "scan.csv", tmp_path / "scan.svg"
    words = ["scan", str(model_file), "-o", str(out), "--plot", str(plot)]
    assert main(words) == 0
    table = pd.read_csv(out)
    expected = scan_table(model)
    assert list(table) == list(expected)
    assert table["mutant"].tolist() == expected["mutant"].tolist()
    assert plot.read_text().startswith("<?xml")


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["score", "MODEL", "absent.csv", "-o", "x.csv"], "absent.csv: no such file"),
        (["score", "absent", "LIBRARY", "-o", "x.csv"], "absent: no such file"),
        (["score", "MODEL", "LIBRARY", "-o", "x.xls"], "end it in .csv"),
        (["scan", "MODEL", "-o", "x.csv", "--plot", "x.gif"], "in .png"),
        (["scan", "MODEL", "-o", "absent/x.csv"], "folder absent does not exist"),
    ],
)
def test_bad_usage_is_one_line_and_nothing_is_written(
    words, complaint, tmp_path, model_file, library, capsys, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.iterdir())
    places = {"MODEL": str(model_file), "LIBRARY": str(library)}
    assert main([places.get(word, word) for word in words]) == 2
    message = capsys.readouterr().err
    assert complaint in message
    assert message.count("\n") == 1
    assert sorted(tmp_path.iterdir()) == before


def test_a_model_without_a_focus_is_refused(tmp_path, library, capsys):
    path = tmp_path / "no_focus.potts"
    save_fit(path, Fit(random_model(0, 4, focus=False), FitReport("independent")))
    out = tmp_path / "x.csv"
    assert main(["score", str(path), str(library), "-o", str(out)]) == 2
    assert main(["scan", str(path), "-o", str(out)]) == 2
    assert capsys.readouterr().err.count("no focus sequence") == 2
    assert not out.exists()
