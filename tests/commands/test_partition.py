"""``pottsfold partition`` as its users run it."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from pottsfold.alphabet import RNA
from pottsfold.commands.main import main
from pottsfold.landscape.partition import exact_log_partition, log_likelihoods
from pottsfold.model import Fit, FitReport, energy, save_fit
from tests.strategies import random_model

QUICK = ["--chains", "200", "--steps", "40"]
ROWS = {
    "one": "ACGUACG",
    "two": "A-GUACG",
    "three": "ANGUACG",
    "four": "GGGUAC-",
    "five": "UUGUACA",
}


@pytest.fixture(scope="module", params=["state", "missing"])
def model(request):
    return random_model(0, 7, RNA, gaps=request.param, first=101, scale=0.4)


@pytest.fixture
def folder(tmp_path, model, monkeypatch):
    save_fit(tmp_path / "m.potts", Fit(model, FitReport("made by hand")))
    bare = replace(model, focus=None, focus_name="", frequencies=None)
    save_fit(tmp_path / "bare.potts", Fit(bare, FitReport("made by hand")))
    held_out = "".join(f">{name}\n{row}\n" for name, row in ROWS.items())
    focus = f">FOCUS/101-107\n{model.focus_sequence}\n"
    texts = {
        "held_out.fasta": held_out,
        "family.fasta": focus + held_out,
        "gapped.fasta": f"{focus}>a\nNNNNNNN\n".replace(model.focus_sequence, "N" * 7),
        "wide.fasta": held_out.replace("UACG", "UACGA")
        .replace("UAC-", "UAC-A")
        .replace("UACA", "UACAA"),
        "wrong.fasta": focus.replace(model.focus_sequence, "A" * 7) + held_out,
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*words):
    return main(["partition", *map(str, words)])


def numbers(line):
    return [float(word) for word in line.replace("^", " ").split() if is_number(word)]


def is_number(word):
    try:
        float(word)
    except ValueError:
        return False
    return True


def said(out):
    return {line[:17].strip(): line[17:] for line in out.splitlines()}


def test_numbers_of_the_model_are_told(folder, model, capsys):
    assert run("m.potts", "--chains", 300, "--steps", 60, "--seed", 3) == 0
    printed = capsys.readouterr()
    found = said(printed.out)
    exact = exact_log_partition(model)
    value, error = numbers(found["log Z"])
    assert 0 < error < 0.1
    assert abs(value - exact.value) < 4 * error + 0.001
    mean, error = numbers(found["mean energy"])
    assert abs(mean - exact.mean_energy) < 4 * error + 0.01
    entropy, error, per_site, ten, power = numbers(found["entropy"])
    assert abs(entropy - exact.entropy) < 4 * error + 0.01
    assert per_site == pytest.approx(entropy / 7, abs=2e-3)
    assert ten == 10
    assert power == pytest.approx(entropy / np.log(10), abs=0.06)
    assert "of 300 chains, 60 steps" in found["effective size"]
    assert "plan: 300 chains, 60 steps" in printed.err
    assert "\nreliable: 300 weights count as" in printed.err


def test_likelihoods_of_an_alignment_are_written(folder, model, capsys):
    words = ["--alignment", "family.fasta", "-o", "t.csv", *QUICK]
    assert run("m.potts", *words) == 0
    printed = capsys.readouterr()
    table = pd.read_csv(folder / "t.csv", keep_default_na=False, na_values=[""])
    assert table["name"].tolist() == ["FOCUS/101-107", *ROWS]
    left_out = ["three"] if model.gaps == "state" else ["two", "three", "four"]
    scored = ~table["name"].isin(left_out)
    assert (table["status"] == np.where(scored, "ok", "unscorable")).all()
    reasons = dict(zip(table["name"], table["reason"], strict=True))
    assert reasons["three"] == "unknown_letter"
    assert pd.isna(reasons["one"])
    if model.gaps == "missing":
        assert reasons["two"] == "gap_or_stop"
    assert table.loc[~scored, ["energy", "log_likelihood"]].isna().all(axis=None)
    letters = [model.focus_sequence, *ROWS.values()]
    codes = np.stack([RNA.encode(row) for row in letters])[scored]
    rows = table[scored]
    np.testing.assert_allclose(rows["energy"], energy(model, codes), atol=1e-5)
    found = said(printed.out)
    value = numbers(found["log Z"])[0]
    np.testing.assert_allclose(
        rows["log_likelihood"], -rows["energy"] - value, atol=1e-3
    )
    exact = log_likelihoods(model, codes, exact_log_partition(model))
    np.testing.assert_allclose(rows["log_likelihood"], exact, atol=0.3)
    mean = np.average(rows["log_likelihood"], weights=rows["weight"])
    assert numbers(found["log-likelihood"])[0] == pytest.approx(mean, abs=1e-3)
    mean = np.average(rows["independent"], weights=rows["weight"])
    assert numbers(found["independent"])[0] == pytest.approx(mean, abs=1e-3)
    assert f"{len(left_out)} with missing letters" in found["sequences"]
    assert "wrote t.csv" in printed.err


@pytest.mark.parametrize("name", ["m.potts", "bare.potts"])
def test_sequences_held_out_need_no_focus(folder, name, capsys):
    assert run(name, "--alignment", "held_out.fasta", "-o", "-", *QUICK) == 0
    printed = capsys.readouterr()
    # The table has standard output to itself.
    lines = printed.out.splitlines()
    assert lines[0].startswith("name,energy,log_likelihood,independent,weight,status")
    assert [line.split(",")[0] for line in lines[1:]] == list(ROWS)
    assert "its 7 columns are taken for sites" in printed.err
    assert "\nlog Z " in printed.err
    assert ("not known: the model has no freq" in printed.err) == (name[0] == "b")


def test_same_seed_same_numbers(folder, capsys):
    words = ["m.potts", *QUICK, "--seed", 5, "--temperature", 1.5, "--threads"]
    outs = []
    for threads in (1, 3):
        assert run(*words, threads) == 0
        outs.append(capsys.readouterr().out)
    assert outs[0] == outs[1]
    assert run("m.potts", *QUICK, "--seed", 5) == 0
    assert capsys.readouterr().out != outs[0]


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["m.potts", "--chains", 1], "--chains 1: at least 2"),
        (["m.potts", "--chains", 10**13], "reduce --chains"),
        (["m.potts", "--steps", 0], "--steps 0: at least 1"),
        (["m.potts", "--seed", -1], "--seed -1: at least 0"),
        (["m.potts", "--threads", 0], "--threads 0: at least 1"),
        (["m.potts", "--temperature", 0], "--temperature 0: "),
        (["nowhere.potts"], "nowhere.potts"),
        (["m.potts", "-o", "t.csv"], "give --alignment too"),
        (["m.potts", "--alignment", "held_out.fasta", "-o", "t.txt"], "end it in"),
        (["m.potts", "--alignment", "t.csv", "-o", "t.csv"], "t.csv: is read as well"),
        (["m.potts", "--alignment", "nowhere.fasta"], "nowhere.fasta"),
        (["m.potts", "--alignment", "wide.fasta"], "wide.fasta: its focus"),
        (["bare.potts", "--alignment", "wide.fasta"], "8 columns for a model of 7"),
        (["m.potts", "--alignment", "wrong.fasta"], "wrong.fasta: its focus"),
    ],
)
def test_bad_input_gets_one_line_and_no_file(folder, words, complaint, capsys):
    assert run(*words) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.splitlines()[-1].startswith("pottsfold: ")
    assert complaint in printed.err.splitlines()[-1]
    assert not (folder / "t.csv").exists()
