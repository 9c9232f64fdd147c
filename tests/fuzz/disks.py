"""``python -m tests.fuzz.disks``: full disks, folders that cannot be written, and two
runs that write one file.

A run that cannot write ends with status 2 and one line, and leaves nothing. Of two
that write one file at the same time one whole file is left.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import resource
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.fuzz.jobs import JOBS, Job, furnished, litter, make_inputs, start, written
from tests.fuzz.kills import TIME_LIMIT, Whole, undisturbed

# Of Linux: leave out one of the capabilities that programs started from here get.
PR_CAPBSET_DROP, CAP_DAC_OVERRIDE = 24, 1
Trial = Callable[[Job, Path, Whole], list[str]]


def full_disk(job: Job, inputs: Path, whole: Whole) -> list[str]:
    """Return what is wrong when a file cannot grow to its size."""
    largest = max(map(len, whole.files.values()))

    def short_of_space() -> None:
        # Python gets an error of the system, as from a full disk.
        limit = largest // 2
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    with furnished(inputs) as folder:
        before = written(folder, job)
        process = start(job.words, folder, preexec_fn=short_of_space)
        _, err = process.communicate(timeout=TIME_LIMIT)
        faults = _refused(process.returncode, err)
        if written(folder, job) != before:
            faults.append("an output is written")
        left = [name for name in litter(folder, inputs, job)]
        return faults + [f"left behind: {name}" for name in left]


def closed_folder(job: Job, inputs: Path, _whole: Whole) -> list[str]:
    """Return what is wrong when the folder cannot be written."""
    with furnished(inputs) as folder:
        before = written(folder, job)
        folder.chmod(0o555)
        process = start(job.words, folder, preexec_fn=_bound_by_permissions)
        _, err = process.communicate(timeout=TIME_LIMIT)
        faults = _refused(process.returncode, err)
        if written(folder, job) != before or litter(folder, inputs, job):
            faults.append("something is written")
        folder.chmod(0o755)
        return faults


def _bound_by_permissions() -> None:
    """Have permissions hold for root too, to whom nothing is closed otherwise."""
    if os.geteuid() == 0:
        ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, 0, 0, 0)


def two_writers(job: Job, inputs: Path, whole: Whole) -> list[str]:
    """Return what is wrong when two runs write one file."""
    with furnished(inputs) as folder:
        both = [start(job.words, folder) for _ in range(2)]
        ends = [process.communicate(timeout=TIME_LIMIT)[1] for process in both]
        faults = []
        for process, err in zip(both, ends, strict=True):
            if process.returncode:
                faults += _refused(process.returncode, err)
        if all(process.returncode for process in both):
            faults.append("neither run is done")
        if "in place" not in job.name and written(folder, job) != whole.files:
            faults.append("the file is not whole")
        left = [name for name in litter(folder, inputs, job)]
        return faults + [f"left behind: {name}" for name in left]


def _refused(status: int, err: str) -> list[str]:
    """Return what is wrong with how a run ended that had to be refused."""
    errors = [line for line in err.splitlines() if line.startswith("pottsfold: ")]
    errors = [line for line in errors if not line.startswith("pottsfold: warning")]
    if status == 2 and len(errors) == 1:
        return []
    return [f"status {status}: {err.strip()[-300:]}"]


TRIALS: dict[str, Trial] = {
    "full disk": full_disk,
    "closed folder": closed_folder,
    "two writers": two_writers,
}


def main(words: list[str] | None = None) -> int:
    """Try every job, print what is wrong, and return 1 where anything is."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.disks")
    parser.add_argument("--only", help="jobs whose names contain this")
    parser.add_argument("--trial", choices=TRIALS)
    given = parser.parse_args(words)
    failed = False
    with tempfile.TemporaryDirectory(prefix="disks-") as place:
        inputs = Path(place) / "inputs"
        make_inputs(inputs)
        for job in JOBS:
            if given.only is not None and given.only not in job.name:
                continue
            whole = undisturbed(job, inputs)
            for name, trial in TRIALS.items():
                if given.trial not in (None, name):
                    continue
                faults = trial(job, inputs, whole)
                failed = failed or bool(faults)
                for told in faults or ["as it should be"]:
                    print(f"{name:<14} {job.name:<18} {told}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
