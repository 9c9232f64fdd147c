"""Residue numbers of columns: the only bridge between the two."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Numbering:
    """The focus sequence's residue number of every column.

    Parameters
    ----------
    positions : (L,) int64
        Strictly increasing. Columns are counted from 0, positions are what
        people see.

    Raises
    ------
    ValueError
        If the positions do not increase.

    Examples
    --------
    >>> numbering = Numbering(np.array([5, 6, 9]))
    >>> numbering.column(9), numbering.column(7)
    (2, None)
    """

    positions: NDArray[np.int64]

    def __post_init__(self) -> None:
        positions = np.array(self.positions, dtype=np.int64)
        if positions.ndim != 1 or (np.diff(positions) <= 0).any():
            raise ValueError("positions must be one increasing row of numbers")
        positions.flags.writeable = False
        object.__setattr__(self, "positions", positions)

    def __len__(self) -> int:
        return len(self.positions)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Numbering) and np.array_equal(
            self.positions, other.positions
        )

    __hash__ = None  # type: ignore[assignment]  # arrays have no hash

    @classmethod
    def sequential(cls, length: int, first: int = 1) -> Numbering:
        """Return the numbers ``first, first + 1, ...`` for ``length`` columns."""
        return cls(np.arange(first, first + length))

    @cached_property
    def _columns(self) -> dict[int, int]:
        return {int(number): k for k, number in enumerate(self.positions)}

    def column(self, position: int) -> int | None:
        """Return the column of a residue number, or None if it has none."""
        return self._columns.get(position)

    def select(self, keep: NDArray[np.bool_]) -> Numbering:
        """Return the numbering of the columns where ``keep``, shape (L,), is true."""
        return Numbering(self.positions[keep])
