"""One substitution placed in a model."""

from dataclasses import replace

import numpy as np
import pytest

from pottsfold.alignment import Numbering
from pottsfold.alphabet import PROTEIN
from pottsfold.errors import MutationError
from pottsfold.mutations import (
    Substitution,
    place,
)
from tests.mutations.library.parsing.columns import model_of


def test_positions_are_the_focus_sequences_own_numbers():
    model = model_of("ACDE")
    model = replace(model, numbering=Numbering(np.array([-2, 5, 9, 40])))
    assert place(model, Substitution("D", 9, "W")) == (2, PROTEIN.letters.index("W"))
    assert place(model, Substitution("A", -2, "W"))[0] == 0
    with pytest.raises(MutationError, match="position 6 is not in the model") as caught:
        place(model, Substitution("D", 6, "W"))
    assert (caught.value.reason, caught.value.position) == ("outside_model", 6)
