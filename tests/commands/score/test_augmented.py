"""Scores by a model and what was learnt from measurements beside it."""

import numpy as np
import pandas as pd
import pytest

from pottsfold.commands.main import main
from pottsfold.files import sha256_of
from pottsfold.model import Fit, FitReport, load_fit, save_fit
from pottsfold.mutations import effect_tables, scan_table, score_library
from pottsfold.mutations.assays import load_augmented
from tests.strategies import random_model


@pytest.fixture
def learnt(tmp_path):
    """A model file, a measured library and what it teaches."""
    model = random_model(5, 12, gaps="missing")
    path = tmp_path / "a.potts"
    save_fit(path, Fit(model, FitReport("made")))
    scan = scan_table(model)
    noise = np.random.default_rng(0).normal(0, 0.1, len(scan))
    shift = 2.0 * (scan["substitution"] == "P")
    library = scan[["mutant"]].assign(score=scan["adjusted"] + noise - shift)
    library.to_csv(tmp_path / "measured.csv", index=False)
    words = ["assay", path, "--train", tmp_path / "measured.csv", "-o", "-"]
    words += ["--augmented", tmp_path / "learnt.json"]
    assert main([str(word) for word in words]) == 0
    return path, library, tmp_path / "learnt.json"


def run(*words):
    return main([str(word) for word in words])


def test_what_was_learnt_is_scored(tmp_path, learnt, capsys):
    model, library, what = learnt
    out = tmp_path / "out.csv"
    source = tmp_path / "measured.csv"
    assert run("score", model, source, "-o", out, "--augmented", what) == 0
    table = pd.read_csv(out)
    names = ["predicted", "predicted_low", "predicted_high", "score"]
    assert list(table)[-4:] == names
    assert table["predicted"].corr(library["score"], method="spearman") > 0.95
    inside = table["score"].between(table["predicted_low"], table["predicted_high"])
    assert inside.mean() > 0.85
    plain = tmp_path / "plain.csv"
    assert run("score", model, source, "-o", plain) == 0
    # Without it nothing else changes.
    pd.testing.assert_frame_equal(pd.read_csv(plain), table.drop(columns=names[:3]))


def test_predictions_stand_behind_buried_log_odds_and_are_the_same(tmp_path, learnt):
    path, _, what = learnt
    model = load_fit(path).model
    augmented = load_augmented(what, model, sha256_of(path))
    tables = effect_tables(model), effect_tables(model, accessibility=np.full(12, 0.5))
    scored = []
    for each in tables:
        out = tmp_path / "out.csv"
        score_library(each, tmp_path / "measured.csv", out, augmented=augmented)
        scored.append(pd.read_csv(out))
    assert list(scored[1])[8:11] == ["adjusted", "buried_log_odds", "predicted"]
    found = scored[1].pop("buried_log_odds")
    np.testing.assert_allclose(found, scored[1]["log_odds"] / 2, atol=1e-6)
    pd.testing.assert_frame_equal(*scored)


def test_another_model_and_another_background_are_refused(tmp_path, learnt, capsys):
    model, _, what = learnt
    other = tmp_path / "b.potts"
    save_fit(other, Fit(random_model(6, 12, gaps="missing"), FitReport("made")))
    source, out = tmp_path / "measured.csv", tmp_path / "out.csv"
    capsys.readouterr()
    assert run("score", other, source, "-o", out, "--augmented", what) == 2
    assert "another model" in capsys.readouterr().err
    words = ["score", model, source, "-o", out, "--augmented", what]
    mutant = pd.read_csv(source)["mutant"][0]
    assert run(*words, "--background", mutant) == 2
    assert "leave out --background" in capsys.readouterr().err
    assert not out.exists()
