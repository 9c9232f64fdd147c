"""One evaluation of the objective beside the plain loop; ``make bench`` times them."""

import numpy as np
import pytest

from pottsfold.inference.pseudolikelihood.sites import Sites
from pottsfold.inference.pseudolikelihood.symmetric import Pseudolikelihood
from pottsfold.threads import Workers
from tests.benchmarks import plain
from tests.benchmarks.made import made_alignment

SIZES = [(1000, 50), (2000, 150)]


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_plain_loop(benchmark, size):
    alignment = made_alignment(*size)
    by_column = np.ascontiguousarray(alignment.codes.T)
    table = plain.table_for(size[1])
    sums = np.zeros((size[0], 24), np.float32)
    plain.add_rows(by_column, table, sums)
    sums[:] = 0
    benchmark.pedantic(plain.add_rows, (by_column, table, sums), rounds=3)
    one_pass = table[np.arange(size[1]), alignment.codes].sum(axis=1)
    rounds = np.rint(np.median(sums[0] / one_pass[0]))
    np.testing.assert_allclose(sums, rounds * one_pass, rtol=1e-3, atol=1e-2)


@pytest.mark.parametrize("gaps", ["state", "missing"])
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_evaluation(benchmark, size, gaps):
    alignment = made_alignment(*size)
    with Workers(1) as workers:
        sites = Sites(alignment, gaps, 0.01)
        objective = Pseudolikelihood(sites, 0.2 * size[1], workers)
        point = objective.start()
        gradient = np.empty_like(point)
        first = objective(point, gradient)
        point -= objective.first_step() * gradient
        value = benchmark.pedantic(objective, (point, gradient), rounds=3)
    assert value < first
