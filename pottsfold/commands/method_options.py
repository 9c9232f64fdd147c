"""The settings of all methods of fitting as options of ``fit``.

They are read off the methods' own fields and docstrings, so that a new method shows
its options without a line here: a setting of one method stands in a group named after
it, those that several share stand together, with each method's own words.
"""

from __future__ import annotations

import typing
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, make_dataclass
from typing import Annotated, Any

from cyclopts import Parameter
from docstring_parser import parse

from pottsfold.inference.method import Method
from pottsfold.inference.methods import METHODS, method_named

# Settings whose option has another name.
OPTIONS = {"penalties": "--lambda", "form": "--pseudolikelihood-form"}
SHARED = "Settings of several methods"


@dataclass(frozen=True)
class _Setting:
    """A setting of one method or more: its type, and its help in each of them."""

    hint: Any
    helps: Mapping[str, str]


def _settings() -> dict[str, _Setting]:
    found: dict[str, _Setting] = {}
    for name, method in METHODS.items():
        hints = typing.get_type_hints(method, include_extras=True)
        described = {
            p.arg_name: p.description or "" for p in parse(method.__doc__ or "").params
        }
        for each in fields(method):
            text = " ".join(described[each.name].split())
            before = found.get(each.name)
            helps = {} if before is None else before.helps
            hint = hints[each.name] if before is None else before.hint
            found[each.name] = _Setting(hint, {**helps, name: text})
    return found


def _help(helps: Mapping[str, str]) -> str:
    """Return one help text from those of several methods."""
    texts = list(dict.fromkeys(helps.values()))
    if len(texts) == 1:
        return texts[0]
    return " ".join(
        f"{' and '.join(m for m, t in helps.items() if t == text)}: {text}"
        for text in texts
    )


def _field(name: str, setting: _Setting) -> tuple[str, Any, Any]:
    alone = len(setting.helps) == 1
    parameter = Parameter(
        name=OPTIONS.get(name, "--" + name.replace("_", "-")),
        group=f"Method {next(iter(setting.helps))}" if alone else SHARED,
        help=_help(setting.helps),
        negative=(),
        show_default=False,
    )
    return name, Annotated[setting.hint | None, parameter], field(default=None)


def _options_class() -> type:
    """Return a dataclass with a field for every setting, None where not given."""
    made = make_dataclass(
        "MethodOptions",
        [_field(name, setting) for name, setting in _settings().items()],
        frozen=True,
    )
    # A class of this module, not of ``types``, whose classes take no fields apart.
    made.__module__ = __name__
    made.__doc__ = "Settings of the methods."
    return Parameter(name="*")(made)


MethodOptions: Any = _options_class()


def chosen_method(name: str, options: Any) -> Method:
    """Return the method asked for, with the settings that were given.

    Raises
    ------
    UsageError
        If one is of another method, or out of its range.
    """
    given = {} if options is None else vars(options)
    return method_named(name, **{k: v for k, v in given.items() if v is not None})
