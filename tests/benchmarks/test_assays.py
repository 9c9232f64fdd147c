"""The comparison with measured libraries runs, on a tiny made case."""

import numpy as np
import pandas as pd
import pytest

from tests.benchmarks import assays
from tests.benchmarks.assays import (
    Library,
    fitted,
    judgeable,
    measure,
    measure_stability,
    pseudolikelihood,
    shown,
)
from tests.mutations.assays import made
from tests.strategies import random_alignment


@pytest.fixture
def data(tmp_path, monkeypatch):
    """A folder laid out like the real one, with one family of nine sites."""
    family = random_alignment(0, 40, 9, unknown=0)
    folder = tmp_path / "dms" / "stability"
    folder.mkdir(parents=True)
    text = "".join(
        f">{name}\n{family.alphabet.decode(row)}\n"
        for name, row in zip(family.names, family.codes, strict=True)
    )
    (folder / "tiny.fasta.gz").write_text(text)
    model = fitted(folder / "tiny.fasta.gz", pseudolikelihood(1.0, 2.0))
    names = [*made.singles(model), *made.doubles(model, 100), *made.triples(model, 20)]
    library = made.library(model, names, noise=0.01)
    # A stop, and a position outside: neither can be judged.
    library.loc[0, "mutant"] = library["mutant"][0][:-1] + "*"
    library.loc[1, "mutant"] = "A900W"
    library.to_csv(folder / "tiny.csv.gz", index=False)
    known = {"evcouplings_epi": 0.1, "evcouplings_ind": 0.2, "gemme_ind": 0.3}
    pd.DataFrame([{"domain": "tiny", **known}]).to_csv(
        folder / "reference.csv", index=False
    )
    one = Library(
        "tiny (made)",
        "tiny",
        "stability/tiny.fasta.gz",
        "stability/tiny.csv.gz",
        {"1": (0.5, 0.4)},
        0.25,
    )
    monkeypatch.setattr(assays, "LIBRARIES", (one,))
    return tmp_path


def test_a_tiny_library_goes_through(data):
    def models(family, alignment):
        assert family == "tiny"
        return fitted(alignment, pseudolikelihood(1.0, 2.0))

    agreement, epistasis = measure(data, models)
    assert agreement["class"].tolist() == ["1", "2", "3+"]
    assert agreement["n"].tolist() == [9 * 19 - 2, 100, 20]
    assert (agreement["log_odds"] > 0.95).all()
    assert agreement["plmc_epi"].tolist()[0] == 0.5
    assert np.isnan(agreement["plmc_epi"][1])
    assert epistasis["plmc_raw"].tolist() == [0.25]
    stability = measure_stability(data, models)
    assert stability["gemme_ind"].tolist() == [0.3]
    text = shown(agreement, "class")
    assert "mean of 3+" in text
    assert "nan" not in text.lower()


def test_stops_and_outside_rows_are_left_out(data):
    folder = data / "dms" / "stability"
    rows = judgeable(folder / "tiny.csv.gz", folder / "tiny.fasta.gz")
    assert len(rows) == 9 * 19 + 100 + 20 - 2


def test_every_reference_value_belongs_to_a_class():
    for library in assays.LIBRARIES:
        assert set(library.reference) <= {"1", "2", "3+"}
