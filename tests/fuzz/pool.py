"""Processes that run inputs, and outlive those that crash or hang.

A process does many inputs, since the program takes a second to load. It has limits of
memory and of CPU time, since a busy machine is no hang, and a watchdog that ends it
where an input waits for ever. Another then takes its place, and the input at fault is
known.
"""

from __future__ import annotations

import contextlib
import faulthandler
import math
import multiprocessing
import os
import resource
import signal
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path

import numpy as np

from tests.fuzz.formats import mutate
from tests.fuzz.judging import MEMORY, Outcome, Place, judged
from tests.fuzz.readers import ALL, Reader

# Of CPU; one that was just started loads kernels too.
SECONDS_PER_INPUT = 20
# Unchanged files come first, and compile what they need.
SECONDS_TO_COMPILE = 900
# Seconds of waiting, for one of CPU.
PATIENCE = 10
Fault = Callable[[], None]


@dataclass(frozen=True)
class Task:
    """One input: made again from these alone.

    Parameters
    ----------
    reader : str
        Name of the reader.
    number : int
        Number of the input, from 0; -1 - k is seed k, unchanged.
    seed : int
        Random seed.
    """

    reader: str
    number: int
    seed: int

    def made(self, reader: Reader, seeds: Path) -> tuple[str, bytes]:
        """Return the seed's name and the content of the input."""
        if self.number < 0:
            name = reader.seeds[-1 - self.number]
            return name, (seeds / name).read_bytes()
        key = [self.seed, zlib.crc32(self.reader.encode()), self.number]
        rng = np.random.default_rng(key)
        name = reader.seeds[int(rng.integers(len(reader.seeds)))]
        data = (seeds / name).read_bytes()
        others = [seeds / other for r in ALL for other in r.seeds[:1]]
        chosen = others[int(rng.integers(len(others)))].read_bytes()
        return name, mutate(rng, data, [chosen])


@dataclass
class _Worker:
    process: multiprocessing.process.BaseProcess
    pipe: Connection
    log: Path
    task: Task | None = None


class Pool:
    """Processes that run tasks.

    Parameters
    ----------
    processes : int
        How many.
    seeds : Path
        Folder of valid files.
    plant : callable, optional
        Called in every process before it begins: a fault to be found.
    seconds : int
        CPU seconds that one input may take.
    """

    def __init__(
        self,
        processes: int,
        seeds: Path,
        plant: Fault | None = None,
        seconds: int = SECONDS_PER_INPUT,
    ) -> None:
        self._processes, self._seeds = processes, seeds
        self._plant, self._seconds = plant, seconds
        # Forked from here, so that modules are loaded once.
        self._context = multiprocessing.get_context("fork")

    def run(self, tasks: Iterator[Task]) -> Iterator[tuple[Task, Outcome]]:
        """Yield tasks and how they ended, in the order they end."""
        with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
            workers = [self._start(Path(folder)) for _ in range(self._processes)]
            try:
                for worker in workers:
                    _give(worker, tasks)
                while busy := [w for w in workers if w.task is not None]:
                    ready = wait([worker.pipe for worker in busy])
                    for worker in busy:
                        if worker.pipe not in ready:
                            continue
                        task, outcome = self._taken(worker)
                        if not worker.process.is_alive() or worker.pipe.closed:
                            workers.remove(worker)
                            worker = self._start(Path(folder))
                            workers.append(worker)
                        _give(worker, tasks)
                        yield task, outcome
            finally:
                for worker in workers:
                    worker.process.kill()
                    worker.process.join()

    def _taken(self, worker: _Worker) -> tuple[Task, Outcome]:
        task, worker.task = worker.task, None
        assert task is not None
        try:
            return task, worker.pipe.recv()
        except EOFError:
            worker.process.join()
            worker.pipe.close()
            return task, _death(worker)

    def _start(self, folder: Path) -> _Worker:
        here, there = self._context.Pipe()
        place = Path(tempfile.mkdtemp(dir=folder))
        log = place.with_suffix(".log")
        process = self._context.Process(
            target=_work,
            args=(there, place, self._seeds, log, self._plant, self._seconds),
            daemon=True,
        )
        process.start()
        there.close()
        return _Worker(process, here, log)


def _give(worker: _Worker, tasks: Iterator[Task]) -> None:
    worker.task = next(tasks, None)
    if worker.task is not None:
        worker.pipe.send(worker.task)


def _death(worker: _Worker) -> Outcome:
    """Return how an input ended that took its process with it."""
    code = worker.process.exitcode or 0
    log = worker.log.read_text(errors="replace")
    ours = [line for line in log.splitlines() if "/pottsfold/" in line]
    where = ours[0].strip() if ours else "place unknown"
    if "Timeout" in log or code == -signal.SIGXCPU:
        return Outcome(code, log, [f"hang: {where}"])
    name = signal.Signals(-code).name if code < 0 else f"status {code}"
    return Outcome(code, log, [f"crash: {name}, {where}"])


def _work(
    pipe: Connection,
    folder: Path,
    seeds: Path,
    log: Path,
    plant: Fault | None,
    seconds: int,
) -> None:
    """Run tasks until the pipe is closed."""
    parent = os.getppid()
    readers = {reader.name: reader for reader in ALL}
    place = Place(folder, seeds)
    if plant is not None:
        plant()
    with open(log, "w") as handle:
        faulthandler.enable(handle)
        faulthandler.register(signal.SIGXCPU, handle, chain=True)
        while (task := _next(pipe, parent)) is not None:
            reader = readers[task.reader]
            seed, content = task.made(reader, seeds)
            limit = seconds if task.number >= 0 else SECONDS_TO_COMPILE
            faulthandler.dump_traceback_later(PATIENCE * limit, exit=True, file=handle)
            with _limited(limit):
                outcome = judged(place, reader, seed, content)
            faulthandler.cancel_dump_traceback_later()
            pipe.send(outcome)


def _next(pipe: Connection, parent: int) -> Task | None:
    """Return the next task, None when there is nobody any more to give one."""
    while not pipe.poll(5):
        if os.getppid() != parent:
            return None
    try:
        task: Task = pipe.recv()
    except EOFError:
        return None
    return task


@contextlib.contextmanager
def _limited(seconds: int) -> Iterator[None]:
    """Refuse this process more CPU time than that, and memory without end.

    The memory that is judged is less: what takes more is then seen to do so.
    """
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    memory = pages * os.sysconf("SC_PAGE_SIZE") + 3 * MEMORY // 2
    spent = math.ceil(time.process_time())
    _limit(resource.RLIMIT_AS, memory)
    _limit(resource.RLIMIT_CPU, spent + seconds)
    try:
        yield
    finally:
        _limit(resource.RLIMIT_AS, resource.RLIM_INFINITY)
        _limit(resource.RLIMIT_CPU, resource.RLIM_INFINITY)


def _limit(what: int, value: int) -> None:
    _, hard = resource.getrlimit(what)
    resource.setrlimit(what, (value, hard))
