"""Learning that ended early goes on from a file, to the same model bit for bit.

The file is a NumPy archive: the arrays of a state, and a JSON text with everything else
and the SHA-256 of it all. Kernels trust what a state holds, so types, shapes, letters
and sizes of numbers are checked as well. Files of earlier versions have no SHA-256:
they are read if they pass the other checks, the archive's own CRC-32 among them, for a
long run is not to be lost.
"""

from __future__ import annotations

import hashlib
import json
import time
import zipfile
from collections.abc import Mapping
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from pottsfold.errors import PottsfoldError
from pottsfold.files import written_whole
from pottsfold.inference.boltzmann.early_stopping import EarlyStopping
from pottsfold.inference.boltzmann.learner import State
from pottsfold.inference.checkpoint import CheckpointFile
from pottsfold.model.potts import MAX_PARAMETER

# Bytes of text in a file at most.
MAX_TEXT_LENGTH = 2**20
# Above any number of gradients.
MAX_COUNT = 2**53
# Before the names of what belongs to the best round.
OF_BEST = "best_"
FORMAT = "pottsfold-boltzmann-checkpoint 1"


class Checkpoint(CheckpointFile):
    """The file of a learning: see :class:`.CheckpointFile`."""

    def __post_init__(self) -> None:
        super().__post_init__()
        # Gradients of the state that the file holds, None where that is not known.
        self.gradients: int | None = None

    def save(self, state: State, best: EarlyStopping | None = None) -> None:
        """Write a state, and the best round before it, whole or not at all.

        Raises
        ------
        OutputError
            If it cannot be written.
        """
        state.refresh()
        about = {
            "format": FORMAT,
            "facts": dict(self.facts),
            **_numbers(state, best),
        }
        arrays = _arrays(state, best)
        about["sha256"] = _digest(about, arrays)
        text = np.frombuffer(json.dumps(about).encode(), np.uint8)
        contents: dict[str, Any] = {"about": text, **arrays}
        with written_whole(self.path) as beside, open(beside, "wb") as handle:
            np.savez(handle, **contents)
        self._saved = time.monotonic()
        self.gradients = state.gradients

    def load(self, state: State, best: EarlyStopping | None = None) -> None:
        """Fill a state of the same family and settings with what the file holds.

        And the best round, where sequences were held out.

        Raises
        ------
        UsageError
            If the file is of another alignment or other settings, or damaged.
        """
        try:
            with open(self.path, "rb") as handle:
                held, numbers = self._read(handle, state, best)
        except OSError as error:
            raise self.unreadable(error) from error
        for name, array in _arrays(state, best).items():
            array[...] = held[name]
        for name, number in numbers.items():
            owner = best if name.startswith(OF_BEST) else state
            setattr(owner, name.removeprefix(OF_BEST), number)
        self.gradients = state.gradients

    def _read(
        self, handle: BinaryIO, state: State, best: EarlyStopping | None
    ) -> tuple[dict[str, NDArray[Any]], dict[str, int | float]]:
        """Return arrays and numbers like those of a state, checked."""
        try:
            with zipfile.ZipFile(handle) as archive:
                about = json.loads(_member(archive, "about", None).tobytes())
                if about["format"] != FORMAT:
                    raise ValueError(about["format"])
                self.compare(about["facts"])
                held = {
                    name: _member(archive, name, array)
                    for name, array in _arrays(state, best).items()
                }
            if "sha256" in about and about.pop("sha256") != _digest(about, held):
                raise ValueError("its contents do not match their SHA-256")
            _check_arrays(held, state)
            return held, _checked_numbers(about, _numbers(state, best))
        except PottsfoldError:
            raise
        except Exception as error:  # zipfile and NumPy have many errors
            raise self.damaged() from error


def _named(state: State, best: EarlyStopping | None) -> dict[str, Any]:
    """Return all values of a state and of the best round, by name."""
    of_best = {} if best is None else vars(best)
    return {**vars(state), **{OF_BEST + name: v for name, v in of_best.items()}}


def _arrays(state: State, best: EarlyStopping | None) -> dict[str, NDArray[Any]]:
    named = _named(state, best)
    return {n: value for n, value in named.items() if isinstance(value, np.ndarray)}


def _numbers(state: State, best: EarlyStopping | None) -> dict[str, int | float]:
    named = _named(state, best)
    return {n: value for n, value in named.items() if isinstance(value, (int, float))}


def _digest(about: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> str:
    """Return the SHA-256 of all that a file holds, as hexadecimal digits."""
    digest = hashlib.sha256(json.dumps(about, sort_keys=True).encode())
    for name in sorted(arrays):
        digest.update(name.encode())
        digest.update(arrays[name].reshape(-1).view(np.uint8).data)
    return digest.hexdigest()


def _check_arrays(held: Mapping[str, NDArray[Any]], state: State) -> None:
    """Refuse what kernels could not take: letters, numbers and random states."""
    for name, array in held.items():
        if array.dtype.kind == "f":
            lowest, highest = array.min(initial=0), array.max(initial=0)
            # Neither holds where one is NaN.
            if not (lowest >= -MAX_PARAMETER and highest <= MAX_PARAMETER):
                raise ValueError(f"{name}: a number is too large, or none")
        if array.dtype == np.bool_ and array.view(np.uint8).max(initial=0) > 1:
            raise ValueError(f"{name}: neither true nor false")
    length, size = len(state.centred), state.table.shape[2]
    codes = held["codes"]
    if codes[:, :length].max(initial=0) >= size or codes[:, length:].any():
        raise ValueError("codes: no letter of the model")
    if not held["states"].any(axis=1).all():
        raise ValueError("states: a generator that stands still")


def _checked_numbers(
    about: Mapping[str, Any], like: Mapping[str, int | float]
) -> dict[str, int | float]:
    """Return the numbers of a file: counts, or floats, which may be NaN."""
    numbers = {}
    for name, value in like.items():
        number = about[name]
        if type(number) is int and 0 <= number < MAX_COUNT:
            numbers[name] = type(value)(number)
        elif type(number) is float and type(value) is float:
            numbers[name] = number
        else:
            raise TypeError(name)
    return numbers


def _member(
    archive: zipfile.ZipFile, name: str, like: NDArray[Any] | None
) -> NDArray[Any]:
    """Return an array of the file, its type and shape checked before it is read."""
    with archive.open(f"{name}.npy") as handle:
        if np.lib.format.read_magic(handle) != (1, 0):
            raise ValueError(name)
        shape, fortran, dtype = np.lib.format.read_array_header_1_0(handle)
        if like is None:
            fits = dtype == np.uint8 and len(shape) == 1 and shape[0] <= MAX_TEXT_LENGTH
        else:
            fits = dtype == like.dtype and shape == like.shape
        if fortran or not fits:
            raise ValueError(name)
        size = int(np.prod(shape)) * dtype.itemsize
        data = handle.read(size)
    return np.frombuffer(data, dtype, count=int(np.prod(shape))).reshape(shape)
