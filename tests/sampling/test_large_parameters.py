"""Parameters like -1e9, which forbid a letter, are sampled as what they mean."""

from dataclasses import replace

import numpy as np
import pytest

from pottsfold.alphabet import RNA
from pottsfold.errors import ModelFormatError
from pottsfold.landscape.partition import estimate_log_partition
from pottsfold.model import Fit, FitReport, energy, load_fit, save_fit
from pottsfold.model.potts import MAX_PARAMETER, PottsModel
from pottsfold.sampling import Chains, Metropolis, Sampler, Target, Tempering
from pottsfold.sampling.chains import start_chains
from pottsfold.sampling.kernels import FORBIDDEN, gibbs_sweeps
from pottsfold.threads import Workers
from tests.strategies import random_model

MOVES = {"metropolis": Metropolis(), "tempering": Tempering(rungs=3)}


def with_field(model, site, letters, value):
    fields = model.fields.copy()
    fields[site, letters] = value
    return replace(model, fields=fields)


def sampled(model, *, compact=False, move=None, n=400, sweeps=30):
    target = Target(model, compact=compact)
    temperatures = np.array([1.0])
    sampler = (
        Sampler(target, temperatures)
        if move is None
        else Sampler(target, temperatures, move)
    )
    chains = start_chains(target, n, 3, rungs=sampler.rungs)
    with Workers(1) as workers:
        chains, _ = sampler.step(chains, sweeps, workers)
        chains, _ = sampler.step(chains, sweeps, workers)
    return sampler.wanted(chains)


@pytest.mark.parametrize("value", [-1e13, -1e20, -1e30, -3e38, 1e13, np.nan, -np.inf])
@pytest.mark.parametrize("name", ["fields", "couplings"])
def test_what_kernels_cannot_bear_is_refused(value, name):
    model = random_model(0, 4, RNA)
    array = getattr(model, name).copy()
    array[(1, 2, 3, 0)[: array.ndim]] = value
    with pytest.raises(ValueError, match=f"^{name} hold"):
        replace(model, **{name: array})


@pytest.mark.parametrize("value", [-1e30, -5e29, 1e20])
def test_a_file_with_such_a_field_names_letter_and_position(
    tmp_path, monkeypatch, value
):
    path = tmp_path / "a.potts"
    model = random_model(0, 4, RNA, first=11)
    fields = model.fields.copy()
    fields[2] = value
    with monkeypatch.context() as patch:
        patch.setattr(PottsModel, "_check_size", lambda *_: None)
        save_fit(path, Fit(replace(model, fields=fields), FitReport("x")))
    with pytest.raises(ModelFormatError, match=r"letter -, position 13\).*1e\+12"):
        load_fit(path)


@pytest.mark.parametrize("value", [-1e4, -1e6, -1e9, -MAX_PARAMETER])
@pytest.mark.parametrize("compact", [False, True])
@pytest.mark.parametrize("move", [None, *MOVES])
def test_a_forbidden_letter_is_not_drawn_and_the_others_are(value, compact, move):
    plain = random_model(1, 5, RNA, scale=0.7)
    model = with_field(plain, 2, [1, 3], value)
    chains = sampled(model, compact=compact, move=MOVES.get(move), n=3000)
    assert not np.isin(chains.codes[:, 2], [1, 3]).any()
    allowed = np.ones(plain.fields.shape, bool)
    allowed[2, [1, 3]] = False
    expected = exact_frequencies(plain, allowed)
    for site in range(5):
        found = np.bincount(chains.codes[:, site], minlength=RNA.size) / len(chains)
        np.testing.assert_allclose(found, expected[site], atol=0.045)
    # The twin that must fail: nothing is forbidden.
    everything = exact_frequencies(plain, np.ones_like(allowed))
    assert np.abs(everything - expected).max() > 0.09


@pytest.mark.parametrize("value", [-1e9, 1e6, -MAX_PARAMETER])
@pytest.mark.parametrize("compact", [False, True])
def test_fields_that_are_all_large_are_taken_by_their_differences(value, compact):
    plain = random_model(2, 5, RNA, scale=0.7)
    fields = plain.fields.copy()
    fields[1] = np.float32(value)
    flat = plain.fields.copy()
    flat[1] = 0
    chains = sampled(replace(plain, fields=fields), compact=compact, n=3000)
    expected = exact_frequencies(
        replace(plain, fields=flat), np.ones(plain.fields.shape, bool)
    )
    for site in range(5):
        found = np.bincount(chains.codes[:, site], minlength=RNA.size) / len(chains)
        np.testing.assert_allclose(found, expected[site], atol=0.045)


