"""``pottsfold info``: what a model file holds and how it was made."""

from __future__ import annotations

from pottsfold.commands.paths import InputFile
from pottsfold.commands.wording import as_options
from pottsfold.errors import shown, visible
from pottsfold.model import ModelHeader, read_header


def info(model: InputFile) -> None:
    """Show what is in a model file and how it was made.

    Parameters
    ----------
    model
        Model file of pottsfold or of another program.
    """
    # A file may say anything.
    lines = map(visible, _lines(read_header(model)))
    print(as_options("\n".join(lines)))


def _temperature(header: ModelHeader) -> str:
    """Return the matched temperature, and where to read how it was found."""
    if header.temperature is None:
        return "none matched"
    return f"{header.temperature:g} matched; how: see history"


def _pairs(header: ModelHeader) -> list[str]:
    """Return how many pairs have couplings, where not all of them do."""
    if header.n_pairs is None:
        return []
    of = header.length * (header.length - 1) // 2
    mean = 2 * header.n_pairs / header.length
    return [
        f"pairs        {header.n_pairs} of {of} have couplings, {mean:.1f} partners a "
        "site"
    ]


def _lines(header: ModelHeader) -> list[str]:
    report = header.report
    made, run = report.provenance, report.run
    method = report.method
    if report.stopped_because:  # a foreign file does not say how its fit ended
        end = "converged" if report.converged else "NOT converged"
        method += f", {end} ({report.stopped_because})"
    neff = (
        "not known"
        if not header.neff
        else f"{header.neff:.1f}, Neff/L " + (f"{header.neff / header.length:.2f}")
    )
    settings = ", ".join(f"{name} {value}" for name, value in report.settings.items())
    lines = [
        f"model        {header.path}",
        f"method       {method}",
        f"sites        {header.length}, alphabet {header.alphabet.name} "
        f"{header.alphabet.letters}",
        *_pairs(header),
        f"focus        {shown(header.focus_name or 'none')}",
        f"gaps         {header.gaps}; gauge {header.gauge}",
        f"temperature  {_temperature(header)}",
        f"sequences    {report.n_sequences or 'not known'}, Neff {neff}"
        + (f": {report.verdict}" if report.verdict else ""),
        f"settings     {settings}",
    ]
    if report.objectives:
        lines.append(
            f"objective    {report.objectives[0]:.2f} to {report.objectives[-1]:.2f} "
            f"in {report.n_iterations} iterations, {report.n_evaluations} evaluations, "
            f"gradient norm {report.gradient_norm:.3g}"
        )
    if report.quality:
        found = ", ".join(f"{name} {value}" for name, value in report.quality.items())
        lines.append(f"quality      {found}")
    if run is not None:
        lines.append(
            f"run          {run.date}, {run.seconds:.1f} s wall, "
            f"{run.cpu_seconds:.1f} s CPU, {run.threads} threads"
        )
    lines.append(f"seed         {made.seed}")
    lines.append(
        "versions     " + ", ".join(f"{k} {v}" for k, v in made.versions.items())
    )
    lines += [f"input {key:<6} {value}" for key, value in made.source.items()]
    lines += [f"history      {sentence}" for sentence in report.history]
    lines += [f"sha256       {name} {value}" for name, value in header.hashes.items()]
    return lines
