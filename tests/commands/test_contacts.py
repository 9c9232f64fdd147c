"""``pottsfold contacts`` from end to end on a small model."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from pottsfold.alignment import Numbering
from pottsfold.commands.contacts import FormatName
from pottsfold.commands.main import main
from pottsfold.contacts import coupling_map, ranked_pairs
from pottsfold.contacts.formats import CONTACT_FORMATS
from pottsfold.model import Fit, FitReport, load_fit, save_fit
from tests.contacts.made_structures import (
    ALIKE,
    atom_lines,
    backbone_atoms,
    chain_atoms,
    pdb_text,
)
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
    assert list(table) == [*COLUMNS, "probability"]
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
    assert list(table) == [
        *COLUMNS,
        "distance",
        "contact",
        "distance_cb",
        "probability",
    ]
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
    assert lines[0] == ",".join([*COLUMNS, "probability"])
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
        (["-o", "out.csv", "--force"], "--force: it is of --structure"),
        (["-o", "out.pml", "--format", "pymol"], "draws on a structure; give"),
        (["-o", "out.cxc", "--format", "chimerax"], "draws on a structure; give"),
        (["-o", "out.txt", "--format", "pymol"], "end it in .pml"),
        (["-o", "-", "--format", "npy"], "needs a file ending in .npy"),
        (["-o", "out.mat", "--format", "ccmpred", "--top", "5"], "holds all pairs"),
        (["-o", "out.csv", "--top", "many"], "a number of pairs, or L, 1.5L, L/2"),
        (["-o", "out.csv", "--top", "0"], "at least one pair"),
        (["-o", "out.csv", "--pair", "50,99"], "99 is no site of the model"),
        (["-o", "out.csv", "--pair", "50"], "two residue numbers, as 12,34"),
        (["-o", "out.csv", "--pair", "50,51", "--top", "3"], "give only -o"),
        (["-o", "out.csv", "--pair", "50,51", "--score", "frobenius"], "give only -o"),
        (["-o", "out.csv", "--pair", "50,51", "--ensemble", "m.potts"], "only -o"),
        (["-o", "m.csv", "--structure", "s.pdb", "--chain", ""], "is empty"),
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


def test_every_format_can_be_asked_for_and_is_in_the_help(capsys):
    assert FormatName.__args__ == tuple(CONTACT_FORMATS)
    assert main(["contacts", "--help"]) == 0
    told = capsys.readouterr().out
    assert not [name for name in CONTACT_FORMATS if name not in told]


def test_every_format_is_written(folder, capsys):
    model, structure = folder / "m.potts", folder / "s.pdb"
    for format, name, first in (
        ("evcouplings", "e.csv", "i,A_i,j,A_j,fn,cn,probability,score"),
        ("plmc", "e.txt", "50 "),
        ("rr", "e.rr", "PFRMAT RR"),
        ("ccmpred", "e.mat", "0.00000000000000000000e+00\t"),
        ("matrix", "m.mat", "0.00000000000000000000e+00\t"),
        ("restraints", "r.csv", "i,aa_i,atom_i,j,aa_j,atom_j,upper,weight"),
        ("pymol", "e.pml", "cmd.load("),
        ("chimerax", "e.cxc", 'open "'),
    ):
        out = folder / name
        assert run(model, "-o", out, "--format", format, "--structure", structure) == 0
        assert out.read_text().startswith(first), format
    assert (folder / "e.pb").read_text().startswith("; halfbond")
    for format in ("npy", "matrix"):
        out = folder / f"{format}.npy"
        assert run(model, "-o", out, "--format", format) == 0
        scores = np.load(out, allow_pickle=False)
        assert (scores.shape, scores.dtype) == ((12, 12), np.float64)
        np.testing.assert_array_equal(scores, np.loadtxt(folder / "e.mat"))
    capsys.readouterr()
    assert run(model, "-o", "-", "--format", "plmc", "--separation", 11) == 0
    assert len(capsys.readouterr().out.splitlines()) == 1


def test_top_and_separation_go_by_the_format(folder):
    def pairs(*words) -> pd.DataFrame:
        assert run(folder / "m.potts", "-o", folder / "t.csv", *words) == 0
        return pd.read_csv(folder / "t.csv")

    assert len(pairs()) == 66
    assert len(pairs("--top", "L/2")) == 6
    bound = pairs("--format", "restraints")
    assert len(bound) == 12
    assert (bound["j"] - bound["i"]).min() >= 6
    assert len(pairs("--format", "restraints", "--separation", 1, "--top", 30)) == 30


def test_pair_is_written_as_a_matrix(folder, capsys):
    assert run(folder / "m.potts", "--pair", "51,60", "-o", "-") == 0
    told = capsys.readouterr()
    lines = told.out.splitlines()
    assert len(lines) == 22
    assert lines[0].endswith("51,-,A,C,D,E,F,G,H,I,K,L,M,N,P,Q,R,S,T,V,W,Y")
    assert "zero-sum gauge" in told.err


def test_folder_gets_every_figure(folder):
    figures = folder / "figures"
    figures.mkdir()
    words = [folder / "m.potts", "-o", folder / "out.csv", "--plot", figures]
    assert run(*words) == 0
    names = {"contact_map.png", "contact_arcs.png", "couplings.png"}
    assert {path.name for path in figures.iterdir()} == names
    assert run(*words, "--structure", folder / "s.pdb", "--top", 8) == 0
    names.add("precision.png")
    assert {path.name for path in figures.iterdir()} == names


def test_differing_residues_are_shown_and_a_stranger_is_forced(folder, capsys):
    stranger = folder / "stranger.pdb"
    sequence = random_model(7, length=12, first=50).focus_sequence.translate(ALIKE)
    stranger.write_text(pdb_text(chain_atoms(sequence)))
    words = [folder / "m.potts", "-o", folder / "out.csv", "--structure", stranger]
    assert run(*words) == 2
    assert "(--force takes this one)" in capsys.readouterr().err
    assert run(*words, "--force") == 0
    told = capsys.readouterr().err
    assert "focus      50 " in told
    assert "chain " in told


@pytest.mark.parametrize("score", ["frobenius", "direct-information"])
def test_other_scores_rank_otherwise(folder, score):
    out = folder / "out.csv"
    assert run(folder / "m.potts", "-o", out, "--score", score) == 0
    table = pd.read_csv(out)
    assert np.array_equal(table["score"], table["raw_score"])


def test_maps_of_an_ensemble_are_averaged(folder, tmp_path):
    model = load_fit(folder / "m.potts").model
    other = replace(model, couplings=3 * model.couplings)
    save_fit(tmp_path / "b.potts", Fit(other, FitReport("made")))
    out = tmp_path / "a.csv"
    words = ["--ensemble", tmp_path / "b.potts", "-o", out]
    assert run(folder / "m.potts", *words) == 0
    table = pd.read_csv(out)
    plain = ranked_pairs(coupling_map(model))
    np.testing.assert_allclose(table["score"], 2 * plain["score"], atol=1e-5)
    assert table["i"].tolist() == plain["i"].tolist()


def test_an_ensemble_of_other_sites_is_refused(folder, tmp_path, capsys):
    other = random_model(1, 20)
    save_fit(tmp_path / "b.potts", Fit(other, FitReport("made")))
    words = ["--ensemble", tmp_path / "b.potts", "-o", "-"]
    assert run(folder / "m.potts", *words) == 2
    assert "cannot be averaged" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        ["-o", "s.pdb", "--format", "plmc", "--structure", "s.pdb"],
        ["-o", "m.potts", "--format", "plmc"],
        ["-o", "./no/../m.potts", "--format", "rr"],
        ["-o", "top.cxc", "--format", "chimerax", "--structure", "top.pb"],
        ["-o", "map.png", "--format", "plmc", "--plot", "map.png"],
        ["-o", "n.csv", "--ensemble", "n.csv"],
    ],
)
def test_nothing_is_written_over_what_is_read(folder, words, capsys, monkeypatch):
    monkeypatch.chdir(folder)
    (folder / "no").mkdir()
    (folder / "top.pb").write_bytes((folder / "s.pdb").read_bytes())
    (folder / "n.csv").write_bytes((folder / "m.potts").read_bytes())
    before = {path.name: path.read_bytes() for path in folder.glob("*.*")}
    assert run("m.potts", *words) == 2
    assert "as well; give another name" in capsys.readouterr().err
    assert {path.name: path.read_bytes() for path in folder.glob("*.*")} == before


def test_probability_goes_by_residue_numbers(folder):
    fit = load_fit(folder / "m.potts")
    positions = np.array([1, 2, 3, *range(20, 29)])
    model = replace(fit.model, numbering=Numbering(positions))
    save_fit(folder / "holes.potts", replace(fit, model=model))
    assert run(folder / "holes.potts", "-o", folder / "out.csv") == 0
    table = pd.read_csv(folder / "out.csv")
    known = table["probability"].notna()
    assert (known == (table["j"] - table["i"] >= 3)).all()
    assert known[(table["i"] == 3) & (table["j"] == 20)].all()


def test_noise_is_said_and_a_pair_that_stands_out_ends_it(folder, capsys):
    noise = "no pair stands out: the scores look like noise"
    assert run(folder / "m.potts", "-o", folder / "out.csv") == 0
    assert noise in capsys.readouterr().err.splitlines()
    table = pd.read_csv(folder / "out.csv")
    far = table["j"] - table["i"] >= 6
    assert table["probability"][far].max() < 0.5

    model = random_model(7, length=30)
    couplings = model.couplings.copy()
    couplings[3, 20] *= 3
    couplings[20, 3] *= 3
    strong = Fit(replace(model, couplings=couplings), FitReport("made by hand"))
    save_fit(folder / "strong.potts", strong)
    assert run(folder / "strong.potts", "-o", folder / "out.csv") == 0
    assert noise not in capsys.readouterr().err.splitlines()
    assert pd.read_csv(folder / "out.csv")["probability"].max() > 0.9


def test_noise_is_a_matter_of_corrected_scores(folder, capsys):
    words = ["-o", folder / "out.csv", "--score", "frobenius"]
    assert run(folder / "m.potts", *words) == 0
    assert "look like noise" not in capsys.readouterr().err


def test_models_without_a_number_of_sequences_have_probabilities(folder):
    model = load_fit(folder / "m.potts").model
    unknown = Fit(replace(model, neff=0.0), FitReport("made by hand"))
    save_fit(folder / "unknown.potts", unknown)
    for name in ("m", "unknown"):
        assert run(folder / f"{name}.potts", "-o", folder / f"{name}.csv") == 0
    assert (folder / "m.csv").read_text() == (folder / "unknown.csv").read_text()


def test_what_is_left_out_of_a_structure_is_told_in_its_line(folder, capsys):
    sequence = random_model(7, length=12, first=50).focus_sequence
    atoms = chain_atoms(sequence)
    lines = ["MODEL        1", *atom_lines(atoms), "ENDMDL", "MODEL        2"]
    lines += [*atom_lines([replace(atom, y=1.0) for atom in atoms]), "ENDMDL", "END"]
    lines[3] = lines[3][:30] + 24 * "*" + lines[3][54:]
    (folder / "odd.pdb").write_text("\n".join(lines))
    words = ["-o", folder / "out.csv", "--structure", folder / "odd.pdb"]
    assert run(folder / "m.potts", *words) == 0
    (line,) = [
        each for each in capsys.readouterr().err.splitlines() if "sites have" in each
    ]
    assert "11 of 12 sites have a residue" in line
    assert "; only the first of 2 models is used" in line
    assert "; 1 atom without readable coordinates left out" in line
    table = pd.read_csv(folder / "out.csv")
    spoiled = (table["i"] == 52) | (table["j"] == 52)
    assert table["distance"].isna().equals(spoiled)


@pytest.mark.parametrize("format", ["pymol", "chimerax"])
def test_command_in_a_name_is_refused_in_one_line(folder, capsys, format):
    sequence = random_model(7, length=12, first=50).focus_sequence
    lines = ["data_x", "loop_"]
    names = "label_atom_id label_comp_id auth_seq_id auth_asym_id Cartn_x Cartn_y"
    lines += [f"_atom_site.{name}" for name in [*names.split(), "Cartn_z"]]
    lines += [
        f"CA {atom.residue} {atom.number} 'A;system touch PWNED' {atom.x} 0 0"
        for atom in chain_atoms(sequence)
    ]
    (folder / "s.cif").write_text("\n".join(lines))
    out = folder / f"out{CONTACT_FORMATS[format].ending}"
    words = ["-o", out, "--format", format, "--structure", folder / "s.cif"]
    assert run(folder / "m.potts", *words) == 2
    error = capsys.readouterr().err
    assert len(error.splitlines()) == 1
    assert "'A;system touch PWNED'" in error
    assert not out.exists()


def test_accessibility_is_written_on_request(tmp_path, capsys):
    fitted = random_model(7, length=12, first=50)
    sequence = "AGAAGGAAAGAG"
    model = replace(fitted, focus=fitted.alphabet.encode(sequence))
    save_fit(tmp_path / "m.potts", Fit(model, FitReport("made by hand")))
    (tmp_path / "s.pdb").write_text(pdb_text(backbone_atoms(sequence[:11])))
    words = [tmp_path / "m.potts", "-o", tmp_path / "out.csv"]
    asked = ["--accessibility", tmp_path / "sites.csv"]
    assert run(*words, *asked, "--structure", tmp_path / "s.pdb") == 0
    table = pd.read_csv(tmp_path / "sites.csv")
    assert list(table) == [
        *("position", "wild_type", "residue", "accessibility", "neighbours")
    ]
    assert table["position"].tolist() == list(range(50, 62))
    assert table["residue"][0] == "ALA1"
    assert table.iloc[11, 2:].isna().all()
    assert (table["accessibility"][:11] > 0).all()
    assert "accessibility of 11 sites to " in capsys.readouterr().err
    assert run(*words, *asked) == 2
    assert "--accessibility: it is of --structure" in capsys.readouterr().err


def test_accessibility_of_ca_atoms_is_refused(folder, capsys):
    words = ["--structure", folder / "s.pdb", "--accessibility", folder / "a.csv"]
    assert run(folder / "m.potts", "-o", folder / "out.csv", *words) == 2
    assert "have all their heavy atoms" in capsys.readouterr().err
    assert not (folder / "out.csv").exists()
