"""``pottsfold sample`` as its users run it."""

import gzip
import hashlib
import json
from dataclasses import replace

import numpy as np
import pytest
from Bio import SeqIO

from pottsfold import __version__
from pottsfold.commands.main import main
from pottsfold.files import sha256_of
from pottsfold.model import Fit, FitReport, energy, save_fit
from pottsfold.provenance import run_path
from pottsfold.sampling import draw_samples
from tests.strategies import random_model

QUICK = ["--sweeps", "20", "--chains", "8"]


@pytest.fixture(scope="module")
def model():
    return random_model(0, 12, gaps="missing", first=101, scale=0.3)


@pytest.fixture
def run(tmp_path, model):
    path = tmp_path / "family.potts"
    save_fit(path, Fit(model, FitReport("independent")))

    def go(*words, out="out.fasta"):
        target = tmp_path / out
        status = main(["sample", str(path), "-o", str(target), *words])
        return status, target

    return go


def letters_of(path, model):
    with path.open() as handle:
        rows = [str(record.seq) for record in SeqIO.parse(handle, "fasta")]
    return np.stack([model.alphabet.encode(row) for row in rows])


def test_headers_say_how_and_hold_the_energy(run, model, capsys):
    status, path = run("-n", "11", *QUICK, "--seed", "7", "--temperature", "0.9")
    assert status == 0
    with path.open() as handle:
        records = list(SeqIO.parse(handle, "fasta"))
    assert [record.id for record in records] == [f"sample_{k}" for k in range(1, 12)]
    said = dict(word.split("=") for word in records[10].description.split()[1:])
    assert said["model"] == "family"
    digest = hashlib.sha256((path.parent / "family.potts").read_bytes()).hexdigest()
    assert said["sha256"] == digest[:12]
    assert said["pottsfold"] == __version__
    assert (said["seed"], said["temperature"], said["chain"]) == ("7", "0.9", "3")
    codes = letters_of(path, model)
    assert codes.min() > 0  # the gap is missing data here, no letter
    assert float(said["energy"]) == pytest.approx(energy(model, codes)[10], abs=1e-4)
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "mixed: " in printed.err or "mixing UNKNOWN" in printed.err


def test_same_seed_same_bytes(run, tmp_path):
    words = ("-n", "9", *QUICK, "--seed", "1")
    _, path = run(*words, "--threads", "1", out="a.fasta.gz")
    _, other = run(*words, "--threads", "3", out="b.fasta.gz")
    assert path.read_bytes() == other.read_bytes()
    assert gzip.decompress(path.read_bytes()).startswith(b">sample_1 ")


