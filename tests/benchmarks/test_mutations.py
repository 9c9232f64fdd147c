"""The benchmark of mutations runs, on a size that says nothing of speed."""

from tests.benchmarks import mutations


def test_both_tables_are_printed(capsys):
    mutations.main(lengths=(12,), rows=50, file_rows=70)
    lines = capsys.readouterr().out.splitlines()
    assert sum(line.startswith("| 12 |") for line in lines) == len(mutations.DEPTHS) + 8
