"""``pottsfold sample``: new sequences from a model."""

from __future__ import annotations

import gzip
import re
import sys
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from cyclopts import Parameter
from numpy.typing import NDArray

from pottsfold.alignment import Alignment, reweight
from pottsfold.commands.console import sampling_progress, say
from pottsfold.commands.options import TableOutput
from pottsfold.errors import UsageError
from pottsfold.files import check_writable, written_whole
from pottsfold.inference.memory import check_memory
from pottsfold.model import PottsModel, load_fit
from pottsfold.mutations.family import read_family
from pottsfold.provenance import Stopwatch
from pottsfold.report.figures import check_figure_path, save_figure
from pottsfold.report.tables import check_table_path, write_table
from pottsfold.sampling import (
    Sampler,
    Samples,
    Target,
    comparison,
    draw_samples,
    ladder,
)
from pottsfold.sampling.conditions import allowed_letters, fixed_sites, read_starts
from pottsfold.sampling.mixing import LEAST_SWAPS
from pottsfold.sampling.target import table_bytes
from pottsfold.threads import Workers, chosen_threads

ENDINGS = (".fasta", ".fa", ".fasta.gz", ".fa.gz")
RANDOM = "random"
# Temperatures of parallel tempering: ten, up to twice the wanted one. Neighbours then
# swap in 58 to 74 % of the trials on PF00014 (51 sites), 30 to 51 % on DHFR (159).
RUNGS, HOTTEST = 10, 2.0
LETTERS_A_LINE = 60

# A hyphen is a letter: the gap.
Forbidden = Annotated[str | None, Parameter(allow_leading_hyphen=True)]
Count = Annotated[int, Parameter(name=["--number", "-n"])]
Algorithm = Literal["gibbs", "metropolis", "tempering"]


def sample(
    model: Path,
    *,
    number: Count,
    output: TableOutput,
    temperature: float = 1.0,
    chains: int | None = None,
    sweeps: int | None = None,
    seed: int = 0,
    threads: int | None = None,
    start: str = RANDOM,
    fix: str | None = None,
    forbid: Forbidden = None,
    algorithm: Algorithm = "gibbs",
    compare: Path | None = None,
    table: str | None = None,
    plot: Path | None = None,
) -> None:
    """Draw sequences from a model, P(x) ~ exp(-E(x) / T), and say whether they mixed.

    The same seed gives the same sequences, for any number of threads. Headers hold
    each one's energy, chain and sweep.

    Parameters
    ----------
    model
        Model file.
    number
        How many sequences.
    output
        FASTA to write, ending in .fasta, .fa or either with .gz; - is standard output.
    temperature
        1 is the model's own; lower ones keep to probable sequences.
    chains
        How many run side by side; by custom 200 (tempering: 20 ladders of ten). If
        more sequences are asked for, each chain gives several, two autocorrelation
        times apart.
    sweeps
        Visits of every position before the first sequence; by custom as many as mixing
        takes, up to 12,700.
    seed
        Of the random numbers.
    threads
        Every core by custom.
    start
        random, or a FASTA file of sequences to start from.
    fix
        Positions that keep their letter, like 12,15-20: that of the focus sequence, or
        of the sequence a chain starts from.
    forbid
        Letters not to draw: everywhere (C), or at positions (12:P,15-20:DE); - is the
        gap.
    algorithm
        How chains move; tempering crosses barriers with the help of chains at up to
        twice the temperature.
    compare
        Alignment of natural sequences, as it was given to fit: say how alike the
        samples are, beside what natural sequences reach in their place.
    table
        The comparison as a table, ending in .csv, .tsv or .parquet.
    plot
        The comparison as a page of figures, ending in .png, .pdf or .svg.
    """
    _check_output(output)
    _check_comparison(compare, table, plot)
    if number < 1:
        raise UsageError(f"-n {number}: at least 1 sequence is needed")
    clock = Stopwatch()
    potts = load_fit(model).model
    # Read before the work: what is wrong with it shall not wait.
    natural = None if compare is None else reweight(read_family(potts, compare))
    starts = None
    if start != RANDOM:
        starts, unknown = read_starts(Path(start), potts)
        if unknown:
            say(f"{start}: {unknown} unknown letters start as random ones")
    _check_memory(potts)
    target = Target(
        potts,
        None if fix is None else ~fixed_sites(potts, fix),
        None if forbid is None else allowed_letters(potts, forbid),
    )
    temperatures = np.array([temperature])
    if algorithm == "tempering":
        # The temperature is checked before a ladder is built on it.
        Sampler(target, temperatures)
        temperatures = ladder(temperature, HOTTEST * temperature, RUNGS)
    move: Literal["gibbs", "metropolis"] = (
        "metropolis" if algorithm == "metropolis" else "gibbs"
    )
    with Workers(chosen_threads(threads)) as workers, sampling_progress() as progress:
        drawn = draw_samples(
            Sampler(target, temperatures, move),
            number,
            chains=chains,
            sweeps=sweeps,
            seed=seed,
            start=starts,
            workers=workers,
            progress=progress,
        )
    facts = f"model={_word(model.stem)} temperature={temperature:g} seed={seed}"
    _write(output, drawn, potts, facts)
    _tell(drawn, temperatures, clock)
    if natural is not None:
        _compare(potts, natural, drawn, table, plot)
    if output != "-":
        say(f"wrote {output}")


