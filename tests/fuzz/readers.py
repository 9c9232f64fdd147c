"""Everything that a verb reads, each with the command that reads it.

:data:`READERS` has a reader for every input of every verb, and
:func:`inputs_of_verbs` tells from the verbs' own signatures which inputs there are:
a test compares the two, so that a new input cannot be forgotten. Texts on the command
line are read as well; their readers take the text from a seed.
"""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pottsfold.commands.main import VERBS
from pottsfold.commands.paths import path_use
from pottsfold.files import Reads
from tests.fuzz.seeds import (
    ALIGNMENTS,
    CHECKPOINTED,
    JOURNAL,
    LIBRARIES,
    MEASURED,
    MODELS,
    PAIRS,
    PART,
    SCORED,
    STRUCTURES,
    WHOLE,
    WITH_COUPLINGS,
    WITH_FOCUS,
)

# An input of a verb: the verb's name and the parameter's.
Input = tuple[str, str]
OUT = "out"


@dataclass(frozen=True)
class Reader:
    """A command that reads one file, whose content is fuzzed.

    Parameters
    ----------
    name : str
        What it is called in reports.
    input : (str, str)
        Verb and parameter that are tried.
    seeds : tuple of str
        Valid files.
    command : str
        Words of the command; ``{}`` stands for the file, ``{text}`` for its content.
    place : str
        The file's name, where that matters.
    beside : tuple of (str, str)
        Further files that it needs, as seed and name.
    """

    name: str
    input: Input
    seeds: tuple[str, ...]
    command: str
    place: str = ""
    beside: tuple[tuple[str, str], ...] = ()

    def file_name(self, seed: str) -> str:
        """Return the name that the fuzzed file gets: it keeps the seed's endings."""
        return self.place or "input." + seed.split(".", 1)[1]

    def words(self, seed: str, content: bytes) -> list[str]:
        """Return the arguments of the program for one content."""
        # No system passes a NUL on, and none so long a word.
        text = content[:50_000].replace(b"\0", b"").decode("utf-8", "surrogateescape")
        place = {"{}": self.file_name(seed), "{text}": text}
        return [place.get(word, word) for word in self.command.split()]


def _reader(verb: str, parameter: str, seeds: tuple[str, ...], command: str) -> Reader:
    name = f"{verb}.{parameter}"
    return Reader(name, (verb, parameter), seeds, f"{verb} {command}")


_CSV, _PARQUET = "-o out/t.csv", "-o out/t.parquet"
_FIT = "-o out/m.potts --threads 1"
_CHAIN = "--structure s.pdb --chain {text}"
_DRAW = "-o out/s.fasta -n 12 --chains 4 --sweeps 2 --threads 1"
_DESIGN = "-o out/t.csv --time-limit 1"
_ANNEAL = "--chains 4 --steps 4 --threads 1"
_STABILITY = "--for stability --structure {}"
_ONE = ("a.one",)

