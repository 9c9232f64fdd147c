"""A few runs that are killed, starved of space or run twice; the rest by hand."""

from __future__ import annotations

import random
import sys

import pytest

from tests.fuzz import disks, jobs, kills

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="there are other signals"),
]
BY_NAME = {job.name: job for job in jobs.JOBS}


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("jobs") / "inputs"
    jobs.make_inputs(folder)
    return folder


@pytest.fixture(scope="module")
def wholes(inputs):
    """What undisturbed runs write."""
    names = ("fit boltzmann", "score csv")
    return {name: kills.undisturbed(BY_NAME[name], inputs) for name in names}


@pytest.mark.parametrize("name", ["fit boltzmann", "score csv"])
def test_a_killed_run_leaves_nothing_half_written_and_goes_on(inputs, wholes, name):
    found = kills.Killed()
    draw = random.Random(3)
    kills.kill_once(BY_NAME[name], inputs, wholes[name], draw, found)
    assert found.kills
    assert found.faults == []


@pytest.mark.parametrize("trial", disks.TRIALS)
def test_a_run_that_cannot_write_is_refused_and_one_of_two_wins(inputs, wholes, trial):
    job = BY_NAME["score csv"]
    assert disks.TRIALS[trial](job, inputs, wholes[job.name]) == []


def test_a_half_written_file_is_found(inputs):
    job, found = BY_NAME["score csv"], kills.Killed()
    whole = kills.Whole({"s.csv": b"mutant\nM11C\n"}, 1.0)
    with jobs.furnished(inputs) as folder:
        (folder / "s.csv").write_bytes(b"mutant\nM1")
        (folder / "s.csv.tmp").touch()
        kills.judge_killed(job, folder, inputs, whole, {}, found)
    assert found.faults == [
        "s.csv is half-written: 9 bytes",
        "left where files are looked for: s.csv.tmp",
    ]
