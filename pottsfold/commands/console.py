"""What commands print: messages and progress, all on standard error."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import NoReturn

from tqdm import tqdm

from pottsfold.commands.wording import in_options

# Done, of how many or None, and what is being done.
Progress = Callable[[int, int | None, str], None]


def say(message: str) -> None:
    """Print a message to standard error, parameters in it as options."""
    print(in_options(message), file=sys.stderr, flush=True)


@contextmanager
def progress_bar(description: str, unit: str) -> Iterator[Progress]:
    """Give a callback that shows how far the work is, on a terminal only.

    It is called as ``progress(done, total or None, what is being done)``.
    """
    with tqdm(
        desc=description, unit=unit, file=sys.stderr, disable=None, leave=False
    ) as bar:

        def show(done: int, total: int | None, doing: str) -> None:
            bar.total = total
            bar.set_postfix_str(doing, refresh=False)
            bar.update(done - bar.n)

        yield show


@contextmanager
def scoring_progress() -> Iterator[Callable[[int, int, str], None]]:
    """Give a callback that shows how far a library is read, on a terminal only."""
    with ExitStack() as stack:
        bars: list[tqdm[NoReturn]] = []

        def show(position: int, size: int, unit: str) -> None:
            # Made when the size is known, below the first messages.
            if not bars:
                bar = tqdm(
                    desc="scoring",
                    total=size or None,
                    unit=unit,
                    unit_scale=True,
                    file=sys.stderr,
                    disable=None,
                    leave=False,
                )
                bars.append(stack.enter_context(bar))
            bars[0].update(position - bars[0].n)

        yield show


@contextmanager
def sampling_progress() -> Iterator[Callable[[int], None]]:
    """Give a callback that counts sweeps, on a terminal only."""
    with tqdm(
        desc="sampling", unit=" sweeps", file=sys.stderr, disable=None, leave=False
    ) as bar:

        def show(sweeps: int) -> None:
            bar.update(sweeps)

        yield show
