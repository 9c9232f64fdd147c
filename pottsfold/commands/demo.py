"""``pottsfold demo``: a complete analysis, from an alignment to figures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pottsfold.alignment import read_alignment, reweight
from pottsfold.commands.console import progress_bar, say
from pottsfold.commands.fit import tell
from pottsfold.contacts import (
    contacts_summary_lines,
    coupling_map,
    map_structure,
    ranked_pairs,
)
from pottsfold.datasets import Family, dhfr_family, planted_family
from pottsfold.errors import OutputError
from pottsfold.files import check_writable
from pottsfold.inference.methods import Pseudolikelihood
from pottsfold.model import Fit, PottsModel, save_fit
from pottsfold.mutations import scan_table
from pottsfold.provenance import Stopwatch
from pottsfold.report.figures import save_figure
from pottsfold.tables.writing import write_table

if TYPE_CHECKING:
    import pandas as pd

FAMILIES = {"planted": planted_family, "dhfr": dhfr_family}


def demo(
    *,
    family: Literal["planted", "dhfr"] = "planted",
    folder: Path = Path("demo-output"),
    threads: int | None = None,
) -> None:
    """Run a complete analysis of an example family.

    Fits a model, ranks contacts and compares them with a structure, scores every
    single substitution, and draws both.

    Parameters
    ----------
    family
        planted: a small synthetic family with known contacts. dhfr: dihydrofolate
        reductase, which needs the extra "demo".
    folder
        Folder for the results; created if it does not exist.
    threads
        Number of threads (default: all cores). Results do not depend on it.
    """
    chosen = FAMILIES[family]()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder}: cannot be made ({error.strerror})") from error
    check_writable(folder / "model.potts")
    say(chosen.title)
    fit = _fit(chosen, threads)
    save_fit(folder / "model.potts", fit)
    _contacts(fit.model, chosen, folder)
    _mutations(fit.model, folder)
    print(f"\nmodel, tables and figures are in {folder}")


def _fit(family: Family, threads: int | None) -> Fit:
    alignment = reweight(
        read_alignment(family.alignment, focus=family.focus), threads=threads
    )
    tell(alignment)
    clock = Stopwatch()
    with progress_bar("fitting", " steps") as progress:
        fit = Pseudolikelihood().fit(alignment, threads=threads, progress=progress)
    report = fit.report
    print(
        f"fitted in {report.n_evaluations} evaluations, {clock.seconds:.1f} s; "
        f"{report.stopped_because}"
    )
    return fit


def _contacts(model: PottsModel, family: Family, folder: Path) -> None:
    from pottsfold.report.contact_map import contact_map_figure

    coupling = coupling_map(model)
    chain = map_structure(model, family.structure, family.chain)
    write_table(
        ranked_pairs(coupling, distances=chain.distances), str(folder / "contacts.csv")
    )
    save_figure(folder / "contact_map.png", contact_map_figure(coupling, chain))
    print("\n".join(["", *contacts_summary_lines(coupling, chain)]))


def _mutations(model: PottsModel, folder: Path) -> None:
    from pottsfold.report.mutation_heatmap import mutation_heatmap_figure

    scan = scan_table(model)
    write_table(scan, str(folder / "scan.csv"))
    heatmap = mutation_heatmap_figure(scan, model.alphabet, model.focus_name)
    save_figure(folder / "mutations.png", heatmap)
    order = scan.sort_values("log_odds", kind="stable")
    print("\nlog-odds of single substitutions, in nats; negative is harmful")
    print("  lowest   " + _listed(order.head(5)))
    print("  highest  " + _listed(order.tail(5)[::-1]))


def _listed(rows: pd.DataFrame) -> str:
    pairs = zip(rows["mutant"], rows["log_odds"], strict=True)
    return ", ".join(f"{mutant} {value:.2f}" for mutant, value in pairs)
