"""What is recorded of an input: its name and its content, not where it stood."""

from __future__ import annotations

import json
import os
from dataclasses import replace

import pytest

from pottsfold.commands.main import main
from pottsfold.model import load_fit, read_header, save_fit
from pottsfold.provenance import recorded_name, source_of

FAMILY = ">focus\nACDEF\n>b\nACDEW\n>c\nGCDEF\n>d\nAC-EF\n>e\nACDKF\n"


def fitted(folder, words=()):
    """Return a model of the family in a folder of its own."""
    folder.mkdir()
    (folder / "family.fasta").write_text(FAMILY)
    model = folder / "m.potts"
    words = ["fit", str(folder / "family.fasta"), "-o", str(model), *words]
    assert main(words) == 0
    return model


@pytest.mark.parametrize("method", ["independent", "mean-field", "pseudolikelihood"])
def test_a_model_is_the_same_wherever_its_alignment_stood(tmp_path, method):
    words = ["--method", method]
    here, there = (fitted(tmp_path / name, words) for name in ("here", "there"))
    assert here.read_bytes() == there.read_bytes()
    source = load_fit(here).report.provenance.source
    assert source["name"] == "family.fasta"
    assert len(source["sha256"]) == 64


def test_no_result_names_a_folder(tmp_path):
    folder = tmp_path / "somebodys_folder"
    model = fitted(folder)
    converted = str(folder / "c.model")
    sample = ["sample", str(model), "-n", "2", "--sweeps", "2"]
    sample += ["--start", str(folder / "family.fasta")]
    for words in (
        ["convert", str(model), converted],
        ["convert", converted, str(folder / "again.potts")],
        ["scan", str(model), "-o", str(folder / "s.csv")],
        ["scan", str(model), "-o", str(folder / "s.parquet")],
        [*sample, "-o", str(folder / "s.fasta")],
    ):
        assert main(words) == 0
    results = [path for path in folder.iterdir() if path.is_file()]
    assert len(results) > 7
    for path in results:
        assert folder.name.encode() not in path.read_bytes(), path


def test_older_records_with_a_path_are_read(tmp_path, capsys):
    model = fitted(tmp_path / "here")
    fit = load_fit(model)
    made = replace(fit.report.provenance, source={"path": "/data/family.fasta"})
    save_fit(model, replace(fit, report=replace(fit.report, provenance=made)))
    assert read_header(model).report.provenance.source["path"] == "/data/family.fasta"
    assert main(["info", str(model)]) == 0
    assert "input path   /data/family.fasta" in capsys.readouterr().out


def test_a_name_in_another_encoding_is_kept_readable():
    assert (
        recorded_name(os.fsdecode(b"folder/Gr\xf6\xdfe.fasta")) == r"Gr\xf6\xdfe.fasta"
    )
    assert recorded_name("folder/Größe.fasta") == "Größe.fasta"
    record = source_of("a/b.csv", "0" * 64, format="csv")
    assert json.loads(json.dumps(record)) == {
        "name": "b.csv",
        "sha256": "0" * 64,
        "format": "csv",
    }
