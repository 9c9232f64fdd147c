"""Commands that write files, as they are killed, starved and run side by side.

A job runs in a folder with its inputs and is a process of its own. What it writes
when nothing disturbs it is what it must have written in the end, whatever happened.
"""

from __future__ import annotations

import contextlib
import os
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.fuzz.seeds import CHECKPOINTED, FIRST, FOCUS, make_seeds

ROOT = Path(__file__).parents[2]
# A checkpoint is saved at every chance, and the process may kill itself at the
# KILL_AT-th of the moments at which it makes, opens, renames or removes a file.
PROGRAM = """
import os, signal, sys
from pottsfold.commands.main import run
from pottsfold.inference import checkpoint
checkpoint.EVERY = 0.0
left = int(os.environ.get("KILL_AT", "0"))
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT
def count(event, given):
    global left
    touches = event in ("os.rename", "os.remove", "os.mkdir", "os.chmod")
    if touches or (event == "open" and (given[2] or 0) & WRITES):
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
if left:
    sys.addaudithook(count)
run()
"""
# Left behind by a killed run: hidden, and of no name that a reader would look for.
TEMPORARY = re.compile(r"\..+")
# Enough for seven parts of a table.
ROWS = 120_000


@dataclass(frozen=True)
class Job:
    """A command and what it writes.

    Parameters
    ----------
    name : str
        What it is called.
    words : str
        The command.
    outputs : tuple of str
        Files that are the same bytes from run to run.
    resume : str
        Words that go on with what a killed run left, where ``left`` is there.
    left : str
        A file or folder that such a run may leave.
    """

    name: str
    words: str
    outputs: tuple[str, ...]
    resume: str = ""
    left: str = ""

    def again(self, folder: Path) -> str:
        """Return the command that is run after a kill."""
        goes_on = self.left and (folder / self.left).exists()
        return f"{self.words} {self.resume}" if goes_on else self.words


JOBS = (
    Job("fit", "fit a.fasta -o m2.potts --threads 1", ("m2.potts",)),
    Job(
        "fit boltzmann",
        CHECKPOINTED.replace("-iterations 12", "-iterations 60") + " --checkpoint c2",
        ("learnt.potts",),
        "--resume",
        "c2",
    ),
    Job(
        "score csv",
        "score m.potts big.csv -o s.csv --threads 1",
        ("s.csv",),
        "--resume",
        "s.csv.parts",
    ),
    Job(
        "score parquet",
        "score m.potts big.csv -o s.parquet --threads 2",
        ("s.parquet",),
        "--resume",
        "s.parquet.parts",
    ),
    Job("contacts", "contacts m.potts -o c.csv --structure s.pdb", ("c.csv",)),
    Job(
        "contacts chimerax",
        "contacts m.potts -o c.cxc --format chimerax --structure s.pdb",
        ("c.cxc", "c.pb"),
    ),
    Job(
        "sample",
        "sample m.potts -n 500 -o d.fasta.gz --sweeps 20 --threads 1",
        ("d.fasta.gz",),
    ),
    Job("convert", "convert m.potts x.mrf.gz", ("x.mrf.gz",)),
    Job("convert in place", "convert own.potts own.potts --first 5", ("own.potts",)),
    Job(
        "partition",
        "partition m.potts --alignment a.fasta -o p.csv --chains 20 --steps 20",
        ("p.csv",),
    ),
    Job("epistasis", "epistasis m.potts -o e.parquet --top 99", ("e.parquet",)),
)


def make_inputs(folder: Path) -> None:
    """Write the inputs of all jobs to a new folder."""
    folder.mkdir()
    make_seeds(folder)
    draw = random.Random(5)
    rows = ["mutant,note"]
    for k in range(ROWS):
        column = draw.randrange(len(FOCUS))
        letter = draw.choice("ACDEFGHIKLMNPQRSTVWY")
        rows.append(f"{FOCUS[column]}{FIRST + column}{letter},{k}")
    (folder / "big.csv").write_text("\n".join(rows) + "\n")
    for made in ("learnt.potts", "learnt.potts.run.json"):
        (folder / made).unlink()


@contextlib.contextmanager
def furnished(inputs: Path) -> Iterator[Path]:
    """Give a folder with links to the inputs, of one name always: files may hold it.

    A model that is written anew in its place is copied.
    """
    folder = inputs.parent / "run"
    folder.mkdir()
    try:
        for path in inputs.iterdir():
            (folder / path.name).symlink_to(path)
        restore(folder, inputs)
        yield folder
    finally:
        shutil.rmtree(folder)


def restore(folder: Path, inputs: Path) -> None:
    """Put the model that is written anew back to what it was."""
    shutil.copy(inputs / "m.potts", folder / "own.potts")


def start(
    words: str, folder: Path, kill_at: int = 0, **more: object
) -> subprocess.Popen[str]:
    """Start the program in a folder."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "KILL_AT": str(kill_at)}
    return subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", PROGRAM, *words.split()],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **more,
    )


def written(folder: Path, job: Job) -> dict[str, bytes]:
    """Return the outputs of a job that are there."""
    there = [name for name in job.outputs if (folder / name).exists()]
    return {name: (folder / name).read_bytes() for name in there}


def litter(folder: Path, inputs: Path, job: Job) -> list[str]:
    """Return what is in a folder beside inputs, outputs and what belongs to them."""
    known = {path.name for path in inputs.iterdir()} | {*job.outputs, "own.potts"}
    known |= {f"{name}.run.json" for name in job.outputs} | {job.left}
    return sorted(set(os.listdir(folder)) - known)
