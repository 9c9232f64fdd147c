"""Both forms on torch: the Numba core's objectives, gradients and fields."""

import numpy as np
import pytest

from pottsfold.alphabet import PROTEIN
from pottsfold.inference.pseudolikelihood.asymmetric import _Regression
from pottsfold.inference.pseudolikelihood.masked_sites import sites_of
from pottsfold.inference.pseudolikelihood.symmetric import Pseudolikelihood
from pottsfold.model import PairGraph
from pottsfold.threads import Workers
from tests.inference.pseudolikelihood.test_pseudolikelihood_fit import (
    LAMBDA,
    random_point,
    small_alignment,
)
from tests.strategies import random_alignment

torch = pytest.importorskip("torch")

from pottsfold.inference.on_torch.forms import Regressions, Symmetric  # noqa: E402
from pottsfold.inference.on_torch.sites import Blocks  # noqa: E402
from tests.inference.on_torch.cpu import device_sites  # noqa: E402
from tests.inference.on_torch.test_objective import CUDA  # noqa: E402

PAIRS = np.array([[0, 3], [1, 2], [3, 4], [0, 1], [0, 6]])


@pytest.fixture(autouse=True)
def exact_fields(monkeypatch):
    """Solve fields further than a fit needs, so that gradients can be compared."""
    for core in ("pseudolikelihood", "on_torch"):
        monkeypatch.setattr(f"pottsfold.inference.{core}.sites.FIELD_ACCURACY", 1e-13)


def graph_of(chosen, length):
    return None if chosen is None else PairGraph.of_pairs(length, chosen)


def evaluated(objective, point):
    """Value, gradient and fields of an objective on torch."""
    device = objective.sites.device
    on_device = torch.from_numpy(point).to(device.name)
    gradient = torch.empty_like(on_device)
    with device.at_work():
        value = objective(on_device, gradient)
    return value, gradient.cpu().numpy(), objective.sites.full_fields()


@pytest.mark.parametrize("device", ["cpu", CUDA])
@pytest.mark.parametrize("gaps", ["state", "missing"])
@pytest.mark.parametrize("chosen", [None, PAIRS])
@pytest.mark.parametrize("blocks", [Blocks(64, 4096), Blocks(3, 50)])
def test_the_symmetric_objective_is_the_numba_cores(device, gaps, chosen, blocks):
    family = random_alignment(2, 300, 9, PROTEIN)
    graph = graph_of(chosen, 9)
    with Workers(1) as workers:
        sites = sites_of(family, gaps, LAMBDA.fields, graph)
        numba = Pseudolikelihood(sites, LAMBDA.couplings, workers)
        point = random_point(numba, scale=0.2)
        slopes = np.empty_like(point)
        value = numba(point, slopes)
        fields, _ = numba.full_parameters(point)
    ours = device_sites(
        family, gaps, LAMBDA.fields, graph, device=device, blocks=blocks
    )
    found = evaluated(Symmetric(ours, LAMBDA.couplings), point)
    assert found[0] == pytest.approx(value, rel=1e-6)
    scale = np.abs(slopes).max()
    np.testing.assert_allclose(found[1], slopes, rtol=1e-5, atol=3e-5 * scale)
    np.testing.assert_allclose(found[2], fields, atol=2e-4)


@pytest.mark.parametrize("gaps", ["state", "missing"])
@pytest.mark.parametrize("chosen", [None, PAIRS])
def test_regressions_of_a_block_are_the_sum_of_the_numba_cores(gaps, chosen):
    family = small_alignment(letters="-ACGU", n=80, length=8)
    graph = graph_of(chosen, 8)
    block = range(2, 6)
    numba = sites_of(family, gaps, LAMBDA.fields, graph)
    ours = device_sites(family, gaps, LAMBDA.fields, graph, blocks=Blocks(4, 30))
    regressions = Regressions(ours, block, LAMBDA.couplings)
    strip = torch.zeros_like(regressions.strip(regressions.start()))
    blocks = ours.pairs.blocks(strip)
    rng = np.random.default_rng(3)
    total, expected = 0.0, []
    for site in block:
        table = numba.empty_table()
        _, pairs = numba.pairs_of(site)
        s = numba.size
        drawn = rng.normal(0, 0.3, (len(pairs), s, s)).astype(np.float32)
        drawn[pairs < 0] = 0
        table[: len(pairs), :s, :s] = drawn
        blocks[site - block.start, : len(pairs)] = torch.from_numpy(drawn)
        slopes = np.empty_like(table).ravel()
        total += _Regression(numba, site, LAMBDA.couplings)(table.ravel(), slopes)
        expected.append(slopes.reshape(table.shape)[: len(pairs), :s, :s])
    value, gradient, _ = evaluated(regressions, strip.flatten().numpy())
    assert value == pytest.approx(total, rel=1e-6)
    found = ours.pairs.blocks(regressions.strip(torch.from_numpy(gradient)))
    scale = max(np.abs(slopes).max(initial=0) for slopes in expected)
    for k, slopes in enumerate(expected):
        own = found[k, : len(slopes)].numpy()
        # The Numba core's fields end where rounding hides what a step gains.
        np.testing.assert_allclose(own, slopes, rtol=1e-5, atol=1e-4 * scale)
        assert not found[k, len(slopes) :].any()


def test_fields_are_solved_from_far_away():
    family = small_alignment(seed=14, n=200)
    near, far = (
        Symmetric(device_sites(family, "state", LAMBDA.fields), LAMBDA.couplings)
        for _ in range(2)
    )
    rng = np.random.default_rng(15)
    point = rng.normal(0, 2, near.start().shape).astype(np.float32)
    fields = far.sites.fields
    fields[:] = torch.from_numpy(rng.normal(0, 30, fields.shape))
    assert evaluated(far, point)[0] == pytest.approx(
        evaluated(near, point)[0], rel=1e-6
    )


def test_couplings_that_are_too_large_do_not_spoil_the_fields():
    family = small_alignment(n=30)
    objective = Symmetric(device_sites(family, "state", 0.3), 0.7)
    before = objective.sites.full_fields()
    point = np.full(objective.start().shape, 3e38, np.float32)
    value, _, after = evaluated(objective, point)
    assert not np.isfinite(value)
    np.testing.assert_array_equal(before, after)


def test_gaps_and_weights_count():
    # The twins that must fail: another gap treatment, weights of one.
    family = small_alignment(letters="-ABC", n=60, length=5)
    point = np.zeros(10 * 9, np.float32)
    sites = device_sites(family, "missing", LAMBDA.fields)
    value, _, _ = evaluated(Symmetric(sites, 0.7), point)
    sites.batch.weights[:] = 1
    assert evaluated(Symmetric(sites, 0.7), point)[0] > 1.1 * value
