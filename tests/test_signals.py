"""Signals that end the program as Ctrl-C does."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from pottsfold import signals

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="other signals")


@pytest.fixture
def fresh(monkeypatch):
    """Take this process's own handlers for those of a new one, and give them back."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.getsignal(number) for number in numbers}
    monkeypatch.setattr(signals, "received", None)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize(("name", "status"), [("SIGTERM", 143), ("SIGHUP", 129)])
@pytest.mark.usefixtures("fresh")
def test_a_signal_interrupts_once(name, status):
    signals.end_as_ctrl_c()
    with pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), getattr(signal, name))
    assert (signals.status(), signals.name()) == (status, f"ended by {name}")
    # While what is half-made is removed, a second one changes nothing.
    os.kill(os.getpid(), signal.SIGTERM)
    assert signals.status() == status


@pytest.mark.usefixtures("fresh")
def test_ctrl_c_is_an_interrupt():
    assert (signals.status(), signals.name()) == (130, "interrupted")


@pytest.mark.usefixtures("fresh")
def test_what_is_ignored_stays_so():
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signals.end_as_ctrl_c()
    assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    assert set(signals.interrupting()) == {signal.SIGINT, signal.SIGTERM}


@pytest.mark.usefixtures("fresh")
def test_a_library_handles_ctrl_c_alone():
    assert set(signals.interrupting()) == {signal.SIGINT}


def test_the_library_leaves_signals_alone():
    code = (
        "import signal, pottsfold.commands.main as m; m.main(['--version']);"
        "assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
