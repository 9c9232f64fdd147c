"""Plans of memory against the peak of what methods allocate."""

from __future__ import annotations

import subprocess
import sys
import tracemalloc
import warnings
from pathlib import Path

import pytest

from pottsfold import memory
from pottsfold.errors import MemoryShort
from pottsfold.inference import mean_field
from pottsfold.inference.boltzmann import fit_boltzmann, validation
from pottsfold.inference.boltzmann import plan as boltzmann_plan
from pottsfold.inference.independent import fit_independent
from pottsfold.inference.mean_field import fit_mean_field
from pottsfold.inference.pseudolikelihood import fit_pseudolikelihood, plan
from pottsfold.inference.pseudolikelihood.penalty import (
    LEFT_OUT,
    cross_validate_penalties,
)
from pottsfold.model.potts import model_bytes
from tests.benchmarks import plans
from tests.benchmarks.made import made_alignment

LENGTH, N_SEQUENCES, THREADS = 70, 300, 2
ROOT = Path(__file__).parents[2]


def right(planned, peak):
    """Whether a plan is within 30 % of the peak."""
    return 0.7 * peak <= planned <= 1.3 * peak


@pytest.fixture(scope="module")
def family():
    return made_alignment(N_SEQUENCES, LENGTH)


def peak_of(work):
    """Peak bytes that a second run allocates: kernels are loaded by the first."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        work()
        tracemalloc.start()
        try:
            work()
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()


@pytest.mark.parametrize("gaps", ["missing", "state"])
@pytest.mark.parametrize("form", ["symmetric", "asymmetric"])
def test_a_pseudolikelihood_fit_takes_what_is_planned(family, form, gaps):
    peak = peak_of(
        lambda: fit_pseudolikelihood(
            family, form=form, gaps=gaps, threads=THREADS, max_iterations=8
        )
    )
    sizes = {"symmetric": plan.symmetric_bytes, "asymmetric": plan.asymmetric_bytes}
    planned = sizes[form](family, gaps, THREADS) - plan.KERNELS
    assert right(planned, peak)
    assert not right(2 * planned, peak)
    assert not right(planned / 2, peak)


def test_choosing_penalties_takes_what_is_planned(family):
    peak = peak_of(lambda: cross_validate_penalties(family, threads=THREADS))
    planned = plan.cross_validation_bytes(family, "missing", THREADS, LEFT_OUT)
    planned -= plan.KERNELS
    assert right(planned, peak)


def test_mean_field_takes_what_is_planned(family):
    peak = peak_of(lambda: fit_mean_field(family, threads=THREADS))
    planned = mean_field.mean_field_bytes(LENGTH, 21, THREADS) - mean_field.LIBRARIES
    assert right(planned, peak)
    # It once held four whole matrices.
    assert not right(4 * (LENGTH * 21) ** 2 * 8, peak)


def test_an_independent_fit_holds_one_model_of_zeros(family):
    peak = peak_of(lambda: fit_independent(family))
    assert right(model_bytes(LENGTH, 21), peak)


@pytest.mark.slow
def test_boltzmann_learning_takes_what_is_planned(family, monkeypatch):
    monkeypatch.setattr(validation, "COUNTED", 2000)
    monkeypatch.setattr(boltzmann_plan, "COUNTED", 2000)
    monkeypatch.setattr("pottsfold.sampling.mixing.MAX_SWEEPS", 100)
    peak = peak_of(
        lambda: fit_boltzmann(family, chains=500, max_iterations=1, threads=THREADS)
    )
    planned = boltzmann_plan.boltzmann_bytes(LENGTH, 21, 500, N_SEQUENCES, THREADS)
    planned -= boltzmann_plan.LIBRARIES
    assert right(planned, peak)
    assert not right(planned / 2, peak)


@pytest.mark.parametrize("fit", [fit_mean_field, fit_independent])
def test_plans_are_told_and_refused_where_memory_is_short(family, fit, monkeypatch):
    told = []
    fit(family, announce=told.append)
    assert len(told) == 1
    assert told[0].startswith("plan: ")
    assert " s and " in told[0]
    assert "GiB" in told[0]
    monkeypatch.setattr(memory, "available_memory", lambda: 1000)
    with pytest.raises(MemoryShort, match=r"`max_column_gaps`"):
        fit(family)


def test_a_longer_family_is_planned_to_take_longer():
    short, long = (
        mean_field.expected_seconds(made_alignment(200, length), 1)
        for length in (10, 60)
    )
    assert 0 < 3 * short < long


def test_more_gradients_and_evaluations_take_longer():
    short, long = (
        boltzmann_plan.evaluation_seconds(length, 1000) for length in (50, 100)
    )
    assert short < long
    for least, between, longest in (short, long):
        assert 0 < least < longest
        assert 0 < between < longest


@pytest.mark.slow
@pytest.mark.parametrize("method", ["symmetric", "mean-field", "independent"])
def test_a_whole_process_takes_what_it_says(tmp_path, method):
    path = tmp_path / "family.fasta"
    plans.write_made(400, 120, path)
    words = ["fit", str(path), "-o", str(tmp_path / "m.potts"), "--threads", "2"]
    plans.run([*words, *plans.METHODS[method]])  # compiles
    found = plans.run([*words, *plans.METHODS[method]])
    assert found.status == 0
    assert right(found.planned_bytes, found.peak_bytes)
    assert not right(found.planned_bytes, 2 * found.peak_bytes)


@pytest.mark.skipif(sys.platform != "linux", reason="limits of address space")
@pytest.mark.parametrize("method", ["symmetric", "mean-field", "independent"])
@pytest.mark.parametrize("mib", [150, 400, 700, 1000])
def test_limits_of_address_space_end_in_a_model_or_a_word(tmp_path, mib, method):
    path = tmp_path / "family.fasta"
    plans.write_made(100, 40, path)
    words = ["fit", str(path), "-o", str(tmp_path / "m.potts"), "--threads", "2"]
    words += plans.METHODS[method]
    command = [sys.executable, str(ROOT / "cli.py"), *words]
    script = f'ulimit -v {mib * 1024}; exec "$@"'
    found = subprocess.run(
        ["sh", "-c", script, "sh", *command],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    last = found.stderr.splitlines()[-1]
    assert found.returncode in (0, 2), found.stderr
    if found.returncode == 2:
        assert last.startswith("pottsfold: ")
        assert "iB of memory and" in last
        assert "ulimit -v" in last
    assert (found.returncode == 0) == (tmp_path / "m.potts").exists()


def test_an_independent_fit_too_large_to_be_held_is_refused(monkeypatch):
    monkeypatch.setattr(memory, "available_memory", lambda: 10 * memory.MIB)
    family = made_alignment(20, 200)
    with pytest.raises(MemoryShort, match="MiB of memory and 10 MiB are"):
        fit_independent(family)
