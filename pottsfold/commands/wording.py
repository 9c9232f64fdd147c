"""The library speaks of parameters, the program of its options."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pottsfold.errors import parameters_of, shortened, with_options

_options: Callable[[], Mapping[str, str]] = dict


def speak_options(options: Callable[[], Mapping[str, str]]) -> None:
    """Take these options, by parameter, in all that is said from now on.

    They are asked for only when a message names a parameter: it takes a while to read
    them off a verb.
    """
    global _options
    _options = options


def in_options(message: str) -> str:
    """Return a message with the verb's options in place of parameters, no line long."""
    if parameters_of(message):
        message = with_options(message, _options())
    return "\n".join(shortened(line) for line in message.split("\n"))


def as_options(message: str) -> str:
    """Return a sentence of another verb with options in place of its parameters."""
    names = parameters_of(message)
    return with_options(message, {n: "--" + n.replace("_", "-") for n in names})
