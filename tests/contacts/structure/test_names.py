"""Names of residues that programs give by protonation, bonds and place."""

from __future__ import annotations

import pytest

from pottsfold.contacts.structure.names import is_element, is_heavy, letter_of

NAMES = {
    "A": "ALA NALA CALA DAL",
    "C": "CYS CYX CYM CYS2 CYSH CYSS CYS1 CCYX NCYS CSO CME",
    "D": "ASP ASH ASPH ASPP",
    "E": "GLU GLH GLUH GLUP PCA",
    "H": "HIS HID HIE HIP HSD HSE HSP HISA HISB HISH HISD HISE HIS1 HIS2 NHID CHIE",
    "K": "LYS LYN LYP LSN LYSH MLY M3L KCX NLYS",
    "M": "MET MSE FME NMET",
    "P": "PRO HYP NPRO",
    "R": "ARG ARN ARGN CARG",
    "S": "SER SEP S1P",
    "T": "THR TPO T1P",
    "Y": "TYR TYM PTR Y1P TYS",
    "X": "UNK",
    "U": "SEC",
    "O": "PYL",
}


@pytest.mark.parametrize(("letter", "names"), NAMES.items())
def test_letter_is_that_of_the_parent(letter, names):
    assert {name: letter_of(name, nucleic=False) for name in names.split()} == (
        dict.fromkeys(names.split(), letter)
    )
    assert not any(letter_of(name, nucleic=True) for name in names.split())


@pytest.mark.parametrize(
    ("letter", "names"),
    {
        "A": "A DA RA A5 A3 DA5 DA3 RA5 RAN ADE",
        "C": "C DC RC5 CYT",
        "G": "G DG DG3 GUA",
        "T": "DT DT5 THY",
        "U": "U RU RU3 PSU URA",
    }.items(),
)
def test_letter_of_nucleotides(letter, names):
    for name in names.split():
        assert letter_of(name, nucleic=True) == letter, name
        assert not letter_of(name, nucleic=False), name


@pytest.mark.parametrize("name", "HOH WAT SOL TIP3 NA CL ZN CA HEM ATP ACE NH2".split())
def test_water_ions_and_caps_are_no_residues(name):
    assert not letter_of(name, nucleic=False)
    assert not letter_of(name, nucleic=True)


def test_heavy_atoms_by_name_and_element():
    heavy = ["N", "CA", "C", "O", "CB", "OXT", "SG", "SD", "NE2", "AD1"]
    light = ["H", "HA", "1HB", "HB1", "HG21", "D", "DA", "QB", "QQG", "LP1", "MG1"]
    for element in ("", "C"):
        assert all(is_heavy(name, element, "CYS") for name in heavy)
        assert not any(is_heavy(name, element, "CYS") for name in light)
    assert not is_heavy("CA", "H", "CYS")
    assert is_heavy("SE", "SE", "MSE")
    assert is_heavy("P", "", "SEP")


def test_symbols_of_elements():
    assert all(map(is_element, ["C", "SE", "D", "ZN"]))
    assert not any(map(is_element, ["", "1", "61", "X", "CX", "C1", "-0"]))
