"""The matched temperature of a model, found and kept."""

from __future__ import annotations

from dataclasses import replace

from pottsfold.alignment import Alignment
from pottsfold.commands.console import sampling_progress, say
from pottsfold.landscape.temperature import match_temperature
from pottsfold.memory import check_memory
from pottsfold.model import Fit
from pottsfold.provenance import Stopwatch, recorded_name
from pottsfold.sampling.table import table_bytes
from pottsfold.threads import Workers, chosen_threads


def matched(fit: Fit, family: Alignment, seed: int, threads: int | None) -> Fit:
    """Return a fit with its matched temperature, and say how it was found.

    Parameters
    ----------
    fit : Fit
        The model.
    family : Alignment
        Natural sequences at its sites, with weights.
    seed : int
        Random seed.
    threads : int, optional
        Number of threads, all cores by default.

    Raises
    ------
    MemoryShort
        If the chains' table and a second model do not fit.
    UsageError
        If no temperature matches.
    """
    model, clock = fit.model, Stopwatch()
    check_memory(
        table_bytes(model) + model.couplings.nbytes,
        "leave out `match_temperature`, or use a larger machine",
    )
    with Workers(chosen_threads(threads)) as workers, sampling_progress() as progress:
        found = match_temperature(
            model, family, seed=seed, workers=workers, progress=progress
        )
    natural, sampled = found.natural, found.sampled
    say(found.verdict)
    say(
        f"at {found.temperature:g}: energies {sampled.energy:.1f} nats, natural "
        f"{natural.energy:.1f}; pairwise identity {sampled.identity:.1%}, natural "
        f"{natural.identity:.1%}; {clock.cpu_seconds:.1f} CPU s"
    )
    source = family.source
    name = recorded_name(source.path) if source.path else "an alignment"
    how = (
        f"{found.verdict}; {family.n_sequences} natural sequences of "
        f"{name}, sha256 {source.sha256[:12]}, seed {seed}"
    )
    return Fit(
        replace(model, temperature=found.temperature),
        replace(fit.report, history=(*fit.report.history, how)),
    )
