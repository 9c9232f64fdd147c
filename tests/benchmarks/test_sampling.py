"""The plain sweeps, by which others are judged, sample the enumerated law."""

from __future__ import annotations

import numpy as np
import pytest

from pottsfold.sampling import Sampler, Target, start_chains
from tests.benchmarks import plain
from tests.benchmarks.sampling import updates_per_second
from tests.sampling.test_sampler import SURE, TINY, statistic
from tests.strategies import random_model


@pytest.mark.statistical
@pytest.mark.parametrize("sweep", ["numpy_sweep", "numba_sweep"])
def test_plain_sweeps_draw_from_the_model(sweep):
    model = random_model(11, 4, TINY, scale=0.7)
    table = np.ascontiguousarray(model.couplings.transpose(0, 1, 3, 2))
    codes = start_chains(Target(model), 20000, seed=1).codes.copy()
    randomness = (np.random.default_rng(3),) if sweep == "numpy_sweep" else ()
    for _ in range(40):
        getattr(plain, sweep)(codes, model.fields, table, *randomness)
    choices = [list(range(4))] * 4
    assert statistic(model, codes, choices, 1.0) > SURE
    assert statistic(model, codes, choices, 1.1) < 1e-6


def test_rates_are_positive():
    sampler = Sampler(Target(random_model(0, 5, TINY)), np.array([1.0]))
    assert 1e3 < updates_per_second(sampler, 500) < 1e10
