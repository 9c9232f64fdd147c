"""Fixtures for every folder of tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

# The first example of a kernel's test may compile it: no deadline can hold.
settings.register_profile("pottsfold", deadline=None)
settings.load_profile("pottsfold")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real families, named by the environment variable POTTSFOLD_DATA."""
    folder = os.environ.get("POTTSFOLD_DATA")
    if not folder or not Path(folder).is_dir():
        pytest.skip("POTTSFOLD_DATA is not set: real families are not at hand")
    return Path(folder)
