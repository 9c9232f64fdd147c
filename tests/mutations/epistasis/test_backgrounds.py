"""A substitution in natural backgrounds, and the alignments that they come from."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given

from pottsfold.errors import AlignmentError
from pottsfold.model.sites import read_family
from pottsfold.mutations import single_log_odds
from pottsfold.mutations.epistasis import (
    background_effects,
    background_summary,
    background_table,
    kernels,
)
from tests.naive import epistasis as naive
from tests.strategies import gap_treatments, random_alignment, random_model, seeds


def model_and_family(seed, gaps="missing", length=6, n_sequences=20):
    family = random_alignment(seed, n_sequences, length, unknown=0.05)
    model = random_model(seed, length, gaps=gaps, first=31)
    return replace(model, focus=family.codes[0], focus_name=family.names[0]), family


def substitution(model, seed):
    column = seed % model.length
    return column, 1 + (int(model.focus[column]) + seed % 19) % 20


@given(seeds, gap_treatments)
def test_effects_equal_the_naive_twin(seed, gaps):
    model, family = model_and_family(seed, gaps)
    column, letter = substitution(model, seed)
    found = background_effects(model, family, column, letter, threads=1)
    old = int(model.focus[column])
    for n, row in enumerate(family.codes):
        arguments = (model.fields, model.couplings)
        expected = naive.in_background(row, column, old, letter, *arguments)
        assert found.log_odds[n] == pytest.approx(expected, abs=1e-9)
        here = int(row[column])
        if 0 < here < model.alphabet.size:
            expected = naive.in_background(row, column, here, letter, *arguments)
            assert found.log_odds_own_letter[n] == pytest.approx(expected, abs=1e-9)
        else:
            assert np.isnan(found.log_odds_own_letter[n])
    # The focus sequence is a background like any other.
    alone = single_log_odds(model)[column, letter]
    assert found.in_focus == pytest.approx(alone, abs=1e-9)
    assert found.log_odds[0] == pytest.approx(alone, abs=1e-9)
    assert found.identity[0] == found.covered[0] == 1


def test_a_sequence_that_has_the_letter_gains_nothing_and_reverts_at_its_price():
    model, family = model_and_family(3)
    codes = family.codes.copy()
    column, letter = substitution(model, 3)
    codes[5, column] = letter
    found = background_effects(model, replace(family, codes=codes), column, letter)
    assert found.log_odds_own_letter[5] == 0
    codes[5, column] = model.focus[column]
    reverted = background_effects(model, replace(family, codes=codes), column, letter)
    # The background does not include the site itself.
    assert reverted.log_odds[5] == pytest.approx(found.log_odds[5], abs=1e-9)
    assert reverted.log_odds_own_letter[5] == pytest.approx(found.log_odds[5], abs=1e-9)


def test_the_table_and_the_summary_tell_of_every_sequence():
    model, family = model_and_family(8, length=12, n_sequences=60)
    codes = family.codes.copy()
    codes[1:30, 2] = letter = 1 + int(model.focus[2]) % 20
    family = replace(family, codes=codes)
    found = background_effects(model, family, 2, letter)
    table = background_table(model, family, found)
    assert list(table) == [
        *("name", "mutant", "letter", "log_odds", "log_odds_own_letter"),
        *("identity", "covered"),
    ]
    assert len(table) == 60
    assert table["identity"].between(0, 1).all()
    text = "\n".join(background_summary(model, found))
    assert f"{table['mutant'][0]}: " in text
    assert "contingency: " in text
    assert "Spearman" in text
    assert f"sequences have {model.alphabet.letters[letter]}, where reversion" in text


def test_a_model_without_couplings_knows_no_contingency():
    model, family = model_and_family(4)
    flat = replace(model, couplings=np.zeros_like(model.couplings))
    found = background_effects(flat, family, *substitution(model, 4))
    np.testing.assert_allclose(found.log_odds, found.in_focus, atol=1e-6)
    assert "Spearman" not in "\n".join(background_summary(flat, found))


def test_threads_do_not_change_a_bit(monkeypatch):
    monkeypatch.setattr("pottsfold.mutations.epistasis.backgrounds.BLOCK", 7)
    model, family = model_and_family(5, n_sequences=50)
    one, two = (
        background_effects(model, family, 1, 4, threads=threads).log_odds
        for threads in (1, 2)
    )
    np.testing.assert_array_equal(one, two)


def test_the_kernel_is_the_same_compiled_and_as_python():
    model, family = model_and_family(6)
    results = np.empty((2, 3, family.n_sequences))
    compiled = kernels.sum_site_fields
    for function, local in zip(
        (compiled, getattr(compiled, "py_func", compiled)), results, strict=True
    ):
        function(family.codes, 2, model.fields[2], model.couplings[2], 3, 4, local)
    np.testing.assert_allclose(*results, atol=1e-12)


def write(path, names, rows):
    path.write_text("".join(f">{n}\n{r}\n" for n, r in zip(names, rows, strict=True)))
    return path


def test_an_alignment_is_matched_by_name_and_by_number(tmp_path):
    model = random_model(1, 5, first=11)
    focus = model.focus_sequence
    rows = ["A" * 5, focus, "-" * 5]
    names = ["other", "FOCUS", "third"]
    family = read_family(model, write(tmp_path / "a.fasta", names, rows))
    assert family.focus == 1
    assert family.numbering == model.numbering
    # Two more columns, of which the numbers say which they are.
    rows = ["WW" + row for row in (focus, "ACDEF")]
    longer = write(tmp_path / "b.fasta", ["someone/9-15", "other"], rows)
    family = read_family(replace(model, focus_name=""), longer)
    assert model.alphabet.decode(family.codes[1]) == "ACDEF"


def test_an_alignment_of_another_protein_is_refused_in_one_line(tmp_path):
    model = random_model(1, 5, first=11)
    other = "C" + model.focus_sequence[1:]
    other = other if other != model.focus_sequence else "D" + other[1:]
    path = write(tmp_path / "a.fasta", ["x", "y"], [other, other])
    with pytest.raises(AlignmentError, match=r"not the model's.* where it has .11"):
        read_family(model, path)
    path = write(tmp_path / "b.fasta", ["x", "y"], ["ACD", "ACD"])
    with pytest.raises(AlignmentError, match="alignment the model was fitted to"):
        read_family(model, path)
    with pytest.raises(AlignmentError, match="no such file"):
        read_family(model, tmp_path / "absent.fasta")


@pytest.mark.parametrize(("column", "letter"), [(-1, 3), (6, 3), (2, -1), (2, 21)])
def test_sites_and_letters_that_are_none_are_refused(column, letter):
    model, family = model_and_family(1)
    with pytest.raises(ValueError, match=r"^(site|letters)"):
        background_effects(model, family, column, letter)
