"""Real libraries: plmc + EVcouplings' figures, and what a few measurements add.

Reference values stand in ``dms/README.md`` under POTTSFOLD_DATA.
"""

import pytest

from pottsfold.mutations import mutant_effects, place_library, read_library
from pottsfold.mutations.assays import learning_curve, measurements
from tests.benchmarks.assays import (
    LIBRARIES,
    fitted,
    judgeable,
    of_library,
    pseudolikelihood,
)

DEFAULTS = pseudolikelihood(0.01, 1.0)


@pytest.mark.slow
def test_agreement_with_pabp_is_that_of_plmc_and_evcouplings(shared_data):
    library = LIBRARIES[0]
    assert library.name == "pabp (nn4dms)"
    folder = shared_data / "dms"
    model = fitted(folder / library.alignment, DEFAULTS, "upper")
    rows = judgeable(folder / library.table, folder / library.alignment)
    found = of_library(model, rows)
    for name, (epistatic, independent) in library.reference.items():
        assert found[name]["log_odds"] == pytest.approx(epistatic, abs=0.005)
        assert found[name]["independent"] == pytest.approx(independent, abs=0.005)
    raw = found["epistasis"]["spearman_raw"]
    assert raw == pytest.approx(library.epistasis, abs=0.005)


@pytest.mark.slow
def test_a_few_measurements_of_rl401_add_more_than_hsu_et_al_report(shared_data):
    folder = shared_data / "dms" / "rl401"
    model = fitted(folder / "RL401_YEAST.a2m", DEFAULTS)
    library = read_library(folder / "variants_rl401_bolon2013.csv.gz")
    mutants = place_library(model, library)
    found = measurements(library, mutants)
    curve = learning_curve(model, mutants, mutant_effects(model, mutants), found)
    assert (curve["spearman"] > [0.45, 0.5, 0.6, 0.7]).all()
    assert curve["coverage"][1:].between(0.86, 0.96).all()
