"""A mutant's text taken apart: what it belongs to, and its substitutions' texts.

Programs write one mutant in many ways: ``A5T:G7D``, ``p.[Ala5Thr;Gly7Asp]``,
``p.Ala5Thr, p.Gly7Asp`` (Enrich2), ``GeneX:p.Ala5Thr`` (MAVE-HGVS), ``AA5T,GA7D;``
with chain letters (FoldX). Names of chains and targets are no part of a mutant, but a
model is of one protein, so they are kept as a label.
"""

from __future__ import annotations

import functools
import re
from typing import NamedTuple

from pottsfold.alphabet import PROTEIN, Alphabet
from pottsfold.errors import MutationError

# ``_wt`` and ``_sy`` (synonymous) are Enrich2's, the last ones MAVE-HGVS's.
WILD_TYPES = {
    *("wt", "_wt", "_sy", "wild", "wildtype", "wild-type", "wild_type", "wild type"),
    *("=", "(=)", "p.=", "p.(=)"),
}
BRACKETS = (("[", "]"), ("(", ")"))
MARKS = ":,/;"
MORE_MARKS = "+&|"
# Between substitutions, not before a negative position nor within Ala5_Gly7del.
JOINING = r"(?<=[A-Za-z*=)])_(?=[A-Za-z(])|(?<=[A-Za-z*)])-(?=[A-Za-z]{1,3}-?[0-9])"
# It begins a word, which also spares long words a search from each of their letters.
TARGET = re.compile(r"(?<![^\s,;:/+&\[\]])([^\s,;:/+&\[\]]+):(?=\(?p\.)", re.IGNORECASE)
# ClinVar's: NM_000546.6(TP53):c.524G>A (p.Arg175His).
OF_NUCLEOTIDES = re.compile(r"([^\s:]+):[cg]\.\S+ \((p\.\S+)\)", re.IGNORECASE)
CHAIN = re.compile(
    r"(?:^|(?<=[\s,;:/+&|]))([A-Za-z0-9])(?::\s*|\s+)(?=[A-Za-z]{1,3}-?[0-9])"
)
# FoldX: wild type, chain, position, new letter. Lower-case letters are modified
# residues there.
FOLDX = re.compile(r"([A-Z])([A-Za-z])(-?[0-9]{1,9})([A-Z])")
# A gene before a substitution: TP53:R175H. One like a substitution cut short is none.
GENE = re.compile(r"([A-Za-z][\w.|-]{2,}):(?=[A-Za-z]{1,3}-?[0-9]+[A-Za-z*=-])")
CUT_SHORT = re.compile(r"(?:[A-Za-z]|[A-Za-z]{3})-?[0-9]\S*")
LIKE_SUBSTITUTION = re.compile(r"[A-Za-z]{1,3}-?[0-9]+(?:[A-Za-z]{1,3}|[*=-])")
ALLELES = re.compile(r"\]\s*(?:\(;\)|[;,])?\s*\[")


class MutantText(NamedTuple):
    """A mutant's text taken apart.

    Parameters
    ----------
    parts : list of str
        The texts of its substitutions, none for the wild type.
    label : str
        The chain or target that it names, such as ``chain A``; empty for none.
    """

    parts: list[str]
    label: str = ""


def split_mutant(text: str, alphabet: Alphabet = PROTEIN) -> MutantText:
    """Return the texts of a mutant's substitutions, none for the wild type.

    Parameters
    ----------
    text : str
        As :func:`pottsfold.mutations.read_mutant` reads it.
    alphabet : Alphabet
        Its letters separate no substitutions.

    Raises
    ------
    MutationError
        If there is no text at all, or it names several chains, targets or alleles.
    """
    bare = text.strip()
    if bare.casefold() in WILD_TYPES:
        return MutantText([])
    labels: list[str] = []
    if bare[-1:] == ";":
        bare = bare[:-1].rstrip()
    if ":" in bare or " " in bare:
        bare, labels = _without_labels(bare)
    if bare.count("[") > 1 and ALLELES.search(bare):
        raise MutationError(
            text, "bad_notation", "alleles apart are of two molecules; write each alone"
        )
    bare = _without_brackets(bare)
    if not bare:
        raise MutationError(text, "bad_notation", "nothing is written; WT is wild type")
    parts = []
    joining = "_" in bare or "-" in bare
    for written in _separators(alphabet.letters, joining).split(bare):
        part, chain = _part(written)
        if not part:
            message = "a separator with nothing on one side of it"
            raise MutationError(text, "bad_notation", message)
        if chain:
            labels.append(chain)
        # ``p.[Ala5Thr;=]``: the rest is as it was.
        if part != "=":
            parts.append(part)
    if not labels:
        return MutantText(parts)
    named = list(dict.fromkeys(labels))
    if len(named) > 1:
        raise MutationError(
            text, "bad_notation", f"it names {' and '.join(named)}; a model is of one"
        )
    return MutantText(parts, named[0])


# Libraries repeat their substitutions.
@functools.lru_cache(maxsize=1 << 16)
def _part(text: str) -> tuple[str, str]:
    """Return the text of a substitution alone, and the chain that it names."""
    text = _without_brackets(text)
    if found := FOLDX.fullmatch(text):
        return found[1] + found[3] + found[4], f"chain {found[2]}"
    return text, ""


def _without_labels(text: str) -> tuple[str, list[str]]:
    """Return a mutant without the chains and targets it names, and these."""
    labels: list[str] = []
    if ":" in text:
        if found := OF_NUCLEOTIDES.fullmatch(text):
            return found[2], [f"target {found[1]}"]

        def target(found: re.Match[str]) -> str:
            name = found[1].lstrip("(")
            if name[:2] in ("p.", "P."):
                return found[0]
            if LIKE_SUBSTITUTION.fullmatch(name):
                raise MutationError(
                    text,
                    "bad_notation",
                    f"{name} may be a target or a substitution; separate "
                    "substitutions by commas",
                )
            labels.append(f"target {found[1]}")
            return ""

        text = TARGET.sub(target, text)
        if (found := GENE.match(text)) and not (
            LIKE_SUBSTITUTION.fullmatch(found[1])
            or CUT_SHORT.fullmatch(found[1])
            or found[1].casefold() in WILD_TYPES
        ):
            labels.append(f"target {found[1]}")
            text = text[found.end() :]

    def chain(found: re.Match[str]) -> str:
        labels.append(f"chain {found[1]}")
        return ""

    return CHAIN.sub(chain, text), labels


def _without_brackets(text: str) -> str:
    """Return a text without the ``p.`` before it and the brackets around it."""
    text = text.strip()
    if text[:2] in ("p.", "P."):
        text = text[2:].strip()
    for left, right in BRACKETS:
        if text[:1] == left and text[-1:] == right:
            inner = text[1:-1]
            if left not in inner and right not in inner:
                return _without_brackets(inner)
    return text


@functools.lru_cache(maxsize=8)
def _separators(letters: str, joining: bool) -> re.Pattern[str]:
    """Return what separates substitutions of an alphabet's letters."""
    more = "".join(mark for mark in MORE_MARKS if mark not in letters)
    marks = f"[{re.escape(MARKS + more)}]"
    return re.compile(rf"{marks}\s*|\s+{marks}?\s*" + f"|{JOINING}" * joining)
