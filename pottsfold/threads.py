"""Independent tasks spread over the cores.

Kernels release the interpreter lock, so plain threads suffice: memory is shared,
and an interrupt ends the work between two tasks.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from typing import TypeVar

from pottsfold.errors import UsageError

Item = TypeVar("Item")
Result = TypeVar("Result")


def available_threads() -> int:
    """Return the number of cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def chosen_threads(threads: int | None) -> int:
    """Return ``threads`` checked, or every core when it is None.

    Raises
    ------
    UsageError
        If ``threads`` is less than 1.
    """
    if threads is None:
        return available_threads()
    if threads < 1:
        raise UsageError("at least 1 is needed", parameter="threads", value=threads)
    return threads


class Workers:
    """A pool of threads, used as a context manager.

    Parameters
    ----------
    threads : int
        How many; with 1 every task runs in the calling thread.
    """

    def __init__(self, threads: int) -> None:
        self.threads = threads
        self._pool = ThreadPoolExecutor(threads) if threads > 1 else None

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *exception: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def map(
        self, task: Callable[[Item], Result], items: Iterable[Item]
    ) -> list[Result]:
        """Return ``[task(item) for item in items]``, tasks taken as cores free up.

        The first exception, in order of the items, is raised again.
        """
        if self._pool is None:
            return [task(item) for item in items]
        futures = [self._pool.submit(task, item) for item in items]
        try:
            wait(futures, return_when=FIRST_EXCEPTION)
            return [future.result() for future in futures]
        finally:
            for future in futures:
                future.cancel()

    def stream(
        self, task: Callable[[Item], Result], items: Iterable[Item]
    ) -> Iterator[Result]:
        """Yield ``task(item)`` for every item in their order, few of them in flight.

        Items are drawn, in the calling thread, only as results are taken: one more
        is held than there are threads. The first exception is raised again.
        """
        if self._pool is None:
            yield from map(task, items)
            return
        under_way: deque[Future[Result]] = deque()
        try:
            for item in items:
                under_way.append(self._pool.submit(task, item))
                if len(under_way) > self.threads:
                    yield under_way.popleft().result()
            while under_way:
                yield under_way.popleft().result()
        finally:
            for future in under_way:
                future.cancel()
