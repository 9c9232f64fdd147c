"""Entry point: finds the verb, keeps the promises about errors and exit status.

Exit status 0: done. 1: an unexpected fault. 2: bad usage, bad input, or something that
the machine refuses, told in one line on standard error. 129, 130, 143: ended by SIGHUP,
Ctrl-C or SIGTERM.

A reader of standard output that goes away (``pottsfold scan ... -o - | head``) had
what it wanted: status 0, and files that were asked for as well are written.

Errors of the library name parameters; here they become the options of the verb.
"""

from __future__ import annotations

import functools
import sys
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path

from cyclopts import App, CycloptsError

from pottsfold import __version__, signals, startup
from pottsfold.commands import streams, wording
from pottsfold.commands.machine import refusal
from pottsfold.commands.renamed import with_new_names
from pottsfold.errors import PottsfoldError, UsageError
from pottsfold.files import record_written
from pottsfold.memory import check_address_space

FAULT, BAD_USAGE = 1, 2

VERBS = {
    "fit": "Fit a Potts model to an alignment.",
    "info": "Show what is in a model file and how it was made.",
    "score": "Score a library of mutants or sequences.",
    "scan": "Score every single substitution of the focus sequence.",
    "epistasis": "Rank pairs of substitutions by how much they interact.",
    "rescue": "Find substitutions that compensate a harmful mutant.",
    "assay": "Compare with a measured library, or learn from it.",
    "contacts": "Rank pairs of residues by coupling; compare with a structure.",
    "convert": "Convert a model to the format of another program, or from it.",
    "sample": "Draw new sequences from a model, and say whether chains mixed.",
    "design": "Find sequences of the lowest energy under rules, with a proof.",
    "partition": "Find a model's partition function, entropy and log-likelihoods.",
    "demo": "Run a complete analysis of an example family.",
}

app = App(
    name="pottsfold",
    help=(
        "Learn the energy landscape of a protein family from its alignment, and use "
        "it: contacts, mutation effects. Add --debug to see where an error arose."
    ),
    version=f"pottsfold {__version__}",
    result_action="return_value",
    suppress_keyboard_interrupt=False,
)
for verb, purpose in VERBS.items():
    app.command(f"pottsfold.commands.{verb}:{verb}", name=verb, help=purpose)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status.

    Parameters
    ----------
    arguments : sequence of str, optional
        By default those of the process.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in words
    words = [word for word in words if word != "--debug"]
    if not debug:
        warnings.formatwarning = _one_line
    with record_written() as written:
        status = _run(words, written, debug=debug)
    streams.let_go_of_results()
    return status


def _run(words: list[str], written: list[Path], *, debug: bool) -> int:
    try:
        _check_words(words)
        check_address_space()
        words = with_new_names(words)
        verb, bound, _ = app.parse_args(words, exit_on_error=False, print_error=False)
        wording.speak_options(functools.partial(_options_of, words))
        if verb.__module__.startswith("pottsfold."):
            # Imported here, so that --help stays quick.
            from pottsfold.commands.paths import guard_paths

            guard_paths(verb, bound)
        verb(*bound.args, **bound.kwargs)
        sys.stdout.flush()
        return 0
    except BrokenPipeError:
        # The reader of a table went away.
        return 0
    except (Exception, KeyboardInterrupt) as error:
        status, message = _judged(error, written)
        if debug and status <= BAD_USAGE:
            raise
    # Only now, when what the error held is free again: memory may have run out.
    _complain(message)
    return status


def _check_words(words: list[str]) -> None:
    if "" in words:
        # Path("") would be the current folder.
        raise UsageError("an option or a name is empty (an unset variable?); give it")
    if any("\0" in word for word in words):
        raise UsageError("a NUL character stands in an option; leave it out")


def _judged(error: BaseException, written: list[Path]) -> tuple[int, str]:
    """Return the exit status that an error means, and what to say of it."""
    if isinstance(error, CycloptsError | PottsfoldError):
        return BAD_USAGE, str(error)
    if _comes_of_an_interrupt(error):
        return signals.status(), _interrupted(written)
    refused = refusal(error)
    if refused is not None:
        return BAD_USAGE, refused
    return FAULT, (
        f"unexpected {type(error).__name__}: {error}; run again with --debug and "
        "report what it prints"
    )


def _options_of(words: list[str]) -> Mapping[str, str]:
    """Return how each parameter of the verb called is written on the command line."""
    if not words or words[0] not in VERBS:
        return {}
    options = {}
    for argument in app[words[0]].assemble_argument_collection():
        name = argument.field_info.name
        short = [option for option in argument.names if not option.startswith("--")]
        options[name] = short[0] if short else argument.names[0]
        if argument.index is not None:
            options[name] = name.upper()
    return options


def _interrupted(written: list[Path]) -> str:
    """Say what an interrupted command leaves behind."""
    if not written:
        return f"{signals.name()}; nothing was written"
    return f"{signals.name()}; written before: {', '.join(map(str, written))}"


def _comes_of_an_interrupt(error: BaseException | None) -> bool:
    """Tell whether Ctrl-C stands behind an error.

    Pressed while compiled code is called or made, it may come out as a SystemError
    or as the compiler's own.
    """
    while error is not None:
        if isinstance(error, KeyboardInterrupt):
            return True
        error = error.__cause__ or error.__context__
    return False


def _complain(message: str) -> None:
    line = " ".join(message.split())
    print(f"pottsfold: {wording.in_options(line)}", file=sys.stderr)


def _one_line(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    line: str | None = None,
) -> str:
    return f"pottsfold: warning: {wording.in_options(str(message))}\n"


def _say_compiling() -> None:
    print(
        "compiling for this machine, once (some seconds)", file=sys.stderr, flush=True
    )


def run() -> None:
    """Run the program as a process: the installed ``pottsfold``."""
    streams.open_streams()
    streams.take_readable_width()
    signals.end_as_ctrl_c()
    startup.is_program = True
    startup.on_compiling = _say_compiling
    sys.exit(main())