def exact_frequencies(model, allowed):
    """Letter frequencies by enumeration, loops over all sequences."""
    length, size = model.fields.shape
    total = np.zeros((length, size))
    for number in range(size**length):
        codes = [number // size**i % size for i in range(length)]
        if not all(allowed[i, a] for i, a in enumerate(codes)):
            continue
        weight = np.exp(-energy(model, np.array(codes, np.uint8))[0])
        for i, a in enumerate(codes):
            total[i, a] += weight
    return total / total.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("compact", [False, True])
def test_energies_of_chains_that_began_far_up_are_summed_anew(compact):
    model = random_model(3, 6, RNA)
    couplings = model.couplings.copy()
    couplings[1, 2] = -1e9
    couplings[1, 2, 1, 1] = 0.0
    couplings[2, 1] = couplings[1, 2].T
    model = replace(model, couplings=couplings)
    chains = sampled(model, compact=compact, n=50)
    assert (chains.codes[:, 1:3] == 1).all()
    np.testing.assert_allclose(
        chains.energies, energy(model, chains.codes), rtol=0, atol=0.05
    )


def test_the_partition_function_leaves_forbidden_letters_out():
    plain = random_model(4, 5, RNA, scale=0.5)
    allowed = np.ones(plain.fields.shape, bool)
    allowed[2, [0, 4]] = False
    logs = []
    with Workers(1) as workers:
        for model in (
            Target(plain, allowed=allowed),
            with_field(plain, 2, [0, 4], -1e9),
        ):
            found = estimate_log_partition(model, chains=500, workers=workers)
            logs.append(found.value)
    assert logs[0] == pytest.approx(logs[1], abs=0.05)


def test_ordinary_models_are_sampled_from_their_own_fields():
    model = random_model(5, 6)
    for scale in (1.0, 30.0):
        scaled = replace(model, fields=model.fields * np.float32(scale))
        target = Target(scaled)
        np.testing.assert_array_equal(target.fields[:, :21], scaled.fields)
        assert target.letters.all()
    compact = Target(with_field(model, 2, 3, -1e4), compact=True)
    assert compact.table.rows.dtype == np.int16


@pytest.mark.parametrize("value", [np.nan, float(FORBIDDEN)])
def test_a_draw_stays_inside_its_row_whatever_the_fields(value):
    # Learning that ran away would bring such fields, with no model in between.
    codes, states = np.zeros((3, 8), np.uint8), np.ones((3, 4), np.uint64)
    fields = np.full((2, 8), value, np.float32)
    table = np.zeros((16, 5, 8), np.float32)
    gibbs_sweeps(
        codes,
        np.zeros(3),
        states,
        np.ones(3, np.float32),
        table,
        np.array([0, 8, 16]),
        np.empty(0, np.int32),
        fields,
        np.arange(2),
        4,
        (0,) * 8,
    )
    assert codes.max() < 8


def test_chains_of_something_else_are_refused():
    model = random_model(6, 5, RNA)
    sampler = Sampler(Target(model), np.array([1.0, 2.0]))
    chains = start_chains(sampler.target, 2, 0, rungs=2)
    codes = chains.codes.copy()
    codes[1, 3] = RNA.size
    cases = {
        "none of the model's": Chains(codes, chains.energies, chains.states),
        r"5 sites and ladders of 2": Chains(
            chains.codes[:3].copy(),
            chains.energies[:3].copy(),
            chains.states[:3].copy(),
        ),
        r"5 sites": Chains(
            chains.codes[:, :4].copy(), chains.energies.copy(), chains.states.copy()
        ),
    }
    with Workers(1) as workers:
        for message, bad in cases.items():
            with pytest.raises(ValueError, match=message):
                sampler.step(bad, 1, workers)
    with pytest.raises(ValueError, match="uint8"):
        Chains(chains.codes.astype(np.int64), chains.energies, chains.states)


def test_sequences_to_start_from_are_checked():
    target = Target(random_model(6, 5, RNA))
    for bad in (
        np.zeros((2, 4), np.uint8),
        np.zeros((0, 5), np.uint8),
        np.full((2, 5), RNA.size + 1, np.uint8),
    ):
        with pytest.raises(ValueError, match="sequence"):
            start_chains(target, 2, 0, sequences=bad)
