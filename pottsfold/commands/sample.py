"""``pottsfold sample``: new sequences from a model."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

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
from pottsfold.landscape.comparison.comparing import MIN_SEQUENCES
from pottsfold.memory import MIB, check_memory, in_gib, peak_memory
from pottsfold.model import PottsModel, load_fit
from pottsfold.model.sites import natural_sequences
from pottsfold.provenance import Stopwatch, recorded_name, run_of
from pottsfold.report.figures import save_figure
from pottsfold.sampling import (
    MOVES,
    Move,
    Sampler,
    Samples,
    Target,
    Tempering,
    draw_samples,
)
from pottsfold.sampling.conditions import allowed_letters, fixed_sites, read_sequences
from pottsfold.sampling.mixing import MIN_SWAPS
from pottsfold.sampling.output import Making, write_samples
from pottsfold.sampling.table import table_bytes
from pottsfold.tables.writing import write_table
from pottsfold.threads import Workers, chosen_threads

RANDOM = "random"
# Bytes for every letter of a sequence, itself and as text of the file that is written
# whole, and of a chain, while its first letters are drawn.
BYTES_OF_SEQUENCE, BYTES_OF_CHAIN = 4, 18
# Bytes of kernels when they are loaded, with what they call; and of the libraries and
# values of a comparison.
KERNELS, COMPARISON = 105 * MIB, 160 * MIB

# A hyphen is a letter: the gap.
Forbidden = Annotated[str | None, Parameter(allow_leading_hyphen=True)]
Count = Annotated[int, Parameter(name=["--number", "-n"])]
if TYPE_CHECKING:
    from pottsfold.inference.on_torch.devices import Device

    Algorithm = str
else:
    Algorithm = Literal[tuple(MOVES)]
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
    device: str | None = None,
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
        Number of sequences.
    output
        FASTA to write, ending in .fasta, .fa or either with .gz; - is standard output.
    temperature
        1 is the model's own; lower temperatures favour probable sequences. matched: the
        one that fit or convert found with --match-temperature.
    chains
        Number of chains (default: the square root of -n, at least 100; with tempering
        20 ladders of ten). If more sequences are asked for, each chain gives several,
        two autocorrelation times apart.
    sweeps
        Burn-in: updates of every position before the first sequence (default: until
        chains have mixed, 12,700 at most).
    seed
        Random seed.
    threads
        Number of threads (default: all cores). Results do not depend on it.
    device
        Move the chains by torch on cpu, cuda, cuda:N, mps or auto, the quickest there
        is; needs pip install 'pottsfold[torch]'. Worth it on a GPU and for thousands of
        chains. Default: pottsfold's own code on the CPU.
    start
        random, or a FASTA file of sequences to start from.
    anneal_from
        Anneal: start chains at this temperature and cool by 1 % a sweep to
        --temperature, before burn-in. At low temperatures chains from random sequences
        are otherwise trapped in poor ones.
    fix
        Positions that keep their letter, like 12,15-20: that of the focus sequence, or
        of the sequence a chain starts from.
    forbid
        Letters not to draw: everywhere (C), or at positions (12:P,15-20:DE); - is the
        gap.
    algorithm
        How chains move. tempering crosses barriers with the help of chains at up to
        twice the temperature.
    compare
        Compare samples with these natural sequences, an alignment as it was given to
        fit; each statistic is shown next to the value that held-out natural sequences
        reach.
    table
        The comparison as a table, ending in .csv, .tsv or .parquet.
    plot
        The comparison as a page of figures, ending in .png, .pdf or .svg.
    """
    if compare is None and (table is not None or plot is not None):
        raise UsageError("`table` and `plot` hold a comparison; give `compare` too")
    if number < 1:
        raise UsageError(
            "at least 1 sequence is needed", parameter="number", value=number
        )
    clock = Stopwatch()
    where = None if device is None else _device(device, algorithm)
    potts = load_fit(model).model
    # Of the file that was read: after hours it may be another one.
    model_sha256 = sha256_of(model)
    # Everything is read and checked before the work.
    natural = None if compare is None else natural_sequences(potts, compare, threads)
    for sentence in () if natural is None else natural.history:
        say(f"{compare}: {sentence}")
    if natural is not None and min(number, natural.n_sequences) < MIN_SEQUENCES:
        raise UsageError(
            f"at least {MIN_SEQUENCES} sequences on either side are needed",
            parameter="compare",
        )
    starts = None if start == RANDOM else _starts(potts, Path(start))
    _check_memory(potts, number, chains, natural)
    sampler = Sampler(
        _target(potts, fix, forbid),
        np.array([_temperature(potts, temperature)]),
        MOVES[algorithm]() if where is None else _move_on(where, algorithm),
    )
    threads = chosen_threads(threads)
    # The workers share the chains: threads of torch's own would be in their way.
    at_work = nullcontext() if where is None else where.at_work(1)
    with at_work, Workers(threads) as workers, sampling_progress() as progress:
        drawn = draw_samples(
            sampler,
            number,
            chains=chains,
            sweeps=sweeps,
            seed=seed,
            start=starts,
            anneal_from=anneal_from,
            workers=workers,
            progress=progress,
        )
    settings = {
        "number": number,
        "algorithm": algorithm,
        "temperatures": sampler.temperatures.tolist(),
        "device": device,
        "chains": drawn.diagnosis.n_chains,
        "sweeps": sweeps,
        "start": start if starts is None else recorded_name(start),
        "start_sha256": None if starts is None else sha256_of(Path(start)),
        "anneal_from": anneal_from,
        "fix": fix,
        "forbid": forbid,
    }
    wanted = float(sampler.temperatures[0])
    making = Making(model, model_sha256, wanted, seed, settings)
    write_samples(output, drawn, potts, making, run_of(clock, threads))
    _tell(drawn, sampler.temperatures, clock)
    if natural is not None:
        _compare(potts, natural, drawn, table, plot)
    if output != "-":
        say(f"wrote {output}")


