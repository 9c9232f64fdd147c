"""``pottsfold assay`` as its users run it."""

import json
import sys

import numpy as np
import pandas as pd
import pytest

from pottsfold.commands.main import main
from pottsfold.files import sha256_of
from pottsfold.model import Fit, FitReport, save_fit
from pottsfold.mutations import mutant_effects, place_library
from pottsfold.mutations.assays import augmented_scores, load_augmented
from tests.mutations.assays import made

MODEL = made.small_model()


@pytest.fixture
def model_file(tmp_path):
    path = tmp_path / "family.potts"
    save_fit(path, Fit(MODEL, FitReport("independent")))
    return str(path)


@pytest.fixture
def library(tmp_path):
    path = tmp_path / "library.csv"
    names = [*made.singles(MODEL), *made.doubles(MODEL, 300)]
    made.library(MODEL, names, noise=0.3).to_csv(path, index=False)
    return str(path)


def test_agreement_goes_to_the_table_and_in_words_to_standard_error(
    tmp_path, model_file, library, capsys
):
    out, pairs = str(tmp_path / "out.csv"), str(tmp_path / "pairs.tsv")
    words = ["assay", model_file, library, "-o", out, "--epistasis", pairs]
    assert main(words) == 0
    table = pd.read_csv(out, dtype={"n_mutations": str})
    assert table["n_mutations"].drop_duplicates().tolist() == ["1", "2", "all"]
    assert len(pd.read_csv(pairs, sep="\t")) == 6
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "528 distinct mutants are compared" in printed.err
    assert "2 mutations        300" in printed.err
    assert printed.err.endswith(f"wrote {out}\nwrote {pairs}\n")


def test_the_same_seed_gives_the_same_bytes(tmp_path, model_file, library):
    found = []
    for seed in ("3", "3", "4"):
        out = tmp_path / "out.csv"
        main(["assay", model_file, library, "-o", str(out), "--seed", seed])
        found.append(out.read_bytes())
    assert found[0] == found[1] != found[2]


def test_a_proteingym_table_is_read_as_it_is(tmp_path, model_file, capsys):
    table = made.library(MODEL, made.singles(MODEL), noise=0.3)
    table = table.rename(columns={"score": "DMS_score"})
    table["DMS_score_bin"] = (table["DMS_score"] > -1).astype(int)
    table.to_parquet(tmp_path / "gym.parquet")
    assert main(["assay", model_file, str(tmp_path / "gym.parquet"), "-o", "-"]) == 0
    printed = capsys.readouterr()
    assert "column DMS_score, 228 rows" in printed.err
    assert "counted as functional: those with DMS_score_bin 1" in printed.err
    assert printed.out.startswith("n_mutations,score,n,spearman,low,high,auc,ndcg,top")


def test_lower_is_fitter_turns_every_number(tmp_path, model_file, library):
    up, down = tmp_path / "up.csv", tmp_path / "down.csv"
    main(["assay", model_file, library, "-o", str(up)])
    main(["assay", model_file, library, "-o", str(down), "--lower-is-fitter"])
    ours, turned = pd.read_csv(up), pd.read_csv(down)
    model = ours["score"] != "measured_singles"
    np.testing.assert_allclose(ours["spearman"][model], -turned["spearman"][model])


