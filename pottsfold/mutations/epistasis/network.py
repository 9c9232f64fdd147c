"""The strongest epistasis as a network of sites."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


def network_table(pairs: pd.DataFrame) -> pd.DataFrame:
    """Return the edges between sites that a table of pairs holds.

    The nodes are sites, named by wild-type letter and position (``A23``); two are
    joined by an edge if the table has a pair of substitutions of theirs. Undirected.

    Parameters
    ----------
    pairs : DataFrame
        From :func:`pottsfold.mutations.epistasis.epistasis_table`.

    Returns
    -------
    DataFrame
        Columns ``source, target`` (the lower position first), ``weight`` (the
        strongest |epistasis|, in nats), ``epistasis`` (the mean over the pairs, with
        its sign), ``n_pairs`` (pairs in the table) and ``n_sign`` (those of sign or
        reciprocal sign epistasis), in falling order of weight. This is what
        ``networkx.from_pandas_edgelist(table, edge_attr=True)``, igraph's
        ``Graph.DataFrame(table, directed=False, use_vids=False)`` and Cytoscape's
        import of a network read.
    """
    places = [pairs["position_1"], pairs["position_2"]]
    edges = (
        pairs.assign(
            source=pairs["mutant_1"].str[:-1],
            target=pairs["mutant_2"].str[:-1],
            size=pairs["epistasis"].abs(),
            turned=pairs["type"].str.endswith("sign"),
        )
        .groupby(places, sort=True)
        .agg(
            source=("source", "first"),
            target=("target", "first"),
            weight=("size", "max"),
            epistasis=("epistasis", "mean"),
            n_pairs=("size", "count"),
            n_sign=("turned", "sum"),
        )
    )
    return edges.sort_values(
        "weight", ascending=False, kind="stable", ignore_index=True
    )