def _device(name: str, algorithm: Algorithm) -> Device:
    """Return the device that chains are to move on.

    Raises
    ------
    UsageError
        If it is not there, torch is not installed, or the algorithm is another.
    """
    if algorithm == "metropolis":
        raise UsageError(
            "metropolis runs on the CPU alone; leave it out, or take gibbs",
            parameter="device",
            value=name,
        )
    from pottsfold.inference.on_torch import device_named

    return device_named(name)


def _move_on(device: Device, algorithm: Algorithm) -> Move:
    """Return how chains move on a device."""
    from pottsfold.inference.on_torch.chains import DeviceGibbs

    say(f"chains move on {device.title}")
    gibbs = DeviceGibbs(device)
    return Tempering(move=gibbs) if algorithm == "tempering" else gibbs


def _starts(model: PottsModel, path: Path) -> NDArray[np.uint8]:
    """Return the sequences to start from, and say how they were read."""
    starts, notes = read_sequences(path, model)
    for note in notes:
        say(f"{path}: {note}")
    unknown = int((starts == model.alphabet.unknown).sum())
    if unknown:
        say(f"{path}: {unknown} unknown letters, replaced by random ones")
    return starts


def _target(model: PottsModel, fix: str | None, forbid: str | None) -> Target:
    """Return the model with the conditions asked for."""
    return Target(
        model,
        None if fix is None else ~fixed_sites(model, fix),
        None if forbid is None else allowed_letters(model, forbid),
    )


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


def _temperature(model: PottsModel, temperature: Temperature) -> float:
    """Return the temperature asked for, and say if the model has a better one."""
    if temperature == MATCHED:
        if model.temperature is None:
            raise UsageError(
                "this model has none; find it: pottsfold convert MODEL OUT.potts "
                "--match-temperature ALIGNMENT",
                parameter="temperature",
                value=MATCHED,
            )
        say(f"temperature {model.temperature:g}, as matched to the family")
        return model.temperature
    if temperature == 1 and model.temperature is not None:
        say(
            f"samples of this model are most like its family at temperature "
            f"{model.temperature:g}: `temperature=matched`"
        )
    return float(temperature)


def _check_memory(
    model: PottsModel, number: int, chains: int | None, natural: Alignment | None
) -> None:
    """Say what sampling takes, and refuse it where that is too much."""
    table = table_bytes(model)
    letters = BYTES_OF_SEQUENCE * number + BYTES_OF_CHAIN * (chains or 0)
    needed = KERNELS + table + letters * model.length
    if natural is not None:
        needed += COMPARISON + 2 * natural.codes.nbytes
    say(
        f"plan: {number} sequences of {model.length} positions, {model.n_states} "
        f"letters; a table of {table / MIB:.0f} MiB beside the model, "
        f"{in_gib(peak_memory(needed))} in all"
    )
    check_memory(needed, "reduce `number` and `chains`, or use a larger machine")


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
