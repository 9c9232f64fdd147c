"""Checks of settings that several methods have."""

from __future__ import annotations

from pathlib import Path

from pottsfold.errors import UsageError
from pottsfold.inference.method import Penalties
from pottsfold.inference.regularization import check_penalty


def check_at_least_one(name: str, value: int) -> None:
    """Raise :class:`UsageError` if a setting of that name is below 1."""
    if value < 1:
        raise UsageError("at least 1 is needed", parameter=name, value=value)


def check_resume(resume: bool, checkpoint: Path | None) -> None:
    """Raise :class:`UsageError` if there is nothing to continue from."""
    if resume and checkpoint is None:
        raise UsageError("give the `checkpoint` to continue from", parameter="resume")


def check_penalties(
    penalties: Penalties,
    known: tuple[str, ...],
    lambda_h: float | None,
    lambda_j: float | None,
) -> None:
    """Raise :class:`UsageError` for penalties a method does not know, or set twice."""
    if penalties not in known:
        raise UsageError(
            f"{' and '.join(known)} are those of this method",
            parameter="penalties",
            value=penalties,
        )
    if penalties != "default" and (lambda_h, lambda_j) != (None, None):
        how = "chooses" if penalties == "auto" else "sets"
        raise UsageError(
            f"`penalties={penalties}` {how} penalties; leave out `lambda_h` and "
            "`lambda_j`"
        )
    for name, value in (("lambda_h", lambda_h), ("lambda_j", lambda_j)):
        if value is not None:
            check_penalty(name, value)
