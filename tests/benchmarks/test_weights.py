"""Identity weights beside a plain double loop, on a family with near relatives."""

from __future__ import annotations

import math
import time

import numpy as np
import pytest
from numba import njit
from numpy.typing import NDArray
from pytest_benchmark.fixture import BenchmarkFixture

from pottsfold.alignment import identity_weights


@njit(error_model="numpy")
def double_loop(codes, most):
    n_rows, length = codes.shape
    neighbours = np.ones(n_rows, np.int64)
    for n in range(n_rows):
        for m in range(n):
            apart = 0
            for column in range(length):
                if codes[n, column] != codes[m, column]:
                    apart += 1
                    if apart > most:
                        break
            if apart <= most:
                neighbours[n] += 1
                neighbours[m] += 1
    return neighbours


def family(n_rows: int, length: int, spread: float) -> NDArray[np.uint8]:
    """Return rows around n_rows / 10 ancestors, which are around one of their own.

    Letters are drawn from each column's own frequencies; a share of columns of up to
    ``spread`` is drawn anew for each ancestor, half as many for each row.
    """
    rng = np.random.default_rng(0)
    chances = rng.dirichlet(np.full(21, 0.3), length).cumsum(axis=1)

    def mutated(rows, share):
        fresh = (rng.random(rows.shape)[:, :, None] > chances[:, :-1]).sum(axis=2)
        rates = share * rng.random((len(rows), 1))
        return np.where(rng.random(rows.shape) < rates, fresh, rows)

    ancestors = mutated(np.zeros((n_rows // 10 + 1, length), np.int64), spread)
    rows = ancestors[rng.integers(0, len(ancestors), n_rows)]
    return mutated(rows, spread / 2).astype(np.uint8)


@pytest.mark.parametrize("identity", [0.8, 0.3])
@pytest.mark.parametrize("spread", [1.0, 0.2], ids=["apart", "alike"])
@pytest.mark.parametrize("length", [50, 150, 300])
def test_identity_weights(
    benchmark: BenchmarkFixture, length: int, spread: float, identity: float
):
    codes = family(5000 if benchmark.enabled else 300, length, spread)
    most = length - math.ceil(identity * length - 1e-9)
    double_loop(codes[:2], most)
    start = time.perf_counter()
    neighbours = double_loop(codes, most)
    seconds = time.perf_counter() - start
    weights = benchmark(identity_weights, codes, identity, threads=1)
    assert np.array_equal(weights, 1.0 / neighbours)
    if benchmark.enabled:
        ratio = seconds / benchmark.stats.stats.min
        benchmark.extra_info["double loop / identity_weights"] = round(ratio, 1)
        print(f"  a double loop takes {ratio:.1f} times as long")
