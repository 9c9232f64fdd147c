"""Effects against EVcouplings' own numbers on plmc models of four families."""

import gzip
import struct

import numpy as np
import pandas as pd
import pytest

from pottsfold.alignment import Numbering
from pottsfold.alphabet import PROTEIN
from pottsfold.model import PottsModel
from pottsfold.mutations import score_table

# Library, its model, and what the model's numbers, from 1, lack.
LIBRARIES = [
    ("gb1_olson", "gb1_metlpub", 0),
    ("pabp_doubles", "pabp", 125),
    ("pabp_singles", "pabp", 125),
    ("rl401_bolon2013", "rl401", 0),
    ("yap1_araya", "yap1", 169),
]


def read_plmc(path, offset):
    """A plmc v2 file of a model without a gap letter, as gaps="missing"."""
    data = gzip.decompress(path.read_bytes())
    length, q, valid, invalid, _ = struct.unpack_from("<5i", data)
    neff = struct.unpack_from("<5f", data, 20)[4]
    at = 40
    assert data[at : at + q].decode() == PROTEIN.letters[1:]
    at += q + 4 * (valid + invalid)
    focus = PROTEIN.encode(data[at : at + length].decode())
    at += length
    positions = np.frombuffer(data, "<i4", length, at).astype(np.int64) + offset
    at += 4 * length
    sites = np.frombuffer(data, "<f4", 2 * length * q, at).reshape(2, length, q)
    at += 8 * length * q
    pairs = length * (length - 1) // 2
    blocks = np.frombuffer(data, "<f4", 2 * pairs * q * q, at)
    blocks = blocks.reshape(2, pairs, q, q)[1]
    assert at + 8 * pairs * q * q == len(data)
    frequencies = np.zeros((length, q + 1))
    frequencies[:, 1:] = sites[0]
    frequencies /= frequencies.sum(axis=1, keepdims=True)
    fields = np.zeros((length, q + 1), np.float32)
    fields[:, 1:] = sites[1]
    couplings = np.zeros((length, length, q + 1, q + 1), np.float32)
    rows, columns = np.triu_indices(length, 1)
    couplings[rows, columns, 1:, 1:] = blocks
    couplings[columns, rows, 1:, 1:] = blocks.transpose(0, 2, 1)
    return PottsModel(
        alphabet=PROTEIN,
        fields=fields,
        couplings=couplings,
        numbering=Numbering(positions),
        gaps="missing",
        focus=focus,
        frequencies=frequencies,
        neff=neff,
    )


@pytest.mark.parametrize(("library", "model", "offset"), LIBRARIES)
def test_effects_equal_those_of_evcouplings(shared_data, library, model, offset):
    folder = shared_data / "reference" / "evmutation"
    expected = pd.read_csv(folder / f"{library}.csv")
    potts = read_plmc(folder / f"{model}.model.gz", offset)
    table = score_table(potts, expected[["mutant"]])
    assert (table["status"] == "ok").all()
    for name in ("log_odds", "additive", "independent"):
        # EVcouplings prints six digits of sums made in float32.
        np.testing.assert_allclose(table[name], expected[name], rtol=0, atol=1e-3)
