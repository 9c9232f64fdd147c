"""``pottsfold sample``: new sequences from a model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from cyclopts import Parameter
from numpy.typing import NDArray

from pottsfold.alignment import Alignment
from pottsfold.commands.console import sampling_progress, say
from pottsfold.commands.paths import (
    FigureOutput,
    FurtherTable,
    InputFile,
    SequenceOutput,
    TextOrFile,
)
from pottsfold.errors import UsageError
from pottsfold.files import sha256_of
from pottsfold.landscape import comparison
from pottsfold.landscape.comparison.comparing import FEWEST
from pottsfold.memory import check_memory
from pottsfold.model import PottsModel, load_fit
from pottsfold.model.sites import natural_sequences
from pottsfold.provenance import Stopwatch, run_of
from pottsfold.report.figures import save_figure
from pottsfold.sampling import Sampler, Samples, Target, draw_samples, ladder
from pottsfold.sampling.conditions import allowed_letters, fixed_sites, read_starts
from pottsfold.sampling.mixing import MIN_SWAPS
from pottsfold.sampling.output import Making, write_samples
from pottsfold.sampling.target import table_bytes
from pottsfold.tables.writing import write_table
from pottsfold.threads import Workers, chosen_threads

RANDOM = "random"
# Temperatures of parallel tempering: ten, up to twice the wanted one. Neighbours then
# swap in 58 to 74 % of the trials on PF00014 (51 sites), 30 to 51 % on DHFR (159).
RUNGS, HOTTEST = 10, 2.0

# A hyphen is a letter: the gap.
Forbidden = Annotated[str | None, Parameter(allow_leading_hyphen=True)]
Count = Annotated[int, Parameter(name=["--number", "-n"])]
Algorithm = Literal["gibbs", "metropolis", "tempering"]
MATCHED: Literal["matched"] = "matched"
Temperature = float | Literal["matched"]


def sample(
    model: InputFile,
    *,
    number: Count,
    output: SequenceOutput,
    temperature: Temperature = 1.0,
    chains: int | None = None,
    sweeps: int | None = None,
    seed: int = 0,
    threads: int | None = None,
    start: TextOrFile = RANDOM,
    anneal_from: float | None = None,
    fix: str | None = None,
    forbid: Forbidden = None,
    algorithm: Algorithm = "gibbs",
    compare: InputFile | None = None,
    table: FurtherTable | None = None,
    plot: FigureOutput | None = None,
) -> None:
    """Draw sequences from a model, P(x) ~ exp(-E(x) / T), and say whether they mixed.

    The same seed gives the same sequences, for any number of threads. Headers hold
    each one's energy, chain and sweep, temperature and seed, and the first digits of
    the model file's SHA-256; OUT.run.json beside the FASTA has the rest.

    Parameters
    ----------
    model
        Model file.
    number
        How many sequences.
    output
        FASTA to write, ending in .fasta, .fa or either with .gz; - is standard output.
    temperature
        1 is the model's own; lower ones keep to probable sequences. matched: the one
        that fit or convert found with --match-temperature.
    chains
        How many run side by side; by default the root of -n, at least 100 (tempering:
        20 ladders of ten). If more sequences are asked for, each chain gives several,
        two autocorrelation times apart.
    sweeps
        Visits of every position before the first sequence; by default as many as mixing
        takes, up to 12,700.
    seed
        Of the random numbers.
    threads
        Every core by default.
    start
        random, or a FASTA file of sequences to start from.
    anneal_from
        Start hot, at this temperature, and cool the chains, one sweep for every
        hundredth of it, before the sweeps at the wanted one. For low temperatures,
        where chains from random sequences are caught in poor ones.
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
    if compare is None and (table is not None or plot is not None):
        raise UsageError("`table` and `plot` hold a comparison; give `compare` too")
    if number < 1:
        raise UsageError(f"-n {number}: at least 1 sequence is needed")
    clock = Stopwatch()
    potts = load_fit(model).model
    # Read before the work: what is wrong with it shall not wait.
    natural = None if compare is None else natural_sequences(potts, compare, threads)
    for sentence in () if natural is None else natural.history:
        say(f"{compare}: {sentence}")
    if natural is not None and min(number, natural.n_sequences) < FEWEST:
        raise UsageError(f"--compare: at least {FEWEST} sequences on either side")
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
    wanted = _wanted(potts, temperature)
    temperatures = np.array([wanted])
    if algorithm == "tempering":
        # The temperature is checked before a ladder is built on it.
        Sampler(target, temperatures)
        temperatures = ladder(wanted, HOTTEST * wanted, RUNGS)
    move: Literal["gibbs", "metropolis"] = (
        "metropolis" if algorithm == "metropolis" else "gibbs"
    )
    threads = chosen_threads(threads)
    with Workers(threads) as workers, sampling_progress() as progress:
        drawn = draw_samples(
            Sampler(target, temperatures, move),
            number,
            chains=chains,
            sweeps=sweeps,
            seed=seed,
            start=starts,
            hottest=anneal_from,
            workers=workers,
            progress=progress,
        )
    settings = {
        "number": number,
        "algorithm": algorithm,
        "temperatures": temperatures.tolist(),
        "chains": drawn.diagnosis.n_chains,
        "sweeps": sweeps,
        "start": start,
        "start_sha256": None if starts is None else sha256_of(Path(start)),
        "anneal_from": anneal_from,
        "fix": fix,
        "forbid": forbid,
    }
    making = Making(model, sha256_of(model), wanted, seed, settings)
    write_samples(output, drawn, potts, making, run_of(clock, threads))
    _tell(drawn, temperatures, clock)
    if natural is not None:
        _compare(potts, natural, drawn, table, plot)
    if output != "-":
        say(f"wrote {output}")


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


def _wanted(model: PottsModel, temperature: Temperature) -> float:
    """Return the temperature asked for, and say if the model has a better one."""
    if temperature == MATCHED:
        if model.temperature is None:
            raise UsageError(
                "--temperature matched: this model has none; find it: pottsfold "
                "convert MODEL OUT.potts --match-temperature ALIGNMENT"
            )
        say(f"temperature {model.temperature:g}, as matched to the family")
        return model.temperature
    if temperature == 1 and model.temperature is not None:
        say(
            f"samples of this model are most like its family at temperature "
            f"{model.temperature:g}: --temperature matched"
        )
    return float(temperature)


def _check_memory(model: PottsModel) -> None:
    needed = table_bytes(model)
    say(
        f"{model.length} positions, {model.n_states} letters; a table of "
        f"{needed / 2**20:.0f} MiB beside the model"
    )
    check_memory(needed, "close other programs, or take a larger machine")


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
        low = diagnosis.swaps.min() < MIN_SWAPS
        say(
            f"swaps between temperatures {temperatures[0]:g} to {temperatures[-1]:g}: "
            + rates
            + ("; some rungs hardly swap, so the ladder helps little" if low else "")
        )
    say(diagnosis.verdict)
