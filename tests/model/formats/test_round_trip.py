"""Every format: read(write(x)) is x, or what is told to be lost."""

import io
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from pottsfold.alphabet import DNA, PROTEIN, RNA, Alphabet
from pottsfold.errors import OutputError
from pottsfold.model import Fit, FitReport, energy, load_fit, zero_sum
from pottsfold.model.formats import (
    READ_FORMATS,
    WRITTEN_FORMATS,
    foreign_named,
    losses,
    write_foreign,
)
from tests.strategies import SMALL, models, random_model

NAMES = [each.name for each in WRITTEN_FORMATS if each in READ_FORMATS]
PROTEIN_ONLY = {"ccmpred-raw", "ccmpred-braw"}
# Formats that hold fields and couplings as they stand.
EXACT = {"plmc", "plmc-v1", "gremlin", "adabmdca", "bmdca", "structuredca"}


def there_and_back(tmp_path, model, name, report=None):
    path = tmp_path / "model"  # no ending: the content tells
    report = report or FitReport("mean-field")
    write_foreign(path, Fit(model, report), foreign_named(name))
    return load_fit(path)


def complete_sequences(model, seed=0):
    start = 0 if model.gaps == "state" else 1
    rng = np.random.default_rng(seed)
    return rng.integers(start, model.alphabet.size, (100, model.length)).astype("u1")


@pytest.mark.parametrize("gaps", ["state", "missing"])
@pytest.mark.parametrize("name", NAMES)
def test_energies_stay(tmp_path, name, gaps):
    model = random_model(1, 30, PROTEIN, gaps=gaps, scale=0.3)
    back = there_and_back(tmp_path, model, name).model
    codes = complete_sequences(model)
    np.testing.assert_allclose(energy(back, codes), energy(model, codes), atol=1e-5)
    # Gaps under gaps="missing" add nothing, whichever way that is written.
    with_gaps = np.where(np.random.default_rng(2).random(codes.shape) < 0.3, 0, codes)
    with_gaps = with_gaps.astype(np.uint8)
    np.testing.assert_allclose(
        energy(back, with_gaps), energy(model, with_gaps), atol=1e-5
    )


@pytest.mark.parametrize("gaps", ["state", "missing"])
@pytest.mark.parametrize("name", sorted(EXACT))
def test_parameters_come_back_to_the_last_bit(tmp_path, name, gaps):
    model = random_model(2, 7, PROTEIN, gaps=gaps)
    back = there_and_back(tmp_path, model, name).model
    assert back.gaps == gaps
    assert back.alphabet == PROTEIN
    np.testing.assert_array_equal(back.fields, model.fields)
    np.testing.assert_array_equal(back.couplings, model.couplings)


@pytest.mark.parametrize("name", NAMES)
def test_a_second_round_changes_nothing(tmp_path, name):
    once = there_and_back(tmp_path, random_model(3, 6), name).model
    twice = there_and_back(tmp_path, once, name).model
    np.testing.assert_array_equal(once.fields, twice.fields)
    np.testing.assert_array_equal(once.couplings, twice.couplings)


@pytest.mark.parametrize("name", sorted(PROTEIN_ONLY | {"mi3"}))
def test_moving_fields_leaves_residue_couplings_zero_sum_as_they_were(tmp_path, name):
    model = random_model(4, 6, PROTEIN)
    back = there_and_back(tmp_path, model, name).model
    np.testing.assert_allclose(
        zero_sum(back).couplings, zero_sum(model).couplings, atol=1e-5
    )
    # Energies are equal, constant and all, so the fields differ by constants alone.
    np.testing.assert_allclose(zero_sum(back).fields, zero_sum(model).fields, atol=1e-5)


@pytest.mark.parametrize("name", sorted(PROTEIN_ONLY))
def test_a_model_without_a_field_for_the_gap_is_exact_in_ccmpred_files(tmp_path, name):
    model = random_model(5, 6, PROTEIN)
    fields = model.fields.copy()
    fields[:, 0] = 0
    model = replace(model, fields=fields)
    back = there_and_back(tmp_path, model, name).model
    np.testing.assert_array_equal(back.fields, model.fields)
    np.testing.assert_array_equal(back.couplings, model.couplings)


