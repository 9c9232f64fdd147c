"""No output takes the place of an input or of another output, in any verb."""

from __future__ import annotations

import importlib
import inspect
import itertools
import typing
from pathlib import Path

import pytest

from pottsfold.commands.main import VERBS, main
from pottsfold.commands.main import app as program
from pottsfold.commands.paths import path_use
from pottsfold.files import Reads, Writes

# What else a verb needs before it may run.
FURTHER = {"rescue": ["A1C"], "sample": ["-n", "5"]}
# A path that ends as each verb's outputs must: the guard looks at these first.
ENDING = {"sample": ".fasta"}


def file_parameters(verb: str) -> dict[str, Reads | Writes]:
    """Return a verb's parameters that are files, option groups included."""
    function = getattr(importlib.import_module(f"pottsfold.commands.{verb}"), verb)
    hints = typing.get_type_hints(function, include_extras=True)
    found = {}
    for name, hint in hints.items():
        for part in (hint, *typing.get_args(hint)):
            if hasattr(part, "__dataclass_fields__") and path_use(hint) is None:
                inner = typing.get_type_hints(part, include_extras=True)
                found |= {n: use for n, h in inner.items() if (use := path_use(h))}
        if (use := path_use(hint)) is not None:
            found[name] = use
    return found


def options(verb: str) -> dict[str, str | None]:
    """Return the option of each parameter, None of a positional one."""
    arguments = program[verb].assemble_argument_collection()
    return {
        each.field_info.name: None if each.index is not None else each.names[0]
        for each in arguments
    }


def pairs() -> list[tuple[str, str, str]]:
    found = []
    for verb in VERBS:
        parameters = file_parameters(verb)
        writes = [n for n, use in parameters.items() if isinstance(use, Writes)]
        reads = [
            name
            for name, use in parameters.items()
            if isinstance(use, Reads) and not use.replaceable
        ]
        found += [(verb, a, b) for a, b in itertools.product(writes, reads)]
        found += [(verb, a, b) for a, b in itertools.combinations(writes, 2)]
    return found


def test_every_parameter_that_is_a_path_says_what_it_is_for():
    for verb in VERBS:
        function = getattr(importlib.import_module(f"pottsfold.commands.{verb}"), verb)
        hints = typing.get_type_hints(function, include_extras=True)
        for name in inspect.signature(function).parameters:
            plain = typing.get_type_hints(function)[name]
            if plain is Path or Path in typing.get_args(plain):
                known = path_use(hints[name]) is not None
                assert known or (verb, name) == ("demo", "folder"), (verb, name)


def test_there_are_many_pairs_of_every_kind():
    assert len(pairs()) > 40
    assert {verb for verb, *_ in pairs()} >= set(VERBS) - {"info", "demo"} - {"scan"}


@pytest.mark.parametrize(("verb", "output", "other"), pairs())
@pytest.mark.parametrize("link", ["same", "hard link", "symbolic link"])
def test_one_file_in_two_places_is_refused_and_stays(
    verb, output, other, link, tmp_path, capsys, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    content = b"what was there before"
    option_of, parameters = options(verb), file_parameters(verb)

    def name(parameter: str) -> str:
        use = parameters[parameter]
        ending = use.endings[0] if isinstance(use, Writes) and use.endings else ".txt"
        return f"{parameter}{ending}"

    shared = name(output)
    Path(shared).write_bytes(content)
    twin = shared
    if link != "same":
        twin = "twin" + "".join(Path(shared).suffixes)
        if link == "hard link":
            Path(twin).hardlink_to(shared)
        else:
            Path(twin).symlink_to(shared)
    given = {output: shared, other: twin}
    words = [verb]
    for parameter, option in option_of.items():
        needed = parameter in given or (option is None and parameter in parameters)
        if parameter == "output" or needed:
            value = given.get(parameter, name(parameter))
            words += [value] if option is None else [option, value]
    words += FURTHER.get(verb, [])
    before = {path.name for path in tmp_path.iterdir()}
    assert main(words) == 2
    assert "give another name" in capsys.readouterr().err
    assert Path(shared).read_bytes() == content
    assert {path.name for path in tmp_path.iterdir()} == before
