"""Samples as a FASTA file, with a record of how they were made beside it."""

from __future__ import annotations

import gzip
import hashlib
import json
import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from pottsfold import __version__
from pottsfold.files import standard_output, written_whole
from pottsfold.model import PottsModel
from pottsfold.provenance import Run, run_path, software_versions, source_of
from pottsfold.sampling.draw import Samples
from pottsfold.sampling.mixing import Diagnosis

LETTERS_PER_LINE = 60
# Of a SHA-256, in headers.
DIGITS = 12


@dataclass(frozen=True)
class Making:
    """What decides the sequences, for their headers and the record.

    Parameters
    ----------
    model : Path
        Model file.
    sha256 : str
        Of its bytes, as ``sha256sum`` prints it (:func:`pottsfold.files.sha256_of`).
    temperature : float
        T.
    seed : int
        Random seed.
    settings : dict, optional
        All other settings, by name, as JSON can hold them.
    """

    model: Path
    sha256: str
    temperature: float
    seed: int
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def words(self) -> str:
        """What every header says of it."""
        name = re.sub(r"\s+", "_", self.model.stem)
        return (
            f"temperature={self.temperature:g} seed={self.seed} model={name} "
            f"sha256={self.sha256[:DIGITS]} pottsfold={__version__}"
        )


def write_samples(
    output: str | Path,
    drawn: Samples,
    model: PottsModel,
    making: Making,
    run: Run | None = None,
) -> None:
    """Write samples as FASTA, and a record of their making beside it.

    Equal sequences make an equal FASTA. The record, ``OUTPUT.run.json``, holds what
    headers have no room for: all settings, the diagnosis of mixing, versions, the run.

    Parameters
    ----------
    output : str or Path
        File to write, packed if it ends in .gz; ``-`` is standard output, which has no
        record. No file is left half-written.
    drawn : Samples
        From :func:`pottsfold.sampling.draw_samples`.
    model : PottsModel
        What they were drawn from.
    making : Making
        What decided them.
    run : Run, optional
        From :func:`pottsfold.provenance.run_of`, for the record.

    Raises
    ------
    OutputError
        If the file cannot be written.

    Examples
    --------
    >>> import numpy as np
    >>> from pottsfold.alignment import Numbering
    >>> from pottsfold.alphabet import RNA
    >>> from pottsfold.sampling import Sampler, Target, draw_samples
    >>> from pottsfold.threads import Workers
    >>> sizes = (4, RNA.size), (4, 4, RNA.size, RNA.size)
    >>> model = PottsModel(RNA, *map(np.zeros, sizes), Numbering(np.arange(1, 5)))
    >>> sampler = Sampler(Target(model), np.array([1.0]))
    >>> with Workers(1) as workers:
    ...     drawn = draw_samples(sampler, 1, sweeps=20, seed=3, workers=workers)
    >>> making = Making(Path("family.potts"), "0" * 64, temperature=1.0, seed=3)
    >>> write_samples("-", drawn, model, making)  # doctest: +ELLIPSIS
    >sample_1 energy=-0.0000 chain=1 sweep=20 temperature=1 seed=3 model=family ...
    """
    output = str(output)
    text = _fasta(drawn, model, making)
    if output == "-":
        with standard_output() as out:
            out.write(text)
        return
    data = text.encode("ascii", "replace")
    if output.endswith(".gz"):
        # Neither name nor time: equal sequences make equal files.
        data = gzip.compress(data, mtime=0)
    with written_whole(output) as beside:
        beside.write_bytes(data)
    record = {
        "sha256": hashlib.sha256(data).hexdigest(),
        "model": source_of(making.model, making.sha256),
        "settings": {
            "temperature": making.temperature,
            "seed": making.seed,
            **making.settings,
        },
        "diagnosis": _plain(drawn.diagnosis),
        "spacing": drawn.spacing,
        "versions": software_versions(),
        "run": None if run is None else asdict(run),
    }
    with written_whole(run_path(output)) as beside:
        beside.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def _plain(diagnosis: Diagnosis) -> dict[str, Any]:
    """Return a diagnosis as JSON knows it: without arrays and infinities."""
    plain = {**vars(diagnosis), "swaps": diagnosis.swaps.tolist()}
    for name in ("rhat", "size", "time"):
        values = plain[name].items()
        plain[name] = {key: x if math.isfinite(x) else None for key, x in values}
    return {**plain, "mixed": diagnosis.mixed, "verdict": diagnosis.verdict}


def _fasta(drawn: Samples, model: PottsModel, making: Making) -> str:
    lines = []
    words = making.words
    for k, row in enumerate(drawn.codes):
        lines.append(
            f">sample_{k + 1} energy={drawn.energies[k]:.4f} "
            f"chain={drawn.chains[k] + 1} sweep={drawn.sweeps[k]} {words}"
        )
        letters = model.alphabet.decode(row)
        lines += [
            letters[a : a + LETTERS_PER_LINE]
            for a in range(0, len(letters), LETTERS_PER_LINE)
        ]
    return "\n".join(lines) + "\n"
