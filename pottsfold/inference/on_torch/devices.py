"""Devices by name: which there are, their free memory, and how they multiply.

Every product has a one-hot matrix as one factor, exact in any format; the other is
rounded to the precision asked for, and sums are made in float32.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import get_args

import torch

from pottsfold.errors import UsageError
from pottsfold.inference.method import Precision
from pottsfold.inference.on_torch.ranks import DeviceFull, launched
from pottsfold.memory import available_memory, in_gib

MOST_ROWS = {"cpu": 1024, "cuda": 8192, "mps": 4096}
# Share of an objective below which a gain may be rounding, of couplings in products.
ROUNDING = {"float32": 1e-6, "tf32": 2e-6, "bf16": 1e-4}
# Bits of a float32's mantissa that tf32 and bf16 leave out.
DROPPED_BITS = {"tf32": 13, "bf16": 16}


@dataclass(frozen=True)
class Device:
    """Where tensors are, and in which precision they are multiplied.

    Parameters
    ----------
    name : str
        As torch has it: ``cpu``, ``cuda:0``, ``mps``.
    precision : {"float32", "tf32", "bf16"}
        Of couplings and residuals in products. Where a device has no such units,
        factors are rounded and then multiplied in float32: the same figures, no
        faster.
    """

    name: str
    precision: Precision = "float32"

    def __post_init__(self) -> None:
        if self.precision not in get_args(Precision):
            raise UsageError(
                f"{', '.join(get_args(Precision))} are known",
                parameter="precision",
                value=self.precision,
            )

    @property
    def kind(self) -> str:
        """``cpu``, ``cuda`` or ``mps``."""
        return self.name.partition(":")[0]

    @property
    def title(self) -> str:
        """The name for people, with the hardware's own."""
        return self.name if self.kind != "cuda" else f"{self.name} ({self.model})"

    @property
    def model(self) -> str:
        """What kind of hardware it is, which the numbers of a fit depend on."""
        if self.kind != "cuda":
            return self.kind
        return str(torch.cuda.get_device_name(self.name))

    @property
    def reported(self) -> dict[str, object]:
        """What a report says of it, by name."""
        return {"device": self.model, "precision": self.precision}

    @property
    def versions(self) -> dict[str, str]:
        """Versions of libraries that other fits do without."""
        return {"torch": str(torch.__version__)}

    @property
    def is_emulated(self) -> bool:
        """Whether the precision is made by rounding, at no gain of time."""
        return self.precision != "float32" and self.kind != "cuda"

    @property
    def wide(self) -> str:
        """The device that holds float64 numbers: Apple's cannot."""
        return "cpu" if self.kind == "mps" else self.name

    @property
    def sum_type(self) -> torch.dtype:
        """Type of long sums that stay on the device."""
        return torch.float64 if self.wide == self.name else torch.float32

    @property
    def most_rows(self) -> int:
        """Sequences at a time at most.

        More of them make products no quicker; on a CPU fewer stay in its caches.
        """
        return MOST_ROWS[self.kind]

    @property
    def factor_type(self) -> torch.dtype:
        """Type of the factors of a product."""
        native = self.precision == "bf16" and not self.is_emulated
        return torch.bfloat16 if native else torch.float32

    @property
    def factor_bytes(self) -> int:
        """Bytes of a number in a factor."""
        return int(self.factor_type.itemsize)

    def free_memory(self) -> int:
        """Return the bytes that tensors may still take.

        Of a CUDA device also what torch holds and does not use.
        """
        if self.kind == "cuda":
            free, _ = torch.cuda.mem_get_info(self.name)
            held = torch.cuda.memory_reserved(self.name)
            return int(free + held - torch.cuda.memory_allocated(self.name))
        if self.kind == "mps":
            most = torch.mps.recommended_max_memory()
            return int(most - torch.mps.driver_allocated_memory())
        return available_memory()

    def peak_memory(self) -> int | None:
        """Return the most bytes tensors took since :meth:`at_work`, if known."""
        if self.kind != "cuda":
            return None
        return int(torch.cuda.max_memory_allocated(self.name))

    def wait(self) -> None:
        """Wait until the device has done what it was given."""
        if self.kind == "cuda":
            torch.cuda.synchronize(self.name)
        elif self.kind == "mps":
            torch.mps.synchronize()

    def let_go(self) -> None:
        """Give back memory that torch holds and does not use."""
        if self.kind == "cuda":
            torch.cuda.empty_cache()
        elif self.kind == "mps":
            torch.mps.empty_cache()

    @contextlib.contextmanager
    def at_work(self, threads: int | None = None) -> Iterator[None]:
        """Have torch multiply in this precision, and track no gradients.

        Parameters
        ----------
        threads : int, optional
            Threads of the CPU; by default as they are.
        """
        matmul = torch.backends.cuda.matmul
        before = matmul.fp32_precision, torch.get_num_threads()
        matmul.fp32_precision = "tf32" if self.precision == "tf32" else "ieee"
        if threads is not None:
            torch.set_num_threads(threads)
        if self.kind == "cuda":
            torch.cuda.set_device(self.name)
            torch.cuda.reset_peak_memory_stats(self.name)
        try:
            with torch.inference_mode():
                yield
        finally:
            matmul.fp32_precision = before[0]
            torch.set_num_threads(before[1])

    def factor(self, x: torch.Tensor) -> torch.Tensor:
        """Return a float32 tensor as a factor of products: rounded."""
        if self.is_emulated:
            return rounded(x, DROPPED_BITS[self.precision])
        return x.to(self.factor_type)

    def product(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        """Return x @ y of factors, float32; of matrices, or of stacks of them."""
        multiply = torch.mm if x.ndim == 2 else torch.bmm
        if x.dtype == torch.float32:
            return multiply(x, y)
        return multiply(x, y, out_dtype=torch.float32)

    def wide_sum(self, x: torch.Tensor) -> torch.Tensor:
        """Return the sum along the first axis, made in float64 if the device can."""
        if self.kind == "mps":
            return x.sum(0).to(self.wide, torch.float64)
        return x.sum(0, dtype=torch.float64)


def rounded(x: torch.Tensor, bits: int) -> torch.Tensor:
    """Return float32 numbers without their last bits, rounded to nearest, even.

    Examples
    --------
    >>> rounded(torch.tensor([1 + 2**-8, 1 + 3 * 2**-8]), 16).tolist()
    [1.0, 1.015625]
    """
    whole = x.contiguous().view(torch.int32)
    last = (whole >> bits) & 1
    up = whole + ((1 << (bits - 1)) - 1) + last
    return (up & -(1 << bits)).view(torch.float32)


def device_names() -> list[str]:
    """Return the names of the devices there are, the quickest first."""
    names = [f"cuda:{k}" for k in range(torch.cuda.device_count())]
    if torch.backends.mps.is_available():
        names.append("mps")
    return [*names, "cpu"]


def chosen_device(name: str, precision: Precision = "float32") -> Device:
    """Return a device by its name; under ``torchrun`` this process's own.

    Parameters
    ----------
    name : str
        ``cpu``, ``cuda``, ``cuda:N``, ``mps``, or ``auto`` for the quickest.
    precision : {"float32", "tf32", "bf16"}
        See :class:`Device`.

    Raises
    ------
    UsageError
        If there is no such device; those there are are named.

    Examples
    --------
    >>> chosen_device("cpu").factor_type
    torch.float32
    """
    there = device_names()
    wanted = there[0].partition(":")[0] if name == "auto" else name
    wanted = launched().device_name(wanted)
    if wanted == "cuda":
        wanted = "cuda:0"
    if wanted not in there:
        raise UsageError(
            f"there is no such device here; there are {', '.join(there)}, and auto "
            "takes the first",
            parameter="device",
            value=name,
        )
    return Device(wanted, precision)


@contextlib.contextmanager
def memory_told(device: Device) -> Iterator[None]:
    """Say in one line that a device has no memory left."""
    try:
        yield
    except torch.OutOfMemoryError as error:
        raise DeviceFull(
            f"{device.title} ran out of memory ({in_gib(device.free_memory())} are "
            "free); end what else it holds, or give one that has more"
        ) from error
