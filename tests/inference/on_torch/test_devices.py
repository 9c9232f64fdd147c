"""Devices by name, and the formats that numbers are rounded to."""

import numpy as np
import pytest

from pottsfold.errors import UsageError

torch = pytest.importorskip("torch")

from pottsfold.inference.on_torch import devices  # noqa: E402
from pottsfold.inference.on_torch.devices import Device, chosen_device  # noqa: E402


def test_a_device_that_is_not_there_is_refused_with_those_that_are(monkeypatch):
    monkeypatch.setattr(devices, "device_names", lambda: ["cuda:0", "cpu"])
    for name in ("cuda:1", "mps", "tpu"):
        with pytest.raises(UsageError, match=f"`device={name}`.*there are cuda:0, cpu"):
            chosen_device(name)
    assert chosen_device("auto").name == "cuda:0"
    assert chosen_device("cuda").name == "cuda:0"
    assert chosen_device("cpu").name == "cpu"


def test_a_precision_that_is_not_known_is_refused():
    with pytest.raises(UsageError, match="`precision=int8`: float32, tf32, bf16"):
        Device("cpu", "int8")


def test_rounding_to_bf16_is_torchs_own():
    x = torch.from_numpy(np.random.default_rng(0).normal(0, 3, 10_000)).float()
    assert torch.equal(devices.rounded(x, 16), x.to(torch.bfloat16).float())


def test_rounding_to_tf32_keeps_ten_bits_and_goes_to_the_nearest():
    x = torch.from_numpy(np.random.default_rng(1).normal(0, 3, 10_000)).float()
    found = devices.rounded(x, 13)
    step = 2.0 ** (torch.floor(torch.log2(x.abs())) - 10)
    assert torch.equal(found / step, (x / step).round())


@pytest.mark.parametrize("precision", ["float32", "tf32", "bf16"])
def test_one_hot_factors_are_exact_in_every_precision(precision):
    device = Device("cpu", precision)
    one_hot = torch.eye(5)
    assert torch.equal(device.factor(one_hot), one_hot)


def test_settings_of_torch_are_given_back():
    before = torch.backends.cuda.matmul.fp32_precision, torch.get_num_threads()
    with Device("cpu", "tf32").at_work(threads=1):
        assert torch.backends.cuda.matmul.fp32_precision == "tf32"
        assert torch.get_num_threads() == 1
    after = torch.backends.cuda.matmul.fp32_precision, torch.get_num_threads()
    assert after == before


def test_free_memory_of_the_cpu_is_that_of_the_machine():
    assert 2**20 < Device("cpu").free_memory() < 2**50
