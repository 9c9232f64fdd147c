"""Rules as they are written, and contradictions that are named before any work."""

import numpy as np
import pytest

from pottsfold.alphabet import RNA
from pottsfold.design.problem import Distance, Problem, design_problem
from pottsfold.errors import UsageError
from tests.strategies import random_model


@pytest.fixture(scope="module")
def model():
    return random_model(1, 6, RNA, first=11)


def only(model, **letters):
    """All letters but the gap, and at ``p12="A"`` these alone."""
    allowed = np.ones(model.fields.shape, bool)
    allowed[:, 0] = False
    for place, kept in letters.items():
        site = model.numbering.column(int(place[1:]))
        allowed[site] = False
        allowed[site, model.alphabet.encode(kept)] = True
    return allowed


def test_fixed_positions_keep_the_wild_type_whatever_is_forbidden(model):
    fixed = np.arange(6) < 2
    allowed = only(model)
    allowed[0, model.focus[0]] = False
    problem = design_problem(model, allowed=allowed, fixed=fixed)
    assert problem.free.tolist() == [2, 3, 4, 5]
    assert problem.allowed[0].nonzero()[0].tolist() == [model.focus[0]]


def test_a_position_without_letters_is_named(model):
    allowed = only(model)
    allowed[3] = False
    with pytest.raises(UsageError, match="position 14 has no letter left; allow one"):
        design_problem(model, allowed=allowed)


def test_a_budget_below_what_forbidden_letters_need_is_named(model):
    allowed = only(model)
    allowed[[1, 4], model.focus[[1, 4]]] = False
    assert design_problem(model, allowed=allowed, max_mutations=2)
    with pytest.raises(
        UsageError,
        match=r"`max_mutations=1`: 2 positions cannot keep their letter \(12, 15\)",
    ):
        design_problem(model, allowed=allowed, max_mutations=1)


def test_more_mutations_than_free_positions_are_named(model):
    fixed = np.arange(6) < 4
    assert design_problem(model, fixed=fixed, min_mutations=2)
    with pytest.raises(
        UsageError, match="`min_mutations=3`: only 2 positions may have another letter"
    ):
        design_problem(model, fixed=fixed, min_mutations=3)


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ({"max_mutations": 7}, "`max_mutations=7`: a number from 0 to 6"),
        ({"min_mutations": -1}, "`min_mutations=-1`: a number from 0 to 6"),
        (
            {"max_mutations": 2, "min_mutations": 3},
            "`min_mutations=3`: at most 2 are allowed by `max_mutations`",
        ),
        ({"min_distance": 0}, "`min_distance=0`: a number from 1 to 6"),
    ],
)
def test_numbers_that_cannot_be_are_refused(model, rules, said):
    with pytest.raises(UsageError, match=said):
        design_problem(model, **rules)


def test_a_budget_needs_a_wild_type():
    nameless = random_model(1, 6, RNA, focus=False)
    assert len(design_problem(nameless).free) == 6
    with pytest.raises(UsageError, match="no focus sequence"):
        design_problem(nameless, max_mutations=2)


def test_exactly_k_mutations(model):
    problem = design_problem(model, max_mutations=2, min_mutations=2)
    row = model.focus.copy()
    assert "differences where 2 to 6" in problem.broken(row)
    row[:2] = row[:2] % 4 + 1
    assert problem.broken(row) is None
    row[2] = row[2] % 4 + 1
    assert "3 differences where 0 to 2" in problem.broken(row)


def test_an_unknown_letter_of_a_reference_differs_from_all(model):
    reference = np.full(6, RNA.unknown, np.uint8)
    problem = Problem(model, only(model), (Distance(reference, 6, 6),))
    assert problem.broken(model.focus) is None
    with pytest.raises(UsageError, match="6 positions cannot keep"):
        Problem(model, only(model), (Distance(reference, 0, 5),))


def test_a_reader_of_codes_never_leaves_the_table(model):
    problem = Problem(model, only(model))
    assert "not allowed" in problem.broken(np.full(6, RNA.unknown, np.uint8))
    assert "5 letters where 6" in problem.broken(np.ones(5, np.uint8))