def test_training_writes_a_curve_and_what_score_will_use(
    tmp_path, model_file, library, capsys
):
    out, file = str(tmp_path / "curve.csv"), str(tmp_path / "augmented.json")
    plot = str(tmp_path / "curve.svg")
    words = ["assay", model_file, "--train", library, "-o", out]
    assert main([*words, "--augmented", file, "--plot", plot]) == 0
    assert pd.read_csv(out)["n_training"].tolist() == [0, 24, 96, 240]
    printed = capsys.readouterr().err
    assert "trained on all 528" in printed
    assert f"wrote {file}" in printed
    assert "<svg" in (tmp_path / "curve.svg").read_text()
    augmented = load_augmented(file, MODEL, sha256_of(model_file))
    provenance = augmented.provenance
    assert provenance.source["sha256"] == sha256_of(library)
    assert provenance.settings == {"score_column": "score", "lower_is_fitter": False}
    assert "scikit-learn" in provenance.versions
    table = pd.read_csv(library)
    mutants = place_library(MODEL, table)
    scores = augmented_scores(augmented, mutants, mutant_effects(MODEL, mutants))
    inside = (scores.low <= table["score"]) & (table["score"] <= scores.high)
    assert inside.mean() > 0.88
    assert json.loads((tmp_path / "augmented.json").read_text())["n_training"] == 528


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["LIBRARY", "-o", "x.xls"], "end it in .csv"),
        (["LIBRARY", "-o", "x.csv", "--epistasis", "x.json"], "end it in .csv"),
        (["LIBRARY", "-o", "x.csv", "--plot", "x.gif"], "end it in .png, .pdf or .svg"),
        (["LIBRARY", "-o", "x.csv", "--augmented", "a.json"], "only with --train"),
        (["LIBRARY", "-o", "x.csv", "--seed", "-1"], "--seed -1"),
        (["LIBRARY", "-o", "x.csv", "--score-column", "scor"], "nearest: score"),
        (["absent.csv", "-o", "x.csv"], "absent.csv: no such file"),
        (
            ["LIBRARY", "--train", "-o", "x.csv", "--epistasis", "e.csv"],
            "--epistasis: not together with --train",
        ),
        (
            ["LIBRARY", "--train", "-o", "x.csv", "--augmented", "absent/a.json"],
            "folder absent does not exist",
        ),
    ],
)
def test_bad_usage_is_one_line_and_nothing_is_written(
    words, complaint, tmp_path, model_file, library, capsys, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.iterdir())
    places = {"LIBRARY": library}
    assert main(["assay", model_file, *[places.get(w, w) for w in words]]) == 2
    message = capsys.readouterr().err
    assert complaint in message
    assert message.count("\n") == 1
    assert sorted(tmp_path.iterdir()) == before


def test_training_without_scikit_learn_names_the_extra(
    tmp_path, model_file, library, capsys, monkeypatch
):
    monkeypatch.setitem(sys.modules, "sklearn.linear_model", None)
    out = tmp_path / "x.csv"
    assert main(["assay", model_file, "--train", library, "-o", str(out)]) == 2
    assert "pip install 'pottsfold[ml]'" in capsys.readouterr().err
    assert not out.exists()


def test_no_output_takes_the_place_of_another_or_of_an_input(
    tmp_path, model_file, library, capsys
):
    out = str(tmp_path / "out.csv")
    assert main(["assay", model_file, library, "-o", out, "--epistasis", out]) == 2
    assert "out.csv: is written as well" in capsys.readouterr().err
    words = ["assay", model_file, library, "-o", out, "--train", "--augmented", library]
    assert main(words) == 2
    assert "library.csv: is read as well" in capsys.readouterr().err
    assert main(["epistasis", model_file, "-o", out, "--sites", out]) == 2


def test_the_column_of_mutants_can_be_named(tmp_path, model_file, library, capsys):
    table = pd.read_csv(library)
    path, out = tmp_path / "a.csv", tmp_path / "o.csv"
    table.rename(columns={"mutant": "variant"}).to_csv(path, index=False, sep=";")
    words = ["assay", model_file, str(path), "-o", str(out)]
    assert main(words) == 2
    said = capsys.readouterr().err
    assert "no column mutant among variant, score; name the one that holds" in said
    assert said.endswith("with --column\n")
    assert main([*words, "--column", "variant"]) == 0
    expected = tmp_path / "expected.csv"
    assert main(["assay", model_file, library, "-o", str(expected)]) == 0
    assert out.read_bytes() == expected.read_bytes()


def test_words_are_labels_as_digits_are(tmp_path, model_file, library):
    table = pd.read_csv(library)
    fit = table["score"] > -1
    results = set()
    for name, labels in {
        "digits": fit.astype(int),
        "words": fit,
        "yes": fit.map({True: "yes", False: "no"}),
    }.items():
        path, out = tmp_path / f"{name}.csv", tmp_path / f"{name}.out.csv"
        table.assign(DMS_score_bin=labels).to_csv(path, index=False)
        assert main(["assay", model_file, str(path), "-o", str(out)]) == 0
        results.add(out.read_bytes())
    assert len(results) == 1
    assert pd.read_csv(out)["auc"].notna().any()
