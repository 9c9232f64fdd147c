"""The model as a value."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pottsfold.alignment.frequencies import Gaps, first_state
from pottsfold.alignment.numbering import Numbering
from pottsfold.alphabet import Alphabet
from pottsfold.errors import UsageError
from pottsfold.memory import FLOAT32
from pottsfold.model.graph import PairGraph

# Largest size of a parameter, in nats. Kernels sum those of all sites in float32, in up
# to 2^15 steps a nat and over temperatures down to 1e-4, beside -1e30 for letters that
# must not be drawn: with 1e12 no sum comes near that or the end of float32, and what
# other programs write for a forbidden letter, such as -1e9, can be held.
MAX_PARAMETER = 1e12
# By which shares, sums of rounded numbers, may leave 0 to 1.
SHARE_ERROR = 1e-6


@dataclass(frozen=True, eq=False)
class PottsModel:
    """A pairwise Potts model of L sites and q letters.

    Parameters
    ----------
    alphabet : Alphabet
        Its q letters, the gap first.
    fields : (L, q) float32
        h_i(a), in nats, of at most 1e12 in size.
    couplings : (L, L, q, q) float32, or (M, q, q) with a graph
        J_ij(a, b), in nats, of at most 1e12; both triangles, zero where i = j. With a
        graph of some pairs, the blocks of those pairs alone, in its order.
    numbering : Numbering
        Residue number of every site.
    gaps : {"state", "missing"}
        Whether the gap is a letter of the model.
    gauge : str
        ``"fitted"`` as regularization left it, ``"zero-sum"``, or, from a file of
        another program, ``"as read"`` or ``"no fields"``.
    focus : (L,) uint8 or None
        Codes of the focus (wild-type) sequence.
    focus_name : str
        Its name.
    frequencies : (L, q) float64 or None
        Weighted letter frequencies of the alignment it was fitted to.
    neff : float
        Effective number of sequences of that alignment, 1e12 at most; 0 when unknown.
    occupancy : (L,) float64 or None
        Share of that alignment, by weight, that has a letter at the site, not a gap.
    temperature : float or None
        Matched temperature: where samples are most like the family's sequences (see
        :mod:`pottsfold.landscape.temperature`); None when not known. Energies and
        probabilities are those of T = 1 whatever it is.
    graph : PairGraph, optional
        Which pairs have couplings; by default all of them.

    Raises
    ------
    ValueError
        If shapes disagree, values are not finite, parameters above 1e12 in size,
        couplings not symmetric, frequencies or occupancy not in 0 to 1, the number
        of sequences out of range, or the temperature not positive.
    """

    alphabet: Alphabet
    fields: NDArray[np.float32]
    couplings: NDArray[np.float32]
    numbering: Numbering
    gaps: Gaps = "state"
    gauge: str = "fitted"
    focus: NDArray[np.uint8] | None = None
    focus_name: str = ""
    frequencies: NDArray[np.float64] | None = None
    neff: float = 0.0
    occupancy: NDArray[np.float64] | None = None
    temperature: float | None = None
    graph: PairGraph = None  # type: ignore[assignment]  # it is set when made

    def __post_init__(self) -> None:
        length, size = len(self.numbering), self.alphabet.size
        if self.graph is None:
            object.__setattr__(self, "graph", PairGraph.complete(length))
        if self.graph.length != length:
            raise ValueError(f"a graph of {self.graph.length} sites where {length} are")
        blocks: tuple[int, ...] = (len(self.graph.partners),)
        if self.graph.is_complete:
            blocks = (length, length)
        arrays = {
            "fields": (self.fields, np.float32, (length, size)),
            "couplings": (self.couplings, np.float32, (*blocks, size, size)),
            "focus": (self.focus, np.uint8, (length,)),
            "frequencies": (self.frequencies, np.float64, (length, size)),
            "occupancy": (self.occupancy, np.float64, (length,)),
        }
        for name, (array, dtype, shape) in arrays.items():
            if array is None:
                continue
            checked = np.ascontiguousarray(array, dtype=dtype).view()
            if checked.shape != shape:
                raise ValueError(f"{name} are {checked.shape} where {shape} is due")
            if dtype == np.float32:
                self._check_size(name, checked)
            elif dtype == np.float64:
                _check_shares(name, checked)
            checked.flags.writeable = False
            object.__setattr__(self, name, checked)
        if self.gaps not in ("state", "missing"):
            raise ValueError(f"gaps {self.gaps!r}: 'state' or 'missing' is needed")
        if not 0 <= self.neff <= MAX_PARAMETER:
            raise ValueError(
                f"an effective number of sequences of {self.neff:g}; 0 to "
                f"{MAX_PARAMETER:g} can be used"
            )
        if self.temperature is not None and not 0 < self.temperature < np.inf:
            raise ValueError(f"temperature {self.temperature:g}: not a positive number")
        if self.focus is not None and (self.focus > self.alphabet.unknown).any():
            raise ValueError("a code of the focus is outside the alphabet")
        if not self._is_symmetric():
            raise ValueError("couplings must be symmetric, with zeros for i = j")

    def _is_symmetric(self) -> bool:
        if not self.graph.is_complete:
            mirrored = self.couplings[self.graph.mirrors].transpose(0, 2, 1)
            return np.array_equal(self.couplings, mirrored)
        return not any(
            self.couplings[i, i].any()
            or not np.array_equal(
                self.couplings[i], self.couplings[:, i].transpose(0, 2, 1)
            )
            for i in range(self.length)
        )

    def _check_size(self, name: str, parameters: NDArray[np.float32]) -> None:
        """Refuse parameters that are too large for the kernels, or not finite."""
        lowest, highest = parameters.min(initial=0), parameters.max(initial=0)
        # One of them is NaN where any parameter is.
        if -MAX_PARAMETER <= lowest and highest <= MAX_PARAMETER:
            return
        if not (np.isfinite(lowest) and np.isfinite(highest)):
            raise ValueError(f"{name} hold values that are not finite")
        extreme = lowest if -lowest > highest else highest
        *sites, code = np.argwhere(parameters == extreme)[0][: parameters.ndim // 2 + 1]
        if parameters.ndim == 3:
            sites = [self.graph.sites[sites[0]], self.graph.partners[sites[0]]]
        where = " and ".join(str(self.numbering.positions[site]) for site in sites)
        raise ValueError(
            f"{name} hold {extreme:g} (letter {self.alphabet.letters[code]}, position "
            f"{where}), and parameters of at most {MAX_PARAMETER:g} in size can be "
            "used; write -1e9 for what is forbidden"
        )

    @property
    def length(self) -> int:
        """Number of sites L."""
        return len(self.numbering)

    @property
    def states(self) -> slice:
        """Codes of the modelled letters."""
        return slice(first_state(self.gaps), self.alphabet.size)

    @property
    def n_states(self) -> int:
        """Number of modelled letters."""
        return self.alphabet.size - first_state(self.gaps)

    @property
    def blocks(self) -> NDArray[np.float32]:
        """The blocks of the graph's places, (M, q, q); of a dense model a view."""
        size = self.alphabet.size
        return self.couplings.reshape(-1, size, size)

    def later(self, i: int) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Return the partners j > i of a site, (n,), and their J_ij, (n, q, q)."""
        places = self.graph.later_of_site(i)
        return self.graph.partners[places], self.blocks[places]

    def couplings_of(self, i: int) -> NDArray[np.float32]:
        """Return J_ij(a, b) of all sites j, (L, q, q), zeros where there are none."""
        if self.graph.is_complete:
            return np.asarray(self.couplings[i])
        places = self.graph.of_site(i)
        return self._spread(self.graph.partners[places], self.couplings[places])

    def blocks_to(self, i: int) -> NDArray[np.float32]:
        """Return J_ji(b, a) of the site's places in the graph, (n, q, q)."""
        if self.graph.is_complete:
            return self.couplings[:, i]
        return self.couplings[self.graph.mirrors[self.graph.of_site(i)]]

    def _spread(
        self, partners: NDArray[np.int32], blocks: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        result = np.zeros((self.length, *blocks.shape[1:]), np.float32)
        result[partners] = blocks
        return result

    def block(self, i: int, j: int) -> NDArray[np.float32]:
        """Return J_ij(a, b) of one pair of sites, (q, q)."""
        place = int(self.graph.places(i, j))
        if place < 0:
            return np.zeros((self.alphabet.size,) * 2, np.float32)
        return np.asarray(self.blocks[place])

    def coupling(
        self,
        i: NDArray[np.integer],
        j: NDArray[np.integer],
        a: NDArray[np.integer],
        b: NDArray[np.integer],
    ) -> NDArray[np.float64]:
        """Return J_ij(a, b) of sites and codes that broadcast, float64."""
        if self.graph.is_complete:
            return np.asarray(self.couplings[i, j, a, b], np.float64)
        places, a, b = np.broadcast_arrays(self.graph.places(i, j), a, b)
        result = np.zeros(places.shape)
        there = places >= 0
        result[there] = self.couplings[places[there], a[there], b[there]]
        return result

    @property
    def focus_sequence(self) -> str | None:
        """Letters of the focus sequence, or None."""
        return None if self.focus is None else self.alphabet.decode(self.focus)

    def require_focus(self) -> NDArray[np.uint8]:
        """Return the focus codes, shape (L,).

        Raises
        ------
        UsageError
            If the model has no focus sequence.
        """
        if self.focus is None:
            raise UsageError(
                "this model has no focus sequence to mutate; fit with one, or add one "
                "with pottsfold convert"
            )
        return self.focus


def _check_shares(name: str, shares: NDArray[np.float64]) -> None:
    """Refuse shares that are not finite, or not in 0 to 1 but for rounding."""
    if not np.isfinite(shares).all():
        raise ValueError(f"{name} hold values that are not finite")
    lowest, highest = shares.min(initial=0), shares.max(initial=0)
    if lowest < -SHARE_ERROR or highest > 1 + SHARE_ERROR:
        extreme = lowest if lowest < -SHARE_ERROR else highest
        raise ValueError(f"{name} hold {extreme:g}, and 0 to 1 is possible")


# Seconds to check, digest and write a model of so many bytes.
SECONDS_PER_BYTE = 2.5e-9


def model_bytes(length: int, size: int, n_pairs: int | None = None) -> int:
    """Return the bytes of a model's couplings, both triangles, float32.

    Of all pairs, or of so many.
    """
    blocks = length * length if n_pairs is None else 2 * n_pairs
    return blocks * size * size * FLOAT32
