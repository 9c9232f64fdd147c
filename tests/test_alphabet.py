from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pottsfold.alphabet import (
    DNA,
    PROTEIN,
    RNA,
    Alphabet,
    alphabet_named,
    guess_alphabet,
)
from pottsfold.errors import UsageError
from tests.strategies import ALPHABETS, alphabets


def counts_of(text: str) -> np.ndarray:
    return np.bincount(np.frombuffer(text.encode(), np.uint8), minlength=256)


@given(alphabets, st.data())
def test_decode_undoes_encode(alphabet: Alphabet, data: st.DataObject):
    text = data.draw(st.text(st.sampled_from(alphabet.letters)))
    assert alphabet.decode(alphabet.encode(text)) == text


@given(alphabets, st.text())
def test_any_text_is_encoded_in_range(alphabet: Alphabet, text: str):
    codes = alphabet.encode(text)
    assert codes.dtype == np.uint8
    assert len(codes) == len(text)
    assert (codes <= alphabet.unknown).all()


@pytest.mark.parametrize("alphabet", ALPHABETS)
def test_gap_is_code_0_and_unknown_is_q(alphabet: Alphabet):
    assert alphabet.encode("-.").tolist() == [0, 0]
    assert alphabet.size == alphabet.unknown == len(alphabet.letters)
    assert alphabet.encode("*?1 ").tolist() == [alphabet.unknown] * 4
    assert alphabet.decode(np.array([alphabet.unknown], np.uint8)) == "?"


def test_letters_outside_the_protein_alphabet_are_unknown():
    assert (PROTEIN.encode("BJOUXZbjouxz*") == PROTEIN.unknown).all()


def test_t_and_u_are_one_letter_in_nucleic_acids_alone():
    assert np.array_equal(RNA.encode("TtUu"), RNA.encode("UUUU"))
    assert np.array_equal(DNA.encode("UuTt"), DNA.encode("TTTT"))
    assert Alphabet("-ACGUN").encode("T")[0] == 4
    assert Alphabet("-ACGTU").encode("TU").tolist() == [4, 5]
    for alphabet in (PROTEIN, Alphabet("-ABT"), Alphabet("-ACGE")):
        assert alphabet.encode("U")[0] == alphabet.unknown


@pytest.mark.parametrize("alphabet", ALPHABETS)
def test_lower_case_counts_as_upper_case(alphabet: Alphabet):
    assert np.array_equal(
        alphabet.encode(alphabet.letters.lower()), np.arange(alphabet.size)
    )


def test_an_alphabet_may_tell_cases_and_dots_apart():
    assert Alphabet("-aA.").encode("aA.-").tolist() == [1, 2, 3, 0]


def test_table_of_bytes_is_read_only():
    with pytest.raises(ValueError, match="read-only"):
        PROTEIN.codes_of_bytes[0] = 1


@pytest.mark.parametrize(
    ("letters", "message"),
    [
        ("ACGT", "the gap '-' must come first"),
        ("", "the gap '-' must come first"),
        ("-AA", "a letter comes twice"),
        ("-A-", "a letter comes twice"),
        ("-A C", "printable ASCII is needed"),
        ("-A\n", "printable ASCII is needed"),
        ("-A\xe9", "printable ASCII is needed"),
        ("-A", "2 to 63 letters and the gap are needed"),
        ("-" + "".join(map(chr, range(48, 112))), "2 to 63 letters"),
    ],
)
def test_letters_that_make_no_alphabet_are_refused(letters: str, message: str):
    with pytest.raises(UsageError) as caught:
        Alphabet(letters)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "letters"),
    [
        ("protein", PROTEIN.letters),
        ("RNA", RNA.letters),
        ("dna", DNA.letters),
        ("ABCD", "-ABCD"),
        ("-01", "-01"),
        ("AB-", "-AB"),
    ],
)
def test_alphabets_by_name_or_letters(text: str, letters: str):
    assert alphabet_named(text).letters == letters


@pytest.mark.parametrize("text", ["", "-", "A", "AA"])
def test_too_few_letters_are_refused(text: str):
    with pytest.raises(UsageError, match=r"^alphabet '"):
        alphabet_named(text)


@pytest.mark.parametrize(
    ("text", "alphabet"),
    [
        ("ACGU--..", RNA),
        ("acgu", RNA),
        ("ACGT" * 5 + "N", DNA),
        ("ACGT" * 5 + "RY", PROTEIN),
        ("ACGT" * 10 + "RY", DNA),
        ("ACDEFGHIK", PROTEIN),
        ("----", PROTEIN),
        ("", PROTEIN),
    ],
)
def test_guess(text: str, alphabet: Alphabet):
    assert guess_alphabet(counts_of(text)) == alphabet
