"""``python -m tests.fuzz.kills``: runs killed at random moments, and run again.

After each kill an output is whole or not there (or, written in place, the old one),
and nothing but hidden temporaries and what a run goes on from lies beside it. The run
is then begun anew, or gone on with, in the same folder, and must write what an
undisturbed run writes, byte for byte::

    python -m tests.fuzz.kills --count 60 --seed 1
    python -m tests.fuzz.kills --count 20 --only "fit boltzmann"
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from tests.fuzz.jobs import (
    JOBS,
    TEMPORARY,
    Job,
    furnished,
    litter,
    make_inputs,
    restore,
    start,
    written,
)

TIME_LIMIT = 300
# Files are made and renamed at so many moments at most that matter.
MOMENTS = 40


@dataclass
class Whole:
    """What an undisturbed run writes, and how long it takes."""

    files: dict[str, bytes]
    seconds: float


@dataclass
class Killed:
    """What kills of one job led to."""

    kills: int = 0
    too_late: int = 0
    with_output: int = 0
    resumed: int = 0
    temporaries: int = 0
    faults: list[str] = field(default_factory=list)


def undisturbed(job: Job, inputs: Path) -> Whole:
    """Run a job to its end.

    Raises
    ------
    RuntimeError
        If it fails.
    """
    with furnished(inputs) as folder:
        begun = time.monotonic()
        process = start(job.words, folder)
        _, err = process.communicate(timeout=TIME_LIMIT)
        if process.returncode:
            raise RuntimeError(f"{job.name}: {err}")
        return Whole(written(folder, job), time.monotonic() - begun)


def kill_once(
    job: Job, inputs: Path, whole: Whole, draw: random.Random, found: Killed
) -> None:
    """Kill one run of a job, run it again, and note what is wrong."""
    with furnished(inputs) as folder:
        before = written(folder, job)
        times = int(draw.random() < 0.3) + 1
        for _ in range(times):  # what goes on may be killed again
            _kill(job, folder, whole, draw, found)
            judge_killed(job, folder, inputs, whole, before, found)
        restore(folder, inputs)
        found.resumed += bool(job.left and (folder / job.left).exists())
        process = start(job.again(folder), folder)
        _, err = process.communicate(timeout=TIME_LIMIT)
        if process.returncode:
            found.faults.append(f"run again: status {process.returncode}: {err[-300:]}")
        elif written(folder, job) != whole.files:
            found.faults.append("run again, it writes other bytes")


def _kill(
    job: Job, folder: Path, whole: Whole, draw: random.Random, found: Killed
) -> None:
    """Run a job and kill it: after some time, or when it touches a file."""
    found.kills += 1
    words = job.again(folder)
    if draw.random() < 0.5:
        process = start(words, folder, kill_at=draw.randint(1, MOMENTS))
        process.communicate(timeout=TIME_LIMIT)
    else:
        # Half of them near the end, where files are written.
        share = draw.uniform(0, 1.1) if draw.random() < 0.5 else draw.uniform(0.7, 1.0)
        process = start(words, folder)
        try:
            process.communicate(timeout=share * whole.seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
    found.too_late += process.returncode == 0
    if process.returncode not in (0, -9):
        found.faults.append(f"before the kill: status {process.returncode}")


def judge_killed(
    job: Job,
    folder: Path,
    inputs: Path,
    whole: Whole,
    before: dict[str, bytes],
    found: Killed,
) -> None:
    there = written(folder, job)
    found.with_output += bool(there)
    for name, data in there.items():
        if data not in (whole.files[name], before.get(name)):
            found.faults.append(f"{name} is half-written: {len(data)} bytes")
    strays = litter(folder, inputs, job)
    found.temporaries += len(strays)
    visible = [name for name in strays if not TEMPORARY.fullmatch(name)]
    if visible:
        found.faults.append(f"left where files are looked for: {' '.join(visible)}")
    for record in folder.glob("*.run.json"):
        if not _is_json(record):
            found.faults.append(f"{record.name} is half-written")


def _is_json(path: Path) -> bool:
    try:
        json.loads(path.read_bytes())
    except ValueError:
        return False
    return True


def main(words: list[str] | None = None) -> int:
    """Kill runs, print what they led to, and return 1 where anything is wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.kills")
    parser.add_argument("--count", type=int, default=60, help="kills, over all jobs")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", help="jobs whose names contain this")
    given = parser.parse_args(words)
    jobs = [job for job in JOBS if given.only is None or given.only in job.name]
    draw = random.Random(given.seed)
    found = {job.name: Killed() for job in jobs}
    with tempfile.TemporaryDirectory(prefix="kills-") as place:
        inputs = Path(place) / "inputs"
        make_inputs(inputs)
        wholes = {job.name: undisturbed(job, inputs) for job in jobs}
        for k in range(given.count):
            job = jobs[k % len(jobs)]
            kill_once(job, inputs, wholes[job.name], draw, found[job.name])
    print("job                  kills  too late  output there  resumed  temporaries")
    for name, each in found.items():
        print(
            f"{name:<20}{each.kills:>6}{each.too_late:>10}{each.with_output:>14}"
            f"{each.resumed:>9}{each.temporaries:>13}"
        )
    faults = Counter(
        f"{name}: {f}" for name, each in found.items() for f in each.faults
    )
    for fault, count in faults.most_common():
        print(f"{count:>6}  {fault}")
    if not faults:
        print("no fault found")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
