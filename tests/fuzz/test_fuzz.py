"""Half a minute of hostile inputs, and the faults that the fuzzer must find."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import pytest

from pottsfold.commands.paths import InputFile, TextOrFile
from tests.fuzz import readers

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="limits and peaks of memory are read as on Linux"
)


@pytest.fixture(scope="module")
def seeds(tmp_path_factory):
    """Folder in which the first run makes the seeds."""
    return tmp_path_factory.mktemp("seeds")


def fuzz(seeds, *words):
    given = ["--processes", "1", "--seeds", str(seeds), *words]
    return subprocess.run(
        [sys.executable, "-m", "tests.fuzz", *given],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_input_of_every_verb_is_fuzzed():
    assert readers.inputs_of_verbs() == {each.input for each in readers.READERS}


def test_an_input_in_an_option_group_is_seen():
    @dataclass
    class Group:
        inner: InputFile | None = None

    def verb(
        model: InputFile,
        *,
        number: int,
        more: list[InputFile] | None = None,
        text: TextOrFile = "x",
        group: Annotated[Group | None, "options"] = None,
    ) -> None: ...

    verb.__annotations__ = {
        "model": InputFile,
        "number": int,
        "more": list[InputFile] | None,
        "text": TextOrFile,
        "group": Annotated[Group | None, "options"],
    }
    Group.__annotations__ = {"inner": InputFile | None}
    assert readers.inputs_of(verb) == ["model", "more", "text", "inner"]


@pytest.mark.slow
def test_half_a_minute_of_hostile_inputs(seeds):
    result = fuzz(seeds, "--seconds", "30", "--seed", "1")
    assert result.returncode == 0, result.stdout + result.stderr
    assert "no fault found" in result.stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    ("planted", "told"),
    [
        ("error", "status 1: KeyError"),
        ("crash", "crash: SIGSEGV"),
        ("hang", "hang: "),
        ("spin", "hang: "),
        ("memory", "over 2 GiB of memory"),
        ("litter", "left behind: .header.partial"),
        ("screen", "control characters are told"),
    ],
)
def test_a_planted_fault_is_found(planted, told, seeds, tmp_path):
    # So much memory is not taken in a second everywhere.
    limit = "20" if planted == "memory" else "1"
    words = ["--only", "info.model", "--count", "2", "--limit", limit]
    result = fuzz(seeds, *words, "--plant", planted, "--failures", str(tmp_path))
    assert result.returncode == 1, result.stdout + result.stderr
    assert told in result.stdout
    kept = sorted(path.name for path in tmp_path.iterdir())
    assert kept == ["info-model-0-0", "info-model-0-1"]
    command = (tmp_path / kept[0] / "command.sh").read_text()
    assert "pottsfold} info input." in command
