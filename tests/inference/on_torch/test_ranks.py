"""Several processes at one fit: the same as one, and what becomes of them."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from pottsfold.errors import UsageError
from pottsfold.inference.on_torch.ranks import Ranks, launched
from pottsfold.model import load_fit
from tests.strategies import random_alignment

pytest.importorskip("torch")

ROOT = Path(__file__).parents[3]
TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node=2"]
# A process that leaves a mark of itself, and saves at every chance.
PROGRAM = """
import os
from pottsfold.commands.main import run
from pottsfold.inference.on_torch import checkpoint
checkpoint.EVERY, checkpoint.SHARE = 0.0, 0
open(f"rank{os.environ['RANK']}.pid", "w").write(str(os.getpid()))
run()
"""


@pytest.fixture
def folder(tmp_path):
    # More than are summed at a time, so that each process has some.
    family = random_alignment(1, 1500, 24, gap=0.1)
    rows = [family.alphabet.decode(row).replace("X", "-") for row in family.codes]
    text = "".join(f">s{k}\n{row}\n" for k, row in enumerate(rows))
    (tmp_path / "a.fasta").write_text(text)
    (tmp_path / "marked.py").write_text(PROGRAM)
    return tmp_path


def started(folder, *words):
    """Start two processes at once; return the one that looks after them."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        [*TORCHRUN, *map(str, words)],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def fit_words(*more):
    return ("fit", "a.fasta", "--device", "cpu", *more)


def ours(err):
    """What was said that is not torchrun's own."""
    return [line for line in err.split("\n") if line.startswith("pottsfold:")]


def test_shares_are_all_of_the_sequences():
    for n in (1, 2, 7, 100):
        for count in (1, 2, 3, 8):
            rows = np.arange(n)
            parts = [rows[Ranks(rank, count).share(n)] for rank in range(count)]
            assert np.concatenate(parts).tolist() == rows.tolist()
            assert max(map(len, parts)) - min(map(len, parts)) <= 1
            units = [Ranks(rank, count).share(n, 3) for rank in range(count)]
            assert np.concatenate([rows[part] for part in units]).tolist() == [
                *range(n)
            ]
            assert all(part.start % 3 == 0 or part.start == n for part in units)


def test_each_process_has_a_device_of_its_own():
    ranks = Ranks(5, 8, 1, 4)
    assert ranks.device_name("cuda") == "cuda:1"
    assert ranks.device_name("cpu") == "cpu"
    assert Ranks().device_name("cuda:3") == "cuda:3"
    with pytest.raises(UsageError, match="`device=cuda:0`: each process takes"):
        ranks.device_name("cuda:0")


def test_a_process_alone_is_the_first(monkeypatch):
    monkeypatch.delenv("RANK", raising=False)
    assert launched() == Ranks()


@pytest.mark.slow
def test_two_processes_fit_what_one_does(folder):
    words = fit_words("--gaps", "missing")
    alone = subprocess.run(
        [sys.executable, ROOT / "cli.py", *words, "-o", "one.potts"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    both = started(folder, "-m", "pottsfold", *words, "-o", "two.potts")
    _, err = both.communicate(timeout=300)
    assert both.returncode == 0, err
    one, two = (load_fit(folder / f"{name}.potts") for name in ("one", "two"))
    np.testing.assert_allclose(one.model.couplings, two.model.couplings, atol=1e-6)
    np.testing.assert_allclose(one.model.fields, two.model.fields, atol=1e-6)
    objectives = [fit.report.objectives[-1] for fit in (one, two)]
    assert objectives[0] == pytest.approx(objectives[1], rel=1e-6)
    assert two.report.settings["processes"] == 2
    # One process talks: no line of the program is there twice.
    assert err.count("plan: pseudolikelihood") == 1
    assert "one of 2 processes" in err
    assert alone.stderr.count("plan: pseudolikelihood") == 1
    assert err.count("wrote two.potts") == 1


@pytest.mark.slow
def test_without_a_device_several_processes_are_refused_once(folder):
    both = started(folder, "-m", "pottsfold", "fit", "a.fasta", "-o", "m.potts")
    _, err = both.communicate(timeout=300)
    assert both.returncode != 0
    assert len(ours(err)) == 1
    assert "--device: 2 processes share a fit on a device alone" in ours(err)[0]
    assert not (folder / "m.potts").exists()


@pytest.mark.slow
@pytest.mark.parametrize("lost", [0, 1])
def test_a_process_that_is_killed_ends_the_run_and_the_checkpoint_stays(folder, lost):
    words = fit_words("--tolerance", "1e-30", "--max-iterations", "100000")
    words = ("marked.py", *words, "-o", "m.potts", "--checkpoint", "c")
    both = started(folder, *words)
    file = folder / "c"
    end = time.monotonic() + 120
    while not file.exists() and time.monotonic() < end and both.poll() is None:
        time.sleep(0.05)
    os.kill(int((folder / f"rank{lost}.pid").read_text()), signal.SIGKILL)
    _, err = both.communicate(timeout=120)
    assert both.returncode != 0
    assert "unexpected" not in err, err
    if lost == 1:
        assert len(ours(err)) == 1, err
        assert re.search("has ended, and the fit with it|ended by SIGTERM", err)
    assert not (folder / "m.potts").exists()
    resumed = subprocess.run(
        [
            *(sys.executable, ROOT / "cli.py", *fit_words("--max-iterations", "3")),
            *("-o", "m.potts", "--checkpoint", "c", "--resume"),
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert resumed.returncode == 0, resumed.stderr
    assert len(load_fit(folder / "m.potts").report.objectives) > 1