READERS = (
    _reader("fit", "alignment", ALIGNMENTS, f"{{}} {_FIT} --lambda-j 1 --lambda-h 1"),
    _reader("fit", "structure", STRUCTURES, f"a.fasta {_FIT} --structure {{}}"),
    _reader("fit", "pairs", PAIRS, f"a.fasta {_FIT} --pairs {{}}"),
    _reader("info", "model", MODELS, "{}"),
    _reader("score", "model", WITH_FOCUS, f"{{}} l.csv {_CSV} --threads 1"),
    _reader("score", "library", LIBRARIES, f"m.potts {{}} {_CSV} --threads 1"),
    _reader("score", "background", _ONE, f"m.potts l.csv {_CSV} --background {{}}"),
    _reader(
        "score", "augmented", ("learnt.json",), f"m.potts l.csv {_CSV} --augmented {{}}"
    ),
    _reader("score", "structure", WHOLE, f"m.potts l.csv {_CSV} {_STABILITY}"),
    _reader("scan", "structure", WHOLE, f"m.potts {_CSV} {_STABILITY}"),
    _reader("epistasis", "structure", WHOLE, f"m.potts {_CSV} --top 9 {_STABILITY}"),
    _reader("assay", "structure", WHOLE, f"m.potts l.csv {_CSV} {_STABILITY}"),
    _reader("scan", "model", WITH_FOCUS, f"{{}} {_PARQUET}"),
    _reader("scan", "background", _ONE, f"m.potts {_CSV} --background {{}}"),
    _reader("epistasis", "model", WITH_FOCUS, f"{{}} {_CSV} --sites out/s.csv --top 9"),
    _reader("epistasis", "measured", MEASURED, f"m.potts {_CSV} --measured {{}}"),
    _reader(
        "epistasis",
        "alignment",
        ALIGNMENTS,
        f"m.potts {_CSV} --top 9 --mutation M11C --alignment {{}} "
        "--backgrounds out/b.csv",
    ),
    _reader("rescue", "model", WITH_FOCUS, f"{{}} M11C {_CSV} --top 9"),
    _reader(
        "rescue",
        "alignment",
        ALIGNMENTS,
        f"m.potts M11C {_CSV} --top 9 --alignment {{}}",
    ),
    _reader(
        "rescue",
        "structure",
        STRUCTURES,
        f"m.potts M11C {_CSV} --top 9 --structure {{}}",
    ),
    _reader("assay", "model", ("m.potts",), f"{{}} l.csv {_CSV}"),
    _reader("assay", "measured", MEASURED, f"m.potts {{}} {_CSV}"),
    _reader("contacts", "model", WITH_COUPLINGS, f"{{}} {_CSV}"),
    _reader("contacts", "ensemble", ("m.potts",), f"m.potts {_CSV} --ensemble {{}}"),
    _reader("contacts", "structure", STRUCTURES, f"m.potts {_CSV} --structure {{}}"),
    _reader("convert", "model", MODELS, "{} out/m.potts"),
    _reader("convert", "focus", ("a.four",), "m.adabmdca out/m.potts --focus {}"),
    _reader(
        "convert",
        "match_temperature",
        ("a.fasta", "a.a2m"),
        "m.potts out/m.potts --threads 1 --match-temperature {}",
    ),
    _reader("sample", "model", MODELS, f"{{}} {_DRAW}"),
    _reader("sample", "start", ALIGNMENTS, f"m.potts {_DRAW} --start {{}}"),
    _reader("sample", "compare", ALIGNMENTS, f"m.potts {_DRAW} --compare {{}}"),
    _reader("design", "model", MODELS, f"{{}} {_DESIGN}"),
    _reader("design", "away_from", ALIGNMENTS, f"m.potts {_DESIGN} --away-from {{}}"),
    _reader(
        "design",
        "constraints",
        ("constraints.csv",),
        f"m.potts {_DESIGN} --constraints {{}}",
    ),
    _reader("partition", "model", MODELS, f"{{}} {_ANNEAL}"),
    _reader(
        "partition",
        "alignment",
        ALIGNMENTS,
        f"m.potts {_ANNEAL} {_CSV} --alignment {{}}",
    ),
)
_JOURNAL_PLACE = "out/scored.csv.parts/journal.json"
_PART_PLACE = "out/scored.csv.parts/00000000.rows"
# What is read although no option names it as an input.
FURTHER = (
    Reader(
        "fit --resume",
        ("fit", "checkpoint"),
        ("c.checkpoint",),
        CHECKPOINTED.replace("learnt.potts", "out/m.potts").replace(
            "--max-iterations 12", "--max-iterations 13"
        )
        + " --resume --checkpoint {}",
    ),
    Reader(
        "score --resume: journal",
        ("score", "resume"),
        (JOURNAL,),
        f"{SCORED} -o out/scored.csv --resume",
        _JOURNAL_PLACE,
        ((PART, _PART_PLACE),),
    ),
    Reader(
        "score --resume: part",
        ("score", "resume"),
        (PART,),
        f"{SCORED} -o out/scored.csv --resume",
        _PART_PLACE,
        ((JOURNAL, _JOURNAL_PLACE),),
    ),
    Reader(
        "info: run beside",
        ("info", "model"),
        ("m.potts.run.json",),
        "info m.potts",
        "m.potts.run.json",
    ),
)


