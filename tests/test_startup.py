"""What the program leaves out when it starts, and the library does not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pottsfold.alphabet import PROTEIN
from pottsfold.model import Fit, FitReport, save_fit
from tests.strategies import random_model

CLI = str(Path(__file__).parents[1] / "cli.py")
LIBRARY = "mutant\n" + "A1C\n" + "WT\n"
PROGRAM = """
import sys
from pottsfold import startup
startup.is_program = {program}
from pottsfold.commands.main import main
status = main(sys.argv[1:])
loaded = [name for name in {names!r} if sys.modules.get(name) is not None]
sys.exit(status or (f"loaded {{loaded}}" if loaded else 0))
"""


@pytest.fixture
def folder(tmp_path):
    model = random_model(0, 8, PROTEIN)
    save_fit(tmp_path / "m.potts", Fit(model, FitReport("x")))
    (tmp_path / "l.csv").write_text(LIBRARY)
    (tmp_path / "a.fasta").write_text(">a\nACDEF\n>b\nACDEW\n>c\nGCDEF\n")
    return tmp_path


def run(folder, words, names, *, program=True):
    code = PROGRAM.format(program=program, names=names)
    return subprocess.run(
        [sys.executable, "-c", code, *words],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (["info", "m.potts"], ["numba", "pandas", "scipy", "pottsfold.inference"]),
        (["scan", "m.potts", "-o", "s.csv"], ["numba", "scipy.linalg"]),
        (["score", "m.potts", "l.csv", "-o", "o.csv"], ["pandas", "scipy.linalg"]),
        (["fit", "a.fasta", "-o", "f.potts"], ["pandas", "torch", "safetensors"]),
    ],
)
def test_a_verb_loads_only_what_it_uses(folder, words, names):
    result = run(folder, words, names)
    assert result.returncode == 0, result.stderr


def test_the_program_and_the_library_write_the_same(folder):
    words = ["score", "m.potts", "l.csv", "-o"]
    assert run(folder, [*words, "a.parquet"], []).returncode == 0
    assert run(folder, [*words, "b.parquet"], [], program=False).returncode == 0
    assert (folder / "a.parquet").read_bytes() == (folder / "b.parquet").read_bytes()


def test_a_users_own_process_keeps_its_blas(folder):
    result = run(folder, ["info", "m.potts"], [], program=False)
    code = (
        "import pottsfold.jit, numpy as np, numba;"
        "f = numba.njit(lambda a: np.dot(a, a));"
        "assert f(np.eye(2)).trace() == 2"
    )
    kept = subprocess.run([sys.executable, "-c", code], check=False)
    assert (result.returncode, kept.returncode) == (0, 0)


def test_the_first_run_says_that_it_compiles_and_the_second_does_not(folder):
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(folder / "cache")}
    said = []
    for _ in range(2):
        result = subprocess.run(
            [sys.executable, CLI, "score", "m.potts", "l.csv", "-o", "o.csv"],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        said.append(result.stderr.count("compiling for this machine, once"))
    assert said == [1, 0]
