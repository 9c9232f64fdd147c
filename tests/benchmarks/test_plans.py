"""The benchmark of plans reads what commands say and takes."""

from __future__ import annotations

from tests.benchmarks import plans


def test_the_benchmark_reads_plans_and_peaks(tmp_path):
    path = tmp_path / "family.fasta"
    plans.write_made(60, 12, path)
    found = plans.run(
        ["fit", str(path), "-o", str(tmp_path / "m.potts"), "--threads", "1"]
    )
    assert found.status == 0
    assert 50 * 2**20 < found.peak_bytes < 2**30
    assert 0.5 < found.memory_ratio < 2
    assert found.planned_seconds == (0, 1)
    assert 0 < found.seconds < 60
    assert 0 < found.cpu_seconds < 600


def test_a_range_of_seconds_is_right_inside_it():
    inside, outside = (
        plans.Outcome(0, 1, 1, (2.0, 10.0), seconds, 1, False, "")
        for seconds in (5.0, 20.0)
    )
    assert inside.time_ratio == 1
    assert outside.time_ratio == 0.5


def test_numbers_of_a_plan_are_found():
    line = "plan: 30 fits to four fifths of 4908 sequences; about 17.3 s and 0.20 GiB"
    assert plans._numbers(plans.SECONDS, line) == [17.3]
    assert plans._numbers(plans.GIB, line) == [0.2]
    assert plans._numbers(plans.SECONDS, "2 to 19 s and 1.25 GiB") == [2, 19]
