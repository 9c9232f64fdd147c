"""One command run in this process, and what is wrong with how it ended."""

from __future__ import annotations

import contextlib
import io
import os
import re
import shutil
import sys
import time
import traceback
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pottsfold.commands import main as program
from pottsfold.errors import NotConverged
from pottsfold.model import load_fit
from tests.fuzz.readers import OUT, Reader

MEMORY = 2 * 2**30
# Longer lines flood a screen.
MAX_LINE = 5_000
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
NOT_FINITE = re.compile(r"(?:^|,)-?(?:inf|nan)(?:,|$)", re.MULTILINE)
# Warnings of the program itself; others come of a computation gone wrong.
OWN_WARNINGS = (NotConverged,)
UNSHOWN = (DeprecationWarning, PendingDeprecationWarning, ResourceWarning)


@dataclass
class Outcome:
    """How one input ended.

    Parameters
    ----------
    status : int
        Exit status.
    told : str
        Standard error.
    faults : list of str
        What is wrong, one short phrase each; empty where all is well.
    memory : int
        Most bytes resident while it ran.
    seconds : float
        How long it took.
    """

    status: int
    told: str
    faults: list[str] = field(default_factory=list)
    memory: int = 0
    seconds: float = 0.0


class Place:
    """A folder in which inputs are run one after the other.

    Parameters
    ----------
    folder : Path
        Made empty; holds links to the seeds, the fuzzed file and ``out``.
    seeds : Path
        Folder of valid files.
    """

    def __init__(self, folder: Path, seeds: Path) -> None:
        self.folder, self.seeds = folder, seeds
        for path in seeds.iterdir():
            (folder / path.name).symlink_to(path)
        self._names = {path.name for path in folder.iterdir()} | {OUT}

    def put(self, reader: Reader, seed: str, content: bytes) -> str:
        """Put a fuzzed file, and what it needs, where the command looks for it."""
        (self.folder / OUT).mkdir()
        for name, place in reader.beside:
            _write(self.folder / place, (self.seeds / name).read_bytes())
        name = reader.file_name(seed)
        _write(self.folder / name, content)
        return name

    def clear(self, name: str) -> None:
        """Take the fuzzed file and everything written away."""
        shutil.rmtree(self.folder / OUT)
        (self.folder / name).unlink(missing_ok=True)
        for path in self.folder.iterdir():
            if path.name not in self._names:
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        if name in self._names:
            (self.folder / name).symlink_to(self.seeds / name)

    def strays(self, words: list[str], name: str) -> list[str]:
        """Return what a command left that it was not asked for."""
        asked = {Path(word).name for word in words if word.startswith(f"{OUT}/")}
        asked |= {f"{each}.run.json" for each in asked}
        if name.startswith(OUT):
            asked.add(Path(name).parent.name)
        found = [each for each in os.listdir(self.folder / OUT) if each not in asked]
        known = {*self._names, Path(name).name}
        return found + [e for e in os.listdir(self.folder) if e not in known]


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(exist_ok=True)
    if path.is_symlink():
        path.unlink()
    path.write_bytes(content)


def judged(place: Place, reader: Reader, seed: str, content: bytes) -> Outcome:
    """Run a reader's command on one content, and judge how it ends."""
    name = place.put(reader, seed, content)
    words = reader.words(seed, content)
    try:
        with contextlib.chdir(place.folder):
            _forget_peak()
            start = time.perf_counter()
            outcome = _run(words)
            outcome.seconds = time.perf_counter() - start
            outcome.memory = _peak()
            if outcome.status not in (0, 2):
                place.clear(name)
                place.put(reader, seed, content)
                outcome.faults.append(_place_of_fault(words, outcome))
        outcome.faults += _faults(outcome)
        if "{text}" not in reader.command:
            outcome.faults += _faults_on_screen(outcome)
        strays = place.strays(words, name)
        if strays:
            outcome.faults.append("left behind: " + " ".join(sorted(strays))[:80])
        outputs = _outputs(place, words)
        # A table of which no row could be scored is written, and that is told.
        told = f"wrote {OUT}/" in outcome.told
        if outcome.status == 2 and outputs and not told:
            outcome.faults.append("status 2, and an output is written")
        if outcome.status == 0:
            outcome.faults += _faults_of_outputs(outputs, reader.input[1] == "model")
    finally:
        place.clear(name)
    return outcome


