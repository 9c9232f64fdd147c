"""The start-up benchmark times commands that work."""

from __future__ import annotations

from tests.benchmarks import startup


def test_commands_of_the_benchmark_work_on_its_inputs(tmp_path):
    startup.write_inputs(tmp_path)
    for words in startup.commands().values():
        # The usual cache of compiled kernels.
        assert (
            0 < startup.cpu_seconds(startup.ROOT / "cli.py", words, tmp_path, "") < 600
        )
