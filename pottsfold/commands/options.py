"""Options that several commands share."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

# ``-`` is standard output, so a hyphen may begin the value.
TableOutput = Annotated[
    str, Parameter(name=["--output", "-o"], allow_leading_hyphen=True)
]
