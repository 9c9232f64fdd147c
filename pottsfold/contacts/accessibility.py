"""How much of every site's residue water can reach, in a structure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pottsfold.contacts.chain_choice import (
    MIN_CONFIDENCE,
    ChosenChains,
    choose_chains,
    is_nucleic,
)
from pottsfold.contacts.chain_map import ChainMap, chain_map
from pottsfold.contacts.solvent_area import solvent_areas
from pottsfold.contacts.structure import Chain
from pottsfold.errors import StructureError, UsageError
from pottsfold.model import PottsModel

if TYPE_CHECKING:
    import pandas as pd

# Square angstrom, the theoretical maxima of Tien et al. 2013 (PLoS ONE 8:e80635).
MAXIMA = {
    **{"A": 129.0, "R": 274.0, "N": 195.0, "D": 193.0, "C": 167.0, "Q": 225.0},
    **{"E": 223.0, "G": 104.0, "H": 224.0, "I": 197.0, "L": 201.0, "K": 236.0},
    **{"M": 224.0, "F": 240.0, "P": 159.0, "S": 155.0, "T": 172.0, "W": 285.0},
    **{"Y": 263.0, "V": 174.0},
}
# Radii of DSSP, in angstrom, for the heavy atom and its hydrogens together.
BACKBONE_RADII = {"N": 1.65, "CA": 1.87, "C": 1.76, "O": 1.40}
SIDE_CHAIN_RADIUS = 1.80
# Names of the oxygens at the end of a chain.
END_OXYGENS = ("OXT", "OT", "OT1", "OT2", "O1", "O2", "OC1", "OC2", "O'", "O''")
SIDE_CHAIN_ATOMS = {
    **{"A": 1, "R": 7, "N": 4, "D": 4, "C": 2, "Q": 5, "E": 5, "G": 0, "H": 6},
    **{"I": 4, "L": 4, "K": 5, "M": 4, "F": 7, "P": 3, "S": 2, "T": 3, "W": 10},
    **{"Y": 8, "V": 3},
}
MAX_NEIGHBOUR_DISTANCE = 10.0
# CB atoms of two chains are never so close, in angstrom; a few may be by mistake.
MAX_SUPERPOSED_DISTANCE, MIN_SUPERPOSED = 1.0, 10
# Of the residues at sites. Where more lack atoms, the others are not in their places.
MIN_COMPLETE = 0.5


@dataclass(frozen=True, eq=False)
class Accessibility:
    """How much of every site's residue water can reach.

    Parameters
    ----------
    relative : (L,) float64
        Relative solvent accessibility, 0 for buried; of residues at an end of a chain
        it may be above 1. NaN where it is not known.
    neighbours : (L,) float64
        Number of other residues whose CB (CA of glycine) is within 10 angstrom of
        this one's; NaN where it is not known.
    mapping : ChainMap
        The residues of the sites.
    notes : tuple of str
        Clauses on what was left out, and on chains that lie on one another.
    """

    relative: NDArray[np.float64]
    neighbours: NDArray[np.float64]
    mapping: ChainMap
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("relative", "neighbours"):
            values = np.ascontiguousarray(getattr(self, name), np.float64).view()
            if values.shape != (len(self.mapping.residues),):
                raise ValueError(f"`{name}` is of another length than the mapping")
            values.flags.writeable = False
            object.__setattr__(self, name, values)


def site_accessibility(
    model: PottsModel,
    path: str | Path,
    chain: str | None = None,
    *,
    force: bool = False,
) -> Accessibility:
    """Return the solvent accessibility of a model's sites in a structure.

    The area that the centre of a water molecule can be on (Shrake and Rupley, probe
    1.4 angstrom, radii of DSSP) is divided by the largest a residue can have (Tien
    et al. 2013). All protein chains of the file bury it, of whatever sequence and
    whether named in `chain` or not; water, ligands, nucleic acids and hydrogens do
    not. Of several chains alike a site has the mean over those where it is known.

    It is not known of a residue that lacks heavy atoms or has no standard parent;
    neither is anything known of a predicted residue of pLDDT below 70, though it
    buries others. A modified residue goes by its parent.

    Parameters
    ----------
    model, path, chain, force
        As for :func:`map_structure`.

    Raises
    ------
    UsageError
        If the model has no focus sequence, or is one of RNA or DNA.
    StructureError
        As for :func:`map_structure`; or if most residues lack atoms, as in a
        structure of CA atoms.
    """
    if is_nucleic(model):
        raise UsageError(
            "solvent accessibility is for proteins; this is a model of nucleic acids"
        )
    chosen = choose_chains(model, path, chain, force=force)
    chains = [each.chain for each in chosen.used]
    complete = [_complete(each) for each in chains]
    _check_complete(chosen, complete)
    confident = chosen.confident
    relative, neighbours = [], []
    everything = _Everything(chosen)
    for each, sure, whole in zip(chosen.used, confident, complete, strict=True):
        there = each.sites >= 0
        known = there & sure[each.sites]
        measured = known & whole[each.sites]
        areas = np.full(len(each.sites), np.nan)
        counts = areas.copy()
        areas[measured] = everything.relative(each.chain, each.sites[measured])
        counts[known] = everything.neighbours(each.chain, each.sites[known])
        relative.append(areas)
        neighbours.append(counts)
    return Accessibility(
        relative=_mean(relative),
        neighbours=_mean(neighbours),
        mapping=chain_map(chosen),
        notes=(*_notes(chosen, complete, confident), *everything.notes()),
    )


def accessibility_table(model: PottsModel, found: Accessibility) -> pd.DataFrame:
    """Return accessibility as a table, one row a site.

    Columns are position, wild_type, residue (its label in the structure, of the chain
    that sites are mapped on), accessibility and neighbours.
    """
    import pandas as pd

    return pd.DataFrame(
        {
            "position": model.numbering.positions,
            "wild_type": list(model.focus_sequence or ""),
            "residue": list(found.mapping.residues),
            "accessibility": found.relative,
            "neighbours": found.neighbours,
        }
    )


class _Everything:
    """All atoms and residues of a file, which bury one another."""

    def __init__(self, chosen: ChosenChains) -> None:
        from scipy.spatial import cKDTree

        chains = chosen.structure.chains
        self.places = np.concatenate([a for c in chains for a in c.coordinates])
        self.radii = np.array(
            [_radius(name) for c in chains for names in c.atom_names for name in names]
        )
        sizes = [len(atoms) for c in chains for atoms in c.coordinates]
        self.starts = np.cumsum([0, *sizes])
        lengths = np.cumsum([0, *(len(c.letters) for c in chains)])
        self.first = {id(c): int(k) for c, k in zip(chains, lengths, strict=False)}
        self.chain_numbers = np.repeat(np.arange(len(chains)), np.diff(lengths))
        self.tree = cKDTree(np.concatenate([c.anchor_places for c in chains]))

    def relative(self, chain: Chain, residues: NDArray[np.intp]) -> NDArray[np.float64]:
        """Return areas of residues of a chain, each over its largest."""
        if not len(residues):
            return np.empty(0)
        ranges = [
            np.arange(self.starts[k], self.starts[k + 1])
            for k in residues + self.first[id(chain)]
        ]
        areas = solvent_areas(self.places, self.radii, np.concatenate(ranges))
        owners = np.repeat(np.arange(len(residues)), [len(each) for each in ranges])
        largest = np.array([MAXIMA[chain.letters[k]] for k in residues])
        return np.asarray(np.bincount(owners, areas, len(residues)) / largest)

    def neighbours(
        self, chain: Chain, residues: NDArray[np.intp]
    ) -> NDArray[np.float64]:
        """Return how many other residues are near, by the atoms that stand for them."""
        counts = self.tree.query_ball_point(
            chain.anchor_places[residues],
            MAX_NEIGHBOUR_DISTANCE + 1e-9,
            return_length=True,
        )
        return np.asarray(counts, np.float64) - 1

    def notes(self) -> list[str]:
        """Return a clause on chains that are in one place, as superposed ones are."""
        pairs = self.tree.query_pairs(MAX_SUPERPOSED_DISTANCE, output_type="ndarray")
        of_pairs = self.chain_numbers[pairs]
        count = len(np.unique(pairs[of_pairs[:, 0] != of_pairs[:, 1]]))
        if count < MIN_SUPERPOSED:
            return []
        return [
            f"{_counted(count)} of two chains in one place bury each other: keep one "
            "of superposed structures"
        ]


def _radius(name: str) -> float:
    if name in END_OXYGENS:
        return BACKBONE_RADII["O"]
    return BACKBONE_RADII.get(name, SIDE_CHAIN_RADIUS)


def _complete(chain: Chain) -> NDArray[np.bool_]:
    """Tell which residues have all heavy atoms of a standard one."""
    return np.array(
        [
            letter in SIDE_CHAIN_ATOMS
            and {"N", "CA", "C"} <= set(names)
            and any(name in ("O", *END_OXYGENS) for name in names)
            and sum(name not in (*BACKBONE_RADII, *END_OXYGENS) for name in names)
            >= SIDE_CHAIN_ATOMS[letter]
            for letter, names in zip(chain.letters, chain.atom_names, strict=True)
        ],
        dtype=bool,
    )


def _check_complete(
    chosen: ChosenChains, complete: Sequence[NDArray[np.bool_]]
) -> None:
    there = np.concatenate([each.sites[each.sites >= 0] for each in chosen.used])
    n_complete = sum(
        int(whole[each.sites[each.sites >= 0]].sum())
        for each, whole in zip(chosen.used, complete, strict=True)
    )
    if n_complete < MIN_COMPLETE * len(there):
        raise StructureError(
            chosen.path,
            f"only {n_complete} of {len(there)} residues at sites have all their heavy "
            "atoms, so solvent accessibility cannot be had from it; give a structure "
            "with side chains",
        )


def _mean(values: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Return the mean of what is known, NaN where nothing is."""
    table = np.array(values)
    known = ~np.isnan(table)
    sums = np.where(known, table, 0.0).sum(axis=0)
    counts = known.sum(axis=0)
    means = np.full(table.shape[1], np.nan)
    np.divide(sums, counts, out=means, where=counts > 0)
    return means


def _notes(
    chosen: ChosenChains,
    complete: Sequence[NDArray[np.bool_]],
    confident: Sequence[NDArray[np.bool_]],
) -> tuple[str, ...]:
    low, partial = 0, 0
    for each, whole, sure in zip(chosen.used, complete, confident, strict=True):
        there = each.sites[each.sites >= 0]
        low += int((~sure[there]).sum())
        partial += int((sure[there] & ~whole[there]).sum())
    notes = []
    if low:
        notes.append(f"{_counted(low)} of pLDDT below {MIN_CONFIDENCE:g} left out")
    if partial:
        notes.append(f"{_counted(partial)} without all heavy atoms left out")
    return tuple(notes)


def _counted(count: int) -> str:
    return f"{count} residue{'s' if count > 1 else ''}"
