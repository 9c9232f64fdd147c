"""A masked model is a dense one with zeros, for everything that reads a model."""

import io
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pottsfold.contacts import coupling_norms, direct_information, pair_matrix
from pottsfold.errors import ModelFormatError
from pottsfold.landscape.partition import exact_log_partition
from pottsfold.model import (
    Fit,
    PairGraph,
    PottsModel,
    energy,
    load_fit,
    local_fields,
    read_header,
    save_fit,
    zero_sum,
)
from pottsfold.model.formats import WRITTEN_FORMATS, losses
from pottsfold.mutations import (
    effect_tables,
    pair_epistasis,
    place_texts,
    single_log_odds,
)
from pottsfold.mutations.epistasis import pair_differences, site_pairs
from pottsfold.mutations.rescue import double_rescues
from tests.model.test_storage import REPORT
from tests.strategies import (
    SMALL,
    masked,
    masked_models,
    random_codes,
    random_model,
    seeds,
    with_zeros,
)

PAIRS = [(0, 3), (1, 4), (3, 4)]


@given(masked_models(), seeds)
def test_energies_and_fields_are_those_of_the_dense_model(model, seed):
    dense = with_zeros(model)
    codes = random_codes(seed, 7, model.length, gap=0.2, unknown=0.1)
    np.testing.assert_array_equal(energy(model, codes), energy(dense, codes))
    np.testing.assert_array_equal(
        local_fields(model, codes[0]), local_fields(dense, codes[0])
    )


@given(masked_models())
def test_the_gauge_keeps_the_graph(model):
    moved, dense = zero_sum(model), zero_sum(with_zeros(model))
    assert moved.graph is model.graph
    np.testing.assert_array_equal(moved.fields, dense.fields)
    np.testing.assert_array_equal(with_zeros(moved).couplings, dense.couplings)


@given(masked_models(), seeds)
def test_effects_are_those_of_the_dense_model(model, seed):
    dense = with_zeros(model)
    rng = np.random.default_rng(seed)
    letters = model.alphabet.letters
    texts = []
    for _ in range(10):
        sites = rng.permutation(model.length)[: rng.integers(1, model.length + 1)]
        texts.append(
            ":".join(
                f"{letters[model.focus[i]]}{i + 1}{letters[rng.integers(1, 21)]}"
                for i in sites
            )
        )
    one, other = (
        effect_tables(each).effects(place_texts(each, texts)) for each in (model, dense)
    )
    np.testing.assert_array_equal(one.log_odds, other.log_odds)
    np.testing.assert_array_equal(one.epistasis, other.epistasis)
    np.testing.assert_array_equal(single_log_odds(model), single_log_odds(dense))
    for i in range(model.length):
        for j in range(model.length):
            if i != j:
                np.testing.assert_array_equal(
                    pair_epistasis(model, i, j), pair_epistasis(dense, i, j)
                )


def test_epistasis_and_rescues_are_those_of_the_dense_model():
    model = masked(random_model(3, 6), PAIRS)
    dense = with_zeros(model)
    one, other = site_pairs(model), site_pairs(dense)
    for name in ("mean", "highest", "letters", "counts"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    a, b = ((model.focus[[0, 3]] + 1) % 20).astype(int)
    indices = (np.array([0, 0, 4]), np.array([3, 1, 1]), np.array(a), np.array(b))
    found = pair_differences(model, *indices)
    np.testing.assert_array_equal(found, pair_differences(dense, *indices))
    assert found[1] == 0 != found[0]
    mutant = np.array([2]), np.array([(model.focus[2]) % 20 + 1], np.uint8)
    rescues = [double_rescues(each, *mutant, 10) for each in (model, dense)]
    np.testing.assert_array_equal(rescues[0].restored, rescues[1].restored)


def test_contacts_are_those_of_the_dense_model():
    model = masked(random_model(4, 6, gaps="missing"), PAIRS)
    dense = with_zeros(model)
    np.testing.assert_array_equal(coupling_norms(model), coupling_norms(dense))
    np.testing.assert_allclose(
        direct_information(model), direct_information(dense), atol=1e-7
    )
    assert not pair_matrix(model, 1, 2).to_numpy().any()
    assert pair_matrix(model, 4, 1).equals(pair_matrix(dense, 4, 1))


def test_log_z_is_that_of_the_dense_model():
    model = masked(random_model(6, 6, SMALL), PAIRS)
    found = exact_log_partition(model).value
    assert found == exact_log_partition(with_zeros(model)).value
    without = replace(model, couplings=np.zeros_like(model.couplings))
    assert found != exact_log_partition(without).value


# Others than StructureDCA's file, which has pairs of its own.
HOLD_ZEROS = [each for each in WRITTEN_FORMATS if each.name != "structuredca"]


@pytest.mark.parametrize("form", HOLD_ZEROS, ids=lambda form: form.name)
def test_other_programs_formats_hold_zeros(form):
    model = masked(random_model(7, 6), PAIRS)
    written = []
    for each in (model, with_zeros(model)):
        handle = io.BytesIO()
        form.write(handle, Fit(each, REPORT))
        written.append(handle.getvalue())
    assert written[0] == written[1]
    told = "3 of 15 pairs have couplings; those of the others are written as zeros"
    assert (told in losses(Fit(model, REPORT), form)) == (form.read is not None)
    assert told not in losses(Fit(with_zeros(model), REPORT), form)


@given(model=masked_models(), focus=st.booleans())
def test_a_file_holds_the_pairs_that_there_are(tmp_path_factory, model, focus):
    path = tmp_path_factory.mktemp("masked") / "a.potts"
    model = model if focus else replace(model, focus=None)
    save_fit(path, Fit(model, REPORT))
    back = load_fit(path).model
    np.testing.assert_array_equal(back.couplings, model.couplings)
    np.testing.assert_array_equal(back.graph.pairs, model.graph.pairs)
    assert read_header(path).n_pairs == model.graph.n_pairs
    assert b'"version":"2"' in path.read_bytes()


def test_a_file_with_other_pairs_is_refused(tmp_path):
    path = tmp_path / "a.potts"
    model = masked(random_model(8, 6), PAIRS)
    pairs = model.graph.pairs
    save_fit(path, Fit(model, REPORT))
    whole = path.read_bytes()
    assert whole.count(pairs.tobytes()) == 1
    path.write_bytes(whole.replace(pairs.tobytes(), pairs[::-1].tobytes()))
    with pytest.raises(ModelFormatError, match="pairs do not match their SHA-256"):
        load_fit(path)


def test_a_graph_of_other_sites_is_refused():
    model = random_model(9, 4)
    graph = PairGraph.of_pairs(5, np.array([[0, 1]]))
    with pytest.raises(ValueError, match="a graph of 5 sites where 4 are"):
        replace(model, graph=graph)
    graph = PairGraph.of_pairs(4, np.array([[0, 1]]))
    blocks = model.couplings[[0, 1], [1, 0]].copy()
    blocks[0, 1, 2] += 1
    with pytest.raises(ValueError, match="symmetric"):
        replace(model, couplings=blocks, graph=graph)
    blocks[0, 1, 2] = blocks[1, 2, 1] = 1e13
    with pytest.raises(ValueError, match="position 1 and 2"):
        replace(model, couplings=blocks, graph=graph)
    assert isinstance(masked(model, []), PottsModel)
