"""A small model, a library of every kind of broken row, and the command on them."""

from dataclasses import replace

import numpy as np

from pottsfold.alignment import Numbering
from pottsfold.alphabet import PROTEIN
from pottsfold.commands.main import main
from tests.strategies import random_model

FOCUS = "MKTAYIAKQRQISFVK"
BROKEN = [
    *("M10W", "M10W:K11A", "K11A:M10W", "A10W", "M10*", "M10X", "M10W:M10A", "M9A"),
    *("M10W:A99D", "M10W:A99D:C98D", "p.Met10Trp", "p.Met10=", "p.Ala10=", "WT", ""),
    *("nonsense", "M10W:", "M10-", '"M10W,K11A"', "p.[Met10Trp;Lys11Ala]", "_wt"),
]


def family(gaps="state", positions=None):
    model = random_model(0, len(FOCUS), gaps=gaps, first=10)
    if positions is not None:
        model = replace(model, numbering=Numbering(np.array(positions)))
    return replace(model, focus=PROTEIN.encode(FOCUS))


def score(*words):
    return main(["score", "m.potts", *map(str, words)])