@pytest.mark.parametrize("focus", [True, False])
@pytest.mark.parametrize("gaps", ["state", "missing"])
@pytest.mark.parametrize("name", ["plmc", "plmc-v1"])
def test_plmc_keeps_focus_numbers_and_frequencies(tmp_path, name, gaps, focus):
    model = random_model(6, 9, PROTEIN, gaps=gaps, focus=focus, first=-3)
    report = FitReport(
        "pseudolikelihood",
        settings={"lambda_h": 0.01, "lambda_j": 1.6, "identity": 0.8},
    )
    fit = there_and_back(tmp_path, model, name, report)
    back = fit.model
    if focus:
        np.testing.assert_array_equal(back.focus, model.focus)
    else:
        assert back.focus is None
    assert back.numbering == model.numbering
    np.testing.assert_allclose(back.frequencies, model.frequencies, atol=1e-7)
    np.testing.assert_allclose(back.frequencies.sum(axis=1), 1, atol=1e-12)
    if gaps == "state":
        np.testing.assert_array_equal(back.occupancy, 1 - back.frequencies[:, 0])
    else:
        assert back.occupancy is None
    if name == "plmc":
        assert back.neff == model.neff
        settings_read = {k: fit.report.settings[k] for k in report.settings}
        assert settings_read == report.settings


def test_plmc_without_frequencies_gives_none_back(tmp_path):
    model = replace(random_model(7, 4), frequencies=None, neff=0.0)
    assert there_and_back(tmp_path, model, "plmc").model.frequencies is None


def test_gremlin_keeps_residue_numbers(tmp_path):
    model = random_model(8, 5, PROTEIN, first=7)
    assert there_and_back(tmp_path, model, "gremlin").model.numbering == model.numbering


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(model=models())
@pytest.mark.parametrize("name", NAMES)
def test_other_alphabets_come_back_or_are_refused(tmp_path, name, model):
    try:
        back = there_and_back(tmp_path, model, name).model
    except OutputError as error:
        assert model.alphabet != PROTEIN
        assert "choose" in str(error)
        return
    codes = complete_sequences(model)
    if name in ("bmdca", "mi3", "plmc-v1") and model.alphabet == DNA:
        told = losses(Fit(model, FitReport("x")), foreign_named(name))
        assert any("DNA" in sentence for sentence in told)
    else:
        assert back.alphabet.letters == model.alphabet.letters
    np.testing.assert_allclose(energy(back, codes), energy(model, codes), atol=1e-5)


def test_letters_keep_their_own_order_through_adabmdca(tmp_path):
    odd = Alphabet("-zA%")
    model = random_model(9, 4, odd)
    back = there_and_back(tmp_path, model, "adabmdca").model
    assert sorted(back.alphabet.letters) == sorted(odd.letters)
    places = back.alphabet.encode(odd.letters)
    np.testing.assert_array_equal(back.fields[:, places], model.fields)


@pytest.mark.parametrize("name", NAMES)
def test_compressed_files_are_written_and_read(tmp_path, name):
    model = random_model(10, 4)
    path = tmp_path / "model.gz"
    fit = Fit(model, FitReport("mean-field"))
    write_foreign(path, fit, foreign_named(name))
    first = path.read_bytes()
    assert first[:2] == b"\x1f\x8b"
    write_foreign(path, fit, foreign_named(name))
    assert path.read_bytes() == first
    codes = complete_sequences(model)
    np.testing.assert_allclose(
        energy(load_fit(path).model, codes), energy(model, codes), atol=1e-5
    )


@pytest.mark.parametrize("name", NAMES)
def test_what_is_lost_is_told_and_nothing_else(tmp_path, name):
    foreign = foreign_named(name)
    model = random_model(11, 5, PROTEIN, first=50)
    told = losses(Fit(model, FitReport("mean-field")), foreign)[0]
    back = there_and_back(tmp_path, model, name).model
    assert ("focus sequence" in told) == (back.focus is None)
    assert ("numbering" in told) == (back.numbering != model.numbering)
    assert ("letter frequencies" in told) == (back.frequencies is None)
    assert ("Neff" in told) == (back.neff == 0)
    assert ("occupancy" in told) == (back.occupancy is None)
    bare = replace(
        random_model(11, 5, PROTEIN, focus=False),
        frequencies=None,
        neff=0.0,
        occupancy=None,
        gauge="as read",
    )
    told = losses(Fit(bare, FitReport("mean-field")), foreign)[0]
    assert told == "Lost in this format: report of the fit"


@pytest.mark.parametrize("name", NAMES)
def test_a_refused_model_leaves_the_old_file(tmp_path, name):
    path = tmp_path / "old"
    path.write_text("old")
    model = random_model(12, 4, SMALL)
    try:
        write_foreign(path, Fit(model, FitReport("x")), foreign_named(name))
    except OutputError:
        assert path.read_text() == "old"
        assert list(tmp_path.iterdir()) == [path]
    else:
        assert load_fit(path).model.length == 4


def test_rna_goes_to_gremlin_in_its_order(tmp_path):
    model = random_model(13, 4, RNA)
    handle = io.BytesIO()
    foreign_named("gremlin").write(handle, Fit(model, FitReport("x")))
    first = handle.getvalue().split(b"\n")[0].split()
    expected = model.fields[0, RNA.encode("AUCG-")]
    np.testing.assert_array_equal(np.array(first[1:], np.float32), expected)
