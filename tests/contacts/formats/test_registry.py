"""Contact formats as values: what they need, and what is written."""

from __future__ import annotations

import pytest

from pottsfold.contacts import coupling_map, pairs_asked, ranked_pairs
from pottsfold.contacts.formats import (
    CONTACT_FORMATS,
    ContactFormat,
    Contacts,
    write_contacts,
)
from pottsfold.contacts.formats.checked_text import Dialect
from pottsfold.contacts.formats.contact_format import as_text
from pottsfold.errors import OutputError, UsageError
from tests.strategies import random_model

WORDS = Dialect("a count", r"\w*")


def made_contacts() -> Contacts:
    coupling = coupling_map(random_model(1, 6))
    return Contacts(ranked_pairs(coupling), coupling)


def test_a_new_format_is_one_value(tmp_path):
    count = ContactFormat(
        "count", "text", as_text(lambda c: WORDS.rows("{}", [[len(c.pairs)]]))
    )
    path = count.check_path(str(tmp_path / "n.txt"))
    assert write_contacts(path, count, made_contacts()) == "15 pairs"
    assert (tmp_path / "n.txt").read_text() == "15\n"


def test_names_are_keys_and_defaults_can_be_read():
    for name, each in CONTACT_FORMATS.items():
        assert each.name == name
        assert each.separation >= 1
        assert each.top is None or pairs_asked(each.top, 10)


@pytest.mark.parametrize("name", ["pymol", "chimerax"])
def test_a_drawing_needs_a_structure(tmp_path, name):
    chosen = CONTACT_FORMATS[name]
    path = tmp_path / f"a{chosen.ending}"
    message = f"^`format={name}`: draws on a structure; give `structure`$"
    with pytest.raises(UsageError, match=message):
        write_contacts(str(path), chosen, made_contacts())
    assert not path.exists()


@pytest.mark.parametrize("name", CONTACT_FORMATS)
def test_paths_are_checked_before_any_work(tmp_path, name):
    chosen = CONTACT_FORMATS[name]
    ending = ".csv" if chosen.kind == "table" else chosen.ending
    good = str(tmp_path / f"a{ending}")
    assert chosen.check_path(good) == good
    with pytest.raises(OutputError, match="does not exist"):
        chosen.check_path(str(tmp_path / "nowhere" / f"a{ending}"))
    if ending:
        with pytest.raises(UsageError, match="end it in"):
            chosen.check_path(str(tmp_path / "a.wrong"))
    if chosen.standard_output:
        assert chosen.check_path("-") == "-"
    else:
        with pytest.raises(UsageError, match=r"^`output=-`: .* needs a file ending in"):
            chosen.check_path("-")
