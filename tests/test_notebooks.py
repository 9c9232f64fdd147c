"""Every notebook runs from top to bottom, and its closing assertions hold."""

from pathlib import Path

import jupytext
import pytest
from nbclient import NotebookClient

FOLDER = Path(__file__).parent.parent / "notebooks"


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.py")), ids=lambda p: p.stem)
@pytest.mark.filterwarnings("default")
def test_notebook_runs(path):
    notebook = jupytext.read(path)
    NotebookClient(notebook, timeout=300, resources={"metadata": {}}).execute()
    assert any(cell.get("outputs") for cell in notebook.cells)
