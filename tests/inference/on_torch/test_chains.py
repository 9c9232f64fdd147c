"""Chains on a device take the letters of the Numba kernels' chains."""

import dataclasses

import numpy as np
import pytest
import torch

from pottsfold.alphabet import PROTEIN, RNA
from pottsfold.inference.on_torch import chains as on_torch
from pottsfold.inference.on_torch.chains import DeviceGibbs, table_of
from pottsfold.inference.on_torch.devices import Device
from pottsfold.model import energy
from pottsfold.sampling import Gibbs, Sampler, Target, Tempering, start_chains
from pottsfold.sampling.kernels import draw_uniforms
from tests.naive import sampling as naive
from tests.sampling.test_masked_chains import wheel
from tests.sampling.test_sampler import SURE, TINY, statistic, step
from tests.strategies import masked, random_model, with_zeros

CPU = Device("cpu")
ON_CPU = DeviceGibbs(CPU)
both = pytest.mark.parametrize("compact", [False, True])


def test_numbers_are_those_of_the_naive_generator():
    states = np.random.default_rng(0).integers(0, 2**63, (3, 4), dtype=np.uint64)
    lists, found = states.tolist(), np.empty((3, 5), np.float32)
    draw_uniforms(states, found)
    expected = [[(naive.next_word(s) >> 40) / 2**24 for _ in range(5)] for s in lists]
    assert found.tolist() == expected
    assert states.tolist() == lists


def in_order(target, order):
    """The target, whose sites the Numba kernels visit in another order."""
    moved = dataclasses.replace(target)
    object.__setattr__(moved, "sites", order)
    return moved


@both
@pytest.mark.parametrize("gaps", ["state", "missing"])
@pytest.mark.parametrize("model", ["dense", "masked"])
@pytest.mark.parametrize(("alphabet", "length"), [(PROTEIN, 9), (RNA, 30), (TINY, 80)])
def test_letters_and_energies_are_those_of_the_kernels(
    model, compact, gaps, alphabet, length
):
    make = random_model if model == "dense" else wheel
    seed = (3,) if model == "dense" else ()
    potts = make(*seed, length, alphabet=alphabet, gaps=gaps, scale=0.2)
    free, allowed = np.ones(length, bool), np.ones((length, alphabet.size), bool)
    free[2], allowed[1, 2], allowed[3, 3:] = False, False, False
    target = Target(potts, free, allowed, compact=compact)
    order = table_of(target, CPU).order
    assert sorted(order) == target.sites.tolist()
    chains = start_chains(target, 200, seed=5)
    temperatures = np.array([0.8])
    one = step(Sampler(target, temperatures, ON_CPU), chains)
    other = step(Sampler(in_order(target, order), temperatures, Gibbs()), chains)
    same = (one.codes == other.codes).all(axis=1)
    # A draw that falls on an edge is decided by the last bits of float32.
    assert same.mean() > 0.97
    np.testing.assert_array_equal(one.states, other.states)
    np.testing.assert_allclose(one.energies[same], other.energies[same], atol=2e-4)
    assert (one.codes != chains.codes).any(axis=1).all()
    # In the order of the sequence a masked model's numbers go to other sites.
    if model == "masked":
        plain = step(Sampler(target, temperatures, Gibbs()), chains)
        assert (one.codes == plain.codes).all(axis=1).mean() < 0.9


def test_sites_of_a_class_are_no_partners():
    model = wheel(40)
    classes = table_of(Target(model), CPU).classes
    # The hub by itself, and an odd ring takes three.
    assert len(classes) <= 4
    for each in classes:
        i, j = np.meshgrid(each.sites.numpy(), each.sites.numpy())
        assert (model.graph.places(i, j) < 0).all()


def test_blocks_of_chains_change_nothing(monkeypatch):
    sampler = Sampler(Target(wheel(20, scale=0.2)), np.array([1.0]), ON_CPU)
    chains = start_chains(sampler.target, 60, seed=3)
    whole = step(sampler, chains, 3)
    monkeypatch.setattr(on_torch, "MOST_ROWS", 100)
    monkeypatch.setattr(on_torch, "MOST_NUMBERS", 700)
    parts = step(sampler, chains, 3, threads=2)
    for name in ("codes", "energies", "states"):
        np.testing.assert_array_equal(getattr(whole, name), getattr(parts, name))


@pytest.mark.statistical
@pytest.mark.parametrize("move", [ON_CPU, Tempering(3, 2.0, ON_CPU)], ids=type)
@pytest.mark.parametrize("pairs", [None, [(0, 2), (2, 3)]])
def test_law_of_the_chains_is_the_enumerated_one(pairs, move):
    model = random_model(11, 4, TINY, scale=0.7)
    if pairs is not None:
        model = masked(model, pairs)
    choices = [list(range(TINY.size))] * 4
    sampler = Sampler(Target(model, compact=True), np.array([1.0]), move)
    chains = start_chains(sampler.target, 6000 * sampler.rungs, seed=1)
    moved = sampler.wanted(step(sampler, chains, 25))
    dense = with_zeros(model) if pairs else model
    assert statistic(dense, moved.codes, choices, 1.0) > SURE
    # The same judge must find another temperature out.
    assert statistic(dense, moved.codes, choices, 1.3) < 1e-6
    np.testing.assert_allclose(
        moved.energies - moved.energies.mean(),
        energy(model, moved.codes) - energy(model, moved.codes).mean(),
        atol=0.02,
    )


def test_a_draw_never_takes_a_forbidden_letter():
    model = random_model(0, 4, TINY)
    allowed = np.ones((4, 4), bool)
    allowed[:, 2:] = False
    table = table_of(Target(model, allowed=allowed), CPU)
    codes = torch.zeros((50, 4), dtype=torch.uint8)
    # Above every cumulative sum.
    uniforms = torch.ones((50, 4))
    energies, scales = torch.zeros(50, dtype=torch.float64), torch.ones(50)
    on_torch.sweep(table, codes, energies, scales, uniforms)
    assert (codes == 1).all()


@pytest.mark.gpu
@both
def test_letters_on_a_gpu_are_those_on_the_cpu(compact):
    if not torch.cuda.is_available():
        pytest.skip("no CUDA device")
    target = Target(wheel(80, scale=0.2), compact=compact)
    chains = start_chains(target, 500, seed=5)
    one, other = (
        step(Sampler(target, np.array([1.0]), DeviceGibbs(Device(name))), chains)
        for name in ("cpu", "cuda:0")
    )
    assert (one.codes == other.codes).all(axis=1).mean() > 0.97
