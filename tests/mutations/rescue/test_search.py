"""The search for rescues against trying every one of them."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pottsfold.alignment import reweight
from pottsfold.alphabet import Alphabet
from pottsfold.errors import MutationError, UsageError
from pottsfold.mutations.epistasis import MIN_EFFECT, substitution_effects
from pottsfold.mutations.rescue import (
    KINDS,
    double_rescues,
    harmless_warning,
    kernels,
    place_mutant,
    rescue_kinds,
    rescue_summary,
    rescue_table,
    seen_in_family,
    single_rescues,
)
from pottsfold.mutations.rescue.search import ORDERS
from tests.naive import epistasis as naive
from tests.naive.mutations import log_odds
from tests.strategies import (
    ALPHABETS,
    gap_treatments,
    random_alignment,
    random_model,
    seeds,
)


@st.composite
def models_and_mutants(draw):
    """A model, and a mutant of it with a site or more left over."""
    seed = draw(seeds)
    model = random_model(
        seed,
        draw(st.integers(3, 5)),
        draw(st.sampled_from(ALPHABETS[:3])),
        gaps=draw(gap_treatments),
        first=draw(st.integers(1, 300)),
    )
    present = np.argwhere(np.isfinite(substitution_effects(model, model.focus)))
    rng = np.random.default_rng(seed)
    mutant = {}
    for k in rng.permutation(len(present))[: draw(st.integers(1, 2))]:
        mutant[int(present[k, 0])] = int(present[k, 1])
    return model, mutant


def searched(model, mutant, size, count, ranked_by):
    columns = np.array(list(mutant), np.int64)
    letters = np.array(list(mutant.values()), np.uint8)
    if size == 1:
        return single_rescues(model, columns, letters, count, rank_by=ranked_by)
    return double_rescues(model, columns, letters, count, rank_by=ranked_by, threads=1)


@given(
    models_and_mutants(),
    st.sampled_from([1, 2]),
    st.integers(1, 40),
    st.sampled_from(ORDERS),
)
def test_rescues_are_the_best_of_all_there_are(case, size, count, ranked_by):
    model, mutant = case
    letters = range(model.states.start, model.alphabet.size)
    arguments = (model.fields, model.couplings, letters, size)
    everything = naive.rescues(model.focus, mutant, *arguments)
    found = searched(model, mutant, size, count, ranked_by)
    assert found.n_examined == len(everything)
    harm = log_odds(model.focus, mutant, model.fields, model.couplings)
    assert found.log_odds_mutant == pytest.approx(harm, abs=1e-9)
    left = {
        choice: (alone, restored)
        for choice, alone, restored, idle in everything
        if idle is None or idle >= MIN_EFFECT
    }
    assert len(found) == min(count, len(left))
    values = []
    for columns, codes, alone, restored in zip(
        found.columns, found.letters, found.alone, found.restored, strict=True
    ):
        choice = tuple(zip(columns.tolist(), codes.tolist(), strict=True))
        expected = left.pop(choice)
        assert (alone, restored) == pytest.approx(expected, abs=1e-9)
        values.append(naive.value(*expected, ranked_by))
    assert (np.diff(values) <= 1e-9).all()
    rest = [naive.value(*effects, ranked_by) for effects in left.values()]
    assert max(rest, default=-np.inf) <= min(values, default=np.inf) + 1e-9


@given(models_and_mutants())
def test_what_a_rescue_is_said_to_do_adds_up(case):
    model, mutant = case
    for size in (1, 2):
        found = searched(model, mutant, size, 10**6, "compensation")
        together = found.log_odds_mutant + found.alone + found.epistasis
        np.testing.assert_allclose(found.together, together, atol=1e-9)
        expected = found.restored - np.maximum(0, found.alone)
        np.testing.assert_allclose(found.compensation, expected, atol=1e-9)
        if found.log_odds_mutant < 0:
            full = np.isclose(found.together, 0, atol=1e-9)
            assert (np.abs(found.recovered[full] - 1) < 1e-6).all()
        else:
            assert np.isnan(found.recovered).all()


def test_threads_do_not_change_a_bit():
    model = random_model(3, 15)
    columns, letters = np.array([4]), np.array([7], np.uint8)
    one, two = (
        double_rescues(model, columns, letters, 50, threads=threads)
        for threads in (1, 2)
    )
    for name in ("columns", "letters", "alone", "restored"):
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name))


@given(models_and_mutants())
def test_the_kernel_is_the_same_compiled_and_as_python(case):
    model, mutant = case
    background = model.focus.copy()
    background[list(mutant)] = list(mutant.values())
    alone, restored = (
        substitution_effects(model, codes) for codes in (model.focus, background)
    )
    gains = np.nan_to_num(restored, nan=-np.inf)
    excesses = np.nan_to_num(restored - alone, nan=-np.inf)
    excesses[gains == -np.inf] = -np.inf
    compiled = kernels.best_of_site
    for ranked_by in range(3):
        results = np.full((2, model.length), -np.inf)
        for function, best in zip(
            (compiled, getattr(compiled, "py_func", compiled)), results, strict=True
        ):
            function(
                *(0, model.couplings[0], model.focus, gains, excesses),
                *(ranked_by, MIN_EFFECT, best),
            )
        np.testing.assert_allclose(*results, atol=1e-12)


effects = st.floats(-4, 4)


@given(effects, effects)
def test_each_rescue_has_one_kind(alone, epistasis):
    kind = KINDS[int(rescue_kinds(np.array([alone]), np.array([epistasis]))[0])]
    if alone + epistasis < MIN_EFFECT:
        assert kind == "none"
    elif epistasis < MIN_EFFECT:
        assert kind == "global"
    else:
        assert kind == ("mixed" if alone >= MIN_EFFECT else "specific")


def test_a_stabilizer_is_last_by_compensation_and_first_by_what_it_restores():
    # Site 2 takes B for A whatever the rest; site 1 takes B beside B at site 0 only.
    model = random_model(0, 3, Alphabet("-AB"), scale=0.0)
    fields, couplings = model.fields.copy(), model.couplings.copy()
    focus = np.ones(3, np.uint8)
    fields[2, 2] = 2.5
    couplings[0, 1, 1, 1] = couplings[0, 1, 2, 2] = 2
    couplings[1, 0] = couplings[0, 1].T
    model = replace(model, fields=fields, couplings=couplings, focus=focus)
    name, columns, letters = place_mutant(model, "A1B")
    found = {
        by: rescue_table(
            model, name, single_rescues(model, columns, letters, 9, rank_by=by)
        )
        for by in ORDERS
    }
    assert found["compensation"]["rescue"].tolist() == ["A2B", "A3B"]
    assert found["compensation"]["type"].tolist() == ["specific", "global"]
    assert found["compensation"]["recovered"].tolist() == [1.0, 1.25]
    assert found["compensation"]["compensation"].tolist() == [2, 0]
    assert found["restored"]["rescue"].tolist() == ["A3B", "A2B"]
    assert found["epistasis"]["rescue"].tolist() == ["A2B", "A3B"]


def test_the_table_has_the_columns_of_the_contract():
    model = random_model(1, 4, gaps="missing", first=60)
    focus = model.focus_sequence
    letter = "A" if focus[1] != "A" else "C"
    name, columns, letters = place_mutant(model, f"p.{focus[1]}61{letter}")
    assert name == f"{focus[1]}61{letter}"
    found = single_rescues(model, columns, letters, 5)
    table = rescue_table(model, name, found)
    assert list(table)[:8] == [
        *("mutant", "rescue", "log_odds_mutant", "log_odds_rescue"),
        *("log_odds_together", "epistasis", "recovered", "type"),
    ]
    assert not table["rescue"].str.contains("61").any()
    assert (table["neutral_alone"] == (table["log_odds_rescue"].abs() < 0.5)).all()
    assert rescue_summary(name, found, table)[0].startswith("rescues of 1 subst")
    assert not harmless_warning(name, -3.0)
    assert "is not harmful" in harmless_warning(name, 0.1)


def test_bad_mutants_are_refused():
    model = random_model(1, 4)
    own = model.focus_sequence[0]
    with pytest.raises(UsageError, match="nothing is changed"):
        place_mutant(model, "WT")
    with pytest.raises(UsageError, match="nothing is changed"):
        place_mutant(model, f"{own}1{own}")
    a, b = [letter for letter in "ACD" if letter != own][:2]
    with pytest.raises(MutationError, match="comes twice"):
        place_mutant(model, f"{own}1{a}:{own}1{b}")
    with pytest.raises(MutationError, match="cannot be read"):
        place_mutant(model, "nonsense")


@given(seeds)
def test_natural_sequences_are_counted_by_weight(seed):
    family = reweight(random_alignment(seed, 40, 4, Alphabet("-AB")))
    model = random_model(seed, 4, Alphabet("-AB"))
    columns, letters = np.array([1]), np.array([3 - model.focus[1]], np.uint8)
    for search in (single_rescues, double_rescues):
        found = search(model, columns, letters, 100)
        seen = seen_in_family(family, columns, letters, found)
        of_mutant = family.codes[:, 1] == letters[0]
        assert seen.mutant == pytest.approx(family.sequence_weights[of_mutant].sum())
        for n in range(len(found)):
            has = np.array(
                [
                    all(row[i] == a for i, a in zip(sites, codes, strict=True))
                    for row in family.codes
                    for sites, codes in [(found.columns[n], found.letters[n])]
                ]
            )
            weights = family.sequence_weights
            assert seen.rescue[n] == pytest.approx(weights[has].sum())
            assert seen.both[n] == pytest.approx(weights[has & of_mutant].sum())
            expected = seen.mutant * seen.rescue[n] / weights.sum()
            assert seen.expected[n] == pytest.approx(expected)
