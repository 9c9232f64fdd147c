from __future__ import annotations

import threading
import time

import pytest

from pottsfold.errors import UsageError
from pottsfold.threads import Workers, available_threads, chosen_threads


@pytest.mark.parametrize("threads", [1, 2, 7])
def test_results_come_in_the_order_of_the_items(threads: int):
    def task(item: int) -> int:
        time.sleep(0.001 * (item % 3))
        return item * item

    with Workers(threads) as workers:
        assert workers.map(task, range(20)) == [k * k for k in range(20)]
        assert workers.map(task, []) == []


def test_one_thread_is_the_calling_one():
    with Workers(1) as workers:
        assert workers.map(lambda _: threading.get_ident(), [0]) == [
            threading.get_ident()
        ]


def test_tasks_run_at_the_same_time():
    # Both must be there for either to pass.
    barrier = threading.Barrier(2, timeout=10)
    with Workers(2) as workers:
        assert sorted(workers.map(lambda _: barrier.wait(), range(2))) == [0, 1]


@pytest.mark.parametrize("threads", [1, 2])
def test_an_exception_of_a_task_is_raised_again(threads: int):
    done = []

    def task(item: int) -> None:
        if item == 3:
            raise RuntimeError("item 3")
        time.sleep(0.001)
        done.append(item)

    with (
        Workers(threads) as workers,
        pytest.raises(RuntimeError, match="item 3"),
    ):
        workers.map(task, range(1000))
    assert len(done) < 1000


def test_threads_are_chosen_or_every_core():
    assert chosen_threads(3) == 3
    assert chosen_threads(None) == available_threads() >= 1


@pytest.mark.parametrize("threads", [0, -2])
def test_less_than_one_thread_is_refused(threads: int):
    with pytest.raises(UsageError) as caught:
        chosen_threads(threads)
    assert str(caught.value) == f"`threads={threads}`: at least 1 is needed"


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_a_stream_keeps_the_order_and_holds_few_items(threads):
    drawn = []

    def items():
        for k in range(20):
            drawn.append(k)
            yield k

    def task(k):
        time.sleep(0.002 * (k % 3))
        return k * k

    with Workers(threads) as workers:
        for count, result in enumerate(workers.stream(task, items())):
            assert result == count**2
            assert len(drawn) <= count + threads + 1
    assert len(drawn) == 20


@pytest.mark.parametrize("threads", [1, 2])
def test_an_error_ends_a_stream_in_its_turn(threads):
    def task(k):
        if k == 3:
            raise ValueError("three")
        return k

    found = []
    with Workers(threads) as workers, pytest.raises(ValueError, match="three"):
        found.extend(workers.stream(task, range(100)))
    with Workers(threads) as workers:
        stream = workers.stream(task, range(100))
        assert [next(stream) for _ in range(3)] == [0, 1, 2]
        stream.close()
