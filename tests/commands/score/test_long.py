"""Long libraries: killed runs go on to the same bytes, memory stays as it is."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from pottsfold.commands.main import main
from pottsfold.errors import OutputError
from pottsfold.model import Fit, FitReport, save_fit
from pottsfold.tables.parts import TableParts
from pottsfold.tables.writing import encoder_for
from tests.commands.score.scored_library import FOCUS, family, score


def test_a_killed_run_is_resumed_to_the_same_bytes(there, capsys):
    rng = np.random.default_rng(0)
    with open("long.csv", "w") as handle:
        handle.write("mutant,row\n")
        for k in range(200_000):
            i = rng.integers(len(FOCUS))
            handle.write(f"{FOCUS[i]}{10 + i}{'ACDE'[k % 4]},{k}\n")
    assert score("long.csv", "-o", "whole.csv", "--threads", 1) == 0
    summary = capsys.readouterr().err.splitlines()[1:-1]
    words = ["score", "m.potts", "long.csv", "-o", "o.csv", "--threads", "1"]
    program = (
        "import sys, time; from pottsfold.tables import parts;"
        "write = parts.TableParts.write;"
        "parts.TableParts.write = lambda *a: (time.sleep(0.2), write(*a));"
        "from pottsfold.commands.main import main; main(sys.argv[1:])"
    )
    process = subprocess.Popen([sys.executable, "-c", program, *words])
    folder = there / "o.csv.parts"
    deadline = time.monotonic() + 60
    while not list(folder.glob("0000000[1-9].rows")) and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    done = {path.name: path.stat().st_mtime_ns for path in folder.glob("0*.rows")}
    assert done
    assert len(done) < 9
    assert not Path("o.csv").exists()
    assert main([*words, "--resume"]) == 0
    assert Path("o.csv").read_bytes() == Path("whole.csv").read_bytes()
    assert capsys.readouterr().err.splitlines()[1:-1] == summary
    assert not folder.exists()


def test_ctrl_c_keeps_finished_parts_and_says_so(there):
    Path("long.csv").write_text("mutant\n" + "M10W:K11A\nT12C\n" * 500_000)
    words = ["score", "m.potts", "long.csv", "-o", "o.csv", "--threads", "2"]
    program = (
        "import sys, time; from pottsfold.tables import parts;"
        "write = parts.TableParts.write;"
        "parts.TableParts.write = lambda *a: (time.sleep(0.2), write(*a));"
        "from pottsfold.commands.main import run; run()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program, *words], stderr=subprocess.PIPE, text=True
    )
    folder = there / "o.csv.parts"
    deadline = time.monotonic() + 60
    while not list(folder.glob("0*.rows")) and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=60)[1].splitlines()
    assert process.returncode == 130
    assert list(folder.glob("0*.rows"))
    assert said[-2:] == [
        "finished parts are kept in o.csv.parts: --resume goes on with them",
        "pottsfold: interrupted; written before: o.csv.parts",
    ]
    assert not Path("o.csv").exists()


def test_without_a_finished_part_nothing_stays(there, monkeypatch, capsys):
    before = sorted(there.iterdir())
    monkeypatch.setattr(TableParts, "write", interrupt)
    assert score("l.csv", "-o", "o.csv") == 130
    said = capsys.readouterr().err.splitlines()
    assert said[1:] == ["pottsfold: interrupted; nothing was written"]
    assert sorted(there.iterdir()) == before


def test_resuming_needs_a_file(there, capsys):
    assert score("l.csv", "-o", "-", "--resume") == 2
    assert "--resume: it needs -o to be a file" in capsys.readouterr().err


def test_finished_parts_are_not_made_again(there, in_blocks_of, monkeypatch):
    in_blocks_of(40)
    assert score("l.csv", "-o", "whole.csv") == 0
    written, write = [], TableParts.write

    def interrupted(self, number, table):
        if number == 3:
            raise KeyboardInterrupt
        written.append(number)
        write(self, number, table)

    monkeypatch.setattr(TableParts, "write", interrupted)
    assert score("l.csv", "-o", "o.csv", "--threads", 1) == 130
    assert written == [0, 1, 2]
    monkeypatch.setattr(
        TableParts, "write", lambda *a: (written.append(a[1]), write(*a))
    )
    assert score("l.csv", "-o", "o.csv", "--threads", 1, "--resume") == 0
    assert written == [*range(max(written) + 1)]
    assert Path("o.csv").read_bytes() == Path("whole.csv").read_bytes()


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda: os.utime("l.csv", (1, 1)), r"made with library .*l.csv .*, this is"),
        (
            lambda: save_fit(
                "m.potts", Fit(family("missing"), FitReport("independent"))
            ),
            r"made with model and wild type SHA-256 .*, this is model and wild type SH",
        ),
        (lambda: ["--background", "M10W"], "made with model and wild type SHA-256"),
        (lambda: ["--shift", "1"], r"made with settings .*shift 0, this is .*shift 1"),
    ],
)
def test_parts_of_something_else_are_not_gone_on_with(
    change, complaint, there, in_blocks_of, monkeypatch, capsys
):
    in_blocks_of(40)
    with monkeypatch.context() as patch:
        patch.setattr(TableParts, "join", interrupt)
        assert score("l.csv", "-o", "o.csv") == 130
    said = capsys.readouterr().err.splitlines()
    assert said[-2].endswith("o.csv.parts: --resume goes on with them")
    assert said[-1] == "pottsfold: interrupted; written before: o.csv.parts"
    words = change() or []
    assert score("l.csv", "-o", "o.csv", "--resume", *words) == 2
    message = capsys.readouterr().err.splitlines()[-1]
    assert re.search(complaint, message)
    assert Path("o.csv.parts").exists()
    # Without --resume it begins anew.
    assert score("l.csv", "-o", "o.csv", *words) == 0
    assert not Path("o.csv.parts").exists()


def interrupt(*_):
    raise KeyboardInterrupt


def test_a_folder_that_is_not_ours_is_left_alone(there, capsys):
    Path("o.csv.parts").mkdir()
    Path("o.csv.parts/thesis.tex").write_text("x")
    assert score("l.csv", "-o", "o.csv") == 2
    assert "thesis.tex, which is no part" in capsys.readouterr().err
    assert Path("o.csv.parts/thesis.tex").exists()


@pytest.mark.parametrize("ending", ["csv", "parquet"])
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_memory_does_not_grow_with_the_library(there, ending):
    peaks = []
    for count in (20_000, 1_500_000):
        Path("long.csv").write_text("mutant\n" + "M10W:K11A\nT12C\n" * (count // 2))
        program = (
            "import sys; from pottsfold.commands.main import main;"
            "main(sys.argv[1:]);"
            "lines = open('/proc/self/status').read().splitlines();"
            "print(*[line.split()[1] for line in lines if line.startswith('VmHWM')])"
        )
        words = ["score", "m.potts", "long.csv", "-o", f"o.{ending}", "--threads", "2"]
        result = subprocess.run(
            [sys.executable, "-c", program, *words], capture_output=True, check=True
        )
        peaks.append(int(result.stdout))
    assert peaks[1] - peaks[0] < 120 * 1024


@pytest.mark.parametrize("words", [[], ["--resume"]])
def test_two_runs_never_share_their_parts(there, capsys, words):
    encoder = encoder_for("o.csv", ())
    early = TableParts("o.csv", encoder, {}, resume=False)
    one = TableParts("o.csv", encoder, {}, resume=False)
    one.begin()
    # Whether the other one starts before the folder is there, or after.
    with pytest.raises(OutputError, match="another run is writing it"):
        early.begin()
    assert score("l.csv", "-o", "o.csv", *words) == 2
    assert "o.csv: another run is writing it" in capsys.readouterr().err
    assert one.folder.exists()
    one.release()
    assert score("l.csv", "-o", "o.csv") == 0


def test_a_file_in_the_place_of_the_parts_is_told(there, capsys):
    Path("o.csv.parts").write_text("mine")
    assert score("l.csv", "-o", "o.csv") == 2
    assert "o.csv.parts: is no folder of parts" in capsys.readouterr().err
    assert Path("o.csv.parts").read_text() == "mine"
