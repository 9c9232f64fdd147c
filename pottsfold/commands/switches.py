"""Flags: options that are off unless given, and so have no negative form."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

Switch = Annotated[bool, Parameter(negative=())]
