"""Signals that end the program as Ctrl-C does, so that what is half-made goes.

A batch system sends SIGTERM when the time is up, a terminal SIGHUP when it closes.
"""

from __future__ import annotations

import signal
from types import FrameType

# The signal that ended the program, None where it was Ctrl-C.
received: int | None = None


def interrupt(number: int, _frame: FrameType | None) -> None:
    """Raise KeyboardInterrupt, once: a second one must not stop the tidying up."""
    global received
    if received is None:
        received = number
        raise KeyboardInterrupt


def end_as_ctrl_c() -> None:
    """Have them end this process as Ctrl-C does; for the program alone.

    One that is ignored stays so: ``nohup`` asks for that.
    """
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)  # Windows has no SIGHUP
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, interrupt)


def status() -> int:
    """Return the exit status of an interrupted program, as shells give it."""
    return 128 + (signal.SIGINT if received is None else received)


def name() -> str:
    """Return what ended the program, for people."""
    return "interrupted" if received is None else f"ended by {_named(received)}"


def _named(number: int) -> str:
    return signal.Signals(number).name
