"""What commands print: messages and progress, all on standard error."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import NoReturn

from tqdm import tqdm

from pottsfold.commands.wording import in_options
from pottsfold.inference.optimize.lbfgs import Progress


def say(message: str) -> None:
    """Print a message to standard error, parameters in it as options."""
    print(in_options(message), file=sys.stderr, flush=True)


@contextmanager
def optimisation_progress() -> Iterator[Progress]:
    """Give a callback that shows the steps of a fit, on a terminal only."""
    with tqdm(
        desc="fitting", unit=" steps", file=sys.stderr, disable=None, leave=False
    ) as bar:

        def show(_iteration: int, objective: float, gradient_norm: float) -> None:
            bar.set_postfix_str(
                f"objective {objective:.2f}, gradient {gradient_norm:.2g}",
                refresh=False,
            )
            bar.update()

        yield show


@contextmanager
def fits_progress() -> Iterator[Callable[[int, int], None]]:
    """Give a callback that shows how many of many fits are made, on a terminal only."""
    with tqdm(
        desc="choosing strengths",
        unit=" fits",
        file=sys.stderr,
        disable=None,
        leave=False,
    ) as bar:

        def show(made: int, in_all: int) -> None:
            bar.total = in_all
            bar.update(made - bar.n)

        yield show


@contextmanager
def learning_progress() -> Iterator[Callable[[int, str], None]]:
    """Give a callback that counts gradients and says what is done, on a terminal."""
    with tqdm(
        desc="learning", unit=" gradients", file=sys.stderr, disable=None, leave=False
    ) as bar:

        def show(gradients: int, doing: str) -> None:
            bar.set_description_str(doing, refresh=False)
            bar.update(gradients - bar.n)
            bar.refresh()

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
