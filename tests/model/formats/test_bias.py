"""Biases for design programs: what the model says of every residue, in their words."""

import io
import json
from dataclasses import replace

import numpy as np
import pytest

from pottsfold.alignment import Numbering
from pottsfold.alphabet import PROTEIN, RNA
from pottsfold.errors import OutputError, UsageError
from pottsfold.model import Fit, FitReport, PottsModel
from pottsfold.model.formats import for_chain, foreign_named, losses
from tests.strategies import masked, random_model

NAMES = ("proteinmpnn-bias", "ligandmpnn-bias", "foundry-bias")
LETTERS = PROTEIN.letters[1:]
SHIFT = np.log(19 + np.e)


def two_sites(gaps="state", first=11):
    """A model where C at the first site wants W at the second, by 3 nats."""
    fields, couplings = np.zeros((2, 21)), np.zeros((2, 2, 21, 21))
    cysteine, tryptophan = PROTEIN.encode("CW")
    fields[1, tryptophan] = -2
    fields[:, 0] = 5 if gaps == "state" else 0
    couplings[0, 1, cysteine, tryptophan] = couplings[1, 0, tryptophan, cysteine] = 3
    return PottsModel(
        PROTEIN,
        fields,
        couplings,
        Numbering(np.array([first, first + 2])),
        gaps=gaps,
        focus=PROTEIN.encode("CA"),
        focus_name="1abc/11-13",
    )


def written(name, model):
    handle = io.BytesIO()
    foreign_named(name).write(handle, Fit(model, FitReport("x")))
    text = handle.getvalue().decode()
    assert text.count("\n") == 1  # the first line is all that ProteinMPNN reads
    return json.loads(text)


@pytest.mark.parametrize("gaps", ["state", "missing"])
def test_ligandmpnn_has_log_probabilities_by_chain_and_number(gaps):
    # The gap, however probable, does not change what is said of residues.
    found = written("ligandmpnn-bias", two_sites(gaps))
    assert list(found) == ["A11", "A13"]
    assert list(found["A13"]) == list(LETTERS)
    assert found["A13"]["W"] == pytest.approx(1 - SHIFT, abs=1e-5)
    assert found["A13"]["A"] == pytest.approx(-SHIFT, abs=1e-5)
    assert found["A11"]["C"] == pytest.approx(-np.log(20), abs=1e-5)


def test_foundry_has_the_names_of_letters():
    found = written("foundry-bias", two_sites())
    assert found["A13"]["TRP"] == pytest.approx(1 - SHIFT, abs=1e-5)
    # Alanine before cysteine before aspartate, as the letters' own order is.
    assert list(found["A11"])[:4] == ["ALA", "CYS", "ASP", "GLU"]
    assert len(found["A11"]) == 20


def test_proteinmpnn_has_a_row_for_every_number_and_21_columns():
    found = written("proteinmpnn-bias", two_sites())
    rows = np.array(found["1abc"]["A"])
    assert rows.shape == (3, 21)
    assert not rows[1].any()
    assert not rows[:, 20].any()
    assert rows[2, LETTERS.index("W")] == pytest.approx(1 - SHIFT, abs=1e-5)
    np.testing.assert_allclose(np.exp(rows[[0, 2], :20]).sum(axis=1), 1, atol=1e-3)


@pytest.mark.parametrize("name", NAMES)
def test_masked_models_have_biases(name):
    model = random_model(1, 6, PROTEIN)
    model = replace(model, focus_name="1abc")
    assert written(name, masked(model, [(0, 3)])) != written(name, model)


@pytest.mark.parametrize("name", NAMES)
def test_what_has_no_bias_is_refused(name):
    with pytest.raises(UsageError, match="no focus sequence"):
        written(name, random_model(1, 4, PROTEIN, focus=False))
    with pytest.raises(OutputError, match="designs proteins"):
        written(name, random_model(1, 4, RNA))


def test_numbers_that_a_program_cannot_read_are_refused():
    assert list(written("ligandmpnn-bias", two_sites(first=-3))) == ["A-3", "A-1"]
    with pytest.raises(OutputError, match=r"no residue numbers below 0.*A-3"):
        written("foundry-bias", two_sites(first=-3))
    far = replace(two_sites(), numbering=Numbering(np.array([1, 10**9])))
    with pytest.raises(OutputError, match="1000000000 rows"):
        written("proteinmpnn-bias", far)


@pytest.mark.parametrize("name", NAMES)
def test_residues_may_be_of_another_chain(name):
    handle = io.BytesIO()
    foreign = for_chain(foreign_named(name), "B")
    foreign.write(handle, Fit(two_sites(), FitReport("x")))
    found = json.loads(handle.getvalue())
    assert list(found.get("1abc", found)) in (["B"], ["B11", "B13"])
    assert "B" in losses(Fit(two_sites(), FitReport("x")), foreign)[1]
    for bad in ("", "A,B", "-", "\n"):
        with pytest.raises(UsageError, match="letters and digits"):
            for_chain(foreign, bad)
    with pytest.raises(UsageError, match="only biases"):
        for_chain(foreign_named("mi3"), "B")


def test_names_are_quoted():
    model = replace(two_sites(), focus_name='a"b\\\n{')
    assert list(written("proteinmpnn-bias", model)) == ['a"b\\\n{']


@pytest.mark.parametrize("name", NAMES)
def test_what_the_file_is_for_is_told(name):
    told = losses(Fit(two_sites(), FitReport("x")), foreign_named(name))
    assert "the model cannot be read back" in told[0]
    assert "A11 to A13" in told[1] or "'1abc'" in told[1]
