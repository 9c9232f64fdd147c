"""Designs of a real domain, where its alignment is at hand."""

import pandas as pd
import pytest

from pottsfold.commands.main import main
from tests.design.test_exact import solved

DOMAIN = "1orc_A_3-60"


@pytest.fixture(scope="module")
def model(shared_data, tmp_path_factory):
    folder = shared_data / "stability_structures"
    path = tmp_path_factory.mktemp("domain") / "domain.potts"
    structure = ["--structure", str(folder / f"{DOMAIN}.pdb.gz")]
    alignment = str(folder / f"{DOMAIN}.fasta.gz")
    assert main(["fit", alignment, "-o", str(path), "--threads", "1", *structure]) == 0
    return path


@pytest.mark.slow
@solved
def test_a_masked_domain_is_proven_whole_and_within_a_budget(model, tmp_path):
    tables = []
    for words in ([], ["--max-mutations", "5"], ["--max-mutations", "5", "-n", "3"]):
        out = tmp_path / f"{len(tables)}.csv"
        assert main(["design", str(model), "-o", str(out), *words]) == 0
        tables.append(pd.read_csv(out))
    assert all(table["proven"].all() for table in tables)
    whole, few, three = tables
    # Fewer rules, lower energy; and the best of a list is the best.
    assert whole["energy"][0] < few["energy"][0]
    assert few["sequence"][0] == three["sequence"][0]
    assert three["energy"].is_monotonic_increasing
    assert (whole["log_odds"] > few["log_odds"][0]).all()
    assert (few["n_mutations"] <= 5).all()
