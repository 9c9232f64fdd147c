"""Ctrl-C during learning: the gradient under way is finished, and the state saved.

So it is with other signals that end the program as Ctrl-C does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pottsfold.inference.boltzmann.checkpoint import Checkpoint
from pottsfold.inference.boltzmann.early_stopping import EarlyStopping
from pottsfold.inference.boltzmann.learner import State
from pottsfold.inference.interrupts import Interrupts


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
