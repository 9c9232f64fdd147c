"""What a run of the fuzzer found: counts by reader, kinds of faults, failing inputs."""

from __future__ import annotations

import re
import resource
import shlex
import shutil
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from tests.fuzz.judging import Outcome
from tests.fuzz.pool import Task
from tests.fuzz.readers import ALL, OUT

# Failing inputs kept of one kind of fault.
KEPT = 3


@dataclass
class Counts:
    """Counts of one reader."""

    inputs: int = 0
    done: int = 0
    refused: int = 0
    wrong: int = 0
    crashes: int = 0
    hangs: int = 0
    memory: int = 0
    slowest: float = 0.0

    def add(self, outcome: Outcome) -> None:
        """Count one input."""
        self.inputs += 1
        self.memory = max(self.memory, outcome.memory)
        self.slowest = max(self.slowest, outcome.seconds)
        kinds = {fault.partition(":")[0] for fault in outcome.faults}
        if "crash" in kinds:
            self.crashes += 1
        elif "hang" in kinds:
            self.hangs += 1
        elif outcome.faults:
            self.wrong += 1
        elif outcome.status == 0:
            self.done += 1
        else:
            self.refused += 1


@dataclass
class Report:
    """Everything found so far.

    Parameters
    ----------
    seeds : Path
        Folder of valid files.
    failures : Path, optional
        Folder for failing inputs and their commands.
    """

    seeds: Path
    failures: Path | None
    counts: dict[str, Counts] = field(default_factory=dict)
    kinds: Counter[str] = field(default_factory=Counter)
    first: dict[str, str] = field(default_factory=dict)
    _start: float = 0.0
    _cpu: float = 0.0

    def begin(self) -> None:
        """Begin to count anew; faults found so far are kept."""
        self.counts = {}
        self._start, self._cpu = time.monotonic(), _cpu_seconds()

    @property
    def failed(self) -> bool:
        """Whether any input failed."""
        return bool(self.kinds)

    def add(self, task: Task, outcome: Outcome) -> None:
        """Count one input, and keep it if it failed."""
        if task.number < 0 and outcome.status == 2 and not outcome.faults:
            outcome.faults.append("a valid file is refused: " + outcome.told[-200:])
        self.counts.setdefault(task.reader, Counts()).add(outcome)
        verb = re.split("[ .]", task.reader)[0]
        kinds = [f if " at " in f else f"{verb}: {f}" for f in outcome.faults]
        for kind in kinds:
            self.kinds[kind] += 1
            where = f"{task.reader}, number {task.number}, seed {task.seed}"
            self.first.setdefault(kind, where)
        if kinds and self.failures is not None:
            if min(self.kinds[kind] for kind in kinds) <= KEPT:
                self._keep(task, outcome, self.failures)

    def _keep(self, task: Task, outcome: Outcome, folder: Path) -> None:
        """Write a failing input with everything its command needs."""
        reader = next(each for each in ALL if each.name == task.reader)
        seed, content = task.made(reader, self.seeds)
        words = reader.words(seed, content)
        label = re.sub(r"[^A-Za-z0-9]+", "-", task.reader)
        place = folder / f"{label}-{task.seed}-{task.number}"
        (place / OUT).mkdir(parents=True, exist_ok=True)
        for name in words:
            if "/" not in name and (self.seeds / name[:200]).is_file():
                shutil.copy(self.seeds / name, place)
        for name, beside in reader.beside:
            (place / beside).parent.mkdir(exist_ok=True)
            shutil.copy(self.seeds / name, place / beside)
        target = place / reader.file_name(seed)
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(content)
        command = " ".join(map(shlex.quote, words))
        script = f'cd "$(dirname "$0")" && ${{PF:-pottsfold}} {command}\n'
        (place / "command.sh").write_bytes(script.encode("utf-8", "surrogateescape"))
        faults = "\n".join(outcome.faults)
        (place / "found.txt").write_text(
            f"{faults}\n\n{outcome.told}", errors="replace"
        )

    def lines(self) -> list[str]:
        """Return a table of the readers, then the kinds of faults."""
        columns = ("inputs", "done", "refused", "wrong", "crashes", "hangs")
        head = "".join(f"{name:>9}" for name in columns)
        lines = [f"{'reader':<28}{head}      MiB  slowest"]
        total = Counts()
        for name, counts in sorted(self.counts.items()):
            lines.append(_row(name, counts))
            for column in columns:
                value = getattr(total, column) + getattr(counts, column)
                setattr(total, column, value)
            total.memory = max(total.memory, counts.memory)
            total.slowest = max(total.slowest, counts.slowest)
        lines.append(_row("all", total))
        seconds = max(time.monotonic() - self._start, 1e-9)
        cpu = max(_cpu_seconds() - self._cpu, 1e-9)
        lines.append(
            f"{total.inputs / seconds:.0f} inputs a second, "
            f"{total.inputs / cpu:.0f} a CPU second"
        )
        for kind, count in self.kinds.most_common():
            lines.append(f"{count:>6}  {kind}  (first: {self.first[kind]})")
        if not self.kinds:
            lines.append("no fault found")
        return lines


def _cpu_seconds() -> float:
    """Return the seconds of CPU that finished processes took."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _row(name: str, counts: Counts) -> str:
    numbers = (counts.inputs, counts.done, counts.refused, counts.wrong)
    numbers += (counts.crashes, counts.hangs)
    cells = "".join(f"{number:>9}" for number in numbers)
    return f"{name:<28}{cells}{counts.memory / 2**20:>9.0f}{counts.slowest:>9.1f}"