def _outputs(place: Place, words: list[str]) -> list[Path]:
    named = (place.folder / word for word in words if word.startswith(f"{OUT}/"))
    return [path for path in named if path.exists()]


def _faults_of_outputs(outputs: list[Path], of_model: bool) -> list[str]:
    """Return what is wrong with files that were written as if all were well.

    A table of a library may hold what stands in that library, so numbers are looked
    at where the model was the hostile file.
    """
    faults = []
    for path in outputs:
        if path.suffix == ".potts":
            try:
                load_fit(path)
            except Exception as error:
                faults.append(f"its model cannot be read: {type(error).__name__}")
        elif path.suffix == ".csv" and of_model and NOT_FINITE.search(path.read_text()):
            faults.append("numbers that are not finite are written")
    return faults


def _run(words: list[str]) -> Outcome:
    """Run the program with its streams caught."""
    foreign: list[str] = []

    def show(message: Warning | str, category: type, *where: object) -> None:
        if not issubclass(category, (*OWN_WARNINGS, *UNSHOWN)):
            foreign.append(f"warning {category.__name__}: {message}")

    with _caught() as told, warnings.catch_warnings():
        warnings.simplefilter("default")
        warnings.showwarning = show
        try:
            status = program.main(words)
        except SystemExit as error:
            status = error.code if isinstance(error.code, int) else 1
        except BaseException as error:  # such as the panic of a library
            status = 1
            print(f"pottsfold: unexpected {type(error).__name__}", file=sys.stderr)
        finally:
            text = _text(told)
    return Outcome(status, text, foreign[:1])


@contextlib.contextmanager
def _caught() -> Iterator[io.TextIOWrapper]:
    """Catch standard output and error, as streams with bytes beneath."""
    before = sys.stdin, sys.stdout, sys.stderr
    sys.stdin = io.StringIO()
    sys.stdout, sys.stderr = (
        io.TextIOWrapper(io.BytesIO(), "utf-8", errors)
        for errors in ("strict", "backslashreplace")  # as Python opens them
    )
    try:
        yield sys.stderr
    finally:
        sys.stdin, sys.stdout, sys.stderr = before


def _text(stream: io.TextIOWrapper) -> str:
    if stream.closed:  # as after a broken pipe
        return ""
    stream.flush()
    return stream.buffer.getvalue().decode("utf-8", "replace")


def _faults(outcome: Outcome) -> list[str]:
    """Return what is wrong with a status and what was told."""
    lines = outcome.told.splitlines() if "\n" in outcome.told else [outcome.told]
    errors = [line for line in lines if line.startswith("pottsfold: ")]
    errors = [line for line in errors if not line.startswith("pottsfold: warning: ")]
    faults = []
    if outcome.status == 2 and (len(errors) != 1 or lines[-1] != errors[-1]):
        faults.append(f"status 2 with {len(errors)} lines of error")
    if outcome.status == 0 and errors:
        faults.append("an error is told, and the status is 0")
    if outcome.memory > MEMORY:
        faults.append(f"over {MEMORY / 2**30:.0f} GiB of memory")
    return faults


def _faults_on_screen(outcome: Outcome) -> list[str]:
    """Return what a file makes the program show; a user's own words may be shown."""
    faults = []
    if CONTROL.search(outcome.told):
        faults.append("control characters are told")
    if max(map(len, outcome.told.split("\n"))) > MAX_LINE:
        faults.append(f"a line of over {MAX_LINE} characters is told")
    return faults


def _place_of_fault(words: list[str], outcome: Outcome) -> str:
    """Run a faulty command once more, to find the line of the program at fault."""
    told = outcome.told.splitlines()[-1:] or ["nothing told"]
    try:
        with _caught(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            program.main([*words, "--debug"])
    except BaseException as error:
        frames = traceback.extract_tb(error.__traceback__)
        ours = [frame for frame in frames if "/pottsfold/" in frame.filename]
        if ours:
            where = ours[-1].filename.rpartition("/pottsfold/")[2]
            line = f"{where}:{ours[-1].lineno} {ours[-1].name}"
            return f"status {outcome.status}: {type(error).__name__} at {line}"
    return f"status {outcome.status}: {told[0][:120]}"


def _forget_peak() -> None:
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def _peak() -> int:
    """Return the most bytes resident since the last time it was forgotten."""
    status = Path("/proc/self/status").read_text()
    found = re.search(r"VmHWM:\s+([0-9]+) kB", status)
    return 0 if found is None else int(found[1]) * 1024
