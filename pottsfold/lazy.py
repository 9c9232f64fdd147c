"""Modules, and names of a package, that are imported when they are first used.

Numba takes as long to import as most commands to run. Kernels are therefore reached
through :func:`lazy_module`: who calls none does not wait for the compiler.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import Any


def lazy_names(package: str, homes: Mapping[str, str]) -> Callable[[str], Any]:
    """Return a module's ``__getattr__``, which imports a name from its home.

    A room whose parts need different libraries shows all of them and loads one only
    when it is used.

    Parameters
    ----------
    package : str
        Name of the package.
    homes : dict of str
        The module of each name.
    """

    def imported(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(importlib.import_module(homes[name]), name)

    return imported


class lazy_module:  # noqa: N801 - it stands for a module
    """A module that is imported when one of its names is first asked for.

    Parameters
    ----------
    name : str
        Its full name.
    """

    def __init__(self, name: str) -> None:
        self.__dict__["_name"] = name

    def __getattr__(self, attribute: str) -> Any:
        value = getattr(importlib.import_module(self._name), attribute)
        # Found by itself from now on: kernels are called often.
        self.__dict__[attribute] = value
        return value
