"""``pottsfold fit --method boltzmann`` as a user meets it."""

import json

import numpy as np
import pytest

from pottsfold.alphabet import RNA
from pottsfold.commands.main import main
from pottsfold.errors import NotConverged
from pottsfold.model import load_fit
from pottsfold.sampling import Sampler, Target, start_chains
from pottsfold.threads import Workers
from tests.strategies import random_model

QUICK = ["--chains", "200", "--max-iterations", "50", "--lambda-j", "0.01"]


@pytest.fixture(scope="module")
def family(tmp_path_factory):
    """Sequences drawn from a small model, without a focus."""
    model = random_model(1, 8, RNA, scale=0.5)
    sampler = Sampler(Target(model), np.array([1.0]))
    with Workers(1) as workers:
        chains, _ = sampler.step(start_chains(sampler.target, 400, 0), 50, workers)
    path = tmp_path_factory.mktemp("boltzmann") / "family.fasta"
    rows = [f">s{n}\n{RNA.decode(x)}\n" for n, x in enumerate(chains.codes)]
    path.write_text("".join(rows))
    return path


def fit(capsys, path, out, *words):
    given = ["fit", path, "-o", out, "--no-focus", "--method", "boltzmann", *words]
    status = main([str(word) for word in given])
    return status, capsys.readouterr().err


def test_a_model_is_learned_and_says_how_well(capsys, family, tmp_path):
    out = tmp_path / "m.potts"
    status, err = fit(capsys, family, out, *QUICK, "--target", "0.5")
    assert status == 0
    assert "plan: Boltzmann learning" in err
    assert "chains that run until they mix" in err
    report = load_fit(out).report
    assert report.quality["pearson"] > 0.5
    assert report.provenance.seed == 0
    assert main(["info", str(out)]) == 0
    assert "quality      pearson 0." in capsys.readouterr().out


def test_sparse_and_held_out_forms_are_at_hand(capsys, family, tmp_path):
    sparse, held_out = tmp_path / "s.potts", tmp_path / "h.potts"
    words = [*QUICK, "--target", "0.3", "--sparse", "activation"]
    assert fit(capsys, family, sparse, *words)[0] == 0
    assert load_fit(sparse).report.quality["density"] < 1
    words = [*QUICK, "--target", "0.3", "--held-out", "0.3"]
    assert fit(capsys, family, held_out, *words)[0] == 0
    assert load_fit(held_out).report.quality["held_out_sequences"] > 20


def test_the_same_seed_gives_the_same_file(capsys, family, tmp_path):
    files = [tmp_path / name for name in ("a.potts", "b.potts")]
    for out, threads in zip(files, "12", strict=True):
        assert fit(capsys, family, out, *QUICK, "--threads", threads)[0] == 0
    assert files[0].read_bytes() == files[1].read_bytes()


def test_models_without_a_focus_are_compared_too(capsys, family, tmp_path):
    out, drawn = tmp_path / "m.potts", tmp_path / "s.fasta"
    assert fit(capsys, family, out, *QUICK)[0] == 0
    words = ["sample", out, "-n", "50", "-o", drawn, "--compare", family]
    assert main([str(word) for word in words]) == 0
    err = capsys.readouterr().err
    assert "8 columns are taken for sites" in err
    assert "two-site statistics" in err


BAD = [
    (["--lambda-h", "1"], "it is of pseudolikelihood and independent"),
    (["--tolerance", "1"], "it is of pseudolikelihood"),
    (["--density", "0.1"], "give --sparse too"),
    (["--sparse", "activation", "--held-out", "0.2"], "excludes --held-out"),
    (["--resume"], "give the --checkpoint"),
    (["--checkpoint", "/no/such/folder/c"], "does not exist"),
    (["--target", "2"], "--target 2"),
    (["--chains", "0"], "--chains 0"),
]


@pytest.mark.parametrize(("words", "message"), BAD)
def test_what_does_not_go_together_is_told_in_a_line(
    capsys, family, tmp_path, words, message
):
    out = tmp_path / "m.potts"
    status, err = fit(capsys, family, out, *words)
    assert status == 2
    assert message in err.splitlines()[-1]
    assert not out.exists()


def test_other_methods_have_no_chains(capsys, family, tmp_path):
    words = ["fit", family, "-o", tmp_path / "m.potts", "--no-focus", "--chains", "3"]
    assert main([str(word) for word in words]) == 2
    assert (
        "--chains: pseudolikelihood has no such setting; it is of boltzmann"
        in capsys.readouterr().err
    )


def test_a_checkpoint_takes_no_other_files_place(capsys, family, tmp_path):
    out, before = tmp_path / "m.potts", family.read_bytes()
    for place, message in ((family, "is read"), (out, "is written")):
        status, err = fit(capsys, family, out, *QUICK, "--checkpoint", place)
        assert status == 2
        assert message in err
    assert family.read_bytes() == before


def test_samples_take_no_inputs_place(capsys, family, tmp_path):
    out = tmp_path / "m.potts"
    assert fit(capsys, family, out, *QUICK)[0] == 0
    own = tmp_path / "own.fasta"
    own.write_bytes(family.read_bytes())
    words = ["sample", out, "-n", "3", "-o", own, "--start", own]
    assert main([str(word) for word in words]) == 2
    assert own.read_bytes() == family.read_bytes()
    words = ["sample", out, "-n", "3", "-o", tmp_path / "s.fasta", "--compare", own]
    assert main([str(word) for word in words]) == 2
    assert not (tmp_path / "s.fasta").exists()
    for temperature in ("1e30", "-1", "nan"):
        words = ["sample", out, "-n", "3", "-o", "-", "--temperature", temperature]
        assert main([str(word) for word in words]) == 2
    assert "--temperature" in capsys.readouterr().err


def test_a_round_cut_short_is_not_called_the_end(capsys, family, tmp_path):
    out = tmp_path / "m.potts"
    words = ["--chains", "200", "--lambda-j", "0.01", "--target", "0.9999"]
    with pytest.warns(NotConverged):
        status, _ = fit(capsys, family, out, *words, "--max-iterations", "51")
    assert status == 0
    report = load_fit(out).report
    assert not report.converged
    assert "gained less" not in report.stopped_because
    assert json.dumps(report.quality, allow_nan=False)


def test_a_useless_model_is_not_called_converged(capsys, family, tmp_path):
    out = tmp_path / "m.potts"
    words = ["--chains", "200", "--lambda-j", "100", "--max-iterations", "100"]
    with pytest.warns(NotConverged):
        status, _ = fit(capsys, family, out, *words)
    assert status == 0
    assert not load_fit(out).report.converged
