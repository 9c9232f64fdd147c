"""``fit`` and ``info`` as a person runs them: what they say, write and refuse."""

import gzip
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from pottsfold.commands.main import main
from pottsfold.model import load_fit

ROOT = Path(__file__).parent.parent.parent
GOOD = ">focus/5-9\nACDEF\n>b\nACDEW\n>c\nGCDEF\n>d\nAC-EF\n>e\nACDKF\n"


@pytest.fixture
def family(tmp_path):
    path = tmp_path / "family.fasta"
    path.write_text(GOOD)
    return path


def run(capsys, *words):
    """Return the exit status, standard output and standard error of a command."""
    status = main([str(word) for word in words])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_fit_writes_a_model_that_info_tells_of(capsys, family, tmp_path):
    model = tmp_path / "m.potts"
    status, out, err = run(capsys, "fit", family, "-o", model, "--threads", 1)
    assert (status, out) == (0, "")
    assert "5 sequences, 5 columns" in err
    assert "too few for couplings" in err
    assert "plan: pseudolikelihood, symmetric, gaps missing" in err
    assert "lambda_h 10, lambda_j 0.76" in err
    status, out, err = run(capsys, "info", model)
    assert (status, err) == (0, "")
    assert "focus        focus/5-9" in out
    assert "converged" in out
    assert "kept the 5 columns" in out
    assert "numba" in out
    assert load_fit(model).model.numbering.positions.tolist() == [5, 6, 7, 8, 9]


@pytest.mark.parametrize("form", ["symmetric", "asymmetric"])
def test_the_model_file_is_the_same_for_any_number_of_threads(
    capsys, family, tmp_path, form
):
    models = [tmp_path / "one.potts", tmp_path / "two.potts"]
    for threads, model in enumerate(models, start=1):
        words = ["--threads", threads, "--seed", 1, "--pseudolikelihood-form", form]
        assert run(capsys, "fit", family, "-o", model, *words)[0] == 0
    assert models[0].read_bytes() == models[1].read_bytes()
    assert "2 threads" in run(capsys, "info", models[1])[1]


@pytest.mark.parametrize(
    ("options", "method", "gaps"),
    [
        (["--method", "independent"], "independent", "missing"),
        (["--method", "independent", "--gaps", "state"], "independent", "state"),
        (["--method", "mean-field"], "mean-field", "state"),
        (["--gaps", "state"], "pseudolikelihood", "state"),
    ],
)
def test_every_method_makes_a_model(capsys, family, tmp_path, options, method, gaps):
    model = tmp_path / "m.potts"
    assert run(capsys, "fit", family, "-o", model, *options)[0] == 0
    fit = load_fit(model)
    assert (fit.report.method, fit.model.gaps) == (method, gaps)
    assert fit.model.couplings.any() == (method != "independent")


def test_filters_say_what_they_dropped(capsys, family, tmp_path):
    family.write_text(GOOD + ">f\n----F\n>g\nACDEW\n")
    status, _, err = run(
        capsys,
        *("fit", family, "-o", tmp_path / "m.potts"),
        *("--drop-duplicates", "--min-coverage", 0.5),
    )
    assert status == 0
    assert "dropped 1 of 7 sequences" in err
    assert "dropped 1 of 6 sequences" in err


def test_no_focus_keeps_every_column(capsys, family, tmp_path):
    model = tmp_path / "m.potts"
    assert run(capsys, "fit", family, "-o", model, "--no-focus")[0] == 0
    assert load_fit(model).model.focus is None


BAD_FILES = {
    "empty": (b"", "the file is empty"),
    "one sequence": (b">a\nACD\n", "only one sequence"),
    "ragged": (b">a\nACD\n>b\nACDE\n>c\nAKD\n", ":3: record 'b'"),
    "binary": (bytes(range(256)) * 8, "binary file"),
    "unknown format": (b"hello, world 1 2 3\n", "unknown format"),
    "cut-off gz": (gzip.compress(GOOD.encode() * 50)[:-20], "gz data end too soon"),
}


