"""Faults planted in ``info``: the fuzzer that misses one is no judge."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import numpy as np

from pottsfold.errors import ModelFormatError
from tests.fuzz.judging import MEMORY


def _plant(fault: Callable[..., object]) -> Callable[[], None]:
    """Return what puts a fault in the place of reading a model's header."""

    def plant() -> None:
        from pottsfold.commands import info

        info.read_header = fault

    return plant


def _error(_path: Path) -> NoReturn:
    raise KeyError("metadata")


def _crash(_path: Path) -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def _hang(_path: Path) -> None:
    time.sleep(3600)


def _spin(_path: Path) -> None:
    while True:
        pass


def _memory(_path: Path) -> None:
    np.ones(MEMORY + 2**28, np.uint8)


def _litter(path: Path) -> NoReturn:
    Path(".header.partial").touch()
    raise ModelFormatError(str(path), "damaged")


def _screen(path: Path) -> NoReturn:
    print("named \x1b[2J", file=sys.stderr)
    raise ModelFormatError(str(path), "damaged")


# By name: a fault, and what the fuzzer says of it.
PLANTED = {
    "error": _plant(_error),
    "crash": _plant(_crash),
    "hang": _plant(_hang),
    "spin": _plant(_spin),
    "memory": _plant(_memory),
    "litter": _plant(_litter),
    "screen": _plant(_screen),
}
