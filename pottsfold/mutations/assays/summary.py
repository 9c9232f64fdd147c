"""Agreement with an assay in a few lines for people."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from pottsfold.mutations.assays.agreement import ALL, CEILING, PART, SCORES

if TYPE_CHECKING:
    import pandas as pd

CLASSES = {
    "1": "1 mutation",
    "2": "2 mutations",
    "3+": "3 or more",
    ALL: "all",
    PART: "partial",
}
FIRST, COUNT, NUMBER = 13, 9, 23


def agreement_lines(table: pd.DataFrame) -> list[str]:
    """Return the Spearman correlations of an agreement table as aligned text.

    Parameters
    ----------
    table : DataFrame
        From :func:`pottsfold.mutations.assays.agreement_table`.
    """
    cells = {(row["n_mutations"], row["score"]): row for row in _rows(table)}
    rows = {
        name: [cells[name, score] for score in SCORES]
        for name in CLASSES
        if (name, SCORES[0]) in cells
    }
    # Minus signs take room.
    widest = max((len(_interval(r)) for row in rows.values() for r in row), default=0)
    width = max(NUMBER, widest + 1)
    lines = [
        f"{'Spearman':<{FIRST}}{'n':>{COUNT}}  "
        + "".join(f"{score:<{width}}" for score in SCORES).rstrip()
    ]
    lines += [
        f"{CLASSES[name]:<{FIRST}}{row[0]['n']:>{COUNT}}  "
        + "".join(f"{_interval(r):<{width}}" for r in row).rstrip()
        for name, row in rows.items()
    ]
    if ("2", CEILING) in cells:
        most = cells["2", CEILING]
        lines.append(
            f"ceiling: the sum of the two measured singles ranks {most['n']} doubles "
            f"at {_interval(most)}"
        )
    return lines


def epistasis_lines(table: pd.DataFrame) -> list[str]:
    """Return an epistasis table in words; no line for an empty one.

    Parameters
    ----------
    table : DataFrame
        From :func:`pottsfold.mutations.assays.epistasis_agreement_table`.
    """
    return list(_epistasis_lines(table)) if len(table) else []


def _epistasis_lines(table: pd.DataFrame) -> Iterator[str]:
    rows = {row["quantity"]: row for row in _rows(table)}
    for which in ("", "_strongest"):
        corrected, raw = (
            rows[f"spearman_{kind}{which}"] for kind in ("corrected", "raw")
        )
        pairs = "strongest predicted pairs" if which else "pairs with measured singles"
        yield (
            f"epistasis, {corrected['n']} {pairs}: Spearman {_interval(corrected)}, "
            f"corrected for assay nonlinearity; raw {raw['value']:.3f}"
        )
    for sign in ("positive", "negative"):
        row = rows[f"mean_{sign}"]
        if row["n"]:
            yield (
                f"the {row['n']} pairs predicted most {sign}: mean measured epistasis "
                f"{row['value']:+.2f} SD (chance {row['null_low']:+.2f} to "
                f"{row['null_high']:+.2f})"
            )


def _rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(k): v for k, v in row.items()} for row in table.to_dict("records")]


def _interval(row: dict[str, Any]) -> str:
    value = row["spearman"] if "spearman" in row else row["value"]
    if math.isnan(value):
        return "not defined"
    return f"{value:.3f} ({row['low']:.3f} to {row['high']:.3f})"
