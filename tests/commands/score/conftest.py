"""A folder to score in, and files cut small."""

from pathlib import Path

import pytest

from pottsfold.model import Fit, FitReport, save_fit
from pottsfold.mutations.library.files import blocks, formats, opening
from tests.commands.score.scored_library import BROKEN, family


@pytest.fixture
def there(tmp_path, monkeypatch):
    """A folder with a model and a library of every kind of broken row."""
    monkeypatch.chdir(tmp_path)
    save_fit("m.potts", Fit(family(), FitReport("independent")))
    Path("l.csv").write_text("mutant,n\n" + "".join(f"{m},7\n" for m in BROKEN))
    return tmp_path


@pytest.fixture
def in_blocks_of(monkeypatch):
    def choose(size):
        for module in (blocks, opening):
            monkeypatch.setattr(module, "BLOCK_BYTES", size)
        monkeypatch.setattr(formats, "BATCH_ROWS", max(1, size // 8))

    return choose
