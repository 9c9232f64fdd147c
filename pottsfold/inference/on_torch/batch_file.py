"""A fit by batches that ended early goes on from a file.

A safetensors file as :mod:`~pottsfold.inference.on_torch.checkpoint` has it, with the
state of a fit by batches. On the same device and number of threads the rest of the fit
gives the same numbers as an unbroken one.
"""

from __future__ import annotations

import contextlib
import json
import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from numpy.typing import NDArray
from safetensors import safe_open

from pottsfold.inference.interrupts import Interrupts
from pottsfold.inference.on_torch.checkpoint import (
    MAX_COUNT,
    TensorFile,
    checked_array,
    digest_of,
)
from pottsfold.inference.on_torch.descent import State

FORMAT = "pottsfold-batches-checkpoint 1"


class BatchFile(TensorFile):
    """The file of a fit by batches: see :class:`.CheckpointFile`."""

    def save(self, state: State) -> None:
        """Write a state, whole or not at all.

        Raises
        ------
        OutputError
            If it cannot be written.
        """
        about: dict[str, Any] = {
            "format": FORMAT,
            "facts": dict(self.facts),
            "steps": state.search.steps,
            "sum_of_weights": state.search.sum_of_weights,
            "passes": state.passes,
            "batches": state.batches,
            "losses": state.course.losses,
            "judged": state.course.passes,
        }
        self.write(about, _tensors(state))

    def load(self, state: State) -> None:
        """Fill the first state of a fit with what the file holds.

        Raises
        ------
        UsageError
            If the file is of another alignment or other settings, or damaged.
        """
        with self.errors_told():
            about, arrays = self._read(state)
        for name, tensor in state.search.tensors.items():
            tensor.copy_(torch.from_numpy(arrays[name]))
        state.search.steps = about["steps"]
        state.search.sum_of_weights = about["sum_of_weights"]
        state.passes, state.batches = about["passes"], about["batches"]
        course = state.course
        course.losses, course.passes = about["losses"], about["judged"]
        if course.losses:
            course.best = [torch.from_numpy(arrays[f"best_{k}"]) for k in range(2)]

    def _read(self, state: State) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Return the text and the arrays of the file, checked."""
        # Opened here first: the library's own error for a missing file is another.
        self.path.open("rb").close()
        with safe_open(self.path, framework="numpy") as file:
            about = json.loads((file.metadata() or {})["about"])
            if about["format"] != FORMAT:
                raise ValueError(about["format"])
            self.compare(about["facts"])
            _check_numbers(about)
            shapes = {name: t.shape for name, t in state.search.tensors.items()}
            if about["losses"]:
                averages = state.search.averages
                shapes |= {f"best_{k}": t.shape for k, t in enumerate(averages)}
            if set(file.keys()) != set(shapes):
                raise ValueError("its arrays are others")
            arrays = {
                name: checked_array(file, name, tuple(shape), "F32")
                for name, shape in shapes.items()
            }
        if about.pop("sha256") != digest_of(about, arrays):
            raise ValueError("its contents do not match their SHA-256")
        return about, arrays


@contextlib.contextmanager
def saving(
    file: BatchFile | None, say: Callable[[str], None]
) -> Iterator[Callable[[State], None] | None]:
    """Give what saves a state from time to time, and where Ctrl-C ends the fit.

    Ctrl-C then waits for the step under way.
    """
    if file is None:
        yield None
        return
    interrupts = Interrupts()

    def save(state: State) -> None:
        if not (file.due() or interrupts.pressed):
            return
        file.save(state)
        if interrupts.pressed:
            say(f"saved {file.path} at step {state.search.steps}; go on with `resume`")
            raise KeyboardInterrupt

    with interrupts.handled(), interrupts.held():
        yield save


def _tensors(state: State) -> dict[str, torch.Tensor]:
    best = {f"best_{k}": tensor for k, tensor in enumerate(state.course.best)}
    return {**state.search.tensors, **best}


def _check_numbers(about: Mapping[str, Any]) -> None:
    losses, judged = about["losses"], about["judged"]
    for count in (about["steps"], about["passes"], about["batches"], *judged):
        if type(count) is not int or not 0 <= count < MAX_COUNT:
            raise ValueError("a count is none")
    for number in (about["sum_of_weights"], *losses):
        if type(number) is not float or not math.isfinite(number):
            raise ValueError("a number is none")
    if len(losses) != len(judged):
        raise ValueError("too few or too many numbers")
