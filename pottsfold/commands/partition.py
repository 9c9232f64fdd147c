"""``pottsfold partition``: log-likelihoods and the entropy of a model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pottsfold.alignment import Alignment
from pottsfold.commands.console import sampling_progress, say
from pottsfold.commands.paths import InputFile, TableOutput
from pottsfold.errors import UsageError
from pottsfold.landscape.partition import (
    AnnealedPartition,
    complete,
    estimate_log_partition,
    independent_log_likelihoods,
    log_likelihoods,
    weighted_mean,
)
from pottsfold.landscape.partition.annealing import N_CHAINS
from pottsfold.memory import MIB, check_memory, in_gib, peak_memory
from pottsfold.model import PottsModel, energy, load_fit
from pottsfold.model.sites import natural_sequences
from pottsfold.provenance import Stopwatch
from pottsfold.sampling.table import table_bytes
from pottsfold.tables.writing import write_table
from pottsfold.threads import Workers, chosen_threads

if TYPE_CHECKING:
    import pandas as pd

# Bytes of a chain beside its letters: states, energies of a stretch of steps, weights.
BYTES_PER_CHAIN = 600
# Of kernels when they are loaded, with what they call.
KERNELS = 65 * MIB


def partition(
    model: InputFile,
    *,
    alignment: InputFile | None = None,
    output: TableOutput | None = None,
    chains: int = N_CHAINS,
    steps: int | None = None,
    temperature: float = 1.0,
    seed: int = 0,
    threads: int | None = None,
) -> None:
    """Find the partition function of a model, its entropy, and log-likelihoods.

    By annealed importance sampling from independent sites; the verdict says whether to
    trust it. Everything is in nats.

    Parameters
    ----------
    model
        Model file.
    alignment
        Sequences whose log-likelihoods are wanted: the alignment that was given to
        fit, or another one of the same columns.
    output
        Table of the sequences, ending in .csv, .tsv or .parquet; - is standard output.
    chains
        Number of chains.
    steps
        Steps from independent sites to the model (default: as many as a standard error
        of 0.02 nats needs, 6,400 at most).
    temperature
        1 is the model's own.
    seed
        Random seed.
    threads
        Number of threads (default: all cores). Results do not depend on it.
    """
    if output is not None and alignment is None:
        raise UsageError(
            "holds sequences; give `alignment` too", parameter="output", value=output
        )
    clock = Stopwatch()
    potts = load_fit(model).model
    # Read before the work: what is wrong with it shall not wait.
    family = None if alignment is None else natural_sequences(potts, alignment, threads)
    for sentence in () if family is None else family.history:
        say(f"{alignment}: {sentence}")
    if family is not None and not complete(potts, family.codes).any():
        raise UsageError(
            f"{alignment}: none of its {family.n_sequences} sequences has a letter of "
            "the model at every site; fit with --gaps state, or leave it out"
        )
    _check_memory(potts, chains)
    with Workers(chosen_threads(threads)) as workers, sampling_progress() as progress:
        found = estimate_log_partition(
            potts,
            chains=chains,
            steps=steps,
            temperature=temperature,
            seed=seed,
            workers=workers,
            progress=progress,
            announce=lambda plan: say(f"plan: {plan}"),
        )
    lines = _lines(found)
    table = None
    if family is not None:
        table = _table(potts, family, found)
        lines += _likelihood_lines(potts, family, table)
    # The table has standard output to itself.
    for line in lines:
        say(line) if output == "-" else print(line)
    say(f"{found.verdict}; {clock.cpu_seconds:.1f} CPU s")
    if table is not None and output is not None:
        write_table(table, output)
        if output != "-":
            say(f"wrote {output}")


def _check_memory(model: PottsModel, chains: int) -> None:
    # A compact table is made from a copy in the zero-sum gauge; a plain one is larger.
    compact = table_bytes(model, compact=True) + model.couplings.nbytes
    needed = max(compact, table_bytes(model)) + chains * (
        3 * model.length + BYTES_PER_CHAIN
    )
    needed += KERNELS
    say(
        f"plan: {model.length} positions, {model.n_states} letters; "
        f"{in_gib(peak_memory(needed))}"
    )
    check_memory(needed, "reduce `chains`, or use a larger machine")


def _lines(found: AnnealedPartition) -> list[str]:
    """Return what is known of the model, one line a quantity."""
    per_site, power = found.entropy_per_site, found.log10_sequences
    return [
        f"log Z            {found.value:.3f} +- {found.error:.3f} nats",
        f"effective size   {found.effective_size:.0f} of {found.chains} chains, "
        f"{found.steps} steps",
        f"mean energy      {found.mean_energy:.2f} +- {found.mean_energy_error:.2f} "
        "nats",
        f"entropy          {found.entropy:.2f} +- {found.entropy_error:.2f} nats, "
        f"{per_site:.3f} a site: 10^{power:.1f} sequences",
    ]


def _table(
    model: PottsModel, family: Alignment, found: AnnealedPartition
) -> pd.DataFrame:
    """Return the sequences, a row each; incomplete ones have a reason, no numbers."""
    import pandas as pd

    codes = family.codes
    whole = complete(model, codes)
    unknown = (codes == model.alphabet.unknown).any(axis=1)
    reason = np.where(unknown, "unknown_letter", "gap_or_stop")
    return pd.DataFrame(
        {
            "name": pd.Series(family.names, dtype="str"),
            "energy": np.where(whole, energy(model, codes), np.nan),
            "log_likelihood": log_likelihoods(model, codes, found),
            "independent": independent_log_likelihoods(model, codes),
            "weight": family.sequence_weights,
            "status": np.where(whole, "ok", "unscorable"),
            "reason": np.where(whole, "", reason),
        }
    )


def _likelihood_lines(
    model: PottsModel, family: Alignment, table: pd.DataFrame
) -> list[str]:
    """Return mean log-likelihoods, the model's beside the independent one's."""
    weights = family.sequence_weights
    lines = []
    for name, column in (
        ("log-likelihood", "log_likelihood"),
        ("independent", "independent"),
    ):
        values = table[column].to_numpy()
        if column == "independent" and np.isnan(values).all():
            lines.append("independent      not known: the model has no frequencies")
            continue
        mean = weighted_mean(values, weights)
        lines.append(
            f"{name:<16} {mean.value:.3f} +- {mean.error:.3f} nats a sequence, "
            f"{mean.value / model.length:.4f} a site"
        )
        if column == "log_likelihood":
            lines.append(
                f"sequences        {mean.n_sequences} (Neff {mean.neff:.1f}); "
                f"{mean.n_left_out} with missing letters left out"
            )
    return lines
