"""Diagnostics against processes whose answers are known."""

import numpy as np
import pytest

from pottsfold.sampling.diagnostics import (
    autocorrelation_time,
    effective_size,
    principal_projections,
    split_rhat,
)


def ar1(rho, chains, records, seed=0):
    """x_t = rho x_t-1 + noise, stationary, variance 1: tau = (1 + rho) / (1 - rho)."""
    rng = np.random.default_rng(seed)
    series = np.empty((chains, records))
    series[:, 0] = rng.normal(size=chains)
    for t in range(1, records):
        noise = rng.normal(size=chains) * np.sqrt(1 - rho**2)
        series[:, t] = rho * series[:, t - 1] + noise
    return series


@pytest.mark.statistical
@pytest.mark.parametrize("rho", [0.0, 0.5, 0.9])
def test_autocorrelation_time_of_a_known_process(rho):
    tau = (1 + rho) / (1 - rho)
    series = ar1(rho, 20, 5000)
    assert autocorrelation_time(series) == pytest.approx(tau, rel=0.08)
    assert effective_size(series) == pytest.approx(series.size / tau, rel=0.08)


@pytest.mark.statistical
def test_chains_that_repel_themselves_say_more_than_independent_ones():
    assert effective_size(ar1(-0.5, 10, 2000)) > 2 * 20000


@pytest.mark.statistical
def test_rhat_sees_what_it_should():
    series = ar1(0.3, 8, 1000)
    assert split_rhat(series) < 1.01
    shifted = series + np.where(np.arange(8) < 4, 0.0, 1.0)[:, np.newaxis]
    assert split_rhat(shifted) > 1.1
    spread = series * np.where(np.arange(8) < 4, 1.0, 3.0)[:, np.newaxis]
    assert split_rhat(spread) > 1.1
    drifting = series + np.linspace(0, 2, 1000)
    assert split_rhat(drifting) > 1.1
    assert effective_size(shifted) < 0.02 * effective_size(series)


def test_rhat_and_size_do_not_ask_for_units():
    series = ar1(0.5, 4, 200)
    assert split_rhat(np.exp(series)) == pytest.approx(split_rhat(series), rel=0.05)
    assert effective_size(np.exp(3 * series)) == pytest.approx(effective_size(series))


def test_stuck_and_constant_chains():
    stuck = np.repeat(np.arange(4.0)[:, np.newaxis], 20, axis=1)
    assert split_rhat(stuck) == np.inf
    assert effective_size(stuck) < 5
    assert split_rhat(np.zeros((3, 20))) == 1.0
    with pytest.raises(ValueError, match="8 are needed"):
        split_rhat(np.zeros((3, 7)))


def test_projections_are_the_principal_components_of_indicators():
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 4, (30, 8, 6)).astype(np.uint8)
    codes[:15, :, :4] = codes[:15, :1, :4] // 2
    projections = principal_projections(codes)
    flat = np.eye(4)[codes.reshape(-1, 6)].reshape(240, -1)
    flat -= flat.mean(axis=0)
    _, _, directions = np.linalg.svd(flat, full_matrices=False)
    for k in range(2):
        ours = projections[k].ravel() - projections[k].mean()
        theirs = flat @ directions[k]
        sign = np.sign(ours @ theirs)
        np.testing.assert_allclose(sign * ours, theirs, atol=1e-8)
    assert not principal_projections(np.zeros((3, 5), np.uint8)).any()
