"""Signals that end the program as Ctrl-C does, so that what is half-made goes.

A batch system sends SIGTERM when the time is up, a terminal SIGHUP when it closes.
"""

from __future__ import annotations

import signal
from collections.abc import Callable
from types import FrameType

# The signal that ended the program, None where it was Ctrl-C.
received: int | None = None


def interrupt(number: int, _frame: FrameType | None) -> None:
    """Raise KeyboardInterrupt, once: a second one must not stop the tidying up."""
    global received
    if received is None:
        received = number
        raise KeyboardInterrupt


def interrupting() -> dict[int, Callable[[int, FrameType | None], object]]:
    """Return the signals that raise KeyboardInterrupt here, with their handlers."""
    found: dict[int, Callable[[int, FrameType | None], object]] = {}
    for number in (signal.SIGINT, *_others()):
        handler = signal.getsignal(number)
        if handler in (signal.default_int_handler, interrupt) and callable(handler):
            found[number] = handler
    return found


def _others() -> list[int]:
    names = ("SIGTERM", "SIGHUP")  # Windows has no SIGHUP
    return [getattr(signal, name) for name in names if hasattr(signal, name)]


def end_as_ctrl_c() -> None:
    """Have them end this process as Ctrl-C does; for the program alone.

    One that is ignored stays so: ``nohup`` asks for that.
    """
    for number in _others():
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, interrupt)


def status() -> int:
    """Return the exit status of an interrupted program, as shells give it."""
    return 128 + (signal.SIGINT if received is None else received)


def name() -> str:
    """Return what ended the program, for people."""
    return "interrupted" if received is None else f"ended by {_named(received)}"


def _named(number: int) -> str:
    return signal.Signals(number).name