def test_the_making_is_recorded_beside_the_sequences(run, tmp_path, capsys):
    words = ("--fix", "102", "--temperature", "0.8", "--algorithm", "tempering")
    _, path = run("-n", "5", "--chains", "4", "--sweeps", "20", *words)
    text = (tmp_path / "out.fasta.run.json").read_text()
    record = json.loads(text, parse_constant=pytest.fail)
    assert record["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    model = (tmp_path / "family.potts").read_bytes()
    assert record["model"]["sha256"] == hashlib.sha256(model).hexdigest()
    settings = record["settings"]
    assert (settings["temperature"], settings["seed"]) == (0.8, 0)
    assert (settings["fix"], settings["algorithm"]) == ("102", "tempering")
    assert settings["temperatures"][-1] == pytest.approx(1.6)
    assert len(record["diagnosis"]["swaps"]) == 9
    assert record["diagnosis"]["verdict"].startswith("NOT mixed: ")
    assert "increase --sweeps, use --algorithm tempering" in capsys.readouterr().err
    assert record["versions"]["pottsfold"] == __version__
    assert record["run"]["cpu_seconds"] > 0


def test_the_matched_temperature_is_taken_when_asked_for(run, model, tmp_path, capsys):
    path = tmp_path / "matched.potts"
    matched = replace(model, temperature=0.75)
    save_fit(path, Fit(matched, FitReport("independent")))
    out = tmp_path / "matched.fasta"
    words = ["sample", str(path), "-o", str(out), "-n", "3", *QUICK]
    assert main([*words, "--temperature", "matched"]) == 0
    assert " temperature=0.75 " in out.read_text()
    assert "temperature 0.75, as matched" in capsys.readouterr().err
    assert main(words) == 0
    assert " temperature=1 " in out.read_text()
    assert "at temperature 0.75: --temperature matched" in capsys.readouterr().err
    assert main([*words, "--temperature", "0.9"]) == 0
    assert "matched" not in capsys.readouterr().err.replace(str(tmp_path), "").replace(
        "matched.fasta", ""
    )


def test_chains_are_cooled_first(run):
    words = ("-n", "4", *QUICK, "--temperature", "0.5")
    _, plain = run(*words)
    _, cooled = run(*words, "--anneal-from", "2", out="cooled.fasta")
    assert " sweep=20 " in plain.read_text()
    # ln(2 / 0.5) in hundredths, and the same 20 sweeps.
    assert " sweep=159 " in cooled.read_text()


def test_conditions_hold(run, model):
    words = ("--fix", "102,105-107", "--forbid", "C,110:DE", *QUICK)
    status, path = run("-n", "30", *words)
    assert status == 0
    codes = letters_of(path, model)
    fixed = [1, 4, 5, 6]
    assert (codes[:, fixed] == model.focus[fixed]).all()
    free = np.delete(codes, fixed, axis=1)
    encode = model.alphabet.encode
    assert not np.isin(free, encode("C-")).any()
    assert not np.isin(codes[:, 9], encode("DE")).any()


def test_fixed_letters_are_those_of_the_start(run, model, tmp_path, capsys):
    starts = tmp_path / "starts.fasta"
    starts.write_text(">a\nACDEFGHIKLMN\n>b\nWYWYWYwwWYWYWY\n>c\nA-XEFGHIKLMN\n")
    status, path = run("-n", "8", "--start", str(starts), "--fix", "101", *QUICK)
    told = capsys.readouterr().err
    assert f"{starts}: left out 2 lower-case letters" in told
    assert f"{starts}: 1 unknown letters, replaced by random ones" in told
    assert status == 0
    first = model.alphabet.decode(letters_of(path, model)[:, 0])
    assert first == "AWAAWAAW"


def test_the_family_itself_is_read_at_the_columns_of_the_focus(run, model, tmp_path):
    family = tmp_path / "family.a2m"
    focus = model.focus_sequence
    rows = [f"{focus[:5]}--{focus[5:]}", "WCDEFAAGHIKLMN", "WWDEFAAGHIKLMN"]
    names = ("FOCUS", "a", "b")
    family.write_text("".join(f">{n}\n{r}\n" for n, r in zip(names, rows, strict=True)))
    words = ("--start", str(family), "--fix", "101,106,112", *QUICK)
    status, path = run("-n", "3", *words)
    assert status == 0
    codes = letters_of(path, model)[:, [0, 5, 11]]
    expected = [focus[0] + focus[5] + focus[11], "WGN", "WGN"]
    assert [model.alphabet.decode(row) for row in codes] == expected


@pytest.mark.parametrize("algorithm", ["metropolis", "tempering"])
def test_other_algorithms(run, model, algorithm, capsys):
    status, path = run("-n", "5", "--algorithm", algorithm, *QUICK)
    assert status == 0
    assert len(letters_of(path, model)) == 5
    assert ("swaps between temperatures 1 to 2" in capsys.readouterr().err) == (
        algorithm == "tempering"
    )


@pytest.mark.parametrize("algorithm", ["gibbs", "tempering"])
def test_chains_may_move_on_a_device(run, model, algorithm, capsys):
    words = ["-n", "40", *QUICK, "--algorithm", algorithm]
    drawn = []
    for device in ([], ["--device", "cpu"]):
        status, path = run(*words, *device, out=f"{len(device)}.fasta")
        assert status == 0
        drawn.append(letters_of(path, model))
    # The same random numbers; rounding may lead a few chains apart.
    assert (drawn[0] == drawn[1]).all(axis=1).mean() > 0.8
    assert "chains move on cpu" in capsys.readouterr().err
    making = json.loads((path.parent / "2.fasta.run.json").read_text())
    assert making["settings"]["device"] == "cpu"


def test_standard_output(run, tmp_path, capsys):
    path = tmp_path / "family.potts"
    assert run("-n", "2", *QUICK)[0] == 0
    capsys.readouterr()
    assert main(["sample", str(path), "-n", "2", "-o", "-", *QUICK]) == 0
    assert capsys.readouterr().out.startswith(">sample_1 energy=")


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["-n", "0"], "-n 0: at least 1"),
        (["-n", "5", "--temperature", "0"], "--temperature 0: "),
        (["-n", "5", "--temperature", "-1"], "--temperature -1: "),
        (["-n", "5", "--temperature", "nan", "--algorithm", "tempering"], "nan: "),
        (["-n", "5", "--temperature", "matched"], "this model has none; find it"),
        (["-n", "5", "--temperature", "warm"], "--temperature"),
        (["-n", "5", "--anneal-from", "1"], "--anneal-from 1: chains are cooled"),
        (["-n", "5", "--anneal-from", "nan"], "--anneal-from nan: chains are cooled"),
        (
            ["-n", "5", "--anneal-from", "3", "--algorithm", "tempering"],
            "--anneal-from: tempering has hot chains of its own",
        ),
        (["-n", "5", "--device", "cuda:77"], "there is no such device here"),
        (
            ["-n", "5", "--device", "cpu", "--algorithm", "metropolis"],
            "--device cpu: metropolis runs on the CPU alone",
        ),
        (["-n", "5", "--chains", "0"], "--chains 0: at least 1"),
        (["-n", "5", "--sweeps", "0"], "--sweeps 0: at least 1"),
        (["-n", "5", "--threads", "0"], "--threads 0: at least 1"),
        (["-n", "5", "--fix", "5"], "no position 5; its 12 positions lie from 101"),
        (["-n", "5", "--fix", "101-113"], "no position 113"),
        (["-n", "5", "--fix", "112-101"], "a range goes up"),
        (["-n", "5", "--fix", "A5"], "write positions like 12,15-20"),
        (["-n", "5", "--fix", "101-112"], "every position is fixed"),
        (["-n", "5", "--forbid", "105:ACDEFGHIKLMNPQRSTVWY"], "at position 105"),
        (["-n", "5", "--forbid", "B"], "--forbid B: letters of"),
        (["-n", "5", "--forbid", "105:"], "--forbid 105:: letters of"),
        (["-n", "5", "--start", "nowhere.fasta"], "nowhere.fasta: no such file"),
        (["-n", "5", "--start", "SHORT"], "4 letters, and the model has"),
        (["-n", "5", "--start", "OTHER"], "outside the model's alphabet"),
        (["-n", "5", "--start", "TEXT"], "unknown format, begins with"),
        (["-n", "5", "--start", "EMPTY"], "EMPTY: nothing in it"),
        (["-n", "5", "--start", "GAPPED", "--fix", "102"], "position 102 has a gap"),
    ],
)
def test_bad_input_gets_one_line_and_no_file(run, words, complaint, tmp_path, capsys):
    texts = {
        "SHORT": ">fine\nACDEFGHIKLMN\n>short\nACDE\n",
        "OTHER": ">rna\nACUGUUAUACUU\n",
        "TEXT": "position,letter\n",
        "EMPTY": "\n",
        "GAPPED": ">a\nA-DEFGHIKLMN\n",
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    words = [str(tmp_path / word) if word in texts else word for word in words]
    status, path = run(*words)
    printed = capsys.readouterr().err
    assert status == 2
    assert printed.splitlines()[-1].startswith("pottsfold: ")
    assert complaint in printed.splitlines()[-1]
    assert not path.exists()


@pytest.mark.parametrize("out", ["out.csv", "nowhere/out.fasta"])
def test_output_is_checked_first(run, out, capsys):
    assert run("-n", "5", out=out)[0] == 2
    assert "out." in capsys.readouterr().err


def test_samples_are_compared_with_natural_sequences(run, model, tmp_path, capsys):
    rows = model.alphabet.letters
    rng = np.random.default_rng(0)
    natural = tmp_path / "family.fasta"
    names = [f"FOCUS/101-112\n{model.focus_sequence}"]
    names += [
        f"n{k}\n" + "".join(rows[a] for a in rng.integers(1, 21, 12)) for k in range(60)
    ]
    natural.write_text("".join(f">{name}\n" for name in names))
    table, plot = tmp_path / "t.csv", tmp_path / "p.png"
    words = ["--compare", str(natural), "--table", str(table), "--plot", str(plot)]
    status, _ = run("-n", "60", *QUICK, *words)
    assert status == 0
    assert "two-site" in capsys.readouterr().err
    assert table.read_text().startswith("quantity,")
    assert plot.read_bytes().startswith(b"\x89PNG")


def test_a_table_without_a_comparison_is_refused(run, tmp_path, capsys):
    status, path = run("-n", "5", *QUICK, "--table", str(tmp_path / "t.csv"))
    assert status == 2
    assert "give --compare too" in capsys.readouterr().err
    assert not path.exists()


@pytest.mark.parametrize("option", ["-n", "--chains"])
def test_more_chains_than_memory_are_refused_before_the_work(run, capsys, option):
    given = {"-n": "5", option: "10000000000000"}
    status, path = run(*(word for pair in given.items() for word in pair))
    assert status == 2
    assert not path.exists()
    assert "GiB are available; reduce -" in capsys.readouterr().err


def test_the_hash_is_that_of_the_model_that_was_read(run, tmp_path, monkeypatch):
    model_path = tmp_path / "family.potts"
    expected = sha256_of(model_path)

    def emptied(*arguments, **settings):
        model_path.write_bytes(b"")
        return draw_samples(*arguments, **settings)

    monkeypatch.setattr("pottsfold.commands.sample.draw_samples", emptied)
    status, path = run("-n", "3", *QUICK)
    assert status == 0
    assert f"sha256={expected[:10]}" in path.read_text()
    assert expected in run_path(path).read_text()
