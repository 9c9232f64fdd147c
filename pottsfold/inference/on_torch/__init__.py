"""Fits on a device: the objective of the Numba core, on torch.

The only room that imports torch, and only when a fit is asked to run on a device:
nothing is imported here before :func:`check_torch` has found that it is installed.
"""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING

from pottsfold.errors import UsageError
from pottsfold.inference.method import Precision

if TYPE_CHECKING:
    from pottsfold.inference.on_torch.devices import Device

__all__ = ["check_torch", "device_named"]


def check_torch() -> None:
    """Raise :class:`UsageError` unless torch and safetensors are installed."""
    for library in ("torch", "safetensors"):
        if importlib.util.find_spec(library) is None:
            raise UsageError(
                f"{library} is not installed; pip install 'pottsfold[torch]'",
                parameter="device",
            )


def device_named(name: str, precision: Precision | None = None) -> Device:
    """Return a device by its name; torch is imported here.

    Parameters
    ----------
    name : str
        ``cpu``, ``cuda``, ``cuda:N``, ``mps`` or ``auto``.
    precision : {"float32", "tf32", "bf16"}, optional
        Of its products, by default float32.

    Raises
    ------
    UsageError
        If torch is not installed, or there is no such device.
    """
    check_torch()
    from pottsfold.inference.on_torch.devices import chosen_device

    return chosen_device(name, precision or "float32")
