"""Mutants as text: read(write(x)) == x, and everybody's spelling."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pottsfold.alphabet import PROTEIN, RNA, Alphabet
from pottsfold.errors import MutationError
from pottsfold.mutations import Substitution, read_mutant, write_mutant
from tests.strategies import alphabets

A23T = Substitution("A", 23, "T")
G56D = Substitution("G", 56, "D")


@st.composite
def mutants_of(draw, alphabet):
    substitutions = st.builds(
        Substitution,
        st.sampled_from(alphabet.letters),
        st.integers(-9999, 999_999_999),
        st.sampled_from(alphabet.letters + "*"),
    )
    return tuple(draw(st.lists(substitutions, max_size=8)))


@given(data=st.data(), alphabet=alphabets | st.just(Alphabet("-01")))
def test_what_was_written_is_read_back(data, alphabet):
    mutant = data.draw(mutants_of(alphabet))
    assert read_mutant(write_mutant(mutant), alphabet) == mutant


@pytest.mark.parametrize(
    "text",
    [
        "A23T:G56D",
        "A23T,G56D",
        "A23T/G56D",
        "A23T;G56D",
        " A23T : G56D ",
        "A23T G56D",
        "a23t:g56d",
        "p.[Ala23Thr;Gly56Asp]",
        "p.[A23T;G56D]",
        "p.(Ala23Thr;Gly56Asp)",
        "Ala23Thr,Gly56Asp",
    ],
)
def test_spellings_of_a_double_mutant(text):
    assert read_mutant(text) == (A23T, G56D)


@pytest.mark.parametrize(
    "text",
    ["WT", "wt", "_wt", "wild", "wildtype", "_sy", "p.=", "p.(=)", " WT "],
)
def test_spellings_of_the_wild_type(text):
    assert read_mutant(text) == ()


@pytest.mark.parametrize(
    ("text", "letter"),
    [
        ("A23-", "-"),
        ("A23*", "*"),
        ("p.Ala23Ter", "*"),
        ("p.Ala23*", "*"),
        ("p.Ala23del", "-"),
        ("p.Ala23Xaa", "X"),
        ("A23.", "-"),
        ("A23x", "X"),
    ],
)
def test_deletions_stops_and_strange_letters_are_read(text, letter):
    assert read_mutant(text) == (Substitution("A", 23, letter),)


@pytest.mark.parametrize("text", ["p.Cys22=", "Cys22=", "C22=", "p.(Cys22=)"])
def test_a_synonymous_one_names_its_letter_twice(text):
    assert read_mutant(text) == (Substitution("C", 22, "C"),)


def test_numbers_may_be_negative_and_letters_digits():
    assert read_mutant("A-3T") == (Substitution("A", -3, "T"),)
    assert read_mutant("0121", Alphabet("-01")) == (Substitution("0", 12, "1"),)
    assert read_mutant("g7u", RNA) == (Substitution("G", 7, "U"),)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "banana",
        "A23",
        "23T",
        "AT",
        "A23T:",
        "A23T::G56D",
        ":A23T",
        "A2.3T",
        "A23TT",
        "A23T&G56D",
        "p.",
        "p.[]",
        "p.[Ala23Thr;Gly56Asp",
        "p.Ala23fs",
        "p.Ala23_Gly24insPro",
        "p.Qqq23Thr",
        "A99999999999999999999T",
        "A\u0662\u0663T",
        "\u00c523T",
        "c.76A>T",
        "0121",
        "WT:A23T",
    ],
)
def test_what_is_no_mutant_is_bad_notation(text):
    with pytest.raises(MutationError) as caught:
        read_mutant(text, PROTEIN)
    assert caught.value.reason == "bad_notation"


@given(st.text(max_size=30))
def test_any_text_is_read_or_refused_as_bad_notation(text):
    # Any other exception would fail the test.
    with contextlib.suppress(MutationError):
        mutant = read_mutant(text)
        assert read_mutant(write_mutant(mutant)) == mutant
