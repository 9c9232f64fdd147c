"""Mutants as arrays."""

from dataclasses import replace

import numpy as np
import pytest

from pottsfold.mutations import (
    Mutants,
    place_texts,
)
from tests.mutations.library.parsing.columns import model_of


def test_mutants_check_their_arrays():
    good = place_texts(model_of("ACDE"), ["A10T", "WT"])
    assert not good.columns.flags.writeable
    with pytest.raises(ValueError, match=r"counts are \(1,\) where \(2,\) is due"):
        replace(good, counts=good.counts[:1])
    with pytest.raises(ValueError, match="offsets must run"):
        replace(good, offsets=np.array([0, 1, 2]))
    assert isinstance(good, Mutants)
