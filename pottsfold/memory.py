"""How much memory work takes and how much there is, checked before it starts.

Plans count what work takes beside what the process holds already. What they promise,
:func:`peak_memory`, is the peak of the whole process, as batch systems measure it.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path

from pottsfold.errors import MemoryShort
from pottsfold.threads import available_threads

# Bytes of a number.
FLOAT32, FLOAT64 = 4, 8
MIB = 2**20
# What the compiler takes when it is first imported, and kernels with it.
COMPILER = 105 * MIB
# Address space, most of it never used, but limits count it: what it takes to start; of
# libraries loaded on the way, with their buffers and the allocator's pools; and of
# every core's thread.
SPACE_TO_START, SPACE_OF_LIBRARIES, SPACE_PER_CORE = 560 * MIB, 440 * MIB, 24 * MIB
RAISE_LIMIT = "raise the limit on address space (ulimit -v)"
# Limits of a control group, used memory, and the part of it that is given back when
# needed; of version 2 and of version 1.
CGROUP_FILES = {
    "cgroup2": (("memory.max", "memory.high"), "memory.current", "inactive_file"),
    "cgroup": (
        ("memory.limit_in_bytes",),
        "memory.usage_in_bytes",
        "total_inactive_file",
    ),
}


def available_memory() -> int:
    """Return the bytes this process may still take.

    The least of the machine's available memory, the process's own limits (``ulimit``)
    and those of its control groups, as batch systems and containers set them.
    """
    import psutil

    limits = [int(psutil.virtual_memory().available), *_control_group_rooms()]
    used = psutil.Process().memory_info()
    space = _limit("RLIMIT_AS")
    if space is not None:
        beside = SPACE_OF_LIBRARIES + SPACE_PER_CORE * available_threads()
        limits.append(space - used.vms - beside)
    data = _limit("RLIMIT_DATA")
    if data is not None:
        limits.append(data - getattr(used, "data", 0))
    return max(min(limits), 0)


def peak_memory(needed: int) -> int:
    """Return the peak bytes of the process if work takes ``needed`` from now on."""
    import psutil

    compiler = 0 if "numba" in sys.modules else COMPILER
    coming = int(psutil.Process().memory_info().rss) + compiler + needed
    return max(coming, _peak_so_far())


def _peak_so_far() -> int:
    """Return the most bytes that the process has held, 0 where that is not known."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return 0


def in_gib(count: float) -> str:
    """Return a number of bytes as it is told.

    Examples
    --------
    >>> in_gib(3 * 2**29)
    '1.50 GiB'
    """
    return f"{count / 2**30:.2f} GiB"


def check_memory(needed: int, advice: str) -> None:
    """Raise :class:`MemoryShort` if ``needed`` bytes are more than there are."""
    available = available_memory()
    if needed > available:
        if _limit("RLIMIT_AS") is not None:
            advice += f", or {RAISE_LIMIT}"
        raise MemoryShort(needed, available, advice)


def check_address_space() -> None:
    """Raise :class:`MemoryShort` if the program's libraries cannot even be loaded.

    They end the process when they find no room, without a word that helps.
    """
    space = _limit("RLIMIT_AS")
    least = SPACE_TO_START + SPACE_PER_CORE * available_threads()
    if space is not None and space < least:
        raise MemoryShort(least, space, RAISE_LIMIT)


def _limit(name: str) -> int | None:
    """Return a limit of the process, None where there is none."""
    try:
        import resource
    except ImportError:  # no such limits on Windows
        return None
    soft, _ = resource.getrlimit(getattr(resource, name))
    return None if soft == resource.RLIM_INFINITY else soft


def _control_group_rooms(process: Path = Path("/proc/self")) -> list[int]:
    """Return the bytes that every control group of a process leaves.

    Its own group and those around it, each with a limit of its own: a batch job's
    stands some levels above its steps.
    """
    rooms = []
    with contextlib.suppress(OSError, ValueError):
        for kind, folder in _control_groups(process):
            limits, current, spare = CGROUP_FILES[kind]
            for limit in limits:
                with contextlib.suppress(OSError, ValueError):
                    most = int((folder / limit).read_text())
                    used = int((folder / current).read_text())
                    rooms.append(most - used + _spare(folder, spare))
    return rooms


def _control_groups(process: Path) -> Iterator[tuple[str, Path]]:
    """Yield the kind and folder of every control group that counts memory."""
    own = {}
    for line in (process / "cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            own["cgroup2"] = path
        elif "memory" in controllers.split(","):
            own["cgroup"] = path
    for line in (process / "mountinfo").read_text().splitlines():
        mount, _, system = line.partition(" - ")
        kind, _, options = system.split(" ", 2)
        if kind not in own or (kind == "cgroup" and "memory" not in options.split(",")):
            continue
        root, top = mount.split(" ")[3:5]
        # In a container the mount shows the groups from its own downwards.
        inside = Path(own[kind])
        if root != "/" and inside.is_relative_to(root):
            inside = inside.relative_to(root)
        folder = Path(top) / str(inside).lstrip("/")
        for group in (folder, *folder.parents):
            yield kind, group
            if group == Path(top):
                break


def _spare(folder: Path, name: str) -> int:
    """Return the bytes that only keep files at hand, counted as used."""
    with contextlib.suppress(OSError, ValueError):
        for line in (folder / "memory.stat").read_text().splitlines():
            if line.startswith(f"{name} "):
                return int(line.split()[1])
    return 0
