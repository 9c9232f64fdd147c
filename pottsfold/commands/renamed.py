"""Options that have a new name; the old ones work with a warning for one release."""

from __future__ import annotations

import warnings

# Of each verb: old option to new one, None for one that is no longer needed.
RENAMED: dict[str, dict[str, str | None]] = {
    "fit": {
        "--min-span": "--min-coverage",
        "--drop-duplicate": "--drop-duplicates",
        "--form": "--pseudolikelihood-form",
    },
    "score": {"--no-resume": None},
    "contacts": {"--no-force": None, "--empty-ensemble": None},
}


def with_new_names(words: list[str]) -> list[str]:
    """Return a command line with new names in place of old ones, and warn of each."""
    if not words:
        return words
    renamed = RENAMED.get(words[0], {})
    written = words[:1]
    for word in words[1:]:
        option, equals, value = word.partition("=")
        if option not in renamed:
            written.append(word)
            continue
        new = renamed[option]
        _warn(
            f"{option} is no longer needed" if new is None else f"{option} is now {new}"
        )
        if new is not None:
            written.append(new + equals + value)
    if words[0] == "fit":
        for place, word in enumerate(written):
            if word == "--lambda=custom" or (
                word == "custom" and written[place - 1] == "--lambda"
            ):
                _warn("--lambda custom is now --lambda default")
                written[place] = word.replace("custom", "default")
    return written


def _warn(change: str) -> None:
    warnings.warn(
        f"{change}; the old name will go in the next release", FutureWarning, 3
    )
