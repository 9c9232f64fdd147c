"""Gradients on a device are those of the Numba learner."""

import dataclasses

import numpy as np
import pytest
import torch

from pottsfold.errors import MemoryShort, UsageError
from pottsfold.inference.boltzmann import fit_boltzmann
from pottsfold.inference.boltzmann.learner import (
    Learner,
    first_state_of,
    learning_rate,
)
from pottsfold.inference.boltzmann.modes import leading_modes
from pottsfold.inference.boltzmann.statistics import family_statistics
from pottsfold.inference.methods import Boltzmann
from pottsfold.inference.on_torch import boltzmann as on_torch
from pottsfold.inference.on_torch.boltzmann import (
    DeviceLearner,
    counts_by_bins,
    counts_by_products,
)
from pottsfold.inference.on_torch.devices import Device
from pottsfold.threads import Workers
from tests.inference.boltzmann.test_fit import gapped_family

CPU = Device("cpu")


def learners(statistics, workers):
    modes = leading_modes(statistics)
    assert len(modes.gains) >= 1
    plain = Learner(statistics, modes, 0.02, workers)
    return plain, DeviceLearner(statistics, modes, 0.02, workers, CPU)


@pytest.mark.parametrize("gaps", ["state", "missing"])
def test_steps_are_those_of_the_numba_learner(gaps, monkeypatch):
    monkeypatch.setattr("pottsfold.inference.boltzmann.modes.MIN_VARIANCE", 1.2)
    family = gapped_family(n=200)
    with Workers(1) as workers:
        statistics = family_statistics(family, gaps, workers)
        plain, device = learners(statistics, workers)
        states = [first_state_of(statistics, 300, seed=2) for _ in range(2)]
        for made in range(4):
            if made == 2:
                for state in states:
                    state.start_round()
            for learner, state in zip((plain, device), states, strict=True):
                learner.step(state, learning_rate(made))
                # The same chains, so that rounding does not lead them apart.
                learner.move_chains(states[0] if learner is plain else state, 1)
            states[1].codes[...] = states[0].codes
            states[1].states[...] = states[0].states
        np.testing.assert_allclose(
            plain.fields(states[0]), device.fields(states[1]), atol=1e-5
        )
        states[1].refresh()
        for name in ("table", "centred", "mean_couplings", "mean_centred"):
            one, other = (getattr(state, name) for state in states)
            np.testing.assert_allclose(one, other, atol=1e-5, err_msg=name)
            assert np.abs(one).max() > 0.01
        means = [
            learner.mean_parameters(state)
            for learner, state in zip((plain, device), states, strict=True)
        ]
    for one, other in zip(*means, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)


def test_chains_move_as_those_of_the_numba_learner():
    family = gapped_family(n=200)
    with Workers(1) as workers:
        statistics = family_statistics(family, "state", workers)
        plain, device = learners(statistics, workers)
        states = [first_state_of(statistics, 2000, seed=2) for _ in range(2)]
        before = states[0].codes.copy()
        for learner, state in zip((plain, device), states, strict=True):
            learner.step(state, 0.3)
            learner.move_chains(state, 2)
    np.testing.assert_array_equal(states[0].states, states[1].states)
    # Those of Numba see couplings in steps of 1/1,024 nat.
    same = (states[0].codes == states[1].codes).all(axis=1).mean()
    assert same > 0.95
    assert (states[0].codes == before).all(axis=1).mean() < 0.5


@pytest.mark.parametrize("precision", ["float32", "bf16"])
def test_counts_of_pairs(precision, monkeypatch):
    codes = np.random.default_rng(0).integers(0, 5, (70, 6)).astype(np.uint8)
    expected = np.zeros((6, 5, 6, 5))
    for row in codes:
        for i, a in enumerate(row):
            for j, b in enumerate(row):
                expected[i, a, j, b] += 1
    tensor = torch.from_numpy(codes)
    monkeypatch.setattr(on_torch, "MOST_NUMBERS", 300)
    found = counts_by_products(tensor, 5, Device("cpu", precision))
    np.testing.assert_array_equal(found, expected.reshape(30, 30))
    found = counts_by_bins(tensor, 5).view(6, 5, 6, 5)
    for i in range(6):
        # A site's own are not counted: it has no couplings with itself.
        expected[i, :, i] = 0
    np.testing.assert_array_equal(found, expected)


def fitted(family, device, **settings):
    return fit_boltzmann(
        family, chains=500, threads=1, seed=1, device=device, **settings
    )


@pytest.mark.slow
def test_the_same_verdict_as_without_a_device():
    family = gapped_family(n=500)
    one, other = (fitted(family, device, target=0.9) for device in (None, CPU))
    assert one.report.converged
    assert other.report.converged
    assert one.report.n_evaluations == other.report.n_evaluations
    found = [fit.model.couplings.ravel() for fit in (one, other)]
    assert np.corrcoef(*found)[0, 1] > 0.99
    settings = other.report.provenance.settings
    assert settings["device"] == "cpu"
    assert settings["precision"] == "float32"
    assert "torch" in other.report.provenance.versions


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::pottsfold.errors.NotConverged")
def test_resumed_learning_equals_unbroken(tmp_path):
    family, file = gapped_family(n=100), tmp_path / "half.npz"
    settings = {"target": 0.999}
    whole = fitted(family, CPU, max_iterations=60, **settings)
    fitted(family, CPU, max_iterations=50, checkpoint=file, **settings)
    resumed = fitted(
        family, CPU, max_iterations=60, checkpoint=file, resume=True, **settings
    )
    np.testing.assert_array_equal(whole.model.couplings, resumed.model.couplings)
    np.testing.assert_array_equal(whole.model.fields, resumed.model.fields)
    # The CPU's own core goes on from the same file, on its own way.
    other = fitted(
        family, None, max_iterations=60, checkpoint=file, resume=True, **settings
    )
    found = [fit.model.couplings.ravel() for fit in (whole, other)]
    assert np.corrcoef(*found)[0, 1] > 0.95


def test_a_step_that_is_not_finite_is_told_and_not_taken():
    family = gapped_family(n=200)
    with Workers(1) as workers:
        statistics = family_statistics(family, "state", workers)
        _, device = learners(statistics, workers)
        state = first_state_of(statistics, 100, seed=2)
        device.step(state, 0.3)
        state.refresh()
        before = state.table.copy()
        with pytest.raises(UsageError, match="ran away after 1 gradients"):
            device.step(state, np.inf)
        state.refresh()
    np.testing.assert_array_equal(before, state.table)
    assert state.gradients == 1


def test_what_does_not_fit_is_refused(monkeypatch):
    monkeypatch.setattr(Device, "free_memory", lambda self: 1000)
    family = gapped_family(n=200)
    with Workers(1) as workers:
        statistics = family_statistics(family, "state", workers)
        with pytest.raises(MemoryShort, match="leave out `device`"):
            DeviceLearner(statistics, leading_modes(statistics), 0.02, workers, CPU)


def test_several_processes_are_refused(monkeypatch):
    for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE"):
        monkeypatch.setenv(name, str(2 * name.endswith("SIZE")))
    with pytest.raises(UsageError, match="one process"):
        Boltzmann().check_device("cpu")


def test_sparse_models_are_refused():
    sparse = Boltzmann(sparse="activation")
    with pytest.raises(UsageError, match="CPU alone"):
        sparse.fit(gapped_family(n=50), device="cpu")
    assert dataclasses.replace(sparse, sparse=None).check_device("cpu") is None
