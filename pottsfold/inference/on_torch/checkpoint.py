"""A fit on a device that ended early goes on from a file.

A safetensors file: the vectors of a search, the fields it has come to, and a JSON text
with the other numbers, what the fit depends on, and the SHA-256 of it all. No code is
read from it. On the same device and as many processes the rest of the fit gives the
same numbers as an unbroken one.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import time
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from pottsfold.errors import PottsfoldError
from pottsfold.files import written_whole
from pottsfold.inference.checkpoint import EVERY, CheckpointFile
from pottsfold.inference.on_torch.sites import Blocks
from pottsfold.inference.optimize.lbfgs import Place, Search

FORMAT = "pottsfold-pseudolikelihood-checkpoint 1"
# Saving takes a twentieth of the time at most.
SHARE = 20
MAX_COUNT = 2**53


class TensorFile(CheckpointFile):
    """A safetensors file of tensors, and what is told of them, with a SHA-256."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._wait = EVERY

    def due(self) -> bool:
        """Whether it is time to save."""
        return time.monotonic() - self._saved >= self._wait

    def write(self, about: dict[str, Any], tensors: Mapping[str, torch.Tensor]) -> None:
        """Write tensors by name and what is told of them, whole or not at all.

        Raises
        ------
        OutputError
            If it cannot be written.
        """
        began = time.monotonic()
        arrays = {name: tensor.cpu().numpy() for name, tensor in tensors.items()}
        about["sha256"] = digest_of(about, arrays)
        with written_whole(self.path) as beside:
            save_file(arrays, beside, {"about": json.dumps(about)})
        self._saved = time.monotonic()
        self._wait = max(EVERY, SHARE * (self._saved - began))

    @contextlib.contextmanager
    def errors_told(self) -> Iterator[None]:
        """Raise :class:`UsageError` where the file cannot be read, or is damaged."""
        try:
            yield
        except OSError as error:
            raise self.unreadable(error) from error
        except PottsfoldError:
            raise
        except (SafetensorError, ValueError, TypeError, KeyError) as error:
            raise self.damaged() from error


class SearchFile(TensorFile):
    """The file of a search on a device: see :class:`.CheckpointFile`."""

    def save(
        self, search: Search[torch.Tensor], fields: torch.Tensor, blocks: Blocks
    ) -> None:
        """Write a search, its fields (L, s) and blocks, whole or not at all.

        Raises
        ------
        OutputError
            If it cannot be written.
        """
        here = search.here
        tensors = {"point": here.point, "gradient": here.gradient, "fields": fields}
        for k, (step, change, _) in enumerate(search.pairs):
            tensors |= {f"step_{k}": step, f"change_{k}": change}
        about = {
            "format": FORMAT,
            "facts": dict(self.facts),
            "values": search.values,
            "evaluations": search.evaluations,
            "blocks": [blocks.sites, blocks.rows],
            "curvatures": [curvature for _, _, curvature in search.pairs],
        }
        self.write(about, tensors)

    def load(
        self, like: torch.Tensor, fields: torch.Tensor, memory: int
    ) -> tuple[Search[torch.Tensor], Blocks]:
        """Return what the file holds, and write its fields to ``fields``.

        Parameters
        ----------
        like : (n,) float32 tensor
            A vector of such a search.
        fields : (L, s) float64 tensor
            Changed in place.
        memory : int
            Pairs of steps and changes at most.

        Raises
        ------
        UsageError
            If the file is of another alignment or other settings, or damaged.
        """
        with self.errors_told():
            about, arrays = self._read(like, fields, memory)
        held = {name: torch.from_numpy(a).to(like.device) for name, a in arrays.items()}
        fields.copy_(torch.from_numpy(arrays["fields"]))
        values = about["values"]
        pairs = [
            (held[f"step_{k}"], held[f"change_{k}"], curvature)
            for k, curvature in enumerate(about["curvatures"])
        ]
        here = Place(held["point"], held["gradient"], values[-1])
        search = Search(here, pairs, values, about["evaluations"])
        return search, Blocks(*about["blocks"])

    def _read(
        self, like: torch.Tensor, fields: torch.Tensor, memory: int
    ) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Return the text and the arrays of the file, checked."""
        # Opened here first: the library's own error for a missing file is another.
        self.path.open("rb").close()
        with safe_open(self.path, framework="numpy") as file:
            about = json.loads((file.metadata() or {})["about"])
            if about["format"] != FORMAT:
                raise ValueError(about["format"])
            self.compare(about["facts"])
            _check_numbers(about, memory)
            shapes = {"point": like.shape, "gradient": like.shape}
            for k in range(len(about["curvatures"])):
                shapes |= {f"step_{k}": like.shape, f"change_{k}": like.shape}
            if set(file.keys()) != {*shapes, "fields"}:
                raise ValueError("its arrays are others")
            arrays = {
                name: checked_array(file, name, tuple(shape), "F32")
                for name, shape in shapes.items()
            }
            arrays["fields"] = checked_array(file, "fields", tuple(fields.shape), "F64")
        if about.pop("sha256") != digest_of(about, arrays):
            raise ValueError("its contents do not match their SHA-256")
        return about, arrays


def checked_array(
    file: Any, name: str, shape: tuple[int, ...], kind: str
) -> NDArray[Any]:
    """Return an array of the file, its type and shape checked before it is read."""
    found = file.get_slice(name)
    if tuple(found.get_shape()) != shape or found.get_dtype() != kind:
        raise ValueError(f"{name}: another shape or type")
    array: NDArray[Any] = file.get_tensor(name)
    if not np.isfinite(array).all():
        raise ValueError(f"{name}: not finite")
    return array


def _check_numbers(about: Mapping[str, Any], memory: int) -> None:
    values, curvatures = about["values"], about["curvatures"]
    for count in (about["evaluations"], *about["blocks"]):
        if type(count) is not int or not 0 < count < MAX_COUNT:
            raise ValueError("a count is none")
    if not values or len(curvatures) > memory:
        raise ValueError("too few or too many numbers")
    for number in (*values, *curvatures):
        if type(number) is not float or not math.isfinite(number):
            raise ValueError("a number is none")


def digest_of(about: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> str:
    """Return the SHA-256 of all that a file holds, as hexadecimal digits."""
    digest = hashlib.sha256(json.dumps(about, sort_keys=True).encode())
    for name in sorted(arrays):
        digest.update(name.encode())
        digest.update(
            np.ascontiguousarray(arrays[name]).reshape(-1).view(np.uint8).data
        )
    return digest.hexdigest()
