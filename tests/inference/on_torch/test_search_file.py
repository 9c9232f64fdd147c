"""Fits on a device that go on from a file: the same bits as unbroken ones."""

import json
import signal

import numpy as np
import pytest

from pottsfold.errors import UsageError
from pottsfold.model import PairGraph
from tests.inference.pseudolikelihood.test_pseudolikelihood_fit import (
    LAMBDA,
    small_alignment,
)

torch = pytest.importorskip("torch")
safetensors = pytest.importorskip("safetensors.numpy")

from pottsfold.inference.on_torch import checkpoint as on_torch  # noqa: E402
from pottsfold.inference.on_torch.devices import Device  # noqa: E402
from pottsfold.inference.on_torch.fit import fit_on_device  # noqa: E402

CPU = Device("cpu")


@pytest.fixture
def family():
    return small_alignment(letters="-ACGU", n=300, length=12)


@pytest.fixture(autouse=True)
def _save_always(monkeypatch):
    monkeypatch.setattr(on_torch, "EVERY", 0.0)
    monkeypatch.setattr(on_torch, "SHARE", 0)


def fitted(family, device=CPU, **settings):
    settings = {"regularization": LAMBDA, "threads": 1, "tolerance": 1e-7, **settings}
    return fit_on_device(family, device, **settings)


def broken_at(family, file, iteration, **settings):
    """Stop a fit short, after some iterations."""

    def stop(done, _value, _norm):
        if done > iteration:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fitted(family, checkpoint=file, progress=stop, **settings)


@pytest.mark.filterwarnings("ignore::pottsfold.errors.NotConverged")
@pytest.mark.parametrize("iteration", [1, 5, 9])
@pytest.mark.parametrize("precision", ["float32", "bf16"])
def test_a_resumed_fit_has_the_bits_of_an_unbroken_one(
    family, tmp_path, iteration, precision
):
    device = Device("cpu", precision)
    file = tmp_path / "f.checkpoint"
    broken_at(family, file, iteration, device=device)
    whole = fitted(family, device)
    resumed = fitted(family, device, checkpoint=file, resume=True)
    assert resumed.model.couplings.tobytes() == whole.model.couplings.tobytes()
    assert resumed.model.fields.tobytes() == whole.model.fields.tobytes()
    assert resumed.report.objectives == whole.report.objectives
    assert resumed.report.n_evaluations == whole.report.n_evaluations


def test_ctrl_c_waits_for_the_iteration_and_saves_it(family, tmp_path, monkeypatch):
    monkeypatch.setattr(on_torch, "EVERY", 1e9)
    file, said = tmp_path / "f.checkpoint", []

    def press(done, _value, _norm):
        if done == 4:
            signal.raise_signal(signal.SIGINT)

    settings = {"checkpoint": file, "announce": said.append}
    with pytest.raises(KeyboardInterrupt):
        fitted(family, progress=press, **settings)
    assert f"saved {file} at iteration 4; go on with `resume`" in said
    resumed = fitted(family, resume=True, **settings)
    whole = fitted(family)
    assert resumed.model.couplings.tobytes() == whole.model.couplings.tobytes()


def test_a_fit_that_begins_anew_at_the_place_would_not_have_them(family, tmp_path):
    # The twin that must fail: the memory of past steps is part of the state.
    file = tmp_path / "f.checkpoint"
    broken_at(family, file, 5)
    arrays, about = loaded(file)
    about["curvatures"] = []
    kept = {name: arrays[name] for name in ("point", "gradient", "fields")}
    stored(file, kept, about)
    whole = fitted(family)
    resumed = fitted(family, checkpoint=file, resume=True)
    assert resumed.model.couplings.tobytes() != whole.model.couplings.tobytes()


def test_another_alignment_or_other_settings_are_refused(family, tmp_path):
    file = tmp_path / "f.checkpoint"
    broken_at(family, file, 3)
    with pytest.raises(UsageError, match="exists already; go on from it"):
        fitted(family, checkpoint=file)
    with pytest.raises(UsageError, match="there is no checkpoint"):
        fitted(family, checkpoint=tmp_path / "other", resume=True)
    with pytest.raises(UsageError, match="has gaps missing, this run has state"):
        fitted(family, checkpoint=file, resume=True, gaps="state")
    with pytest.raises(UsageError, match="has precision float32, this run has bf16"):
        fitted(family, Device("cpu", "bf16"), checkpoint=file, resume=True)
    graph = PairGraph.of_pairs(12, [[0, 1]])
    with pytest.raises(UsageError, match=r"has pairs all, this run has 1 \("):
        fitted(family, checkpoint=file, resume=True, graph=graph)
    other = small_alignment(seed=1, letters="-ACGU", n=300, length=12)
    with pytest.raises(UsageError, match="has alignment"):
        fitted(other, checkpoint=file, resume=True)


def loaded(file):
    with safetensors.safe_open(file, framework="numpy") as opened:
        about = json.loads(opened.metadata()["about"])
        return {name: opened.get_tensor(name) for name in opened.keys()}, about


def stored(file, arrays, about):
    """Write a file with the SHA-256 that belongs to its contents."""
    about = {name: value for name, value in about.items() if name != "sha256"}
    about["sha256"] = on_torch.digest_of(about, arrays)
    safetensors.save_file(arrays, file, {"about": json.dumps(about)})


def cut(file):
    file.write_bytes(file.read_bytes()[:-100])


def bit(file):
    data = bytearray(file.read_bytes())
    data[-50] ^= 1
    file.write_bytes(data)


def text(file):
    file.write_text("no checkpoint")


def pickled(file):
    file.write_bytes(b"\x80\x04N.")


def changed(name, value):
    def change(file):
        arrays, about = loaded(file)
        about[name] = value
        stored(file, arrays, about)

    return change


def reshaped(file):
    arrays, about = loaded(file)
    arrays["point"] = arrays["point"][:-1].copy()
    stored(file, arrays, about)


def not_finite(file):
    arrays, about = loaded(file)
    arrays["step_0"][3] = np.nan
    stored(file, arrays, about)


@pytest.mark.parametrize(
    "spoil",
    [
        cut,
        bit,
        text,
        pickled,
        reshaped,
        not_finite,
        changed("values", []),
        changed("values", [float("nan")]),
        changed("curvatures", [1.0] * 9),
        changed("blocks", [0, 5]),
        changed("blocks", None),
        changed("evaluations", -1),
        changed("format", "another"),
    ],
)
def test_a_damaged_checkpoint_is_refused(family, tmp_path, spoil):
    file = tmp_path / "f.checkpoint"
    broken_at(family, file, 5)
    spoil(file)
    with pytest.raises(UsageError, match=r"f\.checkpoint: damaged, or no checkpoint"):
        fitted(family, checkpoint=file, resume=True)


def test_an_asymmetric_fit_has_no_checkpoint(family, tmp_path):
    with pytest.raises(UsageError, match=r"`checkpoint`.*`form=symmetric`"):
        fitted(family, form="asymmetric", checkpoint=tmp_path / "f")
