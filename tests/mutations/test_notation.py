"""Mutants as text: read(write(x)) == x, and everybody's spelling."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pottsfold.alphabet import PROTEIN, RNA, Alphabet
from pottsfold.errors import MutationError
from pottsfold.mutations import Substitution, read_mutant, write_mutant
from pottsfold.mutations.mutant_text import split_mutant
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
        "A23T+G56D",
        "A23T & G56D",
        "A23T|G56D",
        "A23T_G56D",
        "A23T-G56D",
        "A23T;G56D;",
        "a23thr:Gly56D",
        "p.Ala23Thr, p.Gly56Asp",
        "p.Ala23Thr;p.Gly56Asp",
        "p.Ala23Thr:p.Gly56Asp",
        "P.ALA23THR,P.GLY56ASP",
        "[p.Ala23Thr;p.Gly56Asp]",
        "p.[(Ala23Thr);(Gly56Asp)]",
        "p.[Ala23Thr;Gly56Asp;=]",
        "p.[Ala23Thr;(=);Gly56Asp]",
    ],
)
def test_spellings_of_a_double_mutant(text):
    assert read_mutant(text) == (A23T, G56D)


@pytest.mark.parametrize(
    "text",
    [
        *("WT", "wt", "_wt", "wild", "wildtype", "_sy", "p.=", "p.(=)", " WT "),
        *("=", "(=)", "p.[=]", "p.[=;=]", "p.[(=);=]", "Wild type", "wild_type"),
    ],
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
        ("A23del", "-"),
        ("A23Ter", "*"),
        ("A23stop", "*"),
    ],
)
def test_deletions_stops_and_strange_letters_are_read(text, letter):
    assert read_mutant(text) == (Substitution("A", 23, letter),)


@pytest.mark.parametrize("text", ["p.Cys22=", "Cys22=", "C22=", "p.(Cys22=)"])
def test_a_synonymous_one_names_its_letter_twice(text):
    assert read_mutant(text) == (Substitution("C", 22, "C"),)


def test_numbers_may_be_negative_and_letters_digits():
    minus = (Substitution("A", -3, "T"), Substitution("C", -2, "D"))
    assert read_mutant("A-3T-C-2D") == read_mutant("A-3T_C-2D") == minus
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
        "wild:A23T",
        "A23:G56D",
        "Ala23:G56D",
        "A23TT:G56D",
        "Ala23fs:G56D",
        "23T:G56D",
        "A2-3T:G56D",
    ],
)
def test_what_is_no_mutant_is_bad_notation(text):
    with pytest.raises(MutationError) as caught:
        read_mutant(text, PROTEIN)
    assert caught.value.reason == "bad_notation"


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("GeneX:p.Ala23Thr;GeneX:p.Gly56Asp", "target GeneX"),
        ("GeneX:p.[Ala23Thr;Gly56Asp]", "target GeneX"),
        ("ENSP00000269305.4:p.[A23T;G56D]", "target ENSP00000269305.4"),
        ("sp|P04637|P53_HUMAN:p.[A23T;G56D]", "target sp|P04637|P53_HUMAN"),
        ("C3:p.(Ala23Thr;Gly56Asp)", "target C3"),
        ("NM_1.6(X):c.5G>A (p.[Ala23Thr;Gly56Asp])", "target NM_1.6(X)"),
        ("TP53:A23T:G56D", "target TP53"),
        ("BRCA1:Ala23Thr, G56D", "target BRCA1"),
        ("AB23T,GB56D;", "chain B"),
        ("AB23T:GB56D", "chain B"),
        ("B:A23T,B:G56D", "chain B"),
        ("B:A23T:B:G56D", "chain B"),
        ("B A23T, B G56D", "chain B"),
        ("b: Ala23Thr G56D", "chain b"),
    ],
)
def test_the_name_of_a_chain_or_target_is_kept_apart(text, label):
    assert read_mutant(text) == (A23T, G56D)
    assert split_mutant(text).label == label


@pytest.mark.parametrize(
    "text",
    ["AA23T,GB56D;", "A:A23T,B:G56D", "X:p.Ala23Thr;Y:p.Gly56Asp", "X:p.[AB23T;=]"],
)
def test_a_mutant_of_two_chains_or_targets_is_of_no_model(text):
    with pytest.raises(MutationError, match=r"it names .* and .*; a model is of one"):
        read_mutant(text)


@pytest.mark.parametrize(
    ("text", "reason", "complaint"),
    [
        ("p.Ala23ProfsTer5", "bad_notation", "a frameshift"),
        ("A23fs", "bad_notation", "a frameshift"),
        ("p.Ala23_Gly24insPro", "bad_notation", "an insertion"),
        ("p.Ala23dup", "bad_notation", "a duplication"),
        ("p.Ala23_Gly25delinsPro", "bad_notation", "a deletion with an insertion"),
        ("p.Ala23_Gly25del", "gap_or_stop", "a deletion of several residues"),
        ("p.Ter160GlnextTer5", "bad_notation", "an extension"),
        ("p.?", "bad_notation", "does not say what the protein is"),
        ("p.0", "bad_notation", "does not say what the protein is"),
        ("c.76A>T", "bad_notation", "a change of nucleotides"),
        ("H:D100aD", "bad_notation", "a position with an insertion code"),
        ("p.[Ala23Thr];[Gly56Asp]", "bad_notation", "alleles apart"),
        ("p.[Ala23Thr](;)[Gly56Asp]", "bad_notation", "alleles apart"),
        ("A2M:p.Ala23Thr", "bad_notation", "may be a target or a substitution"),
        ("A23T::G56D", "bad_notation", "nothing on one side"),
        # FoldX writes a phosphorylated serine so.
        ("SA15p", "bad_notation", "cannot be read"),
    ],
)
def test_what_is_no_substitution_is_told_for_what_it_is(text, reason, complaint):
    with pytest.raises(MutationError, match=complaint) as caught:
        read_mutant(text)
    assert caught.value.reason == reason


def test_marks_that_are_letters_separate_nothing():
    alphabet = Alphabet("-A+|")
    assert read_mutant("A5+:|6A", alphabet) == (
        Substitution("A", 5, "+"),
        Substitution("|", 6, "A"),
    )


@given(st.text(max_size=30))
def test_any_text_is_read_or_refused_as_bad_notation(text):
    # Any other exception would fail the test.
    with contextlib.suppress(MutationError):
        mutant = read_mutant(text)
        assert read_mutant(write_mutant(mutant)) == mutant


@pytest.mark.parametrize(
    "text", ["A:" + "A" * 10**6, ":c." * 10**6 + " (p.", "_A" * 10**6, "A" * 10**6]
)
def test_long_texts_are_not_searched_from_every_letter(text):
    # Searched so, one of these would take hours.
    with pytest.raises(MutationError):
        read_mutant(text)
