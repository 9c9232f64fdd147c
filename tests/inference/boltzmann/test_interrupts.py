"""Ctrl-C during Boltzmann learning saves it, and it goes on as if unbroken."""

import os
import signal
import subprocess
import sys
import threading
import warnings
from pathlib import Path

import numpy as np
import pytest

from pottsfold.alphabet import RNA
from pottsfold.errors import NotConverged
from pottsfold.inference import fit_boltzmann, fit_sparse
from pottsfold.inference.boltzmann.learner import Learner
from tests.inference.boltzmann.test_fit import drawn, family_of
from tests.strategies import random_model

SETTINGS = {"chains": 200, "lambda_j": 0.01, "target": 0.9999}
FITS = {
    "dense": (fit_boltzmann, SETTINGS),
    "held out": (fit_boltzmann, {**SETTINGS, "held_out": 0.3}),
    "sparse": (fit_sparse, {**SETTINGS, "density": 0.3}),
}


@pytest.fixture(scope="module")
def family():
    return family_of(drawn(random_model(1, 8, RNA, scale=0.4), 500), RNA)


@pytest.fixture(autouse=True)
def default_handler():
    """What runs in the background has Ctrl-C ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    signal.signal(signal.SIGINT, before)


def fitted(family, form, **more):
    fit, settings = FITS[form]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotConverged)
        return fit(family, **{**settings, "max_iterations": 60, **more})


def assert_goes_on(family, form, file, told, gradients, **more):
    assert told[-1] == f"saved {file} at gradient {gradients}; go on with `resume`"
    whole = fitted(family, form, **more)
    resumed = fitted(family, form, checkpoint=file, resume=True, **more)
    np.testing.assert_array_equal(whole.model.couplings, resumed.model.couplings)
    np.testing.assert_array_equal(whole.model.fields, resumed.model.fields)
    assert whole.report.quality == resumed.report.quality


@pytest.mark.parametrize("form", FITS)
def test_a_gradient_under_way_is_finished(family, tmp_path, monkeypatch, form):
    file, told, moved = tmp_path / "run.checkpoint", [], Learner.move_chains

    def interrupted(learner, state, sweeps):
        if state.gradients == 36:
            signal.raise_signal(signal.SIGINT)
        moved(learner, state, sweeps)

    with monkeypatch.context() as patch:
        patch.setattr(Learner, "move_chains", interrupted)
        with pytest.raises(KeyboardInterrupt):
            fitted(family, form, checkpoint=file, announce=told.append)
    assert_goes_on(family, form, file, told, 37)


@pytest.mark.parametrize("form", FITS)
@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemError])
def test_an_evaluation_is_left_at_once(family, tmp_path, form, error):
    file, told = tmp_path / "run.checkpoint", []
    more = {"target": 0.5} if form == "sparse" else {}

    def progress(_gradients, doing):
        if doing == "testing whether chains mix":
            try:
                signal.raise_signal(signal.SIGINT)
            except KeyboardInterrupt as interrupt:
                # As compiled code may pass it on.
                raise error from interrupt

    with pytest.raises(KeyboardInterrupt):
        fitted(
            family,
            form,
            checkpoint=file,
            announce=told.append,
            progress=progress,
            **more,
        )
    made = int(told[-1].split("gradient ")[1].split(";")[0])
    assert_goes_on(family, form, file, told, made, **more)


def test_what_a_broken_gradient_leaves_is_not_saved(family, tmp_path, monkeypatch):
    file, told = tmp_path / "run.checkpoint", []

    def broken(_learner, _state, _rate):
        signal.raise_signal(signal.SIGINT)
        raise MemoryError

    monkeypatch.setattr(Learner, "step", broken)
    with pytest.raises(KeyboardInterrupt):
        fitted(family, "dense", checkpoint=file, announce=told.append)
    assert not file.exists()
    assert not any(line.startswith("saved") for line in told)


def test_other_threads_learn_too(family, tmp_path):
    fits = []
    file = tmp_path / "run.checkpoint"
    thread = threading.Thread(
        target=lambda: fits.append(fitted(family, "dense", checkpoint=file))
    )
    thread.start()
    thread.join()
    assert fits[0].report.n_evaluations == 60


LEARNING = """
import signal, sys, warnings
import numpy as np
from pathlib import Path
sys.path.insert(0, {root!r})
from pottsfold import signals
from pottsfold.alphabet import RNA
from tests.inference.boltzmann.test_fit import family_of
from tests.inference.boltzmann.test_interrupts import fitted
signal.signal(signal.SIGINT, signal.default_int_handler)
signals.end_as_ctrl_c()
family = family_of(np.load({codes!r}), RNA)
def progress(gradients, doing):
    print(gradients, flush=True)
try:
    fitted(family, {form!r}, max_iterations=4000, threads=2, checkpoint=Path({file!r}),
           progress=progress, announce=lambda line: print(line, file=sys.stderr))
except KeyboardInterrupt:
    sys.exit(signals.status())
"""


@pytest.mark.parametrize(
    ("form", "sent"), [("dense", "SIGINT"), ("sparse", "SIGINT"), ("dense", "SIGTERM")]
)
def test_an_interrupted_process_goes_on_to_the_same_model(family, tmp_path, form, sent):
    codes, file = tmp_path / "codes.npy", tmp_path / "run.checkpoint"
    np.save(codes, family.codes)
    root = str(Path(__file__).parents[3])
    program = LEARNING.format(root=root, codes=str(codes), file=str(file), form=form)
    process = subprocess.Popen(
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    for line in process.stdout:
        if int(line) >= 20:
            break
    number = getattr(signal, sent)
    os.kill(process.pid, number)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 128 + number
    made = int(err.splitlines()[-1].split("gradient ")[1].split(";")[0])
    assert 20 <= made < 4000
    told = err.splitlines()
    assert_goes_on(family, form, file, told, made, max_iterations=made + 20)
