"""``python -m tests.fuzz``: hostile inputs for everything that the program reads.

Seeds are run first, unchanged: each must be read. Then every reader in turn gets
inputs made of them. Each must end with status 0 or 2, with one line of error on 2,
without a crash, in time, in bounded memory, and leave nothing behind. The same seed
makes the same inputs. A failing one is written to a folder with its command::

    python -m tests.fuzz --count 20000 --seed 1 --processes 2
    python -m tests.fuzz --only contacts.structure --seconds 60
    python -m tests.fuzz --only scan.model --first 1234 --count 1 --seed 1
"""

from __future__ import annotations

import argparse
import itertools
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

# One thread a process; set before NumPy and Arrow are loaded.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")

from tests.fuzz.planted import PLANTED
from tests.fuzz.pool import SECONDS_PER_INPUT, Pool, Task
from tests.fuzz.readers import Reader, named
from tests.fuzz.reporting import Report
from tests.fuzz.seeds import make_seeds


def _arguments(words: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--count", type=int, help="inputs, over all readers")
    parser.add_argument("--seconds", type=float, help="stop after so long")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0, help="number of the first")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--only", help="readers whose names contain this")
    parser.add_argument("--failures", type=Path, help="folder for failing inputs")
    parser.add_argument(
        "--seeds", type=Path, help="folder of valid files, made there if it is empty"
    )
    parser.add_argument(
        "--plant", choices=PLANTED, help="a fault in `info`, which must be found"
    )
    parser.add_argument(
        "--limit", type=int, default=SECONDS_PER_INPUT, help="CPU seconds of an input"
    )
    return parser.parse_args(words)


def main(words: list[str] | None = None) -> int:
    """Fuzz, print what was found, and return 1 where anything failed."""
    given = _arguments(words)
    readers = named(given.only)
    count = given.count
    if count is None and given.seconds is None:
        count = 20 * len(readers)
    with tempfile.TemporaryDirectory(prefix="seeds-") as folder:
        seeds = Path(folder) if given.seeds is None else given.seeds
        if not any(seeds.iterdir()):
            _in_a_child(seeds)
        report = Report(seeds, given.failures)
        plant = None if given.plant is None else PLANTED[given.plant]
        pool = Pool(given.processes, seeds, plant, given.limit)
        if plant is None and not given.first:
            report.begin()
            for task, outcome in pool.run(_unchanged(readers, given.seed)):
                report.add(task, outcome)
        report.begin()
        tasks = _tasks(readers, given.seed, given.first, count, given.seconds)
        for task, outcome in pool.run(tasks):
            report.add(task, outcome)
        print("\n".join(report.lines()))
    return 1 if report.failed else 0


def _in_a_child(seeds: Path) -> None:
    """Make the seeds in a process of its own: this one must stay without threads."""
    child = os.fork()
    if child == 0:
        try:
            make_seeds(seeds)
        except BaseException as error:
            print(f"no seeds: {error}", file=sys.stderr)
            os._exit(1)
        os._exit(0)
    if os.waitpid(child, 0)[1]:
        sys.exit("the seeds cannot be made")


def _unchanged(readers: tuple[Reader, ...], seed: int) -> Iterator[Task]:
    for reader in readers:
        for k in range(len(reader.seeds)):
            yield Task(reader.name, -1 - k, seed)


def _tasks(
    readers: tuple[Reader, ...],
    seed: int,
    first: int,
    count: int | None,
    seconds: float | None,
) -> Iterator[Task]:
    """Yield one input of every reader in turn, up to a count or a time."""
    end = None if seconds is None else time.monotonic() + seconds
    numbers = itertools.count(first)
    tasks = (Task(each.name, number, seed) for number in numbers for each in readers)
    for task in itertools.islice(tasks, count):
        if end is not None and time.monotonic() > end:
            return
        yield task


if __name__ == "__main__":
    sys.exit(main())
