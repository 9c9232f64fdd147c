"""``fit --device`` as a person runs it: what it says, writes and refuses."""

import importlib.util
import re

import numpy as np
import pytest

from pottsfold.model import load_fit
from tests.commands.test_fit import run
from tests.strategies import random_alignment

NEEDS_TORCH = pytest.mark.skipif(
    importlib.util.find_spec("torch") is None, reason="torch is not installed"
)


@pytest.fixture
def family(tmp_path):
    drawn = random_alignment(1, 80, 9)
    rows = [drawn.alphabet.decode(row).replace("X", "-") for row in drawn.codes]
    path = tmp_path / "a.fasta"
    path.write_text("".join(f">s{k}\n{row}\n" for k, row in enumerate(rows)))
    return path


@NEEDS_TORCH
@pytest.mark.parametrize("options", [[], ["--pseudolikelihood-form", "asymmetric"]])
def test_a_device_writes_the_model_that_the_cpus_core_does(
    capsys, family, tmp_path, options
):
    words = ["fit", family, "--gaps", "state", "--tolerance", 1e-7, *options]
    assert run(capsys, *words, "-o", tmp_path / "one.potts")[0] == 0
    status, out, err = run(
        capsys, *words, "-o", tmp_path / "two.potts", "--device", "cpu"
    )
    assert (status, out) == (0, "")
    assert re.search(r"plan: pseudolikelihood on cpu in float32, .*GiB", err)
    assert re.search(r"\d+ evaluations in [\d.]+ s on cpu", err)
    one, two = (load_fit(tmp_path / f"{name}.potts") for name in ("one", "two"))
    np.testing.assert_allclose(two.model.couplings, one.model.couplings, atol=2e-3)
    told = run(capsys, "info", tmp_path / "two.potts")[1]
    assert "torch" in told
    assert "float32" in told
    # The file differs in nothing but numbers and what is told of their making.
    report = set(two.report.settings) - set(one.report.settings)
    assert report == {"device", "precision"}


@NEEDS_TORCH
@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--device", "cuda:77"], "--device cuda:77: there is no such device here"),
        (["--device", "gpu"], r"--device gpu: .* there are .*cpu, and auto"),
        (["--device", "cpu", "--method", "mean-field"], "mean-field runs on the CPU"),
        (
            ["--device", "cpu", "--method", "boltzmann", "--sparse", "activation"],
            "--device cpu: sparse models are learned on the CPU alone",
        ),
        (["--precision", "bf16"], "--precision: it is of --device; give that too"),
        (["--checkpoint", "C"], "--checkpoint: fits on a device have one; give --dev"),
        (["--device", "cpu", "--resume"], "--resume: give the --checkpoint"),
        (["--device", "cpu", "--precision", "int8"], "int8"),
    ],
)
def test_what_does_not_go_gets_one_line(capsys, family, tmp_path, options, message):
    model = tmp_path / "m.potts"
    options = [str(tmp_path / word) if word == "C" else word for word in options]
    status, out, err = run(capsys, "fit", family, "-o", model, *options)
    assert (status, out) == (2, "")
    assert re.search(message, err)
    assert err.count("\n") == 1
    assert not model.exists()


@NEEDS_TORCH
def test_penalties_beyond_single_precision_get_one_line(capsys, family, tmp_path):
    words = ["fit", family, "-o", tmp_path / "m.potts", "--device", "cpu"]
    status, _, err = run(capsys, *words, "--lambda-j", "1e300")
    assert status == 2
    assert "pottsfold: " in err
    assert "--lambda-j" in err.split("pottsfold: ")[1]
    assert "unexpected" not in err
    assert not (tmp_path / "m.potts").exists()


def test_without_torch_one_line_says_what_to_install(
    capsys, family, tmp_path, monkeypatch
):
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util,
        "find_spec",
        lambda name, *more: None if name == "torch" else found(name, *more),
    )
    words = ["fit", family, "-o", tmp_path / "m.potts"]
    status, out, err = run(capsys, *words, "--device", "cpu")
    assert (status, out) == (2, "")
    assert "--device: torch is not installed; pip install 'pottsfold[torch]'" in err
    assert err.count("\n") == 1
    assert run(capsys, *words)[0] == 0


@NEEDS_TORCH
@pytest.mark.filterwarnings("ignore::pottsfold.errors.NotConverged")
def test_a_fit_goes_on_from_its_checkpoint(capsys, family, tmp_path):
    words = ["fit", family, "--device", "cpu", "--checkpoint", tmp_path / "c"]
    begun = run(capsys, *words, "-o", tmp_path / "m.potts", "--max-iterations", 3)
    assert begun[0] == 0
    assert not load_fit(tmp_path / "m.potts").report.converged
    resumed = run(capsys, *words, "-o", tmp_path / "m.potts", "--resume")
    assert resumed[0] == 0
    assert load_fit(tmp_path / "m.potts").report.converged
    whole = ["fit", family, "--device", "cpu", "-o", tmp_path / "w.potts"]
    assert run(capsys, *whole)[0] == 0
    one, other = (load_fit(tmp_path / f"{name}.potts").model for name in "mw")
    assert one.couplings.tobytes() == other.couplings.tobytes()
