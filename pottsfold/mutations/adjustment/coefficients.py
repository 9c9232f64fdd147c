"""What was learnt from measured libraries, as a table that can be read.

A substitution of letter a by b, in features x_k, is predicted to rank at

    sum_k w_k x_k + wild_type(a) + substitution(b)

among the single substitutions of its protein; higher is better. With b the site's
burial less 1/2, where the accessibility of a structure is given, each of w_k,
wild_type and substitution is a sum of two: one without burial, and b times another;
and b itself and its square are features. The numbers are in ``coefficients.json``,
with what they were learnt from and how well they did on proteins left out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from pottsfold.mutations.adjustment.amino_acids import LETTERS
from pottsfold.mutations.adjustment.features import NAMES, Substitutions, weighted

Goal = Literal["function", "stability"]
GOALS: tuple[Goal, ...] = ("function", "stability")
FILE = "coefficients.json"


@dataclass(frozen=True, eq=False)
class Part:
    """One sum over features and letters.

    Parameters
    ----------
    features : (13,) float64
        w_k, in the order of ``NAMES``.
    wild_type, substitution : (20,) float64
        By letter.
    """

    features: NDArray[np.float64]
    wild_type: NDArray[np.float64]
    substitution: NDArray[np.float64]

    def __call__(self, of: Substitutions) -> NDArray[np.float64]:
        """Return the sum for n substitutions, shape (n,)."""
        letters = self.wild_type[of.wild_types] + self.substitution[of.letters]
        return weighted(of.features, self.features) + letters


@dataclass(frozen=True, eq=False)
class Coefficients:
    """What was learnt for one goal; see the module.

    Parameters
    ----------
    plain : Part
        The sum, where burial is not known.
    exposed, buried : Part, optional
        The sum, and what burial is multiplied by, where it is known.
    burial, burial_squared : float
        Of burial itself.
    """

    plain: Part
    exposed: Part | None = None
    buried: Part | None = None
    burial: float = 0.0
    burial_squared: float = 0.0

    @property
    def know_structures(self) -> bool:
        """Whether burial was learnt."""
        return self.buried is not None

    def predict(
        self, of: Substitutions, burial: NDArray[np.float64] | None = None
    ) -> NDArray[np.float64]:
        """Return predicted ranks of n substitutions, higher = better; (n,) float64.

        Parameters
        ----------
        of : Substitutions
            What is known of them.
        burial : (n,) float64, optional
            1 - relative accessibility, 0 to 1, of each one's site; NaN = not known.
        """
        predicted = self.plain(of)
        if burial is None or self.exposed is None or self.buried is None:
            return predicted
        centred = burial - 0.5
        with_burial = (
            self.exposed(of)
            + centred * self.buried(of)
            + self.burial * centred
            + self.burial_squared * centred**2
        )
        return np.where(np.isnan(burial), predicted, with_burial)


@cache
def coefficients_for(goal: Goal) -> Coefficients:
    """Return what was learnt for one goal."""
    text = resources.files(__package__).joinpath(FILE).read_text("utf-8")
    content = json.loads(text)["goals"][goal]
    plain = _part(content["alignment"])
    if "structure" not in content:
        return Coefficients(plain)
    with_structure = content["structure"]
    return Coefficients(
        plain,
        _part(with_structure),
        _part(with_structure["times burial"]),
        with_structure["burial"],
        with_structure["burial squared"],
    )


def _part(content: Mapping[str, Any]) -> Part:
    return Part(
        np.array([content["features"][name] for name in NAMES]),
        np.array([content["wild_type"][letter] for letter in LETTERS]),
        np.array([content["substitution"][letter] for letter in LETTERS]),
    )
