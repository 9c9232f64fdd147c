"""``fit`` and ``convert`` with ``--match-temperature``."""

import os
from dataclasses import replace

import numpy as np
import pytest

from pottsfold.commands.main import main
from pottsfold.model import Fit, FitReport, load_fit, read_header, save_fit
from tests.strategies import random_model


@pytest.fixture(scope="module")
def family(tmp_path_factory):
    """Sequences of strong fields, so that every fit meets them near 1."""
    model = random_model(0, 8, scale=1.0)
    rng = np.random.default_rng(0)
    logits = model.fields[:, 1:].astype(float) * 2
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    codes = np.stack([1 + rng.choice(20, 300, p=row) for row in p], axis=1)
    path = tmp_path_factory.mktemp("family") / "family.fasta"
    rows = [model.alphabet.decode(row.astype(np.uint8)) for row in codes]
    path.write_text("".join(f">s{k}\n{row}\n" for k, row in enumerate(rows)))
    return path


@pytest.mark.parametrize("method", ["pseudolikelihood", "mean-field", "independent"])
def test_fit_keeps_the_matched_temperature(family, tmp_path, capsys, method):
    path = tmp_path / "m.potts"
    words = ["fit", str(family), "-o", str(path), "--method", method]
    if method == "pseudolikelihood":
        words += ["--lambda-h", "1", "--lambda-j", "10"]
    assert main([*words, "--match-temperature", "--threads", "1"]) == 0
    told = capsys.readouterr().err
    fit = load_fit(path)
    temperature = fit.model.temperature
    assert f"matched temperature {temperature:g}: mean pairwise identity" in told
    assert fit.report.provenance.seed == 0
    how = fit.report.history[-1]
    assert how.startswith(f"matched temperature {temperature:g}: ")
    assert "300 natural sequences" in how
    assert how.endswith("seed 0")
    assert main(["info", str(path)]) == 0
    shown = capsys.readouterr().out
    assert f"temperature  {temperature:g} matched; how: see history" in shown
    assert f"history      {how}" in shown
    if method == "independent":
        assert temperature == pytest.approx(1, abs=0.1)
        assert main([*words, "--match-temperature", "--threads", "2"]) == 0
        assert load_fit(path).model.temperature == temperature


def test_a_fit_is_not_lost_with_its_match(family, tmp_path, capsys, monkeypatch):
    path = tmp_path / "m.potts"
    words = ["fit", str(family), "-o", str(path), "--method", "independent"]
    monkeypatch.setattr(
        "pottsfold.landscape.temperature.exploring.MAX_TEMPERATURE", 0.3
    )
    assert main([*words, "--match-temperature"]) == 2
    assert "no matched temperature: " in capsys.readouterr().err
    assert load_fit(path).model.temperature is None
    assert main(["info", str(path)]) == 0
    assert "temperature  none matched" in capsys.readouterr().out


def test_a_family_named_in_another_encoding_leaves_a_model_that_can_be_read(
    family, tmp_path, capsys
):
    odd, path = tmp_path / os.fsdecode(b"caf\xe9.fasta"), tmp_path / "m.potts"
    odd.write_bytes(family.read_bytes())
    words = ["fit", str(odd), "-o", str(path), "--method", "independent"]
    assert main([*words, "--match-temperature"]) == 0
    assert main(["info", str(path)]) == 0
    assert "natural sequences of caf\\xe9.fasta, sha256" in capsys.readouterr().out


def test_convert_matches_a_model_that_exists(family, tmp_path, capsys):
    path, out = tmp_path / "m.potts", tmp_path / "n.potts"
    words = ["fit", str(family), "-o", str(path), "--method", "independent"]
    assert main(words) == 0
    assert read_header(path).temperature is None
    match = ["--match-temperature", str(family), "--seed", "3"]
    assert main(["convert", str(path), str(out), *match]) == 0
    fit = load_fit(out)
    assert fit.model.temperature == pytest.approx(1, abs=0.1)
    assert fit.report.history[-1].endswith("seed 3")
    np.testing.assert_array_equal(fit.model.fields, load_fit(path).model.fields)
    # It stays from file to file, and is told of where it cannot.
    again = tmp_path / "o.potts"
    assert main(["convert", str(out), str(again), "--first", "5"]) == 0
    assert load_fit(again).model.temperature == fit.model.temperature
    capsys.readouterr()
    assert main(["convert", str(out), str(tmp_path / "o.raw")]) == 0
    lost = f"not kept: the matched temperature, {fit.model.temperature:g}"
    assert lost in capsys.readouterr().err


def test_only_our_own_file_keeps_a_temperature(family, tmp_path, capsys):
    path, out = tmp_path / "m.potts", tmp_path / "m.raw"
    model = replace(random_model(0, 8), temperature=0.5)
    save_fit(path, Fit(model, FitReport("independent")))
    words = ["convert", str(path), str(out), "--match-temperature", str(family)]
    assert main(words) == 2
    assert "only a .potts file keeps a temperature" in capsys.readouterr().err
    assert not out.exists()
