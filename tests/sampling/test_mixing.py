"""The verdict, on models that mix at once and on one that cannot."""

from dataclasses import replace

import numpy as np
import pytest

from pottsfold.alphabet import RNA
from pottsfold.errors import UsageError
from pottsfold.model import energy
from pottsfold.sampling import Sampler, Target, Tempering, draw_samples
from pottsfold.sampling.draw import cooling
from pottsfold.threads import Workers
from tests.strategies import SMALL, random_model


def two_wells(strength, length=12):
    """All A or all B, gaps rare: a chain that is in one well stays there."""
    model = random_model(0, length, SMALL, scale=0.01)
    couplings = np.zeros_like(model.couplings)
    for i in range(length):
        for j in range(length):
            if i != j:
                couplings[i, j, 1, 1] = couplings[i, j, 2, 2] = strength
    return replace(model, couplings=couplings)


def draw(model, number=50, temperatures=(1.0,), threads=1, **options):
    with Workers(threads) as workers:
        sampler = Sampler(Target(model), np.array(temperatures))
        return draw_samples(sampler, number, workers=workers, **options)


def test_an_easy_model_mixes():
    model = random_model(0, 10, RNA, scale=0.3)
    drawn = draw(model, 500)
    assert drawn.diagnosis.mixed
    assert drawn.diagnosis.verdict.startswith("mixed: R-hat")
    assert drawn.diagnosis.mixing_time <= 4
    assert drawn.chains.max() == 99
    assert drawn.sweeps.tolist() == sorted(drawn.sweeps)
    np.testing.assert_array_equal(drawn.energies, energy(model, drawn.codes))


def test_chains_by_default_follow_the_number_of_sequences():
    model = random_model(0, 3, RNA, scale=0.1)
    for n, expected in ((5, 100), (10_000, 100), (20_000, 141)):
        drawn = draw(model, n, sweeps=1)
        assert len(drawn.codes) == n
        assert drawn.diagnosis.n_chains == expected
    assert draw(model, 5, (1.0, 2.0), sweeps=1).diagnosis.n_chains == 20


def test_stuck_chains_are_never_called_mixed():
    diagnosis = draw(two_wells(0.6), sweeps=400).diagnosis
    assert not diagnosis.mixed
    assert max(diagnosis.rhat.values()) > 1.1
    assert diagnosis.mixing_time is None
    assert diagnosis.verdict.startswith("NOT mixed: R-hat ")
    assert f"replica chains still alike after {diagnosis.sweeps}" in diagnosis.verdict
    assert "Do not use these sequences" in diagnosis.verdict
    assert "increase `sweeps`, use `algorithm=tempering`" in diagnosis.verdict


def test_tempering_crosses_what_gibbs_does_not():
    model = two_wells(0.6)
    temperatures = Tempering(8, 5.0).temperatures(1.0)
    diagnosis = draw(model, temperatures=temperatures, chains=40, sweeps=2000).diagnosis
    assert diagnosis.mixed, diagnosis.verdict
    assert len(diagnosis.swaps) == 7
    assert (diagnosis.swaps > 0.1).all()


def test_cooled_chains_lie_lower_than_quenched_ones():
    """Of wells of unlike depth, chains that come from the heat find the deeper."""
    model = two_wells(0.6)
    fields = model.fields.copy()
    fields[:, 1] += 0.1
    model = replace(model, fields=fields)
    options = {"temperatures": (0.3,), "sweeps": 20, "seed": 1}
    quenched = draw(model, 200, **options)
    cooled = draw(model, 200, anneal_from=12.0, **options)
    deep = [(drawn.codes == 1).mean() for drawn in (quenched, cooled)]
    assert deep[1] > deep[0] + 0.05
    assert cooled.energies.mean() < quenched.energies.mean()
    assert cooled.sweeps[0] - quenched.sweeps[0] == len(cooling(12.0, 0.3)) == 369


def test_cooling_ends_where_it_should():
    schedule = cooling(3.0, 1.0)
    assert schedule[-1] == 1.0
    assert (schedule < 3).all()
    ratios = np.log(np.append(3.0, schedule[:-1]) / schedule)
    np.testing.assert_allclose(ratios, ratios[0])
    assert ratios[0] <= 0.01
    assert not len(cooling(1.0, 1.0))


def test_cooling_one_start_does_not_make_many():
    options = {"start": np.ones((1, 8), np.uint8), "anneal_from": 3.0}
    diagnosis = draw(random_model(0, 8, RNA, scale=0.3), **options).diagnosis
    assert diagnosis.n_starts == 1


@pytest.mark.parametrize("anneal_from", [1.0, 0.5, float("nan"), float("inf")])
def test_chains_are_cooled_from_above(anneal_from):
    with pytest.raises(UsageError, match="`anneal_from="):
        draw(random_model(0, 4, RNA), anneal_from=anneal_from)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"chains": 2, "sweeps": 4000}, "2 chains are too few"),
        ({"sweeps": 5}, "3 sweeps are too few"),
        ({"start": np.ones((1, 8), np.uint8)}, "started from 1 sequences"),
    ],
)
def test_what_cannot_be_shown_is_not_claimed(options, words):
    diagnosis = draw(random_model(0, 8, RNA, scale=0.3), **options).diagnosis
    assert not diagnosis.mixed
    assert diagnosis.verdict.startswith("mixing UNKNOWN")
    assert words in diagnosis.verdict


@pytest.mark.parametrize("temperatures", [(1.0,), (1.0, 1.4)])
def test_same_seed_same_sequences_for_any_threads(temperatures):
    model = random_model(4, 9, RNA)
    options = {"temperatures": temperatures, "chains": 12, "sweeps": 40, "seed": 3}
    runs = [draw(model, threads=threads, **options) for threads in (1, 2, 3)]
    for other in runs[1:]:
        np.testing.assert_array_equal(other.codes, runs[0].codes)
        assert other.diagnosis.verdict == runs[0].diagnosis.verdict
    other = draw(model, **{**options, "seed": 4})
    assert (other.codes != runs[0].codes).any()


@pytest.mark.parametrize(
    "options", [{"number": 0}, {"chains": 0}, {"sweeps": 0}, {"seed": -1}]
)
def test_numbers_out_of_range(options):
    with pytest.raises(UsageError, match="at least"):
        draw(random_model(0, 4, RNA), **options)
