"""Libraries scored from file to file, from Python."""

import numpy as np
import pandas as pd
import pytest

from pottsfold.errors import OutputError, TableError, UsageError
from pottsfold.mutations import effect_tables, scan_table, score_library, score_table
from pottsfold.mutations.library.files import blocks, opening
from pottsfold.tables.parts import TableParts
from tests.strategies import random_model

MODEL = random_model(3, 12, gaps="missing", first=5)


@pytest.fixture
def library(tmp_path):
    path = tmp_path / "library.csv"
    names = [*scan_table(MODEL)["mutant"], "nonsense"]
    pd.DataFrame({"mutant": names, "row": range(len(names))}).to_csv(path, index=False)
    return path


@pytest.mark.parametrize("model", [MODEL, effect_tables(MODEL)])
def test_the_table_is_that_of_score_table(model, library, tmp_path):
    output, seen = tmp_path / "out.parquet", []
    summary = score_library(
        model, library, output, threads=2, progress=lambda *far: seen.append(far)
    )
    expected = score_table(MODEL, pd.read_csv(library))
    expected = expected.astype({"n_mutations": float})
    pd.testing.assert_frame_equal(
        pd.read_parquet(output), expected, check_dtype=False, rtol=0, atol=0
    )
    assert summary.rows == len(expected)
    size = library.stat().st_size
    assert seen[-1] == (size, size, "B")


def test_positions_are_shifted(library, tmp_path):
    shifted = tmp_path / "shifted.csv"
    score_library(MODEL, library, tmp_path / "out.csv")
    table = pd.read_csv(library).iloc[:-1]
    letters = table["mutant"].str
    numbers = letters[1:-1].astype(int) - 4
    table["mutant"] = letters[0] + numbers.astype(str) + letters[-1]
    table.to_csv(shifted, index=False)
    score_library(MODEL, shifted, tmp_path / "far.csv", shift=4)
    near, far = (pd.read_csv(tmp_path / name)[:228] for name in ("out.csv", "far.csv"))
    pd.testing.assert_series_equal(near["log_odds"], far["log_odds"])
    with pytest.raises(UsageError, match="`shift=10000000000`: between"):
        score_library(MODEL, library, tmp_path / "x.csv", shift=10**10)


def test_an_interrupted_run_goes_on(library, tmp_path, monkeypatch):
    for module in (blocks, opening):
        monkeypatch.setattr(module, "BLOCK_BYTES", 200)
    whole, output, said = tmp_path / "whole.csv", tmp_path / "out.csv", []
    score_library(MODEL, library, whole)
    with monkeypatch.context() as patch:
        patch.setattr(TableParts, "join", _interrupt)
        with pytest.raises(KeyboardInterrupt):
            score_library(MODEL, library, output, announce=said.append)
    assert said[1:] == [
        f"finished parts are kept in {output}.parts: `resume` goes on with them"
    ]
    with pytest.raises(UsageError, match=r"made with settings .* leave out `resume`"):
        score_library(MODEL, library, output, shift=1, resume=True)
    monkeypatch.setattr(TableParts, "write", _interrupt)
    score_library(effect_tables(MODEL), library, output, resume=True)
    assert output.read_bytes() == whole.read_bytes()


def test_a_run_does_not_go_on_with_another_burial(library, tmp_path, monkeypatch):
    output = tmp_path / "out.csv"
    exposed, buried = (
        effect_tables(MODEL, accessibility=np.full(12, value)) for value in (1.0, 0.5)
    )
    with monkeypatch.context() as patch:
        patch.setattr(TableParts, "join", _interrupt)
        with pytest.raises(KeyboardInterrupt):
            score_library(exposed, library, output)
    for tables in (buried, effect_tables(MODEL)):
        with pytest.raises(UsageError, match="made with burial SHA-256"):
            score_library(tables, library, output, resume=True)
    score_library(exposed, library, output, resume=True)
    # The last is unscorable.
    assert pd.read_csv(output)["buried_log_odds"][:-1].eq(0).all()


@pytest.mark.parametrize("journal", ["true", "[]", "{", "[" * 100_000])
def test_parts_with_a_damaged_journal_are_not_taken_up(library, tmp_path, journal):
    whole, output = tmp_path / "whole.csv", tmp_path / "out.csv"
    score_library(MODEL, library, whole)
    folder = tmp_path / "out.csv.parts"
    folder.mkdir()
    (folder / "journal.json").write_text(journal)
    (folder / "00000000.rows").write_text("of something else\n")
    score_library(MODEL, library, output, resume=True)
    assert output.read_bytes() == whole.read_bytes()
    assert not folder.exists()


def test_what_does_not_fit_is_refused(library, tmp_path):
    with pytest.raises(UsageError, match=r"`output=.*out.xls`: end it in"):
        score_library(MODEL, library, tmp_path / "out.xls")
    with pytest.raises(UsageError, match="is read as well"):
        score_library(MODEL, library, library)
    with pytest.raises(UsageError, match="`resume`: it needs `output` to be a file"):
        score_library(MODEL, library, "-", resume=True)
    with pytest.raises(OutputError, match="does not exist"):
        score_library(MODEL, library, tmp_path / "absent" / "out.csv")
    with pytest.raises(TableError, match=r"no column mutation among .*`column`"):
        score_library(MODEL, library, tmp_path / "out.csv", column="mutation")
    assert sorted(tmp_path.iterdir()) == [library]


def _interrupt(*_):
    raise KeyboardInterrupt
