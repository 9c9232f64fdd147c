"""Files are read piece by piece, and as one whole that did not change meanwhile."""

import os

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pottsfold.errors import ModelFormatError
from pottsfold.model import Fit, FitReport, load_fit
from pottsfold.model.formats import (
    READ_FORMATS,
    WRITTEN_FORMATS,
    foreign_named,
    registry,
    write_foreign,
)
from pottsfold.model.formats import (
    content as content_module,
)
from pottsfold.model.formats.content import StoredBytes, open_content
from tests.strategies import random_model

NAMES = [each.name for each in WRITTEN_FORMATS if each in READ_FORMATS]


@pytest.fixture(params=NAMES)
def saved(request, tmp_path):
    path = tmp_path / "model"
    write_foreign(
        path, Fit(random_model(0, 5), FitReport("x")), foreign_named(request.param)
    )
    return path


@given(
    data=st.binary(max_size=300),
    window=st.integers(4, 40),
    bounds=st.lists(st.tuples(st.integers(0, 320), st.integers(0, 320)), max_size=6),
    wanted=st.binary(min_size=1, max_size=3),
)
def test_bytes_of_a_file_are_its_bytes(tmp_path_factory, data, window, bounds, wanted):
    path = tmp_path_factory.mktemp("bytes") / "file"
    path.write_bytes(data)
    with pytest.MonkeyPatch.context() as patch, open(path, "rb", buffering=0) as handle:
        patch.setattr(content_module, "WINDOW", window)
        stored = StoredBytes(handle, str(path), len(data))
        assert len(stored) == len(data)
        for start, stop in bounds:
            assert stored[start:stop] == data[start:stop]
        assert stored.find(wanted) == data.find(wanted)
        for at in range(0, len(data) - 3, 7):
            np.testing.assert_array_equal(
                stored.array(np.uint8, 3, at), np.frombuffer(data, np.uint8, 3, at)
            )


def test_small_windows_change_no_model(saved, monkeypatch):
    whole = load_fit(saved).model
    monkeypatch.setattr(content_module, "WINDOW", 64)
    pieces = load_fit(saved).model
    np.testing.assert_array_equal(pieces.couplings, whole.couplings)
    np.testing.assert_array_equal(pieces.fields, whole.fields)


@pytest.mark.parametrize("change", ["cut", "emptied", "rewritten", "replaced"])
def test_a_file_that_changes_while_it_is_read_is_refused(saved, monkeypatch, change):
    size, recognised = saved.stat().st_size, registry._recognised

    def changed(content):
        found = recognised(content)
        if change == "replaced":
            other = saved.with_name("other")
            other.write_bytes(saved.read_bytes())
            other.replace(saved)
            return found
        with open(saved, "r+b") as other:
            if change == "rewritten":
                other.seek(size // 2)
                other.write(b"7")
                os.utime(saved, ns=(1, 1))
            else:
                other.truncate(size // 2 if change == "cut" else 0)
        return found

    monkeypatch.setattr(registry, "_recognised", changed)
    monkeypatch.setattr(content_module, "WINDOW", 64)
    with pytest.raises(ModelFormatError, match="changed while it was read"):
        load_fit(saved)


def test_a_file_stays_open_no_longer_than_it_is_read(saved):
    with open_content(saved) as content:
        content.data[:10]
    with pytest.raises(ValueError, match="closed"):
        content.array(np.uint8, 1, 0)
