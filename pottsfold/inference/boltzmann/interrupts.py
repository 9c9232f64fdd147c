"""Ctrl-C during learning: the gradient under way is finished, and the state saved.

So it is with other signals that end the program as Ctrl-C does.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from pottsfold import signals
from pottsfold.inference.boltzmann.checkpoint import Checkpoint
from pottsfold.inference.boltzmann.early_stopping import EarlyStopping
from pottsfold.inference.boltzmann.learner import State


class Interrupts:
    """What Ctrl-C does: at once, or after the gradient under way."""

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


@contextmanager
def saved_when_interrupted(
    file: Checkpoint | None,
    state: State,
    best: EarlyStopping | None,
    announce: Callable[[str], None],
) -> Iterator[Interrupts]:
    """Save the state, if there is a checkpoint, when Ctrl-C ends the block.

    Parameters
    ----------
    file : Checkpoint or None
        Where to.
    state : State
        Changed only while interrupts are held, or where the file has as many gradients.
    best : EarlyStopping or None
        The best round.
    announce : callable
        Called with a sentence that says what was saved.

    Raises
    ------
    KeyboardInterrupt
        Also where it came out of compiled code as another exception.
    """
    interrupts = Interrupts()
    if file is None:
        yield interrupts
        return
    with interrupts.handled():
        try:
            yield interrupts
        except BaseException as error:
            interrupted = isinstance(error, KeyboardInterrupt)
            if not (interrupted or interrupts.pressed):
                raise
            if not interrupts.broken:
                with interrupts.held():
                    if file.gradients != state.gradients:
                        file.save(state, best)
                    announce(
                        f"saved {file.path} at gradient {state.gradients}; go on with "
                        "`resume`"
                    )
            if interrupted:
                raise
            raise KeyboardInterrupt from error