@pytest.mark.parametrize("case", BAD_FILES)
def test_a_bad_alignment_gets_one_line_and_no_file(capsys, tmp_path, case):
    content, told = BAD_FILES[case]
    path = tmp_path / "bad"
    path.write_bytes(content)
    model = tmp_path / "m.potts"
    status, out, err = run(capsys, "fit", path, "-o", model)
    assert (status, out) == (2, "")
    assert err.count("\n") == 1
    assert told in err
    assert str(path) in err
    assert sorted(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--focus", "focsu"], "no sequence named 'focsu' among 5; nearest: focus/5-9"),
        (["--method", "magic"], "magic"),
        (["--identity", "0"], "--identity 0.0: above 0"),
        (["--lambda-j", "-1"], "--lambda-j -1.0: a number above 0"),
        (["--lambda-h", "nan"], "--lambda-h nan: a number above 0"),
        (["--threads", "0"], "--threads 0: at least 1"),
        (["--max-column-gaps", "2"], "--max-column-gaps 2.0"),
        (["--focus", "b", "--no-focus"], "--no-focus excludes --focus"),
        (["--method", "mean-field", "--gaps", "missing"], "takes the gap as a letter"),
        (["--method", "independent", "--lambda-j", "1"], "no such setting"),
        (["--alphabet", "AAC"], "a letter comes twice"),
        (["--colour", "red"], "--colour"),
        (["--tolerance", "0"], "--tolerance 0.0: a number above 0"),
    ],
)
def test_bad_usage_gets_one_line_and_no_file(capsys, family, tmp_path, options, told):
    model = tmp_path / "m.potts"
    status, _, err = run(capsys, "fit", family, "-o", model, *options)
    assert status == 2
    assert told in err.splitlines()[-1]
    assert not model.exists()


def test_a_place_that_cannot_be_written_is_told_before_the_work(capsys, family):
    status, _, err = run(capsys, "fit", family, "-o", "/proc/m.potts")
    assert status == 2
    assert err.startswith("pottsfold: /proc/m.potts: cannot write in folder /proc")
    status, _, err = run(capsys, "fit", family, "-o", family.parent / "no" / "m.potts")
    assert status == 2
    assert "does not exist" in err


def test_the_alignment_is_not_written_over(capsys, family):
    status, _, err = run(capsys, "fit", family, "-o", family)
    assert status == 2
    assert "is read as well; give another name" in err
    assert family.read_text() == GOOD


def test_a_fit_beyond_memory_says_how_much_it_takes(capsys, tmp_path):
    rng = np.random.default_rng(0)
    letters = np.array(list("ACDEFGHIKLMNPQRSTVWY"))
    path = tmp_path / "long.aln"
    rows = letters[rng.integers(0, 20, (3, 20000))]
    path.write_text("\n".join("".join(row) for row in rows))
    status, _, err = run(capsys, "fit", path, "-o", tmp_path / "m.potts")
    assert status == 2
    assert "GiB of memory and" in err.splitlines()[-1]
    assert "--max-column-gaps" in err.splitlines()[-1]
    assert not (tmp_path / "m.potts").exists()


def test_an_unexpected_fault_has_status_1_and_a_way_to_see_it(capsys, monkeypatch):
    def fail(_path):
        raise RuntimeError("boom")

    monkeypatch.setattr("pottsfold.commands.info.read_header", fail)
    status, _, err = run(capsys, "info", "x")
    assert status == 1
    assert "boom" in err
    assert "--debug" in err
    with pytest.raises(RuntimeError, match="boom"):
        main(["info", "x", "--debug"])


def test_an_interrupt_that_comes_out_as_another_error_is_one(capsys, monkeypatch):
    def fail(_path):
        try:
            raise KeyboardInterrupt
        except KeyboardInterrupt as interrupt:
            raise SystemError("returned a result with an exception set") from interrupt

    monkeypatch.setattr("pottsfold.commands.info.read_header", fail)
    status, _, err = run(capsys, "info", "x")
    assert status == 130
    assert err == "pottsfold: interrupted; nothing was written\n"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "the file is empty"),
        (b"not a model at all", "not a pottsfold model, nor one of plmc"),
        (b"\x93NUMPY" * 50, "a NumPy file of version"),
    ],
)
def test_what_is_no_model_is_refused(capsys, tmp_path, content, told):
    path = tmp_path / "x.potts"
    path.write_bytes(content)
    for words in (["info", path], ["scan", path, "-o", "-"]):
        status, out, err = run(capsys, *words)
        assert (status, out) == (2, "")
        assert err.startswith(f"pottsfold: {path}: {told}")
        assert err.count("\n") == 1


