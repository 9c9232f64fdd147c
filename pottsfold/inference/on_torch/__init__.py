"""Fits on a device: the objective of the Numba core, on torch.

The only room that imports torch, and only when a fit is asked to run on a device:
nothing is imported here before :func:`check_torch` has found that it is installed.
"""

from __future__ import annotations

import importlib.util

from pottsfold.errors import UsageError

__all__ = ["check_torch"]


def check_torch() -> None:
    """Raise :class:`UsageError` unless torch and safetensors are installed."""
    for library in ("torch", "safetensors"):
        if importlib.util.find_spec(library) is None:
            raise UsageError(
                f"{library} is not installed; pip install 'pottsfold[torch]'",
                parameter="device",
            )
