"""Cells of a measured library as numbers, and as labels of functional mutants."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pottsfold.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd

NUMBER_LIKE = re.compile(r"[+-]?[0-9.,]+(?:[eE][+-]?[0-9]+)?")
DECIMAL_COMMA = re.compile(r"[+-]?[0-9]*,[0-9]+(?:[eE][+-]?[0-9]+)?")
# 1,234 may as well be a thousand.
THOUSANDS = re.compile(r"[+-]?[1-9][0-9]{0,2},[0-9]{3}")
FUNCTIONAL = {"true", "t", "yes", "y", "fit", "functional"}
NOT_FUNCTIONAL = {"false", "f", "no", "n", "unfit", "nonfunctional", "non-functional"}
MISSING = {"", "na", "n/a", "nan", "none", "null", "<na>"}
MAX_WORDS = 5


def numbers(cells: pd.Series, column: str) -> tuple[NDArray[np.float64], list[str]]:
    """Return cells as numbers, and a sentence where commas were taken for points.

    Parameters
    ----------
    cells : Series
        n numbers or texts.
    column : str
        Its name, for messages.

    Returns
    -------
    values : (n,) float64
        NaN for cells that hold no finite number.
    notes : list of str
        What was converted.

    Raises
    ------
    UsageError
        If a comma may stand for a decimal point or for thousands.
    """
    values = finite_numbers(cells)
    if not np.isnan(values).any():
        return values, []
    texts = [
        (row, cell.strip())
        for row, cell in enumerate(cells.tolist())
        if isinstance(cell, str) and NUMBER_LIKE.fullmatch(cell.strip())
    ]
    commas = {row: text for row, text in texts if DECIMAL_COMMA.fullmatch(text)}
    # Where points are met as well, commas mean something else.
    others = any("." in text or text.count(",") > 1 for _, text in texts)
    if not commas or others:
        return values, []
    first = next(iter(commas.values()))
    if all(THOUSANDS.fullmatch(text) for text in commas.values()):
        raise UsageError(
            f"column {column}: {first} may be {first.replace(',', '.')} or "
            f"{first.replace(',', '')}; write its numbers with a point, without commas"
        )
    for row, text in commas.items():
        values[row] = float(text.replace(",", "."))
    note = f"column {column}: commas are decimal points, {first} is "
    return values, [note + first.replace(",", ".")]


def functional(
    cells: pd.Series, column: str
) -> tuple[NDArray[np.bool_], NDArray[np.bool_], str]:
    """Return which mutants are labelled functional.

    Parameters
    ----------
    cells : Series
        n numbers, those above 0 being functional; truth values; or words such as
        ``True``, ``no``, ``fit``.
    column : str
        Its name, for messages.

    Returns
    -------
    functional : (n,) bool
        Which are.
    labelled : (n,) bool
        Which have a label.
    rule : str
        What is counted as functional, in words.

    Raises
    ------
    UsageError
        If there are other words.
    """
    values = finite_numbers(cells)
    rule = f"{column} 1" if {*values[~np.isnan(values)]} <= {0, 1} else f"{column} > 0"
    met: dict[str, None] = {}
    for row in np.flatnonzero(np.isnan(values)).tolist():
        cell = str(cells.iloc[row]).strip()
        word = cell.casefold()
        if word in FUNCTIONAL:
            values[row], rule = 1, f"{column} {cell}"
        elif word in NOT_FUNCTIONAL:
            values[row] = 0
        elif word not in MISSING:
            met[cell] = None
    if met:
        words = ", ".join(map(repr, list(met)[:MAX_WORDS]))
        more = f" and {len(met) - MAX_WORDS} more" * (len(met) > MAX_WORDS)
        raise UsageError(
            f"column {column} holds {words}{more}; write 1 for functional and 0 for "
            "not, or leave the column out"
        )
    return values > 0, ~np.isnan(values), rule


def finite_numbers(cells: pd.Series) -> NDArray[np.float64]:
    """Return cells as numbers, NaN for those that hold no finite one."""
    import pandas as pd

    values = pd.to_numeric(cells, errors="coerce").to_numpy(np.float64, na_value=np.nan)
    return np.where(np.isfinite(values), values, np.nan)
