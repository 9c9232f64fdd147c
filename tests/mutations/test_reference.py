"""Effects against EVcouplings' own numbers on plmc models of four families."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from pottsfold.alignment import Numbering
from pottsfold.model import load_fit
from pottsfold.mutations import score_table

# Library, its model, and what the model's numbers, from 1, lack.
LIBRARIES = [
    ("gb1_olson", "gb1_metlpub", 0),
    ("pabp_doubles", "pabp", 125),
    ("pabp_singles", "pabp", 125),
    ("rl401_bolon2013", "rl401", 0),
    ("yap1_araya", "yap1", 169),
]


def read_plmc(path, offset):
    model = load_fit(path).model
    numbers = model.numbering.positions + offset
    return replace(model, numbering=Numbering(numbers))


@pytest.mark.parametrize(("library", "model", "offset"), LIBRARIES)
def test_effects_equal_those_of_evcouplings(shared_data, library, model, offset):
    folder = shared_data / "reference" / "evmutation"
    expected = pd.read_csv(folder / f"{library}.csv")
    potts = read_plmc(folder / f"{model}.model.gz", offset)
    table = score_table(potts, expected[["mutant"]])
    assert (table["status"] == "ok").all()
    for name in ("log_odds", "additive", "independent"):
        # EVcouplings prints six digits of sums made in float32.
        np.testing.assert_allclose(table[name], expected[name], rtol=0, atol=1e-3)
