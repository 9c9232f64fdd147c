"""What commands said they would take, and what they took.

Run: ``python -m tests.benchmarks.plans [--quick] [METHOD ...]``, on a quiet machine.
Memory is the peak of the process, measured from outside; time is the wall time between
the plan that names it and the end. Ratios are planned on spent: 0.7 to 1.3 is what is
promised. Where a plan gives a range, time counts as right inside it; ``under 1 s`` is
a range too.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
# A small process that starts the command: a child's peak counts what its parent held.
LAUNCHER = """
import json, os, sys
child = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
_, status, used = os.wait4(child, 0)
spent = used.ru_utime + used.ru_stime
print(json.dumps([os.waitstatus_to_exitcode(status), used.ru_maxrss * 1024, spent]))
"""
# N and L of made families, by what is to be large in them.
MADE = {
    "made 100 x 50": (100, 50),
    "made 100 x 400": (100, 400),
    "made 1,000 x 250": (1000, 250),
    "made 5,000 x 150": (5000, 150),
    "made 20,000 x 60": (20_000, 60),
    "made 100,000 x 50": (100_000, 50),
}
REAL = {
    name: Path("families", name, "match.fasta")
    for name in ("PF00014", "DHFR", "1a0tP", "PF00254")
}
METHODS = {
    "symmetric": ["--form", "symmetric"],
    "asymmetric": ["--form", "asymmetric"],
    "lambda auto": ["--lambda", "auto"],
    "mean-field": ["--method", "mean-field"],
    "independent": ["--method", "independent"],
    "boltzmann": ["--method", "boltzmann", "--max-iterations", "4"],
    "activation": [
        *("--method", "boltzmann", "--sparse", "activation"),
        *("--max-iterations", "4"),
    ],
}
# Methods that take long are tried on families of at most so many sites and sequences.
MOST = {
    "lambda auto": (100, 10_000),
    "asymmetric": (250, 20_000),
    "boltzmann": (60, 20_000),
    "activation": (60, 10_000),
}
GIB, SECONDS = r"([\d.]+) GiB", r"([\d.]+)(?: to ([\d.]+))? s\b"
SHORT = "under 1 s"


@dataclass(frozen=True)
class Outcome:
    """What one command planned and took.

    Parameters
    ----------
    status : int
        Exit status.
    planned_bytes, peak_bytes : float
        Peak memory.
    planned_seconds : tuple of float
        Least and most.
    seconds, cpu_seconds : float
        From the plan on; and of the whole process.
    compiled : bool
        Whether kernels were compiled meanwhile, which plans do not count.
    said : str
        Standard error.
    """

    status: int
    planned_bytes: float
    peak_bytes: float
    planned_seconds: tuple[float, float]
    seconds: float
    cpu_seconds: float
    compiled: bool
    said: str

    @property
    def memory_ratio(self) -> float:
        """Planned on spent."""
        return self.planned_bytes / self.peak_bytes

    @property
    def time_ratio(self) -> float:
        """Planned on spent, 1 inside a range."""
        least, most = self.planned_seconds
        return min(max(self.seconds, least), most) / max(self.seconds, 0.01)


def run(words: list[str], program: Path = ROOT / "cli.py") -> Outcome:
    """Run a command of the program in a process of its own."""
    launcher = [sys.executable, "-S", "-c", LAUNCHER, sys.executable, str(program)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    lines, first = [], time.perf_counter()
    planned_bytes, least, most, start = 0.0, 0.0, 0.0, 0.0
    with subprocess.Popen(
        [*launcher, *words],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        for line in process.stderr:
            lines.append(line)
            if line.startswith("plan: "):
                planned_bytes = max(planned_bytes, *_numbers(GIB, line))
                seconds = [0.0, 1.0] if SHORT in line else _numbers(SECONDS, line)
                least, most = least + seconds[0], most + seconds[-1]
                if start == 0 and most > 0:
                    start = time.perf_counter()
        end = time.perf_counter()
        result = process.stdout.read().splitlines()[-1]
    status, peak, spent = json.loads(result)
    said = "".join(lines)
    return Outcome(
        status,
        planned_bytes * 2**30,
        peak,
        (least, most),
        end - (start or first),
        spent,
        "compiling for this machine" in said,
        said,
    )


def _numbers(pattern: str, line: str) -> list[float]:
    """Return the numbers of the first place that a pattern matches; [0] without one."""
    found = re.search(pattern, line)
    return [0.0] if found is None else [float(n) for n in found.groups() if n]


def write_made(n_sequences: int, length: int, path: Path) -> None:
    """Write a made family, in a process of its own: this one is to stay small."""
    subprocess.run(
        [
            *(sys.executable, "-m", "tests.benchmarks.plans", "--make"),
            *(str(n_sequences), str(length), str(path)),
        ],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=True,
    )


def _make(n_sequences: str, length: str, path: str) -> None:
    from tests.benchmarks.made import made_alignment

    family = made_alignment(int(n_sequences), int(length))
    rows = zip(family.names, family.codes, strict=True)
    letters = family.alphabet
    text = "".join(f">{name}\n{letters.decode(row)}\n" for name, row in rows)
    Path(path).write_text(text)


def families(folder: Path, quick: bool) -> dict[str, tuple[Path, int, int]]:
    """Return files of families with their N and L: made ones, and real ones if there.

    Parameters
    ----------
    folder : Path
        Where made ones are written.
    quick : bool
        The smallest alone.
    """
    found = {}
    for name, (n, length) in list(MADE.items())[: 1 if quick else None]:
        path = folder / f"{n}x{length}.fasta"
        write_made(n, length, path)
        found[name] = (path, n, length)
    data = os.environ.get("POTTSFOLD_DATA")
    for name, place in {} if data is None or quick else REAL.items():
        text = Path(data, place).read_text()
        first = text.split(">", 2)[1].split("\n", 1)[1].replace("\n", "")
        found[name] = (Path(data, place), text.count(">"), len(first))
    return found


def table(methods: list[str], *, quick: bool, threads: int) -> None:
    """Print a line a family and method, then one a verb that reads a model."""
    print(
        "| family | what | plan MiB | peak MiB | ratio | plan s | spent s | ratio | "
        "CPU s |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for family, (path, n, length) in families(folder, quick).items():
            model = folder / "model.potts"
            common = [str(path), "-o", str(model), "--threads", str(threads)]
            for method in methods:
                most_length, most_n = MOST.get(method, (10**9, 10**9))
                if length <= most_length and n <= most_n:
                    _print(family, method, run(["fit", *common, *METHODS[method]]))
            if model.exists():
                for verb, words in verbs(model, folder, threads).items():
                    _print(family, verb, run(words))


def verbs(model: Path, folder: Path, threads: int) -> dict[str, list[str]]:
    """Return commands that read a model, by verb, in an order that they can run in."""
    drawn = folder / "drawn.fasta"
    common = ["--threads", str(threads)]
    return {
        "sample": [
            *("sample", str(model), "-n", "1000", "--sweeps", "20"),
            *("-o", str(drawn), *common),
        ],
        "score": [
            *("score", str(model), str(drawn)),
            *("-o", str(folder / "scored.csv"), *common),
        ],
        "partition": [
            *("partition", str(model), "--steps", "20", "--chains", "100", *common)
        ],
    }


def _print(family: str, what: str, found: Outcome) -> None:
    mark = " (compiled)" if found.compiled else ""
    least, most = found.planned_seconds
    seconds = f"{least:.1f}" if least == most else f"{least:.1f} to {most:.1f}"
    timed = f"{seconds} | {found.seconds:.1f} | {found.time_ratio:.2f}"
    if found.status:
        print(f"| {family} | {what} | status {found.status}: {found.said[-200:]!r} |")
        return
    print(
        f"| {family} | {what}{mark} | {found.planned_bytes / 2**20:.0f} | "
        f"{found.peak_bytes / 2**20:.0f} | {found.memory_ratio:.2f} | "
        f"{timed if most else '- | - | -'} | {found.cpu_seconds:.1f} |",
        flush=True,
    )


def main(arguments: list[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("methods", nargs="*")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--make", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args(arguments)
    if chosen.make:
        _make(*chosen.methods)
        return
    table(chosen.methods or list(METHODS), quick=chosen.quick, threads=chosen.threads)


if __name__ == "__main__":
    main()
