"""Samples written from Python."""

import json
from pathlib import Path

import numpy as np

from pottsfold.alphabet import RNA
from pottsfold.sampling import Making, Sampler, Target, draw_samples, write_samples
from pottsfold.threads import Workers
from tests.strategies import random_model


def test_samples_are_written_without_the_program(tmp_path):
    model = random_model(0, 6, RNA)
    with Workers(1) as workers:
        sampler = Sampler(Target(model), np.array([0.5]))
        drawn = draw_samples(sampler, 3, sweeps=20, workers=workers)
    path = tmp_path / "new.fasta"
    making = Making(Path("family.potts"), "0" * 64, temperature=0.5, seed=0)
    write_samples(path, drawn, model, making)
    lines = path.read_text().splitlines()
    assert lines[1::2] == [model.alphabet.decode(row) for row in drawn.codes]
    assert all(" temperature=0.5 seed=0 model=family " in line for line in lines[::2])
    record = json.loads((tmp_path / "new.fasta.run.json").read_text())
    assert record["settings"] == {"temperature": 0.5, "seed": 0}
    assert record["run"] is None