def start_long_fit(folder):
    """Start a fit that runs for minutes; return it once it is at work."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    rng = np.random.default_rng(0)
    letters = np.array(list("ACDEFGHIKLMNPQRSTVWY"))[rng.integers(0, 20, (2000, 200))]
    family = folder / "family.aln"
    family.write_text("\n".join("".join(row) for row in letters))
    process = subprocess.Popen(
        [
            *(sys.executable, str(ROOT / "cli.py"), "fit"),
            *(str(family), "-o", str(folder / "m.potts")),
            *("--tolerance", "1e-300", "--lambda-j", "1e-9", "--lambda-h", "1e-9"),
        ],
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("plan:"):
            break
    time.sleep(1.0)
    assert process.poll() is None, "the fit ended before it could be interrupted"
    return process


@pytest.mark.skipif(sys.platform == "win32", reason="signals of another kind")
@pytest.mark.parametrize(
    ("sent", "status", "told"),
    [
        ("SIGINT", 130, "pottsfold: interrupted; nothing was written\n"),
        ("SIGTERM", 143, "pottsfold: ended by SIGTERM; nothing was written\n"),
        ("SIGHUP", 129, "pottsfold: ended by SIGHUP; nothing was written\n"),
        ("SIGKILL", -9, ""),
    ],
)
def test_an_interrupted_fit_leaves_no_file(tmp_path, sent, status, told):
    old = tmp_path / "m.potts"
    old.write_text("what stood here before")
    process = start_long_fit(tmp_path)
    process.send_signal(getattr(signal, sent))
    _, err = process.communicate(timeout=60)
    assert process.returncode == status
    assert err.endswith(told)
    assert {path.name for path in tmp_path.iterdir()} == {"m.potts", "family.aln"}
    assert old.read_text() == "what stood here before"


def test_a_second_fit_compiles_nothing(family, tmp_path):
    program = (
        "import sys; from pottsfold.commands.main import main; "
        f"main(['fit', {str(family)!r}, '-o', {str(tmp_path / 'm.potts')!r}]); "
        "from numba.core.dispatcher import Dispatcher; "
        "import pottsfold.inference.optimize.kernels as i; "
        "import pottsfold.alignment.kernels as a, "
        "pottsfold.inference.pseudolikelihood.kernels as p; "
        "stats = [k.stats for m in (i, a, p) for k in vars(m).values() "
        "if isinstance(k, Dispatcher)]; "
        "print(sum(sum(s.cache_misses.values()) for s in stats), "
        "sum(sum(s.cache_hits.values()) for s in stats))"
    )
    for _ in range(2):
        result = subprocess.run(
            [sys.executable, "-c", program],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
    misses, hits = map(int, result.stdout.split())
    assert misses == 0
    assert hits >= 8


def test_strengths_chosen_by_the_family_are_told_and_kept(tmp_path, capsys):
    rng = np.random.default_rng(0)
    path = tmp_path / "family.fasta"
    rows = ["".join(rng.choice(list("ACDE"), 6)) for _ in range(40)]
    path.write_text("".join(f">s{k}\n{row}\n" for k, row in enumerate(rows)))
    out = tmp_path / "a.potts"
    status, _, err = run(capsys, "fit", path, "-o", out, "--lambda", "auto")
    assert status == 0
    assert re.search(r"cross-validation: 1[4-8] sequences in 2 of 5 folds", err)
    report = load_fit(out).report
    assert report.settings["lambda_j"] >= 3 * 0.01 * 19 * 5
    assert report.settings["lambda_h"] >= 1
    assert sum("chosen" in line for line in report.history) == 1
    assert report.provenance.seed == 0


def test_strengths_of_plmc_are_those_given_one_by_one(capsys, family, tmp_path):
    models = [tmp_path / "plmc.potts", tmp_path / "given.potts"]
    _, _, err = run(capsys, "fit", family, "-o", models[0], "--lambda", "plmc")
    assert "lambda_h 0.01, lambda_j 0.76" in err
    words = ["--lambda-h", "0.01", "--lambda-j", repr(0.01 * 19 * 4)]
    assert run(capsys, "fit", family, "-o", models[1], *words)[0] == 0
    assert models[0].read_bytes() == models[1].read_bytes()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--lambda-h", "1"], "--lambda plmc sets penalties; leave out --lambda-h"),
        (["--lambda-j", "1"], "leave out --lambda-h and --lambda-j"),
        (["--method", "boltzmann"], "--lambda plmc: default and auto are those of"),
        (["--method", "independent"], "of pseudolikelihood and boltzmann"),
    ],
)
def test_strengths_of_plmc_are_for_pseudolikelihood_and_alone(
    tmp_path, capsys, family, words, message
):
    out = tmp_path / "a.potts"
    status, _, err = run(capsys, "fit", family, "-o", out, "--lambda", "plmc", *words)
    assert (status, err.count("\n")) == (2, 1)
    assert message in err
    assert not out.exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--lambda-h", "1"], "leave out --lambda-h"),
        (["--method", "mean-field"], "of pseudolikelihood and boltzmann"),
    ],
)
def test_strengths_are_chosen_or_given(tmp_path, capsys, words, message):
    path = tmp_path / "family.fasta"
    path.write_text(">a\nACD\n>b\nACE\n>c\nCCE\n")
    out = tmp_path / "a.potts"
    status, _, err = run(capsys, "fit", path, "-o", out, "--lambda", "auto", *words)
    assert status == 2
    assert message in err
    assert not out.exists()
