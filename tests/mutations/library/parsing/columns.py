"""Models to read columns against, and how two readings are compared."""

from dataclasses import replace

import numpy as np

from pottsfold.alignment import Numbering
from pottsfold.alphabet import PROTEIN
from pottsfold.mutations.mutants import REASONS, STATUSES
from tests.strategies import random_model

ARRAYS = ("offsets", "columns", "letters", "counts", "statuses", "reasons")


POSITIONS = np.array([-3, -2, 5, 6, 7, 40])


def model_of(sequence, *, gaps="missing", first=10):
    model = random_model(0, len(sequence), gaps=gaps, first=first)
    return replace(model, focus=PROTEIN.encode(sequence))


def model_with_holes(gaps="state", alphabet=PROTEIN, focus=(1, 2, 3, 0, 4, 5)):
    model = random_model(0, 6, alphabet, gaps=gaps)
    codes = np.minimum(np.array(focus, np.uint8), alphabet.unknown)
    return replace(model, numbering=Numbering(POSITIONS), focus=codes)


def verdicts(mutants):
    return [
        (STATUSES[status], REASONS[reason])
        for status, reason in zip(mutants.statuses, mutants.reasons, strict=True)
    ]


def assert_same(found, expected):
    for name in ARRAYS:
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))
        assert getattr(found, name).dtype == getattr(expected, name).dtype
    assert found.issues == expected.issues
    assert found.wild_types == expected.wild_types
    assert found.labels == expected.labels
    assert found.remarks == expected.remarks
