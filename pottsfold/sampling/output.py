"""What ``pottsfold sample`` writes: the sequences, and how they were made."""

from __future__ import annotations

import gzip
import hashlib
import json
import math
import re
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pottsfold import __version__
from pottsfold.files import written_whole
from pottsfold.model import PottsModel
from pottsfold.provenance import Run, run_path, software_versions
from pottsfold.sampling import Diagnosis, Samples

LETTERS_PER_LINE = 60
# Of a SHA-256, in headers.
DIGITS = 12


@dataclass(frozen=True)
class Making:
    """What decides the sequences.

    Parameters
    ----------
    model : Path
        Model file.
    sha256 : str
        Of its bytes, as ``sha256sum`` prints it.
    temperature : float
        T.
    seed : int
        Of the random numbers.
    settings : dict
        All other options, as given.
    """

    model: Path
    sha256: str
    temperature: float
    seed: int
    settings: Mapping[str, Any]

    @property
    def words(self) -> str:
        """What every header says of it."""
        name = re.sub(r"\s+", "_", self.model.stem)
        return (
            f"temperature={self.temperature:g} seed={self.seed} model={name} "
            f"sha256={self.sha256[:DIGITS]} pottsfold={__version__}"
        )


def write_samples(
    output: str, drawn: Samples, model: PottsModel, making: Making, run: Run
) -> None:
    """Write the FASTA whole, and a record of its making beside it; or standard output.

    Equal sequences make an equal FASTA. ``OUT.run.json`` holds what headers have no
    room for, the verdict on mixing among it, and what changes from run to run.
    """
    text = _fasta(drawn, model, making)
    if output == "-":
        sys.stdout.write(text)
        return
    data = text.encode("ascii", "replace")
    if output.endswith(".gz"):
        # Neither name nor time: equal sequences make equal files.
        data = gzip.compress(data, mtime=0)
    with written_whole(output) as beside:
        beside.write_bytes(data)
    record = {
        "sha256": hashlib.sha256(data).hexdigest(),
        "model": {"path": str(making.model), "sha256": making.sha256},
        "settings": {
            "temperature": making.temperature,
            "seed": making.seed,
            **making.settings,
        },
        "diagnosis": _plain(drawn.diagnosis),
        "spacing": drawn.spacing,
        "versions": software_versions(),
        "run": asdict(run),
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
