"""What a verb reads and writes, told by the types of its parameters, and guarded.

A parameter that is a file has one of these types. :func:`guard_paths` reads them off a
verb's signature, option groups included, and refuses what could do harm before any
work: an output over an input or over another output, a wrong ending, a folder that
is not there or cannot be written. No verb checks paths itself.
"""

from __future__ import annotations

import dataclasses
import inspect
import typing
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from pottsfold.commands.streams import expect_results
from pottsfold.errors import UsageError
from pottsfold.files import Reads, Writes, check_apart, check_writable
from pottsfold.provenance import run_path

STANDARD_OUTPUT = "-"
TABLES = (".csv", ".tsv", ".parquet", ".csv.gz", ".tsv.gz")
FIGURES = (".png", ".pdf", ".svg")
SEQUENCES = (".fasta", ".fa", ".fasta.gz", ".fa.gz")


InputFile = Annotated[Path, Reads()]
# A model that convert may write anew where it stands.
ReplaceableFile = Annotated[Path, Reads(replaceable=True)]
# A sequence, a mutant or the like, or else the name of a file that holds it.
TextOrFile = Annotated[str, Reads()]

_OUTPUT = ["--output", "-o"]
# ``-`` is standard output, so a hyphen may begin the value.
TableOutput = Annotated[
    str,
    Parameter(name=_OUTPUT, allow_leading_hyphen=True),
    Writes(TABLES, standard_output=True),
]
# A table beside the main one.
FurtherTable = Annotated[
    str, Parameter(allow_leading_hyphen=True), Writes(TABLES, standard_output=True)
]
FigureOutput = Annotated[Path, Writes(FIGURES)]
FigureOrFolder = Annotated[Path, Writes(FIGURES, folder=True)]


def _record_beside(path: str) -> list[Path]:
    return [run_path(path)]


def _pseudobonds_beside(path: str) -> list[Path]:
    return [Path(path).with_suffix(".pb")] if path.endswith(".cxc") else []


ModelOutput = Annotated[
    Path,
    Parameter(name=_OUTPUT),
    Writes(refused=(*TABLES, *FIGURES, *SEQUENCES), beside=_record_beside),
]
SequenceOutput = Annotated[
    str,
    Parameter(name=_OUTPUT, allow_leading_hyphen=True),
    Writes(SEQUENCES, standard_output=True, beside=_record_beside),
]
# Sequences beside a table.
FurtherSequences = Annotated[str, Writes(SEQUENCES)]
# Pairs of residues, in one of many formats; a ChimeraX script has its pairs beside it.
ContactsOutput = Annotated[
    str,
    Parameter(name=_OUTPUT, allow_leading_hyphen=True),
    Writes(standard_output=True, beside=_pseudobonds_beside),
]
# A model in any program's format.
ConvertedModel = Annotated[Path, Writes()]
# What was learnt from measurements.
LearntFile = Annotated[Path, Writes(refused=(*TABLES, *FIGURES))]
# What a learning is saved to and taken up from.
CheckpointFile = Annotated[Path, Writes(refused=TABLES)]


@dataclass(frozen=True)
class GivenPath:
    """A path that a verb was given, and what it does with it."""

    parameter: str
    path: str
    use: Reads | Writes


def guard_paths(verb: Callable[..., None], bound: inspect.BoundArguments) -> None:
    """Refuse outputs that could do harm or cannot be written, before any work.

    Parameters
    ----------
    verb : callable
        Its parameters are annotated with the types of this module.
    bound : BoundArguments
        What it is about to be called with.

    Raises
    ------
    UsageError
        If an output is an input or another output, or has a wrong ending.
    OutputError
        If an output cannot be written.
    """
    given = list(given_paths(verb, bound.arguments))
    outputs: list[str] = []
    for each in given:
        if isinstance(each.use, Writes) and each.path != STANDARD_OUTPUT:
            outputs.append(each.path)
            if each.use.beside is not None:
                outputs += map(str, each.use.beside(each.path))
    kept = [
        each.path
        for each in given
        if isinstance(each.use, Reads) and not each.use.replaceable
    ]
    check_apart(outputs, kept)
    for each in given:
        if isinstance(each.use, Writes):
            _check_output(each.parameter, each.path, each.use)
    if any(each.path == STANDARD_OUTPUT for each in given):
        expect_results(alone=not outputs)


def given_paths(
    called: Callable[..., Any], arguments: dict[str, Any]
) -> Iterator[GivenPath]:
    """Yield the paths among arguments, those of option groups included.

    Parameters
    ----------
    called : callable
        A verb, or the class of an option group.
    arguments : dict
        Values by parameter; those of None or no path are passed over.
    """
    hints = typing.get_type_hints(called, include_extras=True)
    for name, value in arguments.items():
        if dataclasses.is_dataclass(value):
            yield from given_paths(type(value), vars(value))
        elif value is not None and (use := path_use(hints[name])) is not None:
            for path in value if isinstance(value, list) else [value]:
                yield GivenPath(name, str(path), use)


def path_use(hint: Any) -> Reads | Writes | None:
    """Return what an annotation says of a path, None if it is none."""
    for part in typing.get_args(hint):
        if isinstance(part, Reads | Writes):
            return part
        if (found := path_use(part)) is not None:
            return found
    return None


def _check_output(parameter: str, path: str, use: Writes) -> None:
    if path == STANDARD_OUTPUT:
        if not use.standard_output:
            raise UsageError("name a file", parameter=parameter, value=path)
        return
    if use.folder and Path(path).is_dir():
        check_writable(Path(path) / "figure")
        return
    if use.endings and not path.endswith(use.endings):
        ways = _listed([ending for ending in use.endings if not _packed(ending)])
        or_hyphen = ", or give -" if use.standard_output else ""
        raise UsageError(
            f"end it in {ways}{or_hyphen}", parameter=parameter, value=path
        )
    if path.endswith(use.refused):
        raise UsageError(
            "its ending promises another kind of file; end it in .potts",
            parameter=parameter,
            value=path,
        )
    check_writable(path)


def _packed(ending: str) -> bool:
    return ending.endswith(".gz")


def _listed(words: list[str]) -> str:
    return ", ".join(words[:-1]) + f" or {words[-1]}"
