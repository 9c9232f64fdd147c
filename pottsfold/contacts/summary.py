"""What a contact map says, in a few lines."""

from __future__ import annotations

from pottsfold.contacts.chain_alignment import alignment_lines
from pottsfold.contacts.chain_map import ChainMap
from pottsfold.contacts.coupling_map import CouplingMap, ranked_pairs
from pottsfold.contacts.precision import (
    CONTACT_DISTANCE,
    SEPARATIONS,
    ContactPrecision,
    contact_precision,
)
from pottsfold.contacts.ranking import DEFAULT_SEPARATION

SAID_OF_EACH = ("L/5", "L/2", "L")


def contacts_summary_lines(
    coupling: CouplingMap, chain: ChainMap | None = None, *, count: int = 10
) -> list[str]:
    """Return the mapping, the precision and the strongest pairs as lines of text.

    Parameters
    ----------
    coupling : CouplingMap
        Of L sites.
    chain : ChainMap, optional
        The same sites in a structure; without it only the pairs are told.
    count : int
        Pairs to list, of residues at least 6 apart.
    """
    lines = []
    if chain is not None:
        precisions = [
            contact_precision(
                coupling.scores,
                chain.distances,
                coupling.numbering.positions,
                separation=separation,
            )
            for separation in SEPARATIONS
        ]
        lines += [str(chain), *mapping_lines(coupling, chain)]
        every_pair = coupling.is_complete
        lines.append(precision_line(precisions[0], every_pair=every_pair))
        lines += _precision_table(precisions)
        lines += _interface_lines(coupling, chain, precisions[0].n_sites)
    return lines + _strongest_lines(coupling, chain, count)


def mapping_lines(coupling: CouplingMap, chain: ChainMap) -> list[str]:
    """Return the focus above the chain wherever they differ, as lines of text."""
    if not chain.chains:
        return []
    first = chain.chains[0]
    return alignment_lines(
        coupling.letters, coupling.numbering.positions, first.letters, first.numbers
    )


def precision_line(precision: ContactPrecision, *, every_pair: bool = True) -> str:
    """Return precision at L/5, L/2 and L, and what it was judged on, as one line.

    ``every_pair`` tells whether every pair of sites had a score.
    """
    why = "no residue" if every_pair else "no residue or no couplings"
    depths = ", ".join(
        f"{top.depth} {top.precision:.3f} ({top.n_contacts} of {top.n_pairs})"
        for top in map(precision.at, SAID_OF_EACH)
    )
    return (
        f"precision {depths}; L = {precision.n_sites}, |i - j| >= "
        f"{precision.separation}, {precision.n_contacts} contacts in "
        f"{precision.n_pairs} pairs, {precision.n_left_out} pairs left out: {why}"
    )


def _precision_table(precisions: list[ContactPrecision]) -> list[str]:
    lines = ["precision at  " + "".join(f"{top.depth:>7}" for top in precisions[0].top)]
    for precision in precisions:
        shown = "".join(f"{top.precision:>7.3f}" for top in precision.top)
        lines.append(f"|i - j| >= {precision.separation:<3}{shown}")
    return lines


def _interface_lines(coupling: CouplingMap, chain: ChainMap, n_sites: int) -> list[str]:
    """Return how many of the top L pairs touch, but not within a chain."""
    if chain.distances_inter is None:
        return []
    table = ranked_pairs(coupling, separation=DEFAULT_SEPARATION, chain=chain)
    top = table.dropna(subset="distance").head(n_sites)
    between = top["contact"] & ~(top["distance_intra"] < CONTACT_DISTANCE)
    return [f"top {len(top)} pairs: {between.sum()} in contact between chains only"]


def _strongest_lines(
    coupling: CouplingMap, chain: ChainMap | None, count: int
) -> list[str]:
    distances = None if chain is None else chain.distances
    table = ranked_pairs(
        coupling, separation=DEFAULT_SEPARATION, distances=distances
    ).head(count)
    first = [f"{aa}{i}" for aa, i in zip(table["aa_i"], table["i"], strict=True)]
    second = [f"{aa}{j}" for aa, j in zip(table["aa_j"], table["j"], strict=True)]
    width = max(map(len, [*first, *second, "j"]))
    title = f"strongest pairs (|i - j| >= {DEFAULT_SEPARATION})"
    lines = [title, f"{'rank':>4}  {'i':<{width}}  {'j':<{width}}  {'score':>7}"]
    for k, (one, other, score) in enumerate(
        zip(first, second, table["score"], strict=True), start=1
    ):
        lines.append(f"{k:>4}  {one:<{width}}  {other:<{width}}  {score:>7.3f}")
    if distances is None:
        return lines
    lines[1] += f"  {'distance':>10}"
    for k, apart in enumerate(table["distance"]):
        lines[k + 2] += "  no residue" if apart != apart else f"  {apart:>8.1f} A"
        if apart == apart:
            lines[k + 2] += "" if table["contact"].iloc[k] else "  apart"
    return lines