def _texts(verb: str, parameter: str, seed: str, command: str) -> Reader:
    name = f"{verb}.{parameter} text"
    return Reader(name, (verb, parameter), (seed,), f"{verb} {command}")


TEXTS = (
    _texts("fit", "focus", "name.txt", f"a.fasta {_FIT} --focus {{text}}"),
    _texts("fit", "chain", "chain.txt", f"a.fasta {_FIT} {_CHAIN}"),
    _texts("fit", "alphabet", "alphabet.txt", f"a.fasta {_FIT} --alphabet {{text}}"),
    _texts("score", "column", "column.txt", f"m.potts l.csv {_CSV} --column {{text}}"),
    _texts(
        "score",
        "background",
        "mutant.txt",
        f"m.potts l.csv {_CSV} --background {{text}}",
    ),
    _texts("rescue", "mutant", "mutant.txt", f"m.potts {{text}} {_CSV} --top 9"),
    _texts(
        "epistasis",
        "mutation",
        "mutation.txt",
        f"m.potts {_CSV} --top 9 --mutation {{text}}",
    ),
    _texts(
        "assay",
        "score_column",
        "score.txt",
        f"m.potts l.csv {_CSV} --score-column {{text}}",
    ),
    _texts(
        "contacts",
        "chain",
        "chain.txt",
        f"m.potts {_CSV} --structure s.pdb --chain {{text}}",
    ),
    _texts("contacts", "top", "top.txt", f"m.potts {_CSV} --top {{text}}"),
    _texts("contacts", "pair", "pair.txt", f"m.potts {_CSV} --pair {{text}}"),
    _texts("convert", "focus", "sequence.txt", "m.adabmdca out/m.potts --focus {text}"),
    _texts(
        "convert",
        "chain",
        "one.chain.txt",
        "m.potts out/b.json --to ligandmpnn-bias --chain {text}",
    ),
    _texts("sample", "fix", "positions.txt", f"m.potts {_DRAW} --fix {{text}}"),
    _texts("design", "forbid", "letters.txt", f"m.potts {_DESIGN} --forbid {{text}}"),
    _texts("sample", "forbid", "letters.txt", f"m.potts {_DRAW} --forbid {{text}}"),
)
ALL = (*READERS, *FURTHER, *TEXTS)


def inputs_of_verbs() -> set[Input]:
    """Return every parameter of every verb that is a file it reads."""
    found = set()
    for verb in VERBS:
        module = importlib.import_module(f"pottsfold.commands.{verb}")
        found |= {(verb, name) for name in inputs_of(getattr(module, verb))}
    return found


def inputs_of(called: Any) -> list[str]:
    """Return the names of inputs, those in option groups among them."""
    names = []
    hints = typing.get_type_hints(called, include_extras=True)
    for name in inspect.signature(called).parameters:
        if isinstance(path_use(hints[name]), Reads):
            names.append(name)
        for part in _parts(hints[name]):
            if isinstance(part, type) and dataclasses.is_dataclass(part):
                names += inputs_of(part)
    return names


def _parts(hint: Any) -> Iterator[Any]:
    yield hint
    for part in typing.get_args(hint):
        yield from _parts(part)


def named(only: str | None) -> tuple[Reader, ...]:
    """Return the readers whose names contain a text, all of them without one.

    Raises
    ------
    ValueError
        If there is none.
    """
    found = tuple(each for each in ALL if only is None or only in each.name)
    if not found:
        raise ValueError(
            f"no reader {only}; there are {', '.join(r.name for r in ALL)}"
        )
    return found
