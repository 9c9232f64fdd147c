"""How much memory there is, checked before long work starts."""

from __future__ import annotations

import contextlib
from pathlib import Path

from pottsfold.errors import MemoryShort

# Bytes of a number.
FLOAT32, FLOAT64 = 4, 8
CGROUP_FILES = (
    ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
    (
        "/sys/fs/cgroup/memory/memory.limit_in_bytes",
        "/sys/fs/cgroup/memory/memory.usage_in_bytes",
    ),
)


def available_memory() -> int:
    """Return the bytes this process may still take.

    The least of the machine's available memory, the process's own limit and its
    control group's, as batch systems set them.
    """
    import psutil

    limits = [int(psutil.virtual_memory().available)]
    with contextlib.suppress(ImportError):  # no such limits on Windows
        import resource

        soft, _ = resource.getrlimit(resource.RLIMIT_AS)
        if soft != resource.RLIM_INFINITY:
            limits.append(soft - psutil.Process().memory_info().vms)
    for limit_file, used_file in CGROUP_FILES:
        with contextlib.suppress(OSError, ValueError):
            limit = int(Path(limit_file).read_text())
            limits.append(limit - int(Path(used_file).read_text()))
    return max(min(limits), 0)


def check_memory(needed: int, advice: str) -> None:
    """Raise :class:`MemoryShort` if ``needed`` bytes are more than there are."""
    available = available_memory()
    if needed > available:
        raise MemoryShort(needed, available, advice)
