"""The site-independent model's logarithms are SciPy's."""

import numpy as np
import pytest
from scipy.special import logsumexp

from pottsfold.model.independent import log_sum_exp


@pytest.mark.parametrize("scale", [0.0, 1e-8, 1.0, 30.0, 700.0])
def test_log_sum_exp_is_that_of_scipy_to_the_last_bit(scale):
    values = scale * np.random.default_rng(0).normal(size=(200, 21))
    values[:50] = np.round(values[:50], 1)  # several highest ones in a row
    assert np.array_equal(log_sum_exp(values), logsumexp(values, axis=1))
