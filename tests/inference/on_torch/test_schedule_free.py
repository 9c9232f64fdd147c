"""Averaged steps against their formula, and down a slope."""

from __future__ import annotations

import math

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from pottsfold.inference.on_torch.schedule_free import ScheduleFree  # noqa: E402


def naive_steps(gradients, start, rate, warm_up):
    """The average after steps along given gradients, one number after another."""
    result = []
    for k, begin in enumerate(start):
        x = z = begin
        squares = sum_of_weights = 0.0
        for t, gradient in enumerate(gradients, start=1):
            g = gradient[k]
            squares = 0.999 * squares + 0.001 * g * g
            length = math.sqrt(squares / (1 - 0.999**t))
            step = rate * min(1.0, t / warm_up)
            z = z - step * g / length
            sum_of_weights += step * step
            c = step * step / sum_of_weights
            x = (1 - c) * x + c * z
        result.append(x)
    return result


def test_averages_equal_the_naive_ones():
    rng = np.random.default_rng(0)
    start, gradients = rng.normal(size=6), rng.normal(size=(25, 6))
    parts = [torch.tensor(x, dtype=torch.float32) for x in (start[:2], start[2:])]
    search = ScheduleFree(parts, 0.05, 10)
    for gradient in gradients:
        whole = torch.tensor(gradient, dtype=torch.float32)
        search.step([whole[:2], whole[2:]])
    found = torch.cat(search.averages).numpy()
    expected = naive_steps(gradients, start, 0.05, 10)
    np.testing.assert_allclose(found, expected, rtol=1e-4)
    assert not np.allclose(found, naive_steps(gradients, start, 0.05, 1), rtol=1e-3)


def test_gradients_are_taken_nearer_to_the_average():
    search = ScheduleFree([torch.zeros(1)], 1.0, 1)
    search.step([torch.ones(1)])
    search.step([torch.ones(1)])
    # z went to -1 and -2, their average is -1.5.
    assert float(search.averages[0]) == pytest.approx(-1.5)
    assert float(search.places()[0]) == pytest.approx(0.9 * -1.5 + 0.1 * -2)


def test_a_parameter_without_gradient_stays():
    search = ScheduleFree([torch.ones(2)], 0.1, 1)
    for _ in range(5):
        search.step([torch.tensor([0.0, 1.0])])
    assert float(search.averages[0][0]) == 1
    assert float(search.averages[0][1]) < 1


def test_noisy_slopes_lead_to_the_minimum():
    rng = np.random.default_rng(1)
    target = torch.tensor([1.0, -2.0, 0.5])
    search = ScheduleFree([torch.zeros(3)], 0.05, 20)
    for _ in range(2000):
        noise = torch.tensor(rng.normal(0, 1, 3), dtype=torch.float32)
        (place,) = search.places()
        search.step([place - target + noise])
    assert torch.allclose(search.averages[0], target, atol=0.1)
