"""What effects are adjusted for and by, as users ask for it."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from pottsfold.alphabet import PROTEIN, RNA
from pottsfold.commands.main import main
from pottsfold.contacts import site_accessibility
from pottsfold.model import Fit, FitReport, save_fit
from pottsfold.mutations import scan_table
from tests.contacts.made_structures import backbone_atoms, chain_atoms, pdb_text
from tests.strategies import random_model

# Residues whose heavy atoms are those of a made backbone.
FOCUS = "AGAAGGAAAGAGGAAAAGAA"


@pytest.fixture
def model(tmp_path):
    made = random_model(3, len(FOCUS), gaps="missing")
    made = replace(made, focus=PROTEIN.encode(FOCUS))
    save_fit(tmp_path / "m.potts", Fit(made, FitReport("made")))
    return made


@pytest.fixture
def there(tmp_path, model, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "s.pdb").write_text(pdb_text(backbone_atoms(FOCUS[2:])))
    scan_table(model)[["mutant"]].assign(score=np.arange(380.0)).to_csv("l.csv")
    return tmp_path


def test_scan_adjusts_for_what_is_asked(there, model, capsys):
    for goal in ("function", "stability"):
        assert main(["scan", "m.potts", "-o", "o.csv", "--for", goal]) == 0
        assert f"adjusted ranks by {goal}" in capsys.readouterr().err
        expected = scan_table(model, goal)["adjusted"]
        np.testing.assert_allclose(
            pd.read_csv("o.csv")["adjusted"], expected, atol=1e-6
        )


def test_scan_with_a_structure_has_accessibility_and_buried_log_odds(there, model):
    words = ["scan", "m.potts", "-o", "o.csv", "--for", "stability"]
    assert main([*words, "--structure", "s.pdb"]) == 0
    table = pd.read_csv("o.csv")
    known = site_accessibility(model, "s.pdb").relative
    expected = scan_table(model, "stability", known)
    pd.testing.assert_frame_equal(table, expected, check_dtype=False, atol=1e-6)
    unknown = table["position"] <= 2
    assert (
        table.loc[unknown, ["accessibility", "buried_log_odds"]].isna().all(axis=None)
    )
    assert table["adjusted"].notna().all()
    rest = table[~unknown]
    burial = 1 - rest["accessibility"].clip(upper=1)
    np.testing.assert_allclose(
        rest["buried_log_odds"], burial * rest["log_odds"], atol=1e-5
    )


def test_score_and_assay_adjust_by_a_structure(there, model, capsys):
    words = ["-o", "o.csv", "--for", "stability", "--structure", "s.pdb"]
    assert main(["score", "m.potts", "l.csv", *words]) == 0
    told = capsys.readouterr().err
    assert "with the structure's accessibility" in told
    assert "one fitted with this --structure couples those in contact" in told
    scored = pd.read_csv("o.csv")
    known = site_accessibility(model, "s.pdb").relative
    expected = scan_table(model, "stability", known)
    np.testing.assert_allclose(scored["adjusted"], expected["adjusted"], atol=1e-6)
    assert main(["assay", "m.potts", "l.csv", *words]) == 0
    assert "adjusted ranks by stability" in capsys.readouterr().err


def test_score_with_a_structure_has_the_scans_buried_log_odds(there, model, capsys):
    known = site_accessibility(model, "s.pdb").relative
    scan = scan_table(model, "function", known)
    # The structure does not show the first two sites, of 19 substitutions each.
    doubles = scan["mutant"][:38] + ":" + scan["mutant"][60:98].to_numpy()
    pd.DataFrame({"mutant": [*scan["mutant"], *doubles, "WT", "?"]}).to_csv(
        "d.csv", index=False
    )
    words = ["score", "m.potts", "d.csv", "-o", "o.csv"]
    assert main([*words, "--structure", "s.pdb"]) == 0
    assert "does not use the structure (--for stability: it does)" in (
        capsys.readouterr().err
    )
    scored = pd.read_csv("o.csv")
    assert list(scored)[8:10] == ["adjusted", "buried_log_odds"]
    found = scored["buried_log_odds"]
    for name in ("adjusted", "buried_log_odds"):
        np.testing.assert_allclose(scored[name][: len(scan)], scan[name], atol=1e-6)
    assert found[len(scan) : -2].isna().all()
    assert found.iloc[-2] == 0
    assert np.isnan(found.iloc[-1])
    assert main(words) == 0
    plain = pd.read_csv("o.csv")
    pd.testing.assert_frame_equal(scored.drop(columns="buried_log_odds"), plain)


def test_epistasis_and_rescue_show_adjusted_effects(there, model):
    known = site_accessibility(model, "s.pdb").relative
    scan = scan_table(model, "stability", known).set_index("mutant")["adjusted"]
    words = ["-o", "o.csv", "--for", "stability", "--structure", "s.pdb"]
    assert main(["epistasis", "m.potts", *words, "--top", "50"]) == 0
    pairs = pd.read_csv("o.csv")
    for k in (1, 2):
        expected = scan[pairs[f"mutant_{k}"]]
        np.testing.assert_allclose(pairs[f"adjusted_{k}"], expected, atol=1e-6)
    assert main(["rescue", "m.potts", scan.idxmin(), *words, "--top", "30"]) == 0
    rescues = pd.read_csv("o.csv")
    sums = [scan[mutants.split(":")].sum() for mutants in rescues["rescue"]]
    np.testing.assert_allclose(rescues["adjusted_rescue"], sums, atol=1e-5)
    assert "distance" in rescues


def test_a_model_of_rna_has_no_adjusted_effects(there, capsys):
    made = random_model(5, 6, RNA)
    made = replace(made, focus=RNA.encode("ACGUAC"))
    save_fit(there / "rna.potts", Fit(made, FitReport("made")))
    assert main(["scan", "rna.potts", "-o", "o.csv"]) == 0
    assert "no adjusted effects: they are for proteins" in capsys.readouterr().err
    assert pd.read_csv("o.csv")["adjusted"].isna().all()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["score", "l.csv", "--chain", "A"], "--chain: it is of --structure"),
        (["assay", "l.csv", "--structure", "s.pdb"], "give --for stability"),
        (["epistasis", "--structure", "s.pdb"], "give --for stability"),
        (["scan", "--chain", "A"], "--chain: it is of --structure"),
        (["scan", "--structure", "s.pdb", "--chain", "Q"], "Q"),
        (["scan", "--structure", "none.pdb"], "no such file"),
        (["scan", "--structure", "ca.pdb"], "accessib"),
        (["scan", "--for", "taste"], "function"),
        (["assay", "l.csv", "--train", "--for", "stability"], "leave out --for"),
    ],
)
def test_what_cannot_be_is_told_in_one_line(there, capsys, words, said):
    (there / "ca.pdb").write_text(pdb_text(chain_atoms(FOCUS)))
    verb, *rest = words
    assert main([verb, "m.potts", *rest, "-o", "o.csv"]) == 2
    told = capsys.readouterr().err.strip().splitlines()
    assert said in told[-1]
    assert not (there / "o.csv").exists()
