"""Fits by batches that ended early go on to the same model."""

from __future__ import annotations

import re
import signal

import pytest

from pottsfold.errors import UsageError
from tests.inference.on_torch.test_stochastic import coupled_family, fitted, same

torch = pytest.importorskip("torch")

from pottsfold.inference.on_torch import descent  # noqa: E402
from pottsfold.inference.on_torch.batch_file import BatchFile  # noqa: E402
from pottsfold.inference.on_torch.schedule_free import ScheduleFree  # noqa: E402


@pytest.fixture(scope="module")
def family():
    return coupled_family(400)


@pytest.fixture(autouse=True)
def short_rounds(monkeypatch):
    monkeypatch.setattr(descent, "STEPS_PER_ROUND", 12)


def broken_off(family, path, steps, monkeypatch, announce=None):
    """Leave a file of a fit that Ctrl-C ended after some steps."""
    step = ScheduleFree.step

    def interrupted(search, gradients):
        step(search, gradients)
        if search.steps == steps:
            signal.raise_signal(signal.SIGINT)

    with monkeypatch.context() as patch:
        patch.setattr(ScheduleFree, "step", interrupted)
        with pytest.raises(KeyboardInterrupt):
            fitted(family, max_passes=8, checkpoint=path, announce=announce)


def test_ctrl_c_saves_and_says_so(family, tmp_path, monkeypatch):
    lines = []
    broken_off(family, tmp_path / "file", 7, monkeypatch, lines.append)
    assert lines[-1] == f"saved {tmp_path / 'file'} at step 7; go on with `resume`"


# Six batches a pass: within the first, at its end, at that of a round, and later.
@pytest.mark.parametrize("steps", [1, 6, 12, 20])
def test_a_resumed_fit_equals_an_unbroken_one(family, tmp_path, monkeypatch, steps):
    path = tmp_path / "file"
    unbroken = fitted(family, max_passes=8)
    broken_off(family, path, steps, monkeypatch)
    resumed = fitted(family, max_passes=8, checkpoint=path, resume=True)
    assert same(unbroken, resumed)
    assert resumed.report.quality == unbroken.report.quality
    assert resumed.report.stopped_because == unbroken.report.stopped_because
    assert not same(unbroken, fitted(family, max_passes=9))


def test_a_fit_whose_passes_ended_goes_on_with_more(family, tmp_path):
    path = tmp_path / "file"
    fitted(family, max_passes=4, checkpoint=path)
    resumed = fitted(family, max_passes=8, checkpoint=path, resume=True)
    assert same(resumed, fitted(family, max_passes=8))


def test_a_file_is_saved_when_it_is_due(family, tmp_path, monkeypatch):
    saved = []
    monkeypatch.setattr(BatchFile, "save", lambda _file, state: saved.append(1))
    monkeypatch.setattr("pottsfold.inference.on_torch.checkpoint.EVERY", -1.0)
    fitted(family, max_passes=2, checkpoint=tmp_path / "file")
    assert len(saved) > 10


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"seed": 3}, "has seed 0, this run has 3"),
        ({"batch": 16}, "has batch 32, this run has 16"),
        ({"gaps": "state"}, "has gaps missing"),
    ],
)
def test_other_settings_are_refused(family, tmp_path, monkeypatch, settings, told):
    path = tmp_path / "file"
    broken_off(family, path, 5, monkeypatch)
    with pytest.raises(UsageError, match=re.escape(told)):
        fitted(family, checkpoint=path, resume=True, **settings)


def test_another_alignment_is_refused(family, tmp_path, monkeypatch):
    path = tmp_path / "file"
    broken_off(family, path, 5, monkeypatch)
    with pytest.raises(UsageError, match="has alignment"):
        fitted(coupled_family(401), checkpoint=path, resume=True)


def test_a_damaged_file_is_refused(family, tmp_path, monkeypatch):
    path = tmp_path / "file"
    broken_off(family, path, 13, monkeypatch)
    whole = path.read_bytes()
    for damaged in (
        b"",
        whole[:-1],
        whole[:-1] + bytes([whole[-1] ^ 1]),
        whole.replace(b'\\"passes\\": 2', b'\\"passes\\": 1'),
        whole.replace(b'\\"steps\\": 13', b'\\"steps\\": -1'),
    ):
        assert damaged != whole
        path.write_bytes(damaged)
        with pytest.raises(UsageError, match="damaged, or no checkpoint of pottsfold"):
            fitted(family, checkpoint=path, resume=True)
