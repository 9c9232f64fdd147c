"""Machine code is kept for the next process, and its files stop no command."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from numba.core import config

KERNEL = """
from pottsfold.jit import kernel

@kernel
def total(values):
    result = values[0] * 0
    for value in values:
        result += value
    return result
"""


@pytest.fixture
def home(tmp_path, monkeypatch):
    (tmp_path / "summing.py").write_text(KERNEL)
    monkeypatch.setattr(config, "CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path


def use(home: Path) -> tuple[float, int, int]:
    """Return a sum of floats, one of integers, and how many kernels were kept."""
    # As in a new process: nothing of an earlier import is left.
    spec = importlib.util.spec_from_file_location("summing", home / "summing.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    sums = module.total(np.array([0.5, 0.75])), module.total(np.array([2, 3]))
    return *sums, sum(module.total.stats.cache_hits.values())


def files(home: Path, ending: str) -> list[Path]:
    found = sorted((home / "cache").rglob(f"*{ending}"))
    assert found
    return found


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def cut(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])


def garbage(path: Path) -> None:
    path.write_bytes(bytes(range(256)) * 20)


def flipped(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def zeroed(path: Path) -> None:
    path.write_bytes(bytes(path.stat().st_size))


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def missing(path: Path) -> None:
    path.unlink()


@pytest.mark.parametrize("ending", [".nbi", ".nbc"])
@pytest.mark.parametrize("damage", [emptied, cut, garbage, flipped, zeroed, missing])
def test_damaged_machine_code_is_made_anew(home, ending, damage):
    assert use(home) == (1.25, 5, 0)
    assert use(home) == (1.25, 5, 2)
    for path in files(home, ending):
        damage(path)
    *sums, kept = use(home)
    assert sums == [1.25, 5]
    # A flipped bit of the index may lose a single signature.
    assert kept <= (ending == ".nbi" and damage is flipped)
    assert use(home) == (1.25, 5, 2)


@pytest.mark.parametrize("ending", [".nbi", ".nbc"])
def test_files_that_cannot_be_written_over_stop_nothing(home, ending):
    use(home)
    for path in files(home, ending):
        folder(path)
    assert use(home) == (1.25, 5, 0)
    assert use(home) == (1.25, 5, 0)


def test_code_of_another_signature_is_not_run(home):
    # Two processes that compile at the same time give their code the same name.
    use(home)
    first, second = files(home, ".nbc")
    first.write_bytes(second.read_bytes())
    assert use(home) == (1.25, 5, 1)


def test_code_of_an_older_source_is_not_run(home):
    use(home)
    first = files(home, ".nbc")[0]
    old = first.read_bytes()
    source = KERNEL.replace("result += value", "result += 2 * value")
    (home / "summing.py").write_text(source)
    assert use(home) == (2.5, 10, 0)
    first.write_bytes(old)
    assert use(home) == (2.5, 10, 1)


def test_files_of_a_disk_that_fails_stop_nothing(home, monkeypatch):
    def fail(*_: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("os.replace", fail)
    assert use(home) == (1.25, 5, 0)
    assert use(home) == (1.25, 5, 0)


def test_without_a_folder_it_is_compiled_in_every_process(home, monkeypatch):
    for name in ("cache", "__pycache__", "user"):
        (home / name).write_text("in the way")
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / "user"))
    assert use(home) == (1.25, 5, 0)
    assert use(home) == (1.25, 5, 0)
