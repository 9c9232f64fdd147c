"""Ctrl-C during a fit: what is under way is finished first.

So it is with other signals that end the program as Ctrl-C does.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from pottsfold import signals


class Interrupts:
    """What Ctrl-C does: at once, or after the work under way."""

    def __init__(self) -> None:
        self.pressed = False
        self.broken = False
        self._held = False
        # By the number of the signal: what is done with it otherwise.
        self._before: dict[int, Callable[[int, FrameType | None], object]] = {}
        self._number: int = signal.SIGINT

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep Ctrl-C until the block is done; left by an error, it is ``broken``.

        Raises
        ------
        KeyboardInterrupt
            At the end of the block, if Ctrl-C was pressed.
        """
        self._held = True
        try:
            yield
        except BaseException:
            self.broken = True
            raise
        finally:
            self._held = False
        if self.pressed:
            self._interrupt()

    @contextmanager
    def handled(self) -> Iterator[None]:
        """Handle Ctrl-C while the block runs.

        In the main thread only, and only where nothing else handles it.
        """
        if threading.current_thread() is threading.main_thread():
            self._before = signals.interrupting()
        for number in self._before:
            signal.signal(number, self._press)
        try:
            yield
        finally:
            for number, handler in self._before.items():
                signal.signal(number, handler)

    def _press(self, number: int, _frame: FrameType | None) -> None:
        self.pressed, self._number = True, number
        if not self._held:
            self._interrupt()

    def _interrupt(self) -> None:
        handler = self._before.get(self._number, signal.default_int_handler)
        handler(self._number, None)
        # It was handled before, and is under way.
        raise KeyboardInterrupt