def _check_output(output: str) -> None:
    if output == "-":
        return
    if not output.endswith(ENDINGS):
        raise UsageError(f"{output}: end it in {' '.join(ENDINGS)}")
    check_writable(output)


def _check_comparison(
    compare: Path | None, table: str | None, plot: Path | None
) -> None:
    if compare is None and (table is not None or plot is not None):
        raise UsageError("--table and --plot hold a comparison; give --compare too")
    if table is not None:
        check_table_path(table)
    if plot is not None:
        check_figure_path(plot)


def _compare(
    model: PottsModel,
    natural: Alignment,
    drawn: Samples,
    table: str | None,
    plot: Path | None,
) -> None:
    """Say how alike samples and natural sequences are; write and draw it if asked."""
    found = comparison.compare(model, natural, drawn.codes)
    for line in comparison.comparison_lines(found):
        say(line)
    if table is not None:
        write_table(comparison.comparison_table(found), table)
        say(f"wrote {table}")
    if plot is not None:
        # Matplotlib takes a while to import, so only for who wants a figure.
        from pottsfold.report.sample_figures import comparison_figure

        save_figure(plot, comparison_figure(found, model.focus_name))
        say(f"wrote {plot}")


def _check_memory(model: PottsModel) -> None:
    needed = table_bytes(model)
    say(
        f"{model.length} positions, {model.n_states} letters; a table of "
        f"{needed / 2**20:.0f} MiB beside the model"
    )
    check_memory(needed, "close other programs, or take a larger machine")


def _word(text: str) -> str:
    """Return a text as one word of a header."""
    return re.sub(r"\s+", "_", text)


def _write(output: str, drawn: Samples, model: PottsModel, facts: str) -> None:
    """Write the FASTA whole, or to standard output."""
    text = _fasta(drawn, model, facts)
    if output == "-":
        sys.stdout.write(text)
        return
    with written_whole(output) as beside:
        data = text.encode("ascii", "replace")
        if output.endswith(".gz"):
            # Neither name nor time: equal sequences make equal files.
            data = gzip.compress(data, mtime=0)
        beside.write_bytes(data)


def _fasta(drawn: Samples, model: PottsModel, facts: str) -> str:
    lines = []
    for k, row in enumerate(drawn.codes):
        lines.append(
            f">sample_{k + 1} energy={drawn.energies[k]:.4f} "
            f"chain={drawn.chains[k] + 1} sweep={drawn.sweeps[k]} {facts}"
        )
        letters = model.alphabet.decode(row)
        lines += [
            letters[a : a + LETTERS_A_LINE]
            for a in range(0, len(letters), LETTERS_A_LINE)
        ]
    return "\n".join(lines) + "\n"


def _tell(drawn: Samples, temperatures: NDArray[np.float64], clock: Stopwatch) -> None:
    """Say how the sequences came about, and whether to trust them."""
    diagnosis = drawn.diagnosis
    spread = f"energies {drawn.energies.mean():.2f} +- {drawn.energies.std():.2f} nats"
    say(
        f"{len(drawn.codes)} sequences from {diagnosis.n_chains} chains after "
        f"{drawn.sweeps[0]} sweeps, {drawn.spacing} sweeps apart in a chain; {spread}; "
        f"{clock.cpu_seconds:.1f} CPU s"
    )
    if diagnosis.time:
        times = (f"{name} {time:.0f}" for name, time in diagnosis.time.items())
        say(f"autocorrelation times in sweeps: {', '.join(times)}")
    if len(diagnosis.swaps):
        rates = " ".join(f"{rate:.2f}" for rate in diagnosis.swaps)
        low = diagnosis.swaps.min() < LEAST_SWAPS
        say(
            f"swaps between temperatures {temperatures[0]:g} to {temperatures[-1]:g}: "
            + rates
            + ("; some rungs hardly swap, so the ladder helps little" if low else "")
        )
    say(diagnosis.verdict)
