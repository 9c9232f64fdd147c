"""How a result was made: software, settings and input; and in which run."""

from __future__ import annotations

import datetime
import math
import os
import platform
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

from pottsfold import __version__


@dataclass(frozen=True)
class Provenance:
    """The making of one result: what decides it, and nothing else.

    Parameters
    ----------
    versions : dict of str
        Versions of Python, pottsfold and the libraries that computed.
    settings : dict
        Every setting that decides the result, by name.
    source : dict of str
        The input, from :func:`source_of`. Older models have a ``path`` in place of the
        ``name``.
    seed : int or None
        Seed of the random numbers, as asked for; None when none was.
    """

    versions: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    source: Mapping[str, str] = field(default_factory=dict)
    seed: int | None = None


@dataclass(frozen=True)
class Run:
    """The circumstances of one run, which the result does not depend on.

    Parameters
    ----------
    threads : int
        Threads used.
    seconds, cpu_seconds : float
        Wall and processor time.
    date : str
        When it ended, UTC, ISO 8601.
    """

    threads: int
    seconds: float
    cpu_seconds: float
    date: str


class Stopwatch:
    """Wall and processor seconds since it was made."""

    def __init__(self) -> None:
        self._wall = time.perf_counter()
        self._cpu = time.process_time()

    @property
    def seconds(self) -> float:
        """Wall seconds since the start."""
        return time.perf_counter() - self._wall

    @property
    def cpu_seconds(self) -> float:
        """Processor seconds of this process, all threads, since the start."""
        return time.process_time() - self._cpu


def least_seconds(work: Callable[[], object], times: int) -> float:
    """Return the least wall seconds that work takes of so many times.

    The first one also pays for what is loaded, and others for what else runs.
    """
    least = math.inf
    for _ in range(times):
        clock = Stopwatch()
        work()
        least = min(least, clock.seconds)
    return least


def about(least: float, most: float | None = None) -> str:
    """Return how long work will take, as it is told.

    Parameters
    ----------
    least, most : float
        Seconds; one number where no range is known.

    Examples
    --------
    >>> about(12.31), about(2.6, 4.2), about(0.2, 0.4)
    ('about 12.3 s', 'about 2.6 to 4.2 s', 'under 1 s')
    """
    if max(least, most or 0.0) < 1:
        return "under 1 s"
    return (
        f"about {least:.1f} s" if most is None else f"about {least:.1f} to {most:.1f} s"
    )


def run_of(clock: Stopwatch, threads: int) -> Run:
    """Return the record of a run that ends now."""
    now = datetime.datetime.now(datetime.UTC)
    return Run(
        threads=threads,
        seconds=round(clock.seconds, 3),
        cpu_seconds=round(clock.cpu_seconds, 3),
        date=now.isoformat(timespec="seconds"),
    )


def software_versions() -> dict[str, str]:
    """Return the versions of Python, pottsfold, NumPy, SciPy and Numba."""
    libraries = ("numpy", "scipy", "numba")
    return {
        "pottsfold": __version__,
        "python": platform.python_version(),
        **{library: metadata.version(library) for library in libraries},
    }


def source_of(path: str | Path, sha256: str, **facts: str) -> dict[str, str]:
    """Return what is recorded of an input: its ``name``, its ``sha256`` and facts."""
    return {"name": recorded_name(path), "sha256": sha256, **facts}


def recorded_name(path: str | Path) -> str:
    """Return what is recorded of where a file was: its name alone.

    A result is passed on, and the folders of a machine are nobody's matter. So the
    same input makes the same bytes wherever it stands.
    """
    # A name in another encoding than UTF-8 is kept readable.
    return os.fsencode(Path(path).name).decode("utf-8", "backslashreplace")


def run_path(path: str | Path) -> Path:
    """Return the file beside a result that records the run that made it."""
    return Path(f"{path}.run.json")
